"""Urine: the level of each day, and intervals of successive days at one level."""

from __future__ import annotations

import math

from nephrosyn import vocabulary
from nephrosyn.criteria.codes import NO_DAY
from nephrosyn.kernels.compile import kernel

REMISSION, BETWEEN, RELAPSE, PARTIAL = 0, 1, 2, 3
UNSEEN = -1
UPCR = vocabulary.ANALYTES.index("upcr")
DIPSTICK = vocabulary.ANALYTES.index("dipstick")
ALBUMIN = vocabulary.ANALYTES.index("albumin")

# Columns of an interval: first and last day, level, number of days with a clinic reading, first such day. The columns
# of a span are the first three.
INTERVAL_FIRST, INTERVAL_LAST, LEVEL, CLINIC, FIRST_CLINIC = 0, 1, 2, 3, 4
NOT_READ = -1.0


@kernel
def level_by_albumin(level, albumin, rule):
    """Level of a day once albumin is considered; negative albumin means that it was not measured."""
    read = albumin >= 0.0
    if level == REMISSION and rule.remission_albumin > 0.0:
        if not read:
            return UNSEEN if rule.albumin_needed == 1 else REMISSION
        if albumin < rule.remission_albumin:
            level = PARTIAL if rule.partial_upcr > 0.0 else BETWEEN
    if level == PARTIAL and read and albumin < rule.partial_albumin:
        return BETWEEN
    return level


@kernel
def level_by_ratio(upcr, highest, rule):
    """Level of a ratio, given the highest one since the last at remission level."""
    if upcr <= rule.low_upcr:
        return REMISSION
    if upcr >= rule.high_upcr:
        return RELAPSE
    fell = rule.partial_left < 0.0 or upcr <= rule.partial_left * highest
    return PARTIAL if upcr < rule.partial_upcr and fell else BETWEEN


@kernel
def level_by_band(band, rule):
    """Level of a dipstick; a band cannot show by how much proteinuria fell."""
    if band <= rule.low_band:
        return REMISSION
    if band >= rule.high_band:
        return RELAPSE
    return PARTIAL if band < rule.partial_band and rule.partial_left < 0.0 else BETWEEN


@kernel
def responds(upcr, band, highest, rule):
    """Whether a day's urine is a lesser response; a negative ratio or band means that it was not measured."""
    if upcr < 0.0:
        return band <= rule.low_band or band < rule.lesser_band
    if upcr <= rule.low_upcr or upcr <= rule.lesser_upcr:
        return True
    return rule.lesser_left >= 0.0 and upcr <= rule.lesser_left * highest


@kernel
def write_clinic_day(day, upcr, band, albumin, highest, rule, lesser, out, count):
    """Write (day, level) of a day with urine, by the ratio rather than the dipstick. Returns the number of days.

    With `lesser`, a day that is a lesser response is at partial level, any other at relapse level.
    """
    if upcr < 0.0 and band < 0.0:
        return count
    if lesser:
        out[count, 0] = day
        out[count, 1] = PARTIAL if responds(upcr, band, highest, rule) else RELAPSE
        return count + 1
    level = level_by_ratio(upcr, highest, rule) if upcr >= 0.0 else level_by_band(band, rule)
    level = level_by_albumin(level, albumin, rule)
    if level == UNSEEN:
        return count
    out[count, 0] = day
    out[count, 1] = level
    return count + 1


@kernel
def clinic_days(first_row, stop_row, days, analytes, values, end, rule, lesser, out):
    """Write (day, level) of each day with a clinic reading of urine; of several of one kind the worst counts.

    Returns
    -------
    int
        Number of days written.
    """
    count = 0
    latest = NO_DAY
    upcr, band, albumin, highest = NOT_READ, NOT_READ, NOT_READ, 0.0
    for row in range(first_row, stop_row):
        analyte = analytes[row]
        value = values[row]
        day = days[row]
        if day > end:
            break
        if (analyte != UPCR and analyte != DIPSTICK and analyte != ALBUMIN) or math.isnan(value):
            continue
        if day != latest:
            count = write_clinic_day(latest, upcr, band, albumin, highest, rule, lesser, out, count)
            if 0.0 <= upcr <= rule.low_upcr:
                highest = 0.0
            latest = day
            upcr, band, albumin = NOT_READ, NOT_READ, NOT_READ
        if analyte == UPCR:
            upcr = max(upcr, value)
            highest = max(highest, value)
        elif analyte == DIPSTICK:
            band = max(band, value)
        else:
            albumin = value if albumin < 0.0 else min(albumin, value)
    return write_clinic_day(latest, upcr, band, albumin, highest, rule, lesser, out, count)


