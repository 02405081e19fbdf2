"""Patients drawn by numpy and scipy, a column at a time: a second implementation to compare the compiled one with."""

from __future__ import annotations

import numpy as np

from nephrosyn.kernels.random_streams import Purpose, fill_uniforms
from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.patients.traits import (
    COMPLETE,
    NON_ADHERENCE,
    NONE,
    PARTIAL,
    TRAITS,
    YEARS_PER_DECADE,
    records,
    remission_time_tables,
)
from nephrosyn.scenario.schema.distributions import quantiles, quantiles_between
from nephrosyn.vocabulary import CONTRAINDICATIONS, DAYS_PER_YEAR, LESIONS, PROVOKING_FACTORS, TOXICITIES

_LN2 = np.log(2.0)


class _Draws:
    """The uniforms of a set of patients, by purpose."""

    def __init__(self, seed, replicate, patients):
        self._address = (seed, replicate, patients)

    def __call__(self, purpose, blocks=1):
        seed, replicate, patients = self._address
        return fill_uniforms(seed, replicate, patients, int(purpose), blocks)


def draw_patients(scenario, seed, replicate, patients):
    """Draw the traits of some patients.

    Parameters
    ----------
    scenario
        A resolved scenario.
    seed, replicate
        Seed and replicate of all random draws.
    patients : ndarray of int64, shape (n,)
        Patient numbers.

    Returns
    -------
    ndarray of TRAITS, shape (n,)
        One record a patient; times in days from onset.
    """
    traits = records(len(patients), TRAITS)
    draws = _Draws(seed, replicate, patients)
    traits["patient"] = patients
    traits["site"] = patients // scenario.population.patients_per_site
    _draw_persons(traits, scenario, draws)
    for number, name in enumerate(scenario.population.bands):
        here = np.flatnonzero(traits["band"] == number)
        if len(here):
            members = traits[here]
            _draw_band(members, scenario, name, _Draws(seed, replicate, patients[here]))
            traits[here] = members
    _draw_levels(traits, scenario, draws)
    draw_second_line_traits(traits, scenario, draws)
    return traits


def _choose(uniforms, shares):
    """Choose by cumulative shares; the last non-zero share takes what rounding leaves."""
    edges = np.cumsum(shares)
    index = np.searchsorted(edges, uniforms * edges[-1], side="right")
    last = np.flatnonzero(shares)[-1]
    return np.asarray(np.minimum(index, last), dtype=np.int64)


def _draw_persons(traits, scenario, draws):
    population, uniforms = scenario.population, draws(Purpose.PERSON, 2)
    bands = list(population.bands.values())
    traits["band"] = _choose(uniforms[:, 0], [band.share for band in bands])
    for number, band in enumerate(bands):
        here = traits["band"] == number
        traits["sex"][here] = uniforms[here, 1] >= band.male_share
        lesions = list(band.lesion_mix)
        index = _choose(uniforms[here, 3], list(band.lesion_mix.values()))
        traits["lesion"][here] = np.array([LESIONS.index(name) for name in lesions])[index]
        traits["age_years"][here] = _ages(band, traits["lesion"][here], uniforms[here, 2])
        weight = _scores(uniforms[here, 4])
        height = _correlated(weight, _scores(uniforms[here, 7]), band.weight_height_correlation)
        highest = population.growth.highest_score
        traits["weight_score"][here] = np.clip(weight, -highest, highest)
        traits["height_score"][here] = np.clip(height, -highest, highest)
    traits["entry_days"] = population.accrual_days * uniforms[:, 5]
    traits["presentation_days"] = quantiles(scenario.care.presentation_delay_days, uniforms[:, 6])


def _ages(band, lesions, uniforms):
    """Ages at onset: the law of the band, truncated to the ages at which the lesion occurs."""
    youngest = np.full(len(LESIONS), band.from_years)
    for name, years in band.lesion_from_years.items():
        youngest[LESIONS.index(name)] = max(band.from_years, years)
    ages = quantiles_between(band.age_years, youngest[lesions], band.to_years, uniforms)
    return np.minimum(ages, np.nextafter(band.to_years, 0.0))


def _scores(uniforms):
    ndtri = special_functions().ndtri

    return ndtri(uniforms)


