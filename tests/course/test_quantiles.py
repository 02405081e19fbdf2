"""Tabulated laws against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from nephrosyn.course.state.quantiles import quantile
from nephrosyn.scenario.schema.quantile_tables import table
from nephrosyn.scenario.schema.units import Distribution

LAWS = [
    ("lognorm", {"s": 0.51, "scale": 8.5}),
    ("expon", {"scale": 14.0}),
    ("gamma", {"a": 0.5, "scale": 3.0}),
    ("weibull_min", {"c": 0.68, "scale": 1.47}),
    ("norm", {"loc": 1.2, "scale": 0.55}),
    ("uniform", {"loc": 0.0, "scale": 5.0}),
    ("beta", {"a": 1.2, "b": 3.4, "loc": 1.0, "scale": 17.0}),
]


@pytest.mark.parametrize(("name", "parameters"), LAWS)
def test_quantiles_are_those_of_scipy(name, parameters):
    tables = table(Distribution(dist=name, **parameters))[np.newaxis]
    probabilities = np.concatenate([[1e-6, 1e-4], np.linspace(0.001, 0.999, 997), [1 - 1e-4, 1 - 1e-6]])
    got = np.array([quantile(tables, 0, z) for z in special.ndtri(probabilities)])
    expected = getattr(stats, name)(**parameters).ppf(probabilities)
    assert np.allclose(got, expected, rtol=2e-4, atol=1e-4 * np.ptp(expected[1:-1]))


def test_a_lognormal_law_is_exact():
    tables = table(Distribution(dist="lognorm", s=0.51, scale=8.5))[np.newaxis]
    for z in (-3.3, 0.0, 0.123456, 2.7):
        assert quantile(tables, 0, z) == pytest.approx(8.5 * np.exp(0.51 * z), rel=1e-12)


def test_a_fixed_value_is_fixed():
    tables = table(Distribution(dist="fixed", value=0.02))[np.newaxis]
    assert all(quantile(tables, 0, z) == pytest.approx(0.02, rel=1e-14) for z in (-9.0, 0.0, 9.0))


def test_beyond_the_table_stands_its_end():
    tables = table(Distribution(dist="expon", scale=1.0))[np.newaxis]
    assert quantile(tables, 0, 8.0) == pytest.approx(-np.log(special.ndtr(-6.0)), rel=1e-3)
