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


def defined(rules):
    """The clauses that a set has."""
    harm, frequency, flags, others = rules.intolerance, rules.frequent, rules.course_flags, rules.other_agents
    switches = {
        "resistance": rules.resistance.course,
        "dependence": rules.dependence.rule,
        "frequent_n6": frequency.six_months.count,
        "frequent_n12": frequency.twelve_months.count,
        "frequent_any6": frequency.any_six_months.count,
        "contraindication": harm.contraindications or None,
        "toxicity": harm.toxicities or None,
        "persistence": rules.persistence.length,
        "late_response": flags.late_responder,
        "secondary_resistance": flags.secondary_course,
        "partial_remission": flags.partial_remission,
        "calcineurin_resistance": others.calcineurin_course,
        "multidrug_resistance": others.multidrug_course,
    }
    return {name: switch is not None for name, switch in switches.items()}


def clauses(case):
    """Return the answer of each clause."""
    rules, has = case.rules, defined(case.rules)
    if not case.applies:
        return {name: OPEN if here else UNDEFINED for name, here in has.items()}
    harm = rules.intolerance
    resists = resistance(case) if has["resistance"] else UNDEFINED
    asked = {
        "resistance": lambda: resists,
        "dependence": lambda: dependence(case, resists),
        "frequent_n6": lambda: frequent(case, rules.frequent.six_months, resists),
        "frequent_n12": lambda: frequent(case, rules.frequent.twelve_months, resists),
        "frequent_any6": lambda: frequent(case, rules.frequent.any_six_months, resists),
        "contraindication": lambda: harmed(
            case, "contraindication", harm.contraindications, harm.contraindication_actions
        ),
        "toxicity": lambda: harmed(case, "toxicity", harm.toxicities, harm.toxicity_actions),
        "persistence": lambda: persistence(case),
        "late_response": lambda: late_response(case),
        "secondary_resistance": lambda: secondary_resistance(case),
        "partial_remission": lambda: partial_remission(case),
        "calcineurin_resistance": lambda: calcineurin_resistance(case),
        "multidrug_resistance": lambda: multidrug_resistance(case),
    }
    return {name: ask() if has[name] else UNDEFINED for name, ask in asked.items()}


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


def evaluate(chart, definition):
    """Return what the clauses say, and the label: as the rows of `answers` and `classify`."""
    case = Case(chart, definition)
    found = clauses(case)
    flagged = flags(found)
    refractory = any_of([flagged[flag] for flag in case.rules.verdict.refractory])
    label = {flag: TRUTH[answer.status] for flag, answer in flagged.items()}
    label |= {"applies": case.applies, "category": category(case, flagged), "refractory": TRUTH[refractory.status]}
    label["first_met_days"] = refractory.day
    return {name: (answer.status, answer.day) for name, answer in found.items()}, label
