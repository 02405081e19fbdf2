"""What a clause says, and how several answers make one."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """Status of a clause, the day on which it was met, and for what reason it is open, where that matters."""

    status: str
    day: int | None = None
    why: str = ""


NOT_MET = Answer("not met")
OPEN = Answer("cannot be judged")
TOO_SHORT = Answer("cannot be judged", None, "the course was too short")
UNTREATED = Answer("cannot be judged", None, "remitted without steroid")
UNDEFINED = Answer("not defined")


def met(day):
    return Answer("met", day)


def is_open(answer):
    return answer.status == "cannot be judged"


def earliest_met(answers):
    days = [answer.day for answer in answers if answer.status == "met"]
    return met(min(days)) if days else None


def of_courses(answers):
    """Several courses of one episode (6)."""
    if (found := earliest_met(answers)) is not None:
        return found
    if any(is_open(answer) and answer != TOO_SHORT for answer in answers):
        return OPEN
    return NOT_MET if NOT_MET in answers else OPEN


def of_episodes(answers):
    """Several episodes (6)."""
    if (found := earliest_met(answers)) is not None:
        return found
    if any(is_open(answer) and answer != UNTREATED for answer in answers):
        return OPEN
    return NOT_MET if NOT_MET in answers else OPEN


def any_of(answers):
    """Met if one is, else open if one is, else not met."""
    if (found := earliest_met(answers)) is not None:
        return found
    return OPEN if any(map(is_open, answers)) else NOT_MET
