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

_ROWS_PER_PATIENT_YEAR = 180
_LEAST_ROWS = 4096
_WORDS = ROW.itemsize // 8


@entry
def _arrange(
    patients: NDArray[np.int32],
    rows: NDArray[np.int64],
    first: int,
    places: NDArray[np.int64],
    target: NDArray[np.int64],
    place: int,
) -> None:
    """Copy rows to a place of a target, by patient; ``places`` is scratch for each patient from the first on.

    Rows are taken as words of eight bytes, because compiled code would copy a record byte by byte.
    """
    for row in range(len(patients)):
        places[patients[row] - first] += 1
    for i in range(len(places)):
        place += places[i]
        places[i] = place - places[i]
    row = 0
    while row < len(patients):
        patient = patients[row]
        place = places[patient - first]
        while row < len(patients) and patients[row] == patient:  # what one visit writes stands together
            for word in range(_WORDS):
                target[place, word] = rows[row, word]
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
        room = _LEAST_ROWS + int(patients * follow_up_days / DAYS_PER_YEAR * _ROWS_PER_PATIENT_YEAR)
        self._patients = patients
        self.arrays = Log(self._allocate(room, 0), np.zeros(1, np.int64))

    def grow(self, least: int = 0) -> None:
        """Enlarge the log by half, and to at least so many rows."""
        rows, written = self.arrays
        longer = self._allocate(max(len(rows) + len(rows) // 2, least), int(written[0]))
        longer[: written[0]] = rows[: written[0]]
        self.arrays = Log(longer, written)

    def append(self, log: CourseLog, patients: NDArray[np.int32]) -> None:
        """Append the rows of another log, by patient, and empty that log.

        Parameters
        ----------
        log : CourseLog
            Rows in any order.
        patients : ndarray of int32, shape (n,)
            Their patients. Numbers close to each other take the least memory.
        """
        rows, written = log.arrays[0], int(log.arrays.written[0])
        begun = int(self.arrays.written[0])
        if begun + written > len(self.arrays.rows):
            self.grow(begun + written)
        first, last = int(patients.min()), int(patients.max())
        places = np.zeros(last - first + 1, np.int64)
        of_patients = np.ascontiguousarray(rows["patient"][:written])
        _arrange(of_patients, _words(rows), first, places, _words(self.arrays.rows), begun)
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

    def by_patient(self) -> NDArray[np.void]:
        """The written rows by patient; those of one patient stay in the order of writing."""
        rows = np.asarray(self.arrays.rows[: self.arrays.written[0]])
        patients = rows["patient"]
        if np.all(patients[1:] >= patients[:-1]):
            return rows
        return rows.take(np.argsort(patients, kind="stable"))  # much quicker than rows[order]
