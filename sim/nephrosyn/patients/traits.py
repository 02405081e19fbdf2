"""Draw the latent patients of a cohort: demography, response, relapse, safety and levels.

Every trait comes by inverse transform from keyed uniforms, so that a patient is the same in every cohort, and two
scenarios that differ in one distribution share all other traits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.kernels.fallback import INTERPRETED
from nephrosyn.kernels.random_streams import Purpose, fill_uniforms
from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.patients.second_line_traits import SECOND_LINE_TRAITS, draw_second_line_traits
from nephrosyn.scenario.schema.distributions import quantiles, quantiles_between
from nephrosyn.scenario.schema.limits import MOST_STEPS
from nephrosyn.vocabulary import CONTRAINDICATIONS, DAYS_PER_YEAR, LESIONS, TOXICITIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.care import BandCare
    from nephrosyn.scenario.schema.population import Band
    from nephrosyn.scenario.schema.scenario import Scenario

    Floats = NDArray[np.float64]


INFECTION_STEPS = MOST_STEPS
"""Most age steps of the rate of infection."""

TRAITS = np.dtype(
    [
        ("patient", "i8"),
        ("site", "i4"),
        ("band", "i4"),
        ("sex", "i4"),
        ("lesion", "i4"),
        ("response", "i4"),  # to adequate steroid: 0 none, 1 partial, 2 complete
        ("contraindications", "i4"),  # bit mask over vocabulary.CONTRAINDICATIONS
        ("remission_time_table", "i4"),
        ("biopsy_at_presentation", "i4"),
        ("biopsy_at_resistance", "i4"),
        ("biopsy_at_partial_remission", "i4"),
        ("biopsy_before_agent", "i4"),
        ("never_relapses", "i4"),
        ("genetic", "i4"),  # a genetic form, which never responds
        ("tested_genetically", "i4"),  # if resistance is declared
        ("entry_days", "f8"),  # calendar day of onset at the site
        ("age_years", "f8"),
        ("weight_score", "f8"),  # normal score of weight for age and sex
        ("height_score", "f8"),
        ("presentation_days", "f8"),
        ("frailty", "f8"),
        ("frailty_score", "f8"),  # normal score of the frailty
        ("relapse_per_day", "f8"),  # off drug, untriggered
        ("cured_from_days", "f8"),  # no relapse begins after it
        ("remission_time_score", "f8"),  # the part of the times to remission that all episodes share
        ("resistant_from_days", "f8"),  # later relapses do not respond to steroid; inf = never
        ("tests_at_home", "i8"),
        ("albumin_loss_factor", "f8"),
        ("threshold_mg_per_kg_per_day", "f8"),  # 0 = none
        ("spontaneous_days", "f8"),  # start of a spontaneous fall; inf = never
        ("nephrotic_log_upcr", "f8"),
        ("partial_log_upcr", "f8"),
        ("remission_log_upcr", "f8"),
        ("rise_per_day", "f8"),
        ("fall_per_day", "f8"),
        ("spontaneous_fall_per_day", "f8"),
        ("albumin_g_per_dl", "f8"),
        ("cholesterol_mg_per_dl", "f8"),
        ("gfr_ml_per_min_per_1_73_m2", "f8"),
        ("taken_fraction", "f8"),
        ("urine_follows_days", "f8"),  # from the immunological response to the fall of proteinuria
        ("relapse_follows_days", "f8"),  # from the immunological relapse to the rise of proteinuria
        ("anti_pla2r_positive", "i8"),
        ("anti_pla2r_active_log", "f8"),  # log RU/mL while the disease is active
        ("anti_pla2r_background_log", "f8"),
        ("toxicity_per_day", "f8", (len(TOXICITIES),)),  # of steroid, at 1 mg/kg/day and this age
        ("infections_per_day", "f8", (INFECTION_STEPS,)),
        *SECOND_LINE_TRAITS,
    ],
    align=True,
)

_LN2 = np.log(2.0)
YEARS_PER_DECADE = 10.0
NONE, PARTIAL, COMPLETE = 0, 1, 2
"""Response to adequate steroid."""


def records(count: int, dtype: np.dtype, *, zeroed: bool = True) -> np.ndarray:
    """Make records that event handlers can read by field name, compiled or not.

    Parameters
    ----------
    count : int
        Number of records.
    dtype : numpy.dtype
        A structured type.
    zeroed : bool
        Fill them with zeros; otherwise their content is arbitrary.

    Returns
    -------
    ndarray, shape (count,)
        A plain structured array for compiled code; a record array where compilation is switched off.
    """
    array = np.zeros(count, dtype) if zeroed else np.empty(count, dtype)
    return array.view(np.recarray) if INTERPRETED else array


class _Draws:
    """The uniforms of a set of patients, by purpose."""

    def __init__(self, seed: int, replicate: int, patients: NDArray[np.int64]) -> None:
        self._address = (seed, replicate, patients)

    def __call__(self, purpose: Purpose, blocks: int = 1) -> Floats:
        seed, replicate, patients = self._address
        drawn: Floats = fill_uniforms(seed, replicate, patients, int(purpose), blocks)
        return drawn


def remission_time_tables(scenario: Scenario) -> list[tuple[str, str]]:
    """Band and lesion of each distribution of the time to remission, in the order of the tables.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.

    Returns
    -------
    list of (str, str)
        Band and lesion.
    """
    return [(band, lesion) for band in scenario.population.bands for lesion in scenario.disease.response[band]]


def draw_patients(scenario: Scenario, seed: int, replicate: int, patients: NDArray[np.int64]) -> NDArray[np.void]:
    """Draw the traits of some patients.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
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


