"""Scores of predicted probabilities on the unperturbed record, with bootstrap intervals over patients.

Areas and average precisions are of one class against all others (one-vs-rest); their mean over classes, `of` ``all``,
includes the classes that somebody has. All other scores are of the probability that the patient is refractory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.area_under_curve import area_of_weights, average_precision_of_weights
from nephrosyn.bench.score.calibration_scores import (
    brier_parts,
    calibration_intercept,
    calibration_slope,
    expected_error,
)
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL, Score, given_probabilities, probability_matrix
from nephrosyn.bench.score.score_table import SCHEMA
from nephrosyn.bench.score.selective_scores import COVERAGES, THRESHOLDS, RiskCoverage, benefits
from nephrosyn.bench.task import YES, Task
from nephrosyn.statistics.bootstrap import RESAMPLES, ends, weights

Array = NDArray[np.float64]
OfWeights = Callable[[Array], Array]
Key = tuple[str, str]
"""Metric, and what it is of."""
METRICS = (
    "auroc",
    "average_precision",
    "expected_calibration_error",
    "calibration_slope",
    "calibration_intercept",
    "brier_refractory",
    "brier_reliability",
    "brier_resolution",
    "brier_uncertainty",
    "area_under_risk_coverage",
    "error_at_coverage",
    "net_benefit",
    "net_benefit_of_treating_all",
)
BIASED = ("expected_calibration_error", "brier_reliability", "brier_resolution")
"""Scores that chance raises: resamples have more of it, so their interval is reflected about the estimate."""


def probability_table(frame: pl.DataFrame, task: Task, seed: int) -> pl.DataFrame:
    """Return the scores of every classifier's probabilities, with the columns of `score_table.SCHEMA`.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    task : Task
        The question.
    seed : int
        Seed of the resamples.
    """
    rows = [
        (str(name), CLEAN, 0, 0, ALL, ALL, row.metric, row.of, row.n, row.value, row.low, row.high, None)
        for (name,), part in frame.filter(perturbation=CLEAN)
        .partition_by("classifier", as_dict=True, maintain_order=True)
        .items()
        for row in probability_scores(part, task, seed)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def probability_scores(part: pl.DataFrame, task: Task, seed: int, resamples: int = RESAMPLES) -> Iterator[Score]:
    """Yield the scores of one classifier's probabilities, each with a 95% interval.

    Parameters
    ----------
    part : polars.DataFrame
        Answers of the classifier on the unperturbed record, as in `bench.answers.Answers.frame`.
    task : Task
        The question.
    seed, resamples : int
        Seed and number of the resamples.

    Yields
    ------
    Score
        Of the scored patients for whom probabilities were given; nothing if there are none.
    """
    given = given_probabilities(part, task).sort("patient")
    if not given.height:
        return
    functions = _functions(given, task)
    values = {key: float(score[0]) for key, score in functions(np.ones((1, given.height))).items()}
    drawn: dict[Key, list[Array]] = {key: [] for key in values}
    for some in weights(given.height, resamples, seed):
        for key, score in functions(some).items():
            drawn[key].append(score)
    for (metric, of), value in values.items():
        low, high = (float(end[0]) for end in ends(np.concatenate(drawn[metric, of])[:, None]))
        if metric in BIASED:
            low, high = max(2 * value - high, 0.0), max(2 * value - low, 0.0)
        if low == high:  # the same in every resample, which says nothing
            low = high = np.nan
        yield Score(metric, of, given.height, *(end if np.isfinite(end) else None for end in (value, low, high)))


def _functions(given: pl.DataFrame, task: Task) -> Callable[[Array], dict[Key, Array]]:
    """Return all scores as one function of the patients' weights."""
    matrix, names = probability_matrix(given, task), task.valid_answers
    right = given["reference"].cast(pl.String).to_numpy()
    positive = np.isin(right, task.refractory_answers)
    probability = matrix[:, [place for place, name in enumerate(names) if name in task.refractory_answers]].sum(axis=1)
    probability = np.clip(probability, 0.0, 1.0)
    wrong = given.select(pl.col("reference").cast(pl.String) != pl.col("predicted").cast(pl.String)).to_series()
    parts = brier_parts(probability, positive)
    single = {
        **_of_classes(matrix, right, task, positive, probability),
        ("expected_calibration_error", YES): expected_error(probability, positive),
        ("calibration_slope", YES): calibration_slope(probability, positive),
        ("calibration_intercept", YES): calibration_intercept(probability, positive),
        **_of_coverage(matrix.max(axis=1), wrong.to_numpy()),
        **_of_decisions(probability, positive),
    }

    def scores(drawn: Array) -> dict[Key, Array]:
        listed = {key: function(drawn) for key, function in single.items()}
        of_brier = {
            (f"{name}_refractory" if name == "brier" else name, YES): values for name, values in parts(drawn).items()
        }
        return {**listed, **of_brier, **_means(listed)}

    return scores


def _of_classes(
    matrix: Array, right: NDArray[np.str_], task: Task, positive: NDArray[np.bool_], probability: Array
) -> Mapping[Key, OfWeights]:
    """Return the ranking scores of refractory disease, and of every class that somebody has."""
    sought = {YES: (probability, positive)}
    if task.target == "category":
        for place, name in enumerate(task.valid_answers):
            if name in task.classes and (right == name).any():
                sought[name] = (matrix[:, place], right == name)
    return {
        (metric, name): function(score, has)
        for name, (score, has) in sought.items()
        for metric, function in (("auroc", area_of_weights), ("average_precision", average_precision_of_weights))
    }


def _means(listed: Mapping[Key, Array]) -> dict[Key, Array]:
    """Return the means over classes of the ranking scores, where classes are asked for."""
    means = {}
    for metric in ("auroc", "average_precision"):
        of_classes = [values for (name, of), values in listed.items() if name == metric and of != YES]
        if of_classes:
            means[metric, ALL] = np.mean(of_classes, axis=0)
    return means


def _of_coverage(confidence: Array, wrong: NDArray[np.bool_]) -> Mapping[Key, OfWeights]:
    curve = RiskCoverage(confidence, wrong)
    at = {("error_at_coverage", f"{coverage:g}"): curve.error_at(coverage) for coverage in COVERAGES}
    return {("area_under_risk_coverage", ALL): curve.area(), **at}


def _of_decisions(probability: Array, positive: NDArray[np.bool_]) -> Mapping[Key, OfWeights]:
    treated = benefits(probability, positive, THRESHOLDS)
    everybody = benefits(np.ones_like(probability), positive, THRESHOLDS)
    return {
        **{("net_benefit", f"{threshold:g}"): function for threshold, function in treated.items()},
        **{("net_benefit_of_treating_all", f"{threshold:g}"): function for threshold, function in everybody.items()},
    }
