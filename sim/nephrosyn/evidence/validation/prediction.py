"""Prediction intervals of published estimates: the draws of a setting's numbers, and the size of the study."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.statistics.expected_values import ends, further_values, without_chance
from nephrosyn.statistics.predicted_studies import Binomial, NormalError, Poisson, PredictedStudy, Sampling
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

LEVELS = (0.5, 0.8, 0.95)
"""Levels of the prediction intervals whose coverage is counted; the last is the one that is shown."""
PredictedPlace = Literal["inside", "outside", "nobody"]


@dataclass(frozen=True)
class Prediction:
    """What a study of the published size would have reported, predicted from draws of the setting's numbers.

    Attributes
    ----------
    draws : int
        Number of draws.
    without_patients : int
        Draws in which no patient counts; if there are any, the other numbers are nan.
    low, median, high : float
        95% prediction interval and median.
    expected_low, expected_high : float
        95% interval of the expected value, without the sampling error of the study.
    rank : float
        Probability of a lower result than the published one, and half of that of the same.
    levels : tuple of float
        Those of `LEVELS` whose prediction interval holds the published value.
    sampling : str
        The sampling error of the study, in words.
    """

    draws: int
    without_patients: int
    low: float
    median: float
    high: float
    expected_low: float
    expected_high: float
    rank: float
    levels: tuple[float, ...]
    sampling: str

    @property
    def place(self) -> PredictedPlace:
        """Position of the published value: inside or outside the 95% prediction interval, if there is one."""
        if self.without_patients:
            return "nobody"
        return "inside" if LEVELS[-1] in self.levels else "outside"

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        names = ("low", "median", "high", "expected_low", "expected_high", "rank")
        numbers = {name: getattr(self, name) for name in names}
        return {
            **{name: number if math.isfinite(number) else None for name, number in numbers.items()},
            "place": self.place,
            "levels": list(self.levels),
            "sampling": self.sampling,
            "without_patients": self.without_patients,
        }


@dataclass(frozen=True)
class Coverage:
    """How many published values lie in their prediction interval at one level, with the exact 95% interval."""

    level: float
    inside: int
    of: int
    low: float
    high: float


def predict(published: PublishedEstimate, simulated: Sequence[Estimate]) -> Prediction:
    """Return the prediction of a study's result.

    Parameters
    ----------
    published : PublishedEstimate
        The estimate. Only the size of its study is used, and its value to be compared with the prediction.
    simulated : sequence of Estimate
        Its simulated value in each draw, each draw with patients of its own.
    """
    assert published.value is not None
    sampling = sampling_of(published)
    empty = sum(not math.isfinite(estimate.value + estimate.error) for estimate in simulated)
    if empty:
        nan = math.nan
        return Prediction(len(simulated), empty, nan, nan, nan, nan, nan, nan, (), str(sampling))
    values, errors = (np.array([getattr(estimate, name) for estimate in simulated]) for name in ("value", "error"))
    on_log = published.kind == "ratio"
    if on_log:
        values, errors = np.log(values), errors / values
    further, expected = further_values(values, errors), ends(without_chance(values, errors))
    if on_log:
        further, expected = np.exp(further), (math.exp(expected[0]), math.exp(expected[1]))
    study = PredictedStudy(further, sampling)
    low, high = study.interval(LEVELS[-1])
    levels = tuple(level for level in LEVELS if study.holds(published.value, level))
    rank = study.rank(published.value)
    return Prediction(len(simulated), 0, low, study.quantile(0.5), high, *expected, rank, levels, str(sampling))


def sampling_of(published: PublishedEstimate) -> Sampling:
    """Return the sampling error of a study of the published size.

    A share or rate for which only an interval is published has the number of people or years that gives this interval.
    Means, medians, quartiles and differences have the standard error of the published interval, ratios that of their
    logarithm.

    Examples
    --------
    >>> from nephrosyn.evidence.published.estimates_table import published_estimates
    >>> estimates = {estimate.id: estimate for estimate in published_estimates()}
    >>> [str(sampling_of(estimates[name])) for name in ("A01", "F01.early", "C07.hazard")]
    ['binomial, n = 166', 'Poisson, 142 years', 'lognormal, standard error 0.15']
    """
    assert published.value is not None and published.interval is not None
    low, high = published.interval
    if published.kind == "ratio":
        return NormalError((math.log(high) - math.log(low)) / (2 * NORMAL_QUANTILE), logarithm=True)
    error, middle = (high - low) / (2 * NORMAL_QUANTILE), (low + high) / 2
    stated = published.published_low is None and published.denominator
    if published.kind == "share":
        return Binomial(max(1, round(stated or middle * (1 - middle) / error**2)))
    if published.kind == "rate":
        return Poisson(stated or middle / error**2)
    return NormalError(error)


def coverage(predictions: Iterable[Prediction]) -> list[Coverage]:
    """Return how many published values lie in their prediction interval, at each of `LEVELS`.

    The interval of the share is the exact one of a binomial count. It takes the predictions as independent, which those
    of one study, or from the same numbers, are not.
    """
    known = [prediction for prediction in predictions if prediction.place != "nobody"]
    counts = [(level, sum(level in prediction.levels for prediction in known)) for level in LEVELS]
    return [Coverage(level, inside, len(known), *exact_interval(inside, len(known))) for level, inside in counts]


def exact_interval(count: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson); nan if there is nobody.

    Examples
    --------
    >>> [round(end, 3) for end in exact_interval(19, 20)]
    [0.751, 0.999]
    """
    from scipy.special import betaincinv

    if not total:
        return math.nan, math.nan
    tail = (1 - level) / 2
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return low, high
