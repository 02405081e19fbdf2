"""The numbers of the baseline that were worked out from published figures: the arithmetic again."""

import math

import pytest
from scipy import stats

from nephrosyn.scenario import load
from nephrosyn.scenario.distributions import mean

BASELINE = load("baseline").scenario


def test_relapse_hazard_after_an_infection():
    infection = BASELINE.triggers.infection
    by_chance = 1.67 * infection.window_days / 365
    assert infection.hazard_factor == pytest.approx(-math.log(1 - 0.202) / by_chance, abs=0.05)


def test_adults_who_never_relapse_and_the_rate_of_the_others():
    adults = BASELINE.disease.relapse.bands["adults"]
    assert adults.never_relapsing_share == pytest.approx(52.6 / (100 - 9.7), abs=0.005)
    rate = adults.rate_per_year
    mean_within_a_year = 1 / rate - 1 / math.expm1(rate)
    assert mean_within_a_year * 365 == pytest.approx(153, abs=1)
    assert 0.245 <= (1 - adults.never_relapsing_share) * -math.expm1(-rate) <= 0.283


def test_childrens_rate_counts_those_with_and_without_a_threshold():
    relapse = BASELINE.disease.relapse
    children = relapse.bands["children"]
    off_steroid = children.rate_per_year * (
        1 - children.threshold_share + children.threshold_share * relapse.below_threshold_factor
    )
    assert off_steroid == pytest.approx(3.0, abs=0.02)
    assert 2.5 <= off_steroid <= 4.0
    assert 0.3 <= children.frailty_shape <= 0.4


def test_response_of_adults_with_minimal_change_is_pooled():
    pooled = (340 - 33 + 186 + 51) / (340 + 192 + 53)
    assert BASELINE.disease.response["adults"]["minimal_change"].complete == pytest.approx(pooled, abs=0.005)


def test_late_responders_among_children():
    law = BASELINE.disease.response["children"]["minimal_change"].time_to_remission_days
    late = stats.lognorm(**law.parameters)
    assert late.cdf(56) - late.cdf(28) == pytest.approx(34 / (603 + 34), abs=0.005)


def test_membranous_remission_counts_from_the_beginning_of_the_fall():
    law = BASELINE.disease.spontaneous["membranous"].time_days
    month = 365.25 / 12
    halvings = math.log2(8 / 3.5)
    fall = halvings * BASELINE.disease.proteinuria.spontaneous_halving_days["membranous"]
    assert mean(law) + fall == pytest.approx(14.7 * month, rel=0.02)
    assert float(stats.lognorm(**law.parameters).std()) == pytest.approx(11.4 * month, rel=0.03)


def test_albumin_of_nephrotic_patients():
    albumin = BASELINE.disease.albumin
    clearance = albumin.catabolism_per_day + albumin.loss_per_day_per_mg_per_mg * 8
    assert 5 <= math.log(2) / clearance <= 9
    assert albumin.catabolism_per_day * 4.2 / clearance == pytest.approx(1.8, abs=0.05)


def test_thresholds_of_children_are_half_of_alternate_day_doses():
    law = stats.lognorm(**BASELINE.disease.relapse.bands["children"].threshold_mg_per_kg_per_day.parameters)
    assert law.mean() == pytest.approx(1.2 / 2, rel=0.02)
    assert law.std() == pytest.approx(0.55 / 2, rel=0.03)


def test_first_year_dose_behind_the_rate_of_steroid_diabetes():
    course = BASELINE.care.regimen["adults"].first
    weight = 65.0
    days, taken = course.full_dose_weeks * 7, course.full_dose_weeks * 7 * 1.0
    for step in course.taper:
        span = min(step.weeks * 7, 365 - days)
        taken += span * (step.amount if step.per == "full" else step.amount / weight)
        days += span
    assert days == 365
    assert taken / 365 == pytest.approx(0.45, abs=0.02)
    rate = BASELINE.care.toxicities["steroid_diabetes"].rate_per_year_at_1_mg_per_kg_per_day["adults"]
    assert rate == pytest.approx(0.062 * 0.817 / (taken / 365), abs=0.01)


def test_spread_of_urine_creatinine():
    law = stats.lognorm(**BASELINE.readings.dipstick.urine_creatinine_mg_per_dl.parameters)
    assert law.std() / law.mean() == pytest.approx(0.5, abs=0.005)


def test_children_are_as_old_as_published():
    age = stats.beta(**BASELINE.population.bands["children"].age_years.parameters)
    assert 4.1 <= age.median() <= 5.2
    assert age.mean() == pytest.approx(5.2, abs=0.2)
    assert age.std() == pytest.approx(3.3, abs=0.25)
