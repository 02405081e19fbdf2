"""Kaplan-Meier curves with Greenwood intervals."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier curve of one group: event-free fraction with 95% band on a grid of days."""

    group: str
    patients: int
    events: int
    days: Floats
    free: Floats
    low: Floats
    high: Floats
    durations: Floats
    median_days: float

    def at_risk(self, day: float) -> int:
        """Return the number of patients followed and free of the event just before a day."""
        return int(np.count_nonzero(self.durations >= day))

    def at(self, day: float) -> tuple[float, float, float]:
        """Return the event-free fraction at a day with its interval; ``nan`` if nobody is followed that long."""
        if not self.at_risk(day):
            return math.nan, math.nan, math.nan
        place = int(np.searchsorted(self.days, day, side="right")) - 1
        return float(self.free[place]), float(self.low[place]), float(self.high[place])


def kaplan_meier(durations: Floats, happened: Bools, days: Floats, group: str = "") -> Curve:
    """Return the Kaplan-Meier estimate with its 95% log-log band, at given days.

    Parameters
    ----------
    durations : ndarray of float, shape (n,), days
        Time to the event or to the end of follow-up.
    happened : ndarray of bool, shape (n,)
        True for events, False for censored times.
    days : ndarray of float, shape (m,), days
        Days at which to evaluate the curve, ascending from 0.
    group : str
        Name of the group.

    Returns
    -------
    Curve
        Arrays of shape (m,). Where the band is undefined (no event yet, or nobody at risk) it equals the curve.

    References
    ----------
    E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, J Am Stat Assoc 53 (1958) 457-481.

    Examples
    --------
    >>> curve = kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), np.array([0.0, 1.5, 4.0]))
    >>> [round(float(free), 2) for free in curve.free]
    [1.0, 0.67, 0.0]
    """
    from scipy.stats import CensoredData, ecdf

    events = int(np.count_nonzero(happened))
    if not events:
        flat = np.ones_like(days)
        return Curve(group, len(durations), 0, days, flat, flat, flat, durations, math.nan)
    survivor = ecdf(CensoredData(uncensored=durations[happened], right=durations[~happened])).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # the log-log band has no value at 0 and 1
        band = survivor.confidence_interval(confidence_level=0.95, method="log-log")
    free = survivor.evaluate(days)
    low, high = (np.where(np.isnan(side), free, side) for side in (band.low.evaluate(days), band.high.evaluate(days)))
    half = np.flatnonzero(survivor.probabilities <= 0.5)
    median = float(survivor.quantiles[half[0]]) if half.size else math.nan
    return Curve(group, len(durations), events, days, free, low, high, durations, median)
