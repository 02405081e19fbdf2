"""The schema of a complete scenario: everything a run depends on, without defaults."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nephrosyn.scenario.schema.calendar import Calendar
from nephrosyn.scenario.schema.care import Care
from nephrosyn.scenario.schema.complications import Complications, ProvokingFactors
from nephrosyn.scenario.schema.disease import Disease, Triggers
from nephrosyn.scenario.schema.measurement import Chart, Readings
from nephrosyn.scenario.schema.population import Population
from nephrosyn.scenario.schema.second_line import SecondLine
from nephrosyn.scenario.schema.uncertainty import Entry
from nephrosyn.scenario.schema.units import Patients, Replicates, Section, Seed


class Scenario(Section):
    """A resolved scenario.

    ``sources`` gives the source of every number: an evidence id (``C01``), a section of the model description
    (``NL3.4.8``), a statement of the source texts (``S5``), or ``assumed: reason``. A key of ``sources`` is a dotted
    path; it applies to everything below it that has no nearer source. ``uncertainty`` says in the same way how well
    numbers are known.
    """

    title: str
    description: str
    patients: Patients
    replicates: Replicates
    seed: Seed
    engine: Literal["auto", "simpy", "compiled"]
    criteria: list[str]
    calendar: Calendar
    population: Population
    disease: Disease
    triggers: Triggers
    care: Care
    second_line: SecondLine
    complications: Complications
    provoking_factors: ProvokingFactors
    readings: Readings
    chart: Chart
    sources: dict[str, str]
    uncertainty: dict[str, Entry] = Field(default_factory=dict)

    def __repr__(self) -> str:
        """Title, number of patients and seed, in one line."""
        return f"<Scenario {self.title!r}: {self.patients} patients, seed {self.seed}>"

    def __str__(self) -> str:
        """The same as its representation."""
        return repr(self)
