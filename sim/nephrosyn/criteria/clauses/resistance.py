"""Resistance: no remission after enough weeks of adequate steroid, in the first episode or in a relapse."""

from __future__ import annotations

from nephrosyn.criteria.codes import (
    ARGUMENTS,
    COURSE_MAY_HIDE,
    COURSE_TOO_SHORT,
    COURSES,
    DOSES,
    EPISODES,
    FAILED_AND_REDUCED,
    FAILED_COURSE,
    FIRST_NOT_MET,
    FIRST_UNKNOWN,
    GAPS,
    INTERVALS,
    NEVER,
    NEVER_ADEQUATE,
    NO_RELAPSE,
    NO_STEROID,
    NO_URINE,
    NOT_SEEN_LONG_ENOUGH,
    REASON,
    REMISSION_IN_TIME,
    REMISSION_LATE,
    REMISSION_ON_LESS,
    REMISSION_ON_LESS_LATE,
    REMISSION_VAGUE,
    REMISSION_WITHOUT_STEROID,
    RESPONSE_WITH_AGENT,
    answer,
)
from nephrosyn.criteria.record.episodes import (
    AFTER,
    BEFORE,
    END,
    LAST_DAY_NOT_IN_REMISSION,
    START,
    next_remission_level,
)
from nephrosyn.criteria.record.patient_arrays import NO_NAME
from nephrosyn.criteria.record.response import level_by, response_from
from nephrosyn.criteria.record.steroid_courses import DOSE_FIRST, DOSE_LAST, STEROID
from nephrosyn.criteria.record.urine_states import PARTIAL, UNSEEN
from nephrosyn.kernels.compile import inline, kernel


@kernel
def copy(row, to):
    """Copy an answer; a loop compiles to far less than an assignment of slices."""
    for k in range(len(row)):
        to[k] = row[k]


@kernel
def course_reason(due, decision_day, reduced, end, enough, response, last_day_not_in_remission):
    """Reason for a course due to last to `due` and reduced on `reduced`; `enough`: long enough for the umbrella rule.

    `decision_day` is the due day, or the end of the time of confirmation.
    """
    if response <= due:
        return REMISSION_IN_TIME
    if response <= decision_day:
        return REMISSION_LATE
    if reduced < due and reduced > end:
        return NOT_SEEN_LONG_ENOUGH
    if reduced < due and not enough:
        return COURSE_TOO_SHORT
    if last_day_not_in_remission >= (min(due, reduced) if decision_day == due else decision_day):
        return FAILED_COURSE if reduced >= due else FAILED_AND_REDUCED
    return REMISSION_VAGUE if response < NEVER else NOT_SEEN_LONG_ENOUGH


@kernel
def evaluate_course(
    first, last, end, response, last_day_not_in_remission, course_days, umbrella_days, decision_day, row
):
    """Evaluate one adequate course (first day, last day) by the response of its episode."""
    due = first + course_days
    reduced = last + 1
    enough = umbrella_days > 0 and reduced - first >= umbrella_days
    reason = course_reason(due, decision_day, reduced, end, enough, response, last_day_not_in_remission)
    if enough and reason != REMISSION_IN_TIME and reduced <= end:
        decision_day = min(decision_day, reduced)
    day = decision_day if reason < FIRST_NOT_MET else NEVER
    answer(row, reason, day, first, decision_day, last_day_not_in_remission, response, last, NEVER)


@kernel
def evaluate_without_course(start, doses, dose_count, remission, last_day_not_in_remission, course_days, row):
    """Evaluate an episode in which no adequate course began."""
    first = NEVER
    for k in range(dose_count):
        if doses[k, DOSE_LAST] >= start:
            first = max(int(doses[k, DOSE_FIRST]), start)
            break
    decision_day = first + course_days if first < NEVER else NEVER
    if first >= remission:
        reason = NO_STEROID if remission == NEVER else REMISSION_WITHOUT_STEROID
        first = NEVER
    elif remission == NEVER:
        reason = NEVER_ADEQUATE
    else:
        reason = REMISSION_ON_LESS if remission <= decision_day else REMISSION_ON_LESS_LATE
    answer(row, reason, NEVER, first, decision_day, last_day_not_in_remission, remission, NEVER, NEVER)


@kernel
def rank_in_episode(reason):
    """Rank the answers of one episode: a remission in time closes it, even if an earlier course was too short."""
    if reason < FIRST_NOT_MET:
        return 3
    if reason >= FIRST_UNKNOWN:
        return 0 if reason == COURSE_TOO_SHORT else 2
    return 1


@kernel
def rank_of_episode(reason):
    """Rank the answers of several episodes: met comes first, then open; an episode without steroid counts least."""
    if reason < FIRST_NOT_MET:
        return 3
    if reason >= FIRST_UNKNOWN:
        return 0 if reason == REMISSION_WITHOUT_STEROID else 2
    return 1


@kernel
def decision_day_of_course(intervals, count, gaps, gap_count, first, due, rule):
    """Decision day of a course of the first episode: the due day, or the end of confirmation.

    Returns
    -------
    tuple of int and bool
        The day, and whether it is certain: without a reading around the due day, confirmation may or may not apply.
    """
    if rule.confirmation_days == 0:
        return due, True
    level = PARTIAL if rule.confirms_any == 1 else level_by(intervals, count, gaps, gap_count, first, due)
    if level != PARTIAL and level != UNSEEN:
        return due, True
    return max(due, first + rule.confirmation_days), level == PARTIAL


