"""Steroid: adequate runs, courses, treatments, the dose of a day (5)."""

from __future__ import annotations

from math import inf
from typing import NamedTuple


class Span(NamedTuple):
    """From the first to the last day, both in it."""

    first: int
    last: int


def steroid_runs(runs, rules):
    given = [run for run in runs if run.drug in rules.drugs and run.mean is not None]
    continued = []
    for run in given:
        if continued and run.first - continued[-1].last <= rules.longest_break:
            continued[-1] = continued[-1]._replace(last=run.first - 1)
        continued.append(run)
    return continued


def amount(weight, per_kg, per_m2, cap):
    """The lowest of the amounts that are not off and known without a weight; if none, endlessly much."""
    if weight is None:
        return inf if cap is None else cap
    surface = (4 * weight + 7) / (weight + 90)
    amounts = (
        inf if per_kg is None else per_kg * weight,
        inf if per_m2 is None else per_m2 * surface,
        inf if cap is None else cap,
    )
    return min(amounts)


def is_adequate(run, rules):
    if run.schedule == "daily":
        asked = amount(run.weight, rules.adequate_per_kg, rules.adequate_per_m2, rules.adequate_cap)
        return run.mean >= rules.adequate_tolerance * asked
    if run.schedule == "alternate_day":
        asked = amount(run.weight, rules.alternate_per_kg, rules.alternate_per_m2, rules.alternate_cap)
        return 2 * run.mean >= rules.adequate_tolerance * asked
    return False


def courses(steroid, rules):
    found = []
    for run in steroid:
        if not is_adequate(run, rules):
            continue
        follows = bool(found) and found[-1].last == run.first - 1
        weeks = rules.alternate_after if run.schedule == "alternate_day" else 0
        if weeks > 0 and not (follows and run.first - found[-1].first >= 7 * weeks):
            continue
        if follows:
            found[-1] = Span(found[-1].first, run.last)
        else:
            found.append(Span(run.first, run.last))
    return found


def treatments(runs, longest_step=1):
    """Runs at most `longest_step` days apart, from last day to first day, as one."""
    found = []
    for run in sorted(runs):
        if found and run.first - found[-1].last <= longest_step:
            found[-1] = Span(found[-1].first, max(found[-1].last, run.last))
        else:
            found.append(Span(run.first, run.last))
    return found


def maintenance(weight, rules):
    return amount(weight, rules.maintenance_per_kg, None, rules.maintenance)


def doses_by_day(steroid):
    """The run of each day on steroid."""
    return {day: run for run in steroid for day in range(run.first, run.last + 1)}
