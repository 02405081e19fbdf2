"""The complete record: every day at its true level, from the segments of the true path of proteinuria.

The level of a day is that at its start. Where a set needs albumin, it follows the true ratio as in the model: it is
broken down at a constant rate, lost in urine, and made at the rate that keeps the person's level in health.
"""

from __future__ import annotations

import math

from nephrosyn.criteria.record.urine_states import (
    BETWEEN,
    INTERVAL_FIRST,
    INTERVAL_LAST,
    LEVEL,
    PARTIAL,
    RELAPSE,
    REMISSION,
    level_by_albumin,
)
from nephrosyn.kernels.compile import entry, kernel

LOG_SLACK = 1e-12
TINY = 1e-300
NOTHING = -1e300
# Together they keep the error of albumin below 0.005 g/dL; on a slow slope a step of the logarithm may last months.
LARGEST_LOG_STEP = 0.1
LARGEST_STEP_DAYS = 2.0


@entry
def log_upcr(day, start, log_start, slope, log_target):
    """Logarithm of the ratio at the start of a day, on a segment of the true path."""
    value = log_start + slope * (day - start)
    if slope < 0.0:
        return max(value, log_target)
    if slope > 0.0:
        return min(value, log_target)
    return log_start


@kernel
def level_at(value, low, partial, high):
    """Level of a logarithm of a ratio."""
    if value <= low + LOG_SLACK:
        return REMISSION
    if value >= high - LOG_SLACK:
        return RELAPSE
    return PARTIAL if value < partial else BETWEEN


@kernel
def partial_below(highest, rule):
    """Logarithm of the ratio below which it is partial remission; a fall by exactly the fraction required counts."""
    if rule.partial_upcr <= 0.0:
        return NOTHING
    border = math.log(rule.partial_upcr)
    if rule.partial_left < 0.0:
        return border
    return min(border, math.log(max(rule.partial_left * highest, TINY)) + 2.0 * LOG_SLACK)


@kernel
def leaves_at(level, falls, low, partial, high):
    """Logarithm of the ratio at which a path that falls, or rises, leaves a level."""
    if level == RELAPSE:
        return high
    if level == REMISSION:
        return low
    border = min(max(partial, low), high)
    if level == PARTIAL:
        return low if falls else border
    return border if falls else high


@kernel
def last_at_level(day, stop, level, start, log_start, slope, log_target, low, partial, high):
    """Last day of [day, stop] still at the level of `day`; the path only falls, or only rises, on a segment."""
    if slope == 0.0 or level == level_at(log_upcr(stop, start, log_start, slope, log_target), low, partial, high):
        return stop
    guess = start + (leaves_at(level, slope < 0.0, low, partial, high) - log_start) / slope
    last = math.floor(min(max(guess, float(day)), float(stop)))
    while last > day and level_at(log_upcr(last, start, log_start, slope, log_target), low, partial, high) != level:
        last -= 1
    while (
        last < stop and level_at(log_upcr(last + 1, start, log_start, slope, log_target), low, partial, high) == level
    ):
        last += 1
    return last


@kernel
def steady_albumin(normal, kinetics, upcr):
    """Albumin (g/dL) at which breakdown and loss at a constant ratio balance synthesis."""
    return kinetics[0] * normal / (kinetics[0] + kinetics[1] * min(upcr, kinetics[2]))


@kernel
def albumin_at(albumin, since, day, normal, kinetics, start, log_start, slope, log_target):
    """Albumin on a day, from what it was at a time before on the same segment of the path."""
    while since < day:
        here = log_upcr(since, start, log_start, slope, log_target)
        days = day - since
        if slope != 0.0 and here != log_target:
            days = min(days, LARGEST_STEP_DAYS, LARGEST_LOG_STEP / abs(slope), abs((log_target - here) / slope) + 1e-9)
        level = math.exp(log_upcr(since + 0.5 * days, start, log_start, slope, log_target))
        steady = steady_albumin(normal, kinetics, level)
        clearance = kinetics[0] + kinetics[1] * min(level, kinetics[2])
        albumin = steady + (albumin - steady) * math.exp(-clearance * days)
        since = min(since + days, day)
    return albumin


