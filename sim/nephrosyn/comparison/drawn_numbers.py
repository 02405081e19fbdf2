"""Draws of the uncertain numbers of finished runs, whose scenarios are in their manifests, and how they are played."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import __version__, criteria
from nephrosyn.engine import choose_engine
from nephrosyn.errors import MOST_WORKERS, ComparisonError, Problem, ScenarioError, WorkerError, wrong_count
from nephrosyn.report.formatting import number
from nephrosyn.runs.draws.design import check_draws
from nephrosyn.runs.draws.each_draw import Result, Tables, map_draws, tables_of
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved

MOST_PATIENTS = 1000
"""Most patients of a draw. More would change little: what differs between draws is taken within the same patients."""
BASELINE = -1
"""Number of the draw that has the scenario's own numbers."""
BLOCKS = 50
"""Blocks of patients, by which chance that is common to all draws is told from that of each draw."""


@dataclass(frozen=True)
class Drawing:
    """Which draws to play.

    Attributes
    ----------
    draws : int
        Number of draws.
    workers : int or None
        Number of processes; None for all cores.
    progress : callable
        Called with (stage, done, total).
    """

    draws: int
    workers: int | None = 1
    progress: Progress = silent


def requested(draws: int | None, workers: int | None, progress: Progress | None) -> Drawing | None:
    """Return which draws to play, if any.

    Raises
    ------
    EngineError, WorkerError
        If the number of draws or of workers is out of range.
    """
    wrong = [] if workers is None else wrong_count("workers", workers, 1, MOST_WORKERS)
    if wrong:
        raise WorkerError(wrong[0])
    return None if draws is None else Drawing(check_draws(draws), workers, progress or silent)


@dataclass(frozen=True)
class DrawnNumbers:
    """How the draws were made.

    Attributes
    ----------
    draws, patients : int
        Number of draws, and of patients in each.
    of_patients : int
        Patients of the run, in all replicates.
    quantities : list of mapping
        The uncertain numbers of all runs: ``keys``, ``kind``, ``law`` and ``source``.
    """

    draws: int
    patients: int
    of_patients: int
    quantities: list[Mapping[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {"draws": self.draws, "patients": self.patients, "quantities": [dict(q) for q in self.quantities]}

    @property
    def facts(self) -> list[tuple[str, str]]:
        """How the draws were made, for a page, as name and value."""
        return [("Draws of the uncertain numbers", self.size), ("Uncertain numbers", number(len(self.quantities)))]

    @property
    def size(self) -> str:
        """Number of draws and of their patients, in words."""
        size = f"{number(self.draws)} draws of {number(self.patients)} patients"
        return f"{size} (the run has {number(self.of_patients)})" if self.patients < self.of_patients else size

    @property
    def sentence(self) -> str:
        """How the draws were made, in a sentence."""
        return f"With the numbers: {number(len(self.quantities))} uncertain numbers, {self.size}."


class RunScenarios:
    """The scenarios of finished runs, ready to be drawn.

    Parameters
    ----------
    manifests : mapping of str to mapping
        Manifest of each run, by its name.
    drawing : Drawing
        Which draws to play.

    Raises
    ------
    ComparisonError
        If a run was made by another version of the program, whose draws would differ.
    ScenarioError
        If the scenario of a run has no uncertain numbers.
    """

    def __init__(self, manifests: Mapping[str, Mapping[str, Any]], drawing: Drawing) -> None:
        self._drawing = drawing
        _refuse_other_versions(manifests)
        every = {name: Resolved.from_dict(manifest["scenario"]) for name, manifest in manifests.items()}
        quantities = _quantities(every)
        first = next(iter(manifests.values()))
        patients = min(int(first["patients"]), MOST_PATIENTS)
        self._scenarios = [_capped(resolved, patients, drawing.draws) for resolved in every.values()]
        of_patients = int(first["patients"]) * int(first["replicates"])
        self.about = DrawnNumbers(drawing.draws, patients, of_patients, quantities)

    def play(self, function: Callable[[int, Sequence[Tables]], Result]) -> tuple[Result, list[Result]]:
        """Return what a function makes of the scenarios' own numbers, and of each draw; see `map_draws`."""
        how = self._drawing
        results = map_draws(function, self._scenarios, how.draws, workers=how.workers, progress=how.progress)
        return function(BASELINE, [tables_of(resolved) for resolved in self._scenarios]), results


def _refuse_other_versions(manifests: Mapping[str, Mapping[str, Any]]) -> None:
    made_by = [f"{name} by {about['version']}" for name, about in manifests.items() if about["version"] != __version__]
    if made_by:
        raise ComparisonError(
            f"draws are played by this version, {__version__}, but the runs were made by others: {', '.join(made_by)}. "
            "Make them again"
        )


def _quantities(scenarios: Mapping[str, Resolved]) -> list[Mapping[str, Any]]:
    from nephrosyn.uncertainty import uncertainty_of

    of_each = {name: uncertainty_of(resolved) for name, resolved in scenarios.items()}
    fixed = [name for name, quantities in of_each.items() if not quantities]
    if fixed:
        expected = "at least one number whose source says how well it is known"
        problem = Problem("uncertainty", expected, "none: all numbers are fixed")
        raise ScenarioError(", ".join(fixed), [problem])
    rows = [
        {"keys": list(q.keys), "kind": q.kind, "law": str(q.law), "source": q.source}
        for quantities in of_each.values()
        for q in quantities
    ]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def _capped(resolved: Resolved, patients: int, draws: int) -> Resolved:
    """Return a scenario with the patients of a draw, and with the driver of a large cohort if they share no clinic."""
    scenario = resolved.scenario
    driver = choose_engine(scenario, scenario.engine, patients * draws)
    return replace(resolved, scenario=scenario.model_copy(update={"patients": patients, "engine": driver}))


@dataclass(frozen=True)
class SetText:
    """A definition set by its name and the text of its file, which can be sent to another process."""

    name: str
    text: str

    def classify(self, tables: Tables, view: str) -> pl.DataFrame:
        """Return the labels of the patients of a draw."""
        return criteria.classify(tables, _parsed(self.text, self.name), view)


@cache
def _parsed(text: str, name: str) -> criteria.DefinitionSet:
    return criteria.parse(text, name)


def blocks_of(patients: int) -> NDArray[np.int64]:
    """Return the block of each patient of a draw, shape (patients,): at most `BLOCKS`, each of neighbours.

    Examples
    --------
    >>> blocks_of(100)[[0, 1, 2, 99]].tolist()
    [0, 0, 1, 49]
    """
    return np.arange(patients, dtype=np.int64) * min(BLOCKS, patients) // patients
