"""All scores of a bench as one tidy table, by classifier, condition, group of patients, metric and class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from nephrosyn.bench.score import metrics as scores
from nephrosyn.bench.score.conditions import CLEAN, KEYS
from nephrosyn.bench.score.metrics import ALL, PARTS, Score, flip
from nephrosyn.bench.score.subgroups import SLICES
from nephrosyn.bench.task import ABSTAINED, FAILED, Task, outcome, scored
from nephrosyn.statistics.proportions import wilson

SCHEMA: dict[str, Any] = {
    "classifier": pl.String,
    "perturbation": pl.String,
    "severity": pl.Int8,
    "replicate": pl.Int16,
    "slice": pl.String,
    "group": pl.String,
    "metric": pl.String,
    "of": pl.String,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "reason": pl.String,
}
"""Columns of the scores: `slice` and `group` are ``all`` except for subgroups; `n` is the number of patients. A
classifier without a score has one row, with a null value and the `reason`."""
BY = ["classifier", *KEYS]


def score(frame: pl.DataFrame, task: Task, groups: pl.DataFrame) -> pl.DataFrame:
    """Return every score.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    task : Task
        The question.
    groups : polars.DataFrame
        `patient` and the group of each on the axes of `SLICES`.

    Returns
    -------
    polars.DataFrame
        With the columns of `SCHEMA`.
    """
    rows = [(*row, None) for part in frame.partition_by(BY, maintain_order=True) for row in _of_condition(part, task)]
    whole = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return pl.concat([whole, sliced(frame, task, groups)])


def without_score(reasons: Mapping[str, str]) -> pl.DataFrame:
    """Return a row with the columns of `SCHEMA` for each classifier without a score, with the reason."""
    rows = [(name, CLEAN, 0, 0, ALL, ALL, "accuracy", ALL, 0, None, None, None, why) for name, why in reasons.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def cells_of(frame: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Return the confusion matrix as rows, right answer, given answer and count, of patients with a right answer."""
    counted = frame.filter(scored()).group_by("reference", "predicted").len().sort("reference", "predicted")
    return [(str(right), str(given), int(n)) for right, given, n in counted.rows()]


def _of_condition(part: pl.DataFrame, task: Task) -> Iterator[tuple[Any, ...]]:
    condition = part.select(BY).row(0)
    cells = cells_of(part)
    listed: list[Score] = [*scores.overall(cells), scores.bias(cells, task.refractory_answers), *flips(part)]
    for name in task.classes:
        listed += scores.of_class(cells, [name], name)
    if task.target == "category":
        listed += scores.of_class(cells, task.refractory_answers, "refractory")
    listed += scores.calibration(part, task)
    if condition[1] == CLEAN:
        listed += scores.ppv_at(cells, task.refractory_answers)
        for predicted, observed in scores.reliability(part, task):
            listed += [observed, Score("mean_probability", observed.of, observed.n, predicted)]
    for row in listed:
        yield (*condition, ALL, ALL, row.metric, row.of, row.n, row.value, row.low, row.high)


def flips(part: pl.DataFrame) -> Iterator[Score]:
    """Yield the share of each kind of flip among scored patients."""
    part = part.filter(scored())
    for name in scores.FLIPS:
        yield scores.share_of(name, ALL, int(part.select(flip(name).sum()).item()), part.height)


def sliced(frame: pl.DataFrame, task: Task, groups: pl.DataFrame) -> pl.DataFrame:
    """Return scores by group of patients, with Wilson intervals.

    Accuracy, wrong answers, abstentions, failures, coverage, flips, and sensitivity for refractory disease.
    """
    inside = task.refractory_answers
    shares = {
        "accuracy": pl.col("reference") == pl.col("predicted"),
        **{part: outcome() == part for part in PARTS},
        "coverage": ~pl.col("predicted").cast(pl.String).is_in([ABSTAINED, FAILED]),
        "flip_rate": flip("flip_rate"),
        "refractory_sensitivity": pl.when(pl.col("reference").is_in(inside)).then(pl.col("predicted").is_in(inside)),
    }
    rows = (
        frame.filter(scored()).select(*BY, "patient", **shares).join(groups.drop("replicate"), on="patient", how="left")
    )
    metrics = tuple(shares)
    frames = []
    for axis in SLICES:
        counted = rows.group_by(*BY, axis).agg(
            [pl.col(name).sum().alias(f"{name}+") for name in metrics]
            + [pl.col(name).count().alias(f"{name}#") for name in metrics]
        )
        frames += [_with_intervals(counted, axis, name) for name in metrics]
    return pl.concat(frames).sort(*BY, "slice", "group", "metric")


def _with_intervals(counted: pl.DataFrame, axis: str, name: str) -> pl.DataFrame:
    defined = counted.filter(pl.col(f"{name}#") > 0)
    pairs = defined.select(f"{name}+", f"{name}#").unique()
    rows = [(count, total, *_interval(count, total)) for count, total in pairs.rows()]
    types = {f"{name}+": pairs[f"{name}+"].dtype, f"{name}#": pairs[f"{name}#"].dtype}
    intervals = pl.DataFrame(
        rows, schema={**types, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}, orient="row"
    )
    return (
        defined.join(intervals, on=[f"{name}+", f"{name}#"])
        .select(
            *BY,
            slice=pl.lit(axis),
            group=axis,
            metric=pl.lit(name),
            of=pl.lit(ALL),
            n=f"{name}#",
            value="value",
            low="low",
            high="high",
            reason=pl.lit(None, pl.String),
        )
        .select(pl.col(column).cast(kind) for column, kind in SCHEMA.items())
    )


def _interval(count: int, total: int) -> tuple[float, float, float]:
    share = wilson(count, total)
    return share.share, share.low, share.high
