"""Smooth regression on some numbers: as curved as the data support, and a constant if they support nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nephrosyn.statistics.drawn_numbers import DrawnNumber, Floats

DEGREE = 4
"""Highest degree of the polynomials of each number."""
PENALTIES = 10.0 ** np.linspace(-3.0, 3.0, 25)
"""Penalties on the scale of the mean squared singular value, from hardly any to nearly a constant."""
NEGLIGIBLE = 1e-9


def polynomials(numbers: Sequence[DrawnNumber]) -> Floats:
    """Return the basis of smooth functions of some numbers, added up.

    Parameters
    ----------
    numbers : sequence of DrawnNumber
        The numbers.

    Returns
    -------
    ndarray of float64, shape (draws, 4 * numbers)
        Legendre polynomials of the ranks of each number up to degree 4, with a weight of 1/degree², so that a penalty
        prefers less curved functions. There are no products of numbers, so interactions are not fitted.

    Examples
    --------
    >>> polynomials([DrawnNumber(np.array([1.0, 5.0]), np.array([0, 0, 1]), 0)]).shape
    (3, 4)
    """
    return np.hstack([_polynomials(number.values)[number.levels] for number in numbers])


class SmoothRegression:
    """Penalised regression on a basis.

    Parameters
    ----------
    basis : ndarray of float64, shape (rows, functions)
        From `polynomials`.

    Notes
    -----
    The penalty on the sum of squared coefficients is chosen for each outcome by its marginal likelihood, from a list
    that ends with a constant.

    References
    ----------
    M. Strong, J. E. Oakley, A. Brennan, Estimating multiparameter partial expected value of perfect information from a
    probabilistic sensitivity analysis sample: a nonparametric regression approach, Med Decis Making 34 (2014) 311-326.
    S. N. Wood, Generalized Additive Models, 2nd ed., CRC Press 2017.

    Examples
    --------
    >>> number = DrawnNumber(np.linspace(-1, 1, 50), np.arange(50), 0)
    >>> fitted = SmoothRegression(polynomials([number])).fitted(number.values[:, None] ** 2)
    >>> fitted.shape, bool(fitted[0, 0] > 0.9), bool(abs(fitted[25, 0]) < 0.1)
    ((50, 1), True, True)
    """

    def __init__(self, basis: Floats) -> None:
        left, singular, _ = np.linalg.svd(basis - basis.mean(axis=0), full_matrices=False)
        positive = singular > NEGLIGIBLE * max(float(singular[0]), NEGLIGIBLE)
        self._left, squares = left[:, positive], singular[positive] ** 2
        self._squares = squares / squares.mean() if squares.size else squares

    def fitted(self, outcomes: Floats) -> Floats:
        """Return the fitted values.

        Parameters
        ----------
        outcomes : ndarray of float64, shape (rows, outcomes)
            Each column is fitted with a penalty of its own.

        Returns
        -------
        ndarray of float64, shape (rows, outcomes)
            Fitted values.
        """
        means = outcomes.mean(axis=0)
        centred = outcomes - means
        coefficients = self._left.T @ centred
        outside = (centred**2).sum(axis=0) - (coefficients**2).sum(axis=0)
        return np.asarray(means + self._left @ (self._shrinkage(coefficients, outside, len(outcomes)) * coefficients))

    def _shrinkage(self, coefficients: Floats, outside: Floats, rows: int) -> Floats:
        """Return by what to multiply the coefficients: where the marginal likelihood is largest, else 0."""
        factors = np.zeros_like(coefficients)
        largest = -(rows - 1) / 2 * _log(outside + (coefficients**2).sum(axis=0))
        for penalty in PENALTIES:
            shrinkage = self._squares / (self._squares + penalty)
            squares = outside + ((1 - shrinkage)[:, None] * coefficients**2).sum(axis=0)
            likelihood = -(rows - 1) / 2 * _log(squares) + np.log(1 - shrinkage).sum() / 2
            better = likelihood > largest
            factors[:, better] = shrinkage[:, None]
            largest = np.where(better, likelihood, largest)
        return factors


def _polynomials(values: Floats) -> Floats:
    """Return weighted Legendre polynomials of the ranks of some values, shape (values, degree)."""
    from numpy.polynomial.legendre import legvander
    from scipy.stats import rankdata

    places = 2 * (rankdata(values) - 0.5) / len(values) - 1
    degrees = np.arange(1, DEGREE + 1)
    return np.asarray(legvander(places, DEGREE)[:, 1:] * np.sqrt(2 * degrees + 1) / degrees**2)


def _log(squares: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(squares, np.finfo(np.float64).tiny)))
