"""Tables of the accuracy at the boundaries of a definition set."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from nephrosyn.bench.output.leaderboard import interval_text, order
from nephrosyn.bench.output.results import Bench
from nephrosyn.report.formatting import number
from nephrosyn.report.page.tables import Table

NOTE = (
    "Boundaries",
    "every patient is at a boundary: the verdict on the complete record changes when one threshold of the set moves by "
    "one step, down or up. The patients come from many scenarios with settings drawn at random, in proportions without "
    "a meaning; scores are of this cohort and of no population. Classifiers that learn have learnt from the baseline.",
)


def boundary_tables(bench: Bench) -> Iterator[Table]:
    """Yield the accuracy by threshold, and the boundaries without a patient."""
    if bench.boundary is not None:
        yield from (table for table in (scores(bench), unreached(bench)) if table.rows)


def scores(bench: Bench) -> Table:
    """Return the accuracy of every classifier among the patients at each boundary."""
    names, texts = order(bench), {}
    counts: dict[tuple[str, str], int] = {}
    for row in bench.by_threshold.to_dicts():
        key = row["threshold"], row["direction"]
        counts[key] = row["n"]
        texts[*key, row["classifier"]] = interval_text((row["value"], row["low"], row["high"]))
    rows = [(*key, number(count), *(texts.get((*key, name), "") for name in names)) for key, count in counts.items()]
    head = ("threshold", "moved", "patients", *names)
    return Table("Accuracy at each boundary, unperturbed record (95% Wilson intervals)", head, rows, words=2)


def unreached(bench: Bench) -> Table:
    """Return the moves of thresholds that change the verdict of nobody."""
    assert bench.boundary is not None
    missing = bench.boundary.counts.filter(pl.col("patients") == 0)
    by_threshold = missing.group_by("threshold", maintain_order=True).agg(pl.col("direction").str.join(" and "))
    caption = f"No change of a verdict among {number(bench.boundary.simulated)} simulated patients"
    return Table(caption, ("threshold", "moved"), by_threshold.rows(), words=2)
