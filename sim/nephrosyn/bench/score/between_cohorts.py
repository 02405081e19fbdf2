"""Accuracy over several training cohorts, with intervals for the patients and for the cohort that was learnt from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.bootstrap_intervals import same_patients
from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.task import scored
from nephrosyn.statistics.between_replicates import LEVEL
from nephrosyn.statistics.bootstrap import bootstrap_mean

Array = NDArray[np.float64]
SCHEMA: dict[str, Any] = {
    "classifier": pl.String,
    "record": pl.String,
    "cohorts": pl.Int32,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "low_patients": pl.Float64,
    "high_patients": pl.Float64,
    "between_cohorts": pl.Float64,
}
"""Accuracy on the ``unperturbed`` record or the mean over ``perturbed`` ones: mean over `cohorts` training cohorts, its
interval, the interval by the tested patients alone, and the standard deviation between training cohorts."""


def between_cohorts(frame: pl.DataFrame, more: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the accuracy of classifiers that learn over training cohorts, with the columns of `SCHEMA`.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers of the bench, as in `bench.answers.Answers.frame`.
    more : polars.DataFrame
        Answers after learning from further cohorts, as in `TrainingCohorts.frame`.
    seed : int
        Seed of the bootstrap.
    """
    if more.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    columns = ["classifier", "perturbation", "severity", "replicate", "patient", "reference", "predicted"]
    texts = [pl.col(name).cast(pl.String) for name in ("classifier", "perturbation", "reference", "predicted")]
    first = frame.select(columns).with_columns(*texts, cohort=pl.lit(0, pl.Int16))
    rows = pl.concat([first, more.select(*columns, "cohort").with_columns(texts)]).filter(scored())
    listed = []
    for (name,), part in rows.partition_by("classifier", as_dict=True, maintain_order=True).items():
        if part["cohort"].n_unique() > 1:
            listed += [(name, *row) for row in _of_classifier(part, seed)]
    return pl.DataFrame(listed, schema=SCHEMA, orient="row")


def _of_classifier(part: pl.DataFrame, seed: int) -> Iterator[tuple[Any, ...]]:
    yield ("unperturbed", *_row(part.filter(perturbation=CLEAN), seed))
    perturbed = counted(part)
    if same_patients(perturbed.drop("classifier").rename({"cohort": "classifier"})):
        yield ("perturbed", *_row(perturbed, seed))


def _row(part: pl.DataFrame, seed: int) -> tuple[Any, ...]:
    """Return cohorts, patients, mean accuracy and its intervals."""
    right = (pl.col("reference") == pl.col("predicted")).mean()
    by_patient = part.group_by("patient", "cohort").agg(right=right).sort("patient", "cohort")
    cohorts = by_patient["cohort"].n_unique()
    table = by_patient["right"].to_numpy().astype(np.float64).reshape(-1, cohorts)
    return cohorts, len(table), *over_cohorts(table, seed)


def over_cohorts(right: Array, seed: int) -> tuple[float, float, float, float, float, float]:
    """Return the mean accuracy over training cohorts, and its intervals.

    The interval joins that of the patients (percentile bootstrap) with Student's interval of the mean over cohorts: the
    distances of the ends from the mean are added as squares (G. Y. Zou and A. Donner, Statistics in Medicine
    2008;27:1693).

    Parameters
    ----------
    right : ndarray, shape (patients, cohorts)
        Share of right answers of each patient after learning from each cohort; at least two cohorts.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    tuple of float
        Mean, low, high, low and high by patients alone, and standard deviation between cohorts without the chance of
        the patients, which is common to all cohorts.

    Examples
    --------
    >>> right = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]] * 25)
    >>> mean, low, high, low_patients, high_patients, spread = over_cohorts(right, 1)
    >>> round(mean, 3), low < low_patients < mean < high_patients < high, round(spread, 3)
    (0.625, True, 0.177)
    """
    from scipy.special import stdtrit

    cohorts = right.shape[1]
    mean = float(right.mean())
    (low,), (high,) = bootstrap_mean(right.mean(axis=1, keepdims=True), seed=seed)
    spread = float(right.mean(axis=0).std(ddof=1))
    reach = float(stdtrit(cohorts - 1, (1 + LEVEL) / 2)) * spread / math.sqrt(cohorts)
    below, above = math.hypot(mean - low, reach), math.hypot(high - mean, reach)
    return mean, max(mean - below, 0.0), min(mean + above, 1.0), float(low), float(high), spread
