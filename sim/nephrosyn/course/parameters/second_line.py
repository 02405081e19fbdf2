"""Second agents, complications and provoking factors of a scenario as the numbers that the event handlers read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.course.care.provoking_factors import AT_PRESENTATION, AT_RESISTANCE, NEVER
from nephrosyn.course.care.second_line import FIRST_ENTRY, UNKNOWN_LESION
from nephrosyn.course.care.supportive import BLOCKADE_WHEN
from nephrosyn.course.disease.body import DOSE_PER
from nephrosyn.course.state.parameter_records import AGENT
from nephrosyn.patients.traits import records
from nephrosyn.scenario.schema.limits import MOST_IN_SEQUENCE
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.complications import InfectionCourse, Untreated
    from nephrosyn.scenario.schema.disease import Disease
    from nephrosyn.scenario.schema.scenario import Scenario
    from nephrosyn.scenario.schema.second_line import AgentRegimen, Start

    Tabulate = Callable[[Any], int]

_SEARCH = {"never": NEVER, "presentation": AT_PRESENTATION, "resistance": AT_RESISTANCE}
_NO_MORE = -1.0
_CALCINEURIN_INHIBITOR = "calcineurin_inhibitor"
_ANY_LESION = (2 << UNKNOWN_LESION) - 1


def regimens(scenario: Scenario, tabulate: Tabulate) -> NDArray[np.void]:
    """Return the regimens as records of AGENT, shape (regimens,); one of zeros if there is none."""
    given = list(scenario.second_line.regimens.values())
    agents = records(max(len(given), 1), AGENT)
    for number, regimen in enumerate(given):
        _fill_regimen(agents[number : number + 1], regimen, tabulate, scenario.disease)
    return agents


def _fill_regimen(record: NDArray[np.void], regimen: AgentRegimen, tabulate: Tabulate, disease: Disease) -> None:
    drug = vocabulary.DRUG_TABLE[vocabulary.DRUGS.index(regimen.drug)]
    record["after_factor"] = disease.relapse.after_remission_by[drug.drug_class]
    if drug.drug_class == _CALCINEURIN_INHIBITOR:
        record["genetic_partial"] = disease.genetic.calcineurin_partial_share
    record["drug"] = vocabulary.DRUGS.index(regimen.drug)
    record["amount"] = regimen.dose.amount
    record["per"] = DOSE_PER.index(regimen.dose.per)
    record["cap_mg"] = regimen.dose.cap_mg
    record["round_to_mg"] = regimen.dose.round_to_mg
    record["most_mg_per_kg"] = _or_no_limit(regimen.most_mg_per_kg)
    record["most_g"] = _or_no_limit(regimen.most_g)
    for name in (
        "every_days",
        "course_days",
        "courses",
        "relapse_factor",
        "rebound_factor",
        "rebound_days",
        "sensitive_response",
        "fails_at_relapses",
        "fails_after_days",
        "least_days_between_courses",
        "withdraw_steroid",
        "visit_days",
        "infection_factor",
    ):
        record[name] = getattr(regimen, name)
    record["onset_table"] = tabulate(regimen.onset_days)
    record["offset_table"] = tabulate(regimen.offset_days)
    record["response_table"] = tabulate(regimen.time_to_response_days)
    for lesion, response in regimen.resistant_response.items():
        record["complete"][0, vocabulary.LESIONS.index(lesion)] = response.complete
        record["partial"][0, vocabulary.LESIONS.index(lesion)] = response.partial
    record["not_with"] = sum(1 << vocabulary.CONTRAINDICATIONS.index(name) for name in set(regimen.not_with))
    for name, toxicity in regimen.toxicities.items():
        place = vocabulary.AGENT_TOXICITIES.index(name)
        record["toxicity_per_day"][0, place] = toxicity.rate_per_year / DAYS_PER_YEAR
        record["toxicity_stops"][0, place] = toxicity.action == "stopped"


def _or_no_limit(limit: float | str) -> float:
    return math.inf if isinstance(limit, str) else limit


def start_rules(scenario: Scenario) -> tuple[NDArray[np.float64], dict[str, tuple[int, int]]]:
    """Return the rules of all age bands, shape (rules, columns), and the first and last row of each band."""
    names = list(scenario.second_line.regimens)
    rows: list[list[float]] = []
    places: dict[str, tuple[int, int]] = {}
    for band in scenario.population.bands:
        first = len(rows)
        rows += [_start_row(start, names) for start in scenario.second_line.policy[band].starts]
        places[band] = first, len(rows)
    return np.array(rows or [[_NO_MORE] * (FIRST_ENTRY + MOST_IN_SEQUENCE)]), places


def _start_row(start: Start, names: list[str]) -> list[float]:
    lesions = _lesion_mask(start.lesions)
    entries = ([entry] if isinstance(entry, str) else entry for entry in start.sequence)
    sequence = [float(sum(1 << names.index(name) for name in entry)) for entry in entries]
    sequence += [_NO_MORE] * (MOST_IN_SEQUENCE - len(sequence))
    withdraw = float(start.steroid == "withdraw")
    when = vocabulary.STARTS.index(start.when)
    above = start.above_mg_per_mg
    return [when, start.number, start.delay_days, lesions, start.overlap_days, withdraw, above, *sequence]


def _lesion_mask(results: list[str]) -> int:
    """Return the bit mask of some biopsy results; "any" stands for all of them."""
    mask = 0
    for name in results:
        mask |= _ANY_LESION if name == "any" else 1 << (*vocabulary.LESIONS, "unknown").index(name)
    return mask


def fill_second_line(record: NDArray[np.void], scenario: Scenario, band: str) -> None:
    """Fill in the parameters of second-line care for an age band."""
    second, policy = scenario.second_line, scenario.second_line.policy[band]
    record["agents"] = len(second.regimens)
    record["response_correlation"] = second.response_correlation
    for name in (
        "review_days",
        "change_above_fraction",
        "least_infusion_fraction",
        "wait_after_toxicity_days",
        "wait_after_infection_days",
    ):
        record[name] = getattr(second.dosing, name)
    record["improving_fraction"] = second.failure.improving_fraction
    record["fails_after_factor"] = [second.failure.days_factor.get(name, 1.0) for name in (*vocabulary.LESIONS, "")]
    record["accepted_after_days"] = policy.refusal.accepted_after_days
    record["accepted_at_next_relapse"] = policy.refusal.accepted_at_next_relapse
    record["most_protection"] = second.cyclophosphamide.most_protection
    reaction = second.cyclophosphamide.reaction
    low, high = _logit(reaction.probability_at_low), _logit(reaction.probability_at_high)
    slope = (high - low) / (reaction.high_single_dose_g - reaction.low_single_dose_g)
    record["reaction_per_g"] = slope
    record["reaction_intercept"] = low - slope * reaction.low_single_dose_g
    record["dependence_relapses"] = policy.dependence_relapses
    record["dependence_within_days"] = policy.dependence_within_days
    record["frequent_in_6_months"] = policy.frequent_relapses_in_6_months
    record["six_months_days"] = policy.six_months_days
    record["frequent_in_12_months"] = policy.frequent_relapses_in_12_months
    record["twelve_months_days"] = policy.twelve_months_days
    stopping = policy.stopping
    record["stop_by_clear_urine"] = stopping.rule == "clear_urine"
    record["prolonged_after_relapse_days"] = stopping.prolonged_after_relapse_days
    record["most_prolonged_fraction"] = stopping.most_prolonged_fraction
    record["course_log_sd"] = stopping.course_log_sd
    record["negative_mg_per_mg"] = stopping.negative_mg_per_mg
    record["stray_readings"] = stopping.stray_readings
    record["negative_days"] = stopping.negative_days
    record["normal_days"] = stopping.normal_days
    record["provocation_tests"] = stopping.provocations
    record["provocation_check_days"] = stopping.provocation_check_days


def _logit(probability: float) -> float:
    bounded = min(max(probability, 1e-12), 1.0 - 1e-12)
    return math.log(bounded / (1.0 - bounded))


def fill_complications(record: NDArray[np.void], scenario: Scenario, band: str, tabulate: Tabulate) -> None:
    """Fill in the parameters of thrombosis, serious infection and kidney function for an age band."""
    thrombosis = scenario.complications.venous_thrombosis
    for lesion, rate in thrombosis.rate_per_year.items():
        record["thrombosis_per_day"][0, vocabulary.LESIONS.index(lesion)] = rate / DAYS_PER_YEAR
    for lesion, share in thrombosis.renal_vein_share.items():
        record["renal_vein_share"][0, vocabulary.LESIONS.index(lesion)] = share
    record["thrombosis_knee"] = thrombosis.knee_g_per_dl
    record["thrombosis_log_factor"] = math.log(thrombosis.factor_per_g_per_dl)
    record["thrombosis_flat_below"] = thrombosis.flat_below_g_per_dl
    record["thrombosis_above_knee"] = thrombosis.above_knee_factor
    infection = scenario.complications.serious_infection
    record["serious_infection_per_day"] = infection.rate_per_year[band] / DAYS_PER_YEAR
    record["low_albumin"] = infection.low_albumin_g_per_dl
    record["low_albumin_factor"] = infection.low_albumin_factor
    record["infection_log_steroid_factor"] = math.log(infection.steroid_factor_per_mg_per_kg_per_day)
    _fill_untreated(record["thrombosis_course"], thrombosis.course, tabulate)
    _fill_untreated(record["serious_infection_course"], infection.course, tabulate)
    injury = scenario.complications.acute_kidney_injury
    record["injury_share"] = injury.share[band]
    record["injury_table"] = tabulate(injury.depth)
    record["injury_below_albumin"] = injury.below_g_per_dl
    record["injury_deepest_albumin"] = injury.deepest_at_g_per_dl
    loss = scenario.complications.kidney_loss
    record["responsive_factor"] = loss.responsive_factor
    record["remission_loss_per_day"] = loss.complete_remission / DAYS_PER_YEAR
    record["loss_per_day"] = loss.nephrotic / DAYS_PER_YEAR
    record["loss_at_log_upcr"] = math.log(loss.at_mg_per_mg)
    record["loss_power"] = loss.proteinuria_power
    record["failure_gfr"] = loss.failure_below_ml_per_min_per_1_73_m2


def fill_supportive_care(record: NDArray[np.void], scenario: Scenario, band: str) -> None:
    """Fill in the parameters of renin-angiotensin blockade and prophylactic anticoagulation for an age band."""
    blockade = scenario.care.blockade
    given = blockade.bands[band]
    record["blockade_when"] = BLOCKADE_WHEN.index(given.when)
    record["blockade_lesions"] = _lesion_mask(given.lesions)
    record["blockade_drug"] = vocabulary.DRUGS.index(blockade.drug)
    record["blockade_amount"] = given.dose.amount
    record["blockade_per"] = DOSE_PER.index(given.dose.per)
    record["blockade_cap_mg"] = given.dose.cap_mg
    record["blockade_round_to_mg"] = given.dose.round_to_mg
    record["blockade_log_factor"] = math.log(blockade.proteinuria_factor)
    record["blockade_loss_factor"] = blockade.filtration_loss_factor
    record["blockade_filtration"] = blockade.filtration_factor
    anticoagulation = scenario.care.anticoagulation
    below = anticoagulation.bands[band].below_albumin_g_per_dl
    record["anticoagulation_below"] = 0.0 if isinstance(below, str) else below
    record["anticoagulation_lesions"] = _lesion_mask(anticoagulation.bands[band].lesions)
    record["anticoagulation_factor"] = anticoagulation.thrombosis_factor


def _fill_untreated(record: NDArray[np.void], course: Untreated | InfectionCourse, tabulate: Tabulate) -> None:
    record["treated_table"] = tabulate(course.treated_after_days)
    record["filtration_factor"] = course.filtration_factor
    record["lasting_loss"] = course.lasting_filtration_loss
    threatening = course.life_threatening_share if hasattr(course, "life_threatening_share") else 1.0
    record["life_threatening_share"] = threatening
    record["fatality"] = course.fatality


def fill_factors(record: NDArray[np.void], scenario: Scenario, band: str, tabulate: Tabulate) -> None:
    """Fill in the parameters of provoking factors for an age band."""
    provoking = scenario.provoking_factors
    record["search"] = _SEARCH[provoking.search]
    record["search_after_days"] = provoking.search_after_days
    record["needed_mg_per_m2_per_day"] = provoking.needed_mg_per_m2_per_day[band]
    for name, factor in provoking.factors.items():
        place = vocabulary.PROVOKING_FACTORS.index(name)
        record["factor_exposure"][0, place] = factor.exposure_factor
        record["factor_speed"][0, place] = factor.speed_factor
        record["factor_found_table"][0, place] = tabulate(factor.found_after_days)
        record["factor_removed_table"][0, place] = tabulate(factor.removed_after_days)
        record["factor_remits"][0, place] = factor.remits_by_itself_probability
