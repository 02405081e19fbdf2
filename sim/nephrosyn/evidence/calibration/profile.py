"""Approximate profile intervals: how far a fitted parameter can move before the estimates contradict it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nephrosyn.statistics.proportions import NORMAL_QUANTILE

RISE = round(NORMAL_QUANTILE**2, 6)
"""Allowed rise of the sum of squares: the 95% quantile of chi-square with one degree of freedom."""
TRIES = 3
CLOSE = 0.25
"""Relative tolerance of the rise at an end of an interval."""

Floats = NDArray[np.float64]


LEAST = 1e-6
"""Curvature below this counts as zero: the estimates do not determine that direction."""


def spread(jacobian: Floats) -> Floats:
    """Return the covariance of the parameters; large along directions that the estimates do not determine."""
    curvature, directions = np.linalg.eigh(jacobian.T @ jacobian)
    return np.asarray((directions / np.maximum(curvature, LEAST)) @ directions.T)


def profile(
    residuals: Callable[[Floats], Floats], best: Floats, jacobian: Floats, ends: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return an approximate 95% interval of each parameter.

    The other parameters follow along the ridge given by the Jacobian; the rise of the sum of squares along it is
    simulated, not taken from the Jacobian.

    Parameters
    ----------
    residuals : callable
        Function from a point to the distances of the estimates.
    best : ndarray of float, shape (n,)
        Point with the least sum of squares.
    jacobian : ndarray of float, shape (estimates, n)
        Jacobian at that point.
    ends : sequence of (float, float)
        Range of each parameter, on the same scale.

    Returns
    -------
    list of (float, float)
        Ends of each interval; an end of the range where the estimates do not bound the parameter.
    """
    covariance = spread(jacobian)
    base = float(residuals(best) @ residuals(best))
    limits = np.array(ends)

    def rise(place: int, far: float) -> float:
        ridge = covariance[:, place] / math.sqrt(max(covariance[place, place], 1e-12))
        moved = np.clip(best + far * ridge, limits[:, 0], limits[:, 1])
        distances = residuals(moved)
        return float(distances @ distances) - base

    def end(place: int, sign: float) -> float:
        deviation = math.sqrt(max(covariance[place, place], 1e-12))
        far = sign * math.sqrt(RISE)
        for _ in range(TRIES):
            up = rise(place, far)
            if abs(up - RISE) < CLOSE * RISE:
                break
            # The rise grows about with the square of the distance; change it by at most a factor of two at once.
            far *= min(max(math.sqrt(RISE / max(up, 1e-3)), 0.5), 2.0)
        return float(np.clip(best[place] + far * deviation, *limits[place]))

    return [(end(place, -1.0), end(place, 1.0)) for place in range(len(best))]
