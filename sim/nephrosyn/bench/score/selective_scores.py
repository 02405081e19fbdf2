"""Scores of a classifier that may leave the least certain patients to somebody else, and its use in decisions.

All functions return functions of the patients' weights, shape (draws, patients), for resampling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OfWeights = Callable[[Array], Array]
COVERAGES = (0.25, 0.5, 0.75, 0.9, 1.0)
"""Shares of patients that are answered."""
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Probabilities of refractory disease from which somebody would treat."""


class RiskCoverage:
    """Errors among the patients whom a classifier is most certain about.

    Parameters
    ----------
    confidence : ndarray, shape (patients,)
        How certain each answer is; patients with the same value are answered together, in no order among themselves.
    wrong : ndarray of bool, shape (patients,)
        Whether each answer is wrong.

    Examples
    --------
    >>> curve = RiskCoverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, False, True, True]))
    >>> curve.error_at(0.5)(np.ones((1, 4))).tolist(), curve.error_at(1.0)(np.ones((1, 4))).tolist()
    ([0.0], [0.5])
    """

    def __init__(self, confidence: Array, wrong: NDArray[np.bool_]) -> None:
        self._order = np.argsort(-confidence, kind="stable")
        self._starts = np.flatnonzero(np.diff(confidence[self._order], prepend=np.nan) != 0)
        self._wrong = wrong[self._order].astype(np.float64)

    def _groups(self, weights: Array) -> tuple[Array, Array]:
        """Return patients and errors of each group of equal confidence, shape (draws, groups)."""
        ordered = weights[:, self._order]
        patients = np.add.reduceat(ordered, self._starts, axis=1)
        return patients, np.add.reduceat(ordered * self._wrong, self._starts, axis=1)

    def error_at(self, coverage: float) -> OfWeights:
        """Return the share of errors among this share of the patients, the most certain ones."""

        def error(weights: Array) -> Array:
            patients, errors = self._groups(weights)
            answered = coverage * patients.sum(axis=1, keepdims=True)
            before = np.cumsum(patients, axis=1) - patients
            with np.errstate(divide="ignore", invalid="ignore"):
                part = np.where(patients > 0, np.clip((answered - before) / patients, 0.0, 1.0), 0.0)
            share: Array = (errors * part).sum(axis=1) / answered[:, 0]
            return share

        return error

    def area(self) -> OfWeights:
        """Return the mean, over all coverages from 0 to 1, of the share of errors among those answered.

        Smaller is better; a classifier whose certainty says nothing has its share of errors.
        """

        def mean_error(weights: Array) -> Array:
            patients, errors = self._groups(weights)
            before = np.cumsum(patients, axis=1) - patients
            wrong_before = np.cumsum(errors, axis=1) - errors
            with np.errstate(divide="ignore", invalid="ignore"):
                rate = np.where(patients > 0, errors / patients, 0.0)
                # within a group errors grow evenly: the integral of (wrong_before + rate (t - before)) / t
                grown = np.where(before > 0, np.log((before + patients) / before), 0.0)
            area: Array = (rate * patients + (wrong_before - rate * before) * grown).sum(axis=1) / patients.sum(axis=1)
            return area

        return mean_error


def net_benefit(probability: Array, positive: NDArray[np.bool_], threshold: float) -> OfWeights:
    """Return the net benefit of treating patients from a probability on.

    True positives among all patients, less the false positives times the odds of the threshold: what a false positive
    costs where somebody treats from this probability on (A. J. Vickers and E. B. Elkin, Medical Decision Making
    2006;26:565).

    Parameters
    ----------
    probability : ndarray, shape (patients,)
        Predicted probability, 0 to 1.
    positive : ndarray of bool, shape (patients,)
        Whether each patient is positive.
    threshold : float
        0 to 1, without 1.

    Examples
    --------
    >>> benefit = net_benefit(np.array([0.1, 0.6, 0.9, 0.7]), np.array([False, False, True, True]), 0.5)
    >>> benefit(np.ones((1, 4))).tolist()
    [0.25]
    """
    gain = np.where(positive, 1.0, -threshold / (1 - threshold)) * (probability >= threshold)

    def benefit(weights: Array) -> Array:
        mean: Array = weights @ gain / weights.sum(axis=1)
        return mean

    return benefit


def benefits(probability: Array, positive: NDArray[np.bool_], thresholds: Sequence[float]) -> dict[float, OfWeights]:
    """Return the net benefit at several thresholds."""
    return {threshold: net_benefit(probability, positive, threshold) for threshold in thresholds}
