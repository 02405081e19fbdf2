"""Episodes of disease, each from its start to its remission, and gaps without readings."""

from __future__ import annotations

from nephrosyn.criteria.codes import NEVER, NO_DAY
from nephrosyn.criteria.record.steroid_courses import last_day_of_treatment
from nephrosyn.criteria.record.urine_states import (
    CLINIC,
    FIRST_CLINIC,
    INTERVAL_FIRST,
    INTERVAL_LAST,
    LEVEL,
    RELAPSE,
    REMISSION,
)
from nephrosyn.kernels.compile import kernel

# Columns of an episode: its first day (none for the first episode, which begins before presentation), first day of
# its remission, last day seen not in remission, and whether it counts as a relapse.
START, END, LAST_DAY_NOT_IN_REMISSION, COUNTED = 0, 1, 2, 3
# Columns of a gap: last day seen before it, first day seen after it.
BEFORE, AFTER = 0, 1


@kernel
def first_of_window(intervals, since, j, home_days, window):
    """First of `home_days` days at relapse level among `window` days in a row; NEVER without them.

    The latest of them lies in interval `j`; the days count from interval `since` on.
    """
    first, last = intervals[j, INTERVAL_FIRST], intervals[j, INTERVAL_LAST]
    for day in range(first, min(last, first + home_days - 1) + 1):
        opens = day - window + 1
        seen, earliest = 0, NEVER
        for k in range(j, since - 1, -1):
            if intervals[k, INTERVAL_LAST] < opens:
                break
            if intervals[k, LEVEL] == RELAPSE:
                earliest = max(intervals[k, INTERVAL_FIRST], opens)
                seen += min(intervals[k, INTERVAL_LAST], day) - earliest + 1
        if seen >= home_days:
            return earliest
    return NEVER


@kernel
def find_episodes(intervals, count, home_days, clinic_readings, relapse_window, episodes):
    """Write the episodes: the patient is in the first from presentation, and each confirmed change ends or begins one.

    Returns
    -------
    int
        Number of episodes: one, and one per relapse.
    """
    k = 0
    episodes[0, START] = NO_DAY
    episodes[0, END] = NEVER
    episodes[0, LAST_DAY_NOT_IN_REMISSION] = NO_DAY
    nephrotic = True
    readings = 0
    first_reading = NEVER
    since = 0
    for j in range(count):
        level = intervals[j, LEVEL]
        if level != (REMISSION if nephrotic else RELAPSE):
            readings = 0
            if nephrotic:
                episodes[k, LAST_DAY_NOT_IN_REMISSION] = intervals[j, INTERVAL_LAST]
            continue
        if readings == 0 and intervals[j, CLINIC] > 0:
            first_reading = intervals[j, FIRST_CLINIC]
        readings += intervals[j, CLINIC]
        date = NEVER
        if relapse_window > 0 and not nephrotic:
            date = first_of_window(intervals, since, j, home_days, relapse_window)
        elif intervals[j, INTERVAL_LAST] - intervals[j, INTERVAL_FIRST] + 1 >= home_days:
            date = intervals[j, INTERVAL_FIRST]
        if readings >= clinic_readings:
            date = min(date, first_reading)
        if date == NEVER:
            continue
        readings = 0
        since = j + 1
        nephrotic = not nephrotic
        if not nephrotic:
            episodes[k, END] = date
            continue
        k += 1
        episodes[k, START] = date
        episodes[k, END] = NEVER
        episodes[k, LAST_DAY_NOT_IN_REMISSION] = intervals[j, INTERVAL_LAST]
    return k + 1


@kernel
def find_gaps(intervals, count, since, end, max_gap, gaps):
    """Write the gaps longer than the set allows, from `since` (the first dose) to the end of the record.

    Returns
    -------
    int
        Number of gaps, in order of time.
    """
    gap_count = 0
    seen = min(since, intervals[0, INTERVAL_FIRST]) if count > 0 else since
    for j in range(count + 1):
        after = intervals[j, INTERVAL_FIRST] if j < count else end
        if after - seen > max_gap:
            gaps[gap_count, BEFORE] = seen
            gaps[gap_count, AFTER] = after
            gap_count += 1
        if j < count:
            seen = intervals[j, INTERVAL_LAST]
    return gap_count


@kernel
def hidden_relapses(gaps, k, max_gap):
    """Number of relapses that a gap may hide: one per allowed distance beyond the first."""
    length = gaps[k, AFTER] - gaps[k, BEFORE]
    return (length + max_gap - 1) // max_gap - 1


@kernel
def count_relapses(episodes, count, doses, dose_count, taper_counts):
    """Mark the relapses that count: in some sets, none while the steroid for the previous one continues."""
    treated_to = NO_DAY
    for k in range(1, count):
        day = episodes[k, START]
        episodes[k, COUNTED] = 1 if taper_counts == 1 or day > treated_to else 0
        treated_to = max(treated_to, last_day_of_treatment(doses, dose_count, day))


@kernel
def next_remission_level(intervals, count, day):
    """First day from `day` on that was seen at remission level, or NEVER."""
    for j in range(count):
        if intervals[j, LEVEL] == REMISSION and intervals[j, INTERVAL_LAST] >= day:
            return max(intervals[j, INTERVAL_FIRST], day)
    return NEVER
