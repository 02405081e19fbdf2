"""Definition sets as the plain numbers that compiled code reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn import vocabulary
from nephrosyn.criteria.definition.prepared import PreparedSet, precedence, refractory_flags
from nephrosyn.kernels.fallback import INTERPRETED
from nephrosyn.vocabulary import DAYS_PER_WEEK

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.criteria.definition.prepared import Definition
    from nephrosyn.criteria.definition.thresholds import Threshold

FIRST_WINDOW, SLIDING, BLOCKS = 0, 1, 2
WINDOWS = {"first": FIRST_WINDOW, "sliding": SLIDING, "blocks": BLOCKS}
REMISSION_ANCHOR, PRESENTATION_ANCHOR, COURSE_END_ANCHOR = 0, 1, 2
ANCHORS = {"remission": REMISSION_ANCHOR, "presentation": PRESENTATION_ANCHOR, "course_end": COURSE_END_ANCHOR}
NO_RULE, RAISE_CLEARS, ON_STEROID = 0, 1, 2
DEPENDENCE_RULES = {"off": NO_RULE, "raise_clears": RAISE_CLEARS, "on_steroid": ON_STEROID}
FREQUENCIES = ("six", "twelve", "any_six")
COMPLETE_RESPONSE, PARTIAL_RESPONSE, LESSER_RESPONSE = 0, 1, 2
RESPONSES = {"complete": COMPLETE_RESPONSE, "partial": PARTIAL_RESPONSE, "lesser": LESSER_RESPONSE}
NO_FALL = -1.0
BEYOND = 1e-9  # finer than any reading, coarser than rounding on the true path

POPULATION = (
    ("adult_from", "f8"),
    ("age_from", "f8"),
    ("age_below", "f8"),
    ("lesions", "i8"),
    ("unknown_lesion", "i8"),
)
URINE = (
    ("low_upcr", "f8"),
    ("high_upcr", "f8"),
    ("low_band", "f8"),
    ("high_band", "f8"),
    ("remission_albumin", "f8"),
    ("albumin_needed", "i8"),
    ("partial_upcr", "f8"),
    ("partial_left", "f8"),
    ("partial_albumin", "f8"),
    ("partial_band", "f8"),
    ("home_days", "i8"),
    ("clinic_readings", "i8"),
    ("max_gap_days", "i8"),
    ("taper_counts", "i8"),
    ("diary_first", "i8"),
    ("relapse_window", "i8"),
    ("lesser", "i8"),
    ("lesser_upcr", "f8"),
    ("lesser_left", "f8"),
    ("lesser_band", "i8"),
    ("flares", "i8"),
)
STEROID = (
    ("drugs", "i8"),
    ("adequate_per_kg", "f8"),
    ("adequate_per_m2", "f8"),
    ("adequate_cap", "f8"),
    ("tolerance", "f8"),
    ("alternate_per_kg", "f8"),
    ("alternate_per_m2", "f8"),
    ("alternate_cap", "f8"),
    ("alternate_after_days", "i8"),
    ("maintenance_per_kg", "f8"),
    ("maintenance", "f8"),
    ("longest_break", "i8"),
)
CLAUSES = (
    ("course_days", "i8"),
    ("relapse_course_days", "i8"),
    ("slow_lesions", "i8"),
    ("slow_days", "i8"),
    ("umbrella_days", "i8"),
    ("confirmation_days", "i8"),
    ("confirms_any", "i8"),
    ("response", "i8"),
    ("agents_excluded", "i8"),
    ("dependence_rule", "i8"),
    ("dependent_relapses", "i8"),
    ("consecutive", "i8"),
    ("off_days", "i8"),
    ("raise_within_days", "i8"),
    ("effective_within_days", "i8"),
    ("schedules", "i8"),
    ("days_before", "i8"),
    ("anchor", "i8"),
    ("presenting", "i8"),
    *((f"{name}_{part}", "i8") for name in FREQUENCIES for part in ("count", "length", "window", "begins")),
    ("contraindications", "i8"),
    ("contraindication_actions", "i8"),
    ("toxicities", "i8"),
    ("toxicity_actions", "i8"),
    ("persistence_days", "i8"),
    ("persists_in_any", "i8"),
    ("persists_agent_days", "i8"),
    ("persists_adequate_days", "i8"),
    ("persistence_response", "i8"),
    ("late_reported", "i8"),
    ("secondary_days", "i8"),
    ("partial_reported", "i8"),
    ("calcineurin_drugs", "i8"),
    ("calcineurin_days", "i8"),
    ("calcineurin_response", "i8"),
    ("calcineurin_relapses", "i8"),
    ("multidrug_days", "i8"),
    ("multidrug_classes", "i8"),
    ("multidrug_each_days", "i8"),
    ("multidrug_response", "i8"),
    ("break_days", "i8"),
    ("single_days", "i8"),
)
RULES = np.dtype([*POPULATION, *URINE, *STEROID, *CLAUSES, ("urine_group", "i8"), ("steroid_group", "i8")], align=True)
"""The thresholds for children, or for adults, by field name.

