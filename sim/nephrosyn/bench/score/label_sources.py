"""Scores against the labels of the complete record beside those against the labels of the observed record.

A study of real records has only the latter: the definition set applied to what was recorded. A classifier that reads
the same record shares its errors, so that such a score may flatter it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.paired_cells import METRICS, Cells
from nephrosyn.bench.task import ABSTAINED, Task

COMPLETE, OBSERVED, DIFFERENCE = "complete", "observed", "difference"
SCHEMA: dict[str, Any] = {
    "classifier": pl.String,
    "metric": pl.String,
    "label": pl.String,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
"""Columns of the scores: `label` is ``complete``, ``observed``, or ``difference`` (observed minus complete)."""


def by_label(
    answers: pl.DataFrame, observed_labels: pl.DataFrame, task: Task, names: Sequence[str], seed: int
) -> pl.DataFrame:
    """Return the scores of every classifier on the unperturbed record against labels of both kinds.

    Parameters
    ----------
    answers : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    observed_labels : polars.DataFrame
        `patient` and `reference`: the labels of the observed record.
    task : Task
        The question.
    names : sequence of str
        The classifiers.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    polars.DataFrame
        With the columns of `SCHEMA`, of the patients who have a label of both kinds; empty if nobody has.
    """
    words = answers.filter(perturbation=CLEAN).with_columns(
        pl.col("classifier", "reference", "predicted").cast(pl.String)
    )
    labels = observed_labels.select("patient", observed=pl.col("reference").cast(pl.String))
    both = words.join(labels, on="patient").filter(pl.col("reference") != ABSTAINED, pl.col("observed") != ABSTAINED)
    if both.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    cells = Cells(both["patient"].unique().to_list(), task.valid_answers)
    means = {}
    for name in names:
        rows = both.filter(classifier=name)
        complete, observed = cells.add(rows), cells.add(rows.with_columns(reference="observed"))
        means[f"{COMPLETE} {name}"] = [(1.0, [complete])]
        means[f"{OBSERVED} {name}"] = [(1.0, [observed])]
        means[f"{DIFFERENCE} {name}"] = [(1.0, [observed]), (-1.0, [complete])]
    estimates = cells.estimates(means, seed)
    rows_of = [
        (name, metric, label, estimate.n, estimate.value, estimate.low, estimate.high)
        for name in names
        for metric in METRICS
        for label in (COMPLETE, OBSERVED, DIFFERENCE)
        for estimate in (estimates[f"{label} {name}", metric],)
    ]
    return pl.DataFrame(rows_of, schema=SCHEMA, orient="row")
