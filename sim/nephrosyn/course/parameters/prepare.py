"""A scenario as the arrays that the event handlers read: parameters, taper steps, quantile tables, growth curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.course.disease.body import DOSE_PER, MONTHS_PER_YEAR
from nephrosyn.course.parameters.second_line import (
    fill_complications,
    fill_factors,
    fill_second_line,
    fill_supportive_care,
    regimens,
    start_rules,
)
from nephrosyn.course.state.parameter_records import PARAMETERS
from nephrosyn.patients.traits import records, remission_time_tables
from nephrosyn.scenario.schema.limits import GROWTH_CURVES
from nephrosyn.scenario.schema.quantile_tables import table
from nephrosyn.vocabulary import DAYS_PER_WEEK, DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.care import Course, Pulses, Step
    from nephrosyn.scenario.schema.population import Growth
    from nephrosyn.scenario.schema.scenario import Scenario
    from nephrosyn.scenario.schema.units import Distribution

_MONTHS = 100 * 12


class PreparedScenario(NamedTuple):
    """The arrays that all patients of a scenario share; the event handlers take them together.

    Attributes
    ----------
    parameters : ndarray of PARAMETERS, shape (bands,)
        Parameters by age band.
    steps : ndarray of float64, shape (steps, 5)
        Taper steps: days, amount, per, cap (mg), schedule.
    tables : ndarray of float64, shape (distributions, nodes + 1)
        Quantile tables.
    growth : ndarray of float64, shape (10, months)
        The curves of `GROWTH_CURVES`, by month of age.
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


class _Tables:
    """Collect quantile tables and taper steps; each method returns where it put them."""

    def __init__(self) -> None:
        self.tables: list[NDArray[np.float64]] = []
        self.steps: list[list[float]] = []

    def tabulate(self, distribution: Distribution) -> int:
        self.tables.append(table(distribution))
        return len(self.tables) - 1

    def taper(self, steps: list[Step]) -> tuple[int, int]:
        first = len(self.steps)
        for step in steps:
            schedule = vocabulary.SCHEDULES.index(step.schedule)
            self.steps.append(
                [step.weeks * DAYS_PER_WEEK, step.amount, DOSE_PER.index(step.per), step.cap_mg, float(schedule)]
            )
        return first, len(self.steps)


def prepare(scenario: Scenario, seed: int, replicate: int) -> PreparedScenario:
    """Turn a scenario into the arrays that the event handlers read.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Address of all random draws.

    Returns
    -------
    PreparedScenario
        The arrays for compiled code.
    """
    tables = _Tables()
    for band, lesion in remission_time_tables(scenario):
        tables.tabulate(scenario.disease.response[band][lesion].time_to_remission_days)
    shared = {
        "urine_creatinine_table": tables.tabulate(scenario.readings.dipstick.urine_creatinine_mg_per_dl),
        "visit_length_table": tables.tabulate(scenario.care.clinic.visit_length_days),
        "seed": seed,
        "replicate": replicate,
    }
    agents = regimens(scenario, tables.tabulate)
    starts, places = start_rules(scenario)
    parameters = records(len(scenario.population.bands), PARAMETERS)
    for number, band in enumerate(scenario.population.bands):
        record = parameters[number : number + 1]
        for name, value in shared.items():
            record[name] = value
        _fill_disease(record, scenario, band)
        _fill_triggers(record, scenario)
        _fill_care(record, scenario, band, tables)
        _fill_readings(record, scenario)
        fill_second_line(record, scenario, band)
        record["first_start"], record["last_start"] = places[band]
        fill_complications(record, scenario, band, tables.tabulate)
        fill_factors(record, scenario, band, tables.tabulate)
        fill_supportive_care(record, scenario, band)
    growth = _growth_curves(scenario.population.growth)
    return PreparedScenario(parameters, np.array(tables.steps), np.array(tables.tables), growth, agents, starts)


def _growth_curves(growth: Growth) -> NDArray[np.float64]:
    """Growth by month of age; linear between the given ages, flat beyond."""
    months = np.arange(_MONTHS) / MONTHS_PER_YEAR
    return np.array([np.interp(months, growth.age_years, getattr(growth, curve)) for curve in GROWTH_CURVES])


