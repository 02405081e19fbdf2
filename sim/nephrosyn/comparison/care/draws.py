"""A comparison with draws of the uncertain numbers: in a draw, all runs have the same numbers and patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.comparison.care.outcomes import Course, Outcome, Vocabulary, measure
from nephrosyn.comparison.care.pairing import PERSON, Side
from nephrosyn.comparison.drawn_numbers import Drawing, DrawnNumbers, RunScenarios, SetText, blocks_of
from nephrosyn.errors import ComparisonError, RunFolderError
from nephrosyn.statistics.drawn_estimates import DrawnEstimates, Estimate
from nephrosyn.statistics.paired_differences import Paired, paired

Tables = Mapping[str, pl.DataFrame]
OfRun = Mapping[str, DrawnEstimates]
"""Differences of one run from the reference in every draw, by name of the outcome."""


@dataclass(frozen=True)
class _Differences:
    """Measures the outcomes of one draw, and compares them with the reference; can be sent to another process."""

    sides: tuple[tuple[str, Mapping[str, Any], SetText], ...]
    vocabulary: Vocabulary
    view: str

    def __call__(self, draw: int, tables: Sequence[Tables]) -> list[dict[str, Estimate]]:
        """Return the differences of each run but the first, by name of the outcome."""
        measured = [self._measured(*side, frames) for side, frames in zip(self.sides, tables, strict=True)]
        return [_estimates(measured[0], alternative) for alternative in measured[1:]]

    def _measured(
        self, name: str, about: Mapping[str, Any], definitions: SetText, tables: Tables
    ) -> tuple[dict[Outcome, Any], Any]:
        classified = {**tables, "labels": definitions.classify(tables, self.view)}
        side = Side(name, {table: _one_replicate(frame) for table, frame in classified.items()}, about)
        return measure(side, self.vocabulary, definitions.name, self.view), Course(side).years


def _one_replicate(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows of a draw, of whichever replicate its random numbers are, as those of the first replicate."""
    return frame.with_columns(replicate=pl.lit(0, dtype=frame.schema["replicate"]))


def _estimates(
    reference: tuple[dict[Outcome, Any], Any], alternative: tuple[dict[Outcome, Any], Any]
) -> dict[str, Estimate]:
    (values, years), (other_values, other_years) = reference, alternative
    blocks = blocks_of(len(years))
    times = (years, other_years)
    return {
        outcome.name: _estimate(compared(outcome, of_reference, other_values[outcome], times), blocks)
        for outcome, of_reference in values.items()
    }


def compared(outcome: Outcome, reference: Any, alternative: Any, years: tuple[Any, Any]) -> Paired:
    """Return the paired comparison of an outcome; rates are over the years of all patients."""
    return paired(reference, alternative, yes_no=outcome.yes_no, times=years if outcome.is_rate else None)


def _estimate(comparison: Paired, blocks: Any) -> Estimate:
    return Estimate(
        comparison.difference, comparison.chance, np.bincount(blocks, comparison.residuals).astype(np.float64)
    )


def find(
    sides: Sequence[Side], vocabulary: Vocabulary, criteria: str, view: str, how: Drawing
) -> tuple[DrawnNumbers, list[OfRun]]:
    """Play the draws.

    Parameters
    ----------
    sides : sequence of Side
        The runs, the reference first.
    vocabulary : Vocabulary
        Drugs, conditions and ends of the comparison; what occurs only in a draw is not an outcome of it.
    criteria, view : str
        Definition set, in the version of each run, and record of the verdicts.
    how : Drawing
        Number of draws and workers.

    Returns
    -------
    DrawnNumbers
        How the draws were made.
    list of dict of str to DrawnEstimates
        The differences of each run but the first, by name of the outcome.

    Raises
    ------
    EngineError, ScenarioError
        If the number of draws is out of range, or a scenario has no uncertain numbers.
    ComparisonError
        If the runs are of another version, or would not have the same patients in a draw.
    """
    scenarios = RunScenarios({side.name: side.manifest for side in sides}, how)
    for side in sides[1:]:
        _refuse_other_distributions(sides[0], side)
    about = {"patients": scenarios.about.patients, "replicates": 1}
    sets = [(side.name, about, _set_text(side, criteria)) for side in sides]
    baseline, draws = scenarios.play(_Differences(tuple(sets), vocabulary, view))
    return scenarios.about, [
        {name: DrawnEstimates(estimate, [draw[place][name] for draw in draws]) for name, estimate in of_run.items()}
        for place, of_run in enumerate(baseline)
    ]


def _set_text(side: Side, criteria: str) -> SetText:
    """Return the definition set that made the labels of a run."""
    try:
        return SetText(criteria, side.manifest["sets"][criteria]["text"])
    except (KeyError, TypeError):
        raise RunFolderError(f"{side.name}: manifest.json lacks the set {criteria!r}; make the run again") from None


def _refuse_other_distributions(reference: Side, alternative: Side) -> None:
    """Refuse runs whose draws would have other patients: with another law of a number that decides who they are."""
    first, second = (_distributions(side) for side in (reference, alternative))
    keys = [key for key in {**first, **second} if first.get(key) != second.get(key)]
    if keys:
        raise ComparisonError(
            f"{reference.name} and {alternative.name} would not have the same patients in a draw: they say otherwise "
            f"how well these numbers are known: {', '.join(keys)}. The entries of {' and '.join(PERSON)} in "
            "[uncertainty] must be the same"
        )


def _distributions(side: Side) -> dict[str, Any]:
    """Return what a scenario says of the numbers that decide who its patients are, by key; fixed ones are left out."""
    entries = side.manifest["scenario"]["scenario"].get("uncertainty", {})
    return {
        key: {name: value for name, value in entry.items() if name != "source"}
        for key, entry in entries.items()
        if key.partition(".")[0] in PERSON and "fixed" not in entry
    }
