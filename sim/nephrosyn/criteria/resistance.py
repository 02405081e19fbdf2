"""Resistance: no remission after enough weeks of adequate steroid, in the first episode or in a relapse."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn.compiling import kernel
from nephrosyn.criteria.episodes import AFTER, BEFORE, END, LAST_ILL, START, next_remission_level
from nephrosyn.criteria.reasons import (
    COURSE_MAY_HIDE,
    COURSE_TOO_SHORT,
    FAILED_AND_REDUCED,
    FAILED_COURSE,
    FIRST_NOT_MET,
    FIRST_UNKNOWN,
    MARKS,
    NEVER,
    NEVER_ADEQUATE,
    NO_STEROID,
    NO_URINE,
    NOT_SEEN_LONG_ENOUGH,
    REASON,
    REMISSION_IN_TIME,
    REMISSION_ON_LESS,
    REMISSION_ON_LESS_LATE,
    REMISSION_VAGUE,
    REMISSION_WITHOUT_STEROID,
    answer,
)
from nephrosyn.criteria.steroid import FIRST, LAST


@kernel
def copy(row, to):
    """Copy an answer; a loop compiles to far less than an assignment of slices."""
    for k in range(len(row)):
        to[k] = row[k]


@kernel
def course_reason(judged, reduced, end, enough, remission, last_ill):
    """Judge a course that is due on day `judged` and ended on `reduced`; `enough`: it lasted until then, or nearly."""
    if remission <= judged:
        return REMISSION_IN_TIME
    if reduced < judged and reduced > end:
        return NOT_SEEN_LONG_ENOUGH
    if reduced < judged and not enough:
        return COURSE_TOO_SHORT
    if last_ill >= min(judged, reduced):
        return FAILED_COURSE if reduced >= judged else FAILED_AND_REDUCED
    return REMISSION_VAGUE if remission < NEVER else NOT_SEEN_LONG_ENOUGH


@kernel
def judge_course(first, last, end, remission, last_ill, course_days, umbrella_days, row):
    """Judge one adequate course (first day, last day) against the remission of its episode."""
    judged = first + course_days
    reduced = last + 1
    enough = umbrella_days > 0 and reduced - first >= umbrella_days
    reason = course_reason(judged, reduced, end, enough, remission, last_ill)
    if enough and reason != REMISSION_IN_TIME and reduced <= end:
        judged = min(judged, reduced)
    day = judged if reason < FIRST_NOT_MET else NEVER
    answer(row, reason, day, first, judged, last_ill, remission, last, NEVER)


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
        first = NEVER
    elif remission == NEVER:
        reason = NEVER_ADEQUATE
    else:
        reason = REMISSION_ON_LESS if remission <= judged else REMISSION_ON_LESS_LATE
    answer(row, reason, NEVER, first, judged, last_ill, remission, NEVER, NEVER)


@kernel
def weight_in_episode(reason):
    """Weigh the answers of one episode: a remission in time closes it, even if an earlier course was too short."""
    if reason < FIRST_NOT_MET:
        return 3
    if reason >= FIRST_UNKNOWN:
        return 0 if reason == COURSE_TOO_SHORT else 2
    return 1


@kernel
def weight_of_episode(reason):
    """Weigh the answers of several episodes: what is met decides, then what is open; without steroid counts least."""
    if reason < FIRST_NOT_MET:
        return 3
    if reason >= FIRST_UNKNOWN:
        return 0 if reason == REMISSION_WITHOUT_STEROID else 2
    return 1


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
        if none or weight_in_episode(row[REASON]) > weight_in_episode(best[REASON]):
            copy(row, best)
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
def judge_resistance(
    stretches, episodes, gaps, doses, courses, counts, end, course_days, umbrella_days, row, best, out
):
    """Write the answer of the clause; `counts` are those of stretches, episodes, gaps, runs of steroid and courses."""
    stretch_count, gap_count, course_count = counts[0], counts[2], counts[4]
    for i in range(counts[1]):
        judge_episode(episodes, i, courses, course_count, doses, counts[3], end, course_days, umbrella_days, row, best)
        if i == 0 or weight_of_episode(best[REASON]) > weight_of_episode(out[REASON]):
            copy(best, out)
    if stretch_count == 0:
        out[REASON] = NO_URINE
    if FIRST_NOT_MET <= out[REASON] < FIRST_UNKNOWN:
        need = umbrella_days if umbrella_days > 0 else course_days
        g = gap_hiding_course(gaps, gap_count, stretches, stretch_count, courses, course_count, end, need)
        if g >= 0:
            out[REASON] = COURSE_MAY_HIDE
            out[MARKS] = NEVER
            out[MARKS + 1] = gaps[g, AFTER]
            out[MARKS + 2] = gaps[g, BEFORE]
            out[MARKS + 3] = NEVER
