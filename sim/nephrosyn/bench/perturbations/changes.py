"""Changes to tables and how they are applied: rows removed or added, values changed, patients left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.perturbations.indexed_rows import Prepared, Record, Rows
from nephrosyn.errors import PerturbationError

Places: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
__all__ = [
    "Added",
    "Change",
    "Changed",
    "LeftOut",
    "PerturbationError",
    "Record",
    "Removed",
    "apply_changes",
    "change_values",
]


@dataclass(frozen=True)
class Removed:
    """Rows to remove."""

    table: str
    places: Places


@dataclass(frozen=True)
class Added:
    """Rows to duplicate, each copy directly after the original."""

    table: str
    places: Places


@dataclass(frozen=True)
class Changed:
    """Values to change; categories as codes, missing values as NaN."""

    table: str
    column: str
    places: Places
    before: Floats
    after: Floats


@dataclass(frozen=True)
class LeftOut:
    """Patients to leave out of every table, by the places of their rows in ``patients``."""

    places: Places


Change: TypeAlias = Removed | Added | Changed | LeftOut


def change_values(rows: Rows, column: str, places: Places, after: Floats | float) -> Changed:
    """Return a change of values, without those that stay the same.

    Parameters
    ----------
    rows : Rows
        The table.
    column : str
        The column.
    places : ndarray of int64, shape (n,)
        Row indices in the table.
    after : ndarray of float64, shape (n,), or float
        New values.
    """
    before = rows[column][places]
    after = np.broadcast_to(np.asarray(after, np.float64), before.shape)
    differs = different(before, after)
    return Changed(rows.name, column, places[differs], before[differs], after[differs])


def different(first: Floats, second: Floats) -> NDArray[np.bool_]:
    """Return where two arrays differ, shape (n,); two missing values (NaN) are equal.

    Examples
    --------
    >>> different(np.array([1.0, np.nan, 2.0]), np.array([1.0, np.nan, np.nan])).tolist()
    [False, False, True]
    """
    return np.asarray(~((first == second) | (np.isnan(first) & np.isnan(second))))


def apply_changes(record: Prepared, changes: Iterable[Change]) -> Record:
    """Return a changed copy of the record.

    Parameters
    ----------
    record : Prepared
        The unperturbed record.
    changes : iterable of Change
        In any order; each value is changed at most once.

    Returns
    -------
    dict of str to polars.DataFrame
        Unchanged tables are the same objects as before.
    """
    listed = list(changes)
    perturbed: Record = dict(record)
    for table in perturbed:
        of_table = [change for change in listed if not isinstance(change, LeftOut) and change.table == table]
        if any(len(change.places) for change in of_table):
            perturbed[table] = _changed_table(perturbed[table], of_table)
    left_out = [change.places for change in listed if isinstance(change, LeftOut) and len(change.places)]
    return _without(record, perturbed, np.concatenate(left_out)) if left_out else perturbed


def _changed_table(frame: pl.DataFrame, changes: list[Any]) -> pl.DataFrame:
    changed = [change for change in changes if isinstance(change, Changed) and len(change.places)]
    for column in dict.fromkeys(change.column for change in changed):
        of_column = [change for change in changed if change.column == column]
        frame = frame.with_columns(_changed_column(frame[column], of_column))
    copies = np.ones(frame.height, np.int64)
    for change in changes:
        if isinstance(change, Removed):
            copies[change.places] = 0
        elif isinstance(change, Added):
            copies[change.places] += 1
    if (copies == 1).all():
        return frame
    if copies.max(initial=0) <= 1:
        return frame.filter(pl.Series(copies.astype(np.bool_)))
    return frame[np.repeat(np.arange(frame.height, dtype=np.uint32), copies)]


def _changed_column(column: pl.Series, changes: list[Changed]) -> pl.Series:
    values = column.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy(writable=True)
    for change in changes:
        values[change.places] = change.after
    fresh = pl.Series(column.name, values).fill_nan(None)
    if isinstance(column.dtype, pl.Enum):
        names = pl.Series(column.name, column.dtype.categories, dtype=column.dtype)
        return names.gather(fresh.cast(pl.UInt32))
    return fresh.cast(column.dtype)


def _without(record: Prepared, perturbed: Record, places: Places) -> Record:
    """Leave patients out of every table."""
    left_out = record.rows("patients").patient_key[places]
    for name in perturbed:
        rows_out = np.isin(record.rows(name).patient_key, left_out)
        if rows_out.any():
            if perturbed[name].height != len(rows_out):
                raise PerturbationError("patients cannot be left out while their rows are removed or added")
            perturbed[name] = perturbed[name].filter(pl.Series(~rows_out))
    return perturbed
