"""Tables and curves of the scores over time: since onset, and before the definition is met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from nephrosyn.bench.landmarks import DAY
from nephrosyn.bench.output.leaderboard import interval_text
from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.output.training_tables import Curve
from nephrosyn.bench.score.over_time import AT_RISK, DECIDED, MET, ONSET
from nephrosyn.report.formatting import decimal, number
from nephrosyn.report.page.tables import Table

METRICS = ("accuracy", "sensitivity", "specificity", "auroc", "brier", "coverage")
TITLES = {"auroc": "AUROC", "brier": "Brier", "coverage": "answered"}
DRAWN = ("accuracy", "sensitivity", "specificity", "auroc")
"""Metrics of the figure, where higher is better."""
DECIMALS = ("auroc", "brier")
NOTES = (
    (
        "Over time",
        "the same question is asked on the days given, or at every visit, about the record before: entries of the "
        "day itself count at a visit, and not on a given day. The right answer is that of the later day, as "
        "everywhere. The rules are those of landmarking (Anderson, Cain and Gelber, J Clin Oncol 1983; van "
        "Houwelingen, Scand J Stat 2007). Only patients who are still followed are asked about. A patient who has met "
        "the definition, by the complete record, before the first day that is not seen is decided: such patients are "
        "counted apart, with the share that is recognised. All others are at risk. Classifiers that learn are fitted "
        "at each landmark: for patients at risk on training patients at risk then, for the decided on all who are "
        "followed. Patients without a right answer are not scored. Sensitivity and specificity are those of "
        "refractory disease; an abstention does not call a patient refractory. The Brier score is the mean squared "
        "error of the probability of refractory disease, 0 to 1. Visits are pooled by time since onset. "
        "Intervals are 95%: Wilson's where patients have one answer each, otherwise by resampling patients with all "
        "their answers; fewer than 10 patients have no score.",
    ),
)


def time_tables(bench: Bench) -> Iterator[Table]:
    """Yield the tables that have rows."""
    tables = (since_onset(bench), decided(bench), before_met(bench), not_fitted(bench))
    yield from (table for table in tables if table.rows)


def _rows(bench: Bench, **of: str) -> list[dict[str, Any]]:
    return bench.over_time.filter(**of).to_dicts()


def _text(row: Mapping[str, Any] | None, metric: str) -> str:
    estimate = None if row is None else (row["value"], row["low"], row["high"])
    return interval_text(estimate, decimal) if metric in DECIMALS else interval_text(estimate)


def _when(row: Mapping[str, Any]) -> str:
    if row["kind"] == DAY:
        return f"day {row['first_days']}"
    return f"visits, days {row['first_days']} to {row['last_days']}"


def since_onset(bench: Bench) -> Table:
    """Return the scores of patients at risk by time since onset."""
    cells: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in _rows(bench, by=ONSET, group=AT_RISK):
        cells.setdefault((_when(row), row["classifier"]), {})[row["metric"]] = row
    rows = [
        (when, name, number(of["accuracy"]["patients"]), *(_text(of.get(metric), metric) for metric in METRICS))
        for (when, name), of in sorted(cells.items(), key=lambda item: _place(bench, item))
    ]
    head = ("record before", "classifier", "at risk", *(TITLES.get(metric, metric) for metric in METRICS))
    return Table("Prediction over time, patients who have not met the definition before", head, rows, words=2)


def _place(bench: Bench, item: tuple[tuple[str, str], Mapping[str, Mapping[str, Any]]]) -> tuple[str, int, int]:
    (_, name), of = item
    row = next(iter(of.values()))
    return row["kind"], row["first_days"], bench.names.index(name)


def decided(bench: Bench) -> Table:
    """Return the share of the decided who are called refractory, by time since onset."""
    rows = [row for row in _rows(bench, by=ONSET, group=DECIDED, metric="sensitivity") if row["patients"]]
    rows.sort(key=lambda row: (row["kind"], row["first_days"], bench.names.index(row["classifier"])))
    texts = [(_when(row), row["classifier"], number(row["patients"]), _text(row, "sensitivity")) for row in rows]
    head = ("record before", "classifier", "decided", "recognised as refractory")
    return Table("Patients who have met the definition before", head, texts, words=2)


def lead_text(first_days: int, last_days: int) -> str:
    """Return an interval of time before the definition is met, in words.

    Examples
    --------
    >>> lead_text(31, 90), lead_text(-29, 0), lead_text(366, 100000)
    ('31 to 90 days before', '0 to 29 days after', '366 days and more before')
    """
    when = "before" if first_days > 0 else "after"
    near, far = sorted((abs(first_days), abs(last_days)))
    return f"{near} days and more {when}" if far > MOST_DAYS else f"{near} to {far} days {when}"


MOST_DAYS = 36_525
"""A hundred years: intervals that end later are open."""


def before_met(bench: Bench) -> Table:
    """Return the share called refractory by time before the definition is met, of patients who meet it."""
    rows = sorted(
        _rows(bench, by=MET),
        key=lambda row: (row["kind"], -row["first_days"], bench.names.index(row["classifier"])),
    )
    texts = [
        (
            f"{lead_text(row['first_days'], row['last_days'])}, by {row['kind']}",
            row["classifier"],
            number(row["answers"]),
            number(row["patients"]),
            _text(row, "sensitivity"),
        )
        for row in rows
    ]
    head = ("when, of the day on which the definition is met", "classifier", "answers", "patients", "called refractory")
    return Table("Patients who meet the definition, before and after", head, texts, words=2)


def not_fitted(bench: Bench) -> Table:
    """Return the landmarks at which a classifier could not be fitted, and the reason."""
    answers = bench.answers.over_time
    rows = [(name, landmark, why) for (name, landmark), why in (answers.without if answers else {}).items()]
    return Table("Not fitted at a landmark", ("classifier", "landmark", "why"), rows, words=3)


def since_onset_curves(bench: Bench) -> dict[str, dict[str, Curve]]:
    """Return the panels of the figure of time since onset."""
    return _curves(bench, DRAWN, by=ONSET, group=AT_RISK)


def before_met_curves(bench: Bench) -> dict[str, dict[str, Curve]]:
    """Return the panels of the figure of time before the definition is met; places are numbers of intervals."""
    return _curves(bench, ("sensitivity",), by=MET)


def _curves(bench: Bench, metrics: Sequence[str], **of: str) -> dict[str, dict[str, Curve]]:
    rows = bench.over_time.filter(**of).drop_nulls("value").sort("kind", "mean_days")
    panels: dict[str, dict[str, Curve]] = {}
    for metric in metrics:
        for row in rows.filter(pl.col("metric") == metric).to_dicts():
            title = "called refractory" if of["by"] == MET else TITLES.get(metric, metric)
            across = -row["mean_days"] if of["by"] == MET else row["mean_days"]
            point = (across, row["value"], row["low"], row["high"])
            panel = panels.setdefault(f"{title}, by {row['kind']}", {})
            panel.setdefault(row["classifier"], []).append(point)
    return {
        title: {name: sorted(panel[name]) for name in bench.names if name in panel} for title, panel in panels.items()
    }
