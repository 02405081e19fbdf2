"""Partial rank correlations: how an outcome moves with each uncertain number while others are held fixed.

Several draws may share values, so the usual standard error does not hold. It comes from permutations: the values of a
number are put in a random order, which leaves everything as it is but the number's own relation to the outcome.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nephrosyn.statistics.drawn_numbers import DrawnNumber, Floats, orders
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

PERMUTATIONS = 200
VALUES_FOR_ALL = 4
"""Least number of different values for each independent number, if all other numbers are to be held fixed."""
VALUES_FOR_LEADING = 10
"""Different values for each number that is held fixed, if not all can be."""
NEARLY_ONE = 1 - 1e-12


@dataclass(frozen=True)
class RankCorrelation:
    """A partial rank correlation with its 95% interval.

    Attributes
    ----------
    value : float
        From -1 to 1.
    low, high : float
        The interval.
    """

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


def held_fixed(numbers: Sequence[DrawnNumber]) -> int:
    """Return how many other numbers can be held fixed: all, or only leading ones if there are few draws.

    Parameters
    ----------
    numbers : sequence of DrawnNumber
        All uncertain numbers.

    Examples
    --------
    >>> numbers = [DrawnNumber(np.arange(20.0) % (3 + place), np.arange(20), place) for place in range(6)]
    >>> held_fixed(numbers[:5]), held_fixed(numbers)
    (4, 2)
    """
    sharing = Counter(number.levels.tobytes() for number in numbers)
    values = {number.levels.tobytes(): len(number.values) for number in numbers}
    enough = all(values[levels] >= VALUES_FOR_ALL * count for levels, count in sharing.items())
    if enough and len(numbers[0].levels) >= VALUES_FOR_ALL * len(numbers):
        return len(numbers) - 1
    return min(len(numbers) - 1, min(values.values()) // VALUES_FOR_LEADING)


def partial_rank_correlations(
    numbers: Sequence[DrawnNumber], outcome: Floats, permutations: int = PERMUTATIONS, seed: int = 0
) -> list[RankCorrelation]:
    """Return the partial rank correlation of each uncertain number with an outcome.

    The correlation is that of the ranks after a linear regression of both on the ranks of the other numbers. If the
    draws do not allow all of them (`held_fixed`), it is on those with the largest correlations by themselves. Numbers
    that are left out are drawn independently, so they make the result less exact, not wrong.

    Parameters
    ----------
    numbers : sequence of DrawnNumber
        All uncertain numbers, none of which is determined by others.
    outcome : ndarray of float64, shape (draws,)
        The outcome of each draw.
    permutations, seed : int
        Number of permutations for the standard error, and their seed.

    Returns
    -------
    list of RankCorrelation
        One for each number; with NaN if the outcome is the same in all draws. Intervals are on Fisher's scale, on which
        the standard error under no relation comes from the permutations, and increases with the correlation as that of
        a rank correlation does.

    References
    ----------
    S. Marino et al., A methodology for performing global uncertainty and sensitivity analysis in systems biology, J
    Theor Biol 254 (2008) 178-196. D. G. Bonett, T. A. Wright, Sample size requirements for estimating Pearson, Kendall
    and Spearman correlations, Psychometrika 65 (2000) 23-28.

    Examples
    --------
    >>> draws = np.arange(40)
    >>> numbers = [DrawnNumber(np.sin(draws), draws, 0), DrawnNumber(np.cos(3.0 * draws), draws, 1)]
    >>> rising, falling = partial_rank_correlations(numbers, np.sin(draws) - 2 * np.cos(3.0 * draws))
    >>> rising.value > 0.8, falling.high < -0.9
    (True, True)
    """
    ranked = [_ranks(number.values) for number in numbers]
    ranks = np.stack([rank[number.levels] for rank, number in zip(ranked, numbers, strict=True)], axis=1)
    of_outcome = _ranks(np.asarray(outcome, np.float64))
    if not np.ptp(of_outcome):
        return [RankCorrelation(math.nan, math.nan, math.nan)] * len(numbers)
    fixed, count = _by_importance(ranks, of_outcome), held_fixed(numbers)
    random = {size: orders(size, permutations, seed) for size in {len(rank) for rank in ranked}}
    correlations = []
    for place, number in enumerate(numbers):
        others = Regression(ranks[:, [rival for rival in fixed if rival != place][:count]])
        mates = [ranked[rival] for rival, mate in enumerate(numbers) if rival != place and _jointly(mate, number)]
        alone = _without(ranked[place], mates)
        permuted = alone[random[len(alone)]][:, number.levels].T
        rest = others.residuals(of_outcome[:, None])
        value = _correlation(others.residuals(ranks[:, [place]]), rest)
        correlations.append(_with_interval(float(value[0]), _correlation(others.residuals(permuted), rest)))
    return correlations


class Regression:
    """Linear regression on some columns and a constant."""

    def __init__(self, columns: Floats) -> None:
        constant = np.ones((len(columns), 1))
        self._basis = np.linalg.qr(np.hstack([constant, columns]))[0]

    def residuals(self, outcomes: Floats) -> Floats:
        """Return what the columns do not explain of some outcomes, shape (rows, outcomes)."""
        return np.asarray(outcomes - self._basis @ (self._basis.T @ outcomes))


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values))


def _jointly(first: DrawnNumber, second: DrawnNumber) -> bool:
    return first.quantity == second.quantity


def _without(rank: Floats, mates: Sequence[Floats]) -> Floats:
    """Return what the numbers drawn jointly with a number leave of it: only that may be put in another order."""
    return Regression(np.stack(mates, axis=1)).residuals(rank[:, None])[:, 0] if mates else rank


def _by_importance(ranks: Floats, of_outcome: Floats) -> list[int]:
    """Return the numbers by the size of their correlation with the outcome, the largest first."""
    alone = Regression(np.empty((len(ranks), 0)))
    sizes = np.abs(_correlation(alone.residuals(ranks), alone.residuals(of_outcome[:, None])))
    return [int(place) for place in np.argsort(-sizes, kind="stable")]


def _correlation(columns: Floats, outcome: Floats) -> Floats:
    """Return the correlation of columns of residuals with those of the outcome, shape (columns,)."""
    scale = np.sqrt((columns**2).sum(axis=0) * (outcome**2).sum())
    return np.asarray(np.divide((columns * outcome).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0))


def _with_interval(value: float, permuted: Floats) -> RankCorrelation:
    score = math.atanh(max(-NEARLY_ONE, min(NEARLY_ONE, value)))
    error = float(np.sqrt(np.mean(np.arctanh(np.clip(permuted, -NEARLY_ONE, NEARLY_ONE)) ** 2)))
    half = NORMAL_QUANTILE * error * math.sqrt(1 + value**2 / 2)
    return RankCorrelation(value, min(value, math.tanh(score - half)), max(value, math.tanh(score + half)))
