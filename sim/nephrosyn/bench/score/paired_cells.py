"""Accuracy and balanced accuracy of several sets of answers about the same patients, with paired intervals.

A cell is a set of answers: of one classifier, learnt from one record and tested on one. Patients are resampled together
for all cells, so that differences between cells are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.task import ABSTAINED
from nephrosyn.statistics.bootstrap import RESAMPLES, ends, weights

Array = NDArray[np.float64]
DIGITS = 12
CELLS_AT_ONCE = 64
"""Bounds the memory of large cohorts."""
METRICS = ("accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class Estimate:
    """A score with its 95% percentile bootstrap interval; None where not defined.

    Attributes
    ----------
    n : int
        Number of patients scored, in the first cell.
    value, low, high : float or None
        The score and the ends of its interval.
    """

    n: int
    value: float | None
    low: float | None
    high: float | None


Means: TypeAlias = Mapping[str, Sequence[tuple[float, Sequence[int]]]]
"""Name to terms: a factor, and the cells whose mean it multiplies. A difference has the factors 1 and -1."""


class Cells:
    """Answers by cell and patient.

    Parameters
    ----------
    patients : sequence of int
        Numbers of the patients.
    classes : sequence of str
        Answers that can be right.
    """

    def __init__(self, patients: Sequence[int], classes: Sequence[str]) -> None:
        self._row = {patient: place for place, patient in enumerate(sorted(patients))}
        self._code = {name: place for place, name in enumerate(classes)}
        self._right: list[Array] = []
        self._class: list[NDArray[np.int64]] = []

    def add(self, answers: pl.DataFrame) -> int:
        """Add a cell and return its number.

        Parameters
        ----------
        answers : polars.DataFrame
            `patient`, `reference`, `predicted`; patients without a right answer do not count.
        """
        words = answers.select("patient", pl.col("reference", "predicted").cast(pl.String))
        counted = words.filter(pl.col("reference") != ABSTAINED)
        right, of_class = np.zeros(len(self._row)), np.full(len(self._row), -1)
        rows = counted["patient"].replace_strict(self._row, return_dtype=pl.Int64).to_numpy()
        right[rows] = (counted["reference"] == counted["predicted"]).to_numpy()
        of_class[rows] = counted["reference"].replace_strict(self._code, return_dtype=pl.Int64).to_numpy()
        self._right.append(right)
        self._class.append(of_class)
        return len(self._right) - 1

    def estimates(self, means: Means, seed: int, resamples: int = RESAMPLES) -> dict[tuple[str, str], Estimate]:
        """Return every mean of cells by its name and metric.

        Parameters
        ----------
        means : mapping
            What is estimated, see `Means`.
        seed, resamples : int
            Seed and number of the resamples.
        """
        right, of_class = np.stack(self._right, axis=1), np.stack(self._class, axis=1)
        combined = np.zeros((right.shape[1], len(means)))
        for column, terms in enumerate(means.values()):
            for factor, cells in terms:
                np.add.at(combined[:, column], list(cells), factor / len(cells))
        sizes = [int((of_class[:, terms[0][1][0]] >= 0).sum()) for terms in means.values()]
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = _scores(right, of_class, len(self._code))
            whole = scores(np.ones((1, len(right))))
            drawn: dict[str, list[Array]] = {metric: [] for metric in METRICS}
            for some in weights(len(right), resamples, seed):
                for metric, values in scores(some).items():
                    drawn[metric].append(values @ combined)
        result = {}
        for metric in METRICS:
            low, high = ends(np.concatenate(drawn[metric]))
            values, low, high = (_rounded(numbers) for numbers in ((whole[metric] @ combined)[0], low, high))
            for place, name in enumerate(means):
                triple = (float(values[place]), float(low[place]), float(high[place]))
                defined = [number if np.isfinite(number) else None for number in triple]
                result[name, metric] = Estimate(sizes[place], *defined)
        return result


def _rounded(numbers: Array) -> Array:
    """Return numbers without the rounding error of sums, so that a difference of equal scores is 0."""
    return np.round(numbers, DIGITS) + 0.0


def _scores(right: Array, of_class: NDArray[np.int64], classes: int) -> Callable[[Array], dict[str, Array]]:
    """Return the scores of each cell as a function of the patients' weights, shape (draws, patients)."""

    def scores(drawn: Array) -> dict[str, Array]:
        blocks = [
            _of_block(
                drawn, right[:, first : first + CELLS_AT_ONCE], of_class[:, first : first + CELLS_AT_ONCE], classes
            )
            for first in range(0, right.shape[1], CELLS_AT_ONCE)
        ]
        return {metric: np.hstack([block[metric] for block in blocks]) for metric in METRICS}

    return scores


def _of_block(drawn: Array, right: Array, of_class: NDArray[np.int64], classes: int) -> dict[str, Array]:
    hits, sizes = np.zeros((2, len(drawn), right.shape[1]))
    recalls, present = np.zeros_like(hits), np.zeros(right.shape[1])
    for code in range(classes):
        member = (of_class == code).astype(np.float64)
        somebody = member.any(axis=0)
        if not somebody.any():
            continue
        hits_of_class, size = drawn @ (right * member), drawn @ member
        recalls += np.where(somebody, hits_of_class / size, 0.0)
        present += somebody
        hits += hits_of_class
        sizes += size
    return {"accuracy": hits / sizes, "balanced_accuracy": recalls / present}
