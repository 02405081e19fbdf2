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

SITES = 50


def uniforms(count, seed, purpose=9_000):
    """Uniform numbers of an address, shape (count,)."""
    drawn = np.asarray(fill_uniforms(seed, 0, np.arange(-(-count // 4), dtype=np.int64), purpose, 1))
    return drawn.ravel()[:count]


def played(expected, patients, seed, *, paired=False):
    """Cohorts of draws with some expected shares, each with patients of its own."""
    each = uniforms(patients * len(expected), seed, 9_001).reshape(len(expected), patients)
    met = each < np.asarray(expected)[:, None]
    return Draws(met.sum(axis=1, keepdims=True).astype(float), np.full((len(expected), 1), float(patients)), paired)


def at_sites(expected, sites, per_site, spread, seed, *, clustered=True):
    """Cohorts whose sites depart from the expected share by a uniform number of some standard deviation."""
    shape = (len(expected), sites)
    site = np.asarray(expected)[:, None] + spread * np.sqrt(12) * (uniforms(np.prod(shape), seed, 9_002) - 0.5).reshape(
        shape
    )
    each = uniforms(np.prod(shape) * per_site, seed, 9_003).reshape(*shape, per_site)
    met = (each < site[:, :, None]).sum(axis=2).astype(float)
    return Draws(met, np.full(shape, float(per_site)), clustered=clustered)


@pytest.mark.slow
@pytest.mark.parametrize("patients", [100, 2_000])
@pytest.mark.parametrize("draws", [20, 40, 200])
def test_interval_covers_the_true_share(patients, draws):
    """A share of which a study counted 60 patients: 95% of intervals hold the truth, within binomial bounds."""
    repeats, counted = 400, 60
    truths = uniforms(repeats, 5)
    covered = 0
    for repeat, truth in enumerate(truths):
        known = binom.ppf(uniforms(1, 1_000 + repeat)[0], counted, truth)
        law = beta(known + 1, counted - known + 1)  # the posterior of a uniform share: it covers 95% of the truths
        low, high = played(law.ppf(uniforms(draws, 2_000 + repeat)), patients, repeat).interval()
        covered += low <= truth <= high
    assert binom.ppf(0.0005, repeats, 0.95) <= covered <= binom.ppf(0.9995, repeats, 0.95)


@pytest.mark.slow
@pytest.mark.parametrize("patients", [100, 2_000])
@pytest.mark.parametrize("draws", [20, 40, 200])
def test_interval_of_paired_draws_covers_a_further_draw(patients, draws):
    """The same for draws that share a mix or numbers with their neighbours, at least and at most within bounds."""
    repeats, covered = 400, 0
    for repeat in range(repeats):
        shares = shares_of(draws + 4, 0.04, 0.04, 0.0, seed=2 * repeat)
        low, high = played(shares[:draws], patients, repeat, paired=True).interval()
        covered += low <= shares[-1] <= high  # shares neither mix nor numbers with the draws before
    assert binom.ppf(0.0005, repeats, 0.95) <= covered <= binom.ppf(0.9995, repeats, 0.95)


def shares_of(draws, mix, number, together, paired=True, seed=71):
    """A share that is a known function of one number and one mix, both standard normal."""
    normal = {kind: np.sqrt(2) * special(uniforms(draws, s)) for kind, s in (("mix", seed), ("number", seed + 1))}
    values = [values_of(draw, paired=paired) for draw in range(draws)]
    a, b = (normal[kind][[getattr(value, kind) for value in values]] for kind in ("mix", "number"))
    return 0.5 + mix * a + number * b + together * a * b


def special(uniform):
    from scipy.special import erfinv

    return erfinv(2 * uniform - 1)


@pytest.mark.slow
@pytest.mark.parametrize(("mix", "number", "together"), [(0.02, 0.04, 0.0), (0.04, 0.01, 0.0), (0.03, 0.03, 0.02)])
def test_variance_falls_into_its_parts(mix, number, together):
    """Closed form: the variances of the two terms, and half of that of their product each; the rest is binomial."""
    draws = played(shares_of(4_000, mix, number, together), 1_000, 4, paired=True)
    of_mix, of_number = nested_variance.split(draws)
    half = together**2 / 2
    assert of_mix == pytest.approx(mix**2 + half, rel=0.12, abs=3e-5)
    assert of_number == pytest.approx(number**2 + half, rel=0.12, abs=3e-5)
    assert of_mix + of_number == pytest.approx(draws.expected)
    expected = mix**2 + number**2 + together**2
    assert draws.expected == pytest.approx(expected, rel=0.1)
    assert draws.chance == pytest.approx((0.25 - expected) / 1_000, rel=0.02)


def test_nothing_uncertain_leaves_chance_alone():
    draws = played(np.full(200, 0.4), 1_000, 6)
    assert draws.chance == pytest.approx(0.24 / 1_000, rel=0.05)
    assert math.sqrt(draws.expected) < 0.007
    low, high = draws.interval()
    assert 0.38 < low < 0.4 < high < 0.42


def test_chance_of_few_patients_is_not_too_small():
    """Two patients: the mean of s (1 - s) / n is half of the variance of their share."""
    draws = played(np.full(4_000, 0.3), 2, 7)
    assert draws.chance == pytest.approx(0.21 / 2, rel=0.05)


@pytest.mark.parametrize("sites", [2, 10])
def test_chance_of_patients_who_share_a_clinic_comes_from_the_sites(sites):
    """Closed form: the variance between sites, and the binomial one within them, over their number."""
    spread, per_site, draws = 0.1, 100, 3_000
    drawn = at_sites(np.full(draws, 0.4), sites, per_site, spread, 8)
    within = (0.24 - spread**2) / per_site
    assert drawn.chance == pytest.approx((spread**2 + within) / sites, rel=0.1)
    binomial = at_sites(np.full(draws, 0.4), sites, per_site, spread, 8, clustered=False)
    assert binomial.chance < drawn.chance / 3
    assert drawn.expected < drawn.total / 10


def test_chance_of_a_single_site_is_not_known_and_stays_in_the_interval():
    drawn = at_sites(np.full(400, 0.4), 1, 100, 0.1, 8)
    assert math.isnan(drawn.chance)
    assert drawn.expected == drawn.total
    low, high = drawn.interval()
    assert high - low > 0.3


@pytest.mark.slow
def test_errors_of_the_ends_are_the_spread_of_repeated_runs():
    ends, errors = [], []
    for repeat in range(150):
        expected = beta(24, 36).ppf(uniforms(100, 3_000 + repeat))
        draws = played(expected, 500, repeat)
        ends.append(draws.interval())
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
