"""Intervals and counts against references worked out in another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from nephrosyn.statistics.paired_differences import paired, tango

RNG = np.random.default_rng(1)
PAIRS = [(RNG.gamma(2.0, 1.0, n), RNG.gamma(1.5, 1.0, n)) for n in (2, 7, 400)]


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=lambda x: str(len(x)))
def test_t_interval_is_that_of_scipy(a, b):
    found, test = paired(a, b), stats.ttest_rel(b, a)
    interval = test.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.difference == pytest.approx(np.mean(b) - np.mean(a))
    assert (found.lower, found.same, found.higher) == (int(np.sum(b < a)), 0, int(np.sum(b > a)))


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=lambda x: str(len(x)))
def test_variance_saved_is_that_of_the_covariance(a, b):
    # var(b - a) = var(a) + var(b) - 2 cov(a, b), so what is saved is twice the covariance.
    (va, cov), (_, vb) = np.cov(a, b)
    found = paired(a, b)
    assert found.saved_fraction == pytest.approx(2 * cov / (va + vb))
    assert found.times_more_patients == pytest.approx((va + vb) / (va + vb - 2 * cov))


def test_t_interval_covers_as_often_as_it_says():
    truth, covered, tries = 0.3, 0, 2000
    for _ in range(tries):
        shared, own = RNG.normal(size=25), RNG.normal(truth, 0.5, size=25)
        found = paired(shared, shared + own)
        covered += found.low <= truth <= found.high
    assert stats.binomtest(covered, tries, 0.95).pvalue > 0.001


def reference_tango(gained, lost, n, level):
    """Tango's interval from the likelihood itself: the nuisance share by a search, not by the closed root."""
    z = stats.norm.ppf((1 + level) / 2)

    def score(delta):
        floor, top = max(0.0, -delta), (1.0 - delta) / 2

        def unlikely(q):
            cells = ((gained, q + delta), (lost, q), (n - gained - lost, 1 - 2 * q - delta))
            return -sum(count * math.log(max(share, 1e-300)) for count, share in cells if count)

        q = optimize.minimize_scalar(unlikely, bounds=(floor, top), method="bounded", options={"xatol": 1e-12}).x
        return (gained - lost - n * delta) / math.sqrt(n * (2 * q + delta - delta**2))

    middle, edge = (gained - lost) / n, 0.9999
    low = optimize.brentq(lambda delta: score(delta) - z, -edge, middle - 1e-9)
    return low, optimize.brentq(lambda delta: score(delta) + z, middle + 1e-9, edge)


@pytest.mark.parametrize(("gained", "lost", "n"), [(0, 1, 44), (12, 2, 50), (5, 5, 20), (30, 0, 60), (0, 0, 30)])
def test_tango_is_what_the_likelihood_says(gained, lost, n):
    assert tango(gained, lost, n) == pytest.approx(reference_tango(gained, lost, n, 0.95), abs=1e-5)


def test_tango_gives_the_published_example():
    # Soft contact lenses, section 6.1 of the paper: 43 pairs effective in both, one under the standard only.
    assert tango(0, 1, 44, level=0.90)[0] == pytest.approx(-0.096, abs=5e-4)


@pytest.mark.parametrize("n", [1, 30, 400])
def test_tango_keeps_its_width_without_a_discordant_pair(n):
    end = stats.norm.ppf(0.975) ** 2 / (n + stats.norm.ppf(0.975) ** 2)
    assert tango(0, 0, n) == pytest.approx((-end, end))


def test_tango_turned_round():
    for gained, lost, n in ((3, 9, 40), (1, 0, 5), (10, 0, 10)):
        low, high = tango(gained, lost, n)
        assert tango(lost, gained, n) == pytest.approx((-high, -low))
        assert -1.0 <= low <= (gained - lost) / n <= high <= 1.0


@pytest.mark.parametrize(("gain", "loss"), [(0.2, 0.1), (0.05, 0.05), (0.3, 0.02), (0.1, 0.4)])
def test_tango_covers_as_often_as_it_says(gain, loss):
    # Exact: every table of 40 pairs with its probability, nothing drawn.
    n, covered = 40, 0.0
    law = stats.multinomial(n, [gain, loss, 1 - gain - loss])
    for gained in range(n + 1):
        for lost in range(n + 1 - gained):
            probability = law.pmf([gained, lost, n - gained - lost])
            if probability > 1e-9:
                low, high = tango(gained, lost, n)
                covered += probability * (low <= gain - loss <= high)
    assert 0.93 <= covered <= 0.975


