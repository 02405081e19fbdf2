"""All clauses of a set, judged for one patient and for all of them, in one compiled pass over the record."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephrosyn import terms
from nephrosyn.compiling import entry, kernel
from nephrosyn.criteria.dependence import judge_dependence
from nephrosyn.criteria.episodes import find_episodes, find_gaps
from nephrosyn.criteria.frequent import judge_frequency
from nephrosyn.criteria.reasons import (
    CLAUSES,
    COLUMNS,
    CONDITION_NOTED,
    CONTRAINDICATION,
    DAY,
    DEPENDENCE,
    MET,
    NEVER,
    NO_CONDITION,
    NOT_MET,
    REASON,
    RESISTANCE,
    SIX_MONTHS,
    STATUS,
    TOXICITY,
    TWELVE_MONTHS,
)
from nephrosyn.criteria.resistance import judge_resistance
from nephrosyn.criteria.steroid import FIRST, find_courses, find_doses
from nephrosyn.criteria.urine import FIRST as FIRST_SEEN
from nephrosyn.criteria.urine import clinic_days, find_stretches

IS_CONTRAINDICATION = terms.CONDITION_KINDS.index("contraindication")
IS_TOXICITY = terms.CONDITION_KINDS.index("toxicity")


class Sheet(NamedTuple):
    """Room to work on one patient after the other; sized for the longest record.

    Attributes
    ----------
    clinic : ndarray of int64, shape (readings, 2)
        Day and level of each day with a clinic reading.
    stretches : ndarray of int64, shape (stretches, 5)
        Days in a row at one level.
    episodes : ndarray of int64, shape (episodes, 3)
        First day, first day of remission, last day seen ill.
    gaps : ndarray of int64, shape (gaps, 2)
        Last day seen before, first day seen after.
    doses : ndarray of float64, shape (doses, 5)
        Runs of days on a dose of steroid.
    courses : ndarray of int64, shape (doses, 2)
        First and last day of courses of adequate dose.
    scratch : ndarray of int64, shape (2, columns)
        Answers under comparison.
    answers : ndarray of int64, shape (clauses, columns)
        One answer per clause.
    """

    clinic: NDArray[np.int64]
    stretches: NDArray[np.int64]
    episodes: NDArray[np.int64]
    gaps: NDArray[np.int64]
    doses: NDArray[np.float64]
    courses: NDArray[np.int64]
    scratch: NDArray[np.int64]
    answers: NDArray[np.int64]


def new_sheet(readings: int, spans: int, doses: int) -> Sheet:
    """Return room for a patient with at most so many rows."""
    # A clinic day inside a home span cuts it in two and stands between.
    stretches = 2 * readings + spans + 1
    return Sheet(
        clinic=np.empty((readings + 1, 2), np.int64),
        stretches=np.empty((stretches, 5), np.int64),
        episodes=np.empty((stretches + 1, 3), np.int64),
        gaps=np.empty((stretches + 1, 2), np.int64),
        doses=np.empty((doses + 1, 5), np.float64),
        courses=np.empty((doses + 1, 2), np.int64),
        scratch=np.zeros((2, COLUMNS), np.int64),
        answers=np.zeros((len(CLAUSES), COLUMNS), np.int64),
    )


@kernel
def judge_conditions(record, patient, end, kind, conditions, actions, out):
    """Write whether a condition of a kind is noted that changed the steroid, and when first."""
    day = NEVER
    noted, kinds, codes, did = (
        record.condition_day,
        record.condition_kind,
        record.condition_code,
        record.condition_action,
    )
    for row in range(record.condition_bounds[patient, 0], record.condition_bounds[patient, 1]):
        if noted[row] > end or kinds[row] != kind:
            continue
        if conditions >> int(codes[row]) & 1 == 1 and actions >> int(did[row]) & 1 == 1:
            day = min(day, int(noted[row]))
    out[STATUS] = MET if day < NEVER else NOT_MET
    out[REASON] = CONDITION_NOTED if day < NEVER else NO_CONDITION
    out[DAY] = day


@entry
def judge_patient(record, patient, until, children, adults, sheet):
    """Find the episodes of a patient and write the answers of all clauses.

    Returns
    -------
    tuple of int
        Number of stretches, episodes, gaps, runs of steroid and adequate courses on the sheet.
    """
    rules = children if record.child[patient] else adults
    end = min(int(record.end[patient]), until)
    dose_count = find_doses(record, patient, end, rules, sheet.doses)
    clinic_count = clinic_days(record, patient, end, rules, sheet.clinic)
    stretch_count = find_stretches(record, patient, end, sheet.clinic, clinic_count, sheet.stretches)
    episode_count = find_episodes(sheet.stretches, stretch_count, rules, sheet.episodes)
    since = end
    if dose_count > 0:
        since = int(sheet.doses[0, FIRST])
    elif stretch_count > 0:
        since = sheet.stretches[0, FIRST_SEEN]
    gap_count = find_gaps(sheet.stretches, stretch_count, since, end, rules.max_gap_days, sheet.gaps)
    course_count = find_courses(sheet.doses, dose_count, sheet.courses)
    counts = (stretch_count, episode_count, gap_count, dose_count, course_count)
    out = sheet.answers
    judge_resistance(sheet, counts, end, rules.course_days, rules.umbrella_days, out[RESISTANCE])
    resistant = out[RESISTANCE, STATUS]
    needed, within, effective = rules.dependent_relapses, rules.raise_within_days, rules.effective_within_days
    judge_dependence(sheet, counts, end, resistant, needed, within, effective, out[DEPENDENCE])
    max_gap = rules.max_gap_days
    needed, length, window = rules.six_count, rules.six_days, rules.six_window
    judge_frequency(sheet, counts, end, resistant, max_gap, needed, length, window, out[SIX_MONTHS])
    needed, length, window = rules.twelve_count, rules.twelve_days, rules.twelve_window
    judge_frequency(sheet, counts, end, resistant, max_gap, needed, length, window, out[TWELVE_MONTHS])
    names, actions = rules.contraindications, rules.contraindication_actions
    judge_conditions(record, patient, end, IS_CONTRAINDICATION, names, actions, out[CONTRAINDICATION])
    names, actions = rules.toxicities, rules.toxicity_actions
    judge_conditions(record, patient, end, IS_TOXICITY, names, actions, out[TOXICITY])
    return counts


@entry
def judge_all(record, until, children, adults, sheet, status, day, relapses):
    """Write status (patients, clauses), day met (patients, clauses) and number of relapses of everybody."""
    for patient in range(len(record.child)):
        counts = judge_patient(record, patient, until, children, adults, sheet)
        for clause in range(len(sheet.answers)):
            status[patient, clause] = sheet.answers[clause, STATUS]
            day[patient, clause] = sheet.answers[clause, DAY]
        relapses[patient] = counts[1] - 1
