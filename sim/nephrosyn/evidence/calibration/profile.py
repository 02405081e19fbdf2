"""How far a fitted number can move before the figures contradict it: an approximate profile of the sum of squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RISE = 3.841459
"""The 95% point of chi-square with one degree of freedom: so much may the sum of squares rise."""
TRIES = 3
CLOSE = 0.25

Floats = NDArray[np.float64]


LEAST = 1e-6
"""Curvature below this is none: the figures leave that direction free, as far as the ranges go."""


def spread(jacobian: Floats) -> Floats:
    """Return the covariance of the numbers, large and never zero along directions that the figures do not fix."""
    curvature, directions = np.linalg.eigh(jacobian.T @ jacobian)
    return np.asarray((directions / np.maximum(curvature, LEAST)) @ directions.T)


def profile(
    residuals: Callable[[Floats], Floats], best: Floats, jacobian: Floats, ends: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return an approximate 95% interval of each number.

    The others follow along the ridge that the Jacobian shows; how far the number may go along it is then simulated,
    not taken from the Jacobian.

    Parameters
    ----------
    residuals : callable
        Distances of the figures at a place of the numbers.
    best : ndarray of float, shape (n,)
        Where the sum of squares is least.
    jacobian : ndarray of float, shape (figures, n)
        Slopes there.
    ends : sequence of (float, float)
        Range of each number.

    Returns
    -------
    list of (float, float)
        Each at an end of its range where the figures do not bound it.
    """
    covariance = spread(jacobian)
    base = float(residuals(best) @ residuals(best))
    limits = np.array(ends)

    def rise(place: int, far: float) -> float:
        ridge = covariance[:, place] / math.sqrt(max(covariance[place, place], 1e-12))
        moved = np.clip(best + far * ridge, limits[:, 0], limits[:, 1])
        found = residuals(moved)
        return float(found @ found) - base

    def end(place: int, sign: float) -> float:
        deviation = math.sqrt(max(covariance[place, place], 1e-12))
        far = sign * math.sqrt(RISE)
        for _ in range(TRIES):
            up = rise(place, far)
            if abs(up - RISE) < CLOSE * RISE:
                break
            # The rise is about a square of the distance; never more than double or halve it at once.
            far *= min(max(math.sqrt(RISE / max(up, 1e-3)), 0.5), 2.0)
        return float(np.clip(best[place] + far * deviation, *limits[place]))

    return [(end(place, -1.0), end(place, 1.0)) for place in range(len(best))]
