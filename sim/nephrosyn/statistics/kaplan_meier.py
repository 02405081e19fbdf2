"""Kaplan-Meier curves with Greenwood intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephrosyn.statistics.counted_values import CountedValues, Floats
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

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
    durations: CountedValues
    median_days: float

    def at_risk(self, day: float) -> int:
        """Return the number of patients followed and free of the event just before a day."""
        return self.durations.at_least(day)

    @property
    def last_day(self) -> float:
        """Day until which anybody is followed."""
        return float(self.durations.values[-1])

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
    return kaplan_meier_of_counts(
        CountedValues.of(durations[happened]), CountedValues.of(durations[~happened]), days, group
    )


def kaplan_meier_of_counts(events: CountedValues, censored: CountedValues, days: Floats, group: str = "") -> Curve:
    """Return the estimate of `kaplan_meier` from counts of times, which add up over the parts of a cohort.

    Parameters
    ----------
    events, censored : CountedValues, days
        Times to the event, and times to the end of follow-up of patients without the event.
    days : ndarray of float, shape (m,), days
        Days at which to evaluate the curve, ascending from 0.
    group : str
        Name of the group.

    Returns
    -------
    Curve
        Arrays of shape (m,).

    Examples
    --------
    >>> events, censored = CountedValues.of(np.array([1.0, 3.0])), CountedValues.of(np.array([2.0]))
    >>> kaplan_meier_of_counts(events, censored, np.array([0.0, 1.5, 4.0])).median_days
    3.0
    """
    durations = CountedValues.together([events, censored])
    if not events.total:
        flat = np.ones_like(days)
        return Curve(group, durations.total, 0, days, flat, flat, flat, durations, math.nan)
    times, survival, low, high = _steps(durations, events.rounded(durations.step))
    free, below, above = (_at(times, steps, days) for steps in (survival, low, high))
    half = np.flatnonzero(survival <= 0.5)
    median = float(times[half[0]]) if half.size else math.nan
    return Curve(group, durations.total, events.total, days, free, below, above, durations, median)


def _steps(durations: CountedValues, events: CountedValues) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the times of all events and censorings, and the estimate and its log-log band from each time on."""
    times = durations.values
    at_risk = durations.total - np.cumsum(durations.counts) + durations.counts
    died = np.zeros_like(at_risk)
    died[np.searchsorted(times, events.values)] = events.counts
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
