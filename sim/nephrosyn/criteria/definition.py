"""What a definition set may say: which thresholds there are, and what they mean together."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nephrosyn import terms
from nephrosyn.criteria.thresholds import (
    Days,
    DipstickBand,
    MgPerDay,
    MgPerKg,
    MgPerM2,
    Names,
    Readings,
    Relapses,
    Section,
    Share,
    Text,
    Upcr,
    Weeks,
    WindowName,
    Years,
)

Drug = Literal["prednisone"]
Contraindication = Literal["peptic_ulcer", "tuberculosis", "hepatitis", "diabetes"]
Toxicity = Literal["steroid_diabetes", "osteonecrosis", "psychosis", "gastrointestinal_bleeding", "cataract"]
Action = Literal["none", "withheld", "cut", "stopped"]
Flag = Literal["resistant", "dependent", "frequent", "intolerant"]


class Population(Section):
    """Who counts as a child."""

    adult_from: Years


class Urine(Section):
    """Remission and relapse by one day's urine, and how a change of state is confirmed.

    A change needs `home_days` days of testing in a row, or `clinic_readings` readings of the clinic one after
    the other with none against it between. Readings further apart than `max_gap` may hide a relapse.
    """

    remission_upcr: Upcr
    relapse_upcr: Upcr
    remission_band: DipstickBand
    relapse_band: DipstickBand
    home_days: Days
    clinic_readings: Readings
    max_gap: Days

    @model_validator(mode="after")
    def _remission_below_relapse(self) -> Self:
        for child in (True, False):
            if self.remission_upcr.of(child) >= self.relapse_upcr.of(child):
                raise ValueError("remission_upcr below relapse_upcr")
            low, high = (terms.DIPSTICK_BANDS.index(b.of(child)) for b in (self.remission_band, self.relapse_band))
            if low >= high:
                raise ValueError("remission_band below relapse_band")
        return self


class Steroid(Section):
    """Which dose is adequate, and which is the maintenance dose; of several the lowest counts."""

    drugs: Names[Drug]
    adequate_per_kg: MgPerKg
    adequate_per_m2: MgPerM2
    adequate_cap: MgPerDay
    adequate_tolerance: Share
    maintenance_per_kg: MgPerKg
    maintenance: MgPerDay

    @model_validator(mode="after")
    def _some_dose(self) -> Self:
        for child in (True, False):
            if self.adequate_per_kg.of(child) == self.adequate_per_m2.of(child) == self.adequate_cap.of(child) == "off":
                raise ValueError("an adequate dose: adequate_per_kg, adequate_per_m2 or adequate_cap")
            if self.maintenance_per_kg.of(child) == self.maintenance.of(child) == "off":
                raise ValueError("a maintenance dose: maintenance_per_kg or maintenance")
        return self


class Resistance(Section):
    """Weeks of adequate steroid without remission; and fewer weeks, if steroid was then reduced in vain."""

    course: Weeks
    umbrella: Weeks

    @model_validator(mode="after")
    def _umbrella_first(self) -> Self:
        for child in (True, False):
            course, umbrella = self.course.of(child), self.umbrella.of(child)
            if course == "off":
                raise ValueError("a number of weeks for course")
            if umbrella != "off" and umbrella > course:
                raise ValueError("umbrella no longer than course")
        return self


class Dependence(Section):
    """Relapses during the taper, before the maintenance dose, that a higher dose clears again."""

    relapses: Relapses
    raise_within: Days
    effective_within: Days


class Frequency(Section):
    """So many relapses within so many days.

    `window` says which: ``first`` from the first remission on, ``sliding`` any stretch of that length, ``blocks``
    successive stretches of that length from the first remission on.
    """

    count: Relapses
    length: Days
    window: WindowName


class Frequent(Section):
    """Either rule suffices."""

    six_months: Frequency
    twelve_months: Frequency


class Intolerance(Section):
    """Conditions, and what they must have done to the steroid."""

    contraindications: Names[Contraindication]
    contraindication_actions: Names[Action]
    toxicities: Names[Toxicity]
    toxicity_actions: Names[Action]


class Summing(Section):
    """Which met flag names the category, and which flags make a patient refractory."""

    precedence: Names[Flag]
    refractory: Names[Flag]

    @model_validator(mode="after")
    def _all_flags(self) -> Self:
        if self.precedence.value is None or self.refractory.value is None:
            raise ValueError("`value`, the same for everybody")
        if set(self.precedence.value) != set(terms.FLAGS):
            raise ValueError(f"every flag in precedence: {', '.join(terms.FLAGS)}")
        return self


class DefinitionSet(Section):
    """A definition set: who is refractory, and why.

    Attributes
    ----------
    name : str
        Name in the labels.
    title : str
        What it is, in one line.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
    title: Text
    population: Population
    urine: Urine
    steroid: Steroid
    resistance: Resistance
    dependence: Dependence
    frequent: Frequent
    intolerance: Intolerance
    verdict: Summing

    @model_validator(mode="after")
    def _adult_from_for_everybody(self) -> Self:
        if self.population.adult_from.value is None:
            raise ValueError("`value` for population.adult_from")
        return self
