"""A page about a scenario: one HTML file with the model inside."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import __version__, criteria
from nephrosyn.errors import EngineError, ExploreError, ScenarioError
from nephrosyn.explore.page_data import MOST_PATIENTS, page_data
from nephrosyn.kernels.index import BUILT, read_index
from nephrosyn.scenario.settings import toml_value
from nephrosyn.vocabulary import CATEGORIES, NOTICE, plain_name

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.scenario import Resolved
    from nephrosyn.scenario.schema.scenario import Scenario

PATIENTS = 300
OF_A_RUN = ("patients", "replicates", "seed", "engine", "criteria", "sources", "uncertainty", "extends")
"""Keys of a scenario that its patients do not depend on, or that are options of a run."""
SCRIPTS = ("main", "worker")


def explore_scenario(
    scenario: str | Path,
    *,
    patients: int | None = None,
    seed: int | None = None,
    criteria: str | Sequence[str] | None = None,
    overrides: Sequence[str] = (),
) -> Explorer:
    """Make a page in which a scenario is simulated, and definitions and settings are changed by sliders.

    Parameters
    ----------
    scenario : str or path
        A shipped scenario or a TOML file; its patients share no clinic.
    patients : int, optional
        Number of patients in the page, at most 5,000; by default 300.
    seed : int, optional
        Seed of the cohort; by default that of the scenario.
    criteria : str or sequence of str, optional
        Definition sets that the page offers, the first one shown first; by default those of the scenario, then all.
    overrides : sequence of str
        ``KEY=VALUE``, as for `nephrosyn.run`.

    Returns
    -------
    Explorer
        The page: `save` writes it, a notebook shows it.

    Raises
    ------
    ScenarioError, CriteriaError
        If the scenario or a set is unknown or invalid.
    EngineError
        If a page cannot simulate the scenario.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> page = ns.explore_scenario("baseline", patients=20, criteria=["source", "kdigo-2021-adults"])
    >>> page.html.startswith("<!doctype html>"), len(page.html) < 1_000_000
    (True, True)
    """
    from nephrosyn.scenario import load

    resolved = load(scenario, overrides)
    names = [criteria] if isinstance(criteria, str) else list(criteria or _all_sets(resolved.scenario.criteria))
    seed = resolved.scenario.seed if seed is None else seed
    patients = PATIENTS if patients is None else patients
    definitions = _loaded(names)
    data, engine = page_data(str(scenario), overrides, definitions, patients, seed)
    counts = category_counts(resolved.scenario, definitions[0], patients, seed)
    return Explorer(rendered(data, engine, counts), resolved.name)


def of_run(
    manifest: Mapping[str, Any],
    resolved: Resolved,
    *,
    patients: int | None = None,
    seed: int | None = None,
    criteria: str | Sequence[str] | None = None,
    overrides: Sequence[str] = (),
) -> Explorer:
    """Make a page about the scenario of a run, with its seed and, up to 5,000, its patients.

    Parameters
    ----------
    manifest : mapping
        Description of the run.
    resolved : Resolved
        Its scenario.
    patients, seed, criteria, overrides
        As for `explore_scenario`, in place of those of the run.

    Raises
    ------
    ExploreError
        If the scenario of the run cannot be loaded again: its file has changed or is not here.
    """
    changed = _changes_of(resolved)
    if changed is None:
        raise ExploreError(
            f"the scenario {resolved.name} of the run is not here, or has changed; explore its file: "
            "nephrosyn explore FILE.toml"
        )
    return explore_scenario(
        resolved.files[-1],
        patients=min(manifest["patients"], MOST_PATIENTS) if patients is None else patients,
        seed=manifest["seed"] if seed is None else seed,
        criteria=criteria or _all_sets(manifest["criteria"]),
        overrides=[*changed, *overrides],
    )


def _changes_of(resolved: Resolved) -> list[str] | None:
    """Return the overrides with which a scenario was loaded; None if they cannot be told."""
    from nephrosyn.scenario import load
    from nephrosyn.scenario.tree import dotted, get, leaves

    source = resolved.files[-1]
    try:
        before, after = (scenario.scenario.model_dump(mode="json") for scenario in (load(source), resolved))
        changed = [
            f"{dotted(path)}={toml_value(value)}"
            for path, value in leaves(after)
            if path[0] not in OF_A_RUN and get(before, path) != value
        ]
        again = load(source, changed).scenario.model_dump(mode="json")
    except ScenarioError:
        return None
    same = all(again[key] == value for key, value in after.items() if key not in OF_A_RUN)
    return changed if same else None


def check_file(file: Path, *, overwrite: bool) -> None:
    """Refuse a place where a page cannot be written.

    Parameters
    ----------
    file : Path
        Where to write.
    overwrite : bool
        Whether a file may be replaced.

    Raises
    ------
    ExploreError
        If it is a folder, its folder is missing, or it exists and is not to be replaced.
    """
    if file.is_dir():
        raise ExploreError(f"--out: expected a file; found the folder {file}")
    if not file.parent.is_dir():
        raise ExploreError(f"--out: there is no folder {file.parent}")
    if file.exists() and not overwrite:
        raise ExploreError(f"{file} exists; choose another file with --out, or replace it with --overwrite")


class Explorer:
    """A page about a scenario.

    Parameters
    ----------
    html : str
        The page.
    name : str
        Name of the scenario.
    """

    FRAME_PIXELS = 900

    def __init__(self, html: str, name: str) -> None:
        self.html, self.name = html, name

    def __repr__(self) -> str:
        """Scenario and size."""
        return f"<Explorer of {self.name}: {len(self.html.encode()) / 1000:,.0f} kB>"

    def _repr_html_(self) -> str:
        from html import escape

        return (
            f'<iframe title="{escape(self.name)}" width="100%" height="{self.FRAME_PIXELS}" '
            f'sandbox="allow-scripts allow-downloads" srcdoc="{escape(self.html)}"></iframe>'
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the page to a file.

        Raises
        ------
        ExploreError
            If the file exists and is not to be replaced, or cannot be written.
        """
        file = Path(path)
        check_file(file, overwrite=overwrite)
        unfinished = file.with_name(f".{file.name}.unfinished")
        try:
            unfinished.write_text(self.html, encoding="utf-8")
            unfinished.replace(file)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise ExploreError(f"cannot write {file}: {error.strerror}") from None
        return file


