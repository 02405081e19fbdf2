"""The search for the least sum of squares, with derivatives by finite differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 0.12
"""Finite-difference step on the fitting scale (log or log-odds): large compared with the noise of coupled cohorts."""
USUAL_ROUNDS, ROUNDS = 4, 30
"""Rounds that most searches take, and the most; a search that needs more has not converged."""

Floats = NDArray[np.float64]
Residuals = Callable[[Floats], Floats]
"""From a point to the distances of the estimates."""


def expected_rounds(parameters: int) -> int:
    """Return approximately how many points a search simulates."""
    return USUAL_ROUNDS * (parameters + 1)


@dataclass(frozen=True)
class Minimum:
    """A point with the least sum of squares near it.

    Attributes
    ----------
    point : ndarray of float, shape (d,)
        The point.
    jacobian : ndarray of float, shape (estimates, d)
        Derivatives of the distances there.
    squares : float
        The sum of squares.
    converged : bool
        Whether the search ended by itself, and not because its rounds ran out.
    """

    point: Floats
    jacobian: Floats
    squares: float
    converged: bool


def search(residuals: Residuals, ends: Floats, start: Floats) -> Minimum:
    """Return the point with the least sum of squares that is found from a start.

    Parameters
    ----------
    residuals : callable
        Function from a point to the distances of the estimates.
    ends : ndarray of float, shape (d, 2)
        The range of each parameter.
    start : ndarray of float, shape (d,)
        Where to begin.
    """
    from scipy.optimize import least_squares

    inside = np.clip(start, ends[:, 0] + 1e-6, ends[:, 1] - 1e-6)

    def jacobian(point: Floats) -> Floats:
        return slopes(residuals, point, residuals(point), ends)

    solution = least_squares(
        residuals, inside, jac=jacobian, bounds=ends.T, ftol=5e-3, xtol=5e-3, gtol=1e-3, max_nfev=ROUNDS
    )
    point, slopes_there = np.asarray(solution.x), np.asarray(solution.jac)
    return Minimum(point, slopes_there, 2.0 * float(solution.cost), bool(solution.status > 0))


def slopes(residuals: Residuals, point: Floats, here: Floats, ends: Floats) -> Floats:
    """Return the Jacobian by one step in each parameter, backwards where a step forwards would leave the range."""
    columns = []
    for place in range(len(point)):
        step = STEP if point[place] + STEP <= ends[place, 1] else -STEP
        there = point.copy()
        there[place] += step
        columns.append((residuals(there) - here) / step)
    return np.array(columns).T
