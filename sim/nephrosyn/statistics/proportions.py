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


def wilson_interval(count: float, total: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval of a share whose count need not be whole, as of a published percentage.

    Parameters
    ----------
    count, total : float
        Patients with the property, and all patients.
    level : float
        Confidence level; 0.95 by default.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(145, 166)]
    [0.814, 0.916]
    """
    # scipy's binomtest would take 2 ms for a p-value that is not needed
    quantile = NORMAL_QUANTILE if level == LEVEL else NormalDist().inv_cdf((1 + level) / 2)
    share, weight = count / total, quantile**2 / total
    middle = share + weight / 2
    half = math.sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    return low if count else 0.0, high if count < total else 1.0


def newcombe_interval(
    count: int, total: int, rest_count: int, rest_total: int, level: float = LEVEL
) -> tuple[float, float]:
    """Return Newcombe's interval of the difference of the shares of two groups of patients.

    The square-and-add method of R. G. Newcombe (Statistics in Medicine 1998;17:873, method 10), from Wilson's interval
    of each share.

    Parameters
    ----------
    count, total : int
        Patients with the property, and all patients, in the first group.
    rest_count, rest_total : int
        The same in the second group.
    level : float
        Confidence level; 0.95 by default.

    Examples
    --------
    >>> [round(end, 4) for end in newcombe_interval(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    first, second = count / total, rest_count / rest_total
    low, high = wilson_interval(count, total, level)
    rest_low, rest_high = wilson_interval(rest_count, rest_total, level)
    difference = first - second
    return (
        difference - math.hypot(first - low, rest_high - second),
        difference + math.hypot(high - first, second - rest_low),
    )