@kernel
def day_added(since, until, first_row, stop_row, prescribed):
    """First day of [since, until] on which a drug other than steroid was added; NEVER without one."""
    day = NEVER
    for r in range(first_row, stop_row):
        first = int(prescribed.first[r])
        if prescribed.drug[r] == STEROID or not since <= first <= until:
            continue
        given_before = False
        for row in range(first_row, stop_row):
            same = prescribed.drug[row] == prescribed.drug[r]
            if same and prescribed.first[row] < first <= prescribed.last[row] + 1:
                given_before = True
        if not given_before:
            day = min(day, first)
    return day


@inline
def evaluate_episode(workspace, i, first_row, stop_row, prescribed, end, course_days, confirms, rule):
    """Write to the second row of ``scratch`` the best answer of the adequate courses that began in an episode."""
    intervals, episodes, gaps, counts = workspace.intervals, workspace.episodes, workspace.gaps, workspace.counts
    courses, row, best = workspace.courses, workspace.scratch[0], workspace.scratch[1]
    interval_count, course_count = counts[INTERVALS], counts[COURSES]
    start, remission, last_day_not_in_remission = (
        episodes[i, START],
        episodes[i, END],
        episodes[i, LAST_DAY_NOT_IN_REMISSION],
    )
    umbrella_days = rule.umbrella_days if confirms else 0
    none = True
    for k in range(course_count):
        first = max(courses[k, DOSE_FIRST], start)
        last = courses[k, DOSE_LAST]
        if first >= remission:
            break
        if last < first:
            continue
        due = first + course_days
        decision_day, sure = due, True
        if confirms and i == 0:
            decision_day, sure = decision_day_of_course(intervals, interval_count, gaps, counts[GAPS], first, due, rule)
        response, without = response_from(workspace, i, first, rule.response, rule)
        evaluate_course(first, last, end, response, without, course_days, umbrella_days, decision_day, row)
        if not sure and row[REASON] == REMISSION_LATE:
            row[REASON] = REMISSION_VAGUE
        responded = row[REASON] == REMISSION_IN_TIME or row[REASON] == REMISSION_LATE
        excluded = responded and rule.agents_excluded == 1
        if excluded and day_added(first, last, first_row, stop_row, prescribed) < response:
            row[REASON] = RESPONSE_WITH_AGENT
        if none or rank_in_episode(row[REASON]) > rank_in_episode(best[REASON]):
            copy(row, best)
        none = False
    if none:
        evaluate_without_course(
            start, workspace.doses, counts[DOSES], remission, last_day_not_in_remission, course_days, best
        )


@inline
def gap_hiding_course(workspace, end, need):
    """Return a gap long enough for an unseen relapse with `need` days of adequate steroid without response, or -1."""
    gaps, courses, counts = workspace.gaps, workspace.courses, workspace.counts
    for g in range(counts[GAPS]):
        since = gaps[g, BEFORE] + 1
        until = min(next_remission_level(workspace.intervals, counts[INTERVALS], gaps[g, AFTER]), end + 1)
        for k in range(counts[COURSES]):
            if min(courses[k, DOSE_LAST] + 1, until) - max(courses[k, DOSE_FIRST], since) >= need:
                return g
    return -1


@kernel
def course_needed(i, lesion, rule):
    """Days of adequate steroid that an episode needs; 0 if it does not count."""
    days = rule.course_days if i == 0 else rule.relapse_course_days
    slow = lesion < NO_NAME and rule.slow_lesions >> lesion & 1 == 1
    return rule.slow_days if slow and days > 0 else days


@inline
def evaluate_resistance(workspace, first_row, stop_row, prescribed, end, lesion, secondary, rule, out):
    """Write the answer of the clause.

    With `secondary`, the clause is secondary resistance: relapses only, with a length of its own.
    """
    gaps, counts, best = workspace.gaps, workspace.counts, workspace.scratch[1]
    evaluated = 0
    out[REASON] = NO_RELAPSE
    for i in range(1 if secondary else 0, counts[EPISODES]):
        days = rule.secondary_days if secondary else course_needed(i, lesion, rule)
        if days == 0:
            continue
        evaluate_episode(workspace, i, first_row, stop_row, prescribed, end, days, not secondary, rule)
        if evaluated == 0 or rank_of_episode(best[REASON]) > rank_of_episode(out[REASON]):
            copy(best, out)
        evaluated += 1
    if evaluated == 0:
        answer(out, NO_RELAPSE, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER)
    if counts[INTERVALS] == 0:
        out[REASON] = NO_URINE
    if rule.relapse_course_days == 0 and not secondary:
        return
    if FIRST_NOT_MET <= out[REASON] < FIRST_UNKNOWN:
        need = rule.secondary_days if secondary else course_needed(1, lesion, rule)
        if rule.umbrella_days > 0 and not secondary:
            need = rule.umbrella_days
        g = gap_hiding_course(workspace, end, need)
        if g >= 0:
            out[REASON] = COURSE_MAY_HIDE
            out[ARGUMENTS] = NEVER
            out[ARGUMENTS + 1] = gaps[g, AFTER]
            out[ARGUMENTS + 2] = gaps[g, BEFORE]
            out[ARGUMENTS + 3] = NEVER
