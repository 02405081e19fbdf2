"""The disease: response to steroid, relapse, spontaneous remission, proteinuria, and the laboratory values."""

from __future__ import annotations

from typing import Annotated

from nephrosyn.scenario.schema.names import Lesion, RemissionCause
from nephrosyn.scenario.schema.units import (
    AgeSteps,
    Correlation,
    CreatinineConstant,
    Days,
    DaysDistribution,
    Factor,
    FactorDistribution,
    FiltrationDistribution,
    GramsPerDecilitre,
    GramsPerDecilitreDistribution,
    HalvingDays,
    Interval,
    LevelFraction,
    LogSd,
    MgPerDecilitreDistribution,
    MgPerDecilitreRise,
    MgPerKgPerDay,
    MgPerKgPerDayDistribution,
    PerDay,
    PerMgPerKgPerDay,
    PerYear,
    Ratio,
    RuPerMillilitreDistribution,
    Section,
    Shape,
    Share,
    Steps,
    Upcr,
    UpcrDistribution,
    WindowDays,
    Years,
)


class Response(Section):
    """Steroid response of one lesion in one age band; the remaining probability is that of no response."""

    complete: Share
    partial: Share
    time_to_remission_days: DaysDistribution


class Spontaneous(Section):
    """Remission without treatment: its share, and the time from onset until proteinuria begins to fall."""

    share: Share
    time_days: DaysDistribution


class RelapseBand(Section):
    """Relapse in one age band: share without relapse, mean rate off treatment of the others, and heterogeneity.

    ``frailty_shape`` is the shape of a gamma distribution with mean 1; a smaller shape concentrates relapses in fewer
    patients. The hazard has a factor by time since remission.
    """

    never_relapsing_share: Share
    rate_per_year: PerYear
    frailty_shape: Shape
    decline_per_year: Share
    decline_since_onset_per_year: Share
    cured_per_year: PerYear
    threshold_share: Share
    threshold_mg_per_kg_per_day: MgPerKgPerDayDistribution
    below_threshold_factor: Factor
    since_remission_from_days: Annotated[list[Days], Steps]
    since_remission_factor: list[Factor]


class RemissionTime(Section):
    """How the times to remission of one patient are related.

    ``patient_share`` is the part of the variance that lies between patients (the intraclass correlation of the normal
    scores) and ``frailty_correlation`` its correlation with the rate of relapse. In a relapse the median is multiplied
    by ``relapse_median_factor`` and the spread of the logarithm by ``relapse_spread_factor``.
    """

    patient_share: Share
    frailty_correlation: Correlation
    relapse_median_factor: Factor
    relapse_spread_factor: Factor


class LateResistance(Section):
    """Responders who become resistant: their share, and the time after onset from which relapses do not respond."""

    share: Share
    after_days: DaysDistribution


class Relapse(Section):
    """The relapse hazard: mean rate, gamma frailty, and factors.

    Each lesion has its own factor on the hazard, its own share of patients who never relapse (among those who would by
    the share of their band), and its own factor on the share with a threshold. ``after_remission_by`` is a factor on
    the hazard by what began the present remission.
    """

    bands: dict[str, RelapseBand]
    lesion_factor: dict[Lesion, Factor]
    lesion_never_relapsing_share: dict[Lesion, Share]
    lesion_threshold_factor: dict[Lesion, Share]
    after_remission_by: dict[RemissionCause, Factor]
    threshold_frailty_correlation: Correlation
    dose_effect_per_mg_per_kg_per_day: PerMgPerKgPerDay
    alternate_day_efficiency: Share
    decline_from_years: Years


class Variation(Section):
    """Slow variation of proteinuria outside complete remission, while it neither falls nor rises.

    Every ``every_days`` it moves towards a new level about the patient's own. The logarithms of successive levels are
    normal with standard deviation ``log_sd`` and ``correlation``. The level does not leave the range of its state:
    nephrotic disease stays at ``nephrotic_at_least_mg_per_mg`` or above, and at ``nephrotic_at_least_fraction`` of the
    patient's own level; partial remission stays between ``partial_at_least_mg_per_mg`` and
    ``partial_at_most_mg_per_mg``. A patient whose own level lies beyond may stay there.
    """

    log_sd: LogSd
    every_days: Interval
    correlation: Share
    nephrotic_at_least_mg_per_mg: Upcr
    nephrotic_at_least_fraction: LevelFraction
    partial_at_least_mg_per_mg: Upcr
    partial_at_most_mg_per_mg: Upcr


