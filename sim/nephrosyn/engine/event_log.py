"""The log of a set of patients, which grows as needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.course.state.events import ROW, Log
from nephrosyn.engine.limits import check_memory
from nephrosyn.patients.traits import records
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_PER_PATIENT_YEAR = 150
_LEAST_ROWS = 4096


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

    def grow(self) -> None:
        """Enlarge the log by half."""
        rows, written = self.arrays
        longer = self._allocate(len(rows) + len(rows) // 2, int(written[0]))
        longer[: written[0]] = rows[: written[0]]
        self.arrays = Log(longer, written)

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
