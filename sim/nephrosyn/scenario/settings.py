"""Settings of a scenario with a few values each, as overrides of its keys, for pages and for cohorts of many kinds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from nephrosyn.scenario.schema.scenario import Scenario

DIGITS = 6
"""Digits after the point of a number that is a multiple of one of the scenario."""
HALF_YEAR_DAYS = 182
COURSES = ("first", "relapse", "frequent_relapse")
Values = Sequence[float]
Overrides = Callable[["Scenario", float], Iterator[tuple[str, Any]]]


@dataclass(frozen=True)
class Setting:
    """A setting, and how its values change a scenario.

    Attributes
    ----------
    name : str
        Identifies it.
    label, group : str
        What it is called, and with which others it is shown.
    values : sequence of float
        The values offered; the present one is added.
    present : callable
        Called with the scenario; returns its value in it, or None if the scenario has none.
    overrides : callable
        Called with the scenario and a value; yields keys with their values.
    text : callable
        Called with a value; returns how it is written.
    """

    name: str
    label: str
    group: str
    values: Values
    present: Callable[[Scenario], float | None]
    overrides: Overrides
    text: Callable[[float], str]

    def offered(self, scenario: Scenario) -> tuple[list[float], int] | None:
        """Return the values and the place of the present one, or None if the scenario has no such setting."""
        present = self.present(scenario)
        if present is None:
            return None
        values = sorted({*self.values, present})
        return values, values.index(present)

    def arguments(self, scenario: Scenario, value: float) -> list[str]:
        """Return the overrides of a value as ``KEY=VALUE``, without those that change nothing."""
        return [f"{key}={toml_value(new)}" for key, new in self.overrides(scenario, value)]


def toml_value(value: Any) -> str:
    """Return a value as it is written in TOML and after ``--set``.

    Examples
    --------
    >>> toml_value([1.5, "any", True])
    '[1.5, "any", true]'
    """
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return json.dumps(value)


def _times(value: float, factor: float) -> float:
    return round(value * factor, DIGITS)


def _factor(text: str) -> Callable[[float], str]:
    return lambda factor: f"{factor:g} {text}"


def _as_is(_: Scenario) -> float:
    return 1.0


def _relapse_rate(scenario: Scenario, factor: float) -> Iterator[tuple[str, Any]]:
    for band, relapse in scenario.disease.relapse.bands.items():
        yield f"disease.relapse.bands.{band}.rate_per_year", _times(relapse.rate_per_year, factor)


def _response(scenario: Scenario, factor: float) -> Iterator[tuple[str, Any]]:
    for band, lesions in scenario.disease.response.items():
        for lesion, response in lesions.items():
            if response.complete:
                yield f"disease.response.{band}.{lesion}.complete", _times(response.complete, factor)


def _infections(scenario: Scenario, factor: float) -> Iterator[tuple[str, Any]]:
    rates = [_times(rate, factor) for rate in scenario.triggers.infection.rate_per_year]
    yield "triggers.infection.rate_per_year", rates


def _has_infections(scenario: Scenario) -> float | None:
    return 1.0 if any(scenario.triggers.infection.rate_per_year) else None


def _follow_up(_: Scenario, days: float) -> Iterator[tuple[str, Any]]:
    yield "population.follow_up_days", days


def _dose(scenario: Scenario, factor: float) -> Iterator[tuple[str, Any]]:
    for band, regimen in scenario.care.regimen.items():
        for course in COURSES:
            dose = getattr(regimen, course).dose
            key = f"care.regimen.{band}.{course}.dose"
            yield f"{key}.amount", _times(dose.amount, factor)
            yield f"{key}.cap_mg", _times(dose.cap_mg, factor)


def _taper(scenario: Scenario, factor: float) -> Iterator[tuple[str, Any]]:
    for band, regimen in scenario.care.regimen.items():
        for course in COURSES:
            for place, step in enumerate(getattr(regimen, course).taper):
                yield f"care.regimen.{band}.{course}.taper.{place}.weeks", _times(step.weeks, factor)


def _adherence(_: Scenario, share: float) -> Iterator[tuple[str, Any]]:
    yield "care.adherence.non_adherent_share", share


def _agents(scenario: Scenario, on: float) -> Iterator[tuple[str, Any]]:
    for band, policy in scenario.second_line.policy.items():
        if not on and policy.starts:
            yield f"second_line.policy.{band}.starts", []


def _has_agents(scenario: Scenario) -> float | None:
    return 1.0 if any(policy.starts for policy in scenario.second_line.policy.values()) else None


def _visits(scenario: Scenario, factor: float) -> Iterator[tuple[str, Any]]:
    for band, regimen in scenario.care.regimen.items():
        for name, days in regimen.visits.model_dump().items():
            yield f"care.regimen.{band}.visits.{name}", _times(days, factor)


def _missed(_: Scenario, probability: float) -> Iterator[tuple[str, Any]]:
    yield "chart.missed_visit_probability", probability


def _years(days: float) -> str:
    if days < HALF_YEAR_DAYS:
        return f"{days:g} days"
    years = f"{days / DAYS_PER_YEAR:.2g}"
    return f"{years} year{'' if years == '1' else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


DISEASE, CARE, RECORD = "The disease", "Care", "Time and the record"
SETTINGS = (
    Setting(
        "follow_up", "Follow-up", RECORD, (183, 365, 548, 730, 1095, 1461, 2192, 3652),
        lambda scenario: scenario.population.follow_up_days, _follow_up, _years,
    ),
    Setting(
        "visit_spacing", "Time between visits", RECORD, (0.5, 1, 1.5, 2, 3, 4), _as_is, _visits, _factor("× planned")
    ),
    Setting(
        "missed_visits", "Visits that are missed", RECORD, (0, 0.1, 0.2, 0.35, 0.5),
        lambda scenario: scenario.chart.missed_visit_probability, _missed, _percent,
    ),
    Setting(
        "relapse_rate", "Rate of relapse", DISEASE, (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3), _as_is, _relapse_rate,
        _factor("× the scenario’s"),
    ),
    Setting(
        "response", "Share with complete response to steroid", DISEASE, (0, 0.25, 0.5, 0.75, 0.9, 1), _as_is, _response,
        _factor("× the scenario’s"),
    ),
    Setting(
        "infections", "Infections", DISEASE, (0, 0.5, 1, 1.5, 2), _has_infections, _infections,
        _factor("× the scenario’s"),
    ),
    Setting("dose", "Dose of steroid", CARE, (0.25, 0.5, 0.75, 1, 1.25, 1.5), _as_is, _dose, _factor("× prescribed")),
    Setting("taper", "Length of the taper", CARE, (0.25, 0.5, 1, 1.5, 2, 3), _as_is, _taper, _factor("× planned")),
    Setting(
        "non_adherence", "Patients who take too little", CARE, (0, 0.1, 0.25, 0.5, 0.75, 1),
        lambda scenario: scenario.care.adherence.non_adherent_share, _adherence, _percent,
    ),
    Setting(
        "second_agents", "Second agents", CARE, (0, 1), _has_agents, _agents, lambda on: "as planned" if on else "none"
    ),
)  # fmt: skip
"""The settings that are offered, where a scenario has them."""
