"""A scenario as the numbers from which compiled code draws patients (`nephrosyn.patients.compiled_traits`).

Everything that holds for an age band or a lesion as a whole is worked out here; the compiled code has to do only what
differs between patients. A common distribution becomes the parameters of its formula, any other a table of its
quantiles.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.patients.traits import INFECTION_STEPS, records, remission_time_tables
from nephrosyn.scenario.schema.distribution_ranges import FIXED
from nephrosyn.scenario.schema.distributions import probabilities_below
from nephrosyn.scenario.schema.quantile_tables import NODES, table
from nephrosyn.vocabulary import CONTRAINDICATIONS, DAYS_PER_YEAR, LESIONS, PROVOKING_FACTORS, TOXICITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.scenario import Scenario
    from nephrosyn.scenario.schema.units import Distribution

FORMULAS = (FIXED, "uniform", "norm", "lognorm", "gamma", "expon", "table")
"""Kinds of distributions, by their names in scipy.stats; ``table`` is any other."""
_SHAPES = {"lognorm": "s", "gamma": "a"}

DISTRIBUTION = np.dtype(
    [("kind", "i8"), ("row", "i8"), ("parameter", "f8"), ("loc", "f8"), ("scale", "f8")], align=True
)
"""A distribution: kind, row of its table, parameter of its shape, location, scale; a fixed value is ``loc``."""

_LESION, _FACTOR = (len(LESIONS),), (len(PROVOKING_FACTORS),)

SHARED_NUMBERS = np.dtype(
    [
        ("patients_per_site", "i8"),
        ("bands", "i8"),
        ("last_band", "i8"),
        ("highest_score", "f8"),
        ("accrual_days", "f8"),
        ("follow_up_years", "f8"),
        ("presentation_distribution", "i8"),
        ("late_resistance_share", "f8"),
        ("late_resistance_distribution", "i8"),
        ("threshold_correlation", "f8"),
        ("threshold_rest", "f8"),  # the root of what the correlation leaves of the variance
        ("remission_time_correlation", "f8"),
        ("remission_time_rest", "f8"),
        ("toxicity_rises_from_years", "f8"),
        ("non_adherent_share", "f8"),
        ("taken_distribution", "i8"),
        ("infection_steps", "i8"),
        ("infection_from_years", "f8", (INFECTION_STEPS,)),
        ("infections_per_day", "f8", (INFECTION_STEPS,)),
        ("infection_shape", "f8", (INFECTION_STEPS,)),
        ("nephrotic_distribution", "i8"),
        ("partial_distribution", "i8"),
        ("remission_distribution", "i8"),
        ("remission_below_log", "f8"),
        ("highest_partial_log_fraction", "f8"),
        ("highest_remission_log", "f8"),
        ("rise_per_day", "f8"),
        ("membranous_rise_per_day", "f8"),
        ("urine_follows_days", "f8"),
        ("relapse_follows_days", "f8"),
        ("anti_pla2r_positive_share", "f8"),
        ("anti_pla2r_active_distribution", "i8"),
        ("anti_pla2r_background_distribution", "i8"),
        ("gfr_distribution", "i8"),
        ("gfr_lesion_factor", "f8", _LESION),
        ("gfr_decline_from_years", "f8"),
        ("gfr_kept_per_year", "f8"),
        ("albumin_distribution", "i8"),
        ("cholesterol_distribution", "i8"),
        ("albumin_loss_distribution", "i8"),
        ("requirement_distribution", "i8"),
        ("gonadal_tolerance_distribution", "i8"),
        ("bladder_tolerance_distribution", "i8"),
        ("kidney_loss_distribution", "i8"),
        ("kidney_loss_lesion_factor", "f8", _LESION),
        ("prone_to_thrombosis_share", "f8"),
        ("factors_present", "i8"),  # bit mask over vocabulary.PROVOKING_FACTORS: those of the scenario
    ],
    align=True,
)
"""What all age bands share; times in days and years, rates a day, as in the scenario."""

BAND_NUMBERS = np.dtype(
    [
        ("edge", "f8"),  # sum of the shares up to this band
        ("male_share", "f8"),
        ("lesion_edge", "f8", _LESION),  # sums of the shares in the order of the mix; infinite beyond it
        ("lesion_total", "f8"),
        ("lesion", "i8", _LESION),  # the lesions in that order
        ("last_lesion", "i8"),
        ("age_distribution", "i8"),
        ("age_from_years", "f8", _LESION),
        ("age_below", "f8", _LESION),  # probability of being younger
        ("age_above", "f8"),  # probability of being younger than the end of the band
        ("age_to_years", "f8"),
        ("oldest_years", "f8"),  # the largest number below the end
        ("height_correlation", "f8"),
        ("height_rest", "f8"),
        ("complete_share", "f8", _LESION),
        ("responding_share", "f8", _LESION),
        ("remission_time_table", "i8", _LESION),
        ("fall_per_day", "f8", _LESION),
        ("spontaneous_fall_per_day", "f8", _LESION),
        ("spontaneous_share", "f8", _LESION),
        ("spontaneous_distribution", "i8", _LESION),
        ("genetic_share", "f8", _LESION),
        ("genetic_test_share", "f8"),
        ("never_relapsing_share", "f8", _LESION),
        ("frailty_shape", "f8"),
        ("relapse_per_day", "f8"),
        ("relapse_lesion_factor", "f8", _LESION),
        ("threshold_distribution", "i8"),
        ("threshold_above_score", "f8", _LESION),
        ("cured_per_year", "f8"),
        ("contraindication_share", "f8", (len(CONTRAINDICATIONS),)),
        ("toxicity_per_day", "f8", (len(TOXICITIES),)),
        ("toxicity_factor_per_10_years", "f8", (len(TOXICITIES),)),
        ("biopsy_at_presentation", "f8"),
        ("biopsy_older_from_years", "f8"),
        ("biopsy_of_the_older", "f8"),
        ("biopsy_at_resistance", "f8"),
        ("biopsy_at_partial_remission", "f8"),
        ("biopsy_before_agent", "f8"),
        ("home_tests_share", "f8"),
        ("refusal_share", "f8"),
        ("factor_share", "f8", _FACTOR),
    ],
    align=True,
)
"""What holds for an age band, or for a lesion in it."""


class TraitNumbers(NamedTuple):
    """The arrays from which patients are drawn.

    Attributes
    ----------
    shared : ndarray of SHARED_NUMBERS, shape (1,)
        What all bands share.
    bands : ndarray of BAND_NUMBERS, shape (bands,)
        What holds for a band.
    distributions : ndarray of DISTRIBUTION, shape (distributions,)
        The distributions, to which the fields ``..._distribution`` refer.
    tables : ndarray of float64, shape (tables, NODES + 1)
        Quantile tables of those without a formula.
    """

    shared: NDArray[np.void]
    bands: NDArray[np.void]
    distributions: NDArray[np.void]
    tables: NDArray[np.float64]


class _Distributions:
    """Collect distributions as records and tables."""

    def __init__(self) -> None:
        self.distributions: list[tuple[int, int, float, float, float]] = []
        self.tables: list[NDArray[np.float64]] = []

    def add(self, distribution: Distribution) -> int:
        """Add a distribution, and return its number."""
        name, parameters = distribution.dist, distribution.parameters
        kind, row, shape = FORMULAS.index(name if name in FORMULAS else "table"), 0, 0.0
        loc, scale = parameters.get("loc", 0.0), parameters.get("scale", 1.0)
        if name == FIXED:
            loc = parameters["value"]
        elif name not in FORMULAS:
            row = len(self.tables)
            self.tables.append(table(distribution))
        else:
            shape = parameters[_SHAPES[name]] if name in _SHAPES else 0.0
        self.distributions.append((kind, row, shape, loc, scale))
        return len(self.distributions) - 1

    def arrays(self) -> tuple[NDArray[np.void], NDArray[np.float64]]:
        distributions = records(len(self.distributions), DISTRIBUTION)
        distributions[:] = np.array(self.distributions, DISTRIBUTION)
        return distributions, np.array(self.tables).reshape(-1, NODES + 1)


def trait_numbers(scenario: Scenario) -> TraitNumbers:
    """Return the numbers from which compiled code draws the patients of a scenario.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.

    Returns
    -------
    TraitNumbers
        Arrays for `nephrosyn.patients.compiled_traits.draw`.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> numbers = trait_numbers(load("baseline").scenario)
    >>> len(numbers.bands), numbers.tables.shape[1] == NODES + 1
    (2, True)
    """
    distributions = _Distributions()
    shared = records(1, SHARED_NUMBERS)
    _fill_shared(shared, scenario, distributions)
    bands = records(len(scenario.population.bands), BAND_NUMBERS)
    bands["edge"] = np.cumsum([band.share for band in scenario.population.bands.values()])
    spontaneous = {
        name: distributions.add(remission.time_days) for name, remission in scenario.disease.spontaneous.items()
    }
    for number, name in enumerate(scenario.population.bands):
        band = bands[number : number + 1]
        _fill_person(band, scenario, name, distributions)
        _fill_response(band, scenario, name, spontaneous)
        _fill_relapse(band, scenario, name, distributions)
        _fill_care(band, scenario, name)
    return TraitNumbers(shared, bands, *distributions.arrays())


def _fill_shared(shared: NDArray[np.void], scenario: Scenario, distributions: _Distributions) -> None:
    population, disease, care = scenario.population, scenario.disease, scenario.care
    shared["patients_per_site"] = population.patients_per_site
    shared["bands"] = len(population.bands)
    shared["last_band"] = np.flatnonzero([band.share for band in population.bands.values()])[-1]
    shared["highest_score"] = population.growth.highest_score
    shared["accrual_days"] = population.accrual_days
    shared["follow_up_years"] = population.follow_up_days / DAYS_PER_YEAR
    shared["presentation_distribution"] = distributions.add(care.presentation_delay_days)
    shared["late_resistance_share"] = disease.late_resistance.share
    shared["late_resistance_distribution"] = distributions.add(disease.late_resistance.after_days)
    _fill_correlation(shared, "threshold", disease.relapse.threshold_frailty_correlation)
    _fill_correlation(shared, "remission_time", disease.remission_time.frailty_correlation)
    shared["toxicity_rises_from_years"] = care.toxicity_rises_from_years
    shared["non_adherent_share"] = care.adherence.non_adherent_share
    shared["taken_distribution"] = distributions.add(care.adherence.taken_fraction)
    shared["factors_present"] = sum(1 << PROVOKING_FACTORS.index(name) for name in scenario.provoking_factors.factors)
    _fill_infections(shared, scenario)
    _fill_levels(shared, scenario, distributions)
    _fill_second_line(shared, scenario, distributions)


def _fill_correlation(record: NDArray[np.void], name: str, correlation: float) -> None:
    record[f"{name}_correlation"] = correlation
    record[f"{name}_rest"] = np.sqrt(1.0 - correlation**2)


def _fill_infections(shared: NDArray[np.void], scenario: Scenario) -> None:
    infection = scenario.triggers.infection
    steps = len(infection.from_years)
    shared["infection_steps"] = steps
    shared["infection_from_years"][0, :steps] = infection.from_years
    shared["infections_per_day"][0, :steps] = [rate / DAYS_PER_YEAR for rate in infection.rate_per_year]
    shared["infection_shape"][0, :steps] = infection.shape


def _fill_levels(shared: NDArray[np.void], scenario: Scenario, distributions: _Distributions) -> None:
    disease, function = scenario.disease, scenario.disease.kidney_function
    proteinuria, membranous = disease.proteinuria, disease.membranous
    shared["nephrotic_distribution"] = distributions.add(proteinuria.nephrotic_mg_per_mg)
    shared["partial_distribution"] = distributions.add(proteinuria.partial_mg_per_mg)
    shared["remission_distribution"] = distributions.add(proteinuria.remission_mg_per_mg)
    threshold = np.log(proteinuria.remission_below_mg_per_mg)
    shared["remission_below_log"] = threshold
    shared["highest_partial_log_fraction"] = np.log(proteinuria.highest_partial_fraction)
    shared["highest_remission_log"] = threshold + np.log(proteinuria.highest_remission_fraction)
    shared["rise_per_day"] = math.log(2.0) / proteinuria.rise_doubling_days
    shared["membranous_rise_per_day"] = math.log(2.0) / membranous.rise_doubling_days
    shared["urine_follows_days"] = membranous.urine_follows_days
    shared["relapse_follows_days"] = membranous.relapse_follows_days
    shared["anti_pla2r_positive_share"] = membranous.anti_pla2r.positive_share
    shared["anti_pla2r_active_distribution"] = distributions.add(membranous.anti_pla2r.active_ru_per_ml)
    shared["anti_pla2r_background_distribution"] = distributions.add(membranous.anti_pla2r.background_ru_per_ml)
    shared["gfr_distribution"] = distributions.add(function.gfr_ml_per_min_per_1_73_m2)
    shared["gfr_lesion_factor"] = _by_lesion(function.lesion_factor, 1.0)
    shared["gfr_decline_from_years"] = function.decline_from_years
    shared["gfr_kept_per_year"] = 1.0 - function.decline_per_year
    shared["albumin_distribution"] = distributions.add(disease.albumin.normal_g_per_dl)
    shared["cholesterol_distribution"] = distributions.add(disease.cholesterol.normal_mg_per_dl)
    shared["albumin_loss_distribution"] = distributions.add(disease.albumin.loss_factor)


def _fill_second_line(shared: NDArray[np.void], scenario: Scenario, distributions: _Distributions) -> None:
    agent, complications = scenario.second_line.cyclophosphamide, scenario.complications
    shared["requirement_distribution"] = distributions.add(agent.requirement_mg_per_kg)
    shared["gonadal_tolerance_distribution"] = distributions.add(agent.gonadal_tolerance_mg_per_kg)
    shared["bladder_tolerance_distribution"] = distributions.add(agent.bladder_tolerance_mg_per_kg)
    shared["kidney_loss_distribution"] = distributions.add(complications.kidney_loss.patient_factor)
    shared["kidney_loss_lesion_factor"] = _by_lesion(complications.kidney_loss.lesion_factor, 0.0)
    shared["prone_to_thrombosis_share"] = complications.venous_thrombosis.prone_share


def _by_lesion(values: Mapping[str, float], missing: float) -> NDArray[np.float64]:
    """Return the value for each lesion of the vocabulary."""
    return np.array([values.get(name, missing) for name in LESIONS])


def _fill_person(record: NDArray[np.void], scenario: Scenario, name: str, distributions: _Distributions) -> None:
    band = scenario.population.bands[name]
    shares = list(band.lesion_mix.values())
    edges = np.cumsum(shares)
    record["male_share"] = band.male_share
    record["lesion_edge"] = math.inf
    record["lesion_edge"][0, : len(edges)] = edges
    record["lesion_total"] = edges[-1]
    record["lesion"][0, : len(edges)] = [LESIONS.index(lesion) for lesion in band.lesion_mix]
    record["last_lesion"] = np.flatnonzero(shares)[-1]
    record["age_distribution"] = distributions.add(band.age_years)
    youngest = [max(band.from_years, band.lesion_from_years.get(lesion, band.from_years)) for lesion in LESIONS]
    *below, above = probabilities_below(band.age_years, np.array([*youngest, band.to_years]))
    record["age_from_years"], record["age_below"], record["age_above"] = youngest, below, above
    record["age_to_years"] = band.to_years
    record["oldest_years"] = np.nextafter(band.to_years, 0.0)
    _fill_correlation(record, "height", band.weight_height_correlation)


def _fill_response(
    record: NDArray[np.void], scenario: Scenario, name: str, spontaneous_distributions: Mapping[str, int]
) -> None:
    disease, tables = scenario.disease, remission_time_tables(scenario)
    for lesion, response in disease.response[name].items():
        place = LESIONS.index(lesion)
        record["complete_share"][0, place] = response.complete
        record["responding_share"][0, place] = response.complete + response.partial
        record["remission_time_table"][0, place] = tables.index((name, lesion))
        record["fall_per_day"][0, place] = math.log(2.0) / disease.proteinuria.fall_halving_days[lesion]
        halving = disease.proteinuria.spontaneous_halving_days[lesion]
        record["spontaneous_fall_per_day"][0, place] = math.log(2.0) / halving
        record["spontaneous_share"][0, place] = disease.spontaneous[lesion].share
        record["spontaneous_distribution"][0, place] = spontaneous_distributions[lesion]
    record["genetic_share"] = _by_lesion(disease.genetic.share[name], 0.0)
    record["genetic_test_share"] = scenario.care.genetic_test[name].share


def _fill_relapse(record: NDArray[np.void], scenario: Scenario, name: str, distributions: _Distributions) -> None:
    ndtri = special_functions().ndtri

    relapse = scenario.disease.relapse
    band = relapse.bands[name]
    never = _by_lesion(relapse.lesion_never_relapsing_share, 0.0)
    record["never_relapsing_share"] = 1.0 - (1.0 - band.never_relapsing_share) * (1.0 - never)
    record["frailty_shape"] = band.frailty_shape
    record["relapse_per_day"] = band.rate_per_year / DAYS_PER_YEAR
    record["relapse_lesion_factor"] = _by_lesion(relapse.lesion_factor, 0.0)
    record["threshold_distribution"] = distributions.add(band.threshold_mg_per_kg_per_day)
    record["threshold_above_score"] = -ndtri(band.threshold_share * _by_lesion(relapse.lesion_threshold_factor, 0.0))
    record["cured_per_year"] = band.cured_per_year


def _fill_care(record: NDArray[np.void], scenario: Scenario, name: str) -> None:
    care, regimen = scenario.care, scenario.care.regimen[name]
    for place, contraindication in enumerate(CONTRAINDICATIONS):
        record["contraindication_share"][0, place] = care.contraindications[contraindication].share[name]
    for place, condition in enumerate(TOXICITIES):
        toxicity = care.toxicities[condition]
        rate = toxicity.rate_per_year_at_1_mg_per_kg_per_day[name]
        record["toxicity_per_day"][0, place] = rate / DAYS_PER_YEAR
        record["toxicity_factor_per_10_years"][0, place] = toxicity.factor_per_10_years
    record["biopsy_at_presentation"] = regimen.biopsy_at_presentation
    record["biopsy_older_from_years"] = regimen.biopsy.older_from_years
    record["biopsy_of_the_older"] = max(regimen.biopsy_at_presentation, regimen.biopsy.older_share)
    record["biopsy_at_resistance"] = regimen.biopsy_at_resistance
    record["biopsy_at_partial_remission"] = regimen.biopsy.at_partial_remission
    record["biopsy_before_agent"] = regimen.biopsy.before_second_agent
    record["home_tests_share"] = regimen.home_tests.share
    record["refusal_share"] = scenario.second_line.policy[name].refusal.share
    for factor_name, factor in scenario.provoking_factors.factors.items():
        record["factor_share"][0, PROVOKING_FACTORS.index(factor_name)] = factor.share[name]
