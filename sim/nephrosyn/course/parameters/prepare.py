"""A scenario as the numbers the handlers read: records by age band, taper steps, quantile tables, growth curves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.course.parameters.second_line import (
    fill_complications,
    fill_factors,
    fill_second_line,
    regimens,
    start_rules,
)
from nephrosyn.course.state import quantiles
from nephrosyn.course.state.parameter_records import PARAMETERS
from nephrosyn.patients.traits import records, remission_time_tables
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.care import Course, Step
    from nephrosyn.scenario.schema.population import Growth
    from nephrosyn.scenario.schema.scenario import Scenario

_PER = ("m2", "kg", "patient", "full")
_MONTHS = 12 * 100
_DAYS_PER_WEEK = 7.0


@dataclass(frozen=True)
class Laws:
    """What every patient of a scenario shares.

    Attributes
    ----------
    parameters : ndarray of PARAMETERS, shape (bands,)
        Numbers by age band.
    steps : ndarray of float64, shape (steps, 5)
        Taper steps: days, amount, per, cap (mg), schedule.
    tables : ndarray of float64, shape (laws, nodes + 1)
        Quantile tables.
    growth : ndarray of float64, shape (4, months)
        Median weight (kg) of boys and of girls, height (cm) of boys and of girls, by month of age.
    agents : ndarray of AGENT, shape (regimens,)
        Regimens of second agents.
    starts : ndarray of float64, shape (rules, columns)
        When a second agent is started.
    """

    parameters: NDArray[np.void]
    steps: NDArray[np.float64]
    tables: NDArray[np.float64]
    growth: NDArray[np.float64]
    agents: NDArray[np.void]
    starts: NDArray[np.float64]

    def shared(self) -> tuple[NDArray[Any], ...]:
        """The arrays in the order the handlers take them."""
        return self.parameters, self.steps, self.tables, self.growth, self.agents, self.starts


class _Tables:
    """Collects laws and steps, and tells where each was put."""

    def __init__(self) -> None:
        self.tables: list[NDArray[np.float64]] = []
        self.steps: list[list[float]] = []

    def law(self, law: Any) -> int:
        self.tables.append(quantiles.table(law))
        return len(self.tables) - 1

    def taper(self, steps: list[Step]) -> tuple[int, int]:
        first = len(self.steps)
        for step in steps:
            schedule = vocabulary.SCHEDULES.index(step.schedule)
            self.steps.append(
                [step.weeks * _DAYS_PER_WEEK, step.amount, _PER.index(step.per), step.cap_mg, float(schedule)]
            )
        return first, len(self.steps)


def prepare(scenario: Scenario, seed: int, replicate: int) -> Laws:
    """Turn a scenario into the numbers of the handlers.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Address of all draws.

    Returns
    -------
    Laws
        Arrays for compiled code.
    """
    tables = _Tables()
    for band, lesion in remission_time_tables(scenario):
        tables.law(scenario.disease.response[band][lesion].time_to_remission_days)
    shared = {
        "urine_creatinine_table": tables.law(scenario.readings.dipstick.urine_creatinine_mg_per_dl),
        "visit_length_table": tables.law(scenario.care.clinic.visit_length_days),
        "seed": seed,
        "replicate": replicate,
    }
    agents = regimens(scenario, tables.law)
    starts, places = start_rules(scenario)
    parameters = records(len(scenario.population.bands), PARAMETERS)
    for number, band in enumerate(scenario.population.bands):
        own = parameters[number : number + 1]
        for name, value in shared.items():
            own[name] = value
        _fill_disease(own, scenario, band)
        _fill_triggers(own, scenario)
        _fill_care(own, scenario, band, tables)
        _fill_readings(own, scenario)
        fill_second_line(own, scenario, band)
        own["first_start"], own["last_start"] = places[band]
        fill_complications(own, scenario, band, tables.law)
        fill_factors(own, scenario, band, tables.law)
    growth = _growth_curves(scenario.population.growth)
    return Laws(parameters, np.array(tables.steps), np.array(tables.tables), growth, agents, starts)


def _growth_curves(growth: Growth) -> NDArray[np.float64]:
    """Growth by month of age; linear between the given ages, flat beyond."""
    months = np.arange(_MONTHS) / 12.0
    curves = (growth.male_weight_kg, growth.female_weight_kg, growth.male_height_cm, growth.female_height_cm)
    return np.array([np.interp(months, growth.age_years, curve) for curve in curves])


def _fill_disease(own: NDArray[np.void], scenario: Scenario, band: str) -> None:
    disease, relapse, proteinuria = scenario.disease, scenario.disease.relapse, scenario.disease.proteinuria
    own["follow_up_days"] = scenario.population.follow_up_days
    own["response_dose_mg_per_kg_per_day"] = disease.response_dose_mg_per_kg_per_day
    own["remits_on_failed_dose_probability"] = disease.remits_on_failed_dose_probability
    own["late_resistance_probability"] = disease.late_resistance_probability
    own["resistance_reversal_probability"] = disease.resistance_reversal_probability
    own["remission_time_correlation"] = relapse.remission_time_correlation
    own["dose_effect"] = relapse.dose_effect_per_mg_per_kg_per_day
    own["alternate_day_efficiency"] = relapse.alternate_day_efficiency
    own["below_threshold_factor"] = relapse.below_threshold_factor
    own["decline_from_years"] = relapse.decline_from_years
    own["decline_per_year"] = relapse.bands[band].decline_per_year
    _fill_list(own, "since_remission_from_days", relapse.since_remission_from_days)
    _fill_list(own, "since_remission_factor", relapse.since_remission_factor)
    own["since_remission_steps"] = len(relapse.since_remission_factor)
    own["remission_below_log_upcr"] = math.log(proteinuria.remission_below_mg_per_mg)
    own["rise_per_day"] = math.log(2.0) / proteinuria.rise_doubling_days
    own["albumin_per_day"] = disease.albumin.catabolism_per_day
    own["albumin_loss"] = disease.albumin.loss_per_day_per_mg_per_mg
    own["loss_saturates_at"] = disease.albumin.loss_saturates_at_mg_per_mg
    own["oedema_below_g_per_dl"] = disease.albumin.oedema_below_g_per_dl
    own["oedema_weight_fraction"] = disease.albumin.oedema_weight_fraction
    own["cholesterol_rise"] = disease.cholesterol.rise_mg_per_dl_per_g_per_dl
    own["cholesterol_per_day"] = math.log(2.0) / disease.cholesterol.half_life_days
    function = disease.kidney_function
    own["creatinine_constant"] = (function.male_constant[band], function.female_constant[band])
    own["death_per_day"] = disease.death.rate_per_year[band] / DAYS_PER_YEAR
    own["death_nephrotic_factor"] = disease.death.nephrotic_factor


def _fill_list(own: NDArray[np.void], name: str, values: list[float]) -> None:
    own[name][0, : len(values)] = values


def _fill_triggers(own: NDArray[np.void], scenario: Scenario) -> None:
    infection, exertion = scenario.triggers.infection, scenario.triggers.exertion
    own["infection_steps"] = len(infection.from_years)
    _fill_list(own, "infection_from_years", infection.from_years)
    own["infection_window_days"] = infection.window_days
    own["infection_factor"] = infection.hazard_factor
    own["infection_rate_factor"] = scenario.care.prevention.infection_rate_factor
    own["infection_noted_probability"] = infection.noted_probability
    own["exertions_per_day"] = exertion.rate_per_year / DAYS_PER_YEAR * scenario.care.prevention.exertion_rate_factor
    own["exertion_window_days"] = exertion.window_days
    own["exertion_factor"] = exertion.hazard_factor


def _fill_course(own: NDArray[np.void], name: str, course: Course, tables: _Tables) -> None:
    record = own[name]
    record["amount"] = course.dose.amount
    record["per"] = _PER.index(course.dose.per)
    record["cap_mg"] = course.dose.cap_mg
    record["full_dose_days"] = course.full_dose_weeks * _DAYS_PER_WEEK
    record["after_remission_days"] = course.after_remission_days
    record["resistance_days"] = course.resistance_weeks * _DAYS_PER_WEEK
    record["first_step"], record["last_step"] = tables.taper(course.taper)


def _fill_care(own: NDArray[np.void], scenario: Scenario, band: str, tables: _Tables) -> None:
    care, regimen = scenario.care, scenario.care.regimen[band]
    _fill_course(own, "first", regimen.first, tables)
    _fill_course(own, "relapse", regimen.relapse, tables)
    own["withdrawal_first_step"], own["withdrawal_last_step"] = tables.taper(regimen.withdrawal)
    own["round_to_mg"] = care.tablet_mg
    own["remission_mg_per_mg"] = regimen.watch.remission_mg_per_mg
    own["remission_readings"] = regimen.watch.remission_readings
    own["relapse_mg_per_mg"] = regimen.watch.relapse_mg_per_mg
    own["relapse_readings"] = regimen.watch.relapse_readings
    own["confirm_after_days"] = regimen.watch.confirm_after_days
    for phase in ("full_dose", "taper", "off_treatment", "resistant"):
        own[f"visit_{phase}_days"] = getattr(regimen.visits, f"{phase}_days")
    own["symptom_probability"] = regimen.symptoms.probability
    own["symptom_table"] = tables.law(regimen.symptoms.delay_days)
    own["home_diary"] = regimen.home_diary
    own["contraindicated_fraction"] = care.contraindicated_dose_fraction
    own["cut_fraction"] = care.cut_fraction
    own["dropout_per_day"] = scenario.chart.dropout_per_year / DAYS_PER_YEAR
    for name, toxicity in care.toxicities.items():
        position = vocabulary.TOXICITIES.index(name)
        own["toxicity_per_day"][0, position] = toxicity.rate_per_year_at_1_mg_per_kg_per_day[band] / DAYS_PER_YEAR
        own["toxicity_action"][0, position] = vocabulary.STEROID_ACTIONS.index(toxicity.action)


def _log_sd(variation: float) -> float:
    """Standard deviation of the logarithm of a lognormal law with this coefficient of variation."""
    return math.sqrt(math.log1p(variation**2))


def _fill_readings(own: NDArray[np.void], scenario: Scenario) -> None:
    upcr, albumin, uacr = scenario.readings.upcr, scenario.readings.albumin, scenario.readings.uacr
    own["upcr_low_log"] = math.log(upcr.low_mg_per_mg)
    own["upcr_high_log"] = math.log(upcr.high_mg_per_mg)
    log_cv_low, log_cv_high = math.log(max(upcr.variation_at_low, 1e-12)), math.log(max(upcr.variation_at_high, 1e-12))
    own["upcr_low_log_cv"] = log_cv_low
    own["upcr_log_cv_slope"] = (log_cv_high - log_cv_low) / math.log(upcr.high_mg_per_mg / upcr.low_mg_per_mg)
    own["upcr_limit"] = upcr.detection_limit_mg_per_mg
    own["albumin_log_sd"] = _log_sd(albumin.variation)
    own["albumin_low"] = albumin.low_g_per_dl
    own["albumin_bias_low"] = albumin.bias_at_low_g_per_dl
    own["albumin_high"] = albumin.high_g_per_dl
    own["albumin_bias_high"] = albumin.bias_at_high_g_per_dl
    _fill_list(own, "dipstick_cuts", scenario.readings.dipstick.cuts_mg_per_dl)
    own["band_error"] = scenario.readings.dipstick.band_error
    own["uacr_when_upcr_at_most"] = uacr.when_upcr_at_most_mg_per_mg
    own["uacr_share"] = uacr.albumin_share_of_protein
    own["uacr_log_sd"] = _log_sd(uacr.variation)
    own["uacr_limit"] = uacr.detection_limit_mg_per_mg
    own["creatinine_log_sd"] = _log_sd(scenario.readings.creatinine_variation)
    own["cholesterol_log_sd"] = _log_sd(scenario.readings.cholesterol_variation)
    own["weight_log_sd"] = _log_sd(scenario.readings.weight_variation)
