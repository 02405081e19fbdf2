"""The laws a scenario may name: those of scipy.stats, and a fixed value."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn.scenario.errors import nearest, number_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.kinds import Distribution

FIXED = "fixed"
PLACED = ("loc", "scale")
TAIL = 1e-9
SMALLEST_PART = 0.01


@cache
def _laws() -> dict[str, Any]:
    """Return the continuous laws of scipy.stats by name; importing it takes half a second, so only here."""
    from scipy import stats

    return {name: law for name in dir(stats) if isinstance(law := getattr(stats, name), stats.rv_continuous)}


def quantiles(law: Distribution, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of a law.

    Parameters
    ----------
    law : Distribution
        A checked law.
    probabilities : float array, any shape, in (0, 1)
        Where to evaluate the quantile function.

    Returns
    -------
    float array, shape of `probabilities`, unit of the law
        The quantiles.

    Examples
    --------
    >>> from nephrosyn.scenario.kinds import Distribution
    >>> quantiles(Distribution(dist="expon", scale=2.0), np.array([0.5])).round(3)
    array([1.386])
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if law.dist == FIXED:
        return np.full(probabilities.shape, law.parameters["value"])
    return np.asarray(_laws()[law.dist].ppf(probabilities, **law.parameters), dtype=np.float64)


def quantiles_between(
    law: Distribution, low: float, high: float, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the quantiles of a law truncated to a range.

    Parameters
    ----------
    law : Distribution
        A checked law.
    low, high : float, unit of the law
        The range.
    probabilities : float array, any shape, in (0, 1)
        Where to evaluate the quantile function of the truncated law.

    Returns
    -------
    float array, shape of `probabilities`, unit of the law
        The quantiles, all within the range.

    Examples
    --------
    >>> from nephrosyn.scenario.kinds import Distribution
    >>> quantiles_between(Distribution(dist="uniform", loc=0.0, scale=10.0), 2.0, 4.0, np.array([0.5]))
    array([3.])
    """
    if law.dist == FIXED:
        return np.clip(quantiles(law, probabilities), low, high)
    below, above = _laws()[law.dist].cdf([low, high], **law.parameters)
    return np.clip(quantiles(law, below + (above - below) * np.asarray(probabilities)), low, high)


def mean(law: Distribution) -> float:
    """Return the mean of a law, as scipy.stats states it; infinite or nan where the law has none.

    Parameters
    ----------
    law : Distribution
        A checked law.

    Returns
    -------
    float, unit of the law
        The mean.

    Examples
    --------
    >>> from nephrosyn.scenario.kinds import Distribution
    >>> mean(Distribution(dist="gamma", a=2.0, scale=3.0))
    6.0
    """
    return law.parameters["value"] if law.dist == FIXED else float(_laws()[law.dist].mean(**law.parameters))


@dataclass(frozen=True)
class Bounds:
    """Where a law's values must lie.

    Attributes
    ----------
    least, most : float or None
        Range its values must keep to.
    above : float or None
        What every value must exceed.
    within : tuple of float or None
        Range the law is cut to; a hundredth of it at least must lie there.
    """

    least: float | None = None
    above: float | None = None
    most: float | None = None
    within: tuple[float, float] | None = None


ANYWHERE = Bounds()


def complaint(name: str, parameters: Mapping[str, float], bounds: Bounds = ANYWHERE) -> tuple[str, str, str] | None:
    """Say what is wrong with a law.

    Parameters
    ----------
    name : str
        Name of the law.
    parameters : mapping of str to float
        Its keyword arguments.
    bounds : Bounds
        Where its values must lie.

    Returns
    -------
    tuple of str, shape (3,), or None
        What was expected, what was found, the nearest valid name; None if nothing is wrong.

    Examples
    --------
    >>> complaint("expon", {"scale": 2.0}) is None
    True
    >>> complaint("norm", {"loc": 1.0, "scale": 1.0}, Bounds(least=0.0))[1]
    'norm with values down to -5'
    """
    if name != FIXED and name not in _laws():
        return "a law of scipy.stats, or fixed", f'"{name}"', nearest(name, [*_laws(), FIXED])
    wrong = _wrong_names(name, parameters)
    if wrong:
        return wrong
    ends = _ends(name, tuple(parameters.items()))
    if ends is None:
        return f"parameters that {name} can have", _listed(parameters), ""
    low, high = ends
    if bounds.within is not None:
        share = _share_within(name, parameters, bounds.within)
        found = f"{name} with {100 * share:.2g}% of its values there"
        start, end = map(number_text, bounds.within)
        return None if share >= SMALLEST_PART else (f"values from {start} to {end}", found, "")
    if bounds.least is not None and low < bounds.least:
        return f"values of at least {number_text(bounds.least)}", f"{name} with values down to {low:.3g}", ""
    if bounds.above is not None and low <= bounds.above:
        return f"values above {number_text(bounds.above)}", f"{name} with values down to {low:.3g}", ""
    if bounds.most is not None and high > bounds.most:
        return f"values of at most {number_text(bounds.most)}", f"{name} with values up to {high:.3g}", ""
    return None


def _wrong_names(name: str, parameters: Mapping[str, float]) -> tuple[str, str, str] | None:
    needed, allowed = ["value"], ["value"]
    if name != FIXED:
        shapes = _laws()[name].shapes
        needed = [part.strip() for part in shapes.split(",")] if shapes else []
        allowed = [*needed, *PLACED]
    takes = f"the parameters of {name}: {', '.join(allowed)}"
    unknown = [key for key in parameters if key not in allowed]
    if unknown:
        return takes, f"unknown {', '.join(unknown)}", ", ".join(difflib.get_close_matches(unknown[0], allowed, n=1))
    missing = [key for key in needed if key not in parameters]
    if missing:
        return takes, f"no {', '.join(missing)}", ""
    return None


@lru_cache(maxsize=1024)
def _ends(name: str, items: tuple[tuple[str, float], ...]) -> tuple[float, float] | None:
    """Return the smallest and largest value worth a thought, or None if the parameters make no law."""
    parameters = dict(items)
    if name == FIXED:
        return parameters["value"], parameters["value"]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            low, early, late, high = _laws()[name](**parameters).ppf([TAIL, 0.001, 0.999, 1 - TAIL])
        except (ArithmeticError, ValueError, RuntimeError, TypeError):
            return None
    if not (np.isfinite(early) and np.isfinite(late)) or np.isnan(low) or np.isnan(high):
        return None
    return float(low), float(high)


def _share_within(name: str, parameters: Mapping[str, float], within: tuple[float, float]) -> float:
    if name == FIXED:
        return float(within[0] <= parameters["value"] <= within[1])
    with np.errstate(all="ignore"):
        low, high = _laws()[name](**parameters).cdf(within)
    return float(high - low)


def _listed(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{key} = {number_text(value)}" for key, value in parameters.items()) or "none"
