"""Flags that the care of a scenario cannot lead to: what a definition set asks for, held against what is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.definition.thresholds import Threshold
from nephrosyn.scenario import Scenario
from nephrosyn.scenario.schema.care import Course, Dose, Regimen, Step

DAYS_PER_WEEK = 7
WEIGHT_KG = {True: 20.0, False: 70.0}
"""Of a child and of an adult, at whose weight doses are compared."""


def ruled_out(flag: str, definition: DefinitionSet, scenario: Scenario) -> str:
    """Return why the care of a scenario cannot lead to a flag; nothing where it can, as far as the scenario tells.

    A course of steroid may last longer than planned by accident (a missed visit, a relapse during it), so that out of
    many thousands a patient may have the flag all the same.

    Parameters
    ----------
    flag : str
        One of `vocabulary.FLAGS`.
    definition : DefinitionSet
        The set.
    scenario : Scenario
        Its care and length of follow-up.

    Examples
    --------
    >>> from nephrosyn import criteria, scenario
    >>> baseline = scenario.load("baseline").scenario
    >>> ruled_out("resistant", criteria.load("kdigo-2021-adults"), baseline)[:71]
    'the clause “resistance” asks for 16 weeks of adequate steroid without r'
    >>> ruled_out("resistant", criteria.load("source"), baseline)
    ''
    """
    if flag == "resistant":
        return _resistance(definition, scenario)
    if flag == "non_remitting":
        return _persistence(definition, scenario)
    return ""


def _resistance(definition: DefinitionSet, scenario: Scenario) -> str:
    """Compare the weeks of steroid without remission that the set asks for with those that the care gives."""
    courses = list(_courses(definition, scenario))
    if not courses:
        return ""
    asked, given, key = max(courses, key=lambda one: one[1] - one[0])
    if given >= asked:
        return _too_short("resistance", min(one[0] for one in courses) * DAYS_PER_WEEK, scenario)
    asks = f"the clause “resistance” asks for {asked:g} weeks of adequate steroid without remission"
    if not given:
        return f"{asks}, and the care gives no dose that the set calls adequate ({key}.dose)"
    return f"{asks}, and the care ends such a course after {given:g} weeks ({key}.resistance_weeks)"


def _courses(definition: DefinitionSet, scenario: Scenario) -> Iterator[tuple[float, float, str]]:
    """Yield the weeks that the set asks for, those that the care gives, and where the scenario says so."""
    asks = definition.resistance
    for name, child in _bands(definition, scenario):
        regimen = scenario.care.regimen[name]
        for line, course, needed in (
            ("first", regimen.first, asks.course),
            ("relapse", regimen.relapse, asks.relapse_course),
        ):
            if needed.of(child) == "off":
                continue
            slow = [asks.slow_course] if asks.slow_lesions.of(child) else []
            weeks = [float(one.of(child)) for one in (needed, asks.umbrella, *slow) if one.of(child) != "off"]
            given = _adequate_weeks(course, regimen, definition, child)
            yield min(weeks), given, f"care.regimen.{name}.{line}"


def _adequate_weeks(course: Course, regimen: Regimen, definition: DefinitionSet, child: bool) -> float:
    """Return for how long steroid is adequate where no remission comes: at full dose, then on the way down."""
    weight = WEIGHT_KG[child]
    full = _mg(course.dose, weight, 0.0)
    if full < _least_mg(definition, "daily", weight, child):
        return 0.0
    weeks = float(course.resistance_weeks)
    for step in regimen.withdrawal:
        if _mg(step, weight, full) < _least_mg(definition, step.schedule, weight, child):
            break
        weeks += step.weeks
    return weeks


def _mg(dose: Dose | Step, weight: float, full: float) -> float:
    """Return the mg of a dosing day."""
    of = {"kg": weight, "m2": _surface_m2(weight), "patient": 1.0, "full": full}
    return float(min(dose.amount * of[dose.per], dose.cap_mg))


def _surface_m2(weight: float) -> float:
    """Return the body surface by weight, as the criteria work it out."""
    return (4.0 * weight + 7.0) / (weight + 90.0)


def _least_mg(definition: DefinitionSet, schedule: str, weight: float, child: bool) -> float:
    """Return the least mg of a dosing day that the set calls adequate; infinite where none is."""
    asks = definition.steroid
    by_schedule = {
        "daily": (asks.adequate_per_kg, asks.adequate_per_m2, asks.adequate_cap),
        "alternate_day": (asks.alternate_per_kg, asks.alternate_per_m2, asks.alternate_cap),
    }
    per_kg, per_m2, cap = (_amount(one, child) for one in by_schedule[schedule])
    return float(asks.adequate_tolerance.of(child) * min(per_kg * weight, per_m2 * _surface_m2(weight), cap))


def _amount(threshold: Threshold[Any], child: bool) -> float:
    value = threshold.of(child)
    return float("inf") if value == "off" else float(value)


def _persistence(definition: DefinitionSet, scenario: Scenario) -> str:
    """Look for the other drug that the set asks for, and for follow-up as long as it asks."""
    asks, bands = definition.persistence, list(_bands(definition, scenario))
    lengths = [float(length) for _, child in bands if (length := asks.length.of(child)) != "off"]
    if not lengths:
        return ""
    required = all(asks.other_agent.of(child) == "required" for _, child in bands)
    if required and not any(scenario.second_line.policy[name].starts for name, _ in bands):
        asked = "the clause “persistent disease” asks for another drug beside steroid"
        return f"{asked}, and the care gives none (second_line.policy)"
    return _too_short("persistent disease", min(lengths), scenario)


def _too_short(clause: str, days: float, scenario: Scenario) -> str:
    follow_up = scenario.population.follow_up_days
    if follow_up >= days:
        return ""
    asked = f"the clause “{clause}” asks for {days:g} days"
    return f"{asked}, and follow-up ends after {follow_up:g} (population.follow_up_days)"


def _bands(definition: DefinitionSet, scenario: Scenario) -> Iterator[tuple[str, bool]]:
    """Yield the age bands the set is for, each with whether its thresholds for children hold; twice if both may."""
    population = definition.population
    for name, band in scenario.population.bands.items():
        for child in (True, False):
            border = population.adult_from.of(child)
            low, high = population.age_from.of(child), population.age_below.of(child)
            low, high = (low, min(high, border)) if child else (max(low, border), high)
            if band.share > 0 and max(low, band.from_years) < min(high, band.to_years):
                yield name, child
