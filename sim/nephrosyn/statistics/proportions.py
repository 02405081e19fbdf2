"""Proportions with Wilson intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from nephrosyn.statistics.between_replicates import LEVEL

NORMAL_QUANTILE = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True)
class Share:
    """A count out of a total, with its share and 95% Wilson interval (all ``nan`` when the total is 0)."""

    count: int
    total: int
    share: float
    low: float
    high: float


def wilson(count: int, total: int) -> Share:
    """Return a share with its 95% Wilson score interval.

    Parameters
    ----------
    count : int
        Number of patients with the property, from 0 to ``total``.
    total : int
        Number of patients.

    Returns
    -------
    Share
        Fractions; ``nan`` if ``total`` is 0.

    Raises
    ------
    ValueError
        If ``count`` is negative or above ``total``.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, J Am Stat Assoc 22
    (1927) 209-212.

    Examples
    --------
    >>> third = wilson(100, 300)
    >>> round(third.low, 4), round(third.high, 4)
    (0.2824, 0.3885)
    """
    if not 0 <= count <= total:
        raise ValueError(f"count must lie between 0 and {total}, got {count}")
    if total == 0:
        return Share(0, 0, math.nan, math.nan, math.nan)
    return Share(count, total, count / total, *wilson_interval(count, total))


def wilson_interval(count: float, total: float) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share whose count need not be whole, as of a published percentage.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(145, 166)]
    [0.814, 0.916]
    """
    # scipy's binomtest would take 2 ms for a p-value that is not needed
    share, weight = count / total, NORMAL_QUANTILE**2 / total
    middle = share + weight / 2
    half = math.sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    return low if count else 0.0, high if count < total else 1.0
