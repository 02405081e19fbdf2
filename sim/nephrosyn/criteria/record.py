"""Tables as flat arrays: for each patient the rows of each table, in order of time, ready for compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephrosyn.criteria.columns import Columns, frozen
from nephrosyn.criteria.errors import CriteriaError
from nephrosyn.criteria.rules import Rules
from nephrosyn.criteria.urine import diary_levels, empty_spans, true_spans
from nephrosyn.scenario.errors import Problem

if TYPE_CHECKING:
    from nephrosyn.criteria.columns import Tables


# Fields of the record, and the columns they come from.
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


class Record(NamedTuple):
    """The record of all patients. `bounds` arrays, shape (patients, 2), give each patient's first row and its end."""

    child: NDArray[np.bool_]
    end: NDArray[np.int32]
    reading_bounds: NDArray[np.int64]
    reading_day: NDArray[np.int32]
    reading_analyte: NDArray[np.uint8]
    reading_value: NDArray[np.float64]
    span_bounds: NDArray[np.int64]
    span_first: NDArray[np.int32]
    span_last: NDArray[np.int32]
    span_level: NDArray[np.uint8]
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


def observed(tables: Tables, children: Rules, adults: Rules, adult_from_years: float) -> tuple[Columns, Record]:
    """Return the people and their record as the clinic and the home diary kept it."""
    people = _people(tables)
    child = frozen(people["age_at_onset_years"] < adult_from_years)
    readings = Columns("readings", tables["readings"])
    diary = Columns("diary", tables["diary"])
    bounds = diary.bounds(people)

    level = np.zeros(len(diary["grade"]), np.uint8)
    diary_levels(bounds, diary["grade"], child, np.array([adults.band_cuts, children.band_cuts]), level)
    record = Record(
        child=child,
        end=_ends("follow_up", tables, people),
        reading_bounds=readings.bounds(people),
        reading_day=readings["taken_days"],
        reading_analyte=readings["analyte"],
        reading_value=readings["value"],
        span_bounds=bounds,
        span_first=diary["first_days"],
        span_last=diary["last_days"],
        span_level=frozen(level),
        **_rows("doses", DOSE_FIELDS, tables, people),
        **_rows("conditions", CONDITION_FIELDS, tables, people),
    )
    return people, record


def complete(tables: Tables, children: Rules, adults: Rules, adult_from_years: float) -> tuple[Columns, Record]:
    """Return the people and their record as if every day had been observed, without error."""
    people = _people(tables)
    child = frozen(people["age_at_onset_years"] < adult_from_years)
    end = _ends("truth/follow_up", tables, people)
    path = Columns("truth/proteinuria", tables["truth/proteinuria"])
    bounds = np.empty((len(child), 2), np.int64)
    first, last, level = empty_spans(3 * len(path["start_days"]))
    count = true_spans(
        path.bounds(people),
        path["start_days"],
        path["upcr_start_mg_per_mg"],
        path["log_slope_per_day"],
        path["upcr_target_mg_per_mg"],
        end,
        child,
        np.array([adults.upcr_cuts, children.upcr_cuts]),
        bounds,
        first,
        last,
        level,
    )
    record = Record(
        child=child,
        end=end,
        reading_bounds=frozen(np.zeros((len(child), 2), np.int64)),
        reading_day=frozen(np.empty(0, np.int32)),
        reading_analyte=frozen(np.empty(0, np.uint8)),
        reading_value=frozen(np.empty(0, np.float64)),
        span_bounds=frozen(bounds),
        span_first=frozen(first[:count]),
        span_last=frozen(last[:count]),
        span_level=frozen(level[:count]),
        **_rows("truth/doses", DOSE_FIELDS, tables, people),
        **_rows("truth/conditions", CONDITION_FIELDS, tables, people),
    )
    return people, record


def most_rows(bounds: NDArray[np.int64]) -> int:
    """Return the largest number of rows that one patient has."""
    return int((bounds[:, 1] - bounds[:, 0]).max(initial=0))


def _people(tables: Tables) -> Columns:
    people = Columns("patients", tables["patients"])
    replicate, patient = people["replicate"], people["patient"]
    again = (replicate[1:] == replicate[:-1]) & (patient[1:] == patient[:-1])
    if again.any():
        kept = np.concatenate(([True], ~again))
        people.arrays = {column: frozen(array[kept]) for column, array in people.arrays.items()}
    return people


def _ends(name: str, tables: Tables, people: Columns) -> NDArray[np.int32]:
    ends = Columns(name, tables[name])
    bounds = ends.bounds(people)
    without = np.flatnonzero(bounds[:, 0] == bounds[:, 1])
    if len(without):
        who = f"replicate {people['replicate'][without[0]]}, patient {people['patient'][without[0]]}"
        found = f"{len(without)} without one, the first replicate and patient: {who}"
        raise CriteriaError("tables", [Problem(name, "a row for every patient", found)])
    return frozen(ends["end_days"][bounds[:, 0]])


def _rows(name: str, fields: dict[str, str], tables: Tables, people: Columns) -> dict[str, Any]:
    """Return the bounds and columns of a table as fields of the record, all with one prefix."""
    rows = Columns(name, tables[name])
    prefix = next(iter(fields)).partition("_")[0]
    return {f"{prefix}_bounds": rows.bounds(people), **{field: rows[column] for field, column in fields.items()}}
