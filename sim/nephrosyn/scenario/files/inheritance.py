"""Read a scenario file with all it extends, merge them with their sources, and apply overrides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import Any

from nephrosyn.errors import MOST_PROBLEMS, Problem, ScenarioError, nearest, problem_of_hidden, value_text
from nephrosyn.scenario.files import provenance
from nephrosyn.scenario.files.catalogue import locate, shipped
from nephrosyn.scenario.files.uncertainty import Statements, entries_of
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.tree import META_KEYS, MISSING, dotted, get, merged, split, with_value
from nephrosyn.scenario.tree import Path as KeyPath
from nephrosyn.text_files import UnreadableError, hidden_in, parsed_toml
from nephrosyn.toml_files import SUFFIX, Layer, chain, is_path


@dataclass
class Merged:
    """The merged files and overrides.

    Attributes
    ----------
    tree : dict
        Merged values, without ``extends``, ``sources`` and ``uncertainty``.
    origins : dict of path to Attribution
        Source of each leaf.
    uncertainty : Statements
        How well its numbers are known.
    layers : list of Layer
        The files, the outermost ancestor first.
    problems : list of Problem
        Problems with texts, sources, uncertainty and overrides.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, provenance.Attribution] = field(default_factory=dict)
    uncertainty: Statements = field(default_factory=Statements)
    layers: list[Layer] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def file_of(self, path: KeyPath) -> str:
        """Return the label of the ancestor that last set a key; empty if the scenario itself did."""
        for layer in reversed(self.layers):
            if get(layer.tree, path) is not MISSING:
                return "" if layer is self.layers[-1] else layer.label
        return ""


def read_layers(name_or_path: str | Path) -> list[Layer]:
    """Read a scenario file and all it extends.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, or the path of a file.

    Returns
    -------
    list of Layer
        The outermost ancestor first, the requested file last.

    Raises
    ------
    ScenarioError
        If a file is missing, unreadable or not TOML, or if ``extends`` forms a circle.
    """
    requested = str(name_or_path)
    last = _read(locate(name_or_path), requested, requested)
    try:
        return chain(last, lambda layer: _parent(layer, requested))
    except UnreadableError as error:
        raise ScenarioError(requested, [Problem("extends", error.expected, error.actual)]) from None


def _parent(layer: Layer, requested: str) -> Layer | None:
    """Read the file that another extends; None if it extends nothing."""
    if "extends" not in layer.tree:
        return None
    name = layer.tree["extends"]
    in_file = _ancestor_label(layer.label, requested)
    if not isinstance(name, str):
        expected = "a shipped name, or a path relative to the file"
        raise ScenarioError(requested, [Problem("extends", expected, value_text(name), file=in_file)])
    try:
        file = locate(name, layer.folder)
    except ScenarioError as error:
        (problem,) = error.problems
        actual = f"{value_text(name)}, {problem.actual}"
        raise ScenarioError(
            requested, [Problem("extends", problem.expected, actual, problem.nearest, in_file)]
        ) from None
    return _read(file, name, requested)


def _read(file: Traversable, name: str, requested: str) -> Layer:
    plain_name = file.name.removesuffix(SUFFIX)
    label = plain_name if not is_path(name) and plain_name in shipped() else name
    try:
        return Layer.read(file, label)
    except UnreadableError as error:
        in_file = _ancestor_label(label, requested)
        raise ScenarioError(requested, [Problem(label, error.expected, error.actual, file=in_file)]) from None


def _ancestor_label(label: str, requested: str) -> str:
    """Return the label of a file for messages; empty for the requested file itself."""
    return "" if label == requested else label


def merge(layers: Sequence[Layer], *, allow_command_line_source: bool = False) -> Merged:
    """Merge files, and determine the source of each value.

    Parameters
    ----------
    layers : sequence of Layer
        The outermost ancestor first.
    allow_command_line_source : bool
        Whether ``set on the command line`` is allowed as a source, as in a manifest.
    """
    result = Merged(layers=list(layers))
    for layer in layers:
        layer_values = {key: value for key, value in layer.tree.items() if key not in META_KEYS}
        after = merged(result.tree, layer_values)
        table = layer.tree.get("sources", {})
        file = "" if layer is layers[-1] else layer.label
        hidden = hidden_in(layer.tree)
        result.problems += [problem_of_hidden(*place, file) for place in islice(hidden, MOST_PROBLEMS + 1)]
        wrong = provenance.problems_of_rules(table, after, file, allow_command_line_source=allow_command_line_source)
        result.problems += islice(wrong, MOST_PROBLEMS + 1)
        rules = {path: text for path, text in provenance.flat(table) if isinstance(text, str)} if _table(table) else {}
        origins = provenance.attribute(rules, result.tree, after, result.origins)
        stated, wrong_entries = entries_of(layer.tree.get("uncertainty", {}), after, file, layer.folder)
        result.problems += wrong_entries[: MOST_PROBLEMS + 1]
        result.uncertainty.lay_over(stated, result.tree, after, result.origins, origins)
        result.origins = origins
        result.tree = after
    return result


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def override(result: Merged, overrides: Sequence[str]) -> None:
    """Apply ``KEY=VALUE`` texts to a merged scenario, in order.

    Parameters
    ----------
    result : Merged
        Changed in place; problems are added to it.
    overrides : sequence of str
        ``KEY`` is a dotted path whose table must exist; ``VALUE`` is a TOML value, or else a text.
    """
    touched: list[KeyPath] = []
    for text in overrides:
        key, equals, value = text.partition("=")
        path = split(key)
        if not equals or not all(path):
            result.problems.append(Problem("--set", "KEY=VALUE with a dotted KEY", value_text(text)))
        elif path[0] in META_KEYS:
            result.problems.append(
                Problem(f"--set {dotted(path)}", "a key of the scenario", f"{path[0]}, which only a file sets")
            )
        else:
            try:
                new_value = parsed(value)
                result.problems += [
                    problem_of_hidden(*place) for place in islice(hidden_in(new_value, path), MOST_PROBLEMS)
                ]
                result.tree = with_value(result.tree, path, new_value)
                touched.append(path)
            except KeyError:
                result.problems.append(_unknown(result.tree, path))
    result.origins = provenance.attribute_overrides(touched, result.tree, result.origins)
    result.uncertainty.drop(touched)


def _unknown(tree: dict[str, Any], path: KeyPath) -> Problem:
    depth = next(length for length in range(1, len(path) + 1) if get(tree, path[:length]) is MISSING)
    above = get(tree, path[: depth - 1])
    here = (
        [*above]
        if isinstance(above, dict)
        else [str(place) for place in range(len(above))]
        if isinstance(above, list)
        else []
    )
    like = nearest(path[depth - 1], {*here, *paths.keys(path[: depth - 1])})
    return Problem(f"--set {dotted(path)}", "a known key", f"no {path[depth - 1]} in it", like)


def parsed(text: str) -> Any:
    """Parse a value from the command line as TOML; anything else is a text.

    Examples
    --------
    >>> parsed("3"), parsed("true"), parsed("simpy"), parsed("[1, 2]")
    (3, True, 'simpy', [1, 2])
    """
    try:
        table = parsed_toml(f"value = {text}")
    except UnreadableError:
        return text.strip()
    return table["value"] if list(table) == ["value"] else text.strip()
