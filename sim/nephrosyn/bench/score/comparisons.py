"""Whether one classifier is better than another on the same patients: paired bootstrap, exact McNemar, Holm."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.task import ABSTAINED, FAILED, scored
from nephrosyn.kernels.random_streams import fill_uniforms

PURPOSE = 200
"""Address of the bootstrap's draws, apart from those of the model (`streams.Purpose`)."""
RESAMPLES = 1000
LEVEL = 0.95
DRAWN_AT_ONCE = 4_000_000
LANES = 4


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


def drawn(patients: int, resamples: int, seed: int, first: int = 0) -> NDArray[np.int64]:
    """Return patients drawn with replacement, shape (resamples, patients): resample `first` and those after it.

    Each draw is keyed by its number, so it is the same however many are made at a time.
    """
    blocks = -(-patients // LANES)
    uniforms = fill_uniforms(seed, 0, np.arange(first, first + resamples, dtype=np.int64), PURPOSE, blocks)
    flat = np.asarray(uniforms).reshape(resamples, -1)[:, :patients]
    return np.minimum((flat * patients).astype(np.int64), patients - 1)


def weights(patients: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each patient was drawn, shape (some resamples, patients), until all are made."""
    step = max(1, DRAWN_AT_ONCE // max(patients, 1))
    for start in range(0, resamples, step):
        places = drawn(patients, min(step, resamples - start), seed, start)
        yield np.stack([np.bincount(row, minlength=patients) for row in places]).astype(np.float64)


def bootstrap_mean(
    values: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return percentile intervals of means over patients.

    Parameters
    ----------
    values : ndarray, shape (patients, columns)
        Of each patient; whole patients are drawn, so what stands in one row stays together.
    resamples, seed : int
        How many, and the address of the draws.
    level : float
        Of the interval.

    Returns
    -------
    low, high : ndarray, shape (columns,)
        Its ends.
    """
    found = np.concatenate([some @ values / len(values) for some in weights(len(values), resamples, seed)])
    return ends(found, level)


def ends(found: NDArray[np.float64], level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of percentile intervals of the columns of draws, those left out that are not defined (NaN)."""
    tail = (1 - level) / 2
    with warnings.catch_warnings():  # of a column without any the ends are NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanquantile(found, [tail, 1 - tail], axis=0)
    return low, high


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the p-value of the exact McNemar test, two-sided: a fair coin among those of whom one was right.

    Examples
    --------
    >>> mcnemar(0, 0)
    1.0
    """
    from scipy.stats import binomtest

    total = only_first + only_second
    return float(binomtest(only_first, total, 0.5).pvalue) if total else 1.0


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's step-down method.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(values, kind="stable")
    scaled = [min(1.0, float(values[place]) * (len(values) - rank)) for rank, place in enumerate(order)]
    running = np.maximum.accumulate(np.array(scaled, np.float64))
    adjusted = np.empty(len(values))
    for place, value in zip(order, running, strict=True):
        adjusted[place] = value
    return [float(value) for value in adjusted]


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
