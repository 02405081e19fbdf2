"""A record ready to be perturbed: its columns as arrays, and each row's number within its patient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Record: TypeAlias = dict[str, pl.DataFrame]
"""The observed tables by name; with ``labels`` (and ``labels_other``) where labels or the cohort are perturbed."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "patients": (),
    "visits": ("visit",),
    "readings": ("visit", "analyte"),
    "diary": ("first_days",),
    "doses": ("first_days", "drug"),
    "conditions": ("noted_days", "condition"),
    "follow_up": (),
    "labels": (),
    "labels_other": (),
}
"""Tables, and what tells the rows of one patient apart: they are numbered in this order, whatever order they have."""
WORD = 32


class Rows:
    """One table as arrays.

    Parameters
    ----------
    name : str
        Of the table.
    frame : polars.DataFrame
        The table, in any order.
    """

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        self.name, self.frame = name, frame
        self._columns: dict[str, NDArray[np.float64]] = {}

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """A column as numbers, shape (rows,): names as their codes, NaN where a value is missing."""
        if column not in self._columns:
            series = self.frame[column].to_physical().cast(pl.Float64).fill_null(np.nan)
            self._columns[column] = series.to_numpy()
        return self._columns[column]

    @cached_property
    def who(self) -> NDArray[np.int64]:
        """Replicate and patient of each row in one number, shape (rows,)."""
        replicate, patient = (self.frame[name].to_numpy().astype(np.int64) for name in ("replicate", "patient"))
        return (replicate << WORD) | patient

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Places of the rows by patient, each patient's by number, shape (rows,)."""
        keys = [self.who, *(self[name] for name in KEYS[self.name])]
        if _ascend(keys):
            return np.arange(len(self))
        order = np.lexsort(keys[::-1])
        if _ascend([key[order] for key in keys]):
            return order
        rest = [self[name] for name in self.frame.columns if self.frame[name].dtype != pl.String]
        return np.lexsort([*reversed(rest), *reversed(keys)])

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """Number of each row within its patient, from 0, shape (rows,)."""
        who = self.sorted_who
        first = np.searchsorted(who, who)
        numbers = np.empty(len(self), np.int64)
        numbers[self.order] = np.arange(len(self)) - first
        return numbers

    @cached_property
    def sorted_who(self) -> NDArray[np.int64]:
        """Patients of the rows, ascending, shape (rows,)."""
        return self.who[self.order]

    def find(self, who: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of rows by patient and number; -1 where there is none."""
        if not len(self):
            return np.full(len(who), -1)
        place = np.searchsorted(self.sorted_who, who) + number
        inside = place < len(self)
        place = np.where(inside, place, 0)
        found = inside & (self.sorted_who[place] == who)
        return np.where(found, self.order[place], -1)

    def of_person(self, other: Rows, column: str, missing: float) -> NDArray[np.float64]:
        """Return, for each row, a value that its patient has one of in another table; shape (rows,)."""
        if not len(other):
            return np.full(len(self), missing)
        place = np.minimum(np.searchsorted(other.sorted_who, self.who), len(other) - 1)
        values = other[column][other.order][place]
        return np.where((other.sorted_who[place] == self.who) & ~np.isnan(values), values, missing)


def _ascend(keys: list[NDArray[Any]]) -> bool:
    """Whether rows ascend strictly by keys, the first the weightiest."""
    above = np.zeros(max(len(keys[0]) - 1, 0), np.bool_)
    level = ~above
    for key in keys:
        above |= level & (key[1:] > key[:-1])
        level &= key[1:] == key[:-1]
    return bool(above.all())


class Prepared(dict[str, pl.DataFrame]):
    """A record that keeps what is worked out of its tables, for many perturbations of the same one."""

    def __init__(self, record: Mapping[str, pl.DataFrame]) -> None:
        super().__init__(record)
        self._rows: dict[str, Rows] = {}

    def rows(self, name: str) -> Rows:
        """Return one table as arrays."""
        if name not in self._rows:
            self._rows[name] = Rows(name, self[name])
        return self._rows[name]


def prepare(record: Mapping[str, pl.DataFrame]) -> Prepared:
    """Return a record ready for many perturbations; its tables must not be changed in place."""
    return record if isinstance(record, Prepared) else Prepared(record)
