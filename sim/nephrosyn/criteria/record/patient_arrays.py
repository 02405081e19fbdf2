"""Tables as flat arrays: for each patient the rows of each table, in order of time, ready for compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import vocabulary
from nephrosyn.criteria.record.sorted_columns import KINETICS, Columns, frozen
from nephrosyn.errors import CriteriaError, Problem
from nephrosyn.record.schema import SCHEMAS

if TYPE_CHECKING:
    from nephrosyn.criteria.record.sorted_columns import Tables


# Fields of the record, and the columns they come from.
READING_FIELDS = {"reading_day": "taken_days", "reading_analyte": "analyte", "reading_value": "value"}
DIARY_FIELDS = {"diary_first": "first_days", "diary_last": "last_days", "diary_band": "grade"}
SEGMENT_FIELDS = {
    "segment_start": "start_days",
    "segment_upcr": "upcr_start_mg_per_mg",
    "segment_slope": "log_slope_per_day",
    "segment_target": "upcr_target_mg_per_mg",
}
DOSE_FIELDS = {
    "dose_first": "first_days",
    "dose_last": "last_days",
    "dose_drug": "drug",
    "dose_schedule": "schedule",
    "dose_mean": "mean_mg_per_day",
    "dose_weight": "dosing_weight_kg",
}
CONDITION_FIELDS = {
    "condition_day": "noted_days",
    "condition_code": "condition",
    "condition_kind": "kind",
    "condition_action": "action",
}


EMPTY = {name: pl.DataFrame(schema=SCHEMAS[name]) for name in ("readings", "diary", "truth/proteinuria")}
"""What one view does not look at."""


class Record(NamedTuple):
    """The record of all patients. `bounds` arrays, shape (patients, 2), give each patient's first row and its end.

    The observed record has readings and diary; the complete one has the segments of the true path, the albumin of each
    person in health (g/dL) and how it is lost: breakdown per day, loss per day and mg/mg, and the ratio beyond which it
    grows no more.
    """

    age: NDArray[np.float64]
    lesion: NDArray[np.uint8]
    end: NDArray[np.int32]
    dead: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    albumin: NDArray[np.float64]
    kinetics: NDArray[np.float64]
    reading_bounds: NDArray[np.int64]
    reading_day: NDArray[np.int32]
    reading_analyte: NDArray[np.uint8]
    reading_value: NDArray[np.float64]
    diary_bounds: NDArray[np.int64]
    diary_first: NDArray[np.int32]
    diary_last: NDArray[np.int32]
    diary_band: NDArray[np.uint8]
    segment_bounds: NDArray[np.int64]
    segment_start: NDArray[np.float64]
    segment_upcr: NDArray[np.float64]
    segment_slope: NDArray[np.float64]
    segment_target: NDArray[np.float64]
    dose_bounds: NDArray[np.int64]
    dose_first: NDArray[np.int32]
    dose_last: NDArray[np.int32]
    dose_drug: NDArray[np.uint8]
    dose_schedule: NDArray[np.uint8]
    dose_mean: NDArray[np.float64]
    dose_weight: NDArray[np.float64]
    condition_bounds: NDArray[np.int64]
    condition_day: NDArray[np.int32]
    condition_code: NDArray[np.uint8]
    condition_kind: NDArray[np.uint8]
    condition_action: NDArray[np.uint8]


def observed(tables: Tables) -> tuple[Columns, Record]:
    """Return the people and their record as the clinic and the home diary kept it."""
    people = _people(tables)
    size = len(people["patient"])
    record = Record(
        **_person(people, "follow_up", tables),
        albumin=frozen(np.zeros(size)),
        kinetics=frozen(np.zeros(len(KINETICS))),
        **_rows("readings", READING_FIELDS, tables, people),
        **_rows("diary", DIARY_FIELDS, tables, people),
        **_rows("truth/proteinuria", SEGMENT_FIELDS, EMPTY, people),
        **_rows("doses", DOSE_FIELDS, _given(tables, "doses"), people),
        **_rows("conditions", CONDITION_FIELDS, tables, people),
    )
    return people, record


def complete(tables: Tables, *, albumin: bool) -> tuple[Columns, Record]:
    """Return the people and their record as if every day had been observed, without error; with albumin if asked."""
    people = _people(tables)
    size = len(people["patient"])
    normal, kinetics = np.zeros(size), np.zeros(len(KINETICS))
    if albumin and size:
        traits = Columns("truth/traits", tables["truth/traits"])
        rows = _row_each(traits, people)
        normal = traits["albumin_g_per_dl"][rows]
        kinetics = np.array([traits[column][rows[0]] for column in KINETICS])
    record = Record(
        **_person(people, "truth/follow_up", tables),
        albumin=frozen(normal),
        kinetics=frozen(kinetics),
        **_rows("readings", READING_FIELDS, EMPTY, people),
        **_rows("diary", DIARY_FIELDS, EMPTY, people),
        **_rows("truth/proteinuria", SEGMENT_FIELDS, tables, people),
        **_rows("truth/doses", DOSE_FIELDS, _given(tables, "truth/doses"), people),
        **_rows("truth/conditions", CONDITION_FIELDS, tables, people),
    )
    return people, record


def most_rows(bounds: NDArray[np.int64]) -> int:
    """Return the largest number of rows that one patient has."""
    return int((bounds[:, 1] - bounds[:, 0]).max(initial=0))


def _person(people: Columns, name: str, tables: Tables) -> dict[str, Any]:
    """Return the fields that a person has one of."""
    ends = Columns(name, tables[name])
    rows = _row_each(ends, people)
    return {
        "age": people["age_at_onset_years"],
        "lesion": people["lesion"],
        "end": frozen(ends["end_days"][rows]),
        "dead": frozen(ends["reason"][rows] == vocabulary.END_REASONS.index("death")),
        "impossible": frozen(np.zeros(len(rows), np.bool_)),
    }


def _row_each(table: Columns, people: Columns) -> NDArray[np.int64]:
    """Return the first row of each person.

    Raises
    ------
    CriteriaError
        If somebody has none.
    """
    bounds = table.bounds(people)
    without = np.flatnonzero(bounds[:, 0] == bounds[:, 1])
    if len(without):
        who = f"replicate {people['replicate'][without[0]]}, patient {people['patient'][without[0]]}"
        text = f"{len(without)} without one, the first replicate and patient: {who}"
        raise CriteriaError("tables", [Problem(table.name, "a row for every patient", text)])
    return bounds[:, 0]


def _people(tables: Tables) -> Columns:
    people = Columns("patients", tables["patients"])
    replicate, patient = people["replicate"], people["patient"]
    again = (replicate[1:] == replicate[:-1]) & (patient[1:] == patient[:-1])
    if again.any():
        first_rows = np.concatenate(([True], ~again))
        people.arrays = {column: frozen(array[first_rows]) for column, array in people.arrays.items()}
    return people


def _given(tables: Tables, name: str) -> Tables:
    """Return the table of doses without those of 0 mg: nothing was given."""
    return {name: tables[name].filter((pl.col("mean_mg_per_day") != 0).fill_null(value=True))}


def _rows(name: str, fields: dict[str, str], tables: Tables, people: Columns) -> dict[str, Any]:
    """Return the bounds and columns of a table as fields of the record, all with one prefix."""
    rows = Columns(name, tables[name])
    prefix = next(iter(fields)).partition("_")[0]
    return {f"{prefix}_bounds": rows.bounds(people), **{field: rows[column] for field, column in fields.items()}}
