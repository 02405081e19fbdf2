"""Tables as flat arrays: for each patient the rows of each table, in order of time, ready for compiled code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from nephrosyn import terms
from nephrosyn.criteria.errors import CriteriaError
from nephrosyn.criteria.rules import Rules
from nephrosyn.criteria.urine import diary_levels, empty_spans, true_spans
from nephrosyn.scenario.errors import Problem

if TYPE_CHECKING:
    Tables = Mapping[str, pl.DataFrame]

IDS = ("replicate", "patient")
VOCABULARIES = {
    "analyte": terms.ANALYTES,
    "grade": terms.DIPSTICK_BANDS,
    "drug": terms.DRUGS,
    "schedule": terms.SCHEDULES,
    "condition": terms.CONDITIONS,
    "kind": terms.CONDITION_KINDS,
    "action": terms.STEROID_ACTIONS,
}
# Columns read of each table, first those it is sorted by.
ORDER = {
    "patients": (),
    "readings": ("taken_days",),
    "diary": ("first_days", "last_days", "grade"),
    "doses": ("first_days", "last_days", "mean_mg_per_day"),
    "conditions": ("noted_days",),
    "follow_up": ("end_days",),
    "proteinuria": ("start_days",),
}
REST = {
    "patients": ("age_at_onset_years",),
    "readings": ("analyte", "value"),
    "diary": (),
    "doses": ("drug", "schedule", "dosing_weight_kg"),
    "conditions": ("condition", "kind", "action"),
    "follow_up": (),
    "proteinuria": ("upcr_start_mg_per_mg", "log_slope_per_day", "upcr_target_mg_per_mg"),
}
SOURCES = {
    "observed": ("patients", "readings", "diary", "doses", "conditions", "follow_up"),
    "complete": ("patients", "truth/proteinuria", "truth/doses", "truth/conditions", "truth/follow_up"),
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


class Columns:
    """The columns of one table as arrays, in order of patient and time.

    Parameters
    ----------
    name : str
        Name of the table, for messages.
    frame : polars.DataFrame
        The table.
    """

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        self.name = name
        kind = name.rpartition("/")[2]
        self.order = (*IDS, *ORDER[kind])
        self.arrays = {column: _array(name, frame[column]) for column in (*self.order, *REST[kind])}
        keys = [self.arrays[column] for column in self.order]
        last = keys[-1]
        keys += [last] * (5 - len(keys))
        if not in_order(*keys):
            place = np.lexsort([self.arrays[column] for column in reversed(self.order)])
            self.arrays = {column: _frozen(array[place]) for column, array in self.arrays.items()}

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.arrays[column]

    def bounds(self, people: Columns) -> NDArray[np.int64]:
        """Return each patient's first row and its end, shape (patients, 2)."""
        ids = [self[column] for column in IDS]
        return _frozen(find_bounds(people["replicate"], people["patient"], *ids))


@njit(cache=True)
def in_order(a, b, c, d, e):  # type: ignore[no-untyped-def]
    """Whether rows are sorted by five keys."""
    for j in range(1, len(a)):
        i = j - 1
        if a[i] != a[j]:
            if a[i] > a[j]:
                return False
        elif b[i] != b[j]:
            if b[i] > b[j]:
                return False
        elif c[i] != c[j]:
            if c[i] > c[j]:
                return False
        elif d[i] != d[j]:
            if d[i] > d[j]:
                return False
        elif e[i] > e[j]:
            return False
    return True


@njit(cache=True)
def find_bounds(people_replicate, people_patient, replicate, patient):  # type: ignore[no-untyped-def]
    """First row and end of each patient's rows; rows of others are passed over."""
    bounds = np.empty((len(people_patient), 2), np.int64)
    j = 0
    rows = len(patient)
    for i in range(len(people_patient)):
        r, p = people_replicate[i], people_patient[i]
        while j < rows and (replicate[j] < r or (replicate[j] == r and patient[j] < p)):
            j += 1
        bounds[i, 0] = j
        while j < rows and replicate[j] == r and patient[j] == p:
            j += 1
        bounds[i, 1] = j
    return bounds


def observed(tables: Tables, children: Rules, adults: Rules, adult_from_years: float) -> tuple[Columns, Record]:
    """Return the people and their record as the clinic and the home diary kept it."""
    people = _people(tables)
    child = _frozen(people["age_at_onset_years"] < adult_from_years)
    readings = Columns("readings", tables["readings"])
    diary = Columns("diary", tables["diary"])
    level = np.empty(len(diary["grade"]), np.uint8)
    bounds = diary.bounds(people)
    diary_levels(bounds, diary["grade"], child, children, adults, level)
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
        span_level=_frozen(level),
        **_doses("doses", tables, people),
        **_conditions("conditions", tables, people),
    )
    return people, record


