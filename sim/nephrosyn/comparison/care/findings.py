"""Differences between runs of the same patients: every run against the first, and each patient in both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from nephrosyn.comparison.care import draws, outcomes, pairing
from nephrosyn.comparison.care.draws import compared
from nephrosyn.comparison.care.outcomes import Course, Floats, Outcome, Vocabulary, measure
from nephrosyn.comparison.care.pairing import Side
from nephrosyn.comparison.drawn_numbers import Drawing, DrawnNumbers
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER
from nephrosyn.statistics.drawn_estimates import DrawnEstimates, WithNumbers
from nephrosyn.statistics.paired_differences import Paired


@dataclass(frozen=True)
class Row:
    """One outcome of one comparison."""

    outcome: Outcome
    paired: Paired
    numbers: WithNumbers | None = None
    """The interval that also covers the uncertain numbers; None without draws, or if some draw has no value."""

    @property
    def better(self) -> int:
        """Patients who do better in the run than in the reference."""
        return self.paired.lower if self.outcome.better == "less" else self.paired.higher

    @property
    def worse(self) -> int:
        """Patients who do worse in the run than in the reference."""
        return self.paired.higher if self.outcome.better == "less" else self.paired.lower


@dataclass(frozen=True)
class Contrast:
    """One run against the reference.

    Attributes
    ----------
    name : str
        Name of the run.
    settings : list of (str, str, str)
        Scenario keys in which the two differ, with the value in the reference and in the run.
    rows : list of Row
        One for each outcome.
    changes : dict of (str, str) to int
        Patients by category in the reference and in the run, among those to whom the definition set applies in both.
    outside : int
        Patients outside the set, by age or lesion, in either run.
    """

    name: str
    settings: list[tuple[str, str, str]]
    rows: list[Row]
    changes: dict[tuple[str, str], int]
    outside: int = 0

    @property
    def identical(self) -> bool:
        """True if no patient differs in any outcome or category."""
        return all(row.paired.same == row.paired.patients for row in self.rows) and not self.moved

    @property
    def moved(self) -> int:
        """Patients whose category differs."""
        return sum(count for (before, after), count in self.changes.items() if before != after)


@dataclass(frozen=True)
class Measured:
    """Outcomes and category of each patient of one run."""

    side: Side
    values: dict[Outcome, Floats]
    years: Floats
    categories: pl.Series


class Findings:
    """Every run against the first.

    Parameters
    ----------
    sides : sequence of Side
        The runs, the reference first.
    criteria, view : str
        Definition set and record of the verdicts.
    drawing : Drawing, optional
        Which draws of the uncertain numbers to play; none by default.
    """

    def __init__(self, sides: Sequence[Side], criteria: str, view: str, drawing: Drawing | None = None) -> None:
        vocabulary = Vocabulary.of(sides)
        self.uncertainty: DrawnNumbers | None = None
        of_runs: Sequence[draws.OfRun] = [{} for _ in sides[1:]]
        if drawing is not None:
            self.uncertainty, of_runs = draws.find(sides, vocabulary, criteria, view, drawing)
        self._runs = [_measured(side, vocabulary, criteria, view) for side in sides]
        self.criteria, self.view = criteria, view
        self.manifest: Mapping[str, Any] = sides[0].manifest
        self.reference, self.patients = sides[0].name, sides[0].size
        self.contrasts = [_contrast(self._runs[0], *pair) for pair in zip(self._runs[1:], of_runs, strict=True)]

    @cached_property
    def differences(self) -> pl.DataFrame:
        """One row for each run and patient: every outcome in the reference, in the run, and the difference."""
        return pl.concat([_differences(self._runs[0], alternative) for alternative in self._runs[1:]])


def _measured(side: Side, vocabulary: Vocabulary, criteria: str, view: str) -> Measured:
    course = Course(side)
    values, categories = measure(side, vocabulary, criteria, view), outcomes.categories(course, criteria, view)
    return Measured(side, values, course.years, categories)


def _contrast(reference: Measured, alternative: Measured, of_run: draws.OfRun) -> Contrast:
    years = (reference.years, alternative.years)
    rows = [
        _row(outcome, compared(outcome, values, alternative.values[outcome], years), of_run.get(outcome.name))
        for outcome, values in reference.values.items()
    ]
    everybody = pl.DataFrame({"from": reference.categories, "to": alternative.categories})
    pairs = everybody.drop_nulls()
    counts = {(before, after): n for before, after, n in pairs.group_by("from", "to").len().iter_rows()}
    changes = {(a, b): counts[a, b] for a in CATEGORY_ORDER for b in CATEGORY_ORDER if (a, b) in counts}
    outside = everybody.height - pairs.height
    return Contrast(alternative.side.name, pairing.differing(reference.side, alternative.side), rows, changes, outside)


def _row(outcome: Outcome, comparison: Paired, drawn: DrawnEstimates | None) -> Row:
    if drawn is None:
        return Row(outcome, comparison)
    bounds = (-1.0, 1.0) if outcome.unit == "share" else (-math.inf, math.inf)
    return Row(outcome, comparison, drawn.combined(comparison.difference, comparison.low, comparison.high, bounds))


def _differences(reference: Measured, alternative: Measured) -> pl.DataFrame:
    side = reference.side
    numbers = pl.int_range(side.size, dtype=pl.Int32, eager=True)
    frame = pl.DataFrame({"replicate": numbers // side.patients, "patient": numbers % side.patients}).with_columns(
        reference=pl.lit(side.name),
        run=pl.lit(alternative.side.name),
        category_reference=reference.categories,
        category_other=alternative.categories,
        years_reference=reference.years,
        years_other=alternative.years,
    )
    columns = {}
    for outcome, reference_values in reference.values.items():
        alternative_values = alternative.values[outcome]
        difference = alternative_values - reference_values
        named = (("reference", reference_values), ("other", alternative_values), ("difference", difference))
        for name, values in named:
            column = pl.Series(values).fill_nan(None)
            columns[f"{outcome.name}_{name}"] = column.cast(pl.Int8) if outcome.yes_no else column
    return frame.with_columns(**columns)
