"""Steroid as prescribed: runs of days on a dose, courses of adequate dose, the dose of a day."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn import terms
from nephrosyn.compiling import kernel

DAILY = terms.SCHEDULES.index("daily")
# Columns of a run of days: first and last day, mean mg/day, whether adequate, maintenance dose (mg/day).
FIRST, LAST, MEAN, ADEQUATE, MAINTENANCE = 0, 1, 2, 3, 4
SLACK = 1e-9


@kernel
def adequate_mg(weight, rules):
    """Least daily dose (mg) that counts as adequate at a dosing weight (kg): the lowest of the set's amounts."""
    surface = (4.0 * weight + 7.0) / (weight + 90.0)
    by_size = min(rules.adequate_mg_per_kg * weight, rules.adequate_mg_per_m2 * surface)
    return rules.adequate_tolerance * min(by_size, rules.adequate_cap_mg)


@kernel
def find_doses(record, patient, end, rules, doses):
    """Write the runs of days on steroid; where rows overlap, the later one holds from its first day.

    Returns
    -------
    int
        Number of runs, in order of time.
    """
    count = 0
    firsts, lasts, means = record.dose_first, record.dose_last, record.dose_mean
    drugs, schedules, weights = record.dose_drug, record.dose_schedule, record.dose_weight
    for row in range(record.dose_bounds[patient, 0], record.dose_bounds[patient, 1]):
        first = int(firsts[row])
        last = min(int(lasts[row]), end)
        mean = means[row]
        if first > last or not mean > 0.0 or rules.drugs >> int(drugs[row]) & 1 == 0:
            continue
        while count > 0 and doses[count - 1, FIRST] >= first:
            count -= 1
        if count > 0:
            doses[count - 1, LAST] = min(doses[count - 1, LAST], first - 1)
        weight = weights[row]
        enough = schedules[row] == DAILY and mean >= adequate_mg(weight, rules) * (1.0 - SLACK)
        doses[count, FIRST] = first
        doses[count, LAST] = last
        doses[count, MEAN] = mean
        doses[count, ADEQUATE] = 1.0 if enough else 0.0
        doses[count, MAINTENANCE] = min(rules.maintenance_mg_per_kg * weight, rules.maintenance_mg)
        count += 1
    return count


@kernel
def find_courses(doses, count, courses):
    """Write first and last day of each course of adequate dose: adequate runs that follow each other at once.

    Returns
    -------
    int
        Number of courses, in order of time.
    """
    found = 0
    for k in range(count):
        if doses[k, ADEQUATE] == 0.0:
            continue
        first, last = int(doses[k, FIRST]), int(doses[k, LAST])
        if found > 0 and courses[found - 1, LAST] == first - 1:
            courses[found - 1, LAST] = last
            continue
        courses[found, FIRST] = first
        courses[found, LAST] = last
        found += 1
    return found


@kernel
def run_on(doses, count, day):
    """Index of the run that holds a day, or -1 if there was no steroid."""
    for k in range(count):
        if doses[k, FIRST] > day:
            break
        if day <= doses[k, LAST]:
            return k
    return -1


@kernel
def above_maintenance(doses, k):
    """Whether a run is above the maintenance dose."""
    return doses[k, MEAN] > doses[k, MAINTENANCE] * (1.0 + SLACK)


@kernel
def is_step_down(doses, k):
    """Whether run `k` follows the one before at once, at a lower dose."""
    follows = k > 0 and doses[k, FIRST] == doses[k - 1, LAST] + 1
    return follows and doses[k, MEAN] < doses[k - 1, MEAN] * (1.0 - SLACK)
