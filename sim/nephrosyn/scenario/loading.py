"""Load scenarios: complete, checked, and with the source of every number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from nephrosyn.errors import MOST_PROBLEMS, Problem, ScenarioError, nearest, value_text
from nephrosyn.scenario.checks import uncertainty
from nephrosyn.scenario.checks.validate import validated
from nephrosyn.scenario.files.catalogue import shipped_sets
from nephrosyn.scenario.files.digest import digest_of
from nephrosyn.scenario.files.inheritance import Merged, merge, override, read_layers
from nephrosyn.scenario.files.provenance import problems_of_missing
from nephrosyn.scenario.files.uncertainty import Stated
from nephrosyn.scenario.schema.scenario import Scenario
from nephrosyn.scenario.schema.uncertainty import Entry
from nephrosyn.scenario.tree import Path as KeyPath
from nephrosyn.scenario.tree import dotted
from nephrosyn.text_files import DEEPEST, is_readable, is_too_deep
from nephrosyn.toml_files import SUFFIX, Layer


@dataclass(frozen=True, repr=False)
class Resolved:
    """A complete, checked scenario with its sources.

    Attributes
    ----------
    name : str
        Its shipped name, or the name of its file without ``.toml``.
    scenario : Scenario
        The values.
    origins : dict of str to str
        Source of each leaf that has one, by dotted key, in file order. A leaf is a plain value, a list of
        plain values, or a distribution.
    files : tuple of str
        The files it was read from, the outermost ancestor first.
    """

    name: str
    scenario: Scenario
    origins: dict[str, str]
    files: tuple[str, ...]
    _layers: tuple[Layer, ...] = field(default=(), repr=False, compare=False)
    _distributions: Mapping[KeyPath, Stated] = field(default_factory=dict, repr=False, compare=False)

    def __repr__(self) -> str:
        """Name, digest and title, in one line."""
        return f"<Resolved {self.name}-{self.digest()}: {self.scenario.title}>"

    def stated_uncertainty(self) -> dict[KeyPath, Entry]:
        """Return how well its numbers are known by any of its files, also those that a later file changed.

        Returns
        -------
        dict of path to Entry
            The latest entry of each key that is not ``fixed``.
        """
        return {path: stated.entry for path, stated in self._distributions.items()}

    def digest(self) -> str:
        """Return eight characters that change with any value or source.

        Returns
        -------
        str, 8 hexadecimal digits
            Start of the SHA-256 of the canonical JSON of the scenario, without its name and files.
        """
        return digest_of(self.scenario.model_dump(mode="json"))

    def extended(self) -> Resolved:
        """Return the scenario that this one extends, or itself, without overrides, if it extends none.

        Raises
        ------
        ScenarioError
            If that scenario is not complete by itself.
        """
        layers = self._layers[:-1] or self._layers
        return _checked(layers[-1].label, layers[-1].label, merge(layers))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON, as in a manifest."""
        return {"name": self.name, "files": list(self.files), "scenario": self.scenario.model_dump(mode="json")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Resolved:
        """Rebuild a scenario from the values of `as_dict`, and check it again.

        Parameters
        ----------
        values : mapping
            Keys ``name``, ``files`` and ``scenario``.

        Raises
        ------
        ScenarioError
            If anything in it is invalid.
        """
        name, files, tree = (values.get(key) for key in ("name", "files", "scenario"))
        problems = [
            Problem(key, expected, value_text(value))
            for key, expected, value, kind in (
                ("name", "a text", name, str),
                ("files", "a list of texts", files, list),
                ("scenario", "a table", tree, dict),
            )
            if not isinstance(value, kind)
        ]
        if is_too_deep(tree):
            problems.append(Problem("scenario", f"tables and lists at most {DEEPEST} deep", "deeper ones"))
        if problems:
            raise ScenarioError(value_text(name), problems)
        assert isinstance(name, str) and isinstance(files, list) and isinstance(tree, dict)
        resolved = _checked(name, name, merge([Layer(name, tree)], allow_command_line_source=True))
        return replace(resolved, files=tuple(map(str, files)))


def load(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Resolved:
    """Load a scenario: read it and all it extends, apply the overrides, and check everything.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, or the path of a TOML file.
    overrides : sequence of str
        ``KEY=VALUE``, as ``patients=100`` or ``care.clinic.slots=4``. A table in a list is named by its
        index, as in ``care.regimen.children.first.taper.0.weeks=6``.

    Returns
    -------
    Resolved
        Complete and checked.

    Raises
    ------
    ScenarioError
        With every problem of the scenario.

    Examples
    --------
    >>> load("baseline", ["patients=10"]).scenario.patients
    10
    """
    requested = str(name_or_path)
    layers = read_layers(name_or_path)
    merged = merge(layers)
    override(merged, overrides)
    merged.problems += islice(_problems_of_sets(merged.tree.get("criteria")), MOST_PROBLEMS + 1)
    return _checked(Path(requested).name.removesuffix(SUFFIX), requested, merged)


def _problems_of_sets(names: Any) -> Iterator[Problem]:
    """Yield a problem for each definition set that is neither shipped nor a file."""
    known = shipped_sets()
    for place, name in enumerate(names if isinstance(names, list) else ()):
        if isinstance(name, str) and name not in known and not is_readable(Path(name)):
            like = nearest(Path(name).name.removesuffix(SUFFIX), known)
            expected = f"a file or one of the shipped sets ({', '.join(known)})"
            yield Problem(f"criteria.{place}", expected, f"{value_text(name)}, which is neither", like)


def _checked(name: str, requested: str, merged: Merged) -> Resolved:
    origins = {dotted(path): source.text for path, source in merged.origins.items()}
    scenario, schema_problems, unknown = validated({**merged.tree, "sources": origins})
    problems = [replace(problem, file=merged.file_of(path)) for path, problem in schema_problems.items()]
    problems += merged.problems
    problems += islice(problems_of_missing(merged.tree, merged.origins, unknown), MOST_PROBLEMS + 1)
    stated = merged.uncertainty.holding
    if not problems:
        problems += islice(uncertainty.problems_of(merged.tree, stated), MOST_PROBLEMS + 1)
    if problems or scenario is None:
        raise ScenarioError(requested, problems)
    entries = {dotted(path): uncertainty.completed(merged.tree, path, entry.entry) for path, entry in stated.items()}
    scenario = scenario.model_copy(update={"uncertainty": entries})
    files = tuple(layer.label for layer in merged.layers)
    return Resolved(name, scenario, origins, files, tuple(merged.layers), merged.uncertainty.distributions)
