"""What is known of an uncertain number: a distribution with a quantile function.

It comes from counts (`Beta`, `Dirichlet` for the parts of a whole), from an interval (`Normal`, on a scale of its
own), from a range (`Uniform`) or from a table of draws (`Drawn`). scipy.special is imported on first use.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from nephrosyn.kernels.special_functions import special_functions

JEFFREYS = 0.5
"""Added to each count: Jeffreys' prior of a share, and of the parts of a whole."""
LOW, HIGH = 0.025, 0.975
"""Ends of a 95% interval."""
_SCORE = 1.959963984540054

Scale = Literal["number", "logarithm", "logit"]


@dataclass(frozen=True)
class Beta:
    """A share known from counts: the posterior under Jeffreys' prior.

    Attributes
    ----------
    met, of : float
        Those counted, and those among whom they were counted.

    Examples
    --------
    >>> law = Beta(104, 328)
    >>> round(law.quantile(0.025), 3), round(law.quantile(0.975), 3)
    (0.268, 0.369)
    """

    met: float
    of: float

    def quantile(self, probability: float) -> float:
        """Return the value below which the share lies with a probability."""
        betaincinv = special_functions().betaincinv

        return float(betaincinv(self.met + JEFFREYS, self.of - self.met + JEFFREYS, probability))

    def probability_below(self, value: float) -> float:
        """Return the probability that the share is below a value."""
        betainc = special_functions().betainc

        return float(betainc(self.met + JEFFREYS, self.of - self.met + JEFFREYS, min(max(value, 0.0), 1.0)))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval; it begins at 0 where none was counted, and ends at 1 where all were."""
        low = self.quantile(LOW) if self.met > 0 else 0.0
        return low, self.quantile(HIGH) if self.met < self.of else 1.0

    def __str__(self) -> str:
        return f"{self.met:g} of {self.of:g}"


@dataclass(frozen=True)
class Normal:
    """A number known from a 95% interval: normal on a scale, with the value of the scenario as its median.

    Each half has a spread of its own, so that both ends and the median are as stated. Where the median is midway on the
    scale, this is the normal, lognormal or logit-normal distribution.

    Attributes
    ----------
    low, median, high : float
        The interval and the median, in the unit of the number.
    scale : {"number", "logarithm", "logit"}
        The scale on which it is normal.

    Examples
    --------
    >>> law = Normal(2.0, 4.0, 16.0, "logarithm")
    >>> [round(law.quantile(probability), 9) for probability in (0.025, 0.5, 0.975)]
    [2.0, 4.0, 16.0]
    """

    low: float
    median: float
    high: float
    scale: Scale

    def quantile(self, probability: float) -> float:
        """Return the value below which the number lies with a probability."""
        ndtri = special_functions().ndtri

        score = float(ndtri(probability))
        middle = _to(self.scale, self.median)
        end = _to(self.scale, self.low if score < 0.0 else self.high)
        return _back(self.scale, middle + abs(score) / _SCORE * (end - middle))

    def probability_below(self, value: float) -> float:
        """Return the probability that the number is below a value."""
        ndtr = special_functions().ndtr

        if self.scale != "number" and value <= 0.0:
            return 0.0
        if self.scale == "logit" and value >= 1.0:
            return 1.0
        away = _to(self.scale, value) - _to(self.scale, self.median)
        half = abs(_to(self.scale, self.low if away < 0.0 else self.high) - _to(self.scale, self.median))
        return float(ndtr(away / half * _SCORE)) if half > 0.0 else 0.5 + math.copysign(0.5, away)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval."""
        return self.low, self.high

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g} (95%)"


