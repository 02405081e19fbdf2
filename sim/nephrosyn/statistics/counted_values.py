"""Many numbers as counts of their distinct values: counts of the parts of a cohort add up, quantiles do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_DISTINCT = 2**17
"""Largest number of distinct values that are kept."""
FINEST_STEP = 2.0**-20
"""First step to which values are rounded when there are more."""


@dataclass(frozen=True, eq=False)
class CountedValues:
    """Distinct values in ascending order, and how often each occurs.

    Up to `MOST_DISTINCT` distinct values are kept as they are. If there are more, all values are rounded up to a
    multiple of `step`, the smallest power of two that leaves few enough. How the values were divided into parts has no
    influence.

    Attributes
    ----------
    values : ndarray of float64, shape (m,)
        Distinct values, ascending.
    counts : ndarray of int64, shape (m,)
        Number of times that each occurs.
    step : float
        Values are multiples of it; 0 if they are exact.

    Examples
    --------
    >>> first, second = CountedValues.of(np.array([1.0, 4.0])), CountedValues.of(np.array([2.0, 4.0, 4.0]))
    >>> counted = CountedValues.together([first, second])
    >>> counted.values.tolist(), counted.counts.tolist(), counted.total
    ([1.0, 2.0, 4.0], [1, 1, 3], 5)
    >>> counted.quantile(0.25), counted.at_least(2.0)
    (2.0, 4)
    """

    values: Floats
    counts: Integers
    step: float = 0.0

    @classmethod
    def of(cls, values: Floats) -> CountedValues:
        """Count the values of an array of shape (n,)."""
        distinct, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
        return cls(distinct, counts.astype(np.int64))._few_enough()

    @classmethod
    def together(cls, parts: Sequence[CountedValues]) -> CountedValues:
        """Return the counts of all values of several parts."""
        step = max((part.step for part in parts), default=0.0)
        rounded = [part.rounded(step) for part in parts]
        if not rounded:
            return cls.of(np.zeros(0))
        values, counts = (np.concatenate([getattr(part, name) for part in rounded]) for name in ("values", "counts"))
        return _summed(values, counts, step)._few_enough()

    @property
    def total(self) -> int:
        """Number of values."""
        return int(self.counts.sum())

    def rounded(self, step: float) -> CountedValues:
        """Return the values rounded up to multiples of a power of two that is not less than their own step."""
        if step <= self.step:
            return self
        return _summed(np.ceil(self.values / step) * step, self.counts, step)

    def at_least(self, value: float) -> int:
        """Return how many values are as large as one, or larger."""
        return int(self.counts[np.searchsorted(self.values, value, side="left") :].sum())

    def quantile(self, level: float) -> float:
        """Return a quantile, interpolated linearly between neighbouring values; ``nan`` without values."""
        if not self.total:
            return float("nan")
        place = level * (self.total - 1)
        below = int(place)
        ranks = np.minimum([below, below + 1], self.total - 1)
        low, high = self.values[np.searchsorted(np.cumsum(self.counts), ranks, side="right")]
        return float(low + (high - low) * (place - below))

    def _few_enough(self) -> CountedValues:
        """Return the values rounded as little as is necessary."""
        counted, step = self, max(2 * self.step, FINEST_STEP)
        while len(counted.values) > MOST_DISTINCT:
            counted, step = counted.rounded(step), 2 * step
        return counted


def _summed(values: Floats, counts: Integers, step: float) -> CountedValues:
    """Return the counts of values that may occur repeatedly, in any order."""
    if not len(values):
        return CountedValues(values, counts, step)
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    return CountedValues(values[starts], np.add.reduceat(counts, starts), step)