def _choose(uniforms: Floats, shares: list[float]) -> NDArray[np.int64]:
    """Choose by cumulative shares; the last non-zero share takes what rounding leaves."""
    edges = np.cumsum(shares)
    index = np.searchsorted(edges, uniforms * edges[-1], side="right")
    last = np.flatnonzero(shares)[-1]
    return np.asarray(np.minimum(index, last), dtype=np.int64)


def _draw_persons(traits: NDArray[np.void], scenario: Scenario, draws: _Draws) -> None:
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


def _ages(band: Band, lesions: NDArray[np.int32], uniforms: Floats) -> Floats:
    """Ages at onset: the law of the band, truncated to the ages at which the lesion occurs."""
    youngest = np.full(len(LESIONS), band.from_years)
    for name, years in band.lesion_from_years.items():
        youngest[LESIONS.index(name)] = max(band.from_years, years)
    ages: Floats = quantiles_between(band.age_years, youngest[lesions], band.to_years, uniforms)
    return np.minimum(ages, np.nextafter(band.to_years, 0.0))


def _scores(uniforms: Floats) -> Floats:
    ndtri = special_functions().ndtri

    scores: Floats = ndtri(uniforms)
    return scores


def _draw_band(members: NDArray[np.void], scenario: Scenario, band: str, draws: _Draws) -> None:
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


def _draw_biopsies(members: NDArray[np.void], regimen: BandCare, uniforms: Floats) -> None:
    biopsy, usual = regimen.biopsy, regimen.biopsy_at_presentation
    older = members["age_years"] >= biopsy.older_from_years
    share = np.where(older, max(usual, biopsy.older_share), usual)
    members["biopsy_at_presentation"] = uniforms[:, 0] < share
    members["biopsy_at_resistance"] = uniforms[:, 1] < regimen.biopsy_at_resistance
    members["biopsy_at_partial_remission"] = uniforms[:, 3] < biopsy.at_partial_remission
    members["biopsy_before_agent"] = uniforms[:, 4] < biopsy.before_second_agent


def _draw_infections(members: NDArray[np.void], scenario: Scenario, uniforms: Floats) -> None:
    """Draw each patient's rate of infection at the ages that follow-up can reach (gamma quantiles are slow)."""
    infection = scenario.triggers.infection
    oldest = members["age_years"] + scenario.population.follow_up_days / DAYS_PER_YEAR
    for step, (rate, shape) in enumerate(zip(infection.rate_per_year, infection.shape, strict=True)):
        here = oldest >= infection.from_years[step]
        if step + 1 < len(infection.from_years):
            here &= np.floor(members["age_years"]) < infection.from_years[step + 1]
        members["infections_per_day"][here, step] = rate / DAYS_PER_YEAR * _gamma(uniforms[here], shape)


def _gamma(uniforms: Floats, shape: float) -> Floats:
    """Quantiles of the gamma distribution of mean 1."""
    gammaincinv = special_functions().gammaincinv

    values: Floats = gammaincinv(shape, uniforms) / shape
    return values


def _draw_response(members: NDArray[np.void], scenario: Scenario, band: str, uniforms: Floats) -> None:
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


def _draw_genetic_form(members: NDArray[np.void], scenario: Scenario, band: str, uniforms: Floats) -> None:
    """Draw who of those without response has a genetic form, and who is tested for it; the response must be drawn."""
    shares = scenario.disease.genetic.share[band]
    by_lesion = np.array([shares.get(name, 0.0) for name in LESIONS])
    share = np.where(members["response"] == NONE, by_lesion[members["lesion"]], 0.0)
    members["genetic"] = uniforms[:, 0] < share
    members["spontaneous_days"][members["genetic"] == 1] = np.inf
    members["tested_genetically"] = uniforms[:, 1] < scenario.care.genetic_test[band].share


def _draw_relapse(members: NDArray[np.void], scenario: Scenario, band: str, uniforms: Floats) -> None:
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


def _by_lesion(members: NDArray[np.void], table: dict[str, float]) -> Floats:
    """Value of a table by lesion for each patient; a lesion that does not occur may be missing."""
    values = np.zeros(len(LESIONS))
    for lesion, value in table.items():
        values[LESIONS.index(lesion)] = value
    taken: Floats = values[members["lesion"]]
    return taken


def _correlated(first: Floats, second: Floats, correlation: float) -> Floats:
    """Normal scores with a given correlation with the first, made of independent ones."""
    scores: Floats = correlation * first + np.sqrt(1.0 - correlation**2) * second
    return scores


def _draw_late_resistance(members: NDArray[np.void], scenario: Scenario, uniforms: Floats) -> None:
    late = scenario.disease.late_resistance
    when = quantiles(late.after_days, uniforms[:, 1])
    members["resistant_from_days"] = np.where(uniforms[:, 0] < late.share, when, np.inf)


def _draw_safety(members: NDArray[np.void], scenario: Scenario, band: str, uniforms: Floats) -> None:
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


def _draw_levels(traits: NDArray[np.void], scenario: Scenario, draws: _Draws) -> None:
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


def _draw_membranous(traits: NDArray[np.void], scenario: Scenario, uniforms: Floats) -> None:
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


def _filtration_at_onset(traits: NDArray[np.void], scenario: Scenario, uniforms: Floats) -> Floats:
    """Filtration of a young kidney (mL/min/1.73 m2), lowered by the lesion and by age."""
    function = scenario.disease.kidney_function
    by_lesion = np.array([function.lesion_factor.get(name, 1.0) for name in LESIONS])
    years = np.maximum(traits["age_years"] - function.decline_from_years, 0.0)
    young = quantiles(function.gfr_ml_per_min_per_1_73_m2, uniforms)
    filtration: Floats = young * by_lesion[traits["lesion"]] * (1.0 - function.decline_per_year) ** years
    return filtration
