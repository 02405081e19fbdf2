"""Answers in words: the sentence of the reason, and the relapses that do not count, with why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.criteria.clauses.dependence_by_dose import evaluate_each_flare
from nephrosyn.criteria.clauses.dependence_on_withdrawal import OFF, ON, UNCOUNTED, kinds_of
from nephrosyn.criteria.codes import (
    AT_MAINTENANCE,
    CALCINEURIN_RESISTANCE_CLAUSE,
    CLEARED_BEFORE,
    CONTRAINDICATION_CLAUSE,
    COUNTS,
    COURSE_ARGUMENTS,
    DEPENDENCE_CLAUSE,
    DOSES,
    EPISODES,
    FLARES,
    FREQUENT_ANY6_CLAUSE,
    FREQUENT_N6_CLAUSE,
    FREQUENT_N12_CLAUSE,
    IN_UNFINISHED_TAPER,
    MET,
    MULTIDRUG_RESISTANCE_CLAUSE,
    NOT_CLEARED_IN_TIME,
    NOT_RAISED,
    NOT_REDUCED,
    OFF_STEROID,
    PERSISTENCE_CLAUSE,
    REASON,
    REASONS,
    RESISTANCE_CLAUSE,
    TAPER_ARGUMENTS,
    TOXICITY_CLAUSE,
    TREATMENT_ARGUMENTS,
    WINDOW_ARGUMENTS,
    WITHDRAWAL_ARGUMENTS,
    status_of,
)
from nephrosyn.criteria.definition.compiled import (
    COMPLETE_RESPONSE,
    FIRST_WINDOW,
    LESSER_RESPONSE,
    PARTIAL_RESPONSE,
)
from nephrosyn.criteria.record.episodes import END, START
from nephrosyn.criteria.record.steroid_courses import MAINTENANCE, MEAN
from nephrosyn.vocabulary import DAYS_PER_WEEK, STEROID_ACTIONS

if TYPE_CHECKING:
    from nephrosyn.criteria.evaluation.workspace import Workspace

Arguments = Mapping[str, int | None]

FREQUENCY_OF_CLAUSE = {
    FREQUENT_N6_CLAUSE: "six",
    FREQUENT_N12_CLAUSE: "twelve",
    FREQUENT_ANY6_CLAUSE: "any_six",
}
"""Beginning of the names of a clause's rules."""
RESPONSE_RULE = {
    RESISTANCE_CLAUSE: "response",
    PERSISTENCE_CLAUSE: "persistence_response",
    CALCINEURIN_RESISTANCE_CLAUSE: "calcineurin_response",
    MULTIDRUG_RESISTANCE_CLAUSE: "multidrug_response",
}
"""Rule of each clause that may accept less than complete remission."""
SOUGHT = {
    COMPLETE_RESPONSE: "remission",
    PARTIAL_RESPONSE: "complete or partial remission",
    LESSER_RESPONSE: "remission or sufficient fall of proteinuria",
}
RESPONSE_SHORT_OF_REMISSION = {
    COMPLETE_RESPONSE: "remission",
    PARTIAL_RESPONSE: "partial remission",
    LESSER_RESPONSE: "sufficient fall of proteinuria",
}
CONDITION_OF_CLAUSE = {CONTRAINDICATION_CLAUSE: "contraindication", TOXICITY_CLAUSE: "toxicity"}
MONTHS_OF_DAYS = {183: "6 months", 365: "12 months"}
WHY_NOT_COUNTED = {
    IN_UNFINISHED_TAPER: "while the steroid given for the previous relapse continued",
    OFF_STEROID: "without steroid",
    AT_MAINTENANCE: "on {mean:g} mg/day, not above the maintenance dose of {maintenance:g} mg/day",
    NOT_REDUCED: "without a reduction of the dose before it",
    NOT_RAISED: "not followed by a higher dose within {raise_within} days",
    CLEARED_BEFORE: "in remission before the dose was raised",
    NOT_CLEARED_IN_TIME: "not in remission within {effective_within} days of the higher dose",
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

    @property
    def flares(self) -> list[int]:
        """First day of each relapse that dependence by dose considers: in some sets, after partial remission too."""
        if not self.rules["flares"]:
            return self.relapses
        return [int(row[START]) for row in self.workspace.flares[1 : int(self.workspace.counts[FLARES])]]


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
    if code in CONDITION_OF_CLAUSE:
        words["condition"] = condition_text(evaluated, code, day)
    if reason.arguments in (COURSE_ARGUMENTS, TREATMENT_ARGUMENTS):
        words |= response_words(evaluated, code, arguments)
    if reason.arguments == TAPER_ARGUMENTS:
        words["taper"] = no_such_relapse_text(evaluated)
        words["well"] = "complete or partial remission" if evaluated.rules["flares"] else "remission"
        words["Well"] = _capital(words["well"])
    if reason.arguments == WINDOW_ARGUMENTS:
        words |= window_words(evaluated, code, arguments)
        more = outside_text(evaluated, code, arguments)
    if reason.arguments == WITHDRAWAL_ARGUMENTS:
        words |= withdrawal_words(evaluated, arguments)
        more = withdrawal_text(evaluated)
    if (
        code == DEPENDENCE_CLAUSE
        and reason.arguments == TAPER_ARGUMENTS
        and arguments["reduced"] is None
        and status_of(answer) != MET
    ):
        more = taper_text(evaluated)
    return " ".join(filter(None, (reason.sentence.format(**words), more)))


def condition_text(evaluated: EvaluatedPatient, code: int, day: int | None) -> str:
    """Say whether a contraindication or toxicity was noted and, if the set requires so, changed steroid treatment."""
    name = CONDITION_OF_CLAUSE[code]
    unchanged_counts = int(evaluated.rules[f"{name}_actions"]) >> STEROID_ACTIONS.index("none") & 1
    if day is not None:
        return f"Noted on day {day}{'' if unchanged_counts else ', and steroid was changed because of it'}."
    return f"No {name}{'' if unchanged_counts else ' that changed steroid treatment'} was recorded."


def plural(count: int) -> str:
    """Return a number of relapses in words.

    Examples
    --------
    >>> plural(0), plural(1), plural(2)
    ('No relapse', '1 relapse', '2 relapses')
    """
    return "No relapse" if not count else f"{count} relapse{'s' if count > 1 else ''}"


def needed_text(count: int, adjective: str = "") -> str:
    """Return how many relapses a clause needs.

    Examples
    --------
    >>> needed_text(1), needed_text(2), needed_text(2, "consecutive")
    ('1 is needed', '2 are needed', '2 consecutive ones are needed')
    """
    if count == 1:
        return "1 is needed"
    return f"{count} {adjective} ones are needed" if adjective else f"{count} are needed"


def duration_text(days: int) -> str:
    """Return a number of days, in weeks where it is a whole number of them.

    Examples
    --------
    >>> duration_text(84), duration_text(90)
    ('12 weeks', '90 days')
    """
    return f"{days} days" if days % DAYS_PER_WEEK else f"{days // DAYS_PER_WEEK} weeks"


def response_words(evaluated: EvaluatedPatient, code: int, arguments: Arguments) -> dict[str, str]:
    """Return the words on the response to a course: the remission that counts, the one that came, and its time."""
    rule = RESPONSE_RULE.get(code)
    accepted = COMPLETE_RESPONSE if rule is None else int(evaluated.rules[rule])
    begun = arguments["course"] if "course" in arguments else arguments["begun"]
    decision_day, remission = arguments["decision_day"], arguments["remission"]
    ends = {int(row[END]) for row in evaluated.workspace.episodes[: int(evaluated.workspace.counts[EPISODES])]}
    response = "remission" if remission in ends else RESPONSE_SHORT_OF_REMISSION[accepted]
    last, still = arguments["not_in_remission"], ""
    if last is not None and decision_day is not None and last > decision_day:
        still = f", and still none on day {last}"
    later = still
    if remission is not None:
        later = f". {_capital(response)} came later, on day {remission}; the clause remains met"
    return {
        "sought": SOUGHT[accepted],
        "response": response,
        "Response": _capital(response),
        "time": "" if begun is None or decision_day is None else duration_text(decision_day - begun),
        "still": still,
        "later": later,
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def no_such_relapse_text(evaluated: EvaluatedPatient) -> str:
    """Say that the steroid was tapered without a relapse that counts for dependence by dose."""
    if not evaluated.flares:
        return "Steroid was tapered to the maintenance dose without a relapse."
    needed = int(evaluated.rules["dependent_relapses"])
    if needed > 1:
        return f"Fewer than {needed} relapses during the taper were brought into remission by a higher dose."
    return "No relapse during the taper was brought into remission by a higher dose."


def window_words(evaluated: EvaluatedPatient, code: int, arguments: Arguments) -> dict[str, str]:
    """Return the words on the relapses in a period, and on the most relapses in any period of that length."""
    relapses = plural(arguments["seen"] or 0)
    length = int(evaluated.rules[f"{FREQUENCY_OF_CLAUSE[code]}_length"])
    window = f"from day {arguments['window_start']} to day {arguments['window_end']}"
    fewer = f"{relapses} in the period {window}"
    if arguments["window_start"] is None or window_kind(evaluated, code) != FIRST_WINDOW:
        at_most = f"At most {relapses}" if arguments["seen"] else relapses
        fewer = f"{at_most} in any {MONTHS_OF_DAYS.get(length, f'{length} days')}"
    needed = needed_text(arguments["needed"] or 0)
    return {"relapses": relapses, "window": window, "fewer": fewer, "needed": needed}


def window_kind(evaluated: EvaluatedPatient, code: int) -> int:
    """Return the code of the kind of period in which a clause counts relapses."""
    return int(evaluated.rules[f"{FREQUENCY_OF_CLAUSE[code]}_window"])


def in_window(arguments: Arguments, day: int) -> bool:
    """Whether a day lies in the window in which relapses were counted."""
    first, last = arguments["window_start"], arguments["window_end"]
    return first is not None and last is not None and first <= day <= last


def outside_text(evaluated: EvaluatedPatient, code: int, arguments: Arguments) -> str:
    """Describe the nearest relapses that do not count: outside a fixed period, or before the first day that counts."""
    first, last, anchor = arguments["window_start"], arguments["window_end"], arguments["anchor"]
    if first is None or last is None:
        return ""
    if window_kind(evaluated, code) != FIRST_WINDOW:
        before = [day for day in evaluated.relapses if anchor is not None and day < anchor][-1:]
        return f"Relapses count from day {anchor}, so that of day {before[0]} does not count." if before else ""
    before = [day for day in evaluated.relapses if day < first]
    after = [day for day in evaluated.relapses if day > last]
    outside = len(before) + len(after)
    if before and after:
        text = (
            f"The previous relapse, on day {before[-1]}, and the next, on day {after[0]}, fall outside this period and "
            "do not count."
        )
    elif outside:
        which = f"previous relapse, on day {before[-1]}" if before else f"next relapse, on day {after[0]}"
        text = f"The {which}, falls outside this period and does not count."
    else:
        return ""
    return f"{text} Of {len(evaluated.relapses)} relapses, {outside} fall outside it." if outside > 2 else text


def taper_text(evaluated: EvaluatedPatient) -> str:
    """Describe the relapses that count for dependence by dose, and why the others do not; empty without relapses."""
    workspace, rules = evaluated.workspace, evaluated.rules
    days_of_flares = evaluated.flares
    why_and_run = np.empty((len(days_of_flares), 2), np.int64)
    flares, others = workspace.episodes, 0
    if rules["flares"]:
        flares, others = workspace.flares, int(workspace.counts[EPISODES])
    evaluate_each_flare(
        flares, len(days_of_flares) + 1, workspace.episodes, others, workspace.doses, int(workspace.counts[DOSES]),
        int(evaluated.end), int(rules["raise_within_days"]), int(rules["effective_within_days"]), workspace.scratch[0],
        why_and_run,
    )  # fmt: skip
    counted = [f"day {day}" for day, (why, _) in zip(days_of_flares, why_and_run, strict=True) if why == COUNTS]
    not_counted: dict[str, list[str]] = {}
    for day, (why, run) in zip(days_of_flares, why_and_run, strict=True):
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
    texts = (
        [f"Relapse counted: {', '.join(counted)}; {needed_text(int(rules['dependent_relapses']))}."] if counted else []
    )
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
        int(evaluated.rules["schedules"]),
        int(evaluated.rules["days_before"]),
        int(evaluated.rules["off_days"]),
        kind_codes,
    )
    sorted_out: dict[int, list[int]] = {ON: [], OFF: [], UNCOUNTED: []}
    for day, kind in zip(evaluated.relapses, kind_codes, strict=True):
        sorted_out[int(kind)].append(day)
    return sorted_out


def withdrawal_words(evaluated: EvaluatedPatient, arguments: Arguments) -> dict[str, str]:
    """Return the words on relapses on steroid or soon after it."""
    seen, needed = arguments["seen"] or 0, arguments["needed"] or 0
    consecutive = bool(evaluated.rules["consecutive"]) and needed > 1
    relapses = f"{seen} consecutive relapses" if consecutive and seen > 1 else plural(seen)
    # Where relapses must be consecutive, the number seen is that of the longest succession.
    fewer = f"At most {relapses} in succession" if consecutive and seen == 1 else relapses
    return {
        "relapses": relapses,
        "fewer": fewer,
        "needed": needed_text(needed, "consecutive" if consecutive else ""),
        "off_days": str(evaluated.rules["off_days"]),
    }


def withdrawal_text(evaluated: EvaluatedPatient) -> str:
    """Describe which relapses came on steroid and which did not; empty without relapses."""
    names = {ON: "on steroid or soon after it", OFF: "off steroid", UNCOUNTED: "in an unfinished taper, not counted"}
    texts = [
        f"{names[kind]}: {', '.join(f'day {day}' for day in days)}"
        for kind, days in relapses_by_kind(evaluated).items()
        if days
    ]
    return f"Relapses {'; '.join(texts)}." if texts else ""
