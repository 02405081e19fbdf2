"""Classifiers asked about patients at the boundaries of a definition set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.boundary.sample import BoundaryCohort
from nephrosyn.bench.features.extract import before
from nephrosyn.bench.opened_run import OTHER_SETS, Run
from nephrosyn.bench.score.conditions import CLEAN, Reference
from nephrosyn.bench.score.subgroups import groups
from nephrosyn.bench.task import Task, scored
from nephrosyn.errors import BenchError
from nephrosyn.scenario import load
from nephrosyn.statistics.proportions import wilson

LEARNT_FROM = "baseline"
"""Scenario of the training cohort: a boundary cohort stands for no population that could be learnt from."""
SCHEMA: dict[str, Any] = {
    "classifier": pl.String,
    "threshold": pl.String,
    "direction": pl.String,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
"""Columns of `by_threshold`: accuracy with its 95% Wilson interval among the `n` patients at a boundary."""


def opened(cohort: BoundaryCohort, seed: int) -> Run:
    """Return a boundary cohort as a run for the bench.

    Parameters
    ----------
    cohort : BoundaryCohort
        From `boundary_cohort`.
    seed : int
        Seed of the perturbations and of the training cohort.

    Raises
    ------
    BenchError
        If no patient has a right answer.
    """
    task = Task(cohort.definition)
    other_set = next(name for name in OTHER_SETS if name != cohort.definition.name)
    reference = Reference(task, cohort.tables, criteria.load(other_set), stored=False)
    if not reference.frame.select(scored().any()).item():
        raise BenchError([f"{cohort.definition.name}: none of {cohort.patients} patients at a boundary can be judged"])
    observed = task.answers(task.labels(cohort.tables, "observed", stored=False))
    manifest = {
        "scenario": load(LEARNT_FROM).as_dict(),
        "seed": seed,
        "patients": cohort.patients,
        "replicates": 1,
        "criteria": [cohort.definition.name],
        "sets": {},
    }
    return Run(
        Path("boundary"),
        cohort.definition.name,
        manifest,
        task,
        before(cohort.tables, None),
        reference,
        groups(cohort.tables, task, reference.frame),
        cohort.tables["truth/traits"].select("patient", "response"),
        observed.select("patient", reference="answer"),
    )


def by_threshold(frame: pl.DataFrame, cohort: BoundaryCohort, names: Sequence[str]) -> pl.DataFrame:
    """Return the accuracy among the patients at each boundary, with the columns of `SCHEMA`.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    cohort : BoundaryCohort
        The patients.
    names : sequence of str
        The classifiers, in the order of the rows.
    """
    right = frame.filter(scored(), perturbation=CLEAN).select(
        pl.col("classifier").cast(pl.String), "patient", right=pl.col("reference") == pl.col("predicted")
    )
    near = cohort.boundary.select("patient", "threshold", "direction")
    counted = (
        right.join(near, on="patient")
        .group_by("classifier", "threshold", "direction")
        .agg(pl.col("right").sum(), pl.len())
    )
    order = {name: place for place, name in enumerate(names)}
    rows = []
    for name, threshold, direction, count, total in counted.rows():
        share = wilson(count, total)
        rows.append((name, threshold, direction, total, share.share, share.low, share.high))
    return pl.DataFrame(
        sorted(rows, key=lambda row: (row[1], row[2], order.get(row[0], len(order)))), schema=SCHEMA, orient="row"
    )
