"""Response to treatment: complete or partial remission, and the level seen by a day."""

from __future__ import annotations

from nephrosyn.criteria.codes import INTERVALS, NEVER, NO_DAY, RESPONSES
from nephrosyn.criteria.definition.compiled import COMPLETE_RESPONSE, LESSER_RESPONSE
from nephrosyn.criteria.record.episodes import AFTER, BEFORE, END, LAST_DAY_NOT_IN_REMISSION, START
from nephrosyn.criteria.record.urine_states import (
    CLINIC,
    FIRST_CLINIC,
    INTERVAL_FIRST,
    INTERVAL_LAST,
    LEVEL,
    PARTIAL,
    REMISSION,
    UNSEEN,
)
from nephrosyn.kernels.compile import inline, kernel


@kernel
def at_least_partial(intervals, count, since, until, home_days, clinic_readings):
    """First day from `since` to `until` of complete or partial remission, confirmed like any change of state.

    Returns
    -------
    tuple of int
        That day or NEVER, and the last day before it that was seen in neither.
    """
    readings, first_reading, run_first, run_last, neither = 0, NEVER, NEVER, NO_DAY, NO_DAY
    for j in range(count):
        if intervals[j, INTERVAL_LAST] < since:
            continue
        if intervals[j, INTERVAL_FIRST] > until:
            break
        if intervals[j, LEVEL] != REMISSION and intervals[j, LEVEL] != PARTIAL:
            readings = 0
            run_last = NO_DAY
            neither = min(intervals[j, INTERVAL_LAST], until)
            continue
        first = max(intervals[j, INTERVAL_FIRST], since)
        if run_last != first - 1:
            run_first = first
        run_last = intervals[j, INTERVAL_LAST]
        if intervals[j, CLINIC] > 0 and intervals[j, FIRST_CLINIC] >= since:
            if readings == 0:
                first_reading = intervals[j, FIRST_CLINIC]
            readings += intervals[j, CLINIC]
        if run_last - run_first + 1 >= home_days:
            return (min(run_first, first_reading) if readings >= clinic_readings else run_first), neither
        if readings >= clinic_readings:
            return first_reading, neither
    return NEVER, neither


@inline
def response_from(workspace, i, since, response, rule):
    """Day of response in an episode from `since` on, or NEVER, and the last day seen before it without response."""
    episodes, counts = workspace.episodes, workspace.counts
    remission, last_day_not_in_remission = episodes[i, END], episodes[i, LAST_DAY_NOT_IN_REMISSION]
    if response == COMPLETE_RESPONSE:
        return remission, last_day_not_in_remission
    intervals, count = workspace.intervals, counts[INTERVALS]
    if response == LESSER_RESPONSE:
        intervals, count = workspace.responses, counts[RESPONSES]
    day, neither = at_least_partial(intervals, count, since, remission, rule.home_days, rule.clinic_readings)
    return min(day, remission), neither


@kernel
def level_by(intervals, count, gaps, gap_count, since, day):
    """Level of the last urine from `since` to a day, or UNSEEN: there is none, or the day lies in a gap."""
    level = UNSEEN
    for g in range(gap_count):
        if gaps[g, BEFORE] < day < gaps[g, AFTER]:
            return UNSEEN
    for j in range(count):
        if intervals[j, INTERVAL_FIRST] > day:
            break
        if intervals[j, INTERVAL_LAST] >= since:
            level = intervals[j, LEVEL]
    return level


@kernel
def episode_on(episodes, count, day):
    """Index of the episode in which a day lies, or -1: it lies in remission."""
    for i in range(count):
        if episodes[i, START] <= day < episodes[i, END]:
            return i
    return -1
