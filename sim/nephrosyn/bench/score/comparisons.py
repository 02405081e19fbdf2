"""Comparisons of classifiers on the same patients: paired bootstrap, exact McNemar test, Holm adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.task import ABSTAINED, FAILED, scored
from nephrosyn.statistics.bootstrap import RESAMPLES, bootstrap_mean
from nephrosyn.statistics.paired_tests import holm, mcnemar


@dataclass(frozen=True)
class Difference:
    """Difference of two classifiers on the same patients.

    Attributes
    ----------
    first, second : str
        Classifiers.
    where : str
        ``none``, the unperturbed record, or ``all``, the mean over perturbed conditions.
    n : int
        Patients.
    both_answered : int
        Patients for whom both gave an answer every time, neither an abstention nor a failure.
    value, low, high : float
        Difference of accuracy with its 95% bootstrap interval; a wrong answer, an abstention and a failure count
        alike.
    only_first, only_second : int or None
        Patients for whom only this one was right; None where there is more than one answer per patient.
    p_value, adjusted : float or None
        Exact two-sided McNemar test, and adjusted by Holm over all pairs.
    """

    first: str
    second: str
    where: str
    n: int
    both_answered: int
    value: float
    low: float
    high: float
    only_first: int | None = None
    only_second: int | None = None
    p_value: float | None = None
    adjusted: float | None = None


def compare(frame: pl.DataFrame, seed: int, resamples: int = RESAMPLES) -> list[Difference]:
    """Compare every pair of classifiers, on the unperturbed record and over all perturbed conditions.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    seed, resamples : int
        Seed and number of the bootstrap resamples.

    Returns
    -------
    list of Difference
        Of the patients with a right answer. Over perturbed records each patient counts by the mean over all of them;
        there is none where conditions differ in their patients, as in a bench that only shifts the cohort.
    """
    silent = pl.col("predicted").cast(pl.String).is_in([ABSTAINED, FAILED])
    right = frame.filter(scored()).with_columns(
        right=(pl.col("reference") == pl.col("predicted")).cast(pl.Float64), answered=(~silent).cast(pl.Float64)
    )
    names = frame["classifier"].cast(pl.String).unique(maintain_order=True).to_list()
    pairs = list(combinations(names, 2))
    differences: list[Difference] = []
    for where, rows in (
        (CLEAN, right.filter(perturbation=CLEAN)),
        ("all", counted(right)),
    ):
        if pairs and rows.group_by("patient").len()["len"].n_unique() == 1:
            values, answered = (_by_patient(rows, names, column) for column in ("right", "answered"))
            differences += _pairs(values, answered == 1.0, names, pairs, where, seed, resamples)
    return _adjusted(differences)


def _by_patient(rows: pl.DataFrame, names: Sequence[str], column: str) -> NDArray[np.float64]:
    """Return the mean of a column over the records of each patient, shape (patients, classifiers)."""
    means = rows.group_by("patient", "classifier").agg(pl.col(column).mean())
    wide = means.with_columns(pl.col("classifier").cast(pl.String)).pivot("classifier", index="patient", values=column)
    return wide.sort("patient").select(names).to_numpy().astype(np.float64)


def _pairs(
    values: NDArray[np.float64],
    answered: NDArray[np.bool_],
    names: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    where: str,
    seed: int,
    resamples: int,
) -> list[Difference]:
    place = {name: k for k, name in enumerate(names)}
    differences = np.column_stack([values[:, place[a]] - values[:, place[b]] for a, b in pairs])
    low, high = bootstrap_mean(differences, resamples, seed)
    compared = []
    for k, (first, second) in enumerate(pairs):
        column = differences[:, k]
        both = int((answered[:, place[first]] & answered[:, place[second]]).sum())
        base = (first, second, where, len(column), both, float(column.mean()), float(low[k]), float(high[k]))
        if where == CLEAN:
            only_first, only_second = int((column > 0).sum()), int((column < 0).sum())
            compared.append(Difference(*base, only_first, only_second, mcnemar(only_first, only_second)))
        else:
            compared.append(Difference(*base))
    return compared


def _adjusted(differences: list[Difference]) -> list[Difference]:
    """Adjust the p-values by Holm over all tests."""
    values = iter(holm([difference.p_value for difference in differences if difference.p_value is not None]))
    return [
        difference if difference.p_value is None else replace(difference, adjusted=next(values))
        for difference in differences
    ]
