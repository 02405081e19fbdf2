"""Statistics of paired differences: the same patient under two kinds of care."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
        Means; for a yes/no outcome, shares.
    difference, low, high : float
        Mean of alternative minus reference, and its 95% interval; nan if there is none.
    lower, same, higher : int
        Patients by the sign of their difference. For a yes/no outcome, lower and higher are the discordant pairs.
    saved_fraction : float
        Share of the variance of the difference that pairing removes; nan if nothing varies.
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

    @property
    def times_more_patients(self) -> float:
        """How many times as many patients unpaired runs need for an equally narrow interval; inf if no pair differs."""
        return math.inf if self.saved_fraction == 1.0 else 1.0 / (1.0 - self.saved_fraction)


def paired(reference: Floats, alternative: Floats, *, yes_no: bool = False) -> Paired:
    """Compare an outcome of the same patients under two kinds of care.

    Parameters
    ----------
    reference, alternative : ndarray of float64, shape (patients,)
        Values in the same order; a pair with a nan is left out.
    yes_no : bool
        True if the values are 0 and 1. The interval is then Tango's, else Student's t on the differences.

    Returns
    -------
    Paired
        In the unit of the values.

    Examples
    --------
    >>> found = paired(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]))
    >>> found.difference, found.lower, found.same
    (-1.0, 2, 1)
    """
    known = ~(np.isnan(reference) | np.isnan(alternative))
    a, b = reference[known], alternative[known]
    d = np.where(np.abs(b - a) <= SAME, 0.0, b - a)
    n, lower, higher = len(d), int((d < 0).sum()), int((d > 0).sum())
    low, high = tango(higher, lower, n) if yes_no else t_interval(d)
    reference_mean, alternative_mean, mean_difference = (
        float(values.mean()) if n else math.nan for values in (a, b, d)
    )
    return Paired(
        n,
        reference_mean,
        alternative_mean,
        mean_difference,
        low,
        high,
        lower,
        n - lower - higher,
        higher,
        saved_fraction(a, b, d),
    )


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
    from scipy.special import stdtrit

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
    from scipy.special import ndtri

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
