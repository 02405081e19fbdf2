"""The complete record: every day at its true level, from the segments of the true path of proteinuria.

The level of a day is that at its start. Where a set needs albumin, it follows the true ratio as in the model: it is
broken down at a constant rate, lost in urine, and made at the rate that keeps the person's level in health.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
NOTHING, BEYOND_ANY = -1e300, 1e300
# Together they keep the error of albumin below 0.005 g/dL; on a slow slope a step of the logarithm may last months.
LARGEST_LOG_STEP = 0.1
LARGEST_STEP_DAYS = 2.0


class Path(NamedTuple):
    """A segment of the true path: its first time (days), and on it the logarithm of the ratio."""

    start: float
    log_start: float
    slope: float
    log_target: float


class Person(NamedTuple):
    """Albumin of a person in health (g/dL), and the kinetics of albumin, as in `Record`."""

    normal: float
    kinetics: NDArray[np.float64]


class Albumin(NamedTuple):
    """Albumin (g/dL) at a time (days)."""

    level: float
    since: float


@entry
def log_upcr(day, path):
    """Logarithm of the ratio at the start of a day, on a segment of the true path."""
    value = path.log_start + path.slope * (day - path.start)
    if path.slope < 0.0:
        return max(value, path.log_target)
    if path.slope > 0.0:
        return min(value, path.log_target)
    return path.log_start


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
def lesser_below(highest, rule):
    """Logarithm of the ratio below which it is a lesser response; a ratio at the limit counts."""
    border = math.log(max(rule.low_upcr, rule.lesser_upcr))
    if rule.lesser_left >= 0.0:
        border = max(border, math.log(max(rule.lesser_left * highest, TINY)))
    return border + 2.0 * LOG_SLACK


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
def last_at_level(day, stop, level, path, low, partial, high):
    """Last day of [day, stop] still at the level of `day`; the path only falls, or only rises, on a segment."""
    if path.slope == 0.0 or level == level_at(log_upcr(stop, path), low, partial, high):
        return stop
    guess = path.start + (leaves_at(level, path.slope < 0.0, low, partial, high) - path.log_start) / path.slope
    last = math.floor(min(max(guess, float(day)), float(stop)))
    while last > day and level_at(log_upcr(last, path), low, partial, high) != level:
        last -= 1
    while last < stop and level_at(log_upcr(last + 1, path), low, partial, high) == level:
        last += 1
    return last


@kernel
def steady_albumin(person, upcr):
    """Albumin (g/dL) at which breakdown and loss at a constant ratio balance synthesis."""
    kinetics = person.kinetics
    return kinetics[0] * person.normal / (kinetics[0] + kinetics[1] * min(upcr, kinetics[2]))


@kernel
def albumin_at(known, day, person, path):
    """Albumin on a day, from what it was at a time before on the same segment of the path."""
    albumin, since, kinetics = known.level, known.since, person.kinetics
    while since < day:
        here = log_upcr(since, path)
        days = day - since
        if path.slope != 0.0 and here != path.log_target:
            to_target = abs((path.log_target - here) / path.slope)
            days = min(days, LARGEST_STEP_DAYS, LARGEST_LOG_STEP / abs(path.slope), to_target + 1e-9)
        level = math.exp(log_upcr(since + 0.5 * days, path))
        steady = steady_albumin(person, level)
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
def split_by_albumin(spans, count, first, last, urine, known, person, path, rule):
    """Write the days of one level of urine, each at its level once albumin is considered.

    Returns
    -------
    tuple
        Number of spans, and albumin on the last of these days for which it was calculated.
    """
    day = first
    while day <= last:
        known = Albumin(albumin_at(known, day, person, path), float(day))
        level = level_by_albumin(urine, known.level, rule)
        here = log_upcr(known.since, path)
        until = day
        if path.slope == 0.0 or here == path.log_target:
            steady = steady_albumin(person, math.exp(here))
            if is_settled(rule, steady, known.level, urine):
                until = last
        count = write_span(spans, count, day, until, level)
        day = until + 1
    return count, known


@kernel
def path_spans(first_row, stop_row, segments, end, person, rule, lesser, spans):
    """Write (first day, last day, level) of all days to the end. Returns the number of spans.

    On a segment urine changes its level at most three times, and albumin twice. With `lesser`, a day that is a lesser
    response is at partial level, any other at relapse level.
    """
    count = 0
    low, high, highest = math.log(rule.low_upcr), math.log(rule.high_upcr), 0.0
    asks_albumin = not lesser and (rule.remission_albumin > 0.0 or rule.partial_albumin > 0.0)
    known = Albumin(-1.0, 0.0)
    for row in range(first_row, stop_row):
        start, upcr = segments.start[row], segments.upcr[row]
        day = math.ceil(start)
        stop = end
        if row + 1 < stop_row:
            stop = min(end, math.ceil(segments.start[row + 1]) - 1)
        log_target = math.log(max(segments.target[row], TINY))
        path = Path(start, math.log(max(upcr, TINY)), segments.slope[row], log_target)
        highest = 0.0 if upcr <= rule.low_upcr else max(highest, upcr)
        partial = partial_below(highest, rule)
        if lesser:
            low, partial = NOTHING, BEYOND_ANY
            high = lesser_below(highest, rule) + LOG_SLACK
        if known.level < 0.0:
            known = Albumin(steady_albumin(person, upcr), start)
        while day <= stop:
            level = level_at(log_upcr(day, path), low, partial, high)
            until = last_at_level(day, stop, level, path, low, partial, high)
            if asks_albumin and level in (REMISSION, PARTIAL):
                count, known = split_by_albumin(spans, count, day, until, level, known, person, path, rule)
            else:
                count = write_span(spans, count, day, until, level)
            day = until + 1
        if row + 1 < stop_row:
            leave = segments.start[row + 1]
            value = math.exp(log_upcr(leave, path))
            highest = 0.0 if value <= rule.low_upcr else max(highest, value)
            if asks_albumin:
                known = Albumin(albumin_at(known, leave, person, path), leave)
    return count
