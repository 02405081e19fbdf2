"""The log of a set of patients while it grows."""

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
_LEAST_ROOM = 4096


class CourseLog:
    """Rows with room for more, and how many are written.

    Attributes
    ----------
    rows : ndarray of ROW, shape (room,)
        Written rows, then free ones.
    count : ndarray of int64, shape (1,)
        How many are written.
    """

    def __init__(self, patients: int, follow_up_days: float) -> None:
        room = _LEAST_ROOM + int(patients * follow_up_days / DAYS_PER_YEAR * _ROWS_PER_PATIENT_YEAR)
        self._patients = patients
        self.count = np.zeros(1, np.int64)
        self.rows: NDArray[np.void] = self._with(room)

    def grow(self) -> None:
        """Make half as much room again."""
        written = self.rows
        self.rows = self._with(len(written) + len(written) // 2)
        self.rows[: self.count[0]] = written[: self.count[0]]

    def _with(self, room: int) -> NDArray[np.void]:
        """Rows not written yet.

        Raises
        ------
        EngineError
            If they do not fit into memory.
        """
        check_memory(int(self.count[0]) + room, ROW.itemsize, self._patients)
        return records(room, ROW, zeroed=False)

    def by_patient(self) -> NDArray[np.void]:
        """The written rows, by patient, those of one patient in the order in which they were written."""
        written = np.asarray(self.rows[: self.count[0]])
        patients = written["patient"]
        if np.all(patients[1:] >= patients[:-1]):
            return written
        return written.take(np.argsort(patients, kind="stable"))  # much quicker than written[order]
