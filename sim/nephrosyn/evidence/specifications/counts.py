"""Refractory counts of one cohort under every combination of choices, and the combinations that have no meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import polars as pl

from nephrosyn import criteria, engine
from nephrosyn.evidence.specifications.choices import (
    AGE_GROUPS,
    DENOMINATORS,
    LESION_GROUPS,
    PARTIAL,
    Reading,
    age_and_lesion,
)
from nephrosyn.evidence.validation.refractory_share import LEAST_APPLICABLE
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.record.tables import build_tables
from nephrosyn.report.findings.verdicts.eligibility import INSIDE
from nephrosyn.runs.run import Progress
from nephrosyn.scenario import Scenario
from nephrosyn.statistics.proportions import wilson
from nephrosyn.vocabulary import DAYS_PER_YEAR, VIEWS

FEWEST = 30
"""Least number of patients of a share: with fewer, one patient changes it by over 3 points."""
LEAST_CLASSIFIED = 0.75
"""Smallest share of the patients that must be classified. Early on, only refractory patients can be."""
COUNTED = ("people", "applies", "patients", "met", "unknown", "treated", "treated_met", "treated_unknown")
SCHEMA: Mapping[str, Any] = {
    "ages": pl.String,
    "lesions": pl.String,
    "criteria": pl.String,
    "partial_remission": pl.String,
    "follow_up_years": pl.Float64,
    "view": pl.String,
    "denominator": pl.String,
    "as_published": pl.Boolean,
    "patients": pl.Int64,
    "refractory": pl.Int64,
    "share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "undetermined": pl.Float64,
}
"""Columns of the table: choices, counts, the share with its interval, and the share who could not be classified."""
FEW_APPLY = "the definition set applies to less than three quarters of these patients, by age or lesion"
NO_PARTIAL = "the definition set does not define partial remission"
NO_RESPONSE = "the definition set does not classify the response to treatment, so partial remission cannot matter"
NO_RESISTANCE = "the definition set does not define resistance, so it does not say who had adequate steroid"
TOO_FEW = f"fewer than {FEWEST} patients"
TOO_SHORT = "less than three quarters of the patients can be classified, mostly because the record is too short"
SAME = "the same patients as under a narrower choice of ages or lesions"
REASONS = (FEW_APPLY, SAME, NO_PARTIAL, NO_RESPONSE, NO_RESISTANCE, TOO_SHORT, TOO_FEW)
"""Why a combination is excluded; the first that holds is counted."""
Counts = Mapping[str, int]
Cells = frozenset[tuple[bool, str]]
"""Pairs of whether a child, and known lesion."""


def count_cohort(
    scenario: Scenario,
    readings: Sequence[Reading],
    years: Sequence[float],
    patients: int,
    seed: int,
    progress: Progress,
) -> pl.DataFrame:
    """Simulate one cohort and count it by age, lesion, reading of a set, length of follow-up and view.

    Parameters
    ----------
    scenario : Scenario
        The scenario, followed for the longest of `years`.
    readings : sequence of Reading
        The definition sets.
    years : sequence of float, years
        Lengths of follow-up; the record is classified as it stood at each.
    patients, seed : int
        Size and seed of the cohort.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    polars.DataFrame
        A row for each reading (its place), year, view, age group and known lesion, with the counts of `COUNTED`.
    """
    named = [
        reading.definition.model_copy(update={"name": str(place)}) for place, reading in enumerate(readings)
    ]  # the labels of both readings of a set must have different names
    driver = engine.choose_engine(scenario, scenario.engine, patients)
    counts, done = [], 0
    progress("patients", 0, patients)
    for part in engine.simulate(scenario, driver, seed, 0, patients):
        tables = build_tables(scenario, seed, 0, part.traits, part.rows)
        people = age_and_lesion(tables["patients"])
        counts += [
            _count(criteria.classify(tables, named, view, round(year * DAYS_PER_YEAR)), people, year)
            for year in years
            for view in VIEWS
        ]
        done += people.height
        progress("patients", done, patients)
    keys = ("reading", "follow_up_years", "view", "child", "known_lesion")
    return pl.concat(counts).group_by(keys).agg(pl.col(COUNTED).sum())


def _count(labels: pl.DataFrame, people: pl.DataFrame, year: float) -> pl.DataFrame:
    met, unknown = pl.col("refractory").fill_null(value=False), pl.col("refractory").is_null()
    treated = pl.col("resistant").is_not_null()
    counted = labels.join(people, on=PATIENT_KEY).group_by("criteria", "view", "child", "known_lesion")
    return counted.agg(
        people=pl.len(),
        applies=pl.col("applies").fill_null(value=False).sum(),
        patients=INSIDE.sum(),
        met=(INSIDE & met).sum(),
        unknown=(INSIDE & unknown).sum(),
        treated=(INSIDE & treated).sum(),
        treated_met=(INSIDE & treated & met).sum(),
        treated_unknown=(INSIDE & treated & unknown).sum(),
    ).select(
        pl.col("criteria").cast(pl.Int64).alias("reading"),
        pl.lit(float(year)).alias("follow_up_years"),
        pl.col("view").cast(pl.String),
        "child",
        "known_lesion",
        pl.col(COUNTED).cast(pl.Int64),
    )


def combinations(
    counts: pl.DataFrame, readings: Sequence[Reading], years: Sequence[float]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the share under every combination of choices that has a meaning, and how many have none, by reason.

    Parameters
    ----------
    counts : polars.DataFrame
        From `count_cohort`.
    readings, years : sequence
        As for `count_cohort`.

    Returns
    -------
    polars.DataFrame
        Columns as in `SCHEMA`, the lowest share first.
    dict of str to int
        Combinations without meaning, by reason.
    """
    rows, excluded = [], Counter[str]()
    possible = {(reading.criteria, reading.partial_remission): place for place, reading in enumerate(readings)}
    sets = list(dict.fromkeys(reading.criteria for reading in readings))
    seen: set[tuple[int, Cells]] = set()
    for group, members in _groups(counts):
        totals, cells = _sums(members), _cells(members)
        repeated = {place for place, of_reading in cells.items() if (place, of_reading) in seen}
        for name, partial in product(sets, PARTIAL):
            place = possible.get((name, partial))
            if place is None and partial == PARTIAL[0]:
                place = possible.get((name, None))  # the set has a single reading, which is neither
            for year, view, denominator in product(years, VIEWS, DENOMINATORS):
                sums = {} if place is None else totals.get((place, float(year), view), {})
                reason = _excluded_because(possible, name, place, sums, denominator, repeated)
                if reason or place is None:
                    excluded[reason] += 1
                    continue
                rows.append(_row(group, readings[place], year, view, denominator, sums))
                seen.add((place, cells[place]))
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    by_reason = {reason: excluded[reason] for reason in REASONS if excluded[reason]}
    return table.sort("share", maintain_order=True), by_reason


