"""Common distributions without scipy.stats: the same bits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nephrosyn.scenario.schema.distribution_ranges import DISTRIBUTIONS
from nephrosyn.scenario.schema.special_distributions import special_distribution

COMMON = ("norm", "uniform", "expon", "lognorm", "gamma", "beta", "truncnorm")
PROBABILITIES = np.r_[1e-9, 0.001, np.linspace(0.01, 0.99, 57), 0.999, 1 - 1e-9]


@st.composite
def parameters(draw, name):
    """Parameters that scenarios may have; ends of a truncated normal on both sides of its middle."""
    chosen = {}
    for key, (least, most) in DISTRIBUTIONS[name].items():
        low, high = max(least, 1e-3 if least >= 0 else -50.0), min(most, 50.0)
        if name == "truncnorm" and key in ("a", "b"):
            low, high = (-5.0, -0.01) if key == "a" else (0.01, 5.0)
        chosen[key] = draw(st.floats(low, high))
    return chosen


@pytest.mark.parametrize("name", COMMON)
@given(data=st.data())
def test_bits_are_those_of_scipy_stats(name, data):
    given_parameters = data.draw(parameters(name))
    ours, theirs = special_distribution(name), getattr(stats, name)
    quantiles = ours.ppf(PROBABILITIES, **given_parameters)
    assert np.array_equal(quantiles, theirs.ppf(PROBABILITIES, **given_parameters))
    values = np.r_[quantiles[[0, 20, 40]], quantiles[0] - 1.0, quantiles[-1] + 1.0]
    assert np.array_equal(ours.cdf(values, **given_parameters), theirs.cdf(values, **given_parameters))


def test_a_run_does_not_import_scipy_stats():
    run = "ns.run('baseline', patients=20, report=False).answers"
    code = f"import sys, nephrosyn as ns; {run}; assert 'scipy.stats' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
