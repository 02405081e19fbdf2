"""Predicted results of studies: closed forms, and coverage of the intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from nephrosyn.statistics.expected_values import further_values, without_chance
from nephrosyn.statistics.predicted_studies import Binomial, NormalError, Poisson, PredictedStudy

DRAWS = 40
REPEATS = 1000
P_OF_CHANCE = 0.001
"""Each test of coverage fails by chance once in a thousand; its seed is fixed."""


def test_the_variance_left_is_that_of_the_expected_values():
    values, errors = np.array([1.0, 3.0, 4.0, 8.0]), np.array([0.5, 1.0, 1.0, 0.5])
    left = without_chance(values, errors)
    assert left.mean() == pytest.approx(4.0)
    assert left.var(ddof=1) == pytest.approx(values.var(ddof=1) - 0.625)
    assert without_chance(values, np.full(4, 9.0)).tolist() == [4.0] * 4
    assert without_chance(np.ones(4), np.zeros(4)).tolist() == [1.0] * 4


def test_a_further_value_has_the_variance_of_students_distribution():
    """(n - 1) / (n - 3) of Student's distribution, times 1 + 1/n of a mean that is estimated, less the chance."""
    values = np.linspace(-3.0, 5.0, 25)
    variance = 24 / 22 * 26 / 25 * values.var(ddof=1)
    without = further_values(values, np.zeros(25))
    assert without.mean() == pytest.approx(1.0)
    # the kernel's part has variance 1 exactly, the draws' part with n - 1
    parts = without.reshape(25, -1)
    assert parts.mean(axis=1).var(ddof=1) + parts.var(axis=1).mean() == pytest.approx(variance)
    less = further_values(values, np.full(25, 2.0)).reshape(25, -1)
    assert less.mean(axis=1).var(ddof=1) + less.var(axis=1).mean() == pytest.approx(variance - 4.0)
    assert np.ptp(further_values(values, np.full(25, 99.0))) == 0.0


def test_normal_numbers_and_a_normal_error_give_the_normal_prediction():
    """Expected value N(2, 3^2), standard error 4: the result is N(2, 5^2)."""
    expected = 2 + 3 * stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    study = PredictedStudy(expected, NormalError(4.0))
    for level in (0.5, 0.8, 0.95):
        assert study.interval(level) == pytest.approx(stats.norm(2, 5).interval(level), abs=1e-3)
    assert study.rank(7.0) == pytest.approx(stats.norm(2, 5).cdf(7.0), abs=1e-4)


def test_a_ratio_is_predicted_on_the_logarithmic_scale():
    study = PredictedStudy(np.array([0.5]), NormalError(0.3, logarithm=True))
    assert study.interval(0.95) == pytest.approx([0.5 * math.exp(sign * 1.959964 * 0.3) for sign in (-1, 1)])
    assert study.at_most(-1.0) == 0.0


def test_a_beta_share_and_a_count_give_the_beta_binomial_prediction():
    expected = stats.beta(4, 16).ppf((np.arange(20_000) + 0.5) / 20_000)
    study, count = PredictedStudy(expected, Binomial(50)), stats.betabinom(50, 4, 16)
    for level in (0.5, 0.8, 0.95):
        low, high = (int(count.ppf(p)) for p in ((1 - level) / 2, (1 + level) / 2))
        assert [round(50 * end) for end in study.interval(level)] == [low, high]
        held = [study.holds(number / 50, level) for number in range(51)]
        assert held == [low <= number <= high for number in range(51)]
    assert study.rank(0.2) == pytest.approx((count.cdf(10) + count.cdf(9)) / 2, abs=1e-4)


def test_a_gamma_rate_and_a_count_give_the_negative_binomial_prediction():
    expected = stats.gamma(3, scale=0.02).ppf((np.arange(20_000) + 0.5) / 20_000)
    study, events = PredictedStudy(expected, Poisson(100.0)), stats.nbinom(3, 1 / (1 + 2.0))
    low, high = study.interval(0.95)
    assert [round(100 * low), round(100 * high)] == [int(events.ppf(0.025)), int(events.ppf(0.975))]
    assert study.rank(0.04) == pytest.approx((events.cdf(4) + events.cdf(3)) / 2, abs=1e-4)


def test_an_impossible_share_is_neither_reached_nor_held():
    study = PredictedStudy(np.array([0.0]), Binomial(10))
    assert study.interval(0.95) == (0.0, 0.0)
    assert study.rank(0.0) == 0.5
    assert not study.holds(0.1, 0.95)


@pytest.mark.parametrize(
    ("chance", "error"), [(0.0, 0.05), (0.5, 0.5), (2.0, 3.0)], ids=["numbers", "both", "sampling"]
)
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_intervals_from_forty_simulated_draws_hold_as_often_as_they_say(level, chance, error):
    """Expected values N(0, 1), simulated with an error `chance`; a study with a standard error of its own."""
    rng = np.random.default_rng(17)
    held = 0
    for _ in range(REPEATS):
        simulated = rng.normal(size=DRAWS) + chance * rng.normal(size=DRAWS)
        study = PredictedStudy(further_values(simulated, np.full(DRAWS, chance)), NormalError(error))
        result = rng.normal() + error * rng.normal()
        held += (1 - level) / 2 <= study.at_most(result) <= (1 + level) / 2
    assert stats.binomtest(held, REPEATS, level).pvalue > P_OF_CHANCE
