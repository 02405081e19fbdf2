"""Tests of paired answers: exact McNemar, and Holm's adjustment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of the exact McNemar test, from the counts of discordant pairs.

    Examples
    --------
    >>> mcnemar(0, 0)
    1.0
    """
    from scipy.stats import binomtest

    total = only_first + only_second
    return float(binomtest(only_first, total, 0.5).pvalue) if total else 1.0


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's step-down method.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(values, kind="stable")
    scaled = [min(1.0, float(values[place]) * (len(values) - rank)) for rank, place in enumerate(order)]
    running = np.maximum.accumulate(np.array(scaled, np.float64))
    adjusted = np.empty(len(values))
    for place, value in zip(order, running, strict=True):
        adjusted[place] = value
    return [float(value) for value in adjusted]
