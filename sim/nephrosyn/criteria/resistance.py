"""Resistance: no remission after enough weeks of adequate steroid, in the first episode or in a relapse."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn.compiling import kernel
from nephrosyn.criteria.episodes import AFTER, BEFORE, END, LAST_ILL, START, next_remission_level
from nephrosyn.criteria.reasons import (
    COURSE_MAY_HIDE,
    COURSE_TOO_SHORT,
    DAY,
    FAILED_AND_REDUCED,
    FAILED_COURSE,
    MARKS,
    MET,
    NEVER,
    NEVER_ADEQUATE,
    NO_STEROID,
    NO_URINE,
    NOT_MET,
    NOT_SEEN_LONG_ENOUGH,
    REASON,
    REMISSION_IN_TIME,
    REMISSION_ON_LESS,
    REMISSION_ON_LESS_LATE,
    REMISSION_VAGUE,
    REMISSION_WITHOUT_STEROID,
    STATUS,
    UNKNOWN,
)
from nephrosyn.criteria.steroid import FIRST, LAST

# How far an answer outweighs another: a failed course decides the episode (and the flag); what was not seen
# long enough leaves it open; a remission in time closes an episode even if an earlier course in it was too short.
OVER_EPISODE, OVER_ALL = 0, 1


@kernel
def say(row, status, reason, day, course, judged, last_ill, remission, end):
    """Write an answer with its marks."""
    row[STATUS] = status
    row[REASON] = reason
    row[DAY] = day
    row[MARKS] = course
    row[MARKS + 1] = judged
    row[MARKS + 2] = last_ill
    row[MARKS + 3] = remission
    row[MARKS + 4] = end


@kernel
def judge_course(first, last, end, remission, last_ill, course_days, umbrella_days, row):
    """Judge one adequate course (first day, last day) against the remission of its episode."""
    judged = first + course_days
    reduced = last + 1
    if remission <= judged:
        say(row, NOT_MET, REMISSION_IN_TIME, NEVER, first, judged, last_ill, remission, last)
    elif reduced >= judged:
        if last_ill >= judged:
            say(row, MET, FAILED_COURSE, judged, first, judged, last_ill, remission, last)
        elif remission < NEVER:
            say(row, UNKNOWN, REMISSION_VAGUE, NEVER, first, judged, last_ill, remission, last)
        else:
            say(row, UNKNOWN, NOT_SEEN_LONG_ENOUGH, NEVER, first, judged, last_ill, remission, last)
    elif last == end:
        say(row, UNKNOWN, NOT_SEEN_LONG_ENOUGH, NEVER, first, judged, last_ill, remission, last)
    elif umbrella_days == 0 or reduced - first < umbrella_days:
        say(row, UNKNOWN, COURSE_TOO_SHORT, NEVER, first, judged, last_ill, remission, last)
    elif last_ill >= reduced:
        say(row, MET, FAILED_AND_REDUCED, reduced, first, reduced, last_ill, remission, last)
    elif remission < NEVER:
        say(row, UNKNOWN, REMISSION_VAGUE, NEVER, first, reduced, last_ill, remission, last)
    else:
        say(row, UNKNOWN, NOT_SEEN_LONG_ENOUGH, NEVER, first, reduced, last_ill, remission, last)


@kernel
def judge_without_course(start, doses, dose_count, remission, last_ill, course_days, row):
    """Judge an episode in which no adequate course began."""
    first = NEVER
    for k in range(dose_count):
        if doses[k, LAST] >= start:
            first = max(int(doses[k, FIRST]), start)
            break
    judged = first + course_days if first < NEVER else NEVER
    if first >= remission:
        reason = NO_STEROID if remission == NEVER else REMISSION_WITHOUT_STEROID
        say(row, UNKNOWN, reason, NEVER, NEVER, NEVER, last_ill, remission, NEVER)
    elif remission == NEVER:
        say(row, UNKNOWN, NEVER_ADEQUATE, NEVER, first, judged, last_ill, remission, NEVER)
    elif remission <= judged:
        say(row, NOT_MET, REMISSION_ON_LESS, NEVER, first, judged, last_ill, remission, NEVER)
    else:
        say(row, UNKNOWN, REMISSION_ON_LESS_LATE, NEVER, first, judged, last_ill, remission, NEVER)


@kernel
def copy(row, to):
    """Copy an answer; a loop compiles to far less than an assignment of slices."""
    for k in range(len(row)):
        to[k] = row[k]


@kernel
def rank(row, level):
    """Return how far an answer outweighs others of its episode, or of all episodes."""
    if row[STATUS] == MET:
        return 4
    if row[REASON] == REMISSION_WITHOUT_STEROID:
        return 0
    if row[STATUS] == NOT_MET:
        return 2 if level == OVER_EPISODE else 1
    if row[REASON] == COURSE_TOO_SHORT and level == OVER_EPISODE:
        return 1
    return 3


@kernel
def keep_weightier(best, row, level, first):
    """Keep the answer that outweighs the other; of two met the earlier day, of two others the first."""
    wins = first or rank(row, level) > rank(best, level)
    if not wins and row[STATUS] == MET and best[STATUS] == MET:
        wins = row[DAY] < best[DAY]
    if wins:
        copy(row, best)


@kernel
def judge_episode(episodes, i, courses, course_count, doses, dose_count, end, course_days, umbrella_days, row, best):
    """Judge every adequate course that began in an episode before it ended."""
    start, remission, last_ill = episodes[i, START], episodes[i, END], episodes[i, LAST_ILL]
    none = True
    for k in range(course_count):
        first = max(courses[k, FIRST], start)
        last = courses[k, LAST]
        if first >= remission:
            break
        if last < first:
            continue
        judge_course(first, last, end, remission, last_ill, course_days, umbrella_days, row)
        keep_weightier(best, row, OVER_EPISODE, none)
        none = False
    if none:
        judge_without_course(start, doses, dose_count, remission, last_ill, course_days, best)


@kernel
def gap_hiding_course(gaps, gap_count, stretches, stretch_count, courses, course_count, end, need):
    """Return a gap long enough for an unseen relapse to have met `need` days of adequate steroid in vain, or -1."""
    for g in range(gap_count):
        since = gaps[g, BEFORE] + 1
        until = min(next_remission_level(stretches, stretch_count, gaps[g, AFTER]), end + 1)
        for k in range(course_count):
            if min(courses[k, LAST] + 1, until) - max(courses[k, FIRST], since) >= need:
                return g
    return -1


@kernel
def judge_resistance(sheet, counts, end, course_days, umbrella_days, out):
    """Write the answer of the clause; `counts` are those of stretches, episodes, gaps, runs of steroid and courses."""
    stretch_count, episode_count, gap_count, dose_count, course_count = counts
    episodes, courses, doses, gaps = sheet.episodes, sheet.courses, sheet.doses, sheet.gaps
    row, best = sheet.scratch[0], sheet.scratch[1]
    for i in range(episode_count):
        judge_episode(episodes, i, courses, course_count, doses, dose_count, end, course_days, umbrella_days, row, best)
        keep_weightier(out, best, OVER_ALL, i == 0)
    if stretch_count == 0:
        say(out, UNKNOWN, NO_URINE, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER)
    if out[STATUS] == NOT_MET:
        need = umbrella_days if umbrella_days > 0 else course_days
        g = gap_hiding_course(gaps, gap_count, sheet.stretches, stretch_count, courses, course_count, end, need)
        if g >= 0:
            say(out, UNKNOWN, COURSE_MAY_HIDE, NEVER, NEVER, gaps[g, AFTER], gaps[g, BEFORE], NEVER, NEVER)