def _all_sets(first: Sequence[str]) -> list[str]:
    return [*first, *(name for name in criteria.sets() if name not in first)]


def _loaded(names: Sequence[str]) -> list[DefinitionSet]:
    definitions = [criteria.load(name) for name in names]
    seen: dict[str, str] = {}
    for name, definition in zip(names, definitions, strict=True):
        if definition.name in seen:
            raise ExploreError(f"--criteria: {name} and {seen[definition.name]} are both named {definition.name}")
        seen[definition.name] = name
    return definitions


def category_counts(scenario: Scenario, definition: DefinitionSet, patients: int, seed: int) -> list[tuple[str, int]]:
    """Return the number of patients of each category by a set, for browsers that run no scripts."""
    from nephrosyn.engine import simulate
    from nephrosyn.record.tables import build_tables
    from nephrosyn.runs.labels import classify_tables

    history = next(simulate(scenario, "compiled", seed, 0, patients))
    labels = classify_tables(build_tables(scenario, seed, 0, history.traits, history.rows), [definition])
    shown = labels.filter(view="observed", applies=True)["category"].cast(pl.String).value_counts()
    counted = dict(shown.iter_rows())
    return [(plain_name(name), counted[name]) for name in CATEGORIES if name in counted]


def rendered(data: dict[str, Any], engine: dict[str, Any], counts: Sequence[tuple[str, int]]) -> str:
    """Return the page of some data and model, and of counts for browsers that run no scripts."""
    from jinja2 import Environment, select_autoescape

    index = read_index(BUILT)
    if index is None:
        raise EngineError("no WebAssembly was built of these sources; run tools/build_kernels.py")
    wasm = Path(str(index.checked("wasm32"))).read_bytes()
    template = Environment(autoescape=select_autoescape(default=True)).from_string(_source("page.html.j2"))
    return template.render(
        title=data["title"],
        description=data["description"],
        version=__version__,
        notice=NOTICE,
        style=_style(),
        counts=counts,
        first_set=data["sets"][0]["title"],
        data=json.dumps({**data, "version": __version__}).replace("<", r"\u003c"),
        engine=_packed(json.dumps(engine).encode()),
        wasm=_packed(wasm),
        **{name: _script(name) for name in SCRIPTS},
    )


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


@cache
def _source(name: str) -> str:
    return files(f"{__package__}").joinpath("page", name).read_text("utf-8")


@cache
def _script(name: str) -> str:
    text = files(f"{__package__}").joinpath("built", f"{name}.js").read_text("utf-8")
    return text.replace("</", r"<\/").replace("<!--", r"<\!--")


def _style() -> str:
    shared = files("nephrosyn.report.page.templates").joinpath("page.css").read_text("utf-8")
    return shared + _source("page.css")
