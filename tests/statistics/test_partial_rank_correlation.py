"""Partial rank correlations against another way to compute them, and their intervals where nothing is related."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, rankdata

from nephrosyn.runs.draws.design import values_of
from nephrosyn.statistics.drawn_numbers import DrawnNumber, independent, orders
from nephrosyn.statistics.partial_rank_correlation import held_fixed, partial_rank_correlations

CHAIN = {draws: [values_of(draw, paired=True) for draw in range(draws)] for draws in (60, 120)}


def chained(generator, draws, count):
    """Normal numbers in the chain of a run, every other one of the mix."""
    numbers = []
    for place in range(count):
        levels = np.array([values[place % 2] for values in CHAIN[draws]])
        numbers.append(DrawnNumber(generator.normal(size=levels.max() + 1), levels, place))
    return numbers


def test_correlations_are_those_of_the_inverse_correlation_matrix():
    """Closed form: the partial correlation is minus the scaled element of the inverse of the correlation matrix."""
    generator, draws = np.random.default_rng(1), np.arange(80)
    numbers = [DrawnNumber(generator.gamma(2.0, size=80), draws, place) for place in range(6)]
    outcome = np.exp(
        sum((place - 2) * number.values for place, number in enumerate(numbers)) + generator.normal(size=80)
    )
    ranks = np.stack([rankdata(values) for values in (*(number.values for number in numbers), outcome)])
    inverse = np.linalg.inv(np.corrcoef(ranks))
    expected = -inverse[:-1, -1] / np.sqrt(np.diag(inverse)[:-1] * inverse[-1, -1])
    assert [found.value for found in partial_rank_correlations(numbers, outcome)] == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize("draws", [60, 120])
def test_an_interval_excludes_no_relation_in_five_per_cent(draws):
    """Draws in a chain, an outcome that is not linear in two numbers: for the others 5% of 600 intervals exclude 0.

    What a regression leaves of the outcome is alike in draws that share a number, so there are fewer independent values
    than draws.
    """
    excluded = repeats = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        numbers = chained(generator, draws, 5)
        outcome = numbers[0].of_draws ** 2 + 0.5 * numbers[1].of_draws ** 2 + 0.1 * generator.normal(size=draws)
        found = partial_rank_correlations(numbers, outcome)[2:]
        excluded += sum(correlation.excludes_zero for correlation in found)
        repeats += len(found)
    assert binom.ppf(0.0005, repeats, 0.05) <= excluded <= binom.ppf(0.9995, repeats, 0.05)


@pytest.mark.slow
def test_an_interval_of_parts_of_a_whole_excludes_no_relation_in_five_per_cent():
    """Shares of a Dirichlet distribution less the last; only the first moves the outcome."""
    excluded = repeats = 0
    for seed in range(200):
        generator = np.random.default_rng(1_000 + seed)
        shares = generator.dirichlet([4.0, 2.0, 3.0, 6.0], size=60)
        numbers = [DrawnNumber(shares[:, part], np.arange(60), 0) for part in range(3)]
        found = partial_rank_correlations(numbers, shares[:, 0] + 0.1 * generator.normal(size=60))
        assert found[0].low > 0
        excluded += sum(correlation.excludes_zero for correlation in found[1:])
        repeats += 2
    assert binom.ppf(0.0005, repeats, 0.05) <= excluded <= binom.ppf(0.9995, repeats, 0.05)


@pytest.mark.slow
def test_intervals_cover_the_correlation_of_very_many_draws():
    weights = (1.0, -0.6, 0.3, 0.0)

    def drawn(generator, draws):
        numbers = [DrawnNumber(generator.normal(size=draws), np.arange(draws), place) for place in range(4)]
        moved = sum(weight * number.values for weight, number in zip(weights, numbers, strict=True))
        return numbers, moved + 0.7 * generator.normal(size=draws)

    expected = [found.value for found in partial_rank_correlations(*drawn(np.random.default_rng(0), 200_000), 2)]
    covered = np.zeros(4)
    for seed in range(200):
        found = partial_rank_correlations(*drawn(np.random.default_rng(1 + seed), 60))
        covered += [item.low <= value <= item.high for item, value in zip(found, expected, strict=True)]
    assert ((binom.ppf(0.0005, 200, 0.95) <= covered) & (covered <= binom.ppf(0.9995, 200, 0.95))).all()


def test_with_few_draws_only_the_leading_numbers_are_held_fixed():
    generator = np.random.default_rng(3)
    numbers = chained(generator, 60, 40)
    assert held_fixed(numbers) == 3
    outcome = 2 * numbers[7].of_draws - numbers[12].of_draws + 0.2 * generator.normal(size=60)
    found = partial_rank_correlations(numbers, outcome)
    assert found[7].low > 0.7
    assert found[12].high < -0.5
    assert max(abs(item.value) for place, item in enumerate(found) if place not in (7, 12)) < 0.6


def test_an_outcome_that_is_the_same_in_all_draws_has_no_correlation():
    (found,) = partial_rank_correlations(chained(np.random.default_rng(4), 60, 1), np.full(60, 0.3))
    assert math.isnan(found.value)
    assert not found.excludes_zero


def test_an_exact_relation_has_a_finite_interval():
    (found,) = partial_rank_correlations([DrawnNumber(np.arange(30.0), np.arange(30), 0)], np.arange(30.0) ** 3)
    assert 0.99 < found.low <= found.value <= found.high <= 1


def test_orders_are_permutations_that_do_not_depend_on_their_number():
    assert (np.sort(orders(7, 50), axis=1) == np.arange(7)).all()
    assert (orders(7, 50)[:20] == orders(7, 20)).all()
    assert len(np.unique(orders(7, 50)[:, 0])) == 7


def test_the_last_part_of_a_whole_is_determined():
    shares = np.random.default_rng(5).dirichlet([1.0, 2.0, 3.0], size=10)
    assert independent(np.column_stack([shares, shares[:, 0] * 2])) == [0, 1]
