"""The log of a set of patients, which grows as needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.course.state.events import ROW, Log
from nephrosyn.engine.limits import check_memory
from nephrosyn.kernels.compile import entry
from nephrosyn.patients.traits import records
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_PER_PATIENT_YEAR = 165
"""Rows for which there is room at first; a log that needs more grows."""
_LEAST_ROWS = 4096
_WORDS = ROW.itemsize // 8


@entry
def _arrange(
    rows: NDArray[np.void],
    words: NDArray[np.int64],
    first: int,
    places: NDArray[np.int64],
    target: NDArray[np.int64],
) -> None:
    """Copy rows to a target, by patient; ``places`` says where those of each patient begin, from the first on.

    Rows are copied as words of eight bytes, because compiled code would copy a record byte by byte.
    """
    row = 0
    while row < len(rows):
        patient = rows[row].patient
        place = places[patient - first]
        while row < len(rows) and rows[row].patient == patient:  # what one visit writes stands together
            for word in range(_WORDS):
                target[place, word] = words[row, word]
            place += 1
            row += 1
        places[patient - first] = place


def _words(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """Rows as words of eight bytes, without a copy."""
    return np.asarray(rows).view(np.int64).reshape(-1, _WORDS)


class CourseLog:
    """Rows of a log, with room for more.

    Attributes
    ----------
    arrays : Log
        The rows and their number, as compiled code takes them.
    """

    def __init__(self, patients: int, follow_up_days: float) -> None:
        self._patients, self._follow_up_days = patients, follow_up_days
        self.arrays = Log(self._allocate(self._room(), 0), np.zeros(1, np.int64))

    def _room(self) -> int:
        years = self._patients * self._follow_up_days / DAYS_PER_YEAR
        return _LEAST_ROWS + int(years * _ROWS_PER_PATIENT_YEAR)

    def empty(self, patients: int) -> None:
        """Discard the rows, and see that there is room for those of some other patients.

        Parameters
        ----------
        patients : int
            Number of these patients.
        """
        self._patients, self.arrays.written[0] = patients, 0
        if len(self.arrays.rows) < self._room():
            self.arrays = Log(self._allocate(self._room(), 0), self.arrays.written)

    def grow(self, least: int = 0) -> None:
        """Enlarge the log by half, and to at least so many rows."""
        rows, written = self.arrays
        longer = self._allocate(max(len(rows) + len(rows) // 2, least), int(written[0]))
        longer[: written[0]] = rows[: written[0]]
        self.arrays = Log(longer, written)

    def append(self, log: CourseLog, patients: NDArray[np.int32], counts: NDArray[np.int64]) -> None:
        """Append the rows of another log, by patient, and empty that log.

        Parameters
        ----------
        log : CourseLog
            Rows in any order.
        patients : ndarray of int32, shape (n,)
            Their patients. Numbers close to each other take the least memory.
        counts : ndarray of int64, shape (n,)
            Number of rows of each patient.
        """
        rows, written = log.arrays[0], int(log.arrays.written[0])
        begun = int(self.arrays.written[0])
        if begun + written > len(self.arrays.rows):
            self.grow(begun + written)
        first, last = int(patients.min()), int(patients.max())
        before = np.zeros(last - first + 2, np.int64)
        before[patients - first + 1] = counts
        places = begun + np.cumsum(before)
        _arrange(rows[:written], _words(rows), first, places, _words(self.arrays.rows))
        self.arrays.written[0] += written
        log.arrays.written[0] = 0

    def _allocate(self, room: int, written: int) -> NDArray[np.void]:
        """Allocate rows, while some are written already.

        Raises
        ------
        EngineError
            If they do not fit into memory.
        """
        check_memory(written + room, ROW.itemsize, self._patients)
        return records(room, ROW, zeroed=False)

    def by_patient(self, *, ordered: bool = False) -> NDArray[np.void]:
        """The written rows by patient; those of one patient stay in the order of writing.

        Parameters
        ----------
        ordered : bool
            Whether they were written by patient.
        """
        rows = np.asarray(self.arrays.rows[: self.arrays.written[0]])
        patients = rows["patient"]
        if ordered or np.all(patients[1:] >= patients[:-1]):
            return rows
        return rows.take(np.argsort(patients, kind="stable"))  # much quicker than rows[order]
