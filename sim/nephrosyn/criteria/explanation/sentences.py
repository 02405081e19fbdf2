"""Answers in words: the sentence of the reason, and the relapses that do not count, with why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.criteria.clauses.dependence_by_dose import evaluate_each_relapse
from nephrosyn.criteria.clauses.dependence_on_withdrawal import OFF, ON, UNCOUNTED, kinds_of
from nephrosyn.criteria.codes import (
    AT_MAINTENANCE,
    CLEARED_BEFORE,
    COUNTS,
    DEPENDENCE_CLAUSE,
    DOSES,
    EPISODES,
    FREQUENT_ANY6_CLAUSE,
    FREQUENT_N6_CLAUSE,
    FREQUENT_N12_CLAUSE,
    IN_UNFINISHED_TAPER,
    MET,
    NOT_CLEARED_IN_TIME,
    NOT_RAISED,
    NOT_REDUCED,
    OFF_STEROID,
    REASON,
    REASONS,
    TAPER_ARGUMENTS,
    WINDOW_ARGUMENTS,
    WITHDRAWAL_ARGUMENTS,
    status_of,
)
from nephrosyn.criteria.definition.compiled import FIRST_WINDOW
from nephrosyn.criteria.record.episodes import START
from nephrosyn.criteria.record.steroid_courses import MAINTENANCE, MEAN

if TYPE_CHECKING:
    from nephrosyn.criteria.evaluation.workspace import Workspace

Arguments = Mapping[str, int | None]

WINDOW_FIELD = {
    FREQUENT_N6_CLAUSE: "six_window",
    FREQUENT_N12_CLAUSE: "twelve_window",
    FREQUENT_ANY6_CLAUSE: "any_six_window",
}
WHY_NOT_COUNTED = {
    IN_UNFINISHED_TAPER: "while the steroid given for the previous relapse continued",
    OFF_STEROID: "without steroid",
    AT_MAINTENANCE: "on {mean:g} mg/day, not above the maintenance dose of {maintenance:g} mg/day",
    NOT_REDUCED: "without a reduction of the dose before it",
    NOT_RAISED: "not followed by a higher dose within {raise_within} days",
    CLEARED_BEFORE: "cleared before the dose was raised",
    NOT_CLEARED_IN_TIME: "not cleared within {effective_within} days of the higher dose",
}


@dataclass(frozen=True)
class EvaluatedPatient:
    """What was derived for one patient, and the thresholds.

    Attributes
    ----------
    workspace : Workspace
        As left by `evaluate_all`.
    rules : void of RULES
        Thresholds for the patient's age.
    end : int, days
        Last day of the record used.
    """

    workspace: Workspace
    rules: Any
    end: int

    @property
    def relapses(self) -> list[int]:
        """First day of each relapse."""
        return [int(row[START]) for row in self.workspace.episodes[1 : int(self.workspace.counts[EPISODES])]]


def sentence(evaluated: EvaluatedPatient, code: int, arguments: Arguments, day: int | None) -> str:
    """Return the answer of a clause in words.

    Parameters
    ----------
    evaluated : EvaluatedPatient
        The patient.
    code : int
        The clause.
    arguments : mapping of str to int or None
        Days and counts that the reason mentions.
    day : int or None, days
        Day on which the clause was met.

    Returns
    -------
    str
        A sentence or two.
    """
    answer = int(evaluated.workspace.answers[code, REASON])
    reason = REASONS[answer]
    words = {
        name: "(none)" if argument is None else str(argument) for name, argument in (*arguments.items(), ("day", day))
    }
    more = ""
    if reason.arguments == WINDOW_ARGUMENTS:
        words["relapses"] = plural(arguments["seen"] or 0)
        words["window"] = window_text(evaluated, code, arguments)
        more = nearest_outside_text(evaluated, arguments)
    if reason.arguments == WITHDRAWAL_ARGUMENTS:
        words["relapses"] = plural(arguments["seen"] or 0)
        words["off_days"] = str(evaluated.rules["off_days"])
        words["in_row"] = " in a row" if evaluated.rules["consecutive"] and (arguments["needed"] or 0) > 1 else ""
        more = withdrawal_text(evaluated)
    if (
        code == DEPENDENCE_CLAUSE
        and reason.arguments == TAPER_ARGUMENTS
        and arguments["reduced"] is None
        and status_of(answer) != MET
    ):
        more = taper_text(evaluated)
    return " ".join(filter(None, (reason.sentence.format(**words), more)))


def plural(count: int) -> str:
    """Return a number of relapses in words.

    Examples
    --------
    >>> plural(0), plural(1), plural(2)
    ('No relapse', '1 relapse', '2 relapses')
    """
    return "No relapse" if not count else f"{count} relapse{'s' if count > 1 else ''}"


def window_text(evaluated: EvaluatedPatient, code: int, arguments: Arguments) -> str:
    """Describe the window in which relapses were counted, with its first and last day."""
    if arguments["window_start"] is None:
        return "any window"
    kind = evaluated.rules[WINDOW_FIELD[code]]
    days = f"from day {arguments['window_start']} to day {arguments['window_end']}"
    return f"the window {days}" if kind == FIRST_WINDOW else f"the fullest window, {days}"


def in_window(arguments: Arguments, day: int) -> bool:
    """Whether a day lies in the window in which relapses were counted."""
    first, last = arguments["window_start"], arguments["window_end"]
    return first is not None and last is not None and first <= day <= last


def nearest_outside_text(evaluated: EvaluatedPatient, arguments: Arguments) -> str:
    """Describe the nearest relapses before and after the window, which do not count."""
    first, last = arguments["window_start"], arguments["window_end"]
    if first is None or last is None:
        return ""
    before = [f"day {day} before it" for day in evaluated.relapses if day < first][-1:]
    after = [f"day {day} after it" for day in evaluated.relapses if day > last][:1]
    return f"Nearest relapse outside, not counted: {', '.join(before + after)}." if before or after else ""


def taper_text(evaluated: EvaluatedPatient) -> str:
    """Describe the relapses that count for dependence by dose, and why the others do not; empty without relapses."""
    workspace, rules = evaluated.workspace, evaluated.rules
    why_and_run = np.empty((len(evaluated.relapses), 2), np.int64)
    evaluate_each_relapse(
        workspace.episodes, int(workspace.counts[EPISODES]), workspace.doses, int(workspace.counts[DOSES]),
        evaluated.end, rules["raise_within_days"], rules["effective_within_days"], workspace.scratch[0], why_and_run,
    )  # fmt: skip
    counted = [f"day {day}" for day, (why, _) in zip(evaluated.relapses, why_and_run, strict=True) if why == COUNTS]
    not_counted: dict[str, list[str]] = {}
    for day, (why, run) in zip(evaluated.relapses, why_and_run, strict=True):
        if why != COUNTS:
            dose = (
                {"mean": workspace.doses[run, MEAN], "maintenance": workspace.doses[run, MAINTENANCE]}
                if run >= 0
                else {}
            )
            limits = {
                "raise_within": rules["raise_within_days"],
                "effective_within": rules["effective_within_days"],
            }
            not_counted.setdefault(WHY_NOT_COUNTED[int(why)].format(**dose, **limits), []).append(f"day {day}")
    texts = [f"Relapse counted: {', '.join(counted)}; {rules['dependent_relapses']} are needed."] if counted else []
    if not_counted:
        reasons = "; ".join(f"{', '.join(days)} ({why})" for why, days in not_counted.items())
        texts.append(f"Relapses that do not count: {reasons}.")
    return " ".join(texts)


def relapses_by_kind(evaluated: EvaluatedPatient) -> dict[int, list[int]]:
    """Return the days of relapses on steroid, off steroid, and not counted."""
    workspace, kind_codes = evaluated.workspace, np.empty(len(evaluated.relapses), np.int64)
    kinds_of(
        workspace.episodes,
        int(workspace.counts[EPISODES]),
        workspace.doses,
        int(workspace.counts[DOSES]),
        evaluated.rules["off_days"],
        kind_codes,
    )
    sorted_out: dict[int, list[int]] = {ON: [], OFF: [], UNCOUNTED: []}
    for day, kind in zip(evaluated.relapses, kind_codes, strict=True):
        sorted_out[int(kind)].append(day)
    return sorted_out


def withdrawal_text(evaluated: EvaluatedPatient) -> str:
    """Describe which relapses came on steroid and which did not; empty without relapses."""
    names = {ON: "on steroid or soon after it", OFF: "off steroid", UNCOUNTED: "in an unfinished taper, not counted"}
    texts = [
        f"{names[kind]}: {', '.join(f'day {day}' for day in days)}"
        for kind, days in relapses_by_kind(evaluated).items()
        if days
    ]
    return f"Relapses {'; '.join(texts)}." if texts else ""