def _groups(counts: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """Yield every group of patients by its ages and lesions, with its counts, the narrowest first.

    A set for children thus counts children, not all ages of whom it leaves out the adults.
    """
    for (ages, child), (lesions, known) in product([*AGE_GROUPS.items()][::-1], [*LESION_GROUPS.items()][::-1]):
        yield (ages, lesions), counts.filter(pl.col("child").is_in(child), pl.col("known_lesion").is_in(known))


def _sums(members: pl.DataFrame) -> dict[tuple[int, float, str], Counts]:
    """Return the counts of a group by reading, year and view."""
    keys = ["reading", "follow_up_years", "view"]
    sums = members.group_by(keys).agg(pl.col(COUNTED).sum())
    return {(row["reading"], row["follow_up_years"], row["view"]): row for row in sums.iter_rows(named=True)}


def _cells(members: pl.DataFrame) -> dict[int, Cells]:
    """Return for each reading the ages and lesions that the patients of a group in the set have."""
    cells: dict[int, set[tuple[bool, str]]] = {}
    inside = members.filter(pl.col("patients") > 0).select("reading", "child", "known_lesion").unique()
    for place, child, lesion in inside.iter_rows():
        cells.setdefault(place, set()).add((child, lesion))
    return {place: frozenset(of_reading) for place, of_reading in cells.items()}


def _excluded_because(
    possible: Mapping[tuple[str, str | None], int],
    name: str,
    place: int | None,
    sums: Counts,
    denominator: str,
    repeated: set[int],
) -> str:
    """Return why a combination has no meaning; empty if it has one."""
    if place is None:
        return NO_RESPONSE if (name, None) in possible else NO_PARTIAL
    if not sums:
        return TOO_FEW
    if sums["applies"] < LEAST_APPLICABLE * sums["people"]:
        return FEW_APPLY
    if place in repeated:
        return SAME
    if denominator == "treated" and not sums["treated"]:
        return NO_RESISTANCE
    unknown, patients = _undetermined(sums, denominator)
    if patients - unknown < LEAST_CLASSIFIED * patients:
        return TOO_SHORT
    return TOO_FEW if _denominator(sums, denominator) < FEWEST else ""


def _undetermined(sums: Counts, denominator: str) -> tuple[int, int]:
    """Return the patients who could not be classified, and of how many."""
    if denominator == "treated":
        return sums["treated_unknown"], sums["treated"]
    return sums["unknown"], sums["patients"]


def _denominator(sums: Counts, denominator: str) -> int:
    return {
        "all": sums["patients"],
        "determined": sums["patients"] - sums["unknown"],
        "treated": sums["treated"],
    }[denominator]


def _row(
    group: tuple[str, str], reading: Reading, year: float, view: str, denominator: str, sums: Counts
) -> tuple[Any, ...]:
    met = sums["treated_met"] if denominator == "treated" else sums["met"]
    share = wilson(met, _denominator(sums, denominator))
    unknown, patients = _undetermined(sums, denominator)
    values = (share.total, share.count, share.share, share.low, share.high, unknown / patients)
    choice = (*group, reading.criteria, reading.partial_remission, float(year), view, denominator)
    return (*choice, reading.as_published, *values)
