"""A definition set as the plain numbers that compiled code works with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from nephrosyn import terms
from nephrosyn.criteria.definition import DefinitionSet, Frequency
from nephrosyn.criteria.thresholds import Names, Threshold

DAYS_PER_WEEK = 7
FIRST, SLIDING, BLOCKS = 0, 1, 2
WINDOWS = {"first": FIRST, "sliding": SLIDING, "blocks": BLOCKS}


class Rules(NamedTuple):
    """The thresholds for children, or for adults. What is switched off is infinite, or 0 for `umbrella_days`.

    `upcr_cuts` and `band_cuts` are the highest value of remission and the lowest of relapse. `amounts` are the
    adequate dose in mg/kg/day, in mg/m2/day, its cap in mg/day and its tolerance, then the maintenance dose in
    mg/kg/day and in mg/day. `six` and `twelve` are relapses, days and window; `contraindications` and `toxicities` the
    code of their kind, conditions and actions. Names are bit masks: bit k stands for the name of code k.
    """

    upcr_cuts: tuple[float, float]
    band_cuts: tuple[float, float]
    home_days: int
    clinic_readings: int
    max_gap_days: int
    drugs: int
    amounts: tuple[float, float, float, float, float, float]
    course_days: int
    umbrella_days: int
    dependent_relapses: int
    raise_within_days: int
    effective_within_days: int
    six: tuple[int, int, int]
    twelve: tuple[int, int, int]
    contraindications: tuple[int, int, int]
    toxicities: tuple[int, int, int]


def rules(definition: DefinitionSet, child: bool) -> Rules:
    """Return the thresholds of a set for children or for adults.

    Parameters
    ----------
    definition : DefinitionSet
        The set.
    child : bool
        Whether for children.

    Returns
    -------
    Rules
        Days, mg, mg/mg; names as bit masks.

    Examples
    --------
    >>> from nephrosyn.criteria.loading import load
    >>> rules(load("source"), child=False).course_days
    84
    """
    urine, steroid, harm = definition.urine, definition.steroid, definition.intolerance
    bands = terms.DIPSTICK_BANDS
    return Rules(
        upcr_cuts=(urine.remission_upcr.of(child), urine.relapse_upcr.of(child)),
        band_cuts=(
            float(bands.index(urine.remission_band.of(child))),
            float(bands.index(urine.relapse_band.of(child))),
        ),
        home_days=urine.home_days.of(child),
        clinic_readings=urine.clinic_readings.of(child),
        max_gap_days=urine.max_gap.of(child),
        drugs=_mask(steroid.drugs.of(child), terms.DRUGS),
        amounts=(
            _or_infinite(steroid.adequate_per_kg, child),
            _or_infinite(steroid.adequate_per_m2, child),
            _or_infinite(steroid.adequate_cap, child),
            steroid.adequate_tolerance.of(child),
            _or_infinite(steroid.maintenance_per_kg, child),
            _or_infinite(steroid.maintenance, child),
        ),
        course_days=_weeks(definition.resistance.course, child),
        umbrella_days=_weeks(definition.resistance.umbrella, child),
        dependent_relapses=definition.dependence.relapses.of(child),
        raise_within_days=definition.dependence.raise_within.of(child),
        effective_within_days=definition.dependence.effective_within.of(child),
        six=_frequency(definition.frequent.six_months, child),
        twelve=_frequency(definition.frequent.twelve_months, child),
        contraindications=_harm("contraindication", harm.contraindications, harm.contraindication_actions, child),
        toxicities=_harm("toxicity", harm.toxicities, harm.toxicity_actions, child),
    )


def _or_infinite(threshold: Threshold[Any], child: bool) -> float:
    value = threshold.of(child)
    return math.inf if value == "off" else float(value)


def _weeks(threshold: Threshold[Any], child: bool) -> int:
    value = threshold.of(child)
    return 0 if value == "off" else int(value) * DAYS_PER_WEEK


def _mask(names: Iterable[str], vocabulary: tuple[str, ...]) -> int:
    return sum(1 << vocabulary.index(name) for name in names)


def _frequency(rule: Frequency, child: bool) -> tuple[int, int, int]:
    return rule.count.of(child), rule.length.of(child), WINDOWS[rule.window.of(child)]


def _harm(kind: str, names: Names[Any], actions: Names[Any], child: bool) -> tuple[int, int, int]:
    code = terms.CONDITION_KINDS.index(kind)
    return code, _mask(names.of(child), terms.CONDITIONS), _mask(actions.of(child), terms.STEROID_ACTIONS)
