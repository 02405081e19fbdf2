"""A definition set as the plain numbers that compiled code works with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from nephrosyn import terms
from nephrosyn.criteria.definition import DefinitionSet, Frequency, Threshold

DAYS_PER_WEEK = 7
FIRST, SLIDING, BLOCKS = 0, 1, 2
WINDOWS = {"first": FIRST, "sliding": SLIDING, "blocks": BLOCKS}


class Rules(NamedTuple):
    """The thresholds for children, or for adults. What is switched off is infinite, or 0 for `umbrella_days`.

    Vocabularies are bit masks: bit k stands for the name of code k.
    """

    remission_upcr: float
    relapse_upcr: float
    remission_band: int
    relapse_band: int
    home_days: int
    clinic_readings: int
    max_gap_days: int
    drugs: int
    adequate_mg_per_kg: float
    adequate_mg_per_m2: float
    adequate_cap_mg: float
    adequate_tolerance: float
    maintenance_mg_per_kg: float
    maintenance_mg: float
    course_days: int
    umbrella_days: int
    dependent_relapses: int
    raise_within_days: int
    effective_within_days: int
    six_count: int
    six_days: int
    six_window: int
    twelve_count: int
    twelve_days: int
    twelve_window: int
    contraindications: int
    contraindication_actions: int
    toxicities: int
    toxicity_actions: int


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
    six, twelve = definition.frequent.six_months, definition.frequent.twelve_months
    bands = terms.DIPSTICK_BANDS
    return Rules(
        remission_upcr=urine.remission_upcr.of(child),
        relapse_upcr=urine.relapse_upcr.of(child),
        remission_band=bands.index(urine.remission_band.of(child)),
        relapse_band=bands.index(urine.relapse_band.of(child)),
        home_days=urine.home_days.of(child),
        clinic_readings=urine.clinic_readings.of(child),
        max_gap_days=urine.max_gap.of(child),
        drugs=_mask(steroid.drugs.of(child), terms.DRUGS),
        adequate_mg_per_kg=_or_infinite(steroid.adequate_per_kg, child),
        adequate_mg_per_m2=_or_infinite(steroid.adequate_per_m2, child),
        adequate_cap_mg=_or_infinite(steroid.adequate_cap, child),
        adequate_tolerance=steroid.adequate_tolerance.of(child),
        maintenance_mg_per_kg=_or_infinite(steroid.maintenance_per_kg, child),
        maintenance_mg=_or_infinite(steroid.maintenance, child),
        course_days=_weeks(definition.resistance.course, child),
        umbrella_days=_weeks(definition.resistance.umbrella, child),
        dependent_relapses=definition.dependence.relapses.of(child),
        raise_within_days=definition.dependence.raise_within.of(child),
        effective_within_days=definition.dependence.effective_within.of(child),
        **_window("six", six, child),
        **_window("twelve", twelve, child),
        contraindications=_mask(harm.contraindications.of(child), terms.CONDITIONS),
        contraindication_actions=_mask(harm.contraindication_actions.of(child), terms.STEROID_ACTIONS),
        toxicities=_mask(harm.toxicities.of(child), terms.CONDITIONS),
        toxicity_actions=_mask(harm.toxicity_actions.of(child), terms.STEROID_ACTIONS),
    )


def _or_infinite(threshold: Threshold[Any], child: bool) -> float:
    value = threshold.of(child)
    return math.inf if value == "off" else float(value)


def _weeks(threshold: Threshold[Any], child: bool) -> int:
    value = threshold.of(child)
    return 0 if value == "off" else int(value) * DAYS_PER_WEEK


def _mask(names: Iterable[str], vocabulary: tuple[str, ...]) -> int:
    return sum(1 << vocabulary.index(name) for name in names)


def _window(prefix: str, rule: Frequency, child: bool) -> dict[str, Any]:
    return {
        f"{prefix}_count": rule.count.of(child),
        f"{prefix}_days": rule.length.of(child),
        f"{prefix}_window": WINDOWS[rule.window.of(child)],
    }
