"""An emulator of one simulated estimate: a Gaussian process with a linear trend over the free parameters.

All cohorts have the same seed, so a simulated estimate is a nearly smooth function of the parameters; what is not
smooth (a patient more or less who counts) is a nugget. Range and size of the deviations from the trend are those of
greatest restricted likelihood [1]_.

References
----------
.. [1] Santner TJ, Williams BJ, Notz WI. The design and analysis of computer experiments. 2nd ed. Springer, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHORTEST, LONGEST = 0.03, 10.0
"""Limits of the correlation length, in parts of the range of a parameter."""
SMALLEST_NUGGET, LARGEST_NUGGET = 1e-6, 1.0
"""Limits of the nugget, in parts of the variance of the smooth deviations."""
USUAL_LENGTH, USUAL_SPREAD = 0.7, 1.0
"""Mean and standard deviation of the logarithm of a correlation length before any simulation."""


@dataclass(frozen=True)
class Emulator:
    """A fitted emulator.

    Attributes
    ----------
    points : ndarray of float, shape (n, d)
        Simulated points, in parts of the range of each parameter.
    lengths : ndarray of float, shape (d,)
        Correlation length of each parameter.
    nugget : float
        Variance that is not smooth, in parts of `variance`.
    variance : float
        Variance of the smooth deviations from the trend.
    """

    points: Floats
    lengths: Floats
    nugget: float
    variance: float
    _trend: Floats
    _weights: Floats
    _inverse: Floats
    _of_trend: Floats
    _inverse_of_trend: Floats

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the mean and the variance of the smooth function at some points.

        Parameters
        ----------
        points : ndarray of float, shape (m, d)
            In parts of the range of each parameter.

        Returns
        -------
        mean, variance : ndarray of float, shape (m,)
            The variance is without the nugget.
        """
        near, trend = _correlation(points, self.points, self.lengths), _basis(points)
        mean = trend @ self._trend + near @ self._weights
        explained = np.einsum("ij,jk,ik->i", near, self._inverse, near, optimize=True)
        rest = trend - near @ self._of_trend
        of_trend = np.einsum("ij,jk,ik->i", rest, self._inverse_of_trend, rest, optimize=True)
        return mean, self.variance * np.maximum(1.0 - explained + of_trend, 0.0)


def fit(points: Floats, values: Floats, tolerance: Floats | float = 0.0) -> Emulator:
    """Fit an emulator.

    Parameters
    ----------
    points : ndarray of float, shape (n, d)
        Simulated points, in parts of the range of each parameter; n is at least d + 3.
    values : ndarray of float, shape (n,)
        The simulated estimate at each.
    tolerance : ndarray of float, shape (n,), or float
        Further variance of each value, in parts of the variance of all values: how exactly it must be met.

    Examples
    --------
    >>> points = np.linspace(0.0, 1.0, 9)[:, None]
    >>> mean, variance = fit(points, np.sin(3.0 * points[:, 0])).predict(np.array([[0.4]]))
    >>> bool(abs(mean[0] - np.sin(1.2)) < 0.001), bool(variance[0] < 1e-4)
    (True, True)
    """
    from scipy.optimize import minimize

    dimensions = points.shape[1]
    limits = [(np.log(SHORTEST), np.log(LONGEST))] * dimensions + [(np.log(SMALLEST_NUGGET), np.log(LARGEST_NUGGET))]
    starts = [
        np.r_[np.full(dimensions, np.log(length)), np.log(nugget)] for length, nugget in ((0.7, 1e-3), (0.25, 1e-2))
    ]
    slack = np.broadcast_to(tolerance, len(points)) + 1e-9
    arguments = (points, values, slack, (points[:, None, :] - points[None, :, :]) ** 2)
    tries = [minimize(_loss, start, arguments, jac=True, method="L-BFGS-B", bounds=limits) for start in starts]
    best = min(tries, key=lambda one: float(one.fun))
    return _fitted(points, values, slack, np.exp(best.x[:-1]), float(np.exp(best.x[-1])))


def _basis(points: Floats) -> Floats:
    return np.hstack([np.ones((len(points), 1)), points])


def _correlation(first: Floats, second: Floats, lengths: Floats) -> Floats:
    one, two = first / lengths, second / lengths
    squares = (one**2).sum(1)[:, None] + (two**2).sum(1)[None, :] - 2.0 * one @ two.T
    return np.asarray(np.exp(-0.5 * np.maximum(squares, 0.0)))


def _loss(
    log_parameters: Floats, points: Floats, values: Floats, slack: Floats, squares: Floats
) -> tuple[float, Floats]:
    """Return the negative logarithm of the restricted likelihood, with a weak prior on the lengths, and its gradient.

    The last parameter is the nugget, those before are the lengths.
    """
    lengths, nugget = np.exp(log_parameters[:-1]), float(np.exp(log_parameters[-1]))
    scaled = squares / lengths**2
    smooth = np.exp(-0.5 * scaled.sum(-1))
    matrix, basis = smooth + np.diag(nugget + slack), _basis(points)
    inverse = np.linalg.inv(matrix)
    of_trend = inverse @ basis
    inner = basis.T @ of_trend
    rest = inverse - of_trend @ np.linalg.solve(inner, of_trend.T)
    weights = rest @ values
    free, size = len(points) - basis.shape[1], max(float(values @ weights), 1e-12 * len(points))
    away = (log_parameters[:-1] - np.log(USUAL_LENGTH)) / USUAL_SPREAD
    loss = 0.5 * (free * np.log(size / free) + np.linalg.slogdet(matrix)[1] + np.linalg.slogdet(inner)[1])
    slope = 0.5 * (rest - free / size * np.outer(weights, weights))
    gradient = [*np.einsum("ij,ijk->k", slope * smooth, scaled), nugget * np.trace(slope)]
    return float(loss + (away**2).sum() / 2.0), np.asarray(gradient) + np.r_[away / USUAL_SPREAD, 0.0]


def _fitted(points: Floats, values: Floats, slack: Floats, lengths: Floats, nugget: float) -> Emulator:
    matrix = _correlation(points, points, lengths) + np.diag(nugget + slack)
    inverse, basis = np.asarray(np.linalg.inv(matrix), np.float64), _basis(points)
    of_trend = inverse @ basis
    inverse_of_trend = np.asarray(np.linalg.inv(basis.T @ of_trend), np.float64)
    trend = inverse_of_trend @ (of_trend.T @ values)
    rest = values - basis @ trend
    weights = inverse @ rest
    variance = max(float(rest @ weights), 1e-12 * len(points)) / (len(points) - basis.shape[1])
    return Emulator(points, lengths, nugget, variance, trend, weights, inverse, of_trend, inverse_of_trend)
