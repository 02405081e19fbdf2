"""Intolerance, persistence and other drugs (10)."""

from __future__ import annotations

from math import inf

from .answer import NOT_MET, OPEN, any_of, met, of_episodes
from .steroid import Span, treatments

CLASSES = {
    "cyclophosphamide": "alkylating",
    "azathioprine": "antimetabolite",
    "mycophenolate": "antimetabolite",
    "ciclosporin": "calcineurin inhibitor",
    "tacrolimus": "calcineurin inhibitor",
    "vincristine": "vinca alkaloid",
    "rituximab": "anti-CD20",
    "obinutuzumab": "anti-CD20",
    "levamisole": "immunomodulator",
}


def harmed(case, kind, listed, actions):
    """Contraindication and toxicity."""
    days = [
        d for d, what, of_kind, action in case.chart.notes if of_kind == kind and what in listed and action in actions
    ]
    return met(min(days)) if days else NOT_MET


def _first_day(runs, episode):
    """First day in an episode of any of the runs."""
    days = [max(run.first, episode.start) for run in runs if run.last >= episode.start]
    return min((day for day in days if day < episode.stop), default=None)


def persistence(case):
    rules = case.rules.persistence
    if not case.seen:
        return OPEN
    counted = case.episodes if rules.episodes == "any" else case.episodes[:1]
    return of_episodes([_persists(case, rules, episode) for episode in counted])


def _persists(case, rules, episode):
    first = _first_day(case.chart.runs, episode)
    if first is None:
        return OPEN
    due = first + rules.length
    response, last_day_not_in_remission = case.response(rules.response, episode, first)
    if response is not None and response <= due:
        return NOT_MET
    if last_day_not_in_remission is None or last_day_not_in_remission < due:
        return OPEN
    short, complete = _treatment(case, rules, episode)
    if short:
        goes_on = episode.remission is None and all(case.end in days for days in short)
        return OPEN if goes_on else NOT_MET
    decision_day = max(due, complete)
    if response is not None and response <= decision_day:
        return NOT_MET
    return met(decision_day) if last_day_not_in_remission >= decision_day else OPEN


def _treatment(case, rules, episode):
    """The days of each part of the treatment that falls short, and the day by which all are complete."""
    other = case.rules.persistence.other_agent == "required"
    asked = [
        (rules.other_agent_days if other else 0, [_given(case, run) for run in case.other_runs]),
        (rules.adequate_days, case.courses),
    ]
    short, complete = [], -inf
    for needed, spans in asked:
        until = min(episode.stop, case.end)
        days = sorted({
            day for span in spans for day in range(int(max(span.first, episode.start)), int(min(span.last, until)) + 1)
        })  # fmt: skip
        if len(days) < needed:
            short.append(days)
        elif needed > 0:
            complete = max(complete, days[needed - 1])
    return short, complete


def _given(case, run):
    """The days on which a run of another drug lasts."""
    single = run.schedule == "single"
    return Span(run.first, run.first + case.rules.other_agents.single_dose_lasts - 1 if single else run.last)


def calcineurin_resistance(case):
    rules = case.rules.other_agents
    runs = [_given(case, run) for run in case.other_runs if run.drug in rules.calcineurin_inhibitors]
    answers = []
    for treatment in treatments(runs, rules.longest_break):
        answers.append(_resists(case, rules, treatment))
        if rules.calcineurin_relapses == "counts":
            days = [one.start for one in case.episodes[1:] if treatment.first < one.start <= treatment.last]
            answers += [_resists(case, rules, treatment._replace(first=day)) for day in days]
    return any_of(answers)


def _resists(case, rules, treatment):
    episode = next((one for one in case.episodes if one.start <= treatment.first < one.stop), None)
    if episode is None:
        return NOT_MET
    due = treatment.first + rules.calcineurin_course
    response, last_day_not_in_remission = case.response(rules.calcineurin_response, episode, treatment.first)
    if response is not None and response <= due:
        return NOT_MET
    if treatment.last < due - 1:
        return OPEN
    return met(due) if last_day_not_in_remission is not None and last_day_not_in_remission >= due else OPEN


def multidrug_resistance(case):
    rules = case.rules.other_agents
    return any_of([_resists_several(case, rules, episode) for episode in case.episodes])


def _resists_several(case, rules, episode):
    spans = [(_given(case, run), CLASSES[run.drug]) for run in case.other_runs]
    days: dict[int, set[str]] = {}
    for span, of_class in spans:
        for day in range(
            max(span.first, int(max(episode.start, span.first))), int(min(span.last, episode.stop, case.end)) + 1
        ):
            days.setdefault(day, set()).add(of_class)
    reached = _day_reached(days, rules)
    if reached is None:
        goes_on = episode.remission is None and case.end in days
        return OPEN if goes_on else NOT_MET
    response, last_day_not_in_remission = case.response(rules.multidrug_response, episode, min(days))
    if response is not None and response <= reached:
        return NOT_MET
    return met(reached) if last_day_not_in_remission is not None and last_day_not_in_remission >= reached else OPEN


def _day_reached(days, rules):
    per_class: dict[str, int] = {}
    for number, day in enumerate(sorted(days), start=1):
        for of_class in days[day]:
            per_class[of_class] = per_class.get(of_class, 0) + 1
        enough = [of_class for of_class, given in per_class.items() if given >= rules.multidrug_each]
        if number >= rules.multidrug_course and len(enough) >= rules.multidrug_classes:
            return day
    return None
