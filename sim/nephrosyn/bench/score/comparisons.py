"""Whether one classifier is better than another on the same patients: paired bootstrap, exact McNemar, Holm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.task import ABSTAINED, FAILED, scored
from nephrosyn.statistics.bootstrap import RESAMPLES, bootstrap_mean
from nephrosyn.statistics.paired_tests import holm, mcnemar


@dataclass(frozen=True)
class Difference:
    """One classifier less another on the same patients.

    Attributes
    ----------
    first, second : str
        Classifiers.
    where : str
        ``none``, the clean record, or ``all``, the mean over perturbed conditions.
    n : int
        Patients.
    both_answered : int
        Patients to whom both gave an answer every time, neither an abstention nor a failure.
    value, low, high : float
        Difference of accuracy with its 95% bootstrap interval. Whatever is not right counts alike: a wrong answer, an
        abstention, a failure.
    only_first, only_second : int or None
        Patients of whom only the one was right; None where there is more than one answer a patient.
    p, adjusted : float or None
        Exact McNemar test, two-sided, and after Holm over all pairs.
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
    p: float | None = None
    adjusted: float | None = None


def compare(frame: pl.DataFrame, seed: int, resamples: int = RESAMPLES) -> list[Difference]:
    """Compare every pair of classifiers, on the clean record and over all perturbed conditions.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers.
    seed : int
        Address of the bootstrap's draws.
    resamples : int
        How many.

    Returns
    -------
    list of Difference
        Only patients with a right answer count. Over perturbed records each patient counts by the mean over these,
        every one alike; none where conditions are not about the same patients, as where the cohort is shifted and
        nothing else.
    """
    silent = pl.col("predicted").cast(pl.String).is_in([ABSTAINED, FAILED])
    right = frame.filter(scored()).with_columns(
        right=(pl.col("reference") == pl.col("predicted")).cast(pl.Float64), answered=(~silent).cast(pl.Float64)
    )
    names = frame["classifier"].cast(pl.String).unique(maintain_order=True).to_list()
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    found: list[Difference] = []
    for where, rows in (
        (CLEAN, right.filter(perturbation=CLEAN)),
        ("all", counted(right)),
    ):
        if pairs and rows.group_by("patient").len()["len"].n_unique() == 1:
            values, answered = (_by_patient(rows, names, column) for column in ("right", "answered"))
            found += _pairs(values, answered == 1.0, names, pairs, where, seed, resamples)
    return _adjusted(found)


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
    made = []
    for k, (one, other) in enumerate(pairs):
        column = differences[:, k]
        both = int((answered[:, place[one]] & answered[:, place[other]]).sum())
        base = (one, other, where, len(column), both, float(column.mean()), float(low[k]), float(high[k]))
        if where == CLEAN:
            b, c = int((column > 0).sum()), int((column < 0).sum())
            made.append(Difference(*base, b, c, mcnemar(b, c)))
        else:
            made.append(Difference(*base))
    return made


def _adjusted(found: list[Difference]) -> list[Difference]:
    from dataclasses import replace

    tested = [one for one in found if one.p is not None]
    values = dict(zip(map(id, tested), holm([one.p for one in tested if one.p is not None]), strict=True))
    return [replace(one, adjusted=values.get(id(one))) for one in found]
