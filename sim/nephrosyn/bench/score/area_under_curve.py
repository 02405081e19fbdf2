"""The area under the ROC curve as a function of the patients' weights, for resampling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def area_of_weights(score: Array, positive: NDArray[np.bool_]) -> Callable[[Array], Array]:
    """Return the area under the ROC curve as a function of weights.

    Parameters
    ----------
    score : ndarray, shape (patients,)
        Higher for patients who are more likely positive.
    positive : ndarray of bool, shape (patients,)
        Whether each patient is.

    Returns
    -------
    callable
        Weights, shape (draws, patients), to areas, shape (draws,): the probability that a positive patient has a higher
        score than a negative one, ties counted half; NaN without patients of both kinds.

    Examples
    --------
    >>> area = area_of_weights(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    >>> float(area(np.ones((1, 4)))[0])
    0.75
    """
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    is_positive = positive[order]

    def area(weights: Array) -> Array:
        ordered = weights[:, order]
        hits = np.add.reduceat(ordered * is_positive, starts, axis=1)
        others = np.add.reduceat(ordered * ~is_positive, starts, axis=1)
        below = np.cumsum(others, axis=1) - others / 2
        with np.errstate(invalid="ignore"):
            ratio: Array = (hits * below).sum(axis=1) / (hits.sum(axis=1) * others.sum(axis=1))
        return ratio

    return area


def average_precision_of_weights(score: Array, positive: NDArray[np.bool_]) -> Callable[[Array], Array]:
    """Return the average precision as a function of weights.

    Parameters
    ----------
    score : ndarray, shape (patients,)
        Higher for patients who are more likely positive.
    positive : ndarray of bool, shape (patients,)
        Whether each patient is.

    Returns
    -------
    callable
        Weights, shape (draws, patients), to average precisions, shape (draws,): precision averaged over the positive
        patients, each at the threshold that just calls the patient positive, as in scikit-learn; NaN without a positive
        patient.

    Examples
    --------
    >>> precision = average_precision_of_weights(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    >>> round(float(precision(np.ones((1, 4)))[0]), 4)
    0.8333
    """
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    is_positive = positive[order]

    def precision(weights: Array) -> Array:
        ordered = weights[:, order]
        hits = np.add.reduceat(ordered * is_positive, starts, axis=1)
        called = np.cumsum(np.add.reduceat(ordered, starts, axis=1), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            at_threshold = np.where(called > 0, np.cumsum(hits, axis=1) / called, 0.0)
            mean: Array = (hits * at_threshold).sum(axis=1) / hits.sum(axis=1)
        return mean

    return precision
