"""Late response and partial remission (7)."""

from __future__ import annotations

from .answer import NOT_MET, OPEN, met, of_episodes
from .resistance import courses_of, level_when_due, weeks_of, without_course
from .urine import PARTIAL


def late_response(case):
    if not case.seen:
        return OPEN
    rules, episode, weeks = case.rules.resistance, case.episodes[0], weeks_of(case, False)
    found = courses_of(case, episode)
    if not found:
        return without_course(case, episode, weeks)
    first, reduced = found[0]
    due, confirmation = first + 7 * weeks, first + 7 * rules.confirmation
    ill = -1 if episode.last_day_not_in_remission is None else episode.last_day_not_in_remission
    if episode.stop <= due or ill >= confirmation:
        return NOT_MET
    if reduced < due or ill < due or episode.stop > confirmation:
        return OPEN
    was = PARTIAL if rules.confirmation_for == "any" else level_when_due(case, first, due)
    if was is None:
        return OPEN
    return met(episode.remission) if was == PARTIAL else NOT_MET


def partial_remission(case):
    if not case.seen:
        return OPEN
    answers = []
    for number, episode in enumerate(case.episodes):
        weeks = weeks_of(case, number > 0)
        if weeks is not None:
            answers.append(_partial_in(case, episode, weeks))
    return of_episodes(answers)


def _partial_in(case, episode, weeks):
    found = courses_of(case, episode)
    if not found:
        return without_course(case, episode, weeks)
    first, reduced = found[0]
    due = first + 7 * weeks
    if episode.stop <= due:
        return NOT_MET
    if reduced < due or episode.last_day_not_in_remission is None or episode.last_day_not_in_remission < due:
        return OPEN
    was = level_when_due(case, first, due)
    if was is None:
        return OPEN
    if was != PARTIAL:
        return NOT_MET
    response, last_day_not_in_remission = case.response("partial", episode, first)
    if response is not None and response <= due:
        return met(due)
    return NOT_MET if last_day_not_in_remission is not None and last_day_not_in_remission >= due else OPEN