class Proteinuria(Section):
    """Levels of the true urine protein/creatinine ratio, and the rates of change between them.

    A partial response ends at ``highest_partial_fraction`` of the patient's nephrotic level or below it, a complete
    response at ``highest_remission_fraction`` of ``remission_below_mg_per_mg`` or below it.
    """

    nephrotic_mg_per_mg: UpcrDistribution
    partial_mg_per_mg: UpcrDistribution
    highest_partial_fraction: LevelFraction
    remission_mg_per_mg: UpcrDistribution
    highest_remission_fraction: LevelFraction
    remission_below_mg_per_mg: Upcr
    fall_halving_days: dict[Lesion, HalvingDays]
    spontaneous_halving_days: dict[Lesion, HalvingDays]
    rise_doubling_days: HalvingDays
    variation: Variation


class AntiPla2r(Section):
    """Antibodies to the phospholipase A2 receptor in membranous nephropathy: who has them, and their level."""

    positive_share: Share
    active_ru_per_ml: RuPerMillilitreDistribution
    background_ru_per_ml: RuPerMillilitreDistribution
    halving_days: HalvingDays
    doubling_days: HalvingDays


class Membranous(Section):
    """Membranous nephropathy: an immunological response first, urine later; and an immunological relapse first."""

    urine_follows_days: Days
    relapse_follows_days: Days
    rise_doubling_days: HalvingDays
    anti_pla2r: AntiPla2r


class GeneticForms(Section):
    """Genetic forms: their share among those who do not respond to steroid at onset, by age band and lesion.

    They never respond to any drug and never remit; a calcineurin inhibitor lowers proteinuria to the partial level in
    the share ``calcineurin_partial_share``.
    """

    share: dict[str, dict[Lesion, Share]]
    calcineurin_partial_share: Share


class Albumin(Section):
    """One-compartment model of serum albumin with urinary loss, and oedema at low albumin."""

    normal_g_per_dl: GramsPerDecilitreDistribution
    catabolism_per_day: PerDay
    loss_per_day_per_mg_per_mg: PerDay
    loss_saturates_at_mg_per_mg: Upcr
    loss_factor: FactorDistribution
    oedema_below_g_per_dl: GramsPerDecilitre
    oedema_weight_fraction: Share


class Cholesterol(Section):
    """Serum cholesterol, which rises as albumin falls and recovers slowly."""

    normal_mg_per_dl: MgPerDecilitreDistribution
    rise_mg_per_dl_per_g_per_dl: MgPerDecilitreRise
    half_life_days: HalvingDays


class KidneyFunction(Section):
    """Filtration rate, and the constant in creatinine = constant x height / filtration rate, by band and sex.

    The filtration rate is that of a young kidney with minimal change disease. ``lesion_factor`` multiplies it, and each
    year of age beyond ``decline_from_years`` lowers it by the fraction ``decline_per_year``.
    """

    gfr_ml_per_min_per_1_73_m2: FiltrationDistribution
    lesion_factor: dict[Lesion, Factor]
    decline_from_years: Years
    decline_per_year: Share
    male_constant: dict[str, CreatinineConstant]
    female_constant: dict[str, CreatinineConstant]


class Death(Section):
    """Death apart from fatal complications: from other diseases by age, more often outside complete remission.

    ``nephrotic_factor`` multiplies the rate outside complete remission; what it adds is cardiovascular.
    """

    from_years: Annotated[list[Years], AgeSteps]
    background_per_year: Annotated[list[PerYear], AgeSteps]
    nephrotic_factor: Ratio


class Disease(Section):
    """The natural history and the response to steroid."""

    response: dict[str, dict[Lesion, Response]]
    response_dose_mg_per_kg_per_day: MgPerKgPerDay
    remits_on_failed_dose_probability: Share
    remission_time: RemissionTime
    late_resistance: LateResistance
    resistance_reversal_probability: Share
    spontaneous: dict[Lesion, Spontaneous]
    relapse: Relapse
    proteinuria: Proteinuria
    membranous: Membranous
    genetic: GeneticForms
    albumin: Albumin
    cholesterol: Cholesterol
    kidney_function: KidneyFunction
    death: Death


class Infection(Section):
    """Infections: rate and gamma shape by age, and a window of raised relapse hazard after each."""

    from_years: Annotated[list[Years], Steps]
    rate_per_year: list[PerYear]
    shape: list[Shape]
    window_days: WindowDays
    hazard_factor: Factor
    noted_probability: Share


class Exertion(Section):
    """Episodes of exertion or exhaustion, and the window of raised relapse hazard after each."""

    rate_per_year: PerYear
    window_days: WindowDays
    hazard_factor: Factor


class Triggers(Section):
    """Triggers of relapse."""

    infection: Infection
    exertion: Exertion
