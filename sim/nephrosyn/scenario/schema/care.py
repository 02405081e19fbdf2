"""Care: steroid regimens, response criteria of the clinic, visits, adverse events of steroid, and adherence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nephrosyn.scenario.schema.names import Contraindication, Lesion, Supportive, Toxicity
from nephrosyn.scenario.schema.second_line import AgentDose
from nephrosyn.scenario.schema.units import (
    Days,
    DaysDistribution,
    DoseFraction,
    GramsPerDecilitre,
    Interval,
    PerTenYears,
    PerYear,
    PulseAmount,
    PulseCount,
    RateFactor,
    ReadingCount,
    Section,
    Share,
    ShareDistribution,
    Slots,
    StepWeeks,
    SteroidAmount,
    SteroidMilligrams,
    SuccessiveDays,
    TabletMilligrams,
    TaperSteps,
    Upcr,
    VisitLengthDistribution,
    Weeks,
    Years,
)


class Dose(Section):
    """A dose on a dosing day: an amount per m2, kg, patient or fraction of the full dose, capped."""

    amount: SteroidAmount
    per: Literal["m2", "kg", "patient", "full"]
    cap_mg: SteroidMilligrams


class Step(Section):
    """One step of a taper."""

    weeks: StepWeeks
    amount: SteroidAmount
    per: Literal["m2", "kg", "patient", "full"]
    cap_mg: SteroidMilligrams
    schedule: Literal["daily", "alternate_day"]


class Course(Section):
    """A course of steroid at full dose, then a taper; given for the first episode or for a relapse.

    Full dose lasts at least ``full_dose_weeks`` and at least ``after_remission_days`` after remission is
    declared; without remission it ends at ``resistance_weeks``, when resistance (or partial remission) is
    declared.
    """

    dose: Dose
    full_dose_weeks: Weeks
    after_remission_days: Days
    resistance_weeks: Weeks
    taper: Annotated[list[Step], TaperSteps]


class Pulses(Section):
    """Pulses of methylprednisolone by vein for a first episode that is slow to respond; ``number = 0`` gives none.

    They begin at the visit after ``after_weeks`` of full dose without remission, and end once remission is declared.
    Each counts towards the response as ``counts_as_days`` more days of adequate steroid.
    """

    number: PulseCount
    after_weeks: Weeks
    every_days: Interval
    mg_per_m2: PulseAmount
    cap_mg: SteroidMilligrams
    round_to_mg: SteroidMilligrams
    counts_as_days: Days


class FirstCourse(Course):
    """The course of steroid for the first episode."""

    pulses: Pulses


STEROID_COURSES = ("first", "relapse", "frequent_relapse")
"""Courses of steroid of an age band, by their keys."""


class ClinicCriteria(Section):
    """Criteria of the clinic for remission and relapse, and the number of consecutive readings they need.

    Where a home diary is kept, ``diary_days`` successive mornings count too: at 3+ or more they are a relapse, and at
    trace or less they confirm a reading in the range of remission. Disease that has not cleared at the end of full
    dose is in partial remission if the reading is below the range of relapse and at most ``partial_fraction`` of the
    first reading of the episode; with ``partial_is_resistance`` it is resistant all the same.
    """

    remission_mg_per_mg: Upcr
    remission_readings: ReadingCount
    partial_fraction: Share
    partial_is_resistance: bool
    relapse_mg_per_mg: Upcr
    relapse_readings: ReadingCount
    diary_days: SuccessiveDays
    confirm_after_days: Interval


class VisitPlan(Section):
    """Days between planned visits by phase of care."""

    full_dose_days: Interval
    taper_days: Interval
    off_treatment_days: Interval
    resistant_days: Interval


class Symptoms(Section):
    """Relapses whose oedema leads to an unscheduled visit: the share of them, and the delay after oedema has formed."""

    probability: Share
    delay_days: DaysDistribution


class HomeTests(Section):
    """Families who test the urine at home without keeping a diary: their share, and the delay of the visit.

    The delay begins when true proteinuria reaches the level of relapse.
    """

    share: Share
    delay_days: DaysDistribution


class Biopsy(Section):
    """Indications for a biopsy besides presentation and resistance, as shares of those not biopsied before.

    Of patients who are ``older_from_years`` or more at onset, at least ``older_share`` are biopsied at presentation.
    """

    older_from_years: Years
    older_share: Share
    at_partial_remission: Share
    before_second_agent: Share


class BandCare(Section):
    """Care of one age band.

    ``frequent_relapse`` is the course of a relapse in a patient whom the clinic holds to relapse frequently or to be
    dependent (``second_line.policy`` has the counts); it may end in a long low dose. Where a biopsy has shown a lesion
    of ``without_steroid``, no steroid is begun.
    """

    first: FirstCourse
    relapse: Course
    frequent_relapse: Course
    withdrawal: Annotated[list[Step], TaperSteps]
    watch: ClinicCriteria
    visits: VisitPlan
    symptoms: Symptoms
    home_tests: HomeTests
    home_diary: bool
    biopsy_at_presentation: Share
    biopsy_at_resistance: Share
    biopsy: Biopsy
    without_steroid: list[Lesion]


class Clinic(Section):
    """The clinic of a site: slots shared by its patients (``unlimited`` for no queue), and length of a visit."""

    slots: Slots | Literal["unlimited"]
    visit_length_days: VisitLengthDistribution


class ConditionAgainstSteroid(Section):
    """A contraindication: in which share of patients, and after which days of its treatment steroid is reconsidered."""

    share: dict[str, Share]
    reconsidered_after_days: Days | Literal["never"]


class SteroidToxicity(Section):
    """One toxicity of steroid: its rate at 1 mg/kg/day, proportional to the dose taken, and the action of care.

    Beyond the age of ``toxicity_rises_from_years`` at onset the rate is multiplied by ``factor_per_10_years`` for every
    ten years.
    """

    rate_per_year_at_1_mg_per_kg_per_day: dict[str, PerYear]
    factor_per_10_years: PerTenYears
    action: Literal["none", "cut", "stopped"]


class OldAge(Section):
    """Full dose in old age: a share of that of younger adults."""

    from_years: Years
    dose_fraction: DoseFraction


class Adherence(Section):
    """Share of non-adherent patients, and the fraction of the dose that they take."""

    non_adherent_share: Share
    taken_fraction: ShareDistribution


class GeneticTest(Section):
    """Genetic test in one age band: the share of resistant patients who are tested, and days until the result."""

    share: Share
    result_days: DaysDistribution


class Prevention(Section):
    """Advice to rest and to avoid infections: factors on the rates of infection and exertion."""

    infection_rate_factor: RateFactor
    exertion_rate_factor: RateFactor


BiopsyResults = Annotated[list[Lesion | Literal["unknown", "any"]], Field(min_length=1)]


class BlockadeBand(Section):
    """Renin-angiotensin blockade in one age band: from which conclusion of the clinic on, and for which lesions.

    ``presentation`` gives it to all who are not in remission, ``partial_remission`` to those in partial remission or
    resistant, ``resistance`` to the resistant only. It ends when remission is declared.
    """

    when: Literal["never", "presentation", "partial_remission", "resistance"]
    lesions: BiopsyResults
    dose: AgentDose


class Blockade(Section):
    """Renin-angiotensin blockade: it lowers proteinuria and the loss of filtration, and filtration while it is taken.

    ``proteinuria_factor`` multiplies the level outside complete remission; ``filtration_loss_factor`` multiplies the
    loss of filtration beyond what the lower proteinuria saves.
    """

    drug: Supportive
    proteinuria_factor: DoseFraction
    filtration_loss_factor: Share
    filtration_factor: DoseFraction
    bands: dict[str, BlockadeBand]


class AnticoagulationBand(Section):
    """Prophylactic anticoagulation in one age band: while the albumin reading is below a level, by lesion."""

    below_albumin_g_per_dl: GramsPerDecilitre | Literal["never"]
    lesions: BiopsyResults


class Anticoagulation(Section):
    """Prophylactic anticoagulation: while it is given, the hazard of thrombosis is multiplied by the factor."""

    thrombosis_factor: Share
    bands: dict[str, AnticoagulationBand]


class Care(Section):
    """All care of patients. Doses are rounded to the nearest ``tablet_mg``."""

    presentation_delay_days: DaysDistribution
    regimen: dict[str, BandCare]
    contraindications: dict[Contraindication, ConditionAgainstSteroid]
    contraindicated_dose_fraction: Share
    toxicities: dict[Toxicity, SteroidToxicity]
    genetic_test: dict[str, GeneticTest]
    toxicity_rises_from_years: Years
    old_age: OldAge
    prevention: Prevention
    cut_fraction: Share
    tablet_mg: TabletMilligrams
    adherence: Adherence
    blockade: Blockade
    anticoagulation: Anticoagulation
    clinic: Clinic
