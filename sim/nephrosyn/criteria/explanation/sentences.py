"""An answer in words: the sentence of its reason, and what of the course the clause leaves aside, with why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.criteria.clauses.dependence_by_dose import judge_each_relapse
from nephrosyn.criteria.clauses.dependence_on_withdrawal import OFF, ON, UNCOUNTED, kinds_of
from nephrosyn.criteria.codes import (
    ANY_SIX_MONTHS,
    AT_MAINTENANCE,
    CLEARED_BEFORE,
    COUNTS,
    DEPENDENCE,
    IN_UNFINISHED_TAPER,
    MET,
    NOT_RAISED,
    NOT_REDUCED,
    OFF_STEROID,
    RAISED_IN_VAIN,
    REASON,
    SIX_MONTHS,
    TWELVE_MONTHS,
    status_of,
)
from nephrosyn.criteria.definition.compiled import FIRST
from nephrosyn.criteria.evaluation.workspace import DOSES, EPISODES
from nephrosyn.criteria.explanation.reason_texts import COUNT, ON_STEROID, REASONS, TAPER
from nephrosyn.criteria.record.episodes import START
from nephrosyn.criteria.record.steroid_courses import MAINTENANCE, MEAN

if TYPE_CHECKING:
    from nephrosyn.criteria.evaluation.workspace import Sheet

Marks = Mapping[str, int | None]

WINDOW_FIELD = {SIX_MONTHS: "six_window", TWELVE_MONTHS: "twelve_window", ANY_SIX_MONTHS: "any_six_window"}
LEFT_ASIDE = {
    IN_UNFINISHED_TAPER: "before the steroid given for the one before was finished",
    OFF_STEROID: "without steroid",
    AT_MAINTENANCE: "on {mean:g} mg/day, not above the maintenance dose of {maintenance:g} mg/day",
    NOT_REDUCED: "with no reduction of the dose before it",
    NOT_RAISED: "not answered by a higher dose within {raise_within} days",
    CLEARED_BEFORE: "cleared before the dose was raised",
    RAISED_IN_VAIN: "not cleared within {effective_within} days of the higher dose",
}


@dataclass(frozen=True)
class Case:
    """The work on one patient, and the thresholds it was judged by.

    Attributes
    ----------
    sheet : Sheet
        As `judge_all` leaves it.
    rules : void of RULES
        Those for children, or for adults.
    end : int, days
        Last day judged.
    """

    sheet: Sheet
    rules: Any
    end: int

    @property
    def relapses(self) -> list[int]:
        """First day of each relapse."""
        return [int(row[START]) for row in self.sheet.episodes[1 : int(self.sheet.counts[EPISODES])]]


def sentence(case: Case, code: int, marks: Marks, day: int | None) -> str:
    """Return the answer of a clause in words.

    Parameters
    ----------
    case : Case
        Whose answer.
    code : int
        The clause.
    marks : mapping of str to int or None
        What the reason speaks of.
    day : int or None, days
        Day on which the clause was met.

    Returns
    -------
    str
        A sentence or two.
    """
    answer = int(case.sheet.answers[code, REASON])
    reason = REASONS[answer]
    words = {name: "(none)" if mark is None else str(mark) for name, mark in (*marks.items(), ("day", day))}
    more = ""
    if reason.marks == COUNT:
        words["relapses"] = plural(marks["seen"] or 0)
        words["window"] = window_text(case, code, marks)
        more = outside_text(case, marks)
    if reason.marks == ON_STEROID:
        words["relapses"] = plural(marks["seen"] or 0)
        words["off_days"] = str(case.rules["off_days"])
        words["in_row"] = " in a row" if case.rules["consecutive"] and (marks["needed"] or 0) > 1 else ""
        more = withdrawal_text(case)
    if code == DEPENDENCE and reason.marks == TAPER and marks["reduced"] is None and status_of(answer) != MET:
        more = aside_text(case)
    return " ".join(filter(None, (reason.sentence.format(**words), more)))


def plural(count: int) -> str:
    """Return a number of relapses.

    Examples
    --------
    >>> plural(0), plural(1), plural(2)
    ('No relapse', '1 relapse', '2 relapses')
    """
    return "No relapse" if not count else f"{count} relapse{'s' if count > 1 else ''}"


def window_text(case: Case, code: int, marks: Marks) -> str:
    """Return the window that was counted, with its first and last day."""
    if marks["window_start"] is None:
        return "any window"
    kind = case.rules[WINDOW_FIELD[code]]
    days = f"from day {marks['window_start']} to day {marks['window_end']}"
    return f"the window {days}" if kind == FIRST else f"the fullest window, {days}"


def inside(marks: Marks, day: int) -> bool:
    """Whether a day lies in the window that was counted."""
    first, last = marks["window_start"], marks["window_end"]
    return first is not None and last is not None and first <= day <= last


def outside_text(case: Case, marks: Marks) -> str:
    """Return the relapses next to the window on either side, which do not count."""
    first, last = marks["window_start"], marks["window_end"]
    if first is None or last is None:
        return ""
    before = [f"day {day} before it" for day in case.relapses if day < first][-1:]
    after = [f"day {day} after it" for day in case.relapses if day > last][:1]
    return f"Nearest relapse outside, not counted: {', '.join(before + after)}." if before or after else ""


def aside_text(case: Case) -> str:
    """Return why each relapse does not show dependence; nothing without relapses."""
    sheet, rules = case.sheet, case.rules
    found = np.empty((len(case.relapses), 2), np.int64)
    judge_each_relapse(
        sheet.episodes, int(sheet.counts[EPISODES]), sheet.doses, int(sheet.counts[DOSES]), case.end,
        rules["raise_within_days"], rules["effective_within_days"], sheet.scratch[0], found,
    )  # fmt: skip
    counted = [f"day {day}" for day, (why, _) in zip(case.relapses, found, strict=True) if why == COUNTS]
    aside: dict[str, list[str]] = {}
    for day, (why, run) in zip(case.relapses, found, strict=True):
        if why != COUNTS:
            dose = {"mean": sheet.doses[run, MEAN], "maintenance": sheet.doses[run, MAINTENANCE]} if run >= 0 else {}
            limits = {
                "raise_within": rules["raise_within_days"],
                "effective_within": rules["effective_within_days"],
            }
            aside.setdefault(LEFT_ASIDE[int(why)].format(**dose, **limits), []).append(f"day {day}")
    told = [f"Relapse counted: {', '.join(counted)}; {rules['dependent_relapses']} are needed."] if counted else []
    if aside:
        each = "; ".join(f"{', '.join(days)} ({why})" for why, days in aside.items())
        told.append(f"Relapses that do not count: {each}.")
    return " ".join(told)


def kinds(case: Case) -> dict[int, list[int]]:
    """Return the days of the relapses on steroid, of those off it, and of those that do not count."""
    sheet, found = case.sheet, np.empty(len(case.relapses), np.int64)
    kinds_of(
        sheet.episodes,
        int(sheet.counts[EPISODES]),
        sheet.doses,
        int(sheet.counts[DOSES]),
        case.rules["off_days"],
        found,
    )
    sorted_out: dict[int, list[int]] = {ON: [], OFF: [], UNCOUNTED: []}
    for day, kind in zip(case.relapses, found, strict=True):
        sorted_out[int(kind)].append(day)
    return sorted_out


def withdrawal_text(case: Case) -> str:
    """Return which relapses came on steroid and which did not; nothing without relapses."""
    names = {ON: "on steroid or soon after it", OFF: "off steroid", UNCOUNTED: "in an unfinished taper, not counted"}
    told = [f"{names[kind]}: {', '.join(f'day {day}' for day in days)}" for kind, days in kinds(case).items() if days]
    return f"Relapses {'; '.join(told)}." if told else ""
