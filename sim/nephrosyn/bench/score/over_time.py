"""Scores as a function of time since onset, and of time before the definition is met.

A patient has one answer on a day, but may have several visits in an interval of days. Where patients have one answer
each, shares have Wilson's interval; otherwise patients are resampled with all their answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.landmarks import DAY, VISIT
from nephrosyn.bench.score.area_under_curve import area_of_weights
from nephrosyn.bench.score.metrics import ALL, share_of
from nephrosyn.bench.task import ABSTAINED, FAILED, Task, scored
from nephrosyn.statistics.bootstrap import RESAMPLES, ends, weights

AT_RISK, DECIDED = "at risk", "decided"
EDGES_DAYS = (-1, 30, 90, 180, 365, 730, 1095, 1825, 3650)
"""Intervals of time since onset in which visits are pooled; assumed: months early on, years later."""
LEADS_DAYS = (-100_000, -365, -180, -90, -30, 0, 30, 90, 180, 365, 100_000)
"""Intervals of time before the definition is met, negative after it."""
FEWEST = 10
"""No score of fewer patients; assumed: its interval would span most of 0 to 1."""
SCHEMA: dict[str, Any] = {
    "classifier": pl.String,
    "kind": pl.String,
    "by": pl.String,
    "first_days": pl.Int64,
    "last_days": pl.Int64,
    "mean_days": pl.Float64,
    "group": pl.String,
    "metric": pl.String,
    "answers": pl.Int64,
    "patients": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
"""Columns of the scores: `kind` is ``day`` or ``visit``. `by` is ``since onset`` or ``before met``, and `first_days` to
`last_days` the interval of it, `mean_days` its mean over the answers. `group` is ``at risk`` or ``decided``."""
ONSET, MET = "since onset", "before met"
Array = NDArray[np.float64]


def over_time(frame: pl.DataFrame, task: Task, seed: int) -> pl.DataFrame:
    """Return every score over time, with the columns of `SCHEMA`.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.landmarks.OverTime.frame`.
    task : Task
        The question.
    seed : int
        Seed of the bootstrap.
    """
    if frame.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    called, words = pl.col("predicted").is_in(task.refractory_answers), pl.col("predicted").cast(pl.String)
    refractory = pl.col("reference").is_in(task.refractory_answers)
    rows = frame.filter(scored()).with_columns(
        accuracy=pl.col("reference").cast(pl.String) == words,
        coverage=~words.is_in([ABSTAINED, FAILED]),
        sensitivity=pl.when(refractory).then(called),
        specificity=pl.when(~refractory).then(~called),
        brier=_brier(frame, task),
        lead_days=pl.col("first_met_days") - pl.col("until_days") + 1,
        group=pl.when("decided").then(pl.lit(DECIDED)).otherwise(pl.lit(AT_RISK)),
    )
    listed = [*_since_onset(rows, task, seed), *_before_met(rows, seed)]
    return pl.DataFrame(listed, schema=SCHEMA, orient="row")


def _columns(frame: pl.DataFrame, task: Task) -> list[str]:
    """Return the columns of probabilities."""
    return [f"p_{name}" for name in task.valid_answers if f"p_{name}" in frame.columns]


def _probability(frame: pl.DataFrame, task: Task) -> pl.Expr:
    """Return an expression: the probability of refractory disease; null where no probability is given."""
    columns = _columns(frame, task)
    if not columns:
        return pl.lit(None, pl.Float64)
    inside = [column for column in columns if column.removeprefix("p_") in task.refractory_answers]
    return pl.when(pl.any_horizontal(pl.col(columns).is_not_null())).then(pl.sum_horizontal(inside))


def _brier(frame: pl.DataFrame, task: Task) -> pl.Expr:
    """Return an expression: the squared error of the probability of refractory disease."""
    return (_probability(frame, task) - pl.col("reference").is_in(task.refractory_answers).cast(pl.Float64)) ** 2


def _since_onset(rows: pl.DataFrame, task: Task, seed: int) -> Iterator[tuple[Any, ...]]:
    for (kind,), part in rows.partition_by("kind", as_dict=True, maintain_order=True).items():
        seen = pl.col("until_days") - (1 if kind == VISIT else 0)
        placed = part.with_columns(day=seen)
        placed = placed.with_columns(first="day", last="day") if kind == DAY else _binned(placed, "day", EDGES_DAYS)
        keys = ["classifier", "first", "last", "group"]
        for (name, first, last, group), cell in placed.sort(*keys).partition_by(keys, as_dict=True).items():
            about = (name, kind, ONSET, first, last, cell["day"].mean(), group)
            for metric in ("accuracy", "coverage", "sensitivity", "specificity"):
                yield (*about, metric, *_share(cell, metric, seed))
            yield (*about, "brier", *_mean(cell.drop_nulls("brier"), "brier", seed))
            if kind == DAY:
                yield (*about, "auroc", *_area(cell, task, seed))


def _before_met(rows: pl.DataFrame, seed: int) -> Iterator[tuple[Any, ...]]:
    """Yield the share called refractory among those who are, by time before the definition is met."""
    placed = _binned(rows.drop_nulls("lead_days").drop_nulls("sensitivity"), "lead_days", LEADS_DAYS)
    keys = ["classifier", "kind", "first", "last"]
    for (name, kind, first, last), cell in placed.sort(*keys).partition_by(keys, as_dict=True).items():
        group = AT_RISK if first > 0 else DECIDED
        about = (name, kind, MET, first, last, cell["lead_days"].mean(), group)
        yield (*about, "sensitivity", *_share(cell, "sensitivity", seed))


def _binned(rows: pl.DataFrame, column: str, edges: tuple[int, ...]) -> pl.DataFrame:
    """Return rows with the first and last day of the interval they fall in; an edge is the last day of its interval."""
    place = np.searchsorted(np.array(edges), rows[column].to_numpy(), side="left")
    bounds = np.array([edges[0] - 1, *edges, 10 * edges[-1]])
    return rows.with_columns(first=pl.Series(bounds[place] + 1), last=pl.Series(bounds[place + 1]))


def _share(cell: pl.DataFrame, metric: str, seed: int) -> tuple[int, int, float | None, float | None, float | None]:
    """Return answers, patients, a share of answers, and its interval."""
    known = cell.drop_nulls(metric)
    patients = known["patient"].n_unique()
    if patients < FEWEST:
        return known.height, patients, None, None, None
    if patients == known.height:
        score = share_of(metric, ALL, int(known[metric].sum()), patients)
        return patients, patients, score.value, score.low, score.high
    return _mean(known, metric, seed)


def _mean(known: pl.DataFrame, metric: str, seed: int) -> tuple[int, int, float | None, float | None, float | None]:
    """Return answers, patients, a mean over answers, and its interval by resampling patients."""
    patients = known["patient"].n_unique()
    if patients < FEWEST:
        return known.height, patients, None, None, None
    counts = known.group_by("patient").agg(right=pl.col(metric).sum(), of=pl.len()).sort("patient")
    right, of = (counts[name].to_numpy().astype(np.float64) for name in ("right", "of"))
    drawn = np.concatenate([(some @ right) / (some @ of) for some in weights(patients, RESAMPLES, seed)])
    return known.height, patients, float(right.sum() / of.sum()), *_ends(drawn)


def _ends(drawn: Array) -> tuple[float | None, float | None]:
    """Return the ends of an interval; none where every resample gives the same."""
    low, high = ends(drawn[:, None])
    return (float(low[0]), float(high[0])) if low[0] < high[0] else (None, None)


def _area(cell: pl.DataFrame, task: Task, seed: int) -> tuple[int, int, float | None, float | None, float | None]:
    """Return answers, patients, the area under the ROC curve of refractory disease, and its interval.

    Of patients who have probabilities; none where nobody or everybody is refractory.
    """
    given = cell.with_columns(probability=_probability(cell, task)).drop_nulls("probability").sort("patient")
    positive = given["reference"].is_in(task.refractory_answers).to_numpy()
    if given.height < FEWEST or positive.all() or not positive.any():
        return given.height, given.height, None, None, None
    area = area_of_weights(given["probability"].to_numpy(), positive)
    value = float(area(np.ones((1, given.height)))[0])
    drawn = np.concatenate([area(some) for some in weights(given.height, RESAMPLES, seed)])
    return given.height, given.height, value, *_ends(drawn)
