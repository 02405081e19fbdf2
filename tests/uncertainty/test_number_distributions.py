"""Distributions of uncertain numbers, against scipy.stats."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from nephrosyn.statistics.uncertain_numbers import Beta, Dirichlet, Normal, Uniform

PROBABILITIES = (0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999)
SCORE = stats.norm.ppf(0.975)


def logit_normal(low, high):
    ends = np.log([low / (1 - low), high / (1 - high)])
    return stats.norm(ends.mean(), np.ptp(ends) / 2 / SCORE)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_quantiles_are_those_of_scipy(probability):
    assert Beta(11, 37).quantile(probability) == pytest.approx(stats.beta(11.5, 26.5).ppf(probability))
    assert Uniform(2, 5).quantile(probability) == pytest.approx(stats.uniform(2, 3).ppf(probability))
    normal = stats.norm(3, 2 / SCORE).ppf(probability)
    assert Normal(1, 3, 5, "number").quantile(probability) == pytest.approx(normal)
    lognormal = stats.lognorm(s=math.log(4) / SCORE, scale=2).ppf(probability)
    assert Normal(0.5, 2, 8, "logarithm").quantile(probability) == pytest.approx(lognormal)
    score = logit_normal(0.2, 0.8).ppf(probability)
    assert Normal(0.2, 0.5, 0.8, "logit").quantile(probability) == pytest.approx(1 / (1 + math.exp(-score)))


@pytest.mark.parametrize(
    "law",
    [
        Beta(0, 2),
        Beta(13, 52),
        Uniform(0.0, 0.7),
        Normal(-1, 0.5, 1, "number"),
        Normal(0.7, 1, 6, "logarithm"),
        Normal(0.01, 0.04, 0.3, "logit"),
    ],
    ids=str,
)
def test_probabilities_are_the_inverse_of_quantiles(law):
    for probability in PROBABILITIES:
        assert law.probability_below(law.quantile(probability)) == pytest.approx(probability)


def test_an_interval_off_the_middle_keeps_both_ends_and_the_median():
    law = Normal(0.7, 1.0, 6.0, "logarithm")
    assert [law.quantile(probability) for probability in (0.025, 0.5, 0.975)] == pytest.approx([0.7, 1.0, 6.0])


def test_nothing_lies_beyond_the_ends_of_a_scale():
    assert Normal(0.5, 2, 8, "logarithm").probability_below(-1) == 0
    assert Normal(0.2, 0.5, 0.8, "logit").probability_below(1) == 1
    assert Uniform(1, 2).probability_below(3) == 1


def test_the_interval_of_none_begins_at_0_and_of_all_ends_at_1():
    assert Beta(0, 8).interval[0] == 0
    assert Beta(8, 8).interval[1] == 1


def test_a_mix_has_the_means_and_spreads_of_scipy_and_sums_to_1():
    counts = (165, 38, 0, 4)
    law = Dirichlet(counts, (False, False, True, False))
    uniforms = np.random.default_rng(1).uniform(size=(20_000, 4))
    shares = np.array([law.shares(row) for row in uniforms])
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(shares)), abs=1e-12)
    assert not shares[:, 2].any()
    expected = stats.dirichlet([165.5, 38.5, 4.5])
    error = np.sqrt(expected.var() / len(shares))
    assert (np.abs(shares[:, [0, 1, 3]].mean(axis=0) - expected.mean()) < 4 * error).all()
    assert shares[:, [0, 1, 3]].var(axis=0) == pytest.approx(expected.var(), rel=0.05)


def test_a_part_of_a_mix_is_the_marginal_beta():
    law = Dirichlet((165, 38, 0, 4), (False, False, True, False))
    assert law.part(1).quantile(0.3) == pytest.approx(stats.beta(38.5, 170).ppf(0.3))
