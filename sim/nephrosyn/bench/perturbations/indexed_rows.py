"""A record prepared for perturbation: columns as arrays, and the number of each row within its patient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Record: TypeAlias = dict[str, pl.DataFrame]
"""The observed tables by name, with ``labels`` (and ``labels_other``) where labels or the cohort are perturbed."""

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
"""Tables, and the columns by which the rows of one patient are numbered, whatever order the table has."""
WORD = 31
MOST_VISITS = 1 << 16


class Rows:
    """One table as arrays.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : polars.DataFrame
        The table, rows in any order.
    """

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        self.name, self.frame = name, frame
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._values_of_patient: dict[tuple[str, str], NDArray[np.float64]] = {}

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, column: str) -> NDArray[np.float64]:
        """A column as numbers, shape (rows,): categories as codes, missing values as NaN."""
        if column not in self._columns:
            series = self.frame[column].to_physical().cast(pl.Float64).fill_null(np.nan)
            self._columns[column] = series.to_numpy()
        return self._columns[column]

    @cached_property
    def patient_key(self) -> NDArray[np.int64]:
        """Replicate and patient of each row packed into one integer, shape (rows,)."""
        replicate, patient = (self.frame[name].to_numpy().astype(np.int64) for name in ("replicate", "patient"))
        return (replicate << WORD) | patient

    @cached_property
    def patient_index(self) -> NDArray[np.int64]:
        """Index of each row's patient among the sorted patients of the table, shape (rows,)."""
        keys = self.patient_key
        if (keys[1:] >= keys[:-1]).all():
            return np.concatenate(([0], np.cumsum(keys[1:] != keys[:-1]))) if len(keys) else keys
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Row indices sorted by patient and, within a patient, by number, shape (rows,)."""
        key = self.patient_index
        for name in KEYS[self.name]:
            key = combined(key, self[name])
        order = np.argsort(key, kind="stable")  # fast on rows that are mostly sorted
        if (key[order[1:]] > key[order[:-1]]).all():
            return order
        rest = [self[name] for name in self.frame.columns if self.frame[name].dtype != pl.String]
        return np.lexsort([*reversed(rest), key])

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """Number of each row within its patient, from 0, shape (rows,)."""
        keys = self.sorted_keys
        first = np.searchsorted(keys, keys)
        numbers = np.empty(len(self), np.int64)
        numbers[self.order] = np.arange(len(self)) - first
        return numbers

    @cached_property
    def sorted_keys(self) -> NDArray[np.int64]:
        """`patient_key` of the rows, ascending, shape (rows,)."""
        return self.patient_key[self.order]

    def find(self, keys: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return row indices by patient and number, shape (n,); -1 where there is no such row."""
        if not len(self):
            return np.full(len(keys), -1)
        place = np.searchsorted(self.sorted_keys, keys) + number
        inside = place < len(self)
        place = np.where(inside, place, 0)
        exists = inside & (self.sorted_keys[place] == keys)
        return np.where(exists, self.order[place], -1)

    @cached_property
    def visit(self) -> NDArray[np.int64]:
        """Patient and visit of each row packed into one integer, the same in all tables of a record, shape (rows,)."""
        return self.patient_key * MOST_VISITS + self["visit"].astype(np.int64)

    @cached_property
    def visits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The visits of the rows, ascending, and the index of each row's visit among them."""
        key = self.visit[self.order]
        new = np.concatenate(([True], key[1:] != key[:-1])) if len(key) else np.zeros(0, np.bool_)
        place = np.empty(len(self), np.int64)
        place[self.order] = np.cumsum(new) - 1
        return key[new], place

    @cached_property
    def previous(self) -> NDArray[np.int64]:
        """Index of the patient's previous row of the same analyte; -1 for the first, shape (rows,)."""
        order = self.order[np.argsort(combined(self.patient_index, self["analyte"])[self.order], kind="stable")]
        same = np.ones(max(len(order) - 1, 0), np.bool_)
        for key in (self.patient_index, self["analyte"]):
            same &= key[order[1:]] == key[order[:-1]]
        previous = np.full(len(self), -1)
        previous[order[1:][same]] = order[:-1][same]
        return previous

    def value_of_patient(self, table: Rows, column: str, missing: float) -> NDArray[np.float64]:
        """Return, for each row, a value of its patient's first row in another table; shape (rows,)."""
        key = (table.name, column)
        if key not in self._values_of_patient:
            self._values_of_patient[key] = self._look_up(table, column)
        values = self._values_of_patient[key]
        return np.where(np.isnan(values), missing, values)

    def _look_up(self, table: Rows, column: str) -> NDArray[np.float64]:
        if not len(table):
            return np.full(len(self), np.nan)
        keys, first = np.unique(table.sorted_keys, return_index=True)
        place = np.minimum(np.searchsorted(keys, self.patient_key), len(keys) - 1)
        values = table[column][table.order[first]][place]
        return np.where(keys[place] == self.patient_key, values, np.nan)


def combined(key: NDArray[np.int64], lesser: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one sort key for two, ordered by `key` first; shape (rows,)."""
    if not len(lesser):
        return key
    low = int(lesser.min())
    return key * (int(lesser.max()) - low + 1) + (lesser.astype(np.int64) - low)


class Prepared(dict[str, pl.DataFrame]):
    """A record with cached arrays, so that many perturbations of it share the work.

    It takes only the tables of `KEYS`, so that perturbations never see the truth.
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
    """Return a record prepared for many perturbations; its tables must not be changed in place."""
    return record if isinstance(record, Prepared) else Prepared(record)
