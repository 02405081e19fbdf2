"""Late response, and partial remission on the day a course is due."""

from __future__ import annotations

from nephrosyn.criteria.clauses.resistance import copy, course_needed, evaluate_without_course, rank_of_episode
from nephrosyn.criteria.codes import (
    COURSE_TOO_SHORT,
    COURSES,
    DOSES,
    EPISODES,
    FIRST_NOT_MET,
    GAPS,
    INTERVALS,
    LATE_RESPONSE,
    NEVER,
    NO_URINE,
    NOT_PARTIAL_THEN,
    NOT_SEEN_LONG_ENOUGH,
    PARTIAL_THEN,
    REASON,
    REMISSION_IN_TIME,
    REMISSION_VAGUE,
    STILL_ILL,
    answer,
)
from nephrosyn.criteria.record.episodes import END, LAST_DAY_NOT_IN_REMISSION, START
from nephrosyn.criteria.record.response import at_least_partial, level_by
from nephrosyn.criteria.record.steroid_courses import DOSE_FIRST, DOSE_LAST
from nephrosyn.criteria.record.urine_states import PARTIAL, UNSEEN
from nephrosyn.kernels.compile import inline, kernel


@kernel
def first_course(courses, count, start, remission):
    """Return first and last day of the first adequate course in an episode, or NEVER twice."""
    for k in range(count):
        first = max(courses[k, DOSE_FIRST], start)
        if courses[k, DOSE_LAST] >= first and first < remission:
            return first, courses[k, DOSE_LAST]
    return NEVER, NEVER


@kernel
def unseen_reason(due, reduced, end, remission):
    """Reason why the state on the due day is unknown."""
    if reduced < due:
        return NOT_SEEN_LONG_ENOUGH if reduced > end else COURSE_TOO_SHORT
    return REMISSION_VAGUE if remission < NEVER else NOT_SEEN_LONG_ENOUGH


@kernel
def late_reason(due, decision_day, reduced, end, remission, last_day_not_in_remission, level):
    """Reason for complete remission after the due day of the course and before the end of confirmation, or for none."""
    if remission <= due:
        return REMISSION_IN_TIME
    if last_day_not_in_remission >= decision_day:
        return STILL_ILL
    if reduced < due or last_day_not_in_remission < due or remission > decision_day:
        return unseen_reason(due, reduced, end, remission)
    if level == UNSEEN:
        return REMISSION_VAGUE
    return LATE_RESPONSE if level == PARTIAL else NOT_PARTIAL_THEN


@inline
def evaluate_late_response(workspace, end, lesion, rule, out):
    """Write whether the first episode responded late, that is, within the time of confirmation."""
    intervals, episodes, gaps, counts = workspace.intervals, workspace.episodes, workspace.gaps, workspace.counts
    doses, courses = workspace.doses, workspace.courses
    start, remission, last_day_not_in_remission = (
        episodes[0, START],
        episodes[0, END],
        episodes[0, LAST_DAY_NOT_IN_REMISSION],
    )
    first, last = first_course(courses, counts[COURSES], start, remission)
    days = course_needed(0, lesion, rule)
    if first == NEVER:
        evaluate_without_course(start, doses, counts[DOSES], remission, last_day_not_in_remission, days, out)
    else:
        due, decision_day = first + days, first + max(rule.confirmation_days, days)
        level = PARTIAL
        if rule.confirms_any == 0:
            level = level_by(intervals, counts[INTERVALS], gaps, counts[GAPS], first, due)
        reason = late_reason(due, decision_day, last + 1, end, remission, last_day_not_in_remission, level)
        day = remission if reason < FIRST_NOT_MET else NEVER
        answer(out, reason, day, first, decision_day, last_day_not_in_remission, remission, last, NEVER)
    if counts[INTERVALS] == 0:
        out[REASON] = NO_URINE


@kernel
def partial_reason(due, reduced, end, remission, last_day_not_in_remission, reached, neither, level):
    """Reason for partial, not complete, remission on the due day of a course, or for none."""
    if remission <= due:
        return REMISSION_IN_TIME
    if reduced < due or last_day_not_in_remission < due or level == UNSEEN:
        return unseen_reason(due, reduced, end, remission)
    if reached <= due:
        return PARTIAL_THEN if level == PARTIAL else NOT_PARTIAL_THEN
    return NOT_PARTIAL_THEN if neither >= due or level != PARTIAL else REMISSION_VAGUE


@inline
def evaluate_partial_remission(workspace, end, lesion, rule, out):
    """Write whether any episode was in partial remission on the due day of its first adequate course."""
    intervals, episodes, gaps, counts = workspace.intervals, workspace.episodes, workspace.gaps, workspace.counts
    doses, courses = workspace.doses, workspace.courses
    row = workspace.scratch[0]
    evaluated = 0
    for i in range(counts[EPISODES]):
        start, remission, last_day_not_in_remission = (
            episodes[i, START],
            episodes[i, END],
            episodes[i, LAST_DAY_NOT_IN_REMISSION],
        )
        days = course_needed(i, lesion, rule)
        if days == 0:
            continue
        first, last = first_course(courses, counts[COURSES], start, remission)
        if first == NEVER:
            evaluate_without_course(start, doses, counts[DOSES], remission, last_day_not_in_remission, days, row)
        else:
            due = first + days
            reached, neither = at_least_partial(
                intervals, counts[INTERVALS], first, min(remission, end), rule.home_days, rule.clinic_readings
            )
            level = level_by(intervals, counts[INTERVALS], gaps, counts[GAPS], first, due)
            reason = partial_reason(due, last + 1, end, remission, last_day_not_in_remission, reached, neither, level)
            day = due if reason < FIRST_NOT_MET else NEVER
            answer(row, reason, day, first, due, last_day_not_in_remission, remission, last, NEVER)
        if evaluated == 0 or rank_of_episode(row[REASON]) > rank_of_episode(out[REASON]):
            copy(row, out)
        evaluated += 1
    if counts[INTERVALS] == 0:
        out[REASON] = NO_URINE
