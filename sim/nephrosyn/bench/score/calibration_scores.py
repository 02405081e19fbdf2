"""Calibration of a probability as functions of the patients' weights, for resampling.

All functions take weights of shape (draws, patients) and return values of shape (draws,), NaN where not defined.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OfWeights = Callable[[Array], Array]
BINS = 10
"""Bins of equal width, as most reports of calibration error have."""
LEAST_PROBABILITY = 1e-6
"""Probabilities are kept this far from 0 and 1 where their logit is taken."""
MOST_STEPS = 50
TOLERANCE = 1e-9
STEEPEST = 50.0
"""A slope or intercept beyond it has no finite estimate."""
SEPARATED = 1e-6
"""Mean distance from the outcomes below which a fit is perfect: the probabilities separate the patients."""


def bins_of(probability: Array) -> NDArray[np.int64]:
    """Return the bin of each probability, shape (patients,).

    Examples
    --------
    >>> bins_of(np.array([0.0, 0.05, 0.1, 1.0])).tolist()
    [0, 0, 1, 9]
    """
    return np.minimum((probability * BINS).astype(np.int64), BINS - 1)


def _sums_by_bin(probability: Array) -> Callable[[Array], Array]:
    """Return a function from values by patient, shape (draws, patients), to sums by bin, shape (draws, bins)."""
    member = (bins_of(probability)[:, None] == np.arange(BINS)).astype(np.float64)
    return lambda values: values @ member


def expected_error(probability: Array, positive: NDArray[np.bool_]) -> OfWeights:
    """Return the expected calibration error.

    It is the mean distance between predicted probability and observed share over bins of equal width, each weighted by
    its patients. It is positive also for a calibrated classifier, by chance.

    Parameters
    ----------
    probability : ndarray, shape (patients,)
        Predicted probability, 0 to 1.
    positive : ndarray of bool, shape (patients,)
        Whether each patient is positive.

    Examples
    --------
    >>> error = expected_error(np.array([0.2, 0.2, 0.9, 0.9]), np.array([False, True, True, True]))
    >>> round(float(error(np.ones((1, 4)))[0]), 3)
    0.2
    """
    by_bin, distance = _sums_by_bin(probability), probability - positive

    def error(weights: Array) -> Array:
        total: Array = np.abs(by_bin(weights * distance)).sum(axis=1) / weights.sum(axis=1)
        return total

    return error


def brier_parts(probability: Array, positive: NDArray[np.bool_]) -> Callable[[Array], dict[str, Array]]:
    """Return the Brier score of a probability and its parts.

    Murphy's decomposition with the two terms of D. B. Stephenson, C. A. S. Coelho and I. T. Jolliffe (Weather and
    Forecasting 2008;23:752) for probabilities that differ within a bin, so that the score is reliability minus
    resolution plus uncertainty.

    Parameters
    ----------
    probability, positive : ndarray, shape (patients,)
        As for `expected_error`.

    Returns
    -------
    callable
        Weights to `brier`, 0 to 1 (half the sum over both answers); `brier_reliability`, the mean square of the
        distance to the observed share of each bin; `brier_resolution`; and `brier_uncertainty`, that of always naming
        the share of all patients.

    Examples
    --------
    >>> parts = brier_parts(np.array([0.2, 0.2, 0.9, 0.9]), np.array([False, True, True, True]))(np.ones((1, 4)))
    >>> {name: round(float(values[0]), 4) for name, values in parts.items()}
    {'brier': 0.175, 'brier_reliability': 0.05, 'brier_resolution': 0.0625, 'brier_uncertainty': 0.1875}
    """
    by_bin, happened = _sums_by_bin(probability), positive.astype(np.float64)

    def parts(weights: Array) -> dict[str, Array]:
        total = weights.sum(axis=1)
        count, predicted, observed = (
            by_bin(weights), by_bin(weights * probability), by_bin(weights * happened)
        )  # fmt: skip
        share = observed.sum(axis=1) / total
        with np.errstate(divide="ignore", invalid="ignore"):
            reliability = np.nan_to_num((predicted - observed) ** 2 / count).sum(axis=1) / total
        score = (weights @ (probability - happened) ** 2) / total
        uncertainty = share * (1 - share)
        return {
            "brier": score,
            "brier_reliability": reliability,
            "brier_resolution": reliability + uncertainty - score,
            "brier_uncertainty": uncertainty,
        }

    return parts


def logit(probability: Array) -> Array:
    """Return the logarithm of the odds, of probabilities kept away from 0 and 1."""
    inside = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    result: Array = np.log(inside) - np.log1p(-inside)
    return result


def calibration_slope(probability: Array, positive: NDArray[np.bool_]) -> OfWeights:
    """Return the slope of a logistic regression of the outcome on the logit of the probability; 1 is calibrated.

    A slope below 1 means probabilities that are too extreme. By maximum likelihood; NaN where the probabilities
    separate the patients.

    Parameters
    ----------
    probability, positive : ndarray, shape (patients,)
        As for `expected_error`.
    """
    predictor, happened = logit(probability), positive.astype(np.float64)

    def slope(weights: Array) -> Array:
        intercept, steepness = np.zeros(len(weights)), np.ones(len(weights))
        with np.errstate(all="ignore"):
            for _ in range(MOST_STEPS):
                expected = _logistic(intercept[:, None] + steepness[:, None] * predictor)
                residual, spread = weights * (happened - expected), weights * expected * (1 - expected)
                gradient = residual.sum(axis=1), residual @ predictor
                a, b, c = spread.sum(axis=1), spread @ predictor, spread @ predictor**2
                determinant = a * c - b * b
                by_intercept = (c * gradient[0] - b * gradient[1]) / determinant
                by_slope = (a * gradient[1] - b * gradient[0]) / determinant
                intercept, steepness = intercept + _limited(by_intercept), steepness + _limited(by_slope)
                if not (np.abs(by_slope) > TOLERANCE).any():
                    break
            separated = (weights * np.abs(happened - expected)).sum(axis=1) < SEPARATED * weights.sum(axis=1)
        return np.where(separated, np.nan, _finite(steepness, by_slope))

    return slope


def calibration_intercept(probability: Array, positive: NDArray[np.bool_]) -> OfWeights:
    """Return the intercept of a logistic regression in which the logit of the probability has the coefficient 1.

    It is 0 if calibrated in the large; above 0 the probabilities are too low. By maximum likelihood; NaN without
    patients of both kinds.

    Parameters
    ----------
    probability, positive : ndarray, shape (patients,)
        As for `expected_error`.
    """
    predictor, happened = logit(probability), positive.astype(np.float64)

    def intercept(weights: Array) -> Array:
        value = np.zeros(len(weights))
        with np.errstate(all="ignore"):
            for _ in range(MOST_STEPS):
                expected = _logistic(value[:, None] + predictor)
                step = (weights * (happened - expected)).sum(axis=1) / (weights * expected * (1 - expected)).sum(axis=1)
                value = value + _limited(step)
                if not (np.abs(step) > TOLERANCE).any():
                    break
        return _finite(value, step)

    return intercept


def _logistic(value: Array) -> Array:
    result: Array = 1.0 / (1.0 + np.exp(-value))
    return result


def _limited(step: Array) -> Array:
    """Keep a step of Newton's method from going too far."""
    return np.clip(step, -2.0, 2.0)


def _finite(value: Array, step: Array) -> Array:
    """Return values, NaN where the iteration has not settled or has gone away."""
    return np.where((np.abs(step) < 1e-4) & (np.abs(value) < STEEPEST), value, np.nan)
