"""The level of a day (3), and how days confirm one another (4)."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from .record import BANDS

REMISSION, PARTIAL, BETWEEN, RELAPSE = "remission", "partial", "between", "relapse"


class Seen(NamedTuple):
    """A day with urine."""

    day: int
    level: str
    clinic: bool


def days_seen(chart, rules):
    """Return the days seen, in order, each with its level."""
    asks = rules.urine.remission_albumin is not None or rules.partial.albumin is not None
    of_band = [_after_albumin(_band_level(band, rules), None, rules) for band in range(len(BANDS))]
    return _together(chart, rules, _clinic_levels(chart.clinic(asks), rules), of_band)


def _together(chart, rules, levels, of_band):
    """The days of clinic and diary, in order; what comes second counts where the first has nothing."""
    clinic = set(levels)
    for day, band in chart.home.items():
        if of_band[band] is None or (day in clinic and rules.urine.same_day == "clinic"):
            continue
        levels[day] = of_band[band]
        clinic.discard(day)
    return [Seen(day, levels[day], chart.at_clinic and day in clinic) for day in sorted(levels)]


def days_responding(chart, rules):
    """Return the days seen, in order: with a lesser response at partial level, all others at relapse level (3)."""
    levels, highest = {}, 0.0
    for day, here in sorted(chart.clinic(False).items()):
        if "upcr" in here:
            highest = max(highest, here["upcr"])
            level = _ratio_level(here["upcr"], highest, rules)
            responds = level == REMISSION or _falls_enough(here["upcr"], highest, rules.lesser_response)
            highest = 0.0 if level == REMISSION else highest
        elif "dipstick" in here:
            responds = _band_responds(here["dipstick"], rules)
        else:
            continue
        levels[day] = PARTIAL if responds else RELAPSE
    of_band = [PARTIAL if _band_responds(band, rules) else RELAPSE for band in range(len(BANDS))]
    return _together(chart, rules, levels, of_band)


def _falls_enough(ratio, highest, lesser):
    if lesser.upcr is not None and (ratio < lesser.upcr or (ratio == lesser.upcr and lesser.limit == "at_most")):
        return True
    return lesser.fall is not None and ratio <= (1 - lesser.fall) * highest


def _band_responds(band, rules):
    below = rules.lesser_response.band_below
    return _band_level(band, rules) == REMISSION or (below is not None and band < BANDS.index(below))


def _clinic_levels(readings, rules):
    levels, highest = {}, 0.0
    for day in sorted(readings):
        here = readings[day]
        if "upcr" in here:
            highest = max(highest, here["upcr"])
            level = _ratio_level(here["upcr"], highest, rules)
            if level == REMISSION:
                highest = 0.0
        elif "dipstick" in here:
            level = _band_level(here["dipstick"], rules)
        else:
            continue
        level = _after_albumin(level, here.get("albumin"), rules)
        if level is not None:
            levels[day] = level
    return levels


def _ratio_level(ratio, highest, rules):
    urine, partial = rules.urine, rules.partial
    low, high = urine.remission_upcr, urine.relapse_upcr
    if ratio < low or (ratio == low and urine.remission_limit == "at_most"):
        return REMISSION
    if ratio > high or (ratio == high and urine.relapse_limit == "at_least"):
        return RELAPSE
    if partial.upcr_below is None or ratio >= partial.upcr_below:
        return BETWEEN
    if partial.fall is not None and ratio > (1 - partial.fall) * highest:
        return BETWEEN
    return PARTIAL


def _band_level(band, rules):
    if band <= BANDS.index(rules.urine.remission_band):
        return REMISSION
    if band >= BANDS.index(rules.urine.relapse_band):
        return RELAPSE
    below = rules.partial.band_below
    if below is not None and rules.partial.fall is None and band < BANDS.index(below):
        return PARTIAL
    return BETWEEN


def _after_albumin(level, albumin, rules):
    """The level once albumin (g/dL) is looked at; None for a day that is left out."""
    asked = rules.urine.remission_albumin
    if level == REMISSION and asked is not None:
        if albumin is None:
            return REMISSION if rules.urine.missing_albumin == "passes" else None
        if albumin < asked:
            level = BETWEEN if rules.partial.upcr_below is None else PARTIAL
    least = rules.partial.albumin
    if level == PARTIAL and least is not None and albumin is not None and albumin < least:
        return BETWEEN
    return level


def confirmed(seen, number, sought, urine, first=-inf):
    """Find the first confirmed change to the levels sought, from a number of the days seen on (4).

    Days before `first` do not count (6). Return the day of the change and the number of the first day seen after the
    interval that confirmed it; None if there is none.
    """
    clinic_days, in_a_row, of_window = [], range(0), []
    window = urine.relapse_window if sought == {RELAPSE} else None
    while number < len(seen):
        interval, number = interval_at(seen, number)
        if interval[0].level not in sought:
            clinic_days, in_a_row = [], range(0)
            continue
        readings = [one.day for one in interval if one.clinic]
        if readings and readings[0] >= first:
            clinic_days += readings
        goes_on = in_a_row and interval[0].day == in_a_row[-1] + 1
        in_a_row = range(in_a_row[0] if goes_on else max(interval[0].day, first), interval[-1].day + 1)
        fulfilled = [in_a_row[0]] if len(in_a_row) >= urine.home_days and window is None else []
        if window is not None:
            fulfilled = _in_window(of_window, interval, urine.home_days, window)
        if len(clinic_days) >= urine.clinic_readings:
            fulfilled.append(clinic_days[0])
        if fulfilled:
            return min(fulfilled), number
    return None


def _in_window(of_window, interval, needed, window):
    """First of enough days at the level among `window` days in a row, as soon as there are enough; in a list."""
    for one in interval:
        of_window.append(one.day)
        within = [day for day in of_window if day > one.day - window]
        if len(within) >= needed:
            return [within[0]]
    return []


def interval_begins(seen, number):
    """Number of the first day of the interval in which a day seen lies."""
    while 0 < number < len(seen) and _goes_on(seen[number - 1], seen[number]):
        number -= 1
    return number


def interval_at(seen, number):
    """The days in a row at one level, from a number on, and the number after them."""
    stop = number + 1
    while stop < len(seen) and _goes_on(seen[stop - 1], seen[stop]):
        stop += 1
    return seen[number:stop], stop


def _goes_on(one, other):
    return one.level == other.level and one.day + 1 == other.day
