"""An estimate from a run, with what its scenario's sources leave open: its interval of chance widened by draws.

Every draw has other values of the uncertain numbers. If draws have patients in common, they share a part of their
chance: the estimates of two draws differ by their numbers and by the part of the chance that they do not share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from nephrosyn.statistics.bootstrap import drawn
from nephrosyn.statistics.nested_variance import RESAMPLES, TAIL
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """An estimate from patients, and how much of its chance each block of patients adds.

    Attributes
    ----------
    value : float
        The estimate.
    chance : float
        Its variance by the chance of the patients.
    residuals : ndarray of float64, shape (blocks,)
        What each block of patients adds to the chance of the estimate, to first order; the sum is 0.
    """

    value: float
    chance: float
    residuals: Floats


@dataclass(frozen=True)
class WithNumbers:
    """The 95% interval of an expected value that covers the chance of the patients and the uncertain numbers.

    Attributes
    ----------
    expected : float
        The estimate, moved by the mean effect of drawing the numbers as far as it exceeds its noise.
    low, high : float
        Ends of the interval.
    low_error, high_error : float
        Monte-Carlo standard errors of its ends, from a finite number of draws and of their patients.
    numbers : float
        Variance of the expected value by the uncertain numbers.
    """

    expected: float
    low: float
    high: float
    low_error: float
    high_error: float
    numbers: float


class DrawnEstimates:
    """The same estimate in every draw.

    Parameters
    ----------
    baseline : Estimate
        With the scenario's own numbers, from as many patients as a draw has.
    draws : sequence of Estimate
        At least two, with the same blocks of patients.
    """

    def __init__(self, baseline: Estimate, draws: list[Estimate]) -> None:
        self.baseline = baseline
        self.values: Floats = np.array([draw.value for draw in draws])
        self._draws = draws

    @cached_property
    def known(self) -> bool:
        """Whether every draw has an estimate."""
        return bool(np.isfinite(self.values).all() and math.isfinite(self.baseline.value))

    @cached_property
    def residuals(self) -> Floats:
        """What each block adds to the chance of each draw's estimate, shape (draws, blocks)."""
        return np.array([draw.residuals for draw in self._draws])

    @cached_property
    def total(self) -> float:
        """Variance of the estimates between draws."""
        return float(np.var(self.values, ddof=1))

    @cached_property
    def _scale(self) -> float:
        """Variance by chance over the sum of squared residuals, which have the noise of few blocks."""
        squares = float(np.mean(np.sum(self.residuals**2, axis=1)))
        return float(np.mean([draw.chance for draw in self._draws])) / squares if squares > 0 else 0.0

    @cached_property
    def own_chance(self) -> float:
        """The part of the variance by chance that draws do not share."""
        return self._scale * float(np.var(self.residuals, axis=0, ddof=1).sum())

    @cached_property
    def shift(self) -> float:
        """Mean effect of drawing the numbers: mean of the draws minus the estimate with the scenario's own numbers."""
        return float(self.values.mean()) - self.baseline.value

    @cached_property
    def shift_chance(self) -> float:
        """Variance of the mean effect by chance: the part that draws and the scenario's own numbers do not share."""
        apart = self.residuals.mean(axis=0) - self.baseline.residuals
        return self._scale * float((apart**2).sum())

    @cached_property
    def numbers(self) -> float:
        """Variance of the expected value by the uncertain numbers: the total without the draws' own chance."""
        return max(0.0, self.total - self.own_chance)

    @cached_property
    def _factor(self) -> float:
        return math.sqrt(self.numbers / self.total) if self.total > 0 else 0.0

    def without_chance(self) -> Floats:
        """Estimates moved towards their mean, so that their variance is that of the expected value; shape (draws,)."""
        mean = self.values.mean()
        return np.asarray(mean + self._factor * (self.values - mean))

    def combined(self, estimate: float, low: float, high: float, bounds: tuple[float, float]) -> WithNumbers | None:
        """Return the interval of an expected value that covers chance and numbers.

        The two sources are independent. Each side of the interval is the root of the sum of two squares: the distance
        from the estimate to the end of its interval by chance, and from the mean of the draws to the quantile of the
        draws without chance. Both intervals may be skewed. The interval is centred on the estimate plus the mean effect
        of the numbers, which is multiplied by 1 - (1.96 standard errors / effect)², or 0 if that is negative: an effect
        that may be noise moves nothing.

        Parameters
        ----------
        estimate, low, high : float
            The estimate from the whole run, and its 95% interval by chance alone.
        bounds : (float, float)
            Least and greatest possible value.

        Returns
        -------
        WithNumbers or None
            None without an interval by chance, or if some draw has no estimate.

        References
        ----------
        G. Y. Zou, A. Donner, Construction of confidence limits about effect measures: a general approach, Stat Med 27
        (2008) 1693-1702.

        Examples
        --------
        >>> block = np.zeros(2)
        >>> draws = [Estimate(value, 0.0, block) for value in np.linspace(-1.0, 1.0, 39)]
        >>> found = DrawnEstimates(Estimate(0.0, 0.0, block), draws).combined(0.5, -0.25, 1.25, (-9.0, 9.0))
        >>> round(found.low, 9), round(found.high, 9)  # each side is the root of 1.0² + 0.75²
        (-0.75, 1.75)
        """
        if not self.known or math.isnan(low):
            return None
        moved = float(_beyond_noise(np.array([self.shift]), self.shift_chance)[0])
        below, above = (float(side[0]) for side in _reach(self.without_chance()[None, :]))
        least, most = bounds
        expected = min(max(estimate + moved, least), most)
        ends = expected - math.hypot(estimate - low, below), expected + math.hypot(high - estimate, above)
        errors = self._errors(estimate - low, high - estimate)
        return WithNumbers(expected, max(ends[0], least), min(ends[1], most), *errors, self.numbers)

    def _errors(self, low: float, high: float) -> tuple[float, float]:
        """Return the standard errors of the two ends, from a bootstrap of draws and of blocks of patients at once.

        Parameters
        ----------
        low, high : float
            Distances from the estimate to the ends of its interval by chance, which stay as they are.

        References
        ----------
        A. B. Owen, The pigeonhole bootstrap, Ann Appl Stat 1 (2007) 386-411.
        """
        if not self.total and not self.shift:
            return 0.0, 0.0
        count, blocks = self.residuals.shape
        weights = _weights(blocks) - 1.0
        values = np.take_along_axis(self.values + weights @ self.residuals.T, drawn(count, RESAMPLES, 0), axis=1)
        means = values.mean(axis=1)
        shifts = means - self.baseline.value - weights @ self.baseline.residuals
        below, above = _reach(means[:, None] + self._factor * (values - means[:, None]))
        moved = _beyond_noise(shifts, self.shift_chance)
        ends = moved - np.hypot(low, below), moved + np.hypot(high, above)
        return float(ends[0].std(ddof=1)), float(ends[1].std(ddof=1))


@cache
def _weights(blocks: int) -> Floats:
    """Return how often each block is drawn in each resample, shape (resamples, blocks)."""
    return np.stack([np.bincount(row, minlength=blocks) for row in drawn(blocks, RESAMPLES, 1)]).astype(np.float64)


def _reach(expected: Floats) -> tuple[Floats, Floats]:
    """Return how far the 95% interval of each row reaches below and above its mean."""
    low, high = np.quantile(expected, [TAIL, 1 - TAIL], axis=1, method="weibull")
    means = expected.mean(axis=1)
    return np.maximum(means - low, 0.0), np.maximum(high - means, 0.0)


def _beyond_noise(effects: Floats, variance: float) -> Floats:
    """Return effects without what may be noise, given their variance by chance.

    Examples
    --------
    >>> _beyond_noise(np.array([1.9, -10.0]), 1.0).round(2).tolist()
    [0.0, -9.62]
    """
    squares, noise = effects**2, NORMAL_QUANTILE**2 * variance
    remaining = np.divide(squares - noise, squares, out=np.zeros_like(squares), where=squares > noise)
    return np.asarray(effects * remaining)
