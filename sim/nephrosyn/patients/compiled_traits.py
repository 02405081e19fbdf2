"""Patients drawn by compiled code from the numbers of a scenario, in Python as in a page.

A test compares them with patients that numpy and scipy draw, for every shipped scenario.
"""

from __future__ import annotations

import math

from nephrosyn.kernels.compile import entry, kernel
from nephrosyn.kernels.quantile_functions import gamma_quantile, normal_score
from nephrosyn.kernels.random_streams import Purpose, uniforms
from nephrosyn.patients.distribution_quantiles import quantile_of
from nephrosyn.patients.traits import COMPLETE, NON_ADHERENCE, NONE, PARTIAL, YEARS_PER_DECADE
from nephrosyn.vocabulary import CONTRAINDICATIONS, DAYS_PER_YEAR, LESIONS, PROVOKING_FACTORS, TOXICITIES

_MEMBRANOUS = LESIONS.index("membranous")
_DIABETES, _STEROID_DIABETES = CONTRAINDICATIONS.index("diabetes"), TOXICITIES.index("steroid_diabetes")
_LESIONS, _CONTRAINDICATIONS, _TOXICITIES, _FACTORS = map(
    len, (LESIONS, CONTRAINDICATIONS, TOXICITIES, PROVOKING_FACTORS)
)
_LANES = 4


@entry
def draw(seed, replicate, patients, numbers, traits):
    """Draw the traits of some patients.

    Parameters
    ----------
    seed, replicate : int
        Seed and replicate of all random draws.
    patients : ndarray of int64, shape (n,)
        Patient numbers.
    numbers : TraitNumbers
        The scenario, from `nephrosyn.patients.trait_numbers.trait_numbers`.
    traits : ndarray of TRAITS, shape (n,)
        Zeros; the traits are written here. Times in days from onset.
    """
    shared, bands, distributions, tables = numbers.shared, numbers.bands, numbers.distributions, numbers.tables
    for i in range(len(patients)):
        traits[i].patient = patients[i]
        draw_patient(seed, replicate, patients[i], shared, bands, distributions, tables, traits[i])


@kernel
def draw_patient(seed, replicate, patient, shared, bands, distributions, tables, traits):
    """Draw the traits of one patient."""
    every = shared[0]
    _draw_person(seed, replicate, patient, every, bands, distributions, tables, traits)
    band = bands[traits.band]
    _draw_response(seed, replicate, patient, band, distributions, tables, traits)
    _draw_relapse(seed, replicate, patient, every, band, distributions, tables, traits)
    _draw_late_resistance(seed, replicate, patient, every, distributions, tables, traits)
    _draw_safety(seed, replicate, patient, every, band, distributions, tables, traits)
    _draw_biopsies(seed, replicate, patient, band, traits)
    _draw_infections(seed, replicate, patient, every, traits)
    _draw_levels(seed, replicate, patient, every, distributions, tables, traits)
    if traits.lesion == _MEMBRANOUS:
        _draw_membranous(seed, replicate, patient, every, distributions, tables, traits)
    _draw_second_line(seed, replicate, patient, every, band, distributions, tables, traits)
    _draw_factors(seed, replicate, patient, every, band, traits)


@kernel
def _clipped(value, low, high):
    return min(max(value, low), high)


@kernel
def _draw_person(seed, replicate, patient, every, bands, distributions, tables, traits):
    band_draw, sex_draw, age_draw, lesion_draw = uniforms(seed, replicate, patient, Purpose.PERSON, 0)
    weight_draw, entry_draw, presentation_draw, height_draw = uniforms(seed, replicate, patient, Purpose.PERSON, 1)
    traits.site = patient // every.patients_per_site
    place = band_draw * bands[every.bands - 1].edge
    number = 0
    while number < every.last_band and place >= bands[number].edge:
        number += 1
    traits.band = number
    band = bands[number]
    traits.sex = 1 if sex_draw >= band.male_share else 0
    place = lesion_draw * band.lesion_total
    number = 0
    while number < band.last_lesion and place >= band.lesion_edge[number]:
        number += 1
    lesion = band.lesion[number]
    traits.lesion = lesion
    below = band.age_below[lesion]
    age = quantile_of(distributions, tables, band.age_distribution, below + (band.age_above - below) * age_draw)
    traits.age_years = min(_clipped(age, band.age_from_years[lesion], band.age_to_years), band.oldest_years)
    weight = normal_score(weight_draw)
    height = band.height_correlation * weight + band.height_rest * normal_score(height_draw)
    traits.weight_score = _clipped(weight, -every.highest_score, every.highest_score)
    traits.height_score = _clipped(height, -every.highest_score, every.highest_score)
    traits.entry_days = every.accrual_days * entry_draw
    traits.presentation_days = quantile_of(distributions, tables, every.presentation_distribution, presentation_draw)