def _draw_band(members, scenario, band, draws):
    """Draw what depends on the age band: response, relapse, triggers, safety."""
    _draw_response(members, scenario, band, draws(Purpose.RESPONSE))
    _draw_genetic_form(members, scenario, band, draws(Purpose.GENETIC))
    _draw_relapse(members, scenario, band, draws(Purpose.FRAILTY, 2))
    _draw_late_resistance(members, scenario, draws(Purpose.LATE_RESISTANCE))
    _draw_safety(members, scenario, band, draws(Purpose.SAFETY, 2))
    uniforms = draws(Purpose.CARE, 2)
    regimen = scenario.care.regimen[band]
    _draw_biopsies(members, regimen, uniforms)
    members["tests_at_home"] = uniforms[:, 2] < regimen.home_tests.share
    _draw_infections(members, scenario, draws(Purpose.TRIGGERS)[:, 0])


def _draw_biopsies(members, regimen, uniforms):
    biopsy, usual = regimen.biopsy, regimen.biopsy_at_presentation
    older = members["age_years"] >= biopsy.older_from_years
    share = np.where(older, max(usual, biopsy.older_share), usual)
    members["biopsy_at_presentation"] = uniforms[:, 0] < share
    members["biopsy_at_resistance"] = uniforms[:, 1] < regimen.biopsy_at_resistance
    members["biopsy_at_partial_remission"] = uniforms[:, 3] < biopsy.at_partial_remission
    members["biopsy_before_agent"] = uniforms[:, 4] < biopsy.before_second_agent


def _draw_infections(members, scenario, uniforms):
    """Draw each patient's rate of infection at the ages that follow-up can reach (gamma quantiles are slow)."""
    infection = scenario.triggers.infection
    oldest = members["age_years"] + scenario.population.follow_up_days / DAYS_PER_YEAR
    for step, (rate, shape) in enumerate(zip(infection.rate_per_year, infection.shape, strict=True)):
        here = oldest >= infection.from_years[step]
        if step + 1 < len(infection.from_years):
            here &= np.floor(members["age_years"]) < infection.from_years[step + 1]
        members["infections_per_day"][here, step] = rate / DAYS_PER_YEAR * _gamma(uniforms[here], shape)


def _gamma(uniforms, shape):
    """Quantiles of the gamma distribution of mean 1."""
    gammaincinv = special_functions().gammaincinv

    return gammaincinv(shape, uniforms) / shape


def _draw_response(members, scenario, band, uniforms):
    disease, tables = scenario.disease, remission_time_tables(scenario)
    members["spontaneous_days"] = np.inf
    for lesion, response in disease.response[band].items():
        here = members["lesion"] == LESIONS.index(lesion)
        place = uniforms[here, 0]
        partial = place < response.complete + response.partial
        members["response"][here] = np.where(place < response.complete, COMPLETE, np.where(partial, PARTIAL, NONE))
        members["remission_time_table"][here] = tables.index((band, lesion))
        members["fall_per_day"][here] = _LN2 / disease.proteinuria.fall_halving_days[lesion]
        members["spontaneous_fall_per_day"][here] = _LN2 / disease.proteinuria.spontaneous_halving_days[lesion]
        spontaneous = disease.spontaneous[lesion]
        when = quantiles(spontaneous.time_days, uniforms[here, 2])
        members["spontaneous_days"][here] = np.where(uniforms[here, 1] < spontaneous.share, when, np.inf)


def _draw_genetic_form(members, scenario, band, uniforms):
    """Draw who of those without response has a genetic form, and who is tested for it; the response must be drawn."""
    shares = scenario.disease.genetic.share[band]
    by_lesion = np.array([shares.get(name, 0.0) for name in LESIONS])
    share = np.where(members["response"] == NONE, by_lesion[members["lesion"]], 0.0)
    members["genetic"] = uniforms[:, 0] < share
    members["spontaneous_days"][members["genetic"] == 1] = np.inf
    members["tested_genetically"] = uniforms[:, 1] < scenario.care.genetic_test[band].share