def complete(tables: Tables, children: Rules, adults: Rules, adult_from_years: float) -> tuple[Columns, Record]:
    """Return the people and their record as if every day had been observed, without error."""
    people = _people(tables)
    child = _frozen(people["age_at_onset_years"] < adult_from_years)
    end = _ends("truth/follow_up", tables, people)
    path = Columns("truth/proteinuria", tables["truth/proteinuria"])
    bounds = np.empty((len(child), 2), np.int64)
    first, last, level = empty_spans(3 * len(path["start_days"]))
    count = true_spans(
        path.bounds(people),
        *(path[c] for c in ("start_days", "upcr_start_mg_per_mg", "log_slope_per_day", "upcr_target_mg_per_mg")),
        *(end, child, children, adults),
        *(bounds, first, last, level),
    )
    record = Record(
        child=child,
        end=end,
        reading_bounds=_frozen(np.zeros((len(child), 2), np.int64)),
        reading_day=_frozen(np.empty(0, np.int32)),
        reading_analyte=_frozen(np.empty(0, np.uint8)),
        reading_value=_frozen(np.empty(0, np.float64)),
        span_bounds=_frozen(bounds),
        span_first=_frozen(first[:count]),
        span_last=_frozen(last[:count]),
        span_level=_frozen(level[:count]),
        **_doses("truth/doses", tables, people),
        **_conditions("truth/conditions", tables, people),
    )
    return people, record


def check(tables: Tables, view: str) -> None:
    """Refuse tables that cannot be judged.

    Raises
    ------
    CriteriaError
        With every table, column or value that is missing.
    """
    problems = []
    for name in SOURCES[view]:
        kind = name.rpartition("/")[2]
        if name not in tables:
            problems.append(Problem(name, "this table", "nothing"))
            continue
        for column in (*IDS, *ORDER[kind], *REST[kind]):
            if column not in tables[name].columns:
                problems.append(Problem(f"{name}.{column}", "this column", "nothing"))
            elif not _may_be_null(column) and (nulls := tables[name][column].null_count()):
                problems.append(Problem(f"{name}.{column}", "a value in every row", f"{nulls} rows without one"))
    if problems:
        raise CriteriaError(f"{view} view", problems)


def most_rows(bounds: NDArray[np.int64]) -> int:
    """Return the largest number of rows that one patient has."""
    return int((bounds[:, 1] - bounds[:, 0]).max(initial=0))


def _may_be_null(column: str) -> bool:
    return column in ("age_at_onset_years", "value", "dosing_weight_kg", "mean_mg_per_day")


def _people(tables: Tables) -> Columns:
    people = Columns("patients", tables["patients"])
    replicate, patient = people["replicate"], people["patient"]
    again = (replicate[1:] == replicate[:-1]) & (patient[1:] == patient[:-1])
    if again.any():
        kept = np.concatenate(([True], ~again))
        people.arrays = {column: _frozen(array[kept]) for column, array in people.arrays.items()}
    return people


def _ends(name: str, tables: Tables, people: Columns) -> NDArray[np.int32]:
    ends = Columns(name, tables[name])
    bounds = ends.bounds(people)
    without = np.flatnonzero(bounds[:, 0] == bounds[:, 1])
    if len(without):
        who = f"replicate {people['replicate'][without[0]]}, patient {people['patient'][without[0]]}"
        found = f"{len(without)} without one, the first replicate and patient: {who}"
        raise CriteriaError("tables", [Problem(name, "a row for every patient", found)])
    return _frozen(ends["end_days"][bounds[:, 0]])


def _doses(name: str, tables: Tables, people: Columns) -> dict[str, Any]:
    doses = Columns(name, tables[name])
    return {
        "dose_bounds": doses.bounds(people),
        "dose_first": doses["first_days"],
        "dose_last": doses["last_days"],
        "dose_drug": doses["drug"],
        "dose_schedule": doses["schedule"],
        "dose_mean": doses["mean_mg_per_day"],
        "dose_weight": doses["dosing_weight_kg"],
    }


def _conditions(name: str, tables: Tables, people: Columns) -> dict[str, Any]:
    conditions = Columns(name, tables[name])
    return {
        "condition_bounds": conditions.bounds(people),
        "condition_day": conditions["noted_days"],
        "condition_code": conditions["condition"],
        "condition_kind": conditions["kind"],
        "condition_action": conditions["action"],
    }


def _array(table: str, series: pl.Series) -> NDArray[Any]:
    """Return a column as an array of its one type; a missing number as NaN."""
    try:
        if series.name in VOCABULARIES:
            vocabulary = pl.Enum(VOCABULARIES[series.name])
            named = series if series.dtype == vocabulary else series.cast(pl.String).cast(vocabulary)
            return _frozen(named.to_physical().cast(pl.UInt8).to_numpy())
        whole = series.name in IDS or (series.name.endswith("_days") and series.name != "start_days")
        return _frozen(series.cast(pl.Int32 if whole else pl.Float64).to_numpy())
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise CriteriaError("tables", [Problem(f"{table}.{series.name}", "values of its kind", reason)]) from None


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view in one piece: compiled code sees one type of array, whatever polars handed out."""
    whole = np.ascontiguousarray(array).view()
    whole.flags.writeable = False
    return whole
