"""Distributions: quantiles, means, truncation."""

import numpy as np
import pytest
from scipy import stats

from nephrosyn.scenario.schema.distributions import distribution_problem, mean, quantiles, quantiles_between
from nephrosyn.scenario.schema.units import Distribution

PROBABILITIES = np.array([[0.01, 0.5], [0.9, 0.999]])


@pytest.mark.parametrize(
    ("distribution", "scipy_distribution"),
    [
        (Distribution(dist="lognorm", s=0.5, scale=8.0), stats.lognorm(0.5, scale=8.0)),
        (Distribution(dist="gamma", a=2.0, loc=1.0, scale=3.0), stats.gamma(2.0, loc=1.0, scale=3.0)),
        (Distribution(dist="uniform"), stats.uniform()),
    ],
)
def test_quantiles_and_means_are_those_of_scipy(distribution, scipy_distribution):
    assert np.array_equal(quantiles(distribution, PROBABILITIES), scipy_distribution.ppf(PROBABILITIES))
    assert mean(distribution) == scipy_distribution.mean()


def test_a_fixed_value():
    distribution = Distribution(dist="fixed", value=3.0)
    assert np.array_equal(quantiles(distribution, PROBABILITIES), np.full((2, 2), 3.0))
    assert mean(distribution) == 3.0


def test_a_truncated_distribution():
    distribution = Distribution(dist="norm", loc=48, scale=17)
    grid = np.linspace(0, 1, 101)
    cut = quantiles_between(distribution, 18, 90, grid)
    assert (cut[0], cut[-1]) == pytest.approx((18, 90))
    assert np.all(np.diff(cut) > 0)
    whole = stats.norm(48, 17)
    share = (whole.cdf(cut) - whole.cdf(18)) / (whole.cdf(90) - whole.cdf(18))
    assert share == pytest.approx(grid, abs=1e-9)


@pytest.mark.parametrize("name", ["gamma", "weibull_min", "truncnorm", "beta", "expon", "norm", "uniform", "fixed"])
def test_usual_distributions_are_known(name):
    shapes = {"gamma": {"a": 2}, "weibull_min": {"c": 2}, "truncnorm": {"a": 0, "b": 1}, "beta": {"a": 1, "b": 2}}
    parameters = shapes.get(name, {"value": 1.0} if name == "fixed" else {})
    assert distribution_problem(name, parameters) is None


def test_what_scipy_would_accept_silently():
    assert distribution_problem("gamma", {"a": -1.0})
    assert distribution_problem("gamma", {"a": 1.0, "scale": 0.0})
    assert distribution_problem("gamma", {"a": 1.0, "moments": 0.0})
    assert distribution_problem("lognorm", {"s": 1e308})
    assert distribution_problem("rv_continuous", {})
