"""Intervals with uncertain numbers, against a model whose every variance is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm, t

from nephrosyn.statistics.drawn_estimates import DrawnEstimates, Estimate
from nephrosyn.statistics.paired_differences import t_interval

PATIENTS, DRAWS, BLOCKS = 200, 60, 50
EVERYWHERE = (-math.inf, math.inf)
REJECT = 0.001
"""Error rate of each statistical test here."""


def estimate(values, blocks=BLOCKS):
    """Return the mean of the patients as an estimate."""
    count, mean = len(values), float(values.mean())
    residuals = (values - mean) / count
    chance = float((residuals**2).sum()) * count / (count - 1)
    return Estimate(mean, chance, np.bincount(np.arange(count) * blocks // count, residuals))


class Model:
    """Patients' differences: by the numbers of the draw, and by chance, a part of which all draws share."""

    def __init__(self, seed, *, spread, shared, patients=PATIENTS, draws=DRAWS, effect=0.0):
        source = np.random.default_rng(seed)
        common = math.sqrt(shared) * source.standard_normal(patients)

        def played(expected):
            return expected + common + math.sqrt(1 - shared) * source.standard_normal(patients)

        self.expected = effect + spread * source.standard_normal(draws)
        self.run = played(0.0)
        self.drawn = DrawnEstimates(estimate(self.run), [estimate(played(value)) for value in self.expected])
        self.truth = effect + spread * float(source.standard_normal())

    def combined(self):
        return self.drawn.combined(float(self.run.mean()), *t_interval(self.run), EVERYWHERE)


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.95])
def test_variance_by_the_numbers_is_the_one_put_in(shared):
    """The mean of 200 estimates is the truth by a z test, when draws share none, half or most of their chance."""
    spread = 0.15
    found = []
    for seed in range(200):
        drawn = Model(seed, spread=spread, shared=shared).drawn
        found.append(drawn.numbers)
        assert drawn.without_chance().var(ddof=1) == pytest.approx(drawn.numbers)
    z = (np.mean(found) - spread**2) / (np.std(found, ddof=1) / math.sqrt(len(found)))
    assert 2 * norm.sf(abs(z)) > REJECT


def test_own_chance_is_the_closed_form():
    """Of the variance of a mean of 200 patients, 1/200, the draws share 30%."""
    found = [Model(seed, spread=0.0, shared=0.3).drawn.own_chance for seed in range(200)]
    z = (np.mean(found) - 0.7 / PATIENTS) / (np.std(found, ddof=1) / math.sqrt(len(found)))
    assert 2 * norm.sf(abs(z)) > REJECT


@pytest.mark.parametrize(("spread", "shared"), [(0.0, 0.5), (0.05, 0.0), (0.05, 0.95), (0.3, 0.5)])
def test_interval_covers(spread, shared, monkeypatch):
    """Of 400 true values drawn from the same laws, at least 95% lie inside, by an exact binomial test."""
    monkeypatch.setattr(DrawnEstimates, "_errors", lambda *_: (0.0, 0.0))  # slow, and not needed here
    inside = 0
    for seed in range(400):
        model = Model(seed, spread=spread, shared=shared)
        found = model.combined()
        inside += found.low <= model.truth <= found.high
    assert binomtest(inside, 400, 0.95, alternative="less").pvalue > REJECT


def test_without_uncertainty_it_is_the_interval_of_chance():
    values = np.random.default_rng(3).standard_normal(PATIENTS)
    same = [estimate(values)] * DRAWS
    low, high = t_interval(values)
    found = DrawnEstimates(same[0], same).combined(float(values.mean()), low, high, EVERYWHERE)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.low_error, found.high_error, found.numbers) == (0.0, 0.0, 0.0)


def test_without_chance_it_is_the_interval_of_the_draws():
    nothing = np.zeros(BLOCKS)
    draws = [Estimate(value, 0.0, nothing) for value in np.linspace(-1.0, 3.0, 39)]
    found = DrawnEstimates(Estimate(0.5, 0.0, nothing), draws).combined(0.5, 0.5, 0.5, EVERYWHERE)
    assert (found.expected, found.low, found.high) == pytest.approx((1.0, -1.0, 3.0))


def test_nothing_differs():
    nothing = [Estimate(0.0, 0.0, np.zeros(BLOCKS))] * DRAWS
    found = DrawnEstimates(nothing[0], nothing).combined(0.0, -0.01, 0.01, (-1.0, 1.0))
    assert found.expected == found.numbers == found.low_error == found.high_error == 0.0
    assert (found.low, found.high) == (-0.01, 0.01)


def test_sides_are_added_as_squares_and_stay_within_the_bounds():
    nothing = np.zeros(BLOCKS)
    draws = [Estimate(value, 0.0, nothing) for value in np.linspace(-0.4, 0.4, 39)]
    drawn = DrawnEstimates(Estimate(0.0, 0.0, nothing), draws)
    found = drawn.combined(0.5, 0.2, 0.8, EVERYWHERE)
    assert (found.low, found.high) == pytest.approx((0.0, 1.0))  # 0.3² + 0.4² = 0.5²
    assert drawn.combined(0.5, 0.2, 0.8, (0.1, 0.9)).low == 0.1
    assert drawn.combined(0.5, 0.2, 0.8, (0.1, 0.9)).high == 0.9


def test_a_mean_effect_of_the_numbers_moves_the_interval_only_beyond_its_noise():
    """The standard error of the effect is at most 0.1 here: 0.02 moves little, 1 is moved nearly as a whole."""
    moved = {effect: Model(5, spread=0.01, shared=0.5, effect=effect) for effect in (0.02, 1.0)}
    small, large = (model.combined().expected - float(model.run.mean()) for model in moved.values())
    assert abs(small) < 0.1
    assert 0.8 < large < 1.2


def test_a_draw_without_an_estimate_leaves_no_interval():
    draws = [estimate(np.arange(50.0))] * 20
    missing = Estimate(math.nan, math.nan, np.zeros(1))
    assert DrawnEstimates(draws[0], [*draws, missing]).combined(0.0, -1.0, 1.0, EVERYWHERE) is None
    assert DrawnEstimates(missing, draws).combined(0.0, -1.0, 1.0, EVERYWHERE) is None
    assert DrawnEstimates(draws[0], draws).combined(0.0, math.nan, math.nan, EVERYWHERE) is None


def test_errors_of_the_ends_shrink_with_draws_and_patients():
    """Both ends of four times as many draws, or patients of draws that share no chance, are better known."""
    few = Model(1, spread=0.2, shared=0.0, patients=200, draws=40).combined()
    draws = Model(1, spread=0.2, shared=0.0, patients=200, draws=640).combined()
    large = Model(1, spread=0.0, shared=0.5, patients=3200, draws=40).combined()
    small = Model(1, spread=0.0, shared=0.5, patients=200, draws=40).combined()
    assert draws.low_error + draws.high_error < few.low_error + few.high_error
    assert large.low_error + large.high_error < small.low_error + small.high_error


def test_t_quantile_of_the_chance_alone():
    values = np.array([1.0, 2.0, 4.0])
    half = float(t.ppf(0.975, 2)) * math.sqrt(estimate(values, 3).chance)
    assert t_interval(values) == pytest.approx((values.mean() - half, values.mean() + half))
