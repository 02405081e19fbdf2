"""The scores of one classifier on one split, as a result file stores them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.score.conditions import KEYS
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.score_table import cells_of
from nephrosyn.bench.suite.definition import Definition, Role
from nephrosyn.bench.suite.digests import content_digest
from nephrosyn.bench.task import FAILED, Task

DECIMALS = 6
"""Decimals of stored scores; the standard error of a share of 1,000 patients is 0.016."""
Count = Annotated[int, Field(ge=0)]


class Stored(BaseModel):
    """A part of a result file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoredScore(Stored):
    """A score with its 95% interval.

    Attributes
    ----------
    metric : str
        Name of the metric.
    of : str
        A class, ``refractory`` as a group of classes, a group of patients as ``axis: group``, or ``all``.
    n : int or None
        Number of patients; None for means over conditions.
    value, low, high : float or None
        The score and the ends of its interval; None where not defined.
    """

    metric: str
    of: str = ALL
    n: Count | None = None
    value: float | None = Field(allow_inf_nan=False)
    low: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)


class ConditionScores(Stored):
    """The scores under one condition.

    Attributes
    ----------
    perturbation : str
        Name, or ``none``.
    severity, replicate : int
        Severity, and number of the repeat of the random draws.
    confusion : list of list of int
        Number of patients by right answer (rows, `classes`) and given answer (columns, `answers`).
    scores : list of StoredScore
        The metrics of the suite.
    """

    perturbation: str
    severity: Count
    replicate: Count
    confusion: tuple[tuple[Count, ...], ...]
    scores: tuple[StoredScore, ...]


class Evaluation(Stored):
    """The scores of one split.

    Attributes
    ----------
    role : {"test", "out_of_distribution"}
        The role of the split in the task.
    patients, scored, outside_the_set, not_classifiable : int
        Number of patients; those with a right answer are scored.
    classes, answers : tuple of str
        Rows and columns of the confusion matrices.
    answers_sha256 : str
        Digest of all answers: patient, condition and answer.
    conditions : tuple of ConditionScores
        The unperturbed record first.
    averages : tuple of StoredScore
        Means over replicates, severities and perturbations; empty without perturbations.
    """

    role: Role
    patients: Count
    scored: Count
    outside_the_set: Count
    not_classifiable: Count
    classes: tuple[str, ...]
    answers: tuple[str, ...]
    answers_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    conditions: tuple[ConditionScores, ...] = Field(min_length=1)
    averages: tuple[StoredScore, ...]


def columns_of_confusion(task: Task) -> tuple[str, ...]:
    """Return the answers of a task as columns of a confusion matrix."""
    return (*task.valid_answers, FAILED)


def evaluated(bench: Bench, name: str, role: Role, definition: Definition) -> Evaluation:
    """Return the scores of one classifier.

    Parameters
    ----------
    bench : Bench
        The scores of all classifiers on a split.
    name : str
        The classifier.
    role : str
        The role of the split.
    definition : Definition
        The suite, which names the metrics.
    """
    task = bench.answers.run.task
    frame = bench.frame.filter(pl.col("classifier").cast(pl.String) == name)
    scores = bench.scores.filter(classifier=name)
    conditions = [
        _condition(condition, part, scores, task, definition)
        for condition, part in frame.partition_by(KEYS, as_dict=True, maintain_order=True).items()
    ]
    return Evaluation(
        role=role,
        patients=bench.answers.run.patients,
        scored=bench.counted["scored"],
        outside_the_set=bench.counted["outside_the_set"],
        not_classifiable=bench.counted["cannot_be_judged"],
        classes=task.classes,
        answers=columns_of_confusion(task),
        answers_sha256=content_digest(
            frame.select(
                "perturbation", "severity", "replicate", "patient", predicted=pl.col("predicted").cast(pl.String)
            )
        ),
        conditions=tuple(conditions),
        averages=tuple(_averages(bench, name, definition)) if len(conditions) > 1 else (),
    )


def _condition(
    condition: tuple[object, ...], part: pl.DataFrame, scores: pl.DataFrame, task: Task, definition: Definition
) -> ConditionScores:
    perturbation, severity, replicate = str(condition[0]), int(str(condition[1])), int(str(condition[2]))
    rows = scores.filter(perturbation=perturbation, severity=severity, replicate=replicate)
    whole = rows.filter(slice=ALL)
    if perturbation == "none":
        stored = _stored(whole, definition.metrics.unperturbed, "of")
        named = rows.filter(pl.col("slice") != ALL).with_columns(of=pl.format("{}: {}", "slice", "group"))
        stored += _stored(named, definition.metrics.by_group, "of")
    else:
        stored = _stored(whole, definition.metrics.perturbed, "of")
    return ConditionScores(
        perturbation=perturbation,
        severity=severity,
        replicate=replicate,
        confusion=confusion(cells_of(part), task),
        scores=tuple(stored),
    )


def confusion(cells: Iterable[tuple[str, str, int]], task: Task) -> tuple[tuple[int, ...], ...]:
    """Return the confusion matrix: right answers as rows, given answers as columns."""
    counts = {(right, given): n for right, given, n in cells}
    return tuple(tuple(counts.get((right, given), 0) for given in columns_of_confusion(task)) for right in task.classes)


def _stored(rows: pl.DataFrame, metrics: Sequence[str], of: str) -> list[StoredScore]:
    order = {metric: place for place, metric in enumerate(metrics)}
    listed = [row for row in rows.to_dicts() if row["metric"] in order]
    return [
        StoredScore(
            metric=row["metric"], of=row[of], n=row["n"], **{end: rounded(row[end]) for end in ("value", "low", "high")}
        )
        for row in sorted(listed, key=lambda row: order[row["metric"]])
    ]


def _averages(bench: Bench, name: str, definition: Definition) -> Iterable[StoredScore]:
    rows = {row["metric"]: row for row in bench.averages.filter(classifier=name).to_dicts()}
    for metric in definition.metrics.averages:
        if metric in rows:
            value, low, high = (rounded(rows[metric][end]) for end in ("value", "low", "high"))
            yield StoredScore(metric=metric, value=value, low=low, high=high)


def rounded(value: float | None) -> float | None:
    """Return a score with the decimals that are stored; None where it is not a number."""
    return None if value is None or not math.isfinite(value) else round(value, DECIMALS) + 0.0