def _fill_disease(record: NDArray[np.void], scenario: Scenario, band: str) -> None:
    disease, relapse, proteinuria = scenario.disease, scenario.disease.relapse, scenario.disease.proteinuria
    record["follow_up_days"] = scenario.population.follow_up_days
    record["response_dose_mg_per_kg_per_day"] = disease.response_dose_mg_per_kg_per_day
    record["remits_on_failed_dose_probability"] = disease.remits_on_failed_dose_probability
    record["resistance_reversal_probability"] = disease.resistance_reversal_probability
    record["remission_time_patient_share"] = disease.remission_time.patient_share
    record["relapse_median_factor"] = disease.remission_time.relapse_median_factor
    record["relapse_spread_factor"] = disease.remission_time.relapse_spread_factor
    record["dose_effect"] = relapse.dose_effect_per_mg_per_kg_per_day
    record["alternate_day_efficiency"] = relapse.alternate_day_efficiency
    record["below_threshold_factor"] = relapse.bands[band].below_threshold_factor
    record["decline_from_years"] = relapse.decline_from_years
    record["decline_per_year"] = relapse.bands[band].decline_per_year
    of_band = relapse.bands[band]
    _fill_list(record, "since_remission_from_days", of_band.since_remission_from_days)
    _fill_list(record, "since_remission_factor", of_band.since_remission_factor)
    record["since_remission_steps"] = len(of_band.since_remission_factor)
    record["after_steroid_factor"] = relapse.after_remission_by["steroid"]
    record["after_spontaneous_factor"] = relapse.after_remission_by["spontaneous"]
    antibodies = disease.membranous.anti_pla2r
    record["anti_pla2r_fall_per_day"] = math.log(2.0) / antibodies.halving_days
    record["anti_pla2r_rise_per_day"] = math.log(2.0) / antibodies.doubling_days
    record["decline_since_onset_per_year"] = relapse.bands[band].decline_since_onset_per_year
    record["remission_below_log_upcr"] = math.log(proteinuria.remission_below_mg_per_mg)
    record["albumin_per_day"] = disease.albumin.catabolism_per_day
    record["albumin_loss"] = disease.albumin.loss_per_day_per_mg_per_mg
    record["loss_saturates_at"] = disease.albumin.loss_saturates_at_mg_per_mg
    record["oedema_below_g_per_dl"] = disease.albumin.oedema_below_g_per_dl
    record["oedema_weight_fraction"] = disease.albumin.oedema_weight_fraction
    record["cholesterol_rise"] = disease.cholesterol.rise_mg_per_dl_per_g_per_dl
    record["cholesterol_per_day"] = math.log(2.0) / disease.cholesterol.half_life_days
    function = disease.kidney_function
    record["creatinine_constant"] = (function.male_constant[band], function.female_constant[band])
    record["death_steps"] = len(disease.death.from_years)
    _fill_list(record, "death_from_years", disease.death.from_years)
    _fill_list(record, "death_per_day", [rate / DAYS_PER_YEAR for rate in disease.death.background_per_year])
    record["death_nephrotic_factor"] = disease.death.nephrotic_factor
    variation = proteinuria.variation
    record["level_log_sd"] = variation.log_sd
    record["level_every_days"] = variation.every_days
    record["level_correlation"] = variation.correlation
    record["nephrotic_at_least_log"] = math.log(variation.nephrotic_at_least_mg_per_mg)
    record["nephrotic_log_fraction"] = math.log(variation.nephrotic_at_least_fraction)
    record["partial_at_least_log"] = math.log(variation.partial_at_least_mg_per_mg)
    record["partial_at_most_log"] = math.log(variation.partial_at_most_mg_per_mg)


def _fill_list(record: NDArray[np.void], name: str, values: list[float]) -> None:
    record[name][0, : len(values)] = values


def _fill_triggers(record: NDArray[np.void], scenario: Scenario) -> None:
    infection, exertion = scenario.triggers.infection, scenario.triggers.exertion
    record["infection_steps"] = len(infection.from_years)
    _fill_list(record, "infection_from_years", infection.from_years)
    record["infection_window_days"] = infection.window_days
    record["infection_factor"] = infection.hazard_factor
    record["infection_rate_factor"] = scenario.care.prevention.infection_rate_factor
    record["infection_noted_probability"] = infection.noted_probability
    record["exertions_per_day"] = exertion.rate_per_year / DAYS_PER_YEAR * scenario.care.prevention.exertion_rate_factor
    record["exertion_window_days"] = exertion.window_days
    record["exertion_factor"] = exertion.hazard_factor


def _fill_course(record: NDArray[np.void], course: Course, tables: _Tables) -> None:
    record["amount"] = course.dose.amount
    record["per"] = DOSE_PER.index(course.dose.per)
    record["cap_mg"] = course.dose.cap_mg
    record["full_dose_days"] = course.full_dose_weeks * DAYS_PER_WEEK
    record["after_remission_days"] = course.after_remission_days
    record["resistance_days"] = course.resistance_weeks * DAYS_PER_WEEK
    record["first_step"], record["last_step"] = tables.taper(course.taper)


def _fill_pulses(record: NDArray[np.void], pulses: Pulses) -> None:
    record["pulses"] = pulses.number
    record["pulse_after_days"] = pulses.after_weeks * DAYS_PER_WEEK
    record["pulse_every_days"] = pulses.every_days
    record["pulse_mg_per_m2"] = pulses.mg_per_m2
    record["pulse_cap_mg"] = pulses.cap_mg
    record["pulse_round_to_mg"] = pulses.round_to_mg
    record["pulse_days"] = pulses.counts_as_days


