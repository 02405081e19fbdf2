"""Bootstrap intervals of scores that are not simple shares, by resampling patients.

On the unperturbed record the confusion matrix is resampled, over perturbed records the errors of each patient under
each perturbation. Resamples in which a score is not defined are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.score.metrics import FLIPS, PARTS, flip, squared_errors
from nephrosyn.bench.task import ABSTAINED, FAILED, Task, outcome, scored
from nephrosyn.statistics.bootstrap import RESAMPLES, ends, weights

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Ends of a 95% percentile bootstrap interval."""

    low: float
    high: float


Intervals = dict[tuple[str, str], Interval]
"""By classifier and metric."""
Scores = Callable[[Array], dict[str, Array]]
"""Function of patients' weights, shape (draws, patients), to scores, shape (draws,) or (draws, classifiers)."""


def of_matrices(counts: Array, classes: NDArray[np.bool_] | None = None) -> dict[str, Array]:
    """Return scores of confusion matrices, defined as in scikit-learn.

    Parameters
    ----------
    counts : ndarray, shape (matrices, answers, answers)
        Patients by right answer and given answer, in the same order.
    classes : ndarray of bool, shape (answers,), optional
        The classes that means are taken over; by default those that somebody has.

    Returns
    -------
    dict of str to ndarray, shape (matrices,)
        `balanced_accuracy` and `macro_f1`, means over classes; `mcc` and `kappa`; NaN where not defined, such as means
        over a class that nobody has.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(of_matrices(np.array([[[8.0, 2.0], [1.0, 9.0]]]))["kappa"][0]), 2)
    0.7
    """
    right, given = counts.sum(axis=2), counts.sum(axis=1)
    hits = np.diagonal(counts, axis1=1, axis2=2)
    n = right.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        some = right > 0 if classes is None else np.broadcast_to(classes, right.shape)
        present = some.sum(axis=1)
        recall = np.where(some, hits / right, 0.0).sum(axis=1) / present
        f1 = np.where(some, 2 * hits / np.where(right > 0, right + given, np.nan), 0.0).sum(axis=1) / present
        correct, chance = hits.sum(axis=1), (right * given).sum(axis=1)
        spread = np.sqrt((n**2 - (given**2).sum(axis=1)) * (n**2 - (right**2).sum(axis=1)))
        mcc = np.where(spread > 0, (correct * n - chance) / spread, np.where((right > 0).sum(axis=1) > 1, 0.0, np.nan))
        kappa = (correct * n - chance) / (n**2 - chance)
    return {"balanced_accuracy": recall, "macro_f1": f1, "mcc": mcc, "kappa": kappa}


def clean(frame: pl.DataFrame, task: Task, seed: int, resamples: int = RESAMPLES) -> Intervals:
    """Return intervals of the scores on the unperturbed record that are not simple shares.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    task : Task
        The question.
    seed, resamples : int
        Seed and number of the resamples.
    """
    rows = frame.filter(scored(), perturbation=CLEAN)
    intervals: Intervals = {}
    for (name,), part in rows.partition_by("classifier", as_dict=True, include_key=True).items():
        part = part.sort("patient")
        intervals |= _named([str(name)], _drawn(part.height, clean_scores(part, task), seed, resamples))
    return intervals


def clean_scores(part: pl.DataFrame, task: Task, classes: Sequence[str] | None = None) -> Scores:
    """Return the scores of one classifier on the unperturbed record as a function of the patients' weights.

    Parameters
    ----------
    part : polars.DataFrame
        Its answers for the scored patients, in the order of the weights.
    task : Task
        The question.
    classes : sequence of str, optional
        The classes that means are taken over; by default those that somebody has. A mean is NaN where nobody has one
        of them.
    """
    words = (*task.valid_answers, FAILED)
    code = {name: place for place, name in enumerate(words)}
    right, given = (
        part[column].cast(pl.String).replace_strict(code, return_dtype=pl.Int64).to_numpy()
        for column in ("reference", "predicted")
    )
    cell = right * len(words) + given
    averaged = np.isin(words, classes) if classes is not None else np.bincount(right, minlength=len(words)) > 0
    has_probabilities, squares = squared_errors(part, task)

    def scores(drawn: Array) -> dict[str, Array]:
        counts = np.array([np.bincount(cell, weights=row, minlength=len(words) ** 2) for row in drawn])
        of_counts = of_matrices(counts.reshape(-1, len(words), len(words)), averaged)
        return {**of_counts, "brier": (drawn @ squares) / (drawn @ has_probabilities)}

    return scores