Amounts that are off are infinite; numbers of days, counts and limits of a ratio, band or albumin that are off are 0.
Names are bit masks: bit k stands for the name of code k. Sets with the same section on urine, or on steroid, share a
group, and what follows from it for a patient is computed once.
"""


_known: dict[tuple[int, ...], tuple[tuple[Definition, ...], NDArray[Any]]] = {}
"""Thresholds of the sets that were asked for, by their identities; the sets are kept, so that these stay theirs."""
_MOST_KNOWN = 32


def rules(definitions: Sequence[Definition]) -> NDArray[Any]:
    """Return the thresholds of definition sets, for adults and for children; those of the same objects are kept.

    Parameters
    ----------
    definitions : sequence of DefinitionSet or PreparedSet
        The sets.

    Returns
    -------
    ndarray of RULES, shape (sets, 2)
        For adults at 0, for children at 1. Days, mg, mg/mg; names as bit masks.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> int(rules([load("source")])[0, 0]["course_days"])
    84
    """
    key = tuple(map(id, definitions))
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = tuple(definitions), _thresholds(definitions)
    return _known[key][1]


def _thresholds(definitions: Sequence[Definition]) -> NDArray[Any]:
    thresholds = np.zeros((len(definitions), 2), RULES)
    for set_index, definition in enumerate(definitions):
        for group, child in enumerate((False, True)):
            for name, value in numbers_of(definition, child).items():
                thresholds[set_index, group][name] = value
    for fields, name in ((URINE, "urine_group"), (STEROID, "steroid_group")):
        seen: dict[tuple[Any, ...], int] = {}
        for place in np.ndindex(thresholds.shape):
            key = tuple(thresholds[place][field] for field, _ in fields)
            thresholds[place][name] = seen.setdefault(key, len(seen))
    return thresholds.view(np.recarray) if INTERPRETED else thresholds


def order(thresholds: NDArray[Any]) -> NDArray[np.int64]:
    """Return the order in which to evaluate sets, shape (sets,): those that share work follow each other."""
    keys = [thresholds[name][:, group] for group in (0, 1) for name in ("steroid_group", "urine_group")]
    return np.lexsort(keys).astype(np.int64)


def numbers_of(definition: Definition, child: bool) -> Mapping[str, float]:
    """Return the thresholds of a definition set for adults or children, by the names of `RULES`."""
    if isinstance(definition, PreparedSet):
        return definition.numbers[child]
    return {
        **_population(definition),
        **_urine(definition, child),
        **_steroid(definition, child),
        **_resistance(definition, child),
        **_relapses(definition, child),
        **_intolerance(definition, child),
        **_agents(definition, child),
    }


def prepare(definition: DefinitionSet) -> PreparedSet:
    """Return the numbers of a definition set, which classify patients as the set does.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> prepare(load("source")).numbers[0]["course_days"]
    84
    """
    numbers = numbers_of(definition, child=False), numbers_of(definition, child=True)
    return PreparedSet(definition.name, numbers, (*refractory_flags(definition),), (*precedence(definition),))


def _population(definition: DefinitionSet) -> dict[str, float]:
    who = definition.population
    return {
        "adult_from": who.adult_from.of(True),
        "age_from": who.age_from.of(True),
        "age_below": who.age_below.of(True),
        "lesions": _mask(who.lesions.of(True), vocabulary.LESIONS),
        "unknown_lesion": who.unknown_lesion.of(True) == "applies",
    }


def _urine(definition: DefinitionSet, child: bool) -> dict[str, float]:
    urine, partial, bands = definition.urine, definition.partial, vocabulary.DIPSTICK_BANDS
    dependence = definition.dependence
    low, high = urine.remission_upcr.of(child), urine.relapse_upcr.of(child)
    band, fall = partial.band_below.of(child), partial.fall.of(child)
    return {
        "low_upcr": low * (1.0 - BEYOND) if urine.remission_limit.of(child) == "below" else low,
        "high_upcr": high * (1.0 + BEYOND) if urine.relapse_limit.of(child) == "above" else high,
        "low_band": bands.index(urine.remission_band.of(child)),
        "high_band": bands.index(urine.relapse_band.of(child)),
        "remission_albumin": _or_zero(urine.remission_albumin, child),
        "albumin_needed": urine.missing_albumin.of(child) == "ignored",
        "partial_upcr": _or_zero(partial.upcr_below, child),
        "partial_left": NO_FALL if fall == "off" else 1.0 - fall,
        "partial_albumin": _or_zero(partial.albumin, child),
        "partial_band": 0 if band == "off" else bands.index(band),
        "home_days": urine.home_days.of(child),
        "clinic_readings": urine.clinic_readings.of(child),
        "max_gap_days": urine.max_gap.of(child),
        "taper_counts": urine.relapse_in_taper.of(child) == "counts",
        "diary_first": urine.same_day.of(child) == "diary",
        "relapse_window": _or_zero(urine.relapse_window, child),
        **_lesser(definition, child),
        "flares": dependence.rule.of(child) == "raise_clears" and dependence.response.of(child) == "partial",
    }


def _lesser(definition: DefinitionSet, child: bool) -> dict[str, float]:
    lesser = definition.lesser_response
    upcr, fall, band = _or_zero(lesser.upcr, child), lesser.fall.of(child), lesser.band_below.of(child)
    return {
        "lesser": definition.accepts("lesser", child),
        "lesser_upcr": upcr * (1.0 - BEYOND) if lesser.limit.of(child) == "below" else upcr,
        "lesser_left": NO_FALL if fall == "off" else 1.0 - fall,
        "lesser_band": 0 if band == "off" else vocabulary.DIPSTICK_BANDS.index(band),
    }


def _steroid(definition: DefinitionSet, child: bool) -> dict[str, float]:
    steroid = definition.steroid
    return {
        "drugs": _mask(steroid.drugs.of(child), vocabulary.DRUGS),
        "adequate_per_kg": _or_infinite(steroid.adequate_per_kg, child),
        "adequate_per_m2": _or_infinite(steroid.adequate_per_m2, child),
        "adequate_cap": _or_infinite(steroid.adequate_cap, child),
        "tolerance": steroid.adequate_tolerance.of(child),
        "alternate_per_kg": _or_infinite(steroid.alternate_per_kg, child),
        "alternate_per_m2": _or_infinite(steroid.alternate_per_m2, child),
        "alternate_cap": _or_infinite(steroid.alternate_cap, child),
        "alternate_after_days": steroid.alternate_after.of(child) * DAYS_PER_WEEK,
        "maintenance_per_kg": _or_infinite(steroid.maintenance_per_kg, child),
        "maintenance": _or_infinite(steroid.maintenance, child),
        "longest_break": steroid.longest_break.of(child),
    }


def _resistance(definition: DefinitionSet, child: bool) -> dict[str, float]:
    resistance, flags = definition.resistance, definition.course_flags
    return {
        "course_days": _weeks(resistance.course, child),
        "relapse_course_days": _weeks(resistance.relapse_course, child),
        "slow_lesions": _mask(resistance.slow_lesions.of(child), vocabulary.LESIONS),
        "slow_days": _weeks(resistance.slow_course, child),
        "umbrella_days": _weeks(resistance.umbrella, child),
        "confirmation_days": _weeks(resistance.confirmation, child),
        "confirms_any": resistance.confirmation_for.of(child) == "any",
        "response": RESPONSES[resistance.response.of(child)],
        "agents_excluded": resistance.after_other_agent.of(child) == "not_counted",
        "late_reported": flags.late_responder.of(child) == "reported",
        "secondary_days": _weeks(flags.secondary_course, child),
        "partial_reported": flags.partial_remission.of(child) == "reported",
    }


def _relapses(definition: DefinitionSet, child: bool) -> dict[str, float]:
    dependence, frequent = definition.dependence, definition.frequent
    numbers: dict[str, float] = {
        "dependence_rule": DEPENDENCE_RULES[dependence.rule.of(child)],
        "dependent_relapses": dependence.relapses.of(child),
        "consecutive": dependence.consecutive.of(child) == "consecutive",
        "off_days": dependence.off_days.of(child),
        "raise_within_days": dependence.raise_within.of(child),
        "effective_within_days": dependence.effective_within.of(child),
        "schedules": _mask(dependence.schedules.of(child), vocabulary.SCHEDULES),
        "days_before": dependence.days_before.of(child),
        "anchor": ANCHORS[frequent.anchor.of(child)],
        "presenting": frequent.presenting.of(child) == "counts",
    }
    for name, rule in zip(FREQUENCIES, frequent.rules, strict=True):
        numbers[f"{name}_count"] = _or_zero(rule.count, child)
        numbers[f"{name}_length"] = rule.length.of(child)
        numbers[f"{name}_window"] = WINDOWS[rule.window.of(child)]
        numbers[f"{name}_begins"] = rule.begins.of(child)
    return numbers


def _intolerance(definition: DefinitionSet, child: bool) -> dict[str, float]:
    intolerance = definition.intolerance
    return {
        "contraindications": _mask(intolerance.contraindications.of(child), vocabulary.CONDITIONS),
        "contraindication_actions": _mask(intolerance.contraindication_actions.of(child), vocabulary.STEROID_ACTIONS),
        "toxicities": _mask(intolerance.toxicities.of(child), vocabulary.CONDITIONS),
        "toxicity_actions": _mask(intolerance.toxicity_actions.of(child), vocabulary.STEROID_ACTIONS),
    }


def _agents(definition: DefinitionSet, child: bool) -> dict[str, float]:
    persistence, agents = definition.persistence, definition.other_agents
    return {
        "persistence_days": _or_zero(persistence.length, child),
        "persists_in_any": persistence.episodes.of(child) == "any",
        "persists_agent_days": persistence.other_agent_days.of(child)
        * (persistence.other_agent.of(child) == "required"),
        "persists_adequate_days": persistence.adequate_days.of(child),
        "persistence_response": RESPONSES[persistence.response.of(child)],
        "calcineurin_drugs": _mask(agents.calcineurin_inhibitors.of(child), vocabulary.DRUGS),
        "calcineurin_days": _or_zero(agents.calcineurin_course, child),
        "calcineurin_response": RESPONSES[agents.calcineurin_response.of(child)],
        "calcineurin_relapses": agents.calcineurin_relapses.of(child) == "counts",
        "multidrug_days": _or_zero(agents.multidrug_course, child),
        "multidrug_classes": agents.multidrug_classes.of(child),
        "multidrug_each_days": agents.multidrug_each.of(child),
        "multidrug_response": RESPONSES[agents.multidrug_response.of(child)],
        "break_days": agents.longest_break.of(child),
        "single_days": agents.single_dose_lasts.of(child),
    }


def _or_infinite(threshold: Threshold[Any], child: bool) -> float:
    value = threshold.of(child)
    return math.inf if value == "off" else float(value)


def _or_zero(threshold: Threshold[Any], child: bool) -> float:
    value = threshold.of(child)
    return 0 if value == "off" else value


def _weeks(threshold: Threshold[Any], child: bool) -> int:
    return int(_or_zero(threshold, child)) * DAYS_PER_WEEK


def _mask(names: Iterable[str], codes: tuple[str, ...]) -> int:
    return sum(1 << codes.index(name) for name in names)
