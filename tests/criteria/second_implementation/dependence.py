"""Dependence on steroid (8)."""

from __future__ import annotations

from itertools import pairwise
from math import inf

from .answer import NOT_MET, OPEN, met
from .steroid import maintenance


def dependence(case, resistance):
    rules = case.rules.dependence
    rule = {"on_steroid": _on_steroid, "raise_clears": _raise_clears}[rules.rule]
    return rule(case, rules, resistance)


def unremitted(resistance):
    """What stands where remission was never seen."""
    return NOT_MET if resistance.status == "met" else OPEN


def _on_steroid(case, rules, resistance):
    longest, streak = 0, 0
    for relapse in case.relapses:
        if _came_on_steroid(case, relapse.start, rules):
            streak += 1
        elif rules.consecutive == "consecutive":
            streak = 0
        longest = max(longest, streak)
        if streak == rules.relapses:
            return met(relapse.start)
    if not case.seen:
        return OPEN
    hidden = sum(gap.hidden for gap in case.gaps if _steroid_in(case, gap, rules))
    if hidden and hidden + longest >= rules.relapses:
        return OPEN
    if not case.steroid:
        return OPEN
    if case.never_remitted:
        return unremitted(resistance)
    return OPEN if case.end <= case.treatments[0].last + rules.off_days else NOT_MET


def _came_on_steroid(case, day, rules):
    eve = day - rules.days_before
    if eve in case.doses:
        return case.doses[eve].schedule in rules.schedules
    before = [run.last for run in case.steroid if run.first < eve]
    return bool(before) and day - max(before) <= rules.off_days


def _steroid_in(case, gap, rules):
    for run in case.steroid:
        first = run.first if run.schedule in rules.schedules else run.last
        if first < gap.last and run.last + max(rules.off_days, 1) > gap.first:
            return True
    return False


def _raise_clears(case, rules, resistance):
    sure, maybe = [], 0
    flares = case.flares
    counted = case.counted(flares)
    for number, episode in enumerate(flares):
        if number == 0:
            continue
        found = []
        if any(episode is one for one in counted):
            found.append((_cleared_by_a_raise(case, rules, episode, flares[number - 1]), episode.remission))
        for before, same in pairwise(case.episodes):
            if same.start == episode.start and any(same is one for one in case.relapses):
                found.append((_cleared_by_a_raise(case, rules, same, before), same.remission))
        days = [day for status, day in found if status == "sure"]
        sure += days[:1]
        maybe += not days and any(status == "maybe" for status, _ in found)
    if len(sure) >= rules.relapses:
        return met(sorted(sure)[rules.relapses - 1])
    if len(sure) + maybe >= rules.relapses or not case.seen:
        return OPEN
    above = [day for day, run in case.doses.items() if run.mean > maintenance(run.weight, case.rules.steroid)]
    if not above or any(gap.first < day < gap.last for gap in case.gaps for day in above):
        return OPEN
    if flares[0].remission is None:
        return unremitted(resistance)
    high = set(above)
    low = any(day not in high for day in range(flares[0].remission, case.end + 1))
    return NOT_MET if low else OPEN


def _cleared_by_a_raise(case, rules, episode, before):
    """Whether a relapse counts: "sure", "maybe" or "no"."""
    day, doses = episode.start, case.doses
    if day not in doses or day - 1 not in doses:
        return "no"
    run = min(doses[day - 1], doses[day], key=lambda one: one.mean)
    lower = run.mean
    if not lower > maintenance(run.weight, case.rules.steroid):
        return "no"
    reduced = _latest_step_down(doses, day)
    if reduced is None or reduced <= (
        -inf if before.last_day_not_in_remission is None else before.last_day_not_in_remission
    ):
        return "no"
    raised = next((d for d in range(day, day + rules.raise_within + 1) if d in doses and doses[d].mean > lower), None)
    if raised is None:
        return "maybe" if case.end <= day + rules.raise_within and episode.remission is None else "no"
    limit = raised + rules.effective_within
    if episode.stop <= raised:
        return "no"
    if episode.stop > limit:
        return "maybe" if episode.last_day_not_in_remission < limit else "no"
    return "sure" if reduced >= before.remission else "maybe"


def _latest_step_down(doses, day):
    while day in doses and day - 1 in doses:
        if doses[day].mean < doses[day - 1].mean:
            return day
        day -= 1
    return None
