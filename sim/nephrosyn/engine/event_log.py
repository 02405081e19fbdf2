"""The log of a set of patients, which grows as needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.course.state.events import ROW
from nephrosyn.engine.limits import check_memory
from nephrosyn.patients.traits import records
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_PER_PATIENT_YEAR = 125
_LEAST_ROWS = 4096


class CourseLog:
    """Rows of a log, with room for more.

    Attributes
    ----------
    rows : ndarray of ROW, shape (room,)
        Written rows, then free ones.
    count : ndarray of int64, shape (1,)
        Number of rows written.
    """

    def __init__(self, patients: int, follow_up_days: float) -> None:
        room = _LEAST_ROWS + int(patients * follow_up_days / DAYS_PER_YEAR * _ROWS_PER_PATIENT_YEAR)
        self._patients = patients
        self.count = np.zeros(1, np.int64)
        self.rows: NDArray[np.void] = self._allocate(room)

    def grow(self) -> None:
        """Enlarge the log by half."""
        written = self.rows
        self.rows = self._allocate(len(written) + len(written) // 2)
        self.rows[: self.count[0]] = written[: self.count[0]]

    def _allocate(self, room: int) -> NDArray[np.void]:
        """Allocate rows.

        Raises
        ------
        EngineError
            If they do not fit into memory.
        """
        check_memory(int(self.count[0]) + room, ROW.itemsize, self._patients)
        return records(room, ROW, zeroed=False)

    def by_patient(self) -> NDArray[np.void]:
        """The written rows by patient; those of one patient stay in the order of writing."""
        written = np.asarray(self.rows[: self.count[0]])
        patients = written["patient"]
        if np.all(patients[1:] >= patients[:-1]):
            return written
        return written.take(np.argsort(patients, kind="stable"))  # much quicker than written[order]
