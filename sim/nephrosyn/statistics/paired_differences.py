"""Statistics of paired differences: the same patient under two kinds of care."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.statistics.between_replicates import LEVEL

Floats = npt.NDArray[np.float64]
SAME = 1e-9
"""Smaller differences are rounding."""


@dataclass(frozen=True)
class Paired:
    """A paired comparison of one outcome.

    Attributes
    ----------
    patients : int
        Pairs with both values known.
    reference, alternative : float
        Means; for a yes/no outcome, shares; for an outcome per unit of time, sums over the time of all patients.
    difference, low, high : float
        Mean of alternative minus reference, and its 95% interval; nan if there is none.
    lower, same, higher : int
        Patients by the sign of their difference. For a yes/no outcome, lower and higher are the discordant pairs.
    saved_fraction : float
        Share of the variance of the difference that pairing removes; nan if nothing varies.
    residuals : ndarray of float64, shape (all pairs,)
        What each pair adds to the chance of the difference, to first order: 0 for pairs that are left out.
    """

    patients: int
    reference: float
    alternative: float
    difference: float
    low: float
    high: float
    lower: int
    same: int
    higher: int
    saved_fraction: float
    residuals: Floats = field(repr=False, compare=False)

    @property
    def chance(self) -> float:
        """Variance of the difference by the chance of the pairs; nan for fewer than two."""
        if self.patients < 2:
            return math.nan
        return float((self.residuals**2).sum()) * self.patients / (self.patients - 1)

    @property
    def times_more_patients(self) -> float:
        """How many times as many patients unpaired runs need for an equally narrow interval; inf if no pair differs."""
        return math.inf if self.saved_fraction == 1.0 else 1.0 / (1.0 - self.saved_fraction)


def paired(
    reference: Floats, alternative: Floats, *, yes_no: bool = False, times: tuple[Floats, Floats] | None = None
) -> Paired:
    """Compare an outcome of the same patients under two kinds of care.

    Parameters
    ----------
    reference, alternative : ndarray of float64, shape (patients,)
        Values in the same order; a pair with a nan is left out.
    yes_no : bool
        True if the values are 0 and 1. The interval is then Tango's, else Student's t on the differences.
    times : tuple of two ndarray of float64, shape (patients,), optional
        For values per unit of time: the time of each patient in the reference and in the alternative. Means are then
        sums over the sum of times, so that a short course counts for little, and the interval is that of a difference
        of two ratios of sums, by the delta method over pairs.

    Returns
    -------
    Paired
        In the unit of the values.

    References
    ----------
    W. G. Cochran, Sampling techniques, 3rd ed., Wiley 1977, chapter 6 (ratios of sums).

    Examples
    --------
    >>> found = paired(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]))
    >>> found.difference, found.lower, found.same
    (-1.0, 2, 1)

    Twelve a year for a month, and one a year for two years, are three in 25 months:

    >>> years = np.array([1 / 12, 2.0])
    >>> round(paired(np.array([12.0, 1.0]), np.array([0.0, 1.0]), times=(years, years)).reference, 9)
    1.44
    """
    known = ~(np.isnan(reference) | np.isnan(alternative))
    a, b = reference[known], alternative[known]
    d = np.where(np.abs(b - a) <= SAME, 0.0, b - a)
    n, lower, higher = len(d), int((d < 0).sum()), int((d > 0).sum())
    (mean_a, part_a), (mean_b, part_b) = (
        _mean(values, None if times is None else times[side][known]) for side, values in enumerate((a, b))
    )
    if times is None:
        mean = float(d.mean()) if n else math.nan
        parts = d
    else:
        mean = _or_zero(mean_b - mean_a)
        parts = np.where(np.abs(part_b - part_a) <= SAME, 0.0, part_b - part_a) + mean
    low, high = tango(higher, lower, n) if yes_no else t_interval(parts)
    residuals = np.zeros(len(known))
    residuals[known] = (parts - mean) / max(n, 1)
    saved = saved_fraction(part_a, part_b, parts)
    return Paired(n, mean_a, mean_b, mean, low, high, lower, n - lower - higher, higher, saved, residuals)


def _or_zero(difference: float) -> float:
    return 0.0 if abs(difference) <= SAME else difference


def _mean(values: Floats, times: Floats | None) -> tuple[float, Floats]:
    """Return the mean and the values; given times, the ratio of sums and each patient's part of its chance."""
    if not len(values):
        return math.nan, values
    if times is None:
        return float(values.mean()), values
    weights = times / times.mean()
    mean = float((weights * values).mean())
    return mean, weights * (values - mean)


