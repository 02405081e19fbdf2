"""Intervals of published estimates, for papers that give only counts, quartiles or standard deviations."""

from __future__ import annotations

import math

from nephrosyn.statistics.proportions import NORMAL_QUANTILE

# The normal scores of the quartiles lie 1.349 apart; a sample quantile of a normal sample of n has the standard error
# sqrt(p (1 - p) / n) / density, which is 1.2533 sd / sqrt(n) at the median and 1.3626 sd / sqrt(n) at a quartile.
QUARTILES_APART = 1.3489795
ERROR_OF_MEDIAN, ERROR_OF_QUARTILE = 1.2533141, 1.3626266


def poisson(events: float, years: float) -> tuple[float, float]:
    """Return the exact 95% interval of a rate per year.

    Examples
    --------
    >>> [round(end, 2) for end in poisson(10, 10)]
    [0.48, 1.84]
    """
    from scipy.stats import chi2

    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return float(low / years), float(chi2.ppf(0.975, 2 * events + 2) / 2 / years)


def lognormal(value: float, lower: float, upper: float, people: float, *, median: bool) -> tuple[float, float]:
    """Return the 95% interval of a median or quartile of lognormal times, from published quartiles.

    Parameters
    ----------
    value : float
        The median or quartile.
    lower, upper : float
        The published quartiles.
    people : float
        Number of patients.
    median : bool
        True if ``value`` is the median, False if it is a quartile.

    Examples
    --------
    >>> [round(end, 1) for end in lognormal(8.5, 6, 12, 68, median=True)]
    [7.3, 9.9]
    """
    spread = math.log(upper / lower) / QUARTILES_APART
    half = NORMAL_QUANTILE * (ERROR_OF_MEDIAN if median else ERROR_OF_QUARTILE) * spread / math.sqrt(people)
    return value * math.exp(-half), value * math.exp(half)


def normal(value: float, sd: float, people: float) -> tuple[float, float]:
    """Return the 95% interval of a mean, from the standard deviation.

    Examples
    --------
    >>> [round(end, 2) for end in normal(10, 5, 100)]
    [9.02, 10.98]
    """
    half = NORMAL_QUANTILE * sd / math.sqrt(people)
    return value - half, value + half
