"""All clauses of a set, judged for one patient and for all of them, in one compiled pass over the record."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephrosyn.compiling import entry, kernel
from nephrosyn.criteria.dependence import judge_dependence
from nephrosyn.criteria.episodes import find_episodes, find_gaps
from nephrosyn.criteria.frequent import judge_frequency
from nephrosyn.criteria.provoking import first_answer
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
    REASON,
    RESISTANCE,
    SIX_MONTHS,
    TOXICITY,
    TWELVE_MONTHS,
    status_of,
)
from nephrosyn.criteria.resistance import judge_resistance
from nephrosyn.criteria.steroid import FIRST, find_courses, find_doses
from nephrosyn.criteria.urine import FIRST as FIRST_SEEN
from nephrosyn.criteria.urine import clinic_days, find_stretches

STRETCHES, EPISODES, GAPS, DOSES, COURSES = range(5)


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
    counts : ndarray of int64, shape (5,)
        Number of stretches, episodes, gaps, runs of steroid and courses.
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
    counts: NDArray[np.int64]
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
        counts=np.zeros(5, np.int64),
        scratch=np.zeros((2, COLUMNS), np.int64),
        answers=np.zeros((len(CLAUSES), COLUMNS), np.int64),
    )


@kernel
def judge_conditions(first_row, stop_row, noted, kinds, names, actions, end, kind, counted, effects, out):
    """Write whether a counted condition of a kind is noted that had a counted effect, and when first."""
    day = NEVER
    for row in range(first_row, stop_row):
        if noted[row] > end or kinds[row] != kind:
            continue
        if counted >> int(names[row]) & 1 == 1 and effects >> int(actions[row]) & 1 == 1:
            day = min(day, noted[row])
    out[REASON] = CONDITION_NOTED if day < NEVER else NO_CONDITION
    out[DAY] = day


@kernel
def under_care_since(stretches, stretch_count, doses, dose_count, end):
    """Day of the first dose; without one, of the first reading."""
    if dose_count > 0:
        return int(doses[0, FIRST])
    return stretches[0, FIRST_SEEN] if stretch_count > 0 else end


@entry
def judge_all(record, until, children, adults, sheet, status, day, relapses, answered):
    """Write status (patients, clauses), day met (patients, clauses), number of relapses and first answer of everybody.

    The sheet is left with the work on the last patient.
    """
    # Tuples are taken apart here, once: they would be compiled anew into every function they are passed to, and
    # compiled code counts references at every look into a tuple of arrays.
    readings, days, analytes = record.reading_bounds, record.reading_day, record.reading_analyte
    values = record.reading_value
    spans, firsts, lasts, levels = record.span_bounds, record.span_first, record.span_last, record.span_level
    runs, starts, stops, means = record.dose_bounds, record.dose_first, record.dose_last, record.dose_mean
    drugs, schedules, weights = record.dose_drug, record.dose_schedule, record.dose_weight
    notes, noted, kinds = record.condition_bounds, record.condition_day, record.condition_kind
    names, actions = record.condition_code, record.condition_action
    clinic, stretches, episodes, gaps = sheet.clinic, sheet.stretches, sheet.episodes, sheet.gaps
    doses, courses, counts, answers = sheet.doses, sheet.courses, sheet.counts, sheet.answers
    row, best = sheet.scratch[0], sheet.scratch[1]
    for p in range(len(record.child)):
        rules = children if record.child[p] else adults
        max_gap = rules.max_gap_days
        end = np.int64(min(record.end[p], until))
        rows = runs[p]
        n_doses = find_doses(
            rows[0], rows[1], starts, stops, means, drugs, schedules, weights, end, rules.drugs, rules.amounts, doses
        )
        rows = readings[p]
        n_clinic = clinic_days(rows[0], rows[1], days, analytes, values, end, rules.upcr_cuts, rules.band_cuts, clinic)
        rows = spans[p]
        n_stretches = find_stretches(rows[0], rows[1], firsts, lasts, levels, end, clinic, n_clinic, stretches)
        since = under_care_since(stretches, n_stretches, doses, n_doses, end)
        counts[STRETCHES] = n_stretches
        counts[EPISODES] = find_episodes(stretches, n_stretches, rules.home_days, rules.clinic_readings, episodes)
        counts[GAPS] = find_gaps(stretches, n_stretches, since, end, max_gap, gaps)
        counts[DOSES] = n_doses
        counts[COURSES] = find_courses(doses, n_doses, courses)
        out = answers[RESISTANCE]
        course, umbrella = rules.course_days, rules.umbrella_days
        judge_resistance(stretches, episodes, gaps, doses, courses, counts, end, course, umbrella, row, best, out)
        resistant = status_of(out[REASON]) == MET
        out = answers[DEPENDENCE]
        needed, within, effective = rules.dependent_relapses, rules.raise_within_days, rules.effective_within_days
        judge_dependence(episodes, gaps, doses, counts, end, resistant, needed, within, effective, row, best, out)
        # In loops, so that each clause stands once in the compiled code.
        for clause in range(SIX_MONTHS, TWELVE_MONTHS + 1):
            needed, length, window = rules.six if clause == SIX_MONTHS else rules.twelve
            out = answers[clause]
            judge_frequency(episodes, gaps, counts, end, resistant, max_gap, needed, length, window, out)
        rows = notes[p]
        for clause in range(CONTRAINDICATION, TOXICITY + 1):
            kind, counted, effects = rules.contraindications if clause == CONTRAINDICATION else rules.toxicities
            out = answers[clause]
            judge_conditions(rows[0], rows[1], noted, kinds, names, actions, end, kind, counted, effects, out)
        for clause in range(len(answers)):
            status[p, clause] = status_of(answers[clause, REASON])
            day[p, clause] = answers[clause, DAY]
        relapses[p] = counts[EPISODES] - 1
        found = counts[EPISODES]
        first, stop = runs[p, 0], runs[p, 1]
        answered[p] = first_answer(
            rows[0], rows[1], noted, kinds, end, episodes, found, first, stop, starts, stops, drugs
        )