def _draw_relapse(members, scenario, band, uniforms):
    relapse = scenario.disease.relapse
    of_band = relapse.bands[band]
    relapsing = (1.0 - of_band.never_relapsing_share) * (
        1.0 - _by_lesion(members, relapse.lesion_never_relapsing_share)
    )
    members["never_relapses"] = uniforms[:, 0] < 1.0 - relapsing
    members["frailty"] = _gamma(uniforms[:, 1], of_band.frailty_shape)
    members["frailty_score"] = _scores(uniforms[:, 1])
    factor = _by_lesion(members, relapse.lesion_factor)
    members["relapse_per_day"] = of_band.rate_per_year / DAYS_PER_YEAR * members["frailty"] * factor
    threshold = quantiles(of_band.threshold_mg_per_kg_per_day, uniforms[:, 3])
    score = _correlated(members["frailty_score"], -_scores(uniforms[:, 2]), relapse.threshold_frailty_correlation)
    share = of_band.threshold_share * _by_lesion(members, relapse.lesion_threshold_factor)
    has_threshold = score > -_scores(share)
    members["threshold_mg_per_kg_per_day"] = np.where(has_threshold, threshold, 0.0)
    with np.errstate(divide="ignore"):
        members["cured_from_days"] = -np.log(uniforms[:, 4]) * DAYS_PER_YEAR / np.float64(of_band.cured_per_year)
    members["remission_time_score"] = _correlated(
        members["frailty_score"], _scores(uniforms[:, 5]), scenario.disease.remission_time.frailty_correlation
    )


def _by_lesion(members, table):
    """Value of a table by lesion for each patient; a lesion that does not occur may be missing."""
    values = np.zeros(len(LESIONS))
    for lesion, value in table.items():
        values[LESIONS.index(lesion)] = value
    return values[members["lesion"]]


def _correlated(first, second, correlation):
    """Normal scores with a given correlation with the first, made of independent ones."""
    return correlation * first + np.sqrt(1.0 - correlation**2) * second


def _draw_late_resistance(members, scenario, uniforms):
    late = scenario.disease.late_resistance
    when = quantiles(late.after_days, uniforms[:, 1])
    members["resistant_from_days"] = np.where(uniforms[:, 0] < late.share, when, np.inf)


def _draw_safety(members, scenario, band, uniforms):
    care = scenario.care
    for position, name in enumerate(CONTRAINDICATIONS):
        share = care.contraindications[name].share[band]
        members["contraindications"] |= (uniforms[:, position] < share).astype(np.int32) << position
    decades = np.maximum(members["age_years"] - care.toxicity_rises_from_years, 0.0) / YEARS_PER_DECADE
    for position, name in enumerate(TOXICITIES):
        toxicity = care.toxicities[name]
        per_day = toxicity.rate_per_year_at_1_mg_per_kg_per_day[band] / DAYS_PER_YEAR
        members["toxicity_per_day"][:, position] = per_day * toxicity.factor_per_10_years**decades
    diabetic = members["contraindications"] >> CONTRAINDICATIONS.index("diabetes") & 1 == 1
    members["toxicity_per_day"][diabetic, TOXICITIES.index("steroid_diabetes")] = 0.0  # they have it already
    lapses = uniforms[:, 4] < care.adherence.non_adherent_share
    members["taken_fraction"] = 1.0
    members["taken_fraction"][lapses] = quantiles(care.adherence.taken_fraction, uniforms[lapses, 5])


def _draw_levels(traits, scenario, draws):
    uniforms = draws(Purpose.LEVELS, 2)
    disease = scenario.disease
    proteinuria = disease.proteinuria
    nephrotic = np.log(quantiles(proteinuria.nephrotic_mg_per_mg, uniforms[:, 0]))
    partial = np.log(quantiles(proteinuria.partial_mg_per_mg, uniforms[:, 1]))
    remission = np.log(quantiles(proteinuria.remission_mg_per_mg, uniforms[:, 2]))
    threshold = np.log(proteinuria.remission_below_mg_per_mg)
    traits["rise_per_day"] = _LN2 / proteinuria.rise_doubling_days
    _draw_membranous(traits, scenario, draws(Purpose.ANTI_PLA2R))
    traits["nephrotic_log_upcr"] = nephrotic
    traits["partial_log_upcr"] = np.clip(partial, threshold, nephrotic + np.log(proteinuria.highest_partial_fraction))
    traits["remission_log_upcr"] = np.minimum(remission, threshold + np.log(proteinuria.highest_remission_fraction))
    traits["gfr_ml_per_min_per_1_73_m2"] = _filtration_at_onset(traits, scenario, uniforms[:, 3])
    traits["albumin_g_per_dl"] = quantiles(disease.albumin.normal_g_per_dl, uniforms[:, 4])
    traits["cholesterol_mg_per_dl"] = quantiles(disease.cholesterol.normal_mg_per_dl, uniforms[:, 5])
    traits["albumin_loss_factor"] = quantiles(disease.albumin.loss_factor, uniforms[:, 6])