@dataclass(frozen=True)
class Uniform:
    """A number of which only a range is assumed.

    Attributes
    ----------
    low, high : float
        The range, in the unit of the number.

    Examples
    --------
    >>> Uniform(2.0, 4.0).quantile(0.25)
    2.5
    """

    low: float
    high: float

    def quantile(self, probability: float) -> float:
        """Return the value below which the number lies with a probability."""
        return self.low + probability * (self.high - self.low)

    def probability_below(self, value: float) -> float:
        """Return the probability that the number is below a value."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def interval(self) -> tuple[float, float]:
        """The whole range."""
        return self.low, self.high

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g} (range)"


@dataclass(frozen=True)
class Drawn:
    """A number known by draws from its posterior: a column of a table in which each row is one draw of all its columns.

    Numbers of the same table are drawn together by `in_row`; `quantile` is of this number alone.

    Attributes
    ----------
    table : str
        Name of the table.
    values : tuple of float, shape (rows,)
        The draws, in the unit of the number.

    Examples
    --------
    >>> law = Drawn("made-up", (4.0, 2.0, 3.0, 1.0))
    >>> law.in_row(0.3), law.quantile(0.3)
    (2.0, 1.9)
    """

    table: str
    values: tuple[float, ...]

    @cached_property
    def _sorted(self) -> tuple[float, ...]:
        return tuple(sorted(self.values))

    def in_row(self, probability: float) -> float:
        """Return the draw in the row to which a probability points; equal for all numbers of the table."""
        return self.values[min(int(probability * len(self.values)), len(self.values) - 1)]

    def quantile(self, probability: float) -> float:
        """Return the value below which the number lies with a probability, between draws by interpolation."""
        place = probability * (len(self._sorted) - 1)
        below = min(int(place), len(self._sorted) - 2)
        low, high = self._sorted[below : below + 2]
        return low + (place - below) * (high - low)

    def probability_below(self, value: float) -> float:
        """Return the share of draws below a value."""
        return bisect_left(self._sorted, value) / len(self._sorted)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of this number alone."""
        return self.quantile(LOW), self.quantile(HIGH)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{low:.3g} to {high:.3g} (95%, posterior {self.table})"


@dataclass(frozen=True)
class Dirichlet:
    """The parts of a whole known from counts: the posterior under Jeffreys' prior.

    A part that was not counted and is 0 in the scenario stays 0.

    Attributes
    ----------
    counts : tuple of float
        How many were counted of each part.
    absent : tuple of bool
        Which parts do not occur.

    Examples
    --------
    >>> [round(share, 3) for share in Dirichlet((10, 30, 0), (False, False, True)).shares([0.5, 0.5, 0.5])]
    [0.252, 0.748, 0.0]
    """

    counts: tuple[float, ...]
    absent: tuple[bool, ...]

    def shares(self, probabilities: Sequence[float]) -> list[float]:
        """Return shares that sum to 1, from one probability for each part by the quantiles of gamma distributions."""
        gammaincinv = special_functions().gammaincinv

        parts = [
            0.0 if absent else float(gammaincinv(count + JEFFREYS, probability))
            for count, absent, probability in zip(self.counts, self.absent, probabilities, strict=True)
        ]
        whole = math.fsum(parts)
        return [part / whole for part in parts]

    def part(self, place: int) -> Beta:
        """Return what is known of one part: the other parts are counted together."""
        rest = sum(count + JEFFREYS for count, absent in zip(self.counts, self.absent, strict=True) if not absent)
        count = self.counts[place]
        return Beta(count, rest - 2 * JEFFREYS) if not self.absent[place] else Beta(0.0, rest)

    def __str__(self) -> str:
        return f"{' + '.join(f'{count:g}' for count in self.counts)} counted"


NumberDistribution = Beta | Normal | Uniform | Drawn
"""NumberDistribution of one number."""


def _to(scale: Scale, value: float) -> float:
    if scale == "logarithm":
        return math.log(value)
    return math.log(value / (1.0 - value)) if scale == "logit" else value


def _back(scale: Scale, value: float) -> float:
    if scale == "logarithm":
        return math.exp(value)
    return 1.0 / (1.0 + math.exp(-value)) if scale == "logit" else value