def _fill_care(record: NDArray[np.void], scenario: Scenario, band: str, tables: _Tables) -> None:
    care, regimen = scenario.care, scenario.care.regimen[band]
    _fill_course(record["first"], regimen.first, tables)
    _fill_course(record["relapse"], regimen.relapse, tables)
    _fill_course(record["frequent_relapse"], regimen.frequent_relapse, tables)
    _fill_pulses(record, regimen.first.pulses)
    record["withdrawal_first_step"], record["withdrawal_last_step"] = tables.taper(regimen.withdrawal)
    record["round_to_mg"] = care.tablet_mg
    record["remission_mg_per_mg"] = regimen.watch.remission_mg_per_mg
    record["remission_readings"] = regimen.watch.remission_readings
    record["relapse_mg_per_mg"] = regimen.watch.relapse_mg_per_mg
    record["relapse_readings"] = regimen.watch.relapse_readings
    record["partial_fraction"] = regimen.watch.partial_fraction
    record["partial_is_resistance"] = regimen.watch.partial_is_resistance
    record["diary_days"] = regimen.watch.diary_days
    record["confirm_after_days"] = regimen.watch.confirm_after_days
    for phase in ("full_dose", "taper", "off_treatment", "resistant"):
        record[f"visit_{phase}_days"] = getattr(regimen.visits, f"{phase}_days")
    record["symptom_probability"] = regimen.symptoms.probability
    record["symptom_table"] = tables.tabulate(regimen.symptoms.delay_days)
    record["home_test_table"] = tables.tabulate(regimen.home_tests.delay_days)
    record["home_diary"] = regimen.home_diary
    record["contraindicated_fraction"] = care.contraindicated_dose_fraction
    for position, name in enumerate(vocabulary.CONTRAINDICATIONS):
        days = care.contraindications[name].reconsidered_after_days
        record["reconsidered_days"][0, position] = math.inf if isinstance(days, str) else math.ceil(days)
    record["without_steroid"] = sum(1 << vocabulary.LESIONS.index(name) for name in set(regimen.without_steroid))
    record["old_from_years"] = care.old_age.from_years
    record["old_dose_fraction"] = care.old_age.dose_fraction
    record["cut_fraction"] = care.cut_fraction
    record["genetic_result_table"] = tables.tabulate(care.genetic_test[band].result_days)
    record["dropout_per_day"] = scenario.chart.dropout_per_year / DAYS_PER_YEAR
    for name, toxicity in care.toxicities.items():
        position = vocabulary.TOXICITIES.index(name)
        record["toxicity_action"][0, position] = vocabulary.STEROID_ACTIONS.index(toxicity.action)


def _log_sd(variation: float) -> float:
    """Standard deviation of the logarithm of a lognormal distribution with this coefficient of variation."""
    return math.sqrt(math.log1p(variation**2))


def _fill_readings(record: NDArray[np.void], scenario: Scenario) -> None:
    upcr, albumin, uacr = scenario.readings.upcr, scenario.readings.albumin, scenario.readings.uacr
    record["upcr_low_log"] = math.log(upcr.low_mg_per_mg)
    record["upcr_high_log"] = math.log(upcr.high_mg_per_mg)
    log_cv_low, log_cv_high = math.log(max(upcr.variation_at_low, 1e-12)), math.log(max(upcr.variation_at_high, 1e-12))
    record["upcr_low_log_cv"] = log_cv_low
    record["upcr_log_cv_slope"] = (log_cv_high - log_cv_low) / math.log(upcr.high_mg_per_mg / upcr.low_mg_per_mg)
    record["upcr_limit"] = upcr.detection_limit_mg_per_mg
    record["albumin_log_sd"] = _log_sd(albumin.variation)
    record["albumin_low"] = albumin.low_g_per_dl
    record["albumin_bias_low"] = albumin.bias_at_low_g_per_dl
    record["albumin_high"] = albumin.high_g_per_dl
    record["albumin_bias_high"] = albumin.bias_at_high_g_per_dl
    _fill_list(record, "dipstick_cuts", scenario.readings.dipstick.cuts_mg_per_dl)
    record["band_error"] = scenario.readings.dipstick.band_error
    record["uacr_when_upcr_at_most"] = uacr.when_upcr_at_most_mg_per_mg
    record["uacr_share"] = uacr.albumin_share_of_protein
    record["uacr_log_sd"] = _log_sd(uacr.variation)
    record["uacr_limit"] = uacr.detection_limit_mg_per_mg
    antibodies = scenario.readings.anti_pla2r
    record["reads_anti_pla2r"] = antibodies.measured
    record["anti_pla2r_log_sd"] = _log_sd(antibodies.variation)
    record["anti_pla2r_limit"] = antibodies.detection_limit_ru_per_ml
    record["creatinine_log_sd"] = _log_sd(scenario.readings.creatinine_variation)
    record["cholesterol_log_sd"] = _log_sd(scenario.readings.cholesterol_variation)
    record["weight_log_sd"] = _log_sd(scenario.readings.weight_variation)
