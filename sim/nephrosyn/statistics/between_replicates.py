"""Variation of a share between replicates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nephrosyn.kernels.special_functions import special_functions

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """Variation of a share between replicates: their number, mean, sd and a 95% t interval of the mean."""

    replicates: int
    mean: float
    sd: float
    low: float
    high: float


def spread(shares: Sequence[float]) -> Spread | None:
    """Return the spread of a share over replicates, or None if there are fewer than two.

    Examples
    --------
    >>> spread([0.3, 0.4]).mean
    0.35
    """
    stdtrit = special_functions().stdtrit

    count = len(shares)
    if count < 2:
        return None
    mean = math.fsum(shares) / count
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in shares) / (count - 1))
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * sd / math.sqrt(count)
    return Spread(count, mean, sd, max(0.0, mean - half), min(1.0, mean + half))
