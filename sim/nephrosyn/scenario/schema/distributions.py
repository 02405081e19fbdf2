"""Distributions of a scenario: those of scipy.stats, and a fixed value."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.errors import nearest, number_text
from nephrosyn.scenario.schema.distribution_ranges import DISTRIBUTIONS, FIXED, LOCATION_AND_SCALE
from nephrosyn.scenario.schema.limits import MOSTLY, is_too_small
from nephrosyn.scenario.schema.special_distributions import special_distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.units import Distribution

TAIL = 1e-9
"""Probabilities are clipped to this distance from 0 and 1: once in a thousand million draws."""
SMALLEST_PART = 0.01
"""Smallest share of a distribution that a truncation may leave."""
LONGEST_TAIL = 1000.0
"""Largest allowed ratio of the largest quantile to the limit `Bounds.mostly`."""


def _distribution(name: str, parameters: Mapping[str, float]) -> Any:
    """Return a distribution with methods ``ppf`` and ``cdf``: that of scipy.stats, imported only for uncommon ones."""
    is_common = name != "truncnorm" or parameters["a"] < 0.0 < parameters["b"]
    return (special_distribution(name) if is_common else None) or _scipy_distribution(name)


def _scipy_distribution(name: str) -> Any:
    from scipy import stats

    return getattr(stats, name)


def quantiles(distribution: Distribution, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of a distribution.

    Parameters
    ----------
    distribution : Distribution
        A checked distribution.
    probabilities : float array, any shape, in (0, 1)
        Where to evaluate the quantile function; clipped to 1e-9 and 1 - 1e-9.

    Returns
    -------
    float array, shape of `probabilities`, unit of the distribution
        The quantiles.

    Examples
    --------
    >>> from nephrosyn.scenario.schema.units import Distribution
    >>> quantiles(Distribution(dist="expon", scale=2.0), np.array([0.5])).round(3)
    array([1.386])
    """
    probabilities = np.clip(np.asarray(probabilities, dtype=np.float64), TAIL, 1.0 - TAIL)
    if distribution.dist == FIXED:
        return np.full(probabilities.shape, distribution.parameters["value"])
    standard = _distribution(distribution.dist, distribution.parameters)
    return np.asarray(standard.ppf(probabilities, **distribution.parameters), dtype=np.float64)


