"""Second agents, complications and provoking factors of a scenario as the numbers the handlers read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.course.care.provoking_factors import AT_PRESENTATION, AT_RESISTANCE, NEVER
from nephrosyn.course.care.second_line import FIRST_REGIMEN, UNKNOWN_LESION
from nephrosyn.course.state.parameter_records import AGENT
from nephrosyn.patients.traits import records
from nephrosyn.scenario.schema.second_line import MOST_IN_SEQUENCE
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.complications import Untreated
    from nephrosyn.scenario.schema.scenario import Scenario
    from nephrosyn.scenario.schema.second_line import AgentRegimen, Start

    Tabulate = Callable[[Any], int]

_PER = ("m2", "kg", "patient")
_SEARCH = {"never": NEVER, "presentation": AT_PRESENTATION, "resistance": AT_RESISTANCE}
_NO_MORE = -1.0
_ANY_LESION = (2 << UNKNOWN_LESION) - 1


def regimens(scenario: Scenario, law: Tabulate) -> NDArray[np.void]:
    """Return the regimens as records of AGENT, shape (regimens,); one of zeros if there is none."""
    given = list(scenario.second_line.regimens.values())
    agents = records(max(len(given), 1), AGENT)
    for number, regimen in enumerate(given):
        _fill_regimen(agents[number : number + 1], regimen, law)
    return agents


def _fill_regimen(own: NDArray[np.void], regimen: AgentRegimen, law: Tabulate) -> None:
    own["drug"] = vocabulary.DRUGS.index(regimen.drug)
    own["amount"] = regimen.dose.amount
    own["per"] = _PER.index(regimen.dose.per)
    own["cap_mg"] = regimen.dose.cap_mg
    own["most_mg_per_kg"] = _or_no_limit(regimen.most_mg_per_kg)
    own["most_g"] = _or_no_limit(regimen.most_g)
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
        "visit_days",
        "infection_factor",
    ):
        own[name] = getattr(regimen, name)
    own["onset_table"] = law(regimen.onset_days)
    own["offset_table"] = law(regimen.offset_days)
    own["response_table"] = law(regimen.time_to_response_days)
    for lesion, response in regimen.resistant_response.items():
        own["complete"][0, vocabulary.LESIONS.index(lesion)] = response.complete
        own["partial"][0, vocabulary.LESIONS.index(lesion)] = response.partial
    own["not_with"] = sum(1 << vocabulary.CONTRAINDICATIONS.index(name) for name in set(regimen.not_with))
    for toxicity, harm in regimen.toxicities.items():
        place = vocabulary.AGENT_TOXICITIES.index(toxicity)
        own["toxicity_per_day"][0, place] = harm.rate_per_year / DAYS_PER_YEAR
        own["toxicity_stops"][0, place] = harm.action == "stopped"


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
    return np.array(rows or [[_NO_MORE] * (FIRST_REGIMEN + MOST_IN_SEQUENCE)]), places


def _start_row(start: Start, names: list[str]) -> list[float]:
    lesions = 0
    for name in start.lesions:
        lesions |= _ANY_LESION if name == "any" else 1 << (*vocabulary.LESIONS, "unknown").index(name)
    sequence = [float(names.index(name)) for name in start.sequence]
    sequence += [_NO_MORE] * (MOST_IN_SEQUENCE - len(sequence))
    withdraw = float(start.steroid == "withdraw")
    when = vocabulary.STARTS.index(start.when)
    return [when, start.number, start.delay_days, lesions, start.overlap_days, withdraw, *sequence]


def fill_second_line(own: NDArray[np.void], scenario: Scenario, band: str) -> None:
    """Fill what a band's numbers say of second-line care."""
    second, policy = scenario.second_line, scenario.second_line.policy[band]
    own["agents"] = len(second.regimens)
    own["response_correlation"] = second.response_correlation
    own["most_protection"] = second.cyclophosphamide.most_protection
    reaction = second.cyclophosphamide.reaction
    low, high = _logit(reaction.probability_at_low), _logit(reaction.probability_at_high)
    slope = (high - low) / (reaction.high_single_dose_g - reaction.low_single_dose_g)
    own["reaction_per_g"] = slope
    own["reaction_intercept"] = low - slope * reaction.low_single_dose_g
    own["dependence_relapses"] = policy.dependence_relapses
    own["frequent_in_6_months"] = policy.frequent_relapses_in_6_months
    own["frequent_in_12_months"] = policy.frequent_relapses_in_12_months
    stopping = policy.stopping
    own["stop_by_clear_urine"] = stopping.rule == "clear_urine"
    own["negative_mg_per_mg"] = stopping.negative_mg_per_mg
    own["negative_days"] = stopping.negative_days
    own["normal_days"] = stopping.normal_days
    own["provocation_tests"] = stopping.provocations
    own["provocation_check_days"] = stopping.provocation_check_days


