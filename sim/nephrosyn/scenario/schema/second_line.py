"""Second-line treatment: regimens of second agents, their effects, and when care starts and stops them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from nephrosyn.scenario.schema.limits import MOST_IN_SEQUENCE, MOST_REGIMENS
from nephrosyn.scenario.schema.names import Agent, AgentToxicity, Contraindication, Lesion, Occasion
from nephrosyn.scenario.schema.units import (
    AgentAmount,
    AgentMilligrams,
    Count,
    Days,
    DaysDistribution,
    DoseFraction,
    Factor,
    Grams,
    Interval,
    LogSd,
    MgPerKg,
    MgPerKgDistribution,
    Period,
    PerYear,
    RelapseCount,
    Section,
    Share,
    StrayReadingCount,
    UacrLimit,
    UpcrOrZero,
)

MOST_AT_ONCE = 3
MOST_STARTS = 50


class AgentDose(Section):
    """One administration, or one day's tablets: an amount per m2, kg or patient, capped.

    It is rounded to the nearest multiple of ``round_to_mg``, as tablets and vials allow, and is one multiple at least.
    """

    amount: AgentAmount
    per: Literal["m2", "kg", "patient"]
    cap_mg: AgentMilligrams
    round_to_mg: AgentMilligrams


class LesionResponse(Section):
    """Response of steroid-resistant disease with one lesion while the agent is in effect."""

    complete: Share
    partial: Share


class AgentToxicityRate(Section):
    """One toxicity of an agent: its rate while the agent is given, and whether the agent is stopped for it."""

    rate_per_year: PerYear
    action: Literal["none", "stopped"]


class AgentRegimen(Section):
    """One way of giving an agent.

    ``every_days`` is 1 for daily tablets, 2 for alternate days, 7 or more for single administrations.
    The effect begins ``onset_days`` after the first dose and ends ``offset_days`` after the last. While it lasts, the
    relapse hazard is multiplied by ``relapse_factor``, and for ``rebound_days`` after it by ``rebound_factor``.
    Courses of its drug begin at least ``least_days_between_courses`` apart. With ``withdraw_steroid``, steroid is
    withdrawn after the overlap, whatever the start rule says.
    """

    drug: Agent
    dose: AgentDose
    every_days: Interval
    course_days: Period
    courses: Count
    least_days_between_courses: Days
    most_mg_per_kg: MgPerKg | Literal["unlimited"]
    most_g: Grams | Literal["unlimited"]
    onset_days: DaysDistribution
    offset_days: DaysDistribution
    relapse_factor: Factor
    rebound_factor: Factor
    rebound_days: Days
    sensitive_response: Share
    resistant_response: dict[Lesion, LesionResponse]
    time_to_response_days: DaysDistribution
    fails_at_relapses: Count
    fails_after_days: Period
    visit_days: Interval
    infection_factor: Factor
    withdraw_steroid: bool
    not_with: list[Contraindication]
    toxicities: dict[AgentToxicity, AgentToxicityRate]


class Reaction(Section):
    """Acute gut reaction to one dose of cyclophosphamide: a logistic curve through two points."""

    low_single_dose_g: Grams
    probability_at_low: Share
    high_single_dose_g: Grams
    probability_at_high: Share


class Cyclophosphamide(Section):
    """Effects of cyclophosphamide: protection and late toxicity by cumulative dose, gut reaction by single dose.

    The relapse hazard is reduced for good by the share ``most_protection * (1 - exp(-cumulative / requirement))``. The
    requirement, and the cumulative doses at which gonads and bladder are damaged, vary between patients.
    """

    most_protection: Share
    requirement_mg_per_kg: MgPerKgDistribution
    gonadal_tolerance_mg_per_kg: MgPerKgDistribution
    bladder_tolerance_mg_per_kg: MgPerKgDistribution
    reaction: Reaction


Together = Annotated[list[str], Field(min_length=2, max_length=MOST_AT_ONCE)]
"""Regimens that are given together."""


class Start(Section):
    """When second agents are started, in which patients, and in which sequence.

    ``number`` counts relapses where ``when = "relapse"``. ``lesions`` are biopsy results; "unknown" stands for no
    biopsy, "any" for every patient. An entry of ``sequence`` is a regimen, or a list of regimens given together. The
    rule holds only if the latest UPCR is at least ``above_mg_per_mg``. For ``overlap_days`` after each start steroid is
    not reduced further; with ``steroid = "withdraw"`` its withdrawal begins at the end of the overlap.
    """

    when: Occasion
    number: Count
    delay_days: Days
    lesions: Annotated[list[Lesion | Literal["unknown", "any"]], Field(min_length=1)]
    sequence: Annotated[list[str | Together], Field(min_length=1, max_length=MOST_IN_SEQUENCE)]
    above_mg_per_mg: UpcrOrZero = 0.0

    @model_serializer(mode="wrap")
    def _leave_out(self, complete: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what the file leaves out, which needs no source."""
        values: dict[str, Any] = complete(self)
        return {key: value for key, value in values.items() if key in self.model_fields_set}

    overlap_days: Days
    steroid: Literal["as_planned", "withdraw"]


