"""Estimators of the measures: agreement with other implementations, and standard errors that match the spread."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nephrosyn.evidence.measures import estimators
from nephrosyn.statistics import published_intervals

SAMPLES = 400


def draws(size, seed=5):
    return np.random.default_rng(seed).exponential(size=(SAMPLES, size))


def test_kaplan_meier_is_that_of_scipy():
    rng = np.random.default_rng(1)
    days, end = np.ceil(rng.exponential(300, 80)), np.ceil(rng.exponential(400, 80))
    last, happened = np.minimum(days, end), days <= end
    data = stats.CensoredData(uncensored=last[happened], right=last[~happened])
    free = stats.ecdf(data).sf
    for day in (10, 100, 365, 800):
        estimate = estimators.free_at(day)(pl.DataFrame({"days": last, "happened": happened}))
        assert estimate.value == pytest.approx(float(free.evaluate(day)))


@pytest.mark.parametrize(
    ("statistic", "rows"),
    [
        (estimators.share, lambda x: {"yes": x < 0.3}),
        (estimators.mean, lambda x: {"value": x}),
        (estimators.quantile(0.25), lambda x: {"value": x}),
        (estimators.free_at(0.5), lambda x: {"days": x, "happened": np.ones(len(x), bool)}),
        (estimators.rate, lambda x: {"events": (x < 1).astype(int), "years": np.minimum(x, 1.0)}),
    ],
    ids=["share", "mean", "quantile", "free", "rate"],
)
def test_standard_errors_are_the_spread_between_samples(statistic, rows):
    """400 samples of 200: the spread has an error of 3.5%, the mean error less; 15% is four of these."""
    estimates = [statistic(pl.DataFrame(rows(sample))) for sample in draws(200)]
    spread = np.std([estimate.value for estimate in estimates], ddof=1)
    assert np.mean([estimate.error for estimate in estimates]) == pytest.approx(spread, rel=0.15)


def test_arms_together():
    first, second = estimators.Estimate(0.4, 0.03, 100), estimators.Estimate(0.2, 0.04, 50)
    assert estimators.difference(first, second) == estimators.Estimate(pytest.approx(0.2), pytest.approx(0.05), 150)
    ratio = estimators.ratio(first, second)
    assert (ratio.value, ratio.error) == (pytest.approx(2.0), pytest.approx(2 * np.hypot(0.075, 0.2)))


def test_nobody_has_no_number():
    empty = pl.DataFrame({"yes": [], "value": [], "days": [], "happened": [], "events": [], "years": []})
    for statistic in (
        estimators.share,
        estimators.mean,
        estimators.quantile(0.5),
        estimators.free_at(1),
        estimators.rate,
    ):
        assert statistic(empty).people == 0


@pytest.mark.parametrize("median", [True, False])
def test_intervals_of_quantiles_hold_what_they_say(median):
    """Quartiles of 68 lognormal times: 95% of 2,000 intervals (SE 0.5 points) contain the true quantile."""
    p = 0.5 if median else 0.25
    rng = np.random.default_rng(2)
    samples = np.exp(0.5 * rng.normal(size=(2000, 68)))
    held = 0
    for sample in samples:
        low, middle, high = np.quantile(sample, [0.25, p, 0.75])
        ends = published_intervals.lognormal(middle, low, high, 68, median=median)
        held += ends[0] <= np.exp(0.5 * stats.norm.ppf(p)) <= ends[1]
    # The width is estimated from 68, which costs up to two points.
    assert 0.92 <= held / 2000 <= 0.97


def test_interval_of_a_mean():
    assert published_intervals.normal(10, 5, 100) == pytest.approx((10 - 0.98, 10 + 0.98), abs=1e-3)


def test_a_quantile_of_whole_days_is_that_of_grouped_data():
    # Half of ten people on day 9, the others on day 8: the median lies between, at the boundary of the two days.
    median = estimators.quantile(0.5)(pl.DataFrame({"value": [8] * 5 + [9] * 5}))
    assert median.value == pytest.approx(8.5)
    assert estimators.quantile(0.5)(pl.DataFrame({"value": [8] * 4 + [9] * 6})).value > median.value
    assert estimators.quantile(0.5)(pl.DataFrame({"value": [63] * 100})).error > 0


def test_a_quantile_of_other_numbers_is_left_alone():
    assert estimators.quantile(0.5)(pl.DataFrame({"value": [1.5, 2.5, 2.5]})).value == 2.5
