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
def adequate_mg(weight, per_kg, per_m2, cap, tolerance):
    """Least daily dose (mg) that counts as adequate at a dosing weight (kg): the lowest of the set's amounts."""
    surface = (4.0 * weight + 7.0) / (weight + 90.0)
    return tolerance * min(min(per_kg * weight, per_m2 * surface), cap)


@kernel
def find_doses(first_row, stop_row, firsts, lasts, means, drugs, schedules, weights, end, counted, amounts, doses):
    """Write the runs of days on steroid; where rows overlap, the later one holds from its first day.

    `counted` is the mask of drugs; `amounts` are the adequate dose per kg, per m2, its cap and tolerance, and the
    maintenance dose per kg and in all.

    Returns
    -------
    int
        Number of runs, in order of time.
    """
    count = 0
    per_kg, per_m2, cap, tolerance, maintenance_per_kg, maintenance = amounts
    for row in range(first_row, stop_row):
        first, last = firsts[row], min(lasts[row], end)
        mean, weight = means[row], weights[row]
        if first > last or not mean > 0.0 or counted >> int(drugs[row]) & 1 == 0:
            continue
        while count > 0 and doses[count - 1, FIRST] >= first:
            count -= 1
        if count > 0:
            doses[count - 1, LAST] = min(doses[count - 1, LAST], first - 1)
        least = adequate_mg(weight, per_kg, per_m2, cap, tolerance) * (1.0 - SLACK)
        doses[count, FIRST] = first
        doses[count, LAST] = last
        doses[count, MEAN] = mean
        doses[count, ADEQUATE] = 1.0 if schedules[row] == DAILY and mean >= least else 0.0
        doses[count, MAINTENANCE] = min(maintenance_per_kg * weight, maintenance)
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
