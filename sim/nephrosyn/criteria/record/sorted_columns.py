"""The columns of a table as arrays, in order of patient and time, whatever order its rows had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.errors import CriteriaError, Problem
from nephrosyn.kernels.compile import entry
from nephrosyn.record.schema import SCHEMAS

if TYPE_CHECKING:
    Tables = Mapping[str, pl.DataFrame]

Ints = NDArray[Any]

IDS = ("replicate", "patient")
NO_NAME = 255  # code of a name that is missing
# Columns read of each table, first those it is sorted by.
ORDER = {
    "patients": (),
    "readings": ("taken_days",),
    "diary": ("first_days", "last_days", "grade"),
    "doses": ("first_days", "last_days", "mean_mg_per_day"),
    "conditions": ("noted_days",),
    "follow_up": ("end_days",),
    "proteinuria": ("start_days",),
    "traits": (),
}
KINETICS = (
    "albumin_catabolism_per_day",
    "albumin_loss_per_day_per_mg_per_mg",
    "albumin_loss_saturates_at_mg_per_mg",
)
REST = {
    "patients": ("age_at_onset_years", "lesion"),
    "readings": ("analyte", "value"),
    "diary": (),
    "doses": ("drug", "schedule", "dosing_weight_kg"),
    "conditions": ("condition", "kind", "action"),
    "follow_up": ("reason",),
    "traits": ("albumin_g_per_dl", *KINETICS),
    "proteinuria": ("upcr_start_mg_per_mg", "log_slope_per_day", "upcr_target_mg_per_mg"),
}
SOURCES = {
    "observed": ("patients", "readings", "diary", "doses", "conditions", "follow_up"),
    "complete": ("patients", "truth/proteinuria", "truth/doses", "truth/conditions", "truth/follow_up"),
}


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
            self.arrays = {column: frozen(array[place]) for column, array in self.arrays.items()}

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.arrays[column]

    def bounds(self, people: Columns) -> NDArray[np.int64]:
        """Return each patient's first row and its end, shape (patients, 2)."""
        ids = [self[column] for column in IDS]
        return frozen(find_bounds(people["replicate"], people["patient"], *ids))


@entry
def in_order(a: Ints, b: Ints, c: Ints, d: Ints, e: Ints) -> bool:
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


@entry
def find_bounds(people_replicate: Ints, people_patient: Ints, replicate: Ints, patient: Ints) -> NDArray[np.int64]:
    """First row and end of each patient's rows; rows of others are passed over."""
    bounds = np.empty((len(people_patient), 2), np.int64)
    j = 0
    rows = len(patient)
    for i in range(len(people_patient)):
        r, patient_id = people_replicate[i], people_patient[i]
        while j < rows and (replicate[j] < r or (replicate[j] == r and patient[j] < patient_id)):
            j += 1
        bounds[i, 0] = j
        while j < rows and replicate[j] == r and patient[j] == patient_id:
            j += 1
        bounds[i, 1] = j
    return bounds


def sources(view: str, *, albumin: bool) -> tuple[str, ...]:
    """Return the tables that a view is judged by; true albumin is looked up only where a set asks for it."""
    return (*SOURCES[view], "truth/traits") if albumin and view == "complete" else SOURCES[view]


def check(tables: Tables, names: Iterable[str], view: str) -> None:
    """Refuse tables that cannot be judged.

    Raises
    ------
    CriteriaError
        With every table, column or value that is missing.
    """
    problems = []
    for name in names:
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


def _may_be_null(column: str) -> bool:
    return column in ("age_at_onset_years", "lesion", "value", "dosing_weight_kg", "mean_mg_per_day")


def _array(table: str, series: pl.Series) -> NDArray[Any]:
    """Return a column as an array of its one type: codes for names, NaN for a missing number."""
    kind = SCHEMAS[table][series.name]
    try:
        if isinstance(kind, pl.Enum):
            named = series if series.dtype == kind else series.cast(pl.String).cast(kind)
            codes = _cast(named.to_physical(), pl.UInt8())
            return frozen((codes.fill_null(NO_NAME) if codes.null_count() else codes).to_numpy())
        return frozen(_cast(series, kind).to_numpy())
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise CriteriaError("tables", [Problem(f"{table}.{series.name}", "values of its kind", reason)]) from None


def _cast(series: pl.Series, kind: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Cast where there is anything to cast: polars takes its time even over nothing."""
    return series if series.dtype == kind else series.cast(kind)


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view contiguous: compiled code sees one type of array, whatever polars handed out."""
    whole = np.ascontiguousarray(array).view()
    whole.flags.writeable = False
    return whole