def quantiles_between(
    distribution: Distribution, low: float | NDArray[np.float64], high: float, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the quantiles of a distribution truncated to a range.

    Parameters
    ----------
    distribution : Distribution
        A checked distribution.
    low : float or float array of the shape of `probabilities`, unit of the distribution
        Lower end of the range.
    high : float, unit of the distribution
        Upper end of the range.
    probabilities : float array, any shape, in (0, 1)
        Where to evaluate the quantile function of the truncated distribution.

    Returns
    -------
    float array, shape of `probabilities`, unit of the distribution
        The quantiles, all within the range.

    Examples
    --------
    >>> from nephrosyn.scenario.schema.units import Distribution
    >>> quantiles_between(Distribution(dist="uniform", loc=0.0, scale=10.0), 2.0, 4.0, np.array([0.5]))
    array([3.])
    """
    if distribution.dist == FIXED:
        return np.clip(quantiles(distribution, probabilities), low, high)
    lows, places = np.unique(low, return_inverse=True)
    *belows, above = probabilities_below(distribution, np.array([*lows, high]))
    below = np.array(belows)[places.reshape(np.shape(low))]
    return np.clip(quantiles(distribution, below + (above - below) * np.asarray(probabilities)), low, high)


def probabilities_below(distribution: Distribution, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of smaller values.

    Parameters
    ----------
    distribution : Distribution
        A checked distribution.
    values : ndarray of float64, any shape, unit of the distribution
        Where to evaluate the distribution function.

    Returns
    -------
    ndarray of float64, shape of `values`
        The probabilities.

    Examples
    --------
    >>> from nephrosyn.scenario.schema.units import Distribution
    >>> probabilities_below(Distribution(dist="uniform", loc=0.0, scale=10.0), np.array([2.0, 4.0]))
    array([0.2, 0.4])
    """
    if distribution.dist == FIXED:
        return np.asarray(np.asarray(values) >= distribution.parameters["value"], np.float64)
    standard = _distribution(distribution.dist, distribution.parameters)
    return np.asarray(standard.cdf(values, **distribution.parameters), np.float64)


def mean(distribution: Distribution) -> float:
    """Return the mean of a distribution by scipy.stats; infinite or nan where it does not exist.

    Parameters
    ----------
    distribution : Distribution
        A checked distribution.

    Returns
    -------
    float, unit of the distribution
        The mean.

    Examples
    --------
    >>> from nephrosyn.scenario.schema.units import Distribution
    >>> mean(Distribution(dist="gamma", a=2.0, scale=3.0))
    6.0
    """
    return (
        distribution.parameters["value"]
        if distribution.dist == FIXED
        else float(_scipy_distribution(distribution.dist).mean(**distribution.parameters))
    )


@dataclass(frozen=True)
class Bounds:
    """Bounds of the values of a distribution.

    Attributes
    ----------
    least, most : float or None
        Range of all values.
    mostly : float or None
        Limit of all but one value in a thousand; the largest may exceed it by a factor of `LONGEST_TAIL`.
    within : tuple of float or None
        Range to which the distribution is truncated; at least `SMALLEST_PART` of it must lie there.
    """

    least: float | None = None
    most: float | None = None
    mostly: float | None = None
    within: tuple[float, float] | None = None


ANYWHERE = Bounds()


def distribution_problem(
    name: str, parameters: Mapping[str, float], bounds: Bounds = ANYWHERE
) -> tuple[str, str, str] | None:
    """Return what is wrong with a distribution.

    Parameters
    ----------
    name : str
        Name of the distribution.
    parameters : mapping of str to float
        Its keyword arguments.
    bounds : Bounds
        Bounds of its values.

    Returns
    -------
    tuple of str, shape (3,), or None
        What was expected, what was found, the nearest valid name; None if nothing is wrong.

    Examples
    --------
    >>> distribution_problem("expon", {"scale": 2.0}) is None
    True
    >>> distribution_problem("norm", {"loc": 1.0, "scale": 1.0}, Bounds(least=0.0))[1]
    'norm with values down to -5'
    """
    if name not in DISTRIBUTIONS:
        like = nearest(name, DISTRIBUTIONS)
        known = "" if like else f": {', '.join(DISTRIBUTIONS)}"
        return f"a supported distribution of scipy.stats, or fixed{known}", f'"{name}"', like
    wrong = _wrong_names(name, parameters) or _out_of_range(name, parameters)
    if wrong:
        return wrong
    ends = _ends(name, tuple(parameters.items()))
    if ends is None:
        return f"parameters that {name} can have", _listed(parameters), ""
    if bounds.within is not None:
        return _too_little_within(name, parameters, bounds.within)
    return _out_of_bounds(name, ends, bounds)


def _too_little_within(
    name: str, parameters: Mapping[str, float], within: tuple[float, float]
) -> tuple[str, str, str] | None:
    share = _share_within(name, parameters, within)
    start, end = map(number_text, within)
    actual = f"{name} with {100 * share:.2g}% of its values there"
    return None if share >= SMALLEST_PART else (f"values from {start} to {end}", actual, "")


def _out_of_bounds(name: str, ends: tuple[float, float, float], bounds: Bounds) -> tuple[str, str, str] | None:
    low, late, high = ends
    if bounds.least is not None and low < bounds.least:
        return f"values of at least {number_text(bounds.least)}", f"{name} with values down to {low:.3g}", ""
    if bounds.most is not None and high > bounds.most:
        return f"values of at most {number_text(bounds.most)}", f"{name} with values up to {high:.3g}", ""
    if bounds.mostly is not None and (late > bounds.mostly or high > LONGEST_TAIL * bounds.mostly):
        far = f"{late:.3g} once in 1,000 draws, and up to {high:.3g}"
        return f"values of at most {number_text(bounds.mostly)}", f"{name} with values of {far}", ""
    return None


def lowest(distribution: Mapping[str, Any]) -> float | None:
    """Return the smallest value of a distribution as written in a file, or None if it is invalid.

    Examples
    --------
    >>> lowest({"dist": "uniform", "loc": 2.0, "scale": 1.0})
    2.000000001
    """
    parameters = {key: float(value) for key, value in distribution.items() if key != "dist"}
    if distribution_problem(distribution["dist"], parameters):
        return None
    ends = _ends(distribution["dist"], tuple(parameters.items()))
    return ends[0] if ends else None


def _wrong_names(name: str, parameters: Mapping[str, float]) -> tuple[str, str, str] | None:
    allowed = list(DISTRIBUTIONS[name])
    needed = [key for key in allowed if key not in LOCATION_AND_SCALE]
    takes = f"the parameters of {name}: {', '.join(allowed)}"
    unknown = [key for key in parameters if key not in allowed]
    if unknown:
        return takes, f"unknown {', '.join(unknown)}", ", ".join(difflib.get_close_matches(unknown[0], allowed, n=1))
    missing = [key for key in needed if key not in parameters]
    if missing:
        return takes, f"no {', '.join(missing)}", ""
    return None


def _out_of_range(name: str, parameters: Mapping[str, float]) -> tuple[str, str, str] | None:
    """Return the problem of the first parameter outside its range."""
    for key, value in parameters.items():
        least, most = DISTRIBUTIONS[name][key]
        if not least <= value <= most or is_too_small(value):
            zero = "0 or " if least <= 0.0 and is_too_small(value) else ""
            return f"{zero}{key} from {number_text(least)} to {number_text(most)} in {name}", _listed(parameters), ""
    return None


@lru_cache(maxsize=1024)
def _ends(name: str, items: tuple[tuple[str, float], ...]) -> tuple[float, float, float] | None:
    """Return the smallest, the 99.9% and the largest quantile, or None if the parameters are invalid."""
    parameters = dict(items)
    if name == FIXED:
        return parameters["value"], parameters["value"], parameters["value"]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            low, early, late, high = _distribution(name, parameters).ppf(
                [TAIL, 1 - MOSTLY, MOSTLY, 1 - TAIL], **parameters
            )
        except (ArithmeticError, ValueError, RuntimeError, TypeError):
            return None
    if not np.all(np.isfinite([low, early, late, high])):
        return None
    return float(low), float(late), float(high)


def _share_within(name: str, parameters: Mapping[str, float], within: tuple[float, float]) -> float:
    if name == FIXED:
        return float(within[0] <= parameters["value"] <= within[1])
    with np.errstate(all="ignore"):
        low, high = _distribution(name, parameters).cdf(within, **parameters)
    return float(high - low)


def _listed(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{key} = {number_text(value)}" for key, value in parameters.items()) or "none"
