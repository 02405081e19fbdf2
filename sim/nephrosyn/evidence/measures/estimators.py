"""Estimators with standard errors: shares, means, quantiles, survival and rates.

Each takes a frame with one row for each person counted and returns the number that the study would have reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.statistics.proportions import NORMAL_QUANTILE


@dataclass(frozen=True)
class Estimate:
    """A number, its standard error, and the number of people counted; nan where there are none."""

    value: float
    error: float
    people: int

    @property
    def low(self) -> float:
        """Lower end of the 95% interval."""
        return self.value - NORMAL_QUANTILE * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95% interval."""
        return self.value + NORMAL_QUANTILE * self.error


NOBODY = Estimate(math.nan, math.nan, 0)
Statistic = Callable[[pl.DataFrame], Estimate]


def share(rows: pl.DataFrame) -> Estimate:
    """Share of people with ``yes``.

    The standard error is that of a share with one half added to either count, so that it is positive at 0 and 1.

    Examples
    --------
    >>> share(pl.DataFrame({"yes": [True, False, False, False]})).value
    0.25
    """
    n = rows.height
    if not n:
        return NOBODY
    count = int(rows["yes"].sum())
    near = (count + 0.5) / (n + 1)
    return Estimate(count / n, math.sqrt(near * (1 - near) / n), n)


def mean(rows: pl.DataFrame) -> Estimate:
    """Mean of ``value``.

    Examples
    --------
    >>> mean(pl.DataFrame({"value": [1.0, 3.0]}))
    Estimate(value=2.0, error=1.0, people=2)
    """
    values = rows["value"].to_numpy().astype(float)
    if len(values) < 2:
        return NOBODY
    return Estimate(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))), len(values))


def quantile(p: float) -> Statistic:
    """Return an estimator of a quantile of ``value``.

    Whole days count as spread evenly over the day (the quantile of grouped data), so that the quantile changes
    whenever their shares change. The standard error is a quarter of the distance between the order statistics two
    standard errors of the rank below and above.
    """

    def of(rows: pl.DataFrame) -> Estimate:
        values = spread_ties(np.sort(rows["value"].to_numpy().astype(float)))
        n = len(values)
        if n < 2:
            return NOBODY
        half = 2 * math.sqrt(p * (1 - p) / n)
        low, middle, high = np.quantile(values, [max(p - half, 0.0), p, min(p + half, 1.0)])
        return Estimate(float(middle), float(high - low) / 4, n)

    return of


def spread_ties(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread equal whole numbers evenly over the unit around them; leave other numbers unchanged.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Sorted.

    Examples
    --------
    >>> spread_ties(np.array([7.0, 9.0, 9.0]))
    array([7.  , 8.75, 9.25])
    """
    if not np.array_equal(values, np.round(values)):
        return values
    _, first, count = np.unique(values, return_index=True, return_counts=True)
    place = np.arange(len(values)) - np.repeat(first, count)
    return np.asarray(values - 0.5 + (place + 0.5) / np.repeat(count, count))


def free_at(days: float) -> Statistic:
    """Return a Kaplan-Meier estimator of the share free of an event after some days.

    Rows have ``days`` (to the event or to the end of follow-up) and ``happened``. Standard error by Greenwood.
    """

    def of(rows: pl.DataFrame) -> Estimate:
        times, happened = rows["days"].to_numpy().astype(float), rows["happened"].to_numpy()
        n = len(times)
        if not n:
            return NOBODY
        # An event and an end on the same day: the event comes first.
        order = np.lexsort((~happened, times))
        times, happened = times[order], happened[order]
        at_risk = n - np.arange(n)
        here = happened & (times <= days)
        left = at_risk[here]
        free = float(np.prod(1.0 - 1.0 / left))
        spread = float(np.sum(1.0 / (left * np.maximum(left - 1, 1))))
        return Estimate(free, max(free * math.sqrt(spread), 0.5 / n), n)

    return of


def happened_by(days: float) -> Statistic:
    """Return a Kaplan-Meier estimator of the share with an event within some days."""
    free = free_at(days)

    def of(rows: pl.DataFrame) -> Estimate:
        complement = free(rows)
        return Estimate(1.0 - complement.value, complement.error, complement.people)

    return of


def rate(rows: pl.DataFrame) -> Estimate:
    """Events per person-year, from ``events`` and ``years``; the standard error allows for heterogeneity of people.

    Examples
    --------
    >>> rate(pl.DataFrame({"events": [0, 2], "years": [1.0, 1.0]})).value
    1.0
    """
    events, years = rows["events"].to_numpy().astype(float), rows["years"].to_numpy().astype(float)
    total = float(years.sum())
    if total <= 0:
        return NOBODY
    value = float(events.sum()) / total
    # The sum of squared residuals, at least that of a single event.
    squares = max(float(((events - value * years) ** 2).sum()), 1.0)
    return Estimate(value, math.sqrt(squares) / total, rows.height)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Difference of two arms, treated as independent: too wide if both arms are the same simulated people."""
    return Estimate(first.value - second.value, math.hypot(first.error, second.error), first.people + second.people)


def ratio(first: Estimate, second: Estimate) -> Estimate:
    """Ratio of two arms, treated as independent: too wide if both arms are the same simulated people."""
    if not (second.value and first.value):
        return NOBODY
    value = first.value / second.value
    relative = math.hypot(first.error / first.value, second.error / second.value)
    return Estimate(value, abs(value) * relative, first.people + second.people)