@kernel
def _draw_response(seed, replicate, patient, band, distributions, tables, traits):
    """Draw the response to steroid, spontaneous remission, and the genetic form of those without a response."""
    draws = uniforms(seed, replicate, patient, Purpose.RESPONSE, 0)
    lesion = traits.lesion
    if draws[0] < band.complete_share[lesion]:
        traits.response = COMPLETE
    else:
        traits.response = PARTIAL if draws[0] < band.responding_share[lesion] else NONE
    traits.remission_time_table = band.remission_time_table[lesion]
    traits.fall_per_day = band.fall_per_day[lesion]
    traits.spontaneous_fall_per_day = band.spontaneous_fall_per_day[lesion]
    traits.spontaneous_days = math.inf
    genetic = uniforms(seed, replicate, patient, Purpose.GENETIC, 0)
    traits.genetic = 1 if traits.response == NONE and genetic[0] < band.genetic_share[lesion] else 0
    traits.tested_genetically = 1 if genetic[1] < band.genetic_test_share else 0
    if traits.genetic == 0 and draws[1] < band.spontaneous_share[lesion]:
        traits.spontaneous_days = quantile_of(distributions, tables, band.spontaneous_distribution[lesion], draws[2])


@kernel
def _draw_relapse(seed, replicate, patient, every, band, distributions, tables, traits):
    draws = uniforms(seed, replicate, patient, Purpose.FRAILTY, 0)
    more = uniforms(seed, replicate, patient, Purpose.FRAILTY, 1)
    lesion = traits.lesion
    traits.never_relapses = 1 if draws[0] < band.never_relapsing_share[lesion] else 0
    traits.frailty = gamma_quantile(band.frailty_shape, draws[1]) / band.frailty_shape
    traits.frailty_score = normal_score(draws[1])
    traits.relapse_per_day = band.relapse_per_day * traits.frailty * band.relapse_lesion_factor[lesion]
    score = every.threshold_correlation * traits.frailty_score + every.threshold_rest * -normal_score(draws[2])
    if score > band.threshold_above_score[lesion]:
        traits.threshold_mg_per_kg_per_day = quantile_of(distributions, tables, band.threshold_distribution, draws[3])
    traits.cured_from_days = math.inf
    if band.cured_per_year > 0.0:
        traits.cured_from_days = -math.log(more[0]) * DAYS_PER_YEAR / band.cured_per_year
    shared_part = every.remission_time_correlation * traits.frailty_score
    traits.remission_time_score = shared_part + every.remission_time_rest * normal_score(more[1])


@kernel
def _draw_late_resistance(seed, replicate, patient, every, distributions, tables, traits):
    draws = uniforms(seed, replicate, patient, Purpose.LATE_RESISTANCE, 0)
    traits.resistant_from_days = math.inf
    if draws[0] < every.late_resistance_share:
        traits.resistant_from_days = quantile_of(distributions, tables, every.late_resistance_distribution, draws[1])


@kernel
def _draw_safety(seed, replicate, patient, every, band, distributions, tables, traits):
    draws = uniforms(seed, replicate, patient, Purpose.SAFETY, 0)
    more = uniforms(seed, replicate, patient, Purpose.SAFETY, 1)
    present = 0
    for place in range(_CONTRAINDICATIONS):
        if draws[place] < band.contraindication_share[place]:
            present |= 1 << place
    traits.contraindications = present
    decades = max(traits.age_years - every.toxicity_rises_from_years, 0.0) / YEARS_PER_DECADE
    for place in range(_TOXICITIES):
        rises = band.toxicity_factor_per_10_years[place] ** decades
        traits.toxicity_per_day[place] = band.toxicity_per_day[place] * rises
    if present >> _DIABETES & 1 == 1:
        traits.toxicity_per_day[_STEROID_DIABETES] = 0.0  # they have it already
    traits.taken_fraction = 1.0
    if more[0] < every.non_adherent_share:
        traits.taken_fraction = quantile_of(distributions, tables, every.taken_distribution, more[1])


@kernel
def _draw_biopsies(seed, replicate, patient, band, traits):
    """Draw who has biopsies, and who tests urine at home."""
    draws = uniforms(seed, replicate, patient, Purpose.CARE, 0)
    more = uniforms(seed, replicate, patient, Purpose.CARE, 1)
    older = traits.age_years >= band.biopsy_older_from_years
    share = band.biopsy_of_the_older if older else band.biopsy_at_presentation
    traits.biopsy_at_presentation = 1 if draws[0] < share else 0
    traits.biopsy_at_resistance = 1 if draws[1] < band.biopsy_at_resistance else 0
    traits.tests_at_home = 1 if draws[2] < band.home_tests_share else 0
    traits.biopsy_at_partial_remission = 1 if draws[3] < band.biopsy_at_partial_remission else 0
    traits.biopsy_before_agent = 1 if more[0] < band.biopsy_before_agent else 0


