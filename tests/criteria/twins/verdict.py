"""The clauses of one patient under one set, flags and category (11)."""

from __future__ import annotations

from .answer import OPEN, UNDEFINED, any_of, is_open
from .case import Case
from .dependence import dependence
from .frequency import frequent
from .others import calcineurin_resistance, harmed, multidrug_resistance, persistence
from .resistance import resistance, secondary_resistance
from .responses import late_response, partial_remission

CLAUSES_OF = {
    "resistant": ("resistance",),
    "dependent": ("dependence",),
    "frequent": ("frequent_n6", "frequent_n12", "frequent_any6"),
    "intolerant": ("contraindication", "toxicity"),
    "non_remitting": ("persistence",),
    "late_responder": ("late_response",),
    "secondary_resistant": ("secondary_resistance",),
    "partial_remission": ("partial_remission",),
    "calcineurin_resistant": ("calcineurin_resistance",),
    "multidrug_resistant": ("multidrug_resistance",),
}
CATEGORY_OF = {
    "resistant": "steroid_resistant",
    "dependent": "steroid_dependent",
    "frequent": "frequently_relapsing",
    "intolerant": "steroid_intolerant",
    "non_remitting": "non_remitting",
}
TRUTH = {"met": True, "not met": False, "cannot be judged": None, "not defined": None}


def clauses(case):
    """Return the answer of each clause."""
    rules = case.rules
    harm, resists = rules.intolerance, resistance(case)
    found = {
        "resistance": resists,
        "dependence": dependence(case, resists),
        "frequent_n6": frequent(case, rules.frequent.six_months, resists),
        "frequent_n12": frequent(case, rules.frequent.twelve_months, resists),
        "frequent_any6": frequent(case, rules.frequent.any_six_months, resists),
        "contraindication": harmed(case, "contraindication", harm.contraindications, harm.contraindication_actions),
        "toxicity": harmed(case, "toxicity", harm.toxicities, harm.toxicity_actions),
        "persistence": persistence(case),
        "late_response": late_response(case),
        "secondary_resistance": secondary_resistance(case),
        "partial_remission": partial_remission(case),
        "calcineurin_resistance": calcineurin_resistance(case),
        "multidrug_resistance": multidrug_resistance(case),
    }
    if case.applies:
        return found
    return {name: UNDEFINED if answer == UNDEFINED else OPEN for name, answer in found.items()}


def flags(found):
    """Return the answer of each flag, by its clauses."""
    made = {}
    for flag, names in CLAUSES_OF.items():
        defined = [found[name] for name in names if found[name] != UNDEFINED]
        made[flag] = any_of(defined) if defined else UNDEFINED
    return made


def category(case, flagged):
    order = case.rules.verdict.precedence
    for flag in order:
        if flagged[flag].status == "met":
            return CATEGORY_OF[flag]
    if any(is_open(flagged[flag]) for flag in order) or not case.applies:
        return "undetermined"
    return "infrequently_relapsing" if case.relapses else "non_relapsing"


def judge(chart, definition):
    """Return what the clauses say, and the label: as the rows of `answers` and `classify`."""
    case = Case(chart, definition)
    found = clauses(case)
    flagged = flags(found)
    refractory = any_of([flagged[flag] for flag in case.rules.verdict.refractory])
    label = {flag: TRUTH[answer.status] for flag, answer in flagged.items()}
    label |= {"category": category(case, flagged), "refractory": TRUTH[refractory.status]}
    label["first_met_days"] = refractory.day
    return {name: (answer.status, answer.day) for name, answer in found.items()}, label