class Stopping(Section):
    """When an effective agent is stopped: after its course, or by clear urine (the rule of the source text).

    By clear urine, whatever the length of the course (infusions without a cumulative cap keep theirs): the urine
    albumin/creatinine ratio has been at most ``negative_mg_per_mg`` at every visit for ``negative_days``. Follow-up
    ends when it has stayed so for ``normal_days``, and also ``provocation_check_days`` after each of ``provocations``
    tests by hard exercise. While the disease is in remission, up to ``stray_readings`` higher readings in a row do not
    count.

    A course of tablets without a cumulative cap varies in length (``course_log_sd``). It is prolonged while steroid is
    still given or the disease is not in remission, and until ``prolonged_after_relapse_days`` after the latest relapse,
    by at most ``most_prolonged_fraction`` of its length.
    """

    rule: Literal["course", "clear_urine"]
    prolonged_after_relapse_days: Days
    most_prolonged_fraction: Factor
    course_log_sd: LogSd
    negative_mg_per_mg: UacrLimit
    stray_readings: StrayReadingCount
    negative_days: Period
    normal_days: Period
    provocations: Count
    provocation_check_days: Interval


class Refusal(Section):
    """Patients who refuse second agents when they are first offered.

    They accept once ``accepted_after_days`` have passed, or at their next relapse if ``accepted_at_next_relapse``.
    """

    share: Share
    accepted_after_days: Days
    accepted_at_next_relapse: bool


class Policy(Section):
    """Second-line care of one age band; no entry in ``starts`` means steroid alone.

    Dependence is ``dependence_relapses`` relapses in a row on steroid, or within ``dependence_within_days`` after it.
    Frequent relapses are counted over ``six_months_days`` and ``twelve_months_days``.
    """

    dependence_relapses: RelapseCount
    dependence_within_days: Days
    frequent_relapses_in_6_months: RelapseCount
    six_months_days: Period
    frequent_relapses_in_12_months: RelapseCount
    twelve_months_days: Period
    refusal: Refusal
    starts: Annotated[list[Start], Field(max_length=MOST_STARTS)]
    stopping: Stopping


class Dosing(Section):
    """How agents are prescribed: tablets for ``review_days`` at a time, by the weight of that day.

    Their dose is changed once it is out by more than ``change_above_fraction``. Of an infusion at least
    ``least_infusion_fraction`` is given; if the cumulative cap leaves less, the course is over. None is started within
    ``wait_after_toxicity_days`` of stopping another for an adverse event, or ``wait_after_infection_days`` of the
    treatment of a serious infection.
    """

    review_days: Interval
    change_above_fraction: Share
    least_infusion_fraction: DoseFraction
    wait_after_toxicity_days: Days
    wait_after_infection_days: Days


class Failure(Section):
    """When an agent has failed in disease that does not remit: after ``fails_after_days`` times ``days_factor``.

    It has not failed if proteinuria is at most ``improving_fraction`` of what it was at the start.
    """

    improving_fraction: Share
    days_factor: dict[Lesion, Factor]


class SecondLine(Section):
    """All second-line treatment. ``response_correlation`` is between the responses of one patient to two agents.

    No two drugs of a list in ``never_together`` are given together, and no two of one class.
    """

    response_correlation: Share
    dosing: Dosing
    failure: Failure
    never_together: list[Annotated[list[Agent], Field(min_length=2)]]
    cyclophosphamide: Cyclophosphamide
    regimens: Annotated[dict[str, AgentRegimen], Field(max_length=MOST_REGIMENS)]
    policy: dict[str, Policy]
