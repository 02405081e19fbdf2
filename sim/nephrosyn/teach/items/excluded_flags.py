"""Flags that the care of a scenario rules out: what a definition set requires compared with what patients receive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.definition.thresholds import Threshold
from nephrosyn.scenario import Scenario
from nephrosyn.scenario.schema.care import BandCare, Course, Dose, Step
from nephrosyn.vocabulary import DAYS_PER_WEEK, body_surface_m2

WEIGHT_KG = {True: 20.0, False: 70.0}
"""Weight of a child and of an adult at which doses are compared."""


def ruled_out(flag: str, definition: DefinitionSet, scenario: Scenario) -> str:
    """Return why the care of a scenario rules out a flag; empty if it does not, as far as the scenario shows.

    A course of steroid may last longer than planned (a missed visit, a relapse during the course), so that among many
    thousands of patients a few may still have the flag.

    Parameters
    ----------
    flag : str
        One of `vocabulary.FLAGS`.
    definition : DefinitionSet
        The definition set.
    scenario : Scenario
        The scenario.

    Examples
    --------
    >>> from nephrosyn import criteria, scenario
    >>> baseline = scenario.load("baseline").scenario
    >>> ruled_out("resistant", criteria.load("kdigo-2021-adults"), baseline)[:71]
    'the clause “resistance” requires 16 weeks of adequate steroid without r'
    >>> ruled_out("resistant", criteria.load("source"), baseline)
    ''
    """
    if flag == "resistant":
        return _resistance(definition, scenario)
    if flag == "non_remitting":
        return _persistence(definition, scenario)
    return ""


def _resistance(definition: DefinitionSet, scenario: Scenario) -> str:
    """Compare the weeks of steroid without remission that the set requires with those that patients are given."""
    courses = list(_courses(definition, scenario))
    if not courses:
        return ""
    needed_weeks, given_weeks, key = max(courses, key=lambda course: course[1] - course[0])
    if given_weeks >= needed_weeks:
        return _too_short("resistance", min(course[0] for course in courses) * DAYS_PER_WEEK, scenario)
    required = f"the clause “resistance” requires {needed_weeks:g} weeks of adequate steroid without remission"
    if not given_weeks:
        return f"{required}, and no dose in this scenario is adequate by the set ({key}.dose)"
    return (
        f"{required}, and care in this scenario ends such a course after {given_weeks:g} weeks ({key}.resistance_weeks)"
    )


def _courses(definition: DefinitionSet, scenario: Scenario) -> Iterator[tuple[float, float, str]]:
    """Yield the weeks that the set requires, those that patients are given, and the key of the scenario."""
    resistance = definition.resistance
    for name, child in _bands(definition, scenario):
        regimen = scenario.care.regimen[name]
        for line, course, needed in (
            ("first", regimen.first, resistance.course),
            ("relapse", regimen.relapse, resistance.relapse_course),
            ("frequent_relapse", regimen.frequent_relapse, resistance.relapse_course),
        ):
            if needed.of(child) == "off":
                continue
            slow = [resistance.slow_course] if resistance.slow_lesions.of(child) else []
            weeks = [
                float(threshold.of(child))
                for threshold in (needed, resistance.umbrella, *slow)
                if threshold.of(child) != "off"
            ]
            given = _adequate_weeks(course, regimen, definition, child)
            yield min(weeks), given, f"care.regimen.{name}.{line}"


def _adequate_weeks(course: Course, regimen: BandCare, definition: DefinitionSet, child: bool) -> float:
    """Return the weeks of adequate steroid without remission: at full dose, then during withdrawal."""
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
    """Return the dose on a dosing day, in mg."""
    of = {"kg": weight, "m2": body_surface_m2(weight), "patient": 1.0, "full": full}
    return float(min(dose.amount * of[dose.per], dose.cap_mg))


def _least_mg(definition: DefinitionSet, schedule: str, weight: float, child: bool) -> float:
    """Return the lowest adequate dose on a dosing day, in mg; infinite if there is none."""
    steroid = definition.steroid
    by_schedule = {
        "daily": (steroid.adequate_per_kg, steroid.adequate_per_m2, steroid.adequate_cap),
        "alternate_day": (steroid.alternate_per_kg, steroid.alternate_per_m2, steroid.alternate_cap),
    }
    per_kg, per_m2, cap = (_amount(threshold, child) for threshold in by_schedule[schedule])
    return float(steroid.adequate_tolerance.of(child) * min(per_kg * weight, per_m2 * body_surface_m2(weight), cap))


def _amount(threshold: Threshold[Any], child: bool) -> float:
    value = threshold.of(child)
    return float("inf") if value == "off" else float(value)


def _persistence(definition: DefinitionSet, scenario: Scenario) -> str:
    """Look for the other drug and the length of follow-up that the set requires."""
    persistence, bands = definition.persistence, list(_bands(definition, scenario))
    lengths = [float(length) for _, child in bands if (length := persistence.length.of(child)) != "off"]
    if not lengths:
        return ""
    required = all(persistence.other_agent.of(child) == "required" for _, child in bands)
    if required and not any(scenario.second_line.policy[name].starts for name, _ in bands):
        requirement = "the clause “persistent disease” requires another drug in addition to steroid"
        return f"{requirement}, and care in this scenario gives none (second_line.policy)"
    return _too_short("persistent disease", min(lengths), scenario)


def _too_short(clause: str, days: float, scenario: Scenario) -> str:
    follow_up = scenario.population.follow_up_days
    if follow_up >= days:
        return ""
    requirement = f"the clause “{clause}” requires {days:g} days"
    return f"{requirement}, and follow-up ends after {follow_up:g} (population.follow_up_days)"


def _bands(definition: DefinitionSet, scenario: Scenario) -> Iterator[tuple[str, bool]]:
    """Yield the age bands to which the set applies and whether its thresholds for children hold; twice if both may."""
    population = definition.population
    for name, band in scenario.population.bands.items():
        for child in (True, False):
            border = population.adult_from.of(child)
            low, high = population.age_from.of(child), population.age_below.of(child)
            low, high = (low, min(high, border)) if child else (max(low, border), high)
            if band.share > 0 and max(low, band.from_years) < min(high, band.to_years):
                yield name, child