@kernel
def _draw_infections(seed, replicate, patient, every, traits):
    """Draw the rate of infection at the ages that follow-up can reach."""
    draw = uniforms(seed, replicate, patient, Purpose.TRIGGERS, 0)[0]
    oldest = traits.age_years + every.follow_up_years
    shape, factor = 0.0, 0.0
    for step in range(every.infection_steps):
        if oldest < every.infection_from_years[step]:
            continue
        if step + 1 < every.infection_steps and math.floor(traits.age_years) >= every.infection_from_years[step + 1]:
            continue
        if every.infection_shape[step] != shape:
            shape = every.infection_shape[step]
            factor = gamma_quantile(shape, draw) / shape
        traits.infections_per_day[step] = every.infections_per_day[step] * factor


@kernel
def _draw_levels(seed, replicate, patient, every, distributions, tables, traits):
    draws = uniforms(seed, replicate, patient, Purpose.LEVELS, 0)
    more = uniforms(seed, replicate, patient, Purpose.LEVELS, 1)
    nephrotic = math.log(quantile_of(distributions, tables, every.nephrotic_distribution, draws[0]))
    partial = math.log(quantile_of(distributions, tables, every.partial_distribution, draws[1]))
    remission = math.log(quantile_of(distributions, tables, every.remission_distribution, draws[2]))
    highest = nephrotic + every.highest_partial_log_fraction
    traits.rise_per_day = every.rise_per_day
    traits.nephrotic_log_upcr = nephrotic
    traits.partial_log_upcr = _clipped(partial, every.remission_below_log, highest)
    traits.remission_log_upcr = min(remission, every.highest_remission_log)
    years = max(traits.age_years - every.gfr_decline_from_years, 0.0)
    young = quantile_of(distributions, tables, every.gfr_distribution, draws[3])
    of_lesion = young * every.gfr_lesion_factor[traits.lesion]
    traits.gfr_ml_per_min_per_1_73_m2 = of_lesion * every.gfr_kept_per_year**years
    traits.albumin_g_per_dl = quantile_of(distributions, tables, every.albumin_distribution, more[0])
    traits.cholesterol_mg_per_dl = quantile_of(distributions, tables, every.cholesterol_distribution, more[1])
    traits.albumin_loss_factor = quantile_of(distributions, tables, every.albumin_loss_distribution, more[2])


@kernel
def _draw_membranous(seed, replicate, patient, every, distributions, tables, traits):
    """Draw the antibodies of membranous nephropathy, and set its delays; a negative patient has the background only."""
    draws = uniforms(seed, replicate, patient, Purpose.ANTI_PLA2R, 0)
    background = math.log(quantile_of(distributions, tables, every.anti_pla2r_background_distribution, draws[2]))
    active = math.log(quantile_of(distributions, tables, every.anti_pla2r_active_distribution, draws[1]))
    traits.anti_pla2r_positive = 1 if draws[0] < every.anti_pla2r_positive_share else 0
    traits.anti_pla2r_background_log = background
    traits.anti_pla2r_active_log = max(active, background) if traits.anti_pla2r_positive == 1 else background
    traits.urine_follows_days = every.urine_follows_days
    traits.relapse_follows_days = every.relapse_follows_days
    traits.rise_per_day = every.membranous_rise_per_day


@kernel
def _draw_second_line(seed, replicate, patient, every, band, distributions, tables, traits):
    draws = uniforms(seed, replicate, patient, Purpose.SECOND_LINE, 0)
    traits.agent_score = normal_score(draws[0])
    traits.requirement_mg_per_kg = quantile_of(distributions, tables, every.requirement_distribution, draws[1])
    traits.gonadal_tolerance_mg_per_kg = quantile_of(
        distributions, tables, every.gonadal_tolerance_distribution, draws[2]
    )
    traits.bladder_tolerance_mg_per_kg = quantile_of(
        distributions, tables, every.bladder_tolerance_distribution, draws[3]
    )
    draws = uniforms(seed, replicate, patient, Purpose.KIDNEY, 0)
    loss = quantile_of(distributions, tables, every.kidney_loss_distribution, draws[0])
    traits.loss_factor = every.kidney_loss_lesion_factor[traits.lesion] * loss
    traits.prone_to_thrombosis = 1 if draws[1] < every.prone_to_thrombosis_share else 0
    reluctance = uniforms(seed, replicate, patient, Purpose.RELUCTANCE, 0)[0]
    traits.reluctant = 1 if reluctance < band.refusal_share else 0


@kernel
def _draw_factors(seed, replicate, patient, every, band, traits):
    """Draw which provoking factors are present at onset; non-adherence is known from the fraction taken."""
    draws = uniforms(seed, replicate, patient, Purpose.FACTORS, 0)
    mask = 0
    for bit in range(_FACTORS):
        if bit == _LANES:
            draws = uniforms(seed, replicate, patient, Purpose.FACTORS, 1)
        present = draws[bit % _LANES] < band.factor_share[bit]
        if bit == NON_ADHERENCE:
            present = traits.taken_fraction < 1.0
        if present and every.factors_present >> bit & 1 == 1:
            mask |= 1 << bit
    traits.factors = mask
