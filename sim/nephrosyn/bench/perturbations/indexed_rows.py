"""A record ready to be perturbed: its columns as arrays, and each row's number within its patient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

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
WORD = 31
MOST_VISITS = 1 << 16


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
        self._of_person: dict[tuple[str, str], NDArray[np.float64]] = {}

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
    def person(self) -> NDArray[np.int64]:
        """Place of each row's patient among those of the table, in order, shape (rows,)."""
        who = self.who
        if (who[1:] >= who[:-1]).all():
            return np.concatenate(([0], np.cumsum(who[1:] != who[:-1]))) if len(who) else who
        return np.unique(who, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Places of the rows by patient, each patient's by number, shape (rows,)."""
        key = self.person
        for name in KEYS[self.name]:
            key = combined(key, self[name])
        order = np.argsort(key, kind="stable")  # quick, as rows mostly stand in order
        if (key[order[1:]] > key[order[:-1]]).all():
            return order
        rest = [self[name] for name in self.frame.columns if self.frame[name].dtype != pl.String]
        return np.lexsort([*reversed(rest), key])

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

    @cached_property
    def visit(self) -> NDArray[np.int64]:
        """Patient and visit of each row in one number, equal in all tables of a record, shape (rows,)."""
        return self.who * MOST_VISITS + self["visit"].astype(np.int64)

    @cached_property
    def visits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The visits that rows belong to, ascending, and the place of each row's visit among them."""
        key = self.visit[self.order]
        new = np.concatenate(([True], key[1:] != key[:-1])) if len(key) else np.zeros(0, np.bool_)
        place = np.empty(len(self), np.int64)
        place[self.order] = np.cumsum(new) - 1
        return key[new], place

    @cached_property
    def previous(self) -> NDArray[np.int64]:
        """Place of the patient's row of the same analyte at the visit before; -1 for the first, shape (rows,)."""
        order = self.order[np.argsort(combined(self.person, self["analyte"])[self.order], kind="stable")]
        same = np.ones(max(len(order) - 1, 0), np.bool_)
        for key in (self.person, self["analyte"]):
            same &= key[order[1:]] == key[order[:-1]]
        found = np.full(len(self), -1)
        found[order[1:][same]] = order[:-1][same]
        return found

    def of_person(self, other: Rows, column: str, missing: float) -> NDArray[np.float64]:
        """Return, for each row, a value of its patient's first row in another table; shape (rows,)."""
        known = (other.name, column)
        if known not in self._of_person:
            self._of_person[known] = self._look_up(other, column)
        values = self._of_person[known]
        return np.where(np.isnan(values), missing, values)

    def _look_up(self, other: Rows, column: str) -> NDArray[np.float64]:
        if not len(other):
            return np.full(len(self), np.nan)
        who, first = np.unique(other.sorted_who, return_index=True)
        place = np.minimum(np.searchsorted(who, self.who), len(who) - 1)
        values = other[column][other.order[first]][place]
        return np.where(who[place] == self.who, values, np.nan)


def combined(key: NDArray[np.int64], lesser: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one number for two, that orders as they do: shape (rows,)."""
    if not len(lesser):
        return key
    low = int(lesser.min())
    return key * (int(lesser.max()) - low + 1) + (lesser.astype(np.int64) - low)


class Prepared(dict[str, pl.DataFrame]):
    """A record that keeps what is worked out of its tables, for many perturbations of the same one.

    It takes the tables of `KEYS` and leaves all others, so that no truth goes any further.
    """

    def __init__(self, record: Mapping[str, pl.DataFrame]) -> None:
        super().__init__({name: record[name] for name in KEYS if name in record})
        self._rows: dict[str, Rows] = {}

    def rows(self, name: str) -> Rows:
        """Return one table as arrays."""
        if name not in self._rows:
            self._rows[name] = Rows(name, self[name])
        return self._rows[name]


def prepare(record: Mapping[str, pl.DataFrame]) -> Prepared:
    """Return a record ready for many perturbations; its tables must not be changed in place."""
    return record if isinstance(record, Prepared) else Prepared(record)
