"""The interval covers what is true, and the variance falls into its parts, where both are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, binom

from nephrosyn.kernels.random_streams import fill_uniforms
from nephrosyn.runs.draws.design import values_of
from nephrosyn.statistics import nested_variance
from nephrosyn.statistics.nested_variance import Draws

BLOCKS = 50


def uniforms(count, seed, purpose=9_000):
    """Uniform numbers of an address, shape (count,)."""
    drawn = np.asarray(fill_uniforms(seed, 0, np.arange(-(-count // 4), dtype=np.int64), purpose, 1))
    return drawn.ravel()[:count]


def played(expected, patients, seed, *, paired=False, own=0.0):
    """Cohorts of draws with some expected shares: all with the same patients, of whom a part `own` is drawn anew."""
    common = uniforms(patients, seed)
    anew = uniforms(patients * len(expected), seed, 9_001).reshape(len(expected), patients)
    is_own = uniforms(patients, seed, 9_002) < own
    met = np.where(is_own, anew, common) < np.asarray(expected)[:, None]
    size = np.full((len(expected), BLOCKS), patients / BLOCKS)
    return Draws(met.reshape(len(expected), BLOCKS, -1).sum(axis=2).astype(float), size, paired)


@pytest.mark.slow
def test_interval_covers_the_true_share():
    """A share of which a study counted 60 patients: 95% of 200 intervals hold the truth, within binomial bounds."""
    repeats, draws, counted = 200, 200, 60
    truths = uniforms(repeats, 5)
    covered = 0
    for repeat, truth in enumerate(truths):
        known = binom.ppf(uniforms(1, 1_000 + repeat)[0], counted, truth)
        law = beta(known + 1, counted - known + 1)  # the posterior of a uniform share: it covers 95% of the truths
        low, high = nested_variance.ends(
            played(law.ppf(uniforms(draws, 2_000 + repeat)), 2_000, repeat, own=0.5).without_chance()
        )
        covered += low <= truth <= high
    assert binom.ppf(0.0005, repeats, 0.95) <= covered <= binom.ppf(0.9995, repeats, 0.95)


@pytest.mark.slow
def test_interval_of_few_draws_is_not_too_narrow():
    """With forty draws the ends are the least and the greatest, which a further draw leaves in 5% of cases."""
    outside = 0
    for repeat in range(400):
        values = uniforms(41, repeat)
        low, high = nested_variance.ends(values[:40])
        outside += not low <= values[40] <= high
    assert binom.ppf(0.0005, 400, 0.05) <= outside <= binom.ppf(0.9995, 400, 0.05)


def shares_of(draws, mix, number, together, paired=True):
    """A share that is a known function of one number and one mix, both standard normal."""
    normal = {kind: np.sqrt(2) * special(uniforms(draws, seed)) for kind, seed in (("mix", 71), ("number", 72))}
    values = [values_of(draw, paired=paired) for draw in range(draws)]
    a, b = (normal[kind][[getattr(value, kind) for value in values]] for kind in ("mix", "number"))
    return 0.5 + mix * a + number * b + together * a * b


def special(uniform):
    from scipy.special import erfinv

    return erfinv(2 * uniform - 1)


@pytest.mark.slow
@pytest.mark.parametrize(("mix", "number", "together"), [(0.02, 0.04, 0.0), (0.04, 0.01, 0.0), (0.03, 0.03, 0.02)])
@pytest.mark.parametrize("own", [0.0, 0.5, 1.0])
def test_variance_falls_into_its_parts(mix, number, together, own):
    """Closed form: the variances of the two terms, and half of that of their product each; the rest is binomial."""
    draws = played(shares_of(4_000, mix, number, together), 1_000, 4, paired=True, own=own)
    of_mix, of_number = nested_variance.split(draws)
    half = together**2 / 2
    assert of_mix == pytest.approx(mix**2 + half, rel=0.12, abs=3e-5)
    assert of_number == pytest.approx(number**2 + half, rel=0.12, abs=3e-5)
    assert of_mix + of_number == pytest.approx(draws.expected)
    expected = mix**2 + number**2 + together**2
    assert draws.expected == pytest.approx(expected, rel=0.1)
    assert draws.chance == pytest.approx((0.25 - expected) / 1_000, rel=0.02)


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_nothing_uncertain_leaves_chance_alone(own):
    draws = played(np.full(200, 0.4), 1_000, 6, own=own)
    assert draws.chance == pytest.approx(0.24 / 1_000, rel=0.05)
    assert draws.own_chance == pytest.approx(own * 0.24 / 1_000, rel=0.25)
    assert math.sqrt(draws.expected) < 0.005
    low, high = nested_variance.ends(draws.without_chance())
    assert high - low < 0.02


@pytest.mark.slow
def test_errors_of_the_ends_are_the_spread_of_repeated_runs():
    ends, errors = [], []
    for repeat in range(150):
        expected = beta(24, 36).ppf(uniforms(100, 3_000 + repeat))
        draws = played(expected, 500, repeat, own=0.5)
        ends.append(nested_variance.ends(draws.without_chance()))
        if repeat < 30:
            errors.append(nested_variance.errors_of_ends(draws, resamples=200))
    spread, stated = np.std(ends, axis=0, ddof=1), np.mean(errors, axis=0)
    assert np.all((stated / spread > 0.75) & (stated / spread < 1.4))


def test_more_patients_and_more_draws_make_the_error_smaller():
    expected = beta(24, 36).ppf(uniforms(400, 8))
    small, large = (sum(nested_variance.errors_of_ends(played(expected, n, 3))) for n in (200, 5_000))
    few = sum(nested_variance.errors_of_ends(played(expected[:50], 5_000, 3)))
    assert large < small
    assert large < few