@kernel
def write_span(spans, count, first, last, level):
    """Write a span, or extend the latest one if it continues. Returns the number of spans."""
    if count > 0 and spans[count - 1, LEVEL] == level and spans[count - 1, INTERVAL_LAST] == first - 1:
        spans[count - 1, INTERVAL_LAST] = last
        return count
    spans[count, INTERVAL_FIRST] = first
    spans[count, INTERVAL_LAST] = last
    spans[count, LEVEL] = level
    return count + 1


@kernel
def is_settled(rule, steady, albumin, urine):
    """Whether albumin, approaching a steady level, can no longer change the level of a day."""
    low, high = min(steady, albumin), max(steady, albumin)
    for cut in (rule.remission_albumin if urine == REMISSION else 0.0, rule.partial_albumin):
        if low < cut <= high:
            return False
    return True


@kernel
def split_by_albumin(
    spans, count, first, last, urine, albumin, since, normal, kinetics, start, log_start, slope, log_target, rule
):
    """Write the days of one level of urine, each at its level once albumin is considered.

    Returns
    -------
    tuple
        Number of spans, albumin, and the time of that albumin.
    """
    day = first
    while day <= last:
        albumin = albumin_at(albumin, since, day, normal, kinetics, start, log_start, slope, log_target)
        since = float(day)
        level = level_by_albumin(urine, albumin, rule)
        here = log_upcr(since, start, log_start, slope, log_target)
        until = day
        if slope == 0.0 or here == log_target:
            steady = steady_albumin(normal, kinetics, math.exp(here))
            if is_settled(rule, steady, albumin, urine):
                until = last
        count = write_span(spans, count, day, until, level)
        day = until + 1
    return count, albumin, since


@kernel
def path_spans(first_row, stop_row, starts, upcr_starts, slopes, upcr_targets, end, normal, kinetics, rule, spans):
    """Write (first day, last day, level) of all days to the end. Returns the number of spans.

    On a segment urine changes its level at most three times, and albumin twice.
    """
    count = 0
    low, high, highest = math.log(rule.low_upcr), math.log(rule.high_upcr), 0.0
    asks_albumin = rule.remission_albumin > 0.0 or rule.partial_albumin > 0.0
    albumin, since = -1.0, 0.0
    for row in range(first_row, stop_row):
        start, slope = starts[row], slopes[row]
        day = math.ceil(start)
        stop = end
        if row + 1 < stop_row:
            stop = min(end, math.ceil(starts[row + 1]) - 1)
        here, target = math.log(max(upcr_starts[row], TINY)), math.log(max(upcr_targets[row], TINY))
        highest = 0.0 if upcr_starts[row] <= rule.low_upcr else max(highest, upcr_starts[row])
        partial = partial_below(highest, rule)
        if albumin < 0.0:
            albumin, since = steady_albumin(normal, kinetics, upcr_starts[row]), start
        while day <= stop:
            level = level_at(log_upcr(day, start, here, slope, target), low, partial, high)
            until = last_at_level(day, stop, level, start, here, slope, target, low, partial, high)
            if asks_albumin and level in (REMISSION, PARTIAL):
                count, albumin, since = split_by_albumin(
                    spans, count, day, until, level, albumin, since, normal, kinetics, start, here, slope, target, rule
                )
            else:
                count = write_span(spans, count, day, until, level)
            day = until + 1
        if row + 1 < stop_row:
            leave = starts[row + 1]
            value = math.exp(log_upcr(leave, start, here, slope, target))
            highest = 0.0 if value <= rule.low_upcr else max(highest, value)
            if asks_albumin:
                albumin = albumin_at(albumin, since, leave, normal, kinetics, start, here, slope, target)
                since = leave
    return count