def _drawn(patients: int, scores: Scores, seed: int, resamples: int) -> dict[str, list[Interval | None]]:
    """Return the interval of each column of each score; None where no resample defines it."""
    parts: dict[str, list[Array]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for drawn in weights(patients, resamples, seed):
            for metric, values in scores(drawn).items():
                parts.setdefault(metric, []).append(values.reshape(len(drawn), -1))
    limits = {metric: ends(np.concatenate(chunks)) for metric, chunks in parts.items()}
    return {
        metric: [Interval(float(a), float(b)) if a == a else None for a, b in zip(low, high, strict=True)]
        for metric, (low, high) in limits.items()
    }


def _named(names: Sequence[str], drawn: Mapping[str, list[Interval | None]]) -> Intervals:
    return {
        (name, metric): interval
        for metric, intervals in drawn.items()
        for name, interval in zip(names, intervals, strict=True)
        if interval is not None
    }


PERTURBED = ("accuracy", *PARTS, *FLIPS, "coverage")
"""Metrics that are averaged over perturbed records."""


def perturbed(
    frame: pl.DataFrame, names: Sequence[str], baseline: str, seed: int, resamples: int = RESAMPLES
) -> Intervals:
    """Return intervals of the means over perturbed records, and of the mean corruption error.

    They cover the sampling of patients and, as perturbations draw for each patient alone, that of the perturbations.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    names : sequence of str
        The classifiers.
    baseline : str
        The classifier that corruption errors are relative to.
    seed, resamples : int
        Seed and number of the resamples.

    Returns
    -------
    dict
        By classifier and metric; empty where conditions differ in their patients, as in a bench that only shifts the
        cohort.
    """
    rows = counted(frame.filter(scored()))
    if not same_patients(rows):
        return {}
    scores = perturbed_scores(rows, names, baseline)
    return _named(names, _drawn(rows["patient"].n_unique(), scores, seed, resamples))


def same_patients(rows: pl.DataFrame) -> bool:
    """Return whether there are rows, and each classifier has answers for as many patients under every condition."""
    sizes = rows.group_by("classifier", "perturbation", "severity", "replicate").len()["len"]
    return rows.height > 0 and sizes.n_unique() == 1


def perturbed_scores(rows: pl.DataFrame, names: Sequence[str], baseline: str) -> Scores:
    """Return means over perturbed records as a function of the patients' weights, for all classifiers.

    Parameters
    ----------
    rows : polars.DataFrame
        Answers for scored patients on perturbed records, the same patients under every condition. Weights are in the
        order of the patients' numbers.
    names : sequence of str
        The classifiers.
    baseline : str
        The classifier that corruption errors are relative to.
    """
    by_patient = rows.group_by("patient", "classifier", "perturbation").agg(
        accuracy=(pl.col("reference") == pl.col("predicted")).mean(),
        **{part: (outcome() == part).mean() for part in PARTS},
        **{name: flip(name).mean() for name in FLIPS},
        coverage=(~pl.col("predicted").cast(pl.String).is_in([ABSTAINED, FAILED])).mean(),
    )
    kinds = rows["perturbation"].unique(maintain_order=True).cast(pl.String).to_list()
    shape = (-1, len(names), len(kinds))
    order = by_patient.with_columns(
        pl.col("classifier").cast(pl.String).cast(pl.Enum(list(names))),
        pl.col("perturbation").cast(pl.String).cast(pl.Enum(kinds)),
    ).sort("patient", "classifier", "perturbation")
    table = {metric: order[metric].to_numpy().reshape(shape) for metric in PERTURBED}
    errors = (1.0 - table["accuracy"]).reshape(len(table["accuracy"]), -1)
    means = {metric: values.mean(axis=2) for metric, values in table.items()}
    place = list(names).index(baseline)

    def scores(drawn: Array) -> dict[str, Array]:
        patients = drawn.sum(axis=1, keepdims=True)
        averages = {metric: drawn @ values / patients for metric, values in means.items()}
        wrong = (drawn @ errors).reshape(shape)
        ratio = np.where(wrong[:, place : place + 1] > 0, wrong / wrong[:, place : place + 1], np.nan)
        with warnings.catch_warnings():  # no mean where the baseline is never wrong
            warnings.simplefilter("ignore", RuntimeWarning)
            averages["corruption_error"] = np.nanmean(ratio, axis=2)
        return averages

    return scores
