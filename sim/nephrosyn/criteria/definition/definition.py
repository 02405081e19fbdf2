"""What a definition set may say: which thresholds there are, and what they mean together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nephrosyn import vocabulary
from nephrosyn.criteria.definition.clauses import (
    Counts,
    CourseFlags,
    Dependence,
    Frequent,
    Intolerance,
    OtherAgents,
    Persistence,
    Resistance,
)
from nephrosyn.criteria.definition.thresholds import (
    AlbuminOrOff,
    BandOrOff,
    Choice,
    Days,
    DipstickBand,
    MgPerDay,
    MgPerDose,
    MgPerKg,
    MgPerKgDose,
    MgPerM2,
    MgPerM2Dose,
    Names,
    Readings,
    Section,
    Share,
    ShareOrOff,
    Text,
    Upcr,
    UpcrOrOff,
    WeeksOrZero,
    Years,
    refuse,
)
from nephrosyn.scenario.schema.names import Lesion

BANDS = vocabulary.DIPSTICK_BANDS

Drug = Literal["prednisone"]
Flag = Literal["resistant", "dependent", "frequent", "intolerant", "non_remitting"]


class Population(Section):
    """To whom the set applies, by age at onset and lesion, and who counts as a child.

    Anybody else cannot be judged by it. `unknown_lesion` says what holds for those who were not biopsied.
    """

    adult_from: Years
    age_from: Years
    age_below: Years
    lesions: Names[Lesion]
    unknown_lesion: Choice[Literal["applies", "undetermined"]]

    @model_validator(mode="after")
    def _for_everybody(self) -> Self:
        split = [name for name in type(self).model_fields if getattr(self, name).value is None]
        refuse(f"`value` for {name}, the same for everybody" for name in split)
        if self.age_from.of(True) >= self.age_below.of(True):
            refuse(["age_from below age_below"])
        if not self.lesions.of(True):
            refuse(["at least one lesion"])
        return self


class Urine(Section):
    """Remission and relapse by one day's urine, and how a change of state is confirmed.

    A ratio is at remission level ``at_most`` or ``below`` `remission_upcr`, at relapse level ``at_least`` or ``above``
    `relapse_upcr`. With `remission_albumin` remission also asks for that much albumin on the same day; a day of
    clear urine without a reading of albumin is ``ignored``, or ``passes``.

    A change needs `home_days` days of testing in a row, or `clinic_readings` readings of the clinic one after
    the other with none against it between. Readings further apart than `max_gap` may hide a relapse.
    `relapse_in_taper`: whether a relapse counts before the steroid given for the one before it was finished.
    """

    remission_upcr: Upcr
    remission_limit: Choice[Literal["at_most", "below"]]
    remission_albumin: AlbuminOrOff
    missing_albumin: Choice[Literal["ignored", "passes"]]
    relapse_upcr: Upcr
    relapse_limit: Choice[Literal["at_least", "above"]]
    remission_band: DipstickBand
    relapse_band: DipstickBand
    home_days: Days
    clinic_readings: Readings
    max_gap: Days
    relapse_in_taper: Choice[Counts]

    @model_validator(mode="after")
    def _remission_below_relapse(self) -> Self:
        refuse(problem for child in (True, False) for problem in self._wrong(child))
        return self

    def _wrong(self, child: bool) -> Iterator[str]:
        low, high = self.remission_upcr.of(child), self.relapse_upcr.of(child)
        touching = self.remission_limit.of(child) == "at_most" and self.relapse_limit.of(child) == "at_least"
        if low > high or (low == high and touching):
            yield "remission_upcr below relapse_upcr"
        if BANDS.index(self.remission_band.of(child)) >= BANDS.index(self.relapse_band.of(child)):
            yield "remission_band below relapse_band"


class Partial(Section):
    """Partial remission by one day's urine: short of remission, and below a ratio.

    `fall`: and lower by this fraction than the highest ratio since the last one at remission level. `albumin`: and at
    least this much albumin, where it was read on that day. `band_below`: a dipstick below it, where no fall is asked.
    """

    upcr_below: UpcrOrOff
    fall: ShareOrOff
    albumin: AlbuminOrOff
    band_below: BandOrOff


class Steroid(Section):
    """Which dose is adequate, and which is the maintenance dose; of several the lowest counts.

    On alternate days a dose is adequate by the `alternate_` amounts, each of a dosing day, once daily adequate steroid
    has been given for `alternate_after` weeks; with all of them off it never is.
    """

    drugs: Names[Drug]
    adequate_per_kg: MgPerKg
    adequate_per_m2: MgPerM2
    adequate_cap: MgPerDay
    adequate_tolerance: Share
    alternate_per_kg: MgPerKgDose
    alternate_per_m2: MgPerM2Dose
    alternate_cap: MgPerDose
    alternate_after: WeeksOrZero
    maintenance_per_kg: MgPerKg
    maintenance: MgPerDay

    @model_validator(mode="after")
    def _some_dose(self) -> Self:
        refuse(problem for child in (True, False) for problem in self._wrong(child))
        return self

    def _wrong(self, child: bool) -> Iterator[str]:
        if {self.adequate_per_kg.of(child), self.adequate_per_m2.of(child), self.adequate_cap.of(child)} == {"off"}:
            yield "an adequate dose: adequate_per_kg, adequate_per_m2 or adequate_cap"
        if not self.drugs.of(child):
            yield "at least one drug"


class Summing(Section):
    """Which met flag names the category, and which flags make a patient refractory."""

    precedence: Names[Flag]
    refractory: Names[Flag]


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
    partial: Partial
    steroid: Steroid
    resistance: Resistance
    dependence: Dependence
    frequent: Frequent
    intolerance: Intolerance
    persistence: Persistence
    course_flags: CourseFlags
    other_agents: OtherAgents
    verdict: Summing

    def __repr__(self) -> str:
        """Which set, in a line."""
        return f"<DefinitionSet {self.name}: {self.title}>"

    def __str__(self) -> str:
        """The same as its representation."""
        return repr(self)

    def defines(self, flag: str, child: bool) -> bool:
        """Whether the set says when a flag is met.

        Parameters
        ----------
        flag : str
            One of `vocabulary.FLAGS`.
        child : bool
            Whether for children.

        Returns
        -------
        bool
            False where all its clauses are off.
        """
        intolerance = self.intolerance
        return {
            "resistant": self.resistance.course.of(child) != "off",
            "dependent": self.dependence.rule.of(child) != "off",
            "frequent": any(rule.count.of(child) != "off" for rule in self.frequent.rules),
            "intolerant": bool(intolerance.contraindications.of(child) or intolerance.toxicities.of(child)),
            "non_remitting": self.persistence.length.of(child) != "off",
        }[flag]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse(self._wrong_in_verdict())
        for wrong in (self._wrong_in_partial, self._wrong_elsewhere):
            refuse(problem for child in (True, False) for problem in wrong(child))
        return self

    def _wrong_in_verdict(self) -> Iterator[str]:
        precedence, refractory = self.verdict.precedence.value, self.verdict.refractory.value
        if precedence is None or refractory is None:
            yield "`value` in verdict, the same for everybody"
            return
        for child in (True, False):
            defined = [flag for flag in vocabulary.FLAGS if self.defines(flag, child)]
            if set(precedence) != set(defined):
                yield f"in verdict.precedence every flag the set defines, and no other: {', '.join(defined) or 'none'}"
        if not refractory or not set(refractory) <= set(precedence):
            yield "in verdict.refractory at least one flag, each of them in precedence"

    def _wrong_in_partial(self, child: bool) -> Iterator[str]:
        partial, urine = self.partial, self.urine
        upper, band = partial.upcr_below.of(child), partial.band_below.of(child)
        if upper != "off" and not urine.remission_upcr.of(child) < upper <= urine.relapse_upcr.of(child):
            yield "partial.upcr_below above remission_upcr and no higher than relapse_upcr"
        low, high = (BANDS.index(limit.of(child)) for limit in (urine.remission_band, urine.relapse_band))
        if band != "off" and not low < BANDS.index(band) <= high:
            yield "partial.band_below above remission_band and no higher than relapse_band"
        if upper == "off" and self._speaks_of_partial(child):
            yield "partial.upcr_below where another key speaks of partial remission"

    def _speaks_of_partial(self, child: bool) -> bool:
        resistance, persistence, agents = self.resistance, self.persistence, self.other_agents
        responses = (
            (resistance.course, resistance.response),
            (resistance.confirmation, resistance.confirmation_for),
            (persistence.length, persistence.response),
            (agents.calcineurin_course, agents.calcineurin_response),
            (agents.multidrug_course, agents.multidrug_response),
        )
        used = any(switch.of(child) != "off" and what.of(child) == "partial" for switch, what in responses)
        return used or self.course_flags.partial_remission.of(child) == "reported"

    def _wrong_elsewhere(self, child: bool) -> Iterator[str]:
        off = self.steroid.maintenance_per_kg.of(child) == self.steroid.maintenance.of(child) == "off"
        if self.dependence.rule.of(child) == "raise_clears" and off:
            yield "steroid.maintenance or maintenance_per_kg for the rule raise_clears"
        flags = self.course_flags
        if flags.late_responder.of(child) == "reported" and self.resistance.confirmation.of(child) == "off":
            yield "resistance.confirmation where course_flags.late_responder is reported"
        if flags.partial_remission.of(child) == "reported" and self.resistance.course.of(child) == "off":
            yield "resistance.course where course_flags.partial_remission is reported"
