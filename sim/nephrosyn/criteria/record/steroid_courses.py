"""Steroid as prescribed: runs of days on a dose, courses of adequate dose, the dose of a day."""

from __future__ import annotations

import math

from nephrosyn import vocabulary
from nephrosyn.kernels.compile import kernel

STEROID = vocabulary.DRUGS.index(vocabulary.STEROID)
DAILY = vocabulary.SCHEDULES.index("daily")
ALTERNATE = vocabulary.SCHEDULES.index("alternate_day")
INADEQUATE, BY_DAY, BY_ALTERNATE_DAY = 0.0, 1.0, 2.0
# Columns of a run of days on a dose: first and last day, mean mg/day, adequacy, maintenance dose (mg/day), schedule.
# The columns of a course are the first two.
DOSE_FIRST, DOSE_LAST, MEAN, ADEQUATE, MAINTENANCE, SCHEDULE = 0, 1, 2, 3, 4, 5
SLACK = 1e-9


@kernel
def lowest_mg(weight, per_kg, per_m2, cap):
    """Return the lowest of a set's amounts (mg) at a dosing weight (kg); those that are off are infinite.

    Where the weight is unknown only the cap counts, which is enough for anybody.
    """
    if math.isnan(weight):
        return cap
    # Written here and not taken from the model of care, so that classification does not depend on it.
    surface = (4.0 * weight + 7.0) / (weight + 90.0)
    return min(min(per_kg * weight, per_m2 * surface), cap)


@kernel
def adequacy(weight, mean, schedule, rule):
    """Whether a dose is adequate: given daily, on alternate days only, or not at all."""
    least = rule.tolerance * (1.0 - SLACK)
    if schedule == DAILY:
        enough = lowest_mg(weight, rule.adequate_per_kg, rule.adequate_per_m2, rule.adequate_cap)
        return BY_DAY if mean >= least * enough else INADEQUATE
    if schedule != ALTERNATE:
        return INADEQUATE
    enough = lowest_mg(weight, rule.alternate_per_kg, rule.alternate_per_m2, rule.alternate_cap)
    return BY_ALTERNATE_DAY if 2.0 * mean >= least * enough else INADEQUATE


@kernel
def find_doses(first_row, stop_row, prescribed, end, rule, doses):
    """Write the runs of days on steroid; where rows overlap, the later one applies from its first day.

    A run is continued up to the next one if that begins at most `longest_break` days after it.

    Returns
    -------
    int
        Number of runs, in order of time.
    """
    count = 0
    for row in range(first_row, stop_row):
        first, last = prescribed.first[row], min(prescribed.last[row], end)
        mean, weight = prescribed.mean[row], prescribed.weight[row]
        if first > last or not mean > 0.0 or rule.drugs >> int(prescribed.drug[row]) & 1 == 0:
            continue
        while count > 0 and doses[count - 1, DOSE_FIRST] >= first:
            count -= 1
        if count > 0:
            before = int(doses[count - 1, DOSE_LAST])
            doses[count - 1, DOSE_LAST] = first - 1 if first - before <= rule.longest_break else before
        doses[count, DOSE_FIRST] = first
        doses[count, DOSE_LAST] = last
        doses[count, MEAN] = mean
        doses[count, ADEQUATE] = adequacy(weight, mean, prescribed.schedule[row], rule)
        by_weight = math.inf if math.isnan(weight) else rule.maintenance_per_kg * weight
        doses[count, MAINTENANCE] = min(by_weight, rule.maintenance)
        doses[count, SCHEDULE] = prescribed.schedule[row]
        count += 1
    return count


@kernel
def find_courses(doses, count, alternate_after_days, courses):
    """Write first and last day of each course of adequate dose: adequate runs without a day between them.

    An adequate dose on alternate days continues a course that has lasted for `alternate_after_days`; with 0 it may
    begin one.

    Returns
    -------
    int
        Number of courses, in order of time.
    """
    course_count = 0
    for k in range(count):
        if doses[k, ADEQUATE] == INADEQUATE:
            continue
        first, last = int(doses[k, DOSE_FIRST]), int(doses[k, DOSE_LAST])
        follows = course_count > 0 and courses[course_count - 1, DOSE_LAST] == first - 1
        waits = doses[k, ADEQUATE] == BY_ALTERNATE_DAY and alternate_after_days > 0
        if waits and (not follows or first - courses[course_count - 1, DOSE_FIRST] < alternate_after_days):
            continue
        if follows:
            courses[course_count - 1, DOSE_LAST] = last
            continue
        courses[course_count, DOSE_FIRST] = first
        courses[course_count, DOSE_LAST] = last
        course_count += 1
    return course_count


@kernel
def last_day_of_treatment(doses, count, day):
    """Last day of the steroid that continues without a break from a day or the next; the day before if none."""
    last = day - 1
    for k in range(count):
        if doses[k, DOSE_FIRST] > max(last, day) + 1:
            break
        last = max(last, int(doses[k, DOSE_LAST]))
    return last


@kernel
def has_schedule(doses, k, schedules):
    """Whether a run has one of some schedules."""
    return schedules >> int(doses[k, SCHEDULE]) & 1 == 1


@kernel
def on_steroid(doses, count, day, schedules, days_before, off_days):
    """Whether there was steroid of a schedule that counts the day before, or none, but at most `off_days` days earlier.

    With `days_before`, it is not the day before that counts, but one so many days before.
    """
    eve = day - days_before
    latest = -1
    for k in range(count):
        if doses[k, DOSE_FIRST] > eve:
            break
        latest = k
    if latest < 0:
        return False
    if doses[latest, DOSE_LAST] >= eve:
        return has_schedule(doses, latest, schedules)
    return doses[latest, DOSE_LAST] >= day - off_days


@kernel
def run_on(doses, count, day):
    """Index of the run that holds a day, or -1 if there was no steroid."""
    for k in range(count):
        if doses[k, DOSE_FIRST] > day:
            break
        if day <= doses[k, DOSE_LAST]:
            return k
    return -1


@kernel
def above_maintenance(doses, k):
    """Whether a run is above the maintenance dose."""
    return doses[k, MEAN] > doses[k, MAINTENANCE] * (1.0 + SLACK)


@kernel
def is_step_down(doses, k):
    """Whether run `k` follows the previous one without a break, at a lower dose."""
    follows = k > 0 and doses[k, DOSE_FIRST] == doses[k - 1, DOSE_LAST] + 1
    return follows and doses[k, MEAN] < doses[k - 1, MEAN] * (1.0 - SLACK)
