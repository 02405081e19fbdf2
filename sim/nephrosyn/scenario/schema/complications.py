"""Complications of nephrotic syndrome, and causes of apparent steroid resistance."""

from __future__ import annotations

from typing import Literal

from nephrosyn.scenario.schema.names import Lesion
from nephrosyn.scenario.schema.units import (
    Days,
    DaysDistribution,
    Factor,
    FactorDistribution,
    Filtration,
    GramsPerDecilitre,
    LossPerYear,
    MgPerM2PerDay,
    PerGramPerDecilitre,
    PerMgPerKgPerDayRatio,
    PerYear,
    Ratio,
    Section,
    Share,
    ShareDistribution,
    Upcr,
)

Factors = Literal[
    "hidden_infection", "hidden_thrombosis", "non_adherence", "under_dosing", "malabsorption", "interacting_drug"
]


class Untreated(Section):
    """The time from the start of a complication until treatment takes effect, and its effects in that time.

    Steroid causes no response in that time. Filtration falls to ``filtration_factor`` of its value, and
    ``lasting_filtration_loss`` of it is lost for good; a thrombosis outside the renal vein does not affect filtration.
    """

    treated_after_days: DaysDistribution
    filtration_factor: Share
    lasting_filtration_loss: Share
    fatality: Share


class Thrombosis(Section):
    """Venous thrombosis: at most one event per patient, with a hazard by lesion and albumin, in prone patients.

    Only ``prone_share`` of all patients can have a thrombosis. At an albumin of ``knee_g_per_dl`` their hazard is
    ``rate_per_year``; below, it is multiplied by ``factor_per_g_per_dl`` for each g/dL down to
    ``flat_below_g_per_dl``, under which it rises no further; above, by ``above_knee_factor``.
    """

    prone_share: Share
    rate_per_year: dict[Lesion, PerYear]
    renal_vein_share: dict[Lesion, Share]
    knee_g_per_dl: GramsPerDecilitre
    factor_per_g_per_dl: PerGramPerDecilitre
    flat_below_g_per_dl: GramsPerDecilitre
    above_knee_factor: Share
    course: Untreated


class InfectionCourse(Section):
    """The course of a treated infection: until treatment takes effect, steroid brings about no response.

    ``life_threatening_share`` of these infections (peritonitis, sepsis) also lower filtration to ``filtration_factor``
    of its value in the meantime and take ``lasting_filtration_loss`` of it permanently; ``fatality`` is the share of
    the life-threatening ones that kill.
    """

    treated_after_days: DaysDistribution
    life_threatening_share: Share
    filtration_factor: Share
    lasting_filtration_loss: Share
    fatality: Share


class SeriousInfection(Section):
    """Infection that requires admission: hazard by age band, albumin, steroid and second agent."""

    rate_per_year: dict[str, PerYear]
    low_albumin_g_per_dl: GramsPerDecilitre
    low_albumin_factor: Ratio
    steroid_factor_per_mg_per_kg_per_day: PerMgPerKgPerDayRatio
    course: InfectionCourse


class AcuteKidneyInjury(Section):
    """Acute kidney injury of an episode: filtration that falls and recovers with albumin.

    In ``share`` of the episodes filtration falls as albumin falls from ``below_g_per_dl`` to ``deepest_at_g_per_dl``,
    where the fraction ``depth`` of it is lost; it comes back as albumin rises.
    """

    share: dict[str, Share]
    depth: ShareDistribution
    below_g_per_dl: GramsPerDecilitre
    deepest_at_g_per_dl: GramsPerDecilitre


class KidneyLoss(Section):
    """Yearly loss of filtration by the level of proteinuria, with factors by lesion and patient; kidney failure.

    Outside complete remission the loss is ``nephrotic`` at a ratio of ``at_mg_per_mg``, and goes with the power
    ``proteinuria_power`` of the ratio.
    """

    complete_remission: LossPerYear
    nephrotic: LossPerYear
    at_mg_per_mg: Upcr
    proteinuria_power: Share
    responsive_factor: Share
    lesion_factor: dict[Lesion, Factor]
    patient_factor: FactorDistribution
    failure_below_ml_per_min_per_1_73_m2: Filtration


class Complications(Section):
    """Thrombosis, serious infection, and loss of kidney function."""

    venous_thrombosis: Thrombosis
    serious_infection: SeriousInfection
    acute_kidney_injury: AcuteKidneyInjury
    kidney_loss: KidneyLoss


class ProvokingFactor(Section):
    """A cause of apparent steroid resistance, until it is found and removed.

    While it lasts, only ``exposure_factor`` of the steroid taken is effective, and the response advances at
    ``speed_factor``. ``non_adherence`` has no share here: it applies to those who take less than prescribed
    (``care.adherence``), and ends with that.
    """

    share: dict[str, Share]
    exposure_factor: Share
    speed_factor: Share
    found_after_days: DaysDistribution
    removed_after_days: DaysDistribution
    remits_by_itself_probability: Share


class ProvokingFactors(Section):
    """Causes of apparent steroid resistance (pseudo-refractory disease), and when care searches for them.

    In under-dosed patients, the response does not advance below ``needed_mg_per_m2_per_day``; once this is found, they
    are given that dose.
    """

    search: Literal["never", "presentation", "resistance"]
    search_after_days: Days
    needed_mg_per_m2_per_day: dict[str, MgPerM2PerDay]
    factors: dict[Factors, ProvokingFactor]
