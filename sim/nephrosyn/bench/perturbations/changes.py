"""What a perturbation does to tables, and doing it: rows removed, rows added, values changed, patients left out."""

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
__all__ = ["Added", "Change", "Changed", "LeftOut", "PerturbationError", "Record", "Removed", "carry_out", "changed"]


@dataclass(frozen=True)
class Removed:
    """Rows that are gone."""

    table: str
    places: Places


@dataclass(frozen=True)
class Added:
    """Rows that stand once more, each after itself."""

    table: str
    places: Places


@dataclass(frozen=True)
class Changed:
    """Values that are others now; names are their codes, a missing value is NaN."""

    table: str
    column: str
    places: Places
    before: Floats
    after: Floats


@dataclass(frozen=True)
class LeftOut:
    """Patients that are gone from every table: places of their rows in ``patients``."""

    places: Places


Change: TypeAlias = Removed | Added | Changed | LeftOut


def changed(rows: Rows, column: str, places: Places, after: Floats | float) -> Changed:
    """Return a change of values, of those that come out different.

    Parameters
    ----------
    rows : Rows
        The table.
    column : str
        Which.
    places : ndarray of int64, shape (n,)
        Rows, by their place in the table.
    after : ndarray of float64, shape (n,), or float
        What shall stand there.
    """
    before = rows[column][places]
    after = np.broadcast_to(np.asarray(after, np.float64), before.shape)
    other = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    return Changed(rows.name, column, places[other], before[other], after[other])


def carry_out(record: Prepared, changes: Iterable[Change]) -> Record:
    """Return the record with changes made; the one given stays as it is.

    Parameters
    ----------
    record : Prepared
        The clean record.
    changes : iterable of Change
        In any order; each value is changed once at most.

    Returns
    -------
    dict of str to polars.DataFrame
        Tables that nothing changed are the same objects.
    """
    listed = list(changes)
    made: Record = dict(record)
    for table in made:
        mine = [one for one in listed if not isinstance(one, LeftOut) and one.table == table and len(one.places)]
        if mine:
            made[table] = _changed_table(made[table], mine)
    out = [one.places for one in listed if isinstance(one, LeftOut) and len(one.places)]
    return _without(record, made, np.concatenate(out)) if out else made


def _changed_table(frame: pl.DataFrame, changes: list[Any]) -> pl.DataFrame:
    for column in dict.fromkeys(one.column for one in changes if isinstance(one, Changed)):
        mine = [one for one in changes if isinstance(one, Changed) and one.column == column]
        frame = frame.with_columns(_changed_column(frame[column], mine))
    kept = np.ones(frame.height, np.int64)
    for one in changes:
        if isinstance(one, Removed):
            kept[one.places] = 0
        elif isinstance(one, Added):
            kept[one.places] += 1
    if (kept == 1).all():
        return frame
    if kept.max(initial=0) <= 1:
        return frame.filter(pl.Series(kept.astype(np.bool_)))
    return frame[np.repeat(np.arange(frame.height, dtype=np.uint32), kept)]


def _changed_column(column: pl.Series, changes: list[Changed]) -> pl.Series:
    values = column.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy(writable=True)
    for one in changes:
        values[one.places] = one.after
    fresh = pl.Series(column.name, values).fill_nan(None)
    if isinstance(column.dtype, pl.Enum):
        names = pl.Series(column.name, column.dtype.categories, dtype=column.dtype)
        return names.gather(fresh.cast(pl.UInt32))
    return fresh.cast(column.dtype)


def _without(record: Prepared, made: Record, places: Places) -> Record:
    """Leave patients out of every table."""
    gone = record.rows("patients").who[places]
    for name in made:
        mine = np.isin(record.rows(name).who, gone)
        if mine.any():
            if made[name].height != len(mine):
                raise PerturbationError("patients are left out and rows of them changed at once")
            made[name] = made[name].filter(pl.Series(~mine))
    return made