def _draw_membranous(traits, scenario, uniforms):
    """Draw the antibodies of membranous nephropathy, and set its delays; a negative patient has the background only."""
    membranous = scenario.disease.membranous
    antibodies = membranous.anti_pla2r
    here = np.flatnonzero(traits["lesion"] == LESIONS.index("membranous"))
    positive = uniforms[here, 0] < antibodies.positive_share
    background = np.log(quantiles(antibodies.background_ru_per_ml, uniforms[here, 2]))
    active = np.log(quantiles(antibodies.active_ru_per_ml, uniforms[here, 1]))
    traits["anti_pla2r_positive"][here] = positive
    traits["anti_pla2r_background_log"][here] = background
    traits["anti_pla2r_active_log"][here] = np.where(positive, np.maximum(active, background), background)
    traits["urine_follows_days"][here] = membranous.urine_follows_days
    traits["relapse_follows_days"][here] = membranous.relapse_follows_days
    traits["rise_per_day"][here] = _LN2 / membranous.rise_doubling_days


def _filtration_at_onset(traits, scenario, uniforms):
    """Filtration of a young kidney (mL/min/1.73 m2), lowered by the lesion and by age."""
    function = scenario.disease.kidney_function
    by_lesion = np.array([function.lesion_factor.get(name, 1.0) for name in LESIONS])
    years = np.maximum(traits["age_years"] - function.decline_from_years, 0.0)
    young = quantiles(function.gfr_ml_per_min_per_1_73_m2, uniforms)
    return young * by_lesion[traits["lesion"]] * (1.0 - function.decline_per_year) ** years


def draw_second_line_traits(traits, scenario, draws):
    """Draw the traits of second-line treatment and complications, in place; adherence must have been drawn before.

    Parameters
    ----------
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    scenario
        A resolved scenario.
    draws : callable
        Uniforms by purpose and number of blocks of four, shape (n, 4 * blocks).
    """
    ndtri = special_functions().ndtri

    agent = scenario.second_line.cyclophosphamide
    uniforms = draws(Purpose.SECOND_LINE, 1)
    traits["agent_score"] = ndtri(uniforms[:, 0])
    traits["requirement_mg_per_kg"] = quantiles(agent.requirement_mg_per_kg, uniforms[:, 1])
    traits["gonadal_tolerance_mg_per_kg"] = quantiles(agent.gonadal_tolerance_mg_per_kg, uniforms[:, 2])
    traits["bladder_tolerance_mg_per_kg"] = quantiles(agent.bladder_tolerance_mg_per_kg, uniforms[:, 3])
    uniforms = draws(Purpose.KIDNEY, 1)
    loss = scenario.complications.kidney_loss
    by_lesion = np.array([loss.lesion_factor.get(name, 0.0) for name in LESIONS])
    traits["loss_factor"] = by_lesion[traits["lesion"]] * quantiles(loss.patient_factor, uniforms[:, 0])
    traits["prone_to_thrombosis"] = uniforms[:, 1] < scenario.complications.venous_thrombosis.prone_share
    refusal = np.array([scenario.second_line.policy[band].refusal.share for band in scenario.population.bands])
    if refusal.any():
        traits["reluctant"] = draws(Purpose.RELUCTANCE, 1)[:, 0] < refusal[traits["band"]]
    traits["factors"] = _factors(traits, scenario, draws(Purpose.FACTORS, 2))


def _factors(traits, scenario, uniforms):
    """Draw which provoking factors are present at onset; non-adherence is known from the fraction taken."""
    bands = list(scenario.population.bands)
    mask = np.zeros(len(traits), np.int64)
    for name, factor in scenario.provoking_factors.factors.items():
        bit = PROVOKING_FACTORS.index(name)
        if bit == NON_ADHERENCE:
            here = traits["taken_fraction"] < 1.0
        else:
            here = uniforms[:, bit] < np.array([factor.share[band] for band in bands])[traits["band"]]
        mask |= here.astype(np.int64) << bit
    return mask
