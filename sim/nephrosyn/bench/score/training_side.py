"""Scores of learning from clean or perturbed records, tested on clean or perturbed ones: four cells per perturbation.

Learning from noisy labels is one of the perturbations: the labels learnt from are wrong, and the answers are scored
against the right ones and against labels with the same kind of error. So is learning from the labels of the observed
record, as a study of real records has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from nephrosyn.bench.retraining import OBSERVED_LABELS, PERTURBED, UNPERTURBED, Retrained
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.paired_cells import Cells, Estimate
from nephrosyn.bench.task import Task

SIDES = (UNPERTURBED, PERTURBED)
GAIN = "gain"
"""In the column `trained`: the score after learning from perturbed records minus that after learning from others."""
KEYS = ["classifier", "perturbation", "severity", "trained", "tested"]
SCHEMA: dict[str, Any] = {
    "classifier": pl.String,
    "perturbation": pl.String,
    "severity": pl.Int8,
    "trained": pl.String,
    "tested": pl.String,
    "metric": pl.String,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
"""Columns of the scores: `severity` is null for the mean over severities; `trained` is ``unperturbed``, ``perturbed``
or ``gain``; `tested` is ``unperturbed`` or ``perturbed``; `n` is the number of patients scored."""
Cell = tuple[int, str, str]
"""Severity, trained and tested."""


def grid(
    answers: pl.DataFrame, retrained: Retrained, observed_labels: pl.DataFrame, task: Task, seed: int
) -> pl.DataFrame:
    """Return the scores of every learner under every perturbation, with the columns of `SCHEMA`.

    Parameters
    ----------
    answers : polars.DataFrame
        Answers of the classifiers that learnt from clean records, as in `bench.answers.Answers.frame`.
    retrained : Retrained
        Answers of those that learnt from perturbed ones.
    observed_labels : polars.DataFrame
        `patient` and `reference`: the labels of the observed record.
    task : Task
        The question.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    polars.DataFrame
        Means over replicates with 95% bootstrap intervals by patients, given the training cohort and its errors.
    """
    rows = []
    before = answers.with_columns(pl.col("classifier", "perturbation").cast(pl.String))
    for (name, perturbation), part in retrained.frame.partition_by(
        ["classifier", "perturbation"], as_dict=True, maintain_order=True
    ).items():
        learnt_clean = before.filter(classifier=name)
        of_perturbation = _learnt_clean(learnt_clean, str(perturbation), observed_labels)
        for key, estimate in _estimates(part, of_perturbation, task, seed):
            rows.append((name, perturbation, *key, estimate.n, estimate.value, estimate.low, estimate.high))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _learnt_clean(answers: pl.DataFrame, perturbation: str, observed_labels: pl.DataFrame) -> pl.DataFrame:
    """Return the answers under one perturbation of a classifier that learnt from clean records."""
    if perturbation == OBSERVED_LABELS:
        columns = ["patient", "perturbation", "severity", "replicate", "reference", "predicted"]
        clean = answers.filter(perturbation=CLEAN).select(columns).with_columns(pl.col("reference").cast(pl.String))
        labels = observed_labels.select("patient", pl.col("reference").cast(pl.String))
        other = clean.drop("reference").join(labels, on="patient").with_columns(perturbation=pl.lit(OBSERVED_LABELS))
        return pl.concat([clean, other.select(columns)])
    return answers.filter(pl.col("perturbation").is_in([CLEAN, perturbation]))


def _estimates(
    part: pl.DataFrame, before: pl.DataFrame, task: Task, seed: int
) -> Iterator[tuple[tuple[int | None, str, str, str], Estimate]]:
    """Yield severity, trained, tested and metric, and the estimate, for one learner and perturbation."""
    cells = Cells(part["patient"].unique().to_list(), task.valid_answers)
    numbers = _filled(cells, part, before)
    severities = sorted({severity for severity, _, _ in numbers})
    means = {}
    for severity in (*severities, *([None] if len(severities) > 1 else [])):
        chosen = severities if severity is None else [severity]
        for tested in SIDES:
            of_side = {
                trained: [number for level in chosen for number in numbers[level, trained, tested]] for trained in SIDES
            }
            for trained in SIDES:
                means[severity, trained, tested] = [(1.0, of_side[trained])]
            means[severity, GAIN, tested] = [(1.0, of_side[PERTURBED]), (-1.0, of_side[UNPERTURBED])]
    named = {str(place): terms for place, terms in enumerate(means.values())}
    estimates = cells.estimates(named, seed)
    for place, key in enumerate(means):
        for metric in ("accuracy", "balanced_accuracy"):
            yield (*key, metric), estimates[str(place), metric]


def _filled(cells: Cells, part: pl.DataFrame, before: pl.DataFrame) -> dict[Cell, list[int]]:
    """Add the answers to the cells, and return the numbers of the cells of all replicates."""
    clean = before.filter(perturbation=CLEAN)
    on_clean = None if clean.is_empty() else cells.add(clean)
    numbers: dict[Cell, list[int]] = {}
    for key, rows in part.partition_by(["severity", "replicate", "tested"], as_dict=True, maintain_order=True).items():
        severity, replicate, tested = key
        numbers.setdefault((severity, PERTURBED, tested), []).append(cells.add(rows))
        if tested == UNPERTURBED and on_clean is not None:
            learnt_clean = on_clean
        else:
            perturbed = before.filter(pl.col("perturbation") != CLEAN)
            learnt_clean = cells.add(perturbed.filter(severity=severity, replicate=replicate))
        numbers.setdefault((severity, UNPERTURBED, tested), []).append(learnt_clean)
    return numbers