def test_yes_no_counts_are_the_discordant_pairs():
    a, b = np.array([1.0, 1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0, 0.0])
    found = paired(a, b, yes_no=True)
    assert (found.lower, found.same, found.higher) == (2, 2, 1)
    assert (found.reference, found.alternative, found.difference) == pytest.approx((0.6, 0.4, -0.2))
    assert (found.low, found.high) == tango(1, 2, 5)


def test_what_is_not_known_is_left_out():
    a, b = np.array([1.0, math.nan, 2.0]), np.array([2.0, 5.0, math.nan])
    found = paired(a, b)
    assert (found.patients, found.difference, found.higher) == (1, 1.0, 1)
    assert math.isnan(found.low) and math.isnan(found.high) and math.isnan(found.saved_fraction)
    nobody = paired(np.array([math.nan]), np.array([1.0]), yes_no=True)
    assert nobody.patients == 0
    assert all(math.isnan(x) for x in (nobody.difference, nobody.low, nobody.high))


def test_nothing_differs():
    a = np.array([1.0, 2.0, 4.0])
    found = paired(a, a + 1e-13)
    assert (found.difference, found.low, found.high, found.same) == (0.0, 0.0, 0.0, 3)
    assert found.saved_fraction == 1.0
    assert math.isinf(found.times_more_patients)
    assert math.isnan(paired(np.ones(3), np.ones(3)).saved_fraction)


def rates(seed, patients=300):
    """Events and years under two kinds of care; the frail have more events, and some courses are short."""
    source = np.random.default_rng(seed)
    frailty = source.gamma(1.0, 1.0, patients)
    years = [np.where(source.random(patients) < 0.2, source.uniform(0.05, 2.0, patients), 2.0) for _ in range(2)]
    return [source.poisson(rate * frailty * y).astype(float) for rate, y in zip((1.0, 0.7), years, strict=True)], years


def test_a_rate_is_events_over_the_time_of_all_patients():
    """A death on day 30 after one relapse is not twelve relapses a year in the mean."""
    years = (np.array([30 / 365.25, 2.0, 2.0]), np.array([2.0, 2.0, 2.0]))
    found = paired(np.array([1.0, 0.0, 2.0]) / years[0], np.array([1.0, 0.0, 2.0]) / years[1], times=years)
    assert found.reference == pytest.approx(3 / (4 + 30 / 365.25))
    assert found.alternative == pytest.approx(0.5)
    assert found.difference == pytest.approx(0.5 - 3 / (4 + 30 / 365.25))
    assert (found.lower, found.same, found.higher) == (1, 2, 0)


def test_the_variance_of_a_difference_of_rates_is_that_of_the_jackknife():
    """The delta method and the jackknife over pairs agree to the order of 1 / patients."""
    for seed in range(5):
        (a, b), years = rates(seed, 2000)
        found = paired(a / years[0], b / years[1], times=(years[0], years[1]))
        sums = [values.sum() for values in (a, b, *years)]
        left = (sums[1] - b) / (sums[3] - years[1]) - (sums[0] - a) / (sums[2] - years[0])
        jackknife = (len(a) - 1) / len(a) * float(((left - left.mean()) ** 2).sum())
        assert found.chance == pytest.approx(jackknife, rel=10 / len(a))


def test_the_interval_of_a_difference_of_rates_covers():
    """Of 1,000 intervals of 300 patients, at least 94% hold the truth by an exact binomial test.

    The delta method undercovers a little with few frequent relapsers: 94% is the least that is accepted.
    """
    expected = 0.7 - 1.0
    inside = 0
    for seed in range(1000):
        (a, b), years = rates(seed)
        found = paired(a / years[0], b / years[1], times=(years[0], years[1]))
        inside += found.low <= expected <= found.high
    assert stats.binomtest(inside, 1000, 0.94, alternative="less").pvalue > 0.001


def test_equal_times_give_the_plain_mean():
    a, b = np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.0, 1.0])
    years = (np.full(3, 2.0), np.full(3, 2.0))
    plain, over_time = paired(a, b), paired(a, b, times=years)
    for name in ("reference", "alternative", "difference", "low", "high", "saved_fraction", "chance"):
        assert getattr(over_time, name) == pytest.approx(getattr(plain, name)), name


def test_residuals_leave_out_unknown_pairs():
    found = paired(np.array([1.0, np.nan, 3.0]), np.array([2.0, 1.0, 3.0]))
    assert found.residuals.tolist() == [0.25, 0.0, -0.25]
