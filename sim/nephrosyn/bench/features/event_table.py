"""The record as one long table of events, for models of sequences and for survival analysis."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import DIPSTICK_BANDS

EVENTS = {
    "patient": pl.Int32,
    "day": pl.Int32,
    "kind": pl.String,
    "what": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
}
"""Columns of the table: day from onset; the kind of event; what of that kind, such as an analyte, a drug or a
condition; and a value with its unit, null where there is none."""
KINDS = (
    "visit",
    "missed visit",
    "reading",
    "home dipstick",
    "dose begins",
    "dose ends",
    "condition",
    "end of follow-up",
)
"""Kinds of events, in the order in which those of one day are listed."""
SURVIVAL = {"patient": pl.Int32, "time_days": pl.Int32, "event": pl.Boolean}
Tables = Mapping[str, pl.DataFrame]


def event_table(tables: Tables) -> pl.DataFrame:
    """Return all events of the observed tables, sorted by patient and day.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables of one replicate.

    Returns
    -------
    polars.DataFrame
        With the columns of `EVENTS`; `kind` is one of `KINDS`. A home dipstick has the first day of each stretch of the
        same grade, and its grade as a number from 0.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> events = event_table(ns.run("baseline", patients=3, seed=1).tables)
    >>> events.columns
    ['patient', 'day', 'kind', 'what', 'value', 'unit']
    """
    visits, doses, conditions = tables["visits"], tables["doses"], tables["conditions"]
    took_place = ~pl.col("missed")
    grades = {name: float(grade) for grade, name in enumerate(DIPSTICK_BANDS)}
    grade = pl.col("grade").cast(pl.String)
    parts = (
        _events(visits.filter(took_place), "visit", "actual_days", pl.col("kind")),
        _events(visits.filter(~took_place), "missed visit", "planned_days", pl.col("kind")),
        _events(tables["readings"], "reading", "taken_days", pl.col("analyte"), pl.col("value"), pl.col("unit")),
        _events(
            tables["diary"],
            "home dipstick",
            "first_days",
            grade,
            grade.replace_strict(grades, default=None, return_dtype=pl.Float64),
        ),
        _events(doses, "dose begins", "first_days", pl.col("drug"), pl.col("dose_mg"), pl.lit("mg")),
        _events(doses, "dose ends", "last_days", pl.col("drug")),
        _events(conditions, "condition", "noted_days", pl.col("condition")),
        _events(tables["follow_up"], "end of follow-up", "end_days", pl.col("reason")),
    )
    order = pl.col("kind").cast(pl.Enum(KINDS))
    return pl.concat(parts).drop_nulls("day").sort("patient", "day", order, "what", maintain_order=True)


def _events(
    rows: pl.DataFrame, kind: str, day: str, what: pl.Expr, value: pl.Expr | None = None, unit: pl.Expr | None = None
) -> pl.DataFrame:
    none = pl.lit(None)
    columns = {
        "patient": pl.col("patient"),
        "day": pl.col(day),
        "kind": pl.lit(kind),
        "what": what,
        "value": none if value is None else value,
        "unit": none if unit is None else unit,
    }
    return rows.select(columns[name].cast(dtype).alias(name) for name, dtype in EVENTS.items())


def time_to_refractory(labels: pl.DataFrame, follow_up: pl.DataFrame) -> pl.DataFrame:
    """Return when each patient meets a criterion that counts as refractory, or how long nobody knows of one.

    Parameters
    ----------
    labels : polars.DataFrame
        Labels of one definition set and view, one row per patient.
    follow_up : polars.DataFrame
        The table ``follow_up``.

    Returns
    -------
    polars.DataFrame
        `patient`, `time_days` from onset, and `event`: whether the patient is refractory, on the day on which that was
        first met; otherwise follow-up ends on that day (censored). Patients outside the set have no row.
    """
    inside = labels.filter(pl.col("applies").fill_null(True))
    joined = inside.join(follow_up.select(*PATIENT_KEY, "end_days"), on=PATIENT_KEY, how="left", maintain_order="left")
    event = pl.col("refractory").fill_null(False) & pl.col("first_met_days").is_not_null()
    day = pl.when(event).then("first_met_days").otherwise("end_days")
    return joined.select(patient="patient", time_days=day, event=event).cast(dict(SURVIVAL))  # type: ignore[arg-type]
