"""Resistance to steroid, first and secondary (6)."""

from __future__ import annotations

from math import inf

from .answer import NOT_MET, OPEN, TOO_SHORT, UNTREATED, met, of_courses, of_episodes
from .urine import PARTIAL, REMISSION


def courses_of(case, episode):
    """The courses that count for an episode: (first day that counts, day after the last day)."""
    found = []
    for course in case.courses:
        first = max(course.first, episode.start)
        if first <= course.last and first < episode.stop:
            found.append((first, course.last + 1))
    return found


def weeks_of(case, is_relapse):
    """Weeks of the course; None where relapses do not count."""
    rules = case.rules.resistance
    weeks = rules.relapse_course if is_relapse else rules.course
    return rules.slow_course if weeks is not None and case.lesion in rules.slow_lesions else weeks


def resistance(case):
    rules = case.rules.resistance
    if not case.seen:
        return OPEN
    answers = []
    for number, episode in enumerate(case.episodes):
        weeks = weeks_of(case, number > 0)
        if weeks is not None:
            confirmation = rules.confirmation if number == 0 else None
            answers.append(_of_episode(case, episode, weeks, rules.umbrella, confirmation))
    answer = of_episodes(answers)
    if answer != NOT_MET or rules.relapse_course is None:
        return answer
    return OPEN if _hidden_in_a_gap(case, rules.umbrella or weeks_of(case, True)) else NOT_MET


def secondary_resistance(case):
    weeks = case.rules.course_flags.secondary_course
    if not case.seen:
        return OPEN
    answers = [_of_episode(case, episode, weeks, None, None) for episode in case.episodes[1:]]
    answer = of_episodes(answers) if answers else NOT_MET
    return OPEN if answer == NOT_MET and _hidden_in_a_gap(case, weeks) else answer


def _of_episode(case, episode, weeks, umbrella, confirmation):
    found = courses_of(case, episode)
    if not found:
        return without_course(case, episode, weeks)
    return of_courses([_of_course(case, episode, *course, weeks, umbrella, confirmation) for course in found])


def _of_course(case, episode, first, reduced, weeks, umbrella, confirmation):
    rules = case.rules.resistance
    due = first + 7 * weeks
    decision_day, by_then = due, NOT_MET
    if confirmation is not None:
        was = PARTIAL if rules.confirmation_for == "any" else level_when_due(case, first, due)
        decision_day = first + 7 * confirmation if was in (PARTIAL, None) else due
        by_then = OPEN if was is None else NOT_MET
    response, last_day_not_in_remission = case.response(rules.response, episode, first)
    if response is not None and response <= decision_day:
        if rules.after_other_agent == "not_counted" and _added(case, first, reduced) < response:
            return OPEN
        return NOT_MET if response <= due else by_then
    if reduced < due:
        if reduced > case.end:
            return OPEN
        if umbrella is None or reduced - first < 7 * umbrella:
            return TOO_SHORT
        decision_day = reduced
    return (
        met(decision_day)
        if last_day_not_in_remission is not None and last_day_not_in_remission >= decision_day
        else OPEN
    )


def _added(case, first, stop):
    """First day of a course on which another drug was added."""
    days = [inf]
    for run in case.other_runs:
        given_before = any(
            one.drug == run.drug and one.first < run.first and one.last >= run.first - 1 for one in case.other_runs
        )
        if first <= run.first < stop and not given_before:
            days.append(run.first)
    return min(days)


def level_when_due(case, first, due):
    """The level of the last day seen by the due day; None if nobody knows it."""
    return None if case.in_a_gap(due) else case.last_level(first, due)


def without_course(case, episode, weeks):
    days = [max(run.first, episode.start) for run in case.steroid if run.last >= episode.start]
    first = min((day for day in days if day < episode.stop), default=None)
    if first is None:
        return OPEN if episode.remission is None else UNTREATED
    return NOT_MET if episode.stop <= first + 7 * weeks else OPEN


def _hidden_in_a_gap(case, weeks):
    for gap in case.gaps:
        well = [one.day for one in case.seen[case.seen_from(gap.last) :] if one.level == REMISSION]
        last = well[0] - 1 if well else case.end
        for course in case.courses:
            days = min(course.last, last) - max(course.first, gap.first + 1) + 1
            if days >= 7 * weeks:
                return True
    return False
