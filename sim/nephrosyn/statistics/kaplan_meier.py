"""Kaplan-Meier curves with Greenwood intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephrosyn.statistics.proportions import NORMAL_QUANTILE

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
    events = int(np.count_nonzero(happened))
    if not events:
        flat = np.ones_like(days)
        return Curve(group, len(durations), 0, days, flat, flat, flat, durations, math.nan)
    times, survival, low, high = _steps(durations, happened)
    free, below, above = (_at(times, steps, days) for steps in (survival, low, high))
    half = np.flatnonzero(survival <= 0.5)
    median = float(times[half[0]]) if half.size else math.nan
    return Curve(group, len(durations), events, days, free, below, above, durations, median)


def _steps(durations: Floats, happened: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the times of all events and censorings, and the estimate and its log-log band from each time on."""
    times = np.unique(durations)
    at_risk = len(durations) - np.searchsorted(np.sort(durations), times, side="left")
    died = np.bincount(np.searchsorted(times, durations[happened]), minlength=len(times))
    survival = np.cumprod((at_risk - died) / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):  # the band has no value at 0 and 1
        error = np.sqrt(np.cumsum(died / (at_risk * (at_risk - died))) / np.log(survival) ** 2)
        middle = np.log(-np.log(survival))
        ends = [np.exp(-np.exp(middle + sign * NORMAL_QUANTILE * error)) for sign in (1.0, -1.0)]
    low, high = (np.where(np.isnan(end), survival, end).astype(np.float64) for end in ends)
    return times, survival.astype(np.float64), low, high


def _at(times: Floats, steps: Floats, days: Floats) -> Floats:
    """Return the value of a step function at some days; 1 before its first step."""
    return np.concatenate(([1.0], steps))[np.searchsorted(times, days, side="right")]
