"""The common distributions of scipy.stats by the functions of scipy.special alone, with equal bits.

Importing scipy.stats takes a quarter of the time of a small run. A test compares both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.kernels.special_functions import special_functions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpecialDistribution:
    """A distribution with its standard quantile and distribution function.

    Attributes
    ----------
    shapes : tuple of str
        Names of its shape parameters, in order.
    standard_ppf, standard_cdf : callable
        Functions of (values, *shapes) at location 0 and scale 1.
    """

    shapes: tuple[str, ...]
    standard_ppf: Callable[..., Any]
    standard_cdf: Callable[..., Any]

    def ppf(self, probabilities: ArrayLike, *, loc: float = 0.0, scale: float = 1.0, **shapes: float) -> Floats:
        """Return quantiles, as the method of that name in scipy.stats.

        Parameters
        ----------
        probabilities : array_like of float in (0, 1), any shape
            Where to evaluate the quantile function.
        loc, scale : float
            Location and scale.
        **shapes : float
            The shape parameters.

        Returns
        -------
        ndarray of float64, shape of `probabilities`
            The quantiles.
        """
        values = self.standard_ppf(np.asarray(probabilities, np.float64), *self._shapes(shapes))
        return np.asarray(values * scale + loc)

    def cdf(self, values: ArrayLike, *, loc: float = 0.0, scale: float = 1.0, **shapes: float) -> Floats:
        """Return probabilities of smaller values; parameters as in `ppf`."""
        standard = (np.asarray(values, np.float64) - loc) / scale
        return np.asarray(self.standard_cdf(standard, *self._shapes(shapes)))

    def _shapes(self, shapes: dict[str, float]) -> list[np.float64]:
        return [np.float64(shapes[name]) for name in self.shapes]


@cache
def special_distribution(name: str) -> SpecialDistribution | None:
    """Return a distribution by its name in scipy.stats; None if it is not one of the common ones.

    Examples
    --------
    >>> exponential = special_distribution("expon")
    >>> exponential.ppf([0.5], scale=2.0).round(3)
    array([1.386])
    >>> special_distribution("levy") is None
    True
    """
    special = special_functions()

    def positive(values: Floats) -> Floats:
        return np.maximum(values, 0.0)

    known = {
        "norm": SpecialDistribution((), special.ndtri, special.ndtr),
        "uniform": SpecialDistribution((), lambda p: p, lambda values: np.clip(values, 0.0, 1.0)),
        "expon": SpecialDistribution(
            (), lambda p: -special.log1p(-p), lambda values: -special.expm1(-positive(values))
        ),
        "lognorm": SpecialDistribution(("s",), lambda p, spread: np.exp(spread * special.ndtri(p)), _lognormal_cdf),
        "gamma": SpecialDistribution(
            ("a",), lambda p, a: special.gammaincinv(a, p), lambda values, a: special.gammainc(a, positive(values))
        ),
        "beta": SpecialDistribution(
            ("a", "b"),
            lambda p, a, b: special.betaincinv(a, b, p),
            lambda values, a, b: special.betainc(a, b, np.clip(values, 0.0, 1.0)),
        ),
        "truncnorm": SpecialDistribution(("a", "b"), _truncated_normal_ppf, _truncated_normal_cdf),
    }
    return known.get(name)


def _lognormal_cdf(values: Floats, spread: np.float64) -> Any:
    ndtr = special_functions().ndtr

    with np.errstate(divide="ignore"):
        return ndtr(np.log(np.maximum(values, 0.0)) / spread)


def _truncated_normal_ppf(probabilities: Floats, a: np.float64, b: np.float64) -> Any:
    """Quantiles for a < 0 < b: there the mass between the ends has one formula."""
    special = special_functions()

    inside = np.log(probabilities) + special.log1p(-special.ndtr(a) - special.ndtr(-b))
    below = np.broadcast_to(special.log_ndtr(a), inside.shape)
    return special.ndtri_exp(_log_of_sum(below, inside))


def _log_of_sum(first: Floats, second: Floats) -> Floats:
    """Logarithm of the sum of two numbers given by their logarithms, as ``scipy.special.logsumexp`` rounds it."""
    lower, higher = np.minimum(first, second), np.maximum(first, second)
    times = np.where(lower == higher, 2.0, 1.0)
    rest = np.where(lower == higher, 0.0, np.exp(lower - higher))
    return np.asarray(np.log1p(rest) + np.log(times) + higher)


def _truncated_normal_cdf(values: Floats, a: np.float64, b: np.float64) -> Any:
    if np.all((values <= a) | (values >= b)):
        return np.where(values <= a, 0.0, 1.0)
    from scipy.stats import truncnorm

    return truncnorm.cdf(values, a, b)
