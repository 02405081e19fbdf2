"""Whether the values of a record that was made elsewhere can be right: a column in another unit, and single values."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.outside.units import inside

LEAST_VALUES = 5
"""Fewest values of which a median is judged."""
MOST_SHOWN = 3
DOSE = "dose of steroid"


class Range(NamedTuple):
    """What values of a kind can be, in the unit of nephrosyn.

    Attributes
    ----------
    median : (float, float)
        Range of the median of a whole record; one outside it is in another unit.
    value : (float, float)
        Range of single values; one outside it is hardly possible in a living person.
    """

    median: tuple[float, float]
    value: tuple[float, float]


# Wide on purpose: between the medians of any cohort, in health or disease, and those of the same numbers in the other
# usual unit (mg/g for mg/mg, g/L for g/dL, umol/L for mg/dL, mmol/L for mg/dL, g for kg, g for mg).
RANGES = {
    "upcr": Range((0.005, 40.0), (0.0, 150.0)),
    "uacr": Range((0.0005, 30.0), (0.0, 150.0)),
    "albumin": Range((0.8, 6.5), (0.2, 8.0)),
    "creatinine": Range((0.1, 15.0), (0.05, 60.0)),
    "cholesterol": Range((50.0, 1000.0), (15.0, 3000.0)),
    "weight": Range((2.0, 300.0), (0.3, 600.0)),
    DOSE: Range((0.5, 400.0), (0.0, 3000.0)),
}
"""Ranges of analytes, and of the dose of a dosing day of steroid."""


def wrong_medians(values: pl.DataFrame) -> list[tuple[str, str]]:
    """Return what a kind of values is expected to be, and what the record says, where its median cannot be right.

    Parameters
    ----------
    values : polars.DataFrame
        From `values_of`.

    Examples
    --------
    >>> values = pl.DataFrame({"kind": ["albumin"] * 5, "value": [21.0, 24.0, 30.0, 38.0, 40.0]})
    >>> wrong_medians(values)
    [('a median albumin from 0.8 to 6.5 g/dL; is its unit right?', '30 g/dL in 5 values')]
    """
    medians = values.filter(pl.col("value") > 0.0).group_by("kind").agg(pl.col("value").median(), count=pl.len())
    wrong = []
    for kind, median, count in medians.sort("kind").iter_rows():
        low, high = RANGES[kind].median
        if count >= LEAST_VALUES and not low <= median <= high:
            unit = _unit(kind)
            expected = f"a median {kind} from {low:g} to {high:g} {unit}; is its unit right?"
            wrong.append((expected, f"{median:.4g} {unit} in {count:,} values"))
    return wrong


def doubtful_values(values: pl.DataFrame) -> list[str]:
    """Return a note on each kind of which single values are hardly possible, with the first of them.

    Parameters
    ----------
    values : polars.DataFrame
        From `values_of`, with `subject_id` and `day`.
    """
    notes = []
    for kind in sorted(RANGES):
        low, high = RANGES[kind].value
        doubtful = values.filter((pl.col("kind") == kind) & ~pl.col("value").is_between(low, high))
        if doubtful.height:
            notes.append(_note(kind, doubtful.sort("subject_id", "day")))
    return notes


def _note(kind: str, doubtful: pl.DataFrame) -> str:
    """Return a note on doubtful values of a kind, with the first of them."""
    low, high = RANGES[kind].value
    first = doubtful.head(MOST_SHOWN).select("value", "subject_id", "day").iter_rows()
    shown = ", ".join(f"{value:.6g} (subject {subject}, day {day})" for value, subject, day in first)
    more = " ..." if doubtful.height > MOST_SHOWN else ""
    many = "1 value" if doubtful.height == 1 else f"{doubtful.height:,} values"
    outside = f"outside {low:g} to {high:g} {_unit(kind)}"
    return f"{many} of {kind} {outside}, hardly possible and used as recorded: {shown}{more}"


def values_of(readings: pl.DataFrame, doses: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """Return the values that have a range, in the units of nephrosyn.

    Parameters
    ----------
    readings, doses : polars.DataFrame
        Observed tables.
    subjects : polars.DataFrame
        `subject_id` and `patient`.

    Returns
    -------
    polars.DataFrame
        `subject_id`, `day`, `kind` and `value`.
    """
    results = readings.select("patient", day="taken_days", kind=pl.col("analyte").cast(pl.String), value="value")
    steroid = doses.filter(pl.col("drug").cast(pl.String) == vocabulary.STEROID)
    given = steroid.select("patient", day="first_days", kind=pl.lit(DOSE), value="dose_mg")
    both = pl.concat([results, given]).filter(pl.col("kind").is_in(tuple(RANGES)) & pl.col("value").is_not_null())
    return both.join(subjects.select("patient", "subject_id"), on="patient", how="left")


def _unit(kind: str) -> str:
    return "mg" if kind == DOSE else inside(kind)
