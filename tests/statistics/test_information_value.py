"""What numbers are worth, where a linear outcome of normal numbers gives it in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm, ttest_1samp

from nephrosyn.statistics import information_value as module
from nephrosyn.statistics.drawn_numbers import DrawnNumber
from nephrosyn.statistics.information_value import information_value, perfect_information
from nephrosyn.statistics.smooth_regression import SmoothRegression, polynomials

NODES = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
ERRORS = 4
"""Standard errors that an estimate may lie from its value: beyond them in one of 16,000."""


def linear(seed, draws, weights, *, paired=False):
    """A standard normal outcome: the weighted sum of independent normal numbers, and the rest noise."""
    generator = np.random.default_rng(seed)
    levels = np.arange(draws)
    numbers = []
    for place in range(len(weights)):
        shared = (levels + place % 2) // 2 if paired else levels
        numbers.append(DrawnNumber(generator.normal(size=shared.max() + 1), shared, place))
    rest = math.sqrt(1 - sum(weight**2 for weight in weights))
    moved = sum(weight * number.of_draws for weight, number in zip(weights, numbers, strict=True))
    return numbers, moved + rest * generator.normal(size=draws)


def removed(correlation, low, high):
    """Wrong answers that a number removes, by quadrature: the outcome is within a range or not."""
    rest = math.sqrt(1 - correlation**2)
    right = norm.cdf((high - correlation * NODES) / rest) - norm.cdf((low - correlation * NODES) / rest)
    return np.maximum(right, 1 - right).mean() - max(right.mean(), 1 - right.mean())


def test_quadrature_is_the_closed_form():
    """Above its median or not: a number with correlation r removes arcsin(r) / pi of the wrong answers."""
    assert removed(0.6, 0.0, math.inf) == pytest.approx(math.asin(0.6) / math.pi, abs=1e-4)


@pytest.mark.parametrize(("low", "high"), [(0.5, math.inf), (-0.3, math.inf), (-0.2, 0.9), (0.4, 1.4)])
@pytest.mark.parametrize("correlation", [0.5, 0.8])
def test_value_is_that_of_the_closed_form(correlation, low, high):
    (number, *others), outcome = linear(1, 6_000, [correlation, 0.3, 0.2])
    answers = ((outcome > low) & (outcome <= high)).astype(float)
    for some in ([], others):
        found = information_value([number], outcome, answers, some)
        assert found.variance == pytest.approx(correlation**2, abs=ERRORS * 2 * correlation / math.sqrt(6_000))
        assert abs(found.wrong_removed - removed(correlation, low, high)) < ERRORS * found.error
        assert 0 < found.error < 0.02


def test_numbers_of_one_source_are_worth_more_together():
    """Closed form: together they have the root of the sum of squares as their correlation."""
    numbers, outcome = linear(2, 6_000, [0.5, 0.4, 0.3])
    answers = (outcome > 0.4).astype(float)
    found = information_value(numbers[:2], outcome, answers, numbers[2:])
    together = math.hypot(0.5, 0.4)
    assert abs(found.wrong_removed - removed(together, 0.4, math.inf)) < ERRORS * found.error
    assert found.variance == pytest.approx(together**2, abs=0.04)
    assert found.wrong_removed > information_value(numbers[:1], outcome, answers, numbers[1:]).wrong_removed


def test_a_number_that_determines_the_outcome_is_worth_most_of_perfect_information():
    """A polynomial of degree 4 does not follow a step, so it is not worth all of it."""
    numbers, outcome = linear(3, 4_000, [1.0])
    answers = (outcome > 0.4).astype(float)
    ceiling = perfect_information(answers)
    found = information_value(numbers, outcome, answers)
    assert ceiling == answers.mean()
    assert 0.7 * ceiling < found.wrong_removed < ceiling
    assert found.variance > 0.98


def test_a_relation_that_is_not_monotone_counts():
    number = DrawnNumber(np.random.default_rng(4).normal(size=1_000), np.arange(1_000), 0)
    outcome = number.values**2
    found = information_value([number], outcome, (outcome > 1).astype(float))
    assert found.variance > 0.8
    assert found.wrong_removed > 0.15


@pytest.mark.slow
@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize("paired", [False, True])
def test_noise_is_worth_nothing(paired, adjusted):
    """The outcome does not depend on the number: after the correction the mean is 0, before values are cut off at 0.

    Mean of 200 repeats, two-sided t-test at 0.001; and at most 5% lie above two standard errors, within the upper
    binomial bound at 0.0005.
    """
    rest, above = [], 0
    for seed in range(200):
        (number, *others), outcome = linear(10_000 + seed, 100, [0.0, 0.7, 0.5], paired=paired)
        answers = (outcome > 0.3).astype(float)
        found = information_value([number], outcome, answers, others if adjusted else [], paired=paired)
        above += found.wrong_removed > 2 * found.error
        basis = polynomials([number])
        shifted = module._shifted(answers, module._shifts(100, 2 if paired else 1))
        value, *by_chance = module._removed(SmoothRegression(basis), shifted)
        rest.append(value - np.mean(by_chance))
        if not adjusted:
            ceiling = perfect_information(answers)
            corrected = ceiling * rest[-1] / (ceiling - np.mean(by_chance))
            assert found.wrong_removed == pytest.approx(max(0.0, corrected), abs=1e-12)
    assert ttest_1samp(rest, 0.0).pvalue > 0.001
    assert above <= binom.ppf(0.9995, 200, 0.05)


@pytest.mark.slow
def test_error_is_about_that_between_repeats():
    """Of 200 repeats of 200 draws, at least 90% lie within two errors; the errors are made to be rather too large."""
    expected, near, values, errors = removed(0.7, 0.3, math.inf), 0, [], []
    for seed in range(200):
        numbers, outcome = linear(20_000 + seed, 200, [0.7, 0.5, 0.3], paired=True)
        found = information_value(numbers[:1], outcome, (outcome > 0.3).astype(float), numbers[1:], paired=True)
        near += abs(found.wrong_removed - expected) <= 2 * found.error
        values.append(found.wrong_removed)
        errors.append(found.error)
    assert near >= binom.ppf(0.0005, 200, 0.9)
    assert np.std(values) < math.sqrt(np.mean(np.square(errors))) * 1.2


@pytest.mark.slow
def test_taking_out_other_numbers_makes_it_more_exact():
    """A number that explains 9% of the variance, beside two that explain 74%: 100 repeats of 200 draws."""
    parts = []
    for seed in range(100):
        (number, *others), outcome = linear(30_000 + seed, 200, [0.3, 0.7, 0.5], paired=True)
        answers = (outcome > 0).astype(float)
        parts.append(
            [information_value([number], outcome, answers, some, paired=True).variance for some in ([], others)]
        )
    without, with_others = np.std(parts, axis=0)
    assert with_others < 0.7 * without
    assert abs(np.mean(parts, axis=0)[1] - 0.09) < ERRORS * with_others / 10 + 0.01


def test_shifts_keep_the_pairs_of_a_chain():
    assert all(shift % 2 == 0 for shift in module._shifts(101, 2))
    assert module._shifts(20, 1) == list(range(1, 20))
    assert len(set(module._shifts(10_000, 2))) == module.MOST_SHIFTS


@pytest.mark.parametrize("draws", [20, 21])
def test_few_draws_give_a_value_within_its_limits(draws):
    numbers, outcome = linear(5, draws, [0.9] + [0.01] * 30, paired=True)
    answers = (outcome > 0).astype(float)
    found = information_value(numbers[:12], outcome, answers, numbers[12:], paired=True)
    assert 0 <= found.variance <= 1
    assert 0 <= found.wrong_removed <= perfect_information(answers)
    assert math.isfinite(found.error)


def test_a_certain_answer_and_a_constant_outcome_are_worth_nothing():
    numbers, outcome = linear(6, 100, [0.9])
    found = information_value(numbers, outcome, np.zeros(100))
    assert (found.wrong_removed, found.error) == (0, 0)
    assert found.variance > 0.7
    assert information_value(numbers, np.full(100, 0.5), np.zeros(100)).variance == 0
