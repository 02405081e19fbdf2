"""Urine: the level of a day, and stretches of days in a row at one level."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

import math

import numpy as np

from nephrosyn import terms
from nephrosyn.compiling import entry, kernel
from nephrosyn.criteria.reasons import NO_DAY

REMISSION, BETWEEN, RELAPSE = 0, 1, 2
UPCR = terms.ANALYTES.index("upcr")
DIPSTICK = terms.ANALYTES.index("dipstick")

# Columns of a stretch: first and last day, level, number of days with a clinic reading, first such day.
FIRST, LAST, LEVEL, CLINIC, FIRST_CLINIC = 0, 1, 2, 3, 4
LOG_SLACK = 1e-12
TINY = 1e-300


@kernel
def level_of(value, low, high):
    """Level of a value: at most `low` is remission level, at least `high` relapse level."""
    if value <= low:
        return REMISSION
    return RELAPSE if value >= high else BETWEEN


@kernel
def clinic_days(first_row, stop_row, days, analytes, values, end, upcr_cuts, band_cuts, out):
    """Write (day, level) of each day with a clinic reading; a ratio wins over a dipstick, the worse over the better.

    Returns
    -------
    int
        Number of days written.
    """
    count = 0
    latest = NO_DAY
    from_upcr = False
    for row in range(first_row, stop_row):
        analyte = analytes[row]
        if analyte != UPCR and analyte != DIPSTICK:
            continue
        day = days[row]
        value = values[row]
        if day > end:
            break
        if math.isnan(value):
            continue
        is_upcr = analyte == UPCR
        cuts = upcr_cuts if is_upcr else band_cuts
        level = level_of(value, cuts[0], cuts[1])
        if day != latest:
            out[count, 0] = day
            out[count, 1] = level
            count += 1
            latest = day
            from_upcr = is_upcr
        elif (is_upcr and not from_upcr) or (is_upcr == from_upcr and level > out[count - 1, 1]):
            out[count - 1, 1] = level
            from_upcr = is_upcr
    return count


@kernel
def extend(stretches, count, first, last, level, clinic):
    """Add days at a level: to the latest stretch if they follow it at the same level, else as a new one.

    `clinic` is 1 for a day with a clinic reading, 0 for days at home. Returns the number of stretches.
    """
    joins = False
    if count > 0:
        joins = stretches[count - 1, LEVEL] == level and first == stretches[count - 1, LAST] + 1
    if not joins:
        stretches[count, FIRST] = first
        stretches[count, LEVEL] = level
        stretches[count, CLINIC] = 0
        count += 1
    if clinic == 1 and stretches[count - 1, CLINIC] == 0:
        stretches[count - 1, FIRST_CLINIC] = first
    stretches[count - 1, CLINIC] += clinic
    stretches[count - 1, LAST] = last
    return count


@kernel
def find_stretches(first_row, stop_row, firsts, lasts, levels, end, clinic, clinic_count, stretches):
    """Merge clinic days and home spans into stretches of days in a row; on a day with both the clinic wins.

    Returns
    -------
    int
        Number of stretches, in order of time.
    """
    # Numbers of one type, so that `extend` is compiled once.
    count, home, seen = np.int64(0), np.int64(0), np.int64(1)
    free = np.int64(NO_DAY)
    c = 0
    for row in range(first_row, stop_row):
        first = max(np.int64(firsts[row]), free)
        last = np.int64(min(lasts[row], end))
        level = np.int64(levels[row])
        if first > last:
            continue
        while c < clinic_count and clinic[c, 0] <= last:
            day = clinic[c, 0]
            if day > first:
                count = extend(stretches, count, first, day - 1, level, home)
            count = extend(stretches, count, day, day, clinic[c, 1], seen)
            first = max(first, day + 1)
            c += 1
        if first <= last:
            count = extend(stretches, count, first, last, level, home)
        free = last + 1
    while c < clinic_count:
        count = extend(stretches, count, clinic[c, 0], clinic[c, 0], clinic[c, 1], seen)
        c += 1
    return count


@entry
def log_upcr(day, start, log_start, slope, log_target):
    """Logarithm of the ratio at the start of a day, on a piece of the true path."""
    value = log_start + slope * (day - start)
    if slope < 0.0:
        return max(value, log_target)
    if slope > 0.0:
        return min(value, log_target)
    return log_start


@kernel
def _true_level(day, start, log_start, slope, log_target, log_low, log_high):
    value = log_upcr(day, start, log_start, slope, log_target)
    if value <= log_low + LOG_SLACK:
        return REMISSION
    return RELAPSE if value >= log_high - LOG_SLACK else BETWEEN


@kernel
def _crossing(start, log_start, slope, threshold, day, stop):
    """Day near which the path crosses a threshold, within [day, stop]."""
    guess = start + (threshold - log_start) / slope
    return math.floor(min(max(guess, float(day)), float(stop)))


@kernel
def _last_at_level(day, stop, level, start, log_start, slope, log_target, log_low, log_high):
    """Last day of [day, stop] still at the level of `day`; the path only falls, or only rises, on a piece."""
    if slope == 0.0 or level == _true_level(stop, start, log_start, slope, log_target, log_low, log_high):
        return stop
    threshold = log_high if (slope < 0.0) == (level == RELAPSE) else log_low
    if level == BETWEEN:
        threshold = log_low if slope < 0.0 else log_high
    last = _crossing(start, log_start, slope, threshold, day, stop)
    while last > day and _true_level(last, start, log_start, slope, log_target, log_low, log_high) != level:
        last -= 1
    while last < stop and _true_level(last + 1, start, log_start, slope, log_target, log_low, log_high) == level:
        last += 1
    return last


@entry
def true_spans(bounds, start, upcr_start, slope, upcr_target, end, child, cuts, out_bounds, first, last, level):
    """Turn true paths into spans of days at one level, each day judged at its start.

    `cuts` are the ratios of remission and relapse, shape (2, 2), of adults and of children. Writes at most three spans
    per piece, as a path that only falls or only rises crosses at most two thresholds.

    Returns
    -------
    int
        Number of spans written.
    """
    count = 0
    for patient in range(len(bounds)):
        out_bounds[patient, 0] = count
        group = 1 if child[patient] else 0
        low, high = math.log(cuts[group, 0]), math.log(cuts[group, 1])
        for row in range(bounds[patient, 0], bounds[patient, 1]):
            day = math.ceil(start[row])
            stop = end[patient]
            if row + 1 < bounds[patient, 1]:
                stop = min(stop, math.ceil(start[row + 1]) - 1)
            here = math.log(max(upcr_start[row], TINY))
            target = math.log(max(upcr_target[row], TINY))
            while day <= stop:
                now = _true_level(day, start[row], here, slope[row], target, low, high)
                until = _last_at_level(day, stop, now, start[row], here, slope[row], target, low, high)
                first[count] = day
                last[count] = until
                level[count] = now
                count += 1
                day = until + 1
        out_bounds[patient, 1] = count
    return count


@entry
def diary_levels(bounds, band, child, cuts, level):
    """Write the level of each run of the home diary; `cuts` are bands, shape (2, 2), of adults and of children."""
    for patient in range(len(bounds)):
        group = 1 if child[patient] else 0
        for row in range(bounds[patient, 0], bounds[patient, 1]):
            level[row] = level_of(band[row], cuts[group, 0], cuts[group, 1])


def empty_spans(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return arrays for the first day, last day and level of `size` spans."""
    return np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.uint8)
