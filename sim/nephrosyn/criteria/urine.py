"""Urine: the level of a day, and stretches of days in a row at one level."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

import math

import numpy as np

from nephrosyn import terms
from nephrosyn.compiling import entry, kernel

REMISSION, BETWEEN, RELAPSE = 0, 1, 2
UPCR = terms.ANALYTES.index("upcr")
DIPSTICK = terms.ANALYTES.index("dipstick")

# Columns of a stretch: first and last day, level, number of days with a clinic reading, first such day.
FIRST, LAST, LEVEL, CLINIC, FIRST_CLINIC = 0, 1, 2, 3, 4
LOG_SLACK = 1e-12
TINY = 1e-300


@kernel
def level_of_upcr(value, rules):
    """Level of a protein/creatinine ratio (mg/mg)."""
    if value <= rules.remission_upcr:
        return REMISSION
    return RELAPSE if value >= rules.relapse_upcr else BETWEEN


@kernel
def level_of_band(band, rules):
    """Level of a dipstick band's code."""
    if band <= rules.remission_band:
        return REMISSION
    return RELAPSE if band >= rules.relapse_band else BETWEEN


@kernel
def clinic_days(record, patient, end, rules, out):
    """Write (day, level) of each day with a clinic reading; a ratio wins over a dipstick, the worse over the better.

    Returns
    -------
    int
        Number of days written.
    """
    count = 0
    day = -1
    from_upcr = False
    # Taken out of the record once: compiled code counts references at every look into a tuple of arrays.
    days, analytes, values = record.reading_day, record.reading_analyte, record.reading_value
    for row in range(record.reading_bounds[patient, 0], record.reading_bounds[patient, 1]):
        analyte = analytes[row]
        if analyte != UPCR and analyte != DIPSTICK:
            continue
        today = int(days[row])
        value = values[row]
        if today > end:
            break
        if math.isnan(value):
            continue
        is_upcr = analyte == UPCR
        level = level_of_upcr(value, rules) if is_upcr else level_of_band(value, rules)
        if count == 0 or today != day:
            out[count, 0] = today
            out[count, 1] = level
            count += 1
            day = today
            from_upcr = is_upcr
        elif is_upcr and not from_upcr:
            out[count - 1, 1] = level
            from_upcr = True
        elif is_upcr == from_upcr and level > out[count - 1, 1]:
            out[count - 1, 1] = level
    return count


@kernel
def extend(stretches, count, first, last, level, clinic):
    """Add days at a level: to the latest stretch if they follow it at the same level, else as a new one."""
    joins = False
    if count > 0:
        joins = stretches[count - 1, LEVEL] == level and first == stretches[count - 1, LAST] + 1
    if not joins:
        stretches[count, FIRST] = first
        stretches[count, LEVEL] = level
        stretches[count, CLINIC] = 0
        stretches[count, FIRST_CLINIC] = 0
        count += 1
    latest = count - 1
    stretches[latest, LAST] = last
    if clinic:
        if stretches[latest, CLINIC] == 0:
            stretches[latest, FIRST_CLINIC] = first
        stretches[latest, CLINIC] += 1
    return count


@kernel
def find_stretches(record, patient, end, clinic, clinic_count, stretches):
    """Merge clinic days and home spans into stretches of days in a row; on a day with both the clinic wins.

    Returns
    -------
    int
        Number of stretches, in order of time.
    """
    count = 0
    c = 0
    free = -(1 << 40)
    firsts, lasts, levels = record.span_first, record.span_last, record.span_level
    for row in range(record.span_bounds[patient, 0], record.span_bounds[patient, 1]):
        first = max(int(firsts[row]), free)
        last = min(int(lasts[row]), end)
        level = int(levels[row])
        if first > last:
            continue
        while c < clinic_count and clinic[c, 0] <= last:
            day = clinic[c, 0]
            if day > first:
                count = extend(stretches, count, first, day - 1, level, False)
            count = extend(stretches, count, day, day, clinic[c, 1], True)
            first = max(first, day + 1)
            c += 1
        if first <= last:
            count = extend(stretches, count, first, last, level, False)
        free = last + 1
    while c < clinic_count:
        count = extend(stretches, count, clinic[c, 0], clinic[c, 0], clinic[c, 1], True)
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
def true_spans(
    bounds, start, upcr_start, slope, upcr_target, end, child, children, adults, out_bounds, first, last, level
):
    """Turn true paths into spans of days at one level, each day judged at its start.

    Writes at most three spans per piece, as a path that only falls or only rises crosses at most two thresholds.

    Returns
    -------
    int
        Number of spans written.
    """
    count = 0
    for patient in range(len(bounds)):
        out_bounds[patient, 0] = count
        rules = children if child[patient] else adults
        low = math.log(rules.remission_upcr)
        high = math.log(rules.relapse_upcr)
        for row in range(bounds[patient, 0], bounds[patient, 1]):
            day = math.ceil(start[row])
            stop = int(end[patient])
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
def diary_levels(bounds, band, child, children, adults, level):
    """Write the level of each run of the home diary."""
    for patient in range(len(bounds)):
        rules = children if child[patient] else adults
        for row in range(bounds[patient, 0], bounds[patient, 1]):
            level[row] = level_of_band(band[row], rules)


def empty_spans(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return arrays for the first day, last day and level of `size` spans."""
    return np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.uint8)