def saved_fraction(a: Floats, b: Floats, d: Floats) -> float:
    """Return the share of the variance that pairing removes: 1 - var(d) / (var(a) + var(b)).

    Below 0 if the two are negatively correlated; nan if nothing varies, or for fewer than two patients.

    Examples
    --------
    >>> saved_fraction(np.array([0.0, 2.0]), np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    1.0
    """
    if len(d) < 2:
        return math.nan
    apart = float(a.var(ddof=1) + b.var(ddof=1))
    return 1.0 - float(d.var(ddof=1)) / apart if apart > 0 else math.nan


def t_interval(differences: Floats) -> tuple[float, float]:
    """Return Student's 95% interval of a mean difference; nan for fewer than two.

    Equal differences give an interval of width 0, because the sample contains no information about their spread.

    Examples
    --------
    >>> [round(end, 3) for end in t_interval(np.array([1.0, 2.0, 3.0]))]
    [-0.484, 4.484]
    """
    stdtrit = special_functions().stdtrit

    n = len(differences)
    if n < 2:
        return math.nan, math.nan
    mean = float(differences.mean())
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * float(differences.std(ddof=1)) / math.sqrt(n)
    return mean - half, mean + half


def tango(gained: int, lost: int, patients: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Tango's score interval of a paired difference of proportions.

    It stays within -1 and 1, and has a positive width even without discordant pairs.

    Parameters
    ----------
    gained, lost : int
        Pairs with the outcome in the alternative only, and in the reference only.
    patients : int
        Number of pairs.
    level : float
        Confidence level.

    Returns
    -------
    tuple of float
        Ends of the interval of (gained - lost) / patients; nan without pairs.

    References
    ----------
    T. Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design, Stat Med 17 (1998) 891-908.

    Examples
    --------
    >>> [round(end, 3) for end in tango(0, 1, 44, level=0.90)]  # section 6.1 of the paper
    [-0.096, 0.037]
    """
    from scipy.optimize import brentq

    ndtri = special_functions().ndtri

    if not patients:
        return math.nan, math.nan
    z, middle, edge = float(ndtri((1 + level) / 2)), (gained - lost) / patients, 1.0 - 1e-12

    def beyond(delta: float, sign: float) -> float:
        score = 0.0 if delta == middle else _score(gained, lost, patients, delta)
        return score - sign * z

    low = -1.0 if middle == -1.0 else brentq(beyond, -edge, middle, args=(1.0,), xtol=1e-12)
    high = 1.0 if middle == 1.0 else brentq(beyond, middle, edge, args=(-1.0,), xtol=1e-12)
    return float(low), float(high)


def _score(gained: int, lost: int, n: int, delta: float) -> float:
    """Tango's statistic: distance of the data from a difference, in standard errors under that difference.

    ``q`` is the most likely share of lost pairs if the difference is ``delta``, the root of a quadratic.
    """
    linear = (2 * n - gained + lost) * delta - gained - lost
    constant = -lost * delta * (1.0 - delta)
    q = (math.sqrt(max(linear * linear - 8 * n * constant, 0.0)) - linear) / (4 * n)
    return (gained - lost - n * delta) / math.sqrt(n * (2 * q + delta * (1.0 - delta)))
