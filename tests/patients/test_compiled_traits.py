"""Patients drawn by compiled code are those that numpy and scipy draw."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from nephrosyn.kernels.compile import from_python
from nephrosyn.patients.compiled_traits import draw
from nephrosyn.patients.distribution_quantiles import quantile_of
from nephrosyn.patients.trait_numbers import DISTRIBUTION, FORMULAS, trait_numbers
from nephrosyn.patients.traits import TRAITS, records
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.schema.distributions import quantiles
from nephrosyn.scenario.schema.quantile_tables import NODES, table
from nephrosyn.scenario.schema.units import Distribution

from .by_numpy import draw_patients as drawn_by_numpy

PATIENTS = 150
BY_GAMMA_OR_TABLE = {
    "frailty", "relapse_per_day", "infections_per_day", "age_years", "toxicity_per_day", "gfr_ml_per_min_per_1_73_m2",
    "taken_fraction",
}  # fmt: skip
"""Traits whose distribution has no formula with equal bits, or that depend on one that has none."""
ORDINARY_NUMPY = "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
"""With AVX-512 numpy has functions of its own, which differ from those of the C library in the last bit."""


def drawn(name: str, seed: int, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    scenario, numbers = load(name).scenario, np.arange(first, first + PATIENTS, dtype=np.int64)
    compiled = records(PATIENTS, TRAITS)
    draw(seed, 2, numbers, trait_numbers(scenario), compiled)
    return np.asarray(drawn_by_numpy(scenario, seed, 2, numbers)), np.asarray(compiled)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_traits_are_those_of_numpy(name):
    traits, compiled = drawn(name, 1, first=1000)
    for field in TRAITS.names:
        if traits[field].dtype.kind == "i":
            assert np.array_equal(traits[field], compiled[field]), field
        else:
            np.testing.assert_allclose(compiled[field], traits[field], rtol=1e-12, atol=0, err_msg=field)


BITS = """
import math, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from tests.patients.test_compiled_traits import BY_GAMMA_OR_TABLE, drawn

values = np.linspace(0.01, 5.0, 999)
assert [math.exp(value) for value in values] == np.exp(values).tolist()
for name in ("baseline", "adult-mixed-lesions", "modern-children", "setting-spain-membranous", "poor-adherence"):
    traits, compiled = drawn(name, 5)
    print(name, *(f for f in traits.dtype.names if not np.array_equal(traits[f], compiled[f])))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="scipy fuses operations on other processors")
def test_bits_are_those_of_numpy_where_it_uses_the_c_library():
    done = subprocess.run(
        [sys.executable, "-c", BITS, Path(__file__).parents[2]],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": ORDINARY_NUMPY},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 5
    for _, *different in lines:
        assert set(different) <= BY_GAMMA_OR_TABLE


PROBABILITIES = np.concatenate([np.geomspace(1e-9, 0.5, 300), 1.0 - np.geomspace(1e-9, 0.5, 300)])


@pytest.fixture(scope="module")
def compiled_quantiles():
    """Quantiles of a distribution by the compiled code, which is compiled once."""
    compiled = from_python(quantile_of)

    def compute(distribution: Distribution, probabilities: np.ndarray) -> list[float]:
        kinds, tables = records(1, DISTRIBUTION), np.zeros((1, NODES + 1))
        kind = distribution.dist if distribution.dist in FORMULAS else "table"
        given = distribution.parameters
        parameter, loc = given.get("s", given.get("a", 0.0)), given.get("value", given.get("loc", 0.0))
        kinds[0] = (FORMULAS.index(kind), 0, parameter, loc, given.get("scale", 1.0))
        if kind == "table":
            tables[0] = table(distribution)
        return [compiled(kinds, tables, 0, probability) for probability in probabilities]

    return compute


@pytest.mark.skipif(platform.machine() != "x86_64", reason="scipy fuses operations on other processors")
def test_normal_scores_have_the_bits_of_scipy(compiled_quantiles):
    assert compiled_quantiles(Distribution(dist="norm"), PROBABILITIES) == special.ndtri(PROBABILITIES).tolist()


@pytest.mark.parametrize("shape", [0.05, 0.3, 0.9, 1.0, 1.7, 8.0, 120.0, 1000.0])
def test_gamma_quantiles_are_those_of_scipy(compiled_quantiles, shape):
    values = compiled_quantiles(Distribution(dist="gamma", a=shape), PROBABILITIES)
    np.testing.assert_allclose(values, special.gammaincinv(shape, PROBABILITIES), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    ("dist", "parameters", "tolerance"),
    [
        ("fixed", {"value": 3.0}, 0.0),
        ("uniform", {"loc": 1.0, "scale": 4.0}, 0.0),
        ("norm", {"loc": 4.0, "scale": 0.3}, 1e-15),
        ("lognorm", {"s": 0.7, "scale": 12.0}, 1e-15),
        ("gamma", {"a": 2.5, "scale": 3.0}, 1e-13),
        ("expon", {"scale": 9.0}, 1e-15),
        ("beta", {"a": 2.0, "b": 5.0}, 1e-12),
        ("truncnorm", {"a": -1.0, "b": 2.0, "loc": 5.0, "scale": 1.5}, 1e-12),
        ("weibull_min", {"c": 1.3, "scale": 30.0}, 1e-12),
    ],
)
def test_compiled_quantiles_are_those_of_the_distribution(compiled_quantiles, dist, parameters, tolerance):
    distribution = Distribution(dist=dist, **parameters)
    middle = np.linspace(0.0005, 0.9995, 400)  # beyond it a table has fewer digits
    values = compiled_quantiles(distribution, middle)
    np.testing.assert_allclose(values, quantiles(distribution, middle), rtol=tolerance, atol=0)
    ends = np.array([1e-12, 1.0 - 1e-12])
    np.testing.assert_allclose(compiled_quantiles(distribution, ends), quantiles(distribution, ends), rtol=1e-6, atol=0)
