"""How much worse a classifier is for some groups of patients, with simultaneous intervals.

Groups are many, and the worst of many is low by chance. All intervals of an axis hold together with 95% confidence:
each has the level that Sidak's inequality gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.score_table import SCHEMA
from nephrosyn.bench.score.subgroups import SLICES
from nephrosyn.bench.task import scored
from nephrosyn.statistics.between_replicates import LEVEL
from nephrosyn.statistics.proportions import newcombe_interval, wilson_interval

WORST, DIFFERENCE = "worst_group_accuracy", "accuracy_difference"
Counts = dict[str, tuple[int, int]]
"""Right answers and patients by group."""


def group_gaps(frame: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the worst group of every axis, and the difference of each group from all others.

    Parameters
    ----------
    frame : polars.DataFrame
        Answers, as in `bench.answers.Answers.frame`.
    groups : polars.DataFrame
        `patient` and the group of each on the axes of `SLICES`.

    Returns
    -------
    polars.DataFrame
        With the columns of `score_table.SCHEMA`, of the unperturbed record: ``worst_group_accuracy``, one row for each
        axis with the group whose accuracy is lowest, and ``accuracy_difference``, the accuracy in the group minus that
        of all other patients. Nothing for an axis with a single group.
    """
    rows = frame.filter(scored(), perturbation=CLEAN)
    rows = rows.select("classifier", "patient", right=pl.col("reference") == pl.col("predicted"))
    rows = rows.join(groups.drop("replicate"), on="patient", how="left")
    listed = []
    for axis in SLICES:
        counted = rows.group_by("classifier", axis).agg(pl.col("right").sum(), total=pl.len())
        for (name,), part in counted.partition_by("classifier", as_dict=True, maintain_order=True).items():
            counts = {str(group): (right, total) for group, right, total in part.sort(axis).drop("classifier").rows()}
            listed += [(str(name), CLEAN, 0, 0, axis, *row, None) for row in of_axis(counts)]
    return pl.DataFrame(listed, schema=SCHEMA, orient="row").sort("classifier", "slice", "metric", "group")


def of_axis(counts: Counts) -> Iterator[tuple[Any, ...]]:
    """Yield group, metric, class, patients, value and interval of the worst group and of every difference.

    Parameters
    ----------
    counts : dict
        Right answers and patients by group.

    Examples
    --------
    >>> worst, *_ = of_axis({"girls": (30, 40), "boys": (45, 50)})
    >>> worst[:2], worst[3:5], [round(end, 3) for end in worst[5:]]
    (('girls', 'worst_group_accuracy'), (40, 0.75), [0.575, 0.869])
    """
    if len(counts) < 2:
        return
    level = LEVEL ** (1 / len(counts))
    accuracy = {group: right / total for group, (right, total) in counts.items()}
    worst = min(accuracy, key=lambda group: (accuracy[group], group))
    intervals = [wilson_interval(*counts[group], level) for group in counts]
    # where every interval holds, the least accuracy lies between the least of both ends
    low, high = (min(ends) for ends in zip(*intervals, strict=True))
    yield worst, WORST, ALL, counts[worst][1], accuracy[worst], low, high
    right, patients = (sum(numbers) for numbers in zip(*counts.values(), strict=True))
    for group, (inside, total) in counts.items():
        rest = right - inside, patients - total
        value = accuracy[group] - rest[0] / rest[1]
        yield group, DIFFERENCE, ALL, total, value, *newcombe_interval(inside, total, *rest, level)
