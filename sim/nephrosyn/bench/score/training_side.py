"""Scores of learning from clean or perturbed records, tested on clean or perturbed ones: four cells per perturbation.

Learning from noisy labels is one of the perturbations: the labels learnt from are wrong, and the answers are scored
against the right ones and against labels with the same kind of error. So is learning from the labels of the observed
record, as a study of real records has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import polars as pl

from nephrosyn.bench.perturbations.constants import of_records
from nephrosyn.bench.retraining import OBSERVED_LABELS, PERTURBED, UNPERTURBED, Retrained
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.paired_cells import METRICS, Cells
from nephrosyn.bench.task import Task

SIDES = (UNPERTURBED, PERTURBED)
GAIN = "gain"
"""In the column `trained`: the score after learning from perturbed records minus that after learning from others."""
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
"""Columns of the scores: `severity` is null for the mean over severities, `perturbation` is ``all`` for the mean over
the perturbations of the record; `trained` is ``unperturbed``, ``perturbed`` or ``gain``; `tested` is ``unperturbed`` or
``perturbed``; `n` is the number of patients scored."""
Numbers: TypeAlias = dict[tuple[str, int, str, str], list[int]]
"""Cells of all replicates by perturbation, severity, trained and tested."""
Key: TypeAlias = tuple[str, int | None, str, str]
Terms: TypeAlias = list[tuple[float, list[int]]]


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
    before = answers.with_columns(pl.col("classifier", "perturbation").cast(pl.String))
    rows: list[tuple[Any, ...]] = []
    for (name,), part in retrained.frame.partition_by("classifier", as_dict=True, maintain_order=True).items():
        cells = Cells(part["patient"].unique().to_list(), task.valid_answers)
        numbers = _filled(cells, part, before.filter(classifier=name), observed_labels)
        means = {key: terms for key, terms in _means(numbers) if all(of_term for _, of_term in terms)}
        estimates = cells.estimates({str(place): terms for place, terms in enumerate(means.values())}, seed)
        rows += [
            (name, *key, metric, estimate.n, estimate.value, estimate.low, estimate.high)
            for place, key in enumerate(means)
            for metric in METRICS
            for estimate in (estimates[str(place), metric],)
        ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _filled(cells: Cells, part: pl.DataFrame, before: pl.DataFrame, observed_labels: pl.DataFrame) -> Numbers:
    """Add the answers of one learner, and return the numbers of the cells of all replicates.

    Parameters
    ----------
    cells : Cells
        Where they are added.
    part : polars.DataFrame
        The answers of the learner that learnt from perturbed records.
    before : polars.DataFrame
        Those after learning from the records as they were simulated.
    observed_labels : polars.DataFrame
        `patient` and `reference`.
    """
    clean = before.filter(perturbation=CLEAN)
    on_clean = cells.add(clean)
    by_condition = before.partition_by("perturbation", "severity", "replicate", as_dict=True)
    labels = observed_labels.select("patient", "reference")
    by_condition[OBSERVED_LABELS, 0, 0] = clean.drop("reference").join(labels, on="patient")
    numbers: Numbers = {}
    keys = ["perturbation", "severity", "replicate", "tested"]
    for key, rows in part.partition_by(keys, as_dict=True, maintain_order=True).items():
        perturbation, severity, replicate, tested = key
        learnt_clean = on_clean
        if tested == PERTURBED:
            learnt_clean = cells.add(by_condition[perturbation, severity, replicate])
        for trained, number in ((PERTURBED, cells.add(rows)), (UNPERTURBED, learnt_clean)):
            numbers.setdefault((str(perturbation), int(severity), trained, str(tested)), []).append(number)
    return numbers


def _means(numbers: Numbers) -> Iterator[tuple[Key, Terms]]:
    """Yield what is estimated: each severity, the mean over them, and the mean over perturbations of the record."""
    severities: dict[str, list[int]] = {}
    for perturbation, severity, _, _ in numbers:
        levels = severities.setdefault(perturbation, [])
        if severity not in levels:
            levels.append(severity)
    groups: list[tuple[str, int | None, list[tuple[str, int]]]] = []
    for perturbation, levels in severities.items():
        groups += [(perturbation, severity, [(perturbation, severity)]) for severity in levels]
        groups.append((perturbation, None, [(perturbation, severity) for severity in levels]))
    in_records = {name: pairs for name, severity, pairs in groups if severity is None and name in of_records()}
    if len(in_records) > 1:
        groups.append((ALL, None, [pair for pairs in in_records.values() for pair in pairs]))
    for perturbation, severity_of_group, pairs in groups:
        for tested in SIDES:
            cells = {
                trained: [number for pair in pairs for number in numbers.get((*pair, trained, tested), [])]
                for trained in SIDES
            }
            for trained in SIDES:
                yield (perturbation, severity_of_group, trained, tested), [(1.0, cells[trained])]
            gain = [(1.0, cells[PERTURBED]), (-1.0, cells[UNPERTURBED])]
            yield (perturbation, severity_of_group, GAIN, tested), gain
