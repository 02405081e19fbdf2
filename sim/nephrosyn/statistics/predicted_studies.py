"""The result of a study, predicted: the expected value is uncertain, and the study counts a sample of patients.

A study's sampling error is binomial for a share, Poisson for a rate, and otherwise normal, on a logarithmic scale for a
ratio. The predicted result is a mixture over values that the expected value may have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nephrosyn.kernels.special_functions import special_functions

Floats = NDArray[np.float64]
HALVINGS = 60
"""Steps of the search for a quantile; the first range is of a few standard errors around all expected values."""
FARTHEST = 8.0
"""Standard errors beyond which no result is expected."""


class Sampling(Protocol):
    """The results of a study around an expected value.

    Attributes
    ----------
    unit : float
        Distance between two possible results; 0 if any number is possible.
    """

    @property
    def unit(self) -> float:
        """Distance between two possible results."""

    def at_most(self, value: float, expected: Floats) -> Floats:
        """Return the probability of a result of at most `value`, for each expected value."""

    def limits(self, expected: Floats) -> tuple[float, float]:
        """Return numbers below and above every result that is to be expected."""


@dataclass(frozen=True)
class Binomial:
    """A share of some people.

    Attributes
    ----------
    people : int
        Their number.

    Examples
    --------
    >>> Binomial(2).at_most(0.5, np.array([0.5])).tolist()
    [0.75]
    """

    people: int

    @property
    def unit(self) -> float:
        """The share of one of them."""
        return 1 / self.people

    def at_most(self, value: float, expected: Floats) -> Floats:
        """Return the probability of a share of at most `value`."""
        bdtr = special_functions().bdtr

        count = round(value * self.people)
        if count < 0:
            return np.zeros(len(expected))
        return np.asarray(bdtr(min(count, self.people), self.people, np.clip(expected, 0.0, 1.0)))

    def limits(self, expected: Floats) -> tuple[float, float]:
        """Return 0 and 1."""
        return 0.0, 1.0

    def __str__(self) -> str:
        return f"binomial, n = {self.people}"


@dataclass(frozen=True)
class Poisson:
    """Events per year in some years.

    Attributes
    ----------
    years : float
        Person-years observed.

    Examples
    --------
    >>> Poisson(10.0).at_most(0.0, np.array([0.2])).round(4).tolist()
    [0.1353]
    """

    years: float

    @property
    def unit(self) -> float:
        """One event, per year."""
        return 1 / self.years

    def at_most(self, value: float, expected: Floats) -> Floats:
        """Return the probability of a rate of at most `value`."""
        pdtr = special_functions().pdtr

        count = round(value * self.years)
        if count < 0:
            return np.zeros(len(expected))
        return np.asarray(pdtr(count, np.maximum(expected, 0.0) * self.years))

    def limits(self, expected: Floats) -> tuple[float, float]:
        """Return 0 and a rate far above all expected ones."""
        events = max(float(expected.max()) * self.years, 0.0)
        return 0.0, (math.ceil(events + FARTHEST * math.sqrt(events)) + 20) / self.years

    def __str__(self) -> str:
        return f"Poisson, {self.years:.4g} years"


@dataclass(frozen=True)
class NormalError:
    """A number with a standard error, normal on its scale.

    Attributes
    ----------
    error : float
        Standard error; of the logarithm of a ratio.
    logarithm : bool
        Whether the scale is logarithmic. Expected values are numbers all the same, not logarithms.

    Examples
    --------
    >>> NormalError(0.5).at_most(1.0, np.array([1.0])).tolist()
    [0.5]
    """

    error: float
    logarithm: bool = False

    @property
    def unit(self) -> float:
        """Any number is possible."""
        return 0.0

    def at_most(self, value: float, expected: Floats) -> Floats:
        """Return the probability of a result of at most `value`."""
        ndtr = special_functions().ndtr

        if not self.logarithm:
            return np.asarray(ndtr((value - expected) / self.error))
        return (
            np.asarray(ndtr((math.log(value) - np.log(expected)) / self.error))
            if value > 0
            else np.zeros(len(expected))
        )

    def limits(self, expected: Floats) -> tuple[float, float]:
        """Return the least and greatest expected value, some standard errors farther out."""
        low, high, away = float(expected.min()), float(expected.max()), FARTHEST * self.error
        return (low * math.exp(-away), high * math.exp(away)) if self.logarithm else (low - away, high + away)

    def __str__(self) -> str:
        return f"{'log' if self.logarithm else ''}normal, standard error {self.error:.3g}"


@dataclass(frozen=True)
class PredictedStudy:
    """The predicted result of a study.

    Attributes
    ----------
    expected : ndarray of float64, shape (values,)
        Values that the expected value may have, each as likely as any other.
    sampling : Sampling
        The results of the study around each.

    Examples
    --------
    >>> study = PredictedStudy(np.array([0.0]), NormalError(1.0))
    >>> [round(end, 2) for end in study.interval(0.95)]
    [-1.96, 1.96]
    """

    expected: Floats
    sampling: Sampling

    def at_most(self, value: float) -> float:
        """Return the probability of a result of at most `value`."""
        return float(np.mean(self.sampling.at_most(value, self.expected)))

    def quantile(self, probability: float) -> float:
        """Return the least result that is reached with a probability."""
        low, high = self.sampling.limits(self.expected)
        if unit := self.sampling.unit:
            return self._whole_quantile(probability, round(low / unit), round(high / unit)) * unit
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.at_most(middle) >= probability else (middle, high)
        return (low + high) / 2

    def _whole_quantile(self, probability: float, low: int, high: int) -> int:
        while low < high:
            middle = (low + high) // 2
            if self.at_most(middle * self.sampling.unit) >= probability:
                high = middle
            else:
                low = middle + 1
        return low

    def interval(self, level: float) -> tuple[float, float]:
        """Return the ends of the central interval that holds the result with at least a probability."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def rank(self, value: float) -> float:
        """Return the probability of a lower result, and half of that of the same (probability integral transform).

        Over many predictions that hold it is uniform, and less spread than that if results are few counts.
        """
        return (self.at_most(value) + self.at_most(value - self.sampling.unit)) / 2

    def holds(self, value: float, level: float) -> bool:
        """Return whether a result lies in the central interval; counts are compared as whole numbers."""
        low, high = self.interval(level)
        if unit := self.sampling.unit:
            return round(low / unit) <= round(value / unit) <= round(high / unit)
        return low <= value <= high
