"""Arrays in which the record of one patient after another is worked on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephrosyn.criteria.codes import CLAUSES, COLUMNS


class Workspace(NamedTuple):
    """Arrays reused for one patient after another; sized for the longest record.

    Attributes
    ----------
    clinic : ndarray of int64, shape (readings, 2)
        Day and level of each day with a clinic reading.
    spans : ndarray of int64, shape (spans, 3)
        Runs of days at one level, from the home diary or the true path.
    intervals : ndarray of int64, shape (intervals, 5)
        Successive days at one level.
    episodes : ndarray of int64, shape (episodes, 4)
        First day, first day of remission, last day seen not in remission, whether it counts.
    gaps : ndarray of int64, shape (gaps, 2)
        Last day seen before, first day seen after.
    responses : ndarray of int64, shape (intervals, 5)
        Successive days with a lesser response, or without; where a clause of the set accepts one.
    merged : ndarray of int64, shape (intervals, 5)
        Intervals with partial remission read as remission; where the set counts flares after it.
    flares : ndarray of int64, shape (episodes, 4)
        Episodes of the merged intervals.
    doses : ndarray of float64, shape (doses, 6)
        Runs of days on a dose of steroid.
    courses : ndarray of int64, shape (doses, 2)
        First and last day of courses of adequate dose.
    counts : ndarray of int64, shape (7,)
        Number of intervals, episodes, gaps, runs of steroid, courses, responses and flares, at the places that `codes`
        names.
    scratch : ndarray of int64, shape (2, columns)
        Answers under comparison.
    answers : ndarray of int64, shape (clauses, columns)
        One answer per clause.
    """

    clinic: NDArray[np.int64]
    spans: NDArray[np.int64]
    intervals: NDArray[np.int64]
    episodes: NDArray[np.int64]
    gaps: NDArray[np.int64]
    responses: NDArray[np.int64]
    merged: NDArray[np.int64]
    flares: NDArray[np.int64]
    doses: NDArray[np.float64]
    courses: NDArray[np.int64]
    counts: NDArray[np.int64]
    scratch: NDArray[np.int64]
    answers: NDArray[np.int64]


class Written(NamedTuple):
    """What is written for every set and patient, as in `Evaluation`."""

    status: NDArray[np.int8]
    day: NDArray[np.int64]
    relapses: NDArray[np.int32]
    responded: NDArray[np.int64]
    ineligibility: NDArray[np.int8]


def new_workspace(readings: int, spans: int, doses: int) -> Workspace:
    """Return a workspace for patients with at most these numbers of rows."""
    # A clinic day inside a home span splits it in two.
    intervals = 2 * readings + spans + 1
    return Workspace(
        clinic=np.empty((readings + 1, 2), np.int64),
        spans=np.empty((spans + 1, 3), np.int64),
        intervals=np.empty((intervals, 5), np.int64),
        episodes=np.empty((intervals + 1, 4), np.int64),
        gaps=np.empty((intervals + 1, 2), np.int64),
        responses=np.empty((intervals, 5), np.int64),
        merged=np.empty((intervals, 5), np.int64),
        flares=np.empty((intervals + 1, 4), np.int64),
        doses=np.empty((doses + 1, 6), np.float64),
        courses=np.empty((doses + 1, 2), np.int64),
        counts=np.zeros(7, np.int64),
        scratch=np.zeros((2, COLUMNS), np.int64),
        answers=np.zeros((len(CLAUSES), COLUMNS), np.int64),
    )