@kernel
def home_spans(first_row, stop_row, firsts, lasts, bands, end, rule, lesser, spans):
    """Write (first day, last day, level) of the runs of the home diary. Returns the number of runs written."""
    count = 0
    for row in range(first_row, stop_row):
        if lesser:
            level = PARTIAL if responds(NOT_READ, bands[row], 0.0, rule) else RELAPSE
        else:
            level = level_by_albumin(level_by_band(bands[row], rule), NOT_READ, rule)
        if level == UNSEEN or firsts[row] > end:
            continue
        spans[count, INTERVAL_FIRST] = firsts[row]
        spans[count, INTERVAL_LAST] = min(lasts[row], end)
        spans[count, LEVEL] = level
        count += 1
    return count


@kernel
def extend(intervals, count, first, last, level, clinic):
    """Add days at a level: to the latest interval if they follow it at the same level, else as a new one.

    `clinic` is 1 for a day with a clinic reading, 0 for days at home. Returns the number of intervals.
    """
    joins = False
    if count > 0:
        joins = intervals[count - 1, LEVEL] == level and first == intervals[count - 1, INTERVAL_LAST] + 1
    if not joins:
        intervals[count, INTERVAL_FIRST] = first
        intervals[count, LEVEL] = level
        intervals[count, CLINIC] = 0
        count += 1
    if clinic == 1 and intervals[count - 1, CLINIC] == 0:
        intervals[count - 1, FIRST_CLINIC] = first
    intervals[count - 1, CLINIC] += clinic
    intervals[count - 1, INTERVAL_LAST] = last
    return count


@kernel
def find_intervals(spans, span_count, clinic, clinic_count, diary_first, intervals):
    """Merge clinic days and spans into intervals of successive days; on a day with both, the clinic takes precedence.

    With `diary_first`, the diary does.

    Returns
    -------
    int
        Number of intervals, in order of time.
    """
    # All integers, so that `extend` is compiled once.
    count, home, seen, free = 0, 0, 1, NO_DAY
    c = 0
    for row in range(span_count):
        first = max(spans[row, INTERVAL_FIRST], free)
        last, level = spans[row, INTERVAL_LAST], spans[row, LEVEL]
        if first > last:
            continue
        while c < clinic_count and clinic[c, 0] <= last:
            day = clinic[c, 0]
            if diary_first == 1 and day >= first:
                c += 1
                continue
            if day > first:
                count = extend(intervals, count, first, day - 1, level, home)
            count = extend(intervals, count, day, day, clinic[c, 1], seen)
            first = max(first, day + 1)
            c += 1
        if first <= last:
            count = extend(intervals, count, first, last, level, home)
        free = last + 1
    while c < clinic_count:
        count = extend(intervals, count, clinic[c, 0], clinic[c, 0], clinic[c, 1], seen)
        c += 1
    return count


@kernel
def partial_as_remission(intervals, count, merged):
    """Write intervals anew, with partial remission read as remission. Returns the number of intervals."""
    merged_count = 0
    for j in range(count):
        level = REMISSION if intervals[j, LEVEL] == PARTIAL else intervals[j, LEVEL]
        first = intervals[j, INTERVAL_FIRST]
        last = merged_count - 1
        if last >= 0 and merged[last, LEVEL] == level and merged[last, INTERVAL_LAST] + 1 == first:
            if merged[last, CLINIC] == 0:
                merged[last, FIRST_CLINIC] = intervals[j, FIRST_CLINIC]
            merged[last, CLINIC] += intervals[j, CLINIC]
            merged[last, INTERVAL_LAST] = intervals[j, INTERVAL_LAST]
            continue
        for column in range(5):
            merged[merged_count, column] = intervals[j, column]
        merged[merged_count, LEVEL] = level
        merged_count += 1
    return merged_count
