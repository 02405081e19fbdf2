"""Scores of one draw with their standard errors, by leaving out one block of patients at a time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.score.bootstrap_intervals import Scores, clean_scores, perturbed_scores, same_patients
from nephrosyn.bench.score.conditions import CLEAN, counted
from nephrosyn.bench.score.metrics import ALL, PARTS
from nephrosyn.bench.task import Task, outcome, scored

BLOCKS = 20
"""Blocks of patients of the jackknife; assumed: its error is then a sixth, and smaller in the mean over draws."""
Array = NDArray[np.float64]
Key = tuple[str, str, str]
"""Classifier, perturbation (``none``, ``all`` or its name) and metric; of a difference `first - second`."""
SCHEMA = {
    "draw": pl.Int32,
    "classifier": pl.String,
    "perturbation": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "error": pl.Float64,
}
"""Columns of the scores of draws: `error` is the standard error by the chance of the draw's patients."""


def scores_of(
    frame: pl.DataFrame, task: Task, names: Sequence[str], baseline: str, classes: Sequence[str], draw: int
) -> pl.DataFrame:
    """Return every score of a draw, with the columns of `SCHEMA`.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    task : Task
        The question.
    names : sequence of str
        The classifiers that are scored.
    baseline : str
        The classifier that corruption errors are relative to.
    classes : sequence of str
        The classes that balanced accuracy and macro F1 are means over; not defined where nobody has one of them.
    draw : int
        Number of the draw.
    """
    answers = frame.filter(scored())
    values = {**_clean(answers, task, names, classes), **_perturbed(answers, names, baseline)}
    for where in (CLEAN, ALL):
        for first, second in combinations(names, 2):
            keys = [(name, where, "accuracy") for name in (first, second)]
            if all(key in values for key in keys):
                values[f"{first} - {second}", where, "difference"] = values[keys[0]] - values[keys[1]]
    rows = [(draw, *key, *_with_error(scores)) for key, scores in values.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _clean(frame: pl.DataFrame, task: Task, names: Sequence[str], classes: Sequence[str]) -> dict[Key, Array]:
    """Return each score on the unperturbed record, of all patients and without each block, shape (1 + blocks,)."""
    values: dict[Key, Array] = {}
    for name, part in _parts(frame.filter(perturbation=CLEAN), "classifier"):
        if name in names:
            part, weights = part.sort("patient"), _weights(part.height)
            scores = {**_quietly(clean_scores(part, task, classes), weights), **_quietly(_shares(part), weights)}
            values |= {(name, CLEAN, metric): of_metric for metric, of_metric in scores.items()}
    return values


def _perturbed(frame: pl.DataFrame, names: Sequence[str], baseline: str) -> dict[Key, Array]:
    """Return each score over all perturbed records, and under each perturbation, shape (1 + blocks,)."""
    rows = counted(frame).filter(pl.col("classifier").cast(pl.String).is_in(names))
    if not same_patients(rows):
        return {}
    weights = _weights(rows["patient"].n_unique())
    values: dict[Key, Array] = {}
    for where, part in [(ALL, rows), *_parts(rows, "perturbation")]:
        for metric, scores in _quietly(perturbed_scores(part, names, baseline), weights).items():
            values |= {(name, where, metric): of_name for name, of_name in zip(names, scores.T, strict=True)}
    return values


def _parts(frame: pl.DataFrame, column: str) -> list[tuple[str, pl.DataFrame]]:
    parts = frame.partition_by(column, as_dict=True, maintain_order=True)
    return [(str(value), part) for (value,), part in parts.items()]


def _shares(part: pl.DataFrame) -> Scores:
    right = part.select(
        accuracy=pl.col("reference") == pl.col("predicted"), **{kind: outcome() == kind for kind in PARTS}
    )
    table = {name: right[name].to_numpy().astype(np.float64) for name in right.columns}
    return lambda weights: {name: weights @ column / weights.sum(axis=1) for name, column in table.items()}


def _weights(patients: int) -> Array:
    """Return weights of patients, shape (1 + blocks, patients): all of them, then all but one block."""
    blocks = min(BLOCKS, patients)
    place = np.arange(patients) * blocks // max(patients, 1)
    without = place[None, :] != np.arange(blocks)[:, None]
    return np.vstack([np.ones((1, patients)), without.astype(np.float64)])


def _quietly(scores: Scores, weights: Array) -> dict[str, Array]:
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():  # NaN where not defined
        warnings.simplefilter("ignore", RuntimeWarning)
        return scores(weights)


def _with_error(scores: Array) -> tuple[float | None, float | None]:
    """Return a score and its jackknife standard error; None where not defined."""
    value, without = float(scores[0]), scores[1:][np.isfinite(scores[1:])]
    if not np.isfinite(value) or len(without) < 2:
        return None, None
    return value, float(np.sqrt((len(without) - 1) * without.var()))