def _logit(probability: float) -> float:
    kept = min(max(probability, 1e-12), 1.0 - 1e-12)
    return math.log(kept / (1.0 - kept))


def fill_complications(own: NDArray[np.void], scenario: Scenario, band: str, law: Tabulate) -> None:
    """Fill what a band's numbers say of thrombosis, serious infection and the kidney."""
    thrombosis = scenario.complications.venous_thrombosis
    for lesion, rate in thrombosis.rate_per_year.items():
        own["thrombosis_per_day"][0, vocabulary.LESIONS.index(lesion)] = rate / DAYS_PER_YEAR
    for lesion, share in thrombosis.renal_vein_share.items():
        own["renal_vein_share"][0, vocabulary.LESIONS.index(lesion)] = share
    own["thrombosis_knee"] = thrombosis.knee_g_per_dl
    own["thrombosis_log_factor"] = math.log(thrombosis.factor_per_g_per_dl)
    own["thrombosis_above_knee"] = thrombosis.above_knee_factor
    infection = scenario.complications.serious_infection
    own["serious_infection_per_day"] = infection.rate_per_year[band] / DAYS_PER_YEAR
    own["low_albumin"] = infection.low_albumin_g_per_dl
    own["low_albumin_factor"] = infection.low_albumin_factor
    own["infection_log_steroid_factor"] = math.log(infection.steroid_factor_per_mg_per_kg_per_day)
    _fill_untreated(own["thrombosis_course"], thrombosis.course, law)
    _fill_untreated(own["serious_infection_course"], infection.course, law)
    loss = scenario.complications.kidney_loss
    for phase, rate in enumerate((loss.nephrotic, loss.partial_remission, loss.complete_remission)):
        own["loss_per_day"][0, phase] = rate / DAYS_PER_YEAR
    own["failure_gfr"] = loss.failure_below_ml_per_min_per_1_73_m2


def _fill_untreated(record: NDArray[np.void], course: Untreated, law: Tabulate) -> None:
    record["treated_table"] = law(course.treated_after_days)
    record["filtration_factor"] = course.filtration_factor
    record["lasting_loss"] = course.lasting_filtration_loss
    record["fatality"] = course.fatality


def fill_factors(own: NDArray[np.void], scenario: Scenario, band: str, law: Tabulate) -> None:
    """Fill what a band's numbers say of provoking factors."""
    provoking = scenario.provoking_factors
    own["search"] = _SEARCH[provoking.search]
    own["search_after_days"] = provoking.search_after_days
    own["needed_mg_per_m2_per_day"] = provoking.needed_mg_per_m2_per_day[band]
    for name, factor in provoking.factors.items():
        place = vocabulary.PROVOKING_FACTORS.index(name)
        own["factor_exposure"][0, place] = factor.exposure_factor
        own["factor_speed"][0, place] = factor.speed_factor
        own["factor_found_table"][0, place] = law(factor.found_after_days)
        own["factor_removed_table"][0, place] = law(factor.removed_after_days)
        own["factor_remits"][0, place] = factor.remits_by_itself_probability
