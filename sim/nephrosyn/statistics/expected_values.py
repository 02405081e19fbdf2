"""Expected values from simulated ones: each draw of uncertain numbers is simulated with patients of its own.

The simulated value of a draw differs from its expected value by the chance of its patients, whose standard error is
known. With patients of its own the chance of one draw says nothing of that of another, so the variance of the expected
values is that of the simulated ones less the mean squared error.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.statistics.between_replicates import LEVEL

Floats = NDArray[np.float64]
TAIL = (1 - LEVEL) / 2
FEWEST = 4
"""Least number of draws for a variance of a further one."""
POINTS = 9
"""Points by which the normal kernel around each expected value is represented."""


def without_chance(values: Floats, errors: Floats) -> Floats:
    """Return values moved towards their mean until their variance is that of the expected values.

    Parameters
    ----------
    values, errors : ndarray of float64, shape (draws,)
        Simulated value of each draw, and its standard error.

    Returns
    -------
    ndarray of float64, shape (draws,)
        All equal to the mean if chance explains their variance.

    Examples
    --------
    >>> without_chance(np.array([0.0, 2.0]), np.array([1.0, 1.0])).round(3).tolist()
    [0.293, 1.707]
    """
    total = float(np.var(values, ddof=1))
    return _spread(values, total - float(np.mean(errors**2)), total)


def ends(values: Floats) -> tuple[float, float]:
    """Return the 2.5% and 97.5% quantile; of few values they are the least and the greatest.

    The quantile of k of n values is at k / (n + 1), so that a further value lies outside with the stated probability.

    Examples
    --------
    >>> [round(end, 6) for end in ends(np.arange(1.0, 40.0))]
    [1.0, 39.0]
    """
    low, high = np.quantile(values, [TAIL, 1 - TAIL], method="weibull")
    return float(low), float(high)


def further_values(values: Floats, errors: Floats) -> Floats:
    """Return values that stand for the expected value of a further draw, each as likely as any other.

    The simulated values are moved towards their mean as in `without_chance`, and smoothed by a normal kernel of the
    usual width, with their variance unchanged [1]_, so that a further value may lie beyond all draws. Their variance is
    that of a further value when mean and variance come from these draws (Student's distribution).

    Parameters
    ----------
    values, errors : ndarray of float64, shape (draws,)
        Simulated value of each draw, and its standard error; at least four draws.

    Returns
    -------
    ndarray of float64, shape (9 draws,)
        Values of a further draw.

    References
    ----------
    .. [1] B. W. Silverman, G. A. Young, The bootstrap: to smooth or not to smooth?, Biometrika 74 (1987) 469-479.

    Examples
    --------
    >>> values = np.linspace(0.0, 1.0, 41)
    >>> further = further_values(values, np.zeros(41))
    >>> bool(further.min() < 0.0), round(float(further.mean()), 6)
    (True, 0.5)
    """
    count = len(values)
    total = float(np.var(values, ddof=1))
    of_further = (count - 1) * (count + 1) / (count * (count - 3)) * total
    expected = of_further - float(np.mean(errors**2))
    width = min((4 / (3 * count)) ** 0.2, 1.0)  # of the kernel, in standard deviations
    moved = _spread(values, expected * (1 - width**2), total)
    kernel = width * math.sqrt(max(expected, 0.0)) * _normal_points(POINTS)
    return np.asarray((moved[:, None] + kernel).ravel())


def _spread(values: Floats, variance: float, total: float) -> Floats:
    """Return values with the same mean and another variance, from that of the values (with n - 1)."""
    mean = values.mean()
    factor = math.sqrt(max(variance, 0.0) / total) if total > 0 else 0.0
    return np.asarray(mean + factor * (values - mean))


def _normal_points(count: int) -> Floats:
    """Return equally likely points of a normal distribution, with variance 1."""
    ndtri = special_functions().ndtri

    points = ndtri((np.arange(count) + 0.5) / count)
    return np.asarray(points / points.std())
