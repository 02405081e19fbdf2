"""Tables and curves of learning from perturbed records, and of scores against labels of the observed record."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from nephrosyn.bench.output.leaderboard import Estimate, interval_text, order
from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.retraining import OBSERVED_LABELS, PERTURBED, UNPERTURBED
from nephrosyn.bench.score import label_sources
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.training_side import GAIN
from nephrosyn.report.formatting import number, points
from nephrosyn.report.page.tables import Table

Curve = list[tuple[float, float, float | None, float | None]]
"""Places on the horizontal axis, scores, and the ends of their intervals."""
TITLES = {ALL: "perturbations of the record, mean", OBSERVED_LABELS: "labels of the observed record"}
SHOWN = 10
"""Rows of the console; the page has all."""
NOTE = (
    "Learnt and tested",
    "a classifier that learns is also fitted on the training cohort under each perturbation and severity, with "
    "errors of its own, and asked about the unperturbed and the perturbed record of the tested patients. That "
    "makes four cells for each perturbation: means over severities in the table, by severity in the figure. The "
    "gain is the accuracy after learning from perturbed records minus that after learning from the cohort as "
    "simulated, on the same patients. Under noise in labels only the labels that are learnt from are wrong; `tested "
    "unperturbed` scores the answers against the right labels, `tested perturbed` against labels with the same "
    "kind of error, as a study without the truth would. `Labels of the observed record` are the definition set "
    "applied to what was recorded. Under a shift of the cohort the cohort that is learnt from is shifted, too. "
    "Intervals are 95% bootstrap intervals by tested patients, given the training cohort and its errors. "
    "Classifiers that do not learn have no such cells{others}.",
)
LABEL_NOTE = (
    "Labels of the observed record",
    "the definition set applied to what was recorded, which is all that a study of real records has. Both scores are "
    "of the unperturbed record and of the patients who have a label of either kind. The definition set agrees with "
    "its own labels wherever it sees the whole record.",
)


def note(bench: Bench) -> tuple[str, str]:
    """Return the note on the cells, with the names of the classifiers that do not learn."""
    title, text = NOTE
    return title, text.format(others=_others(bench))


def training_tables(bench: Bench) -> Iterator[Table]:
    """Yield the tables that have rows."""
    tables = (by_cohort(bench), cells(bench), not_fitted(bench), by_label(bench))
    yield from (table for table in tables if table.rows)


def by_cohort(bench: Bench) -> Table:
    """Return the accuracy over training cohorts."""
    rows = [
        (
            row["classifier"],
            row["record"],
            number(row["cohorts"]),
            number(row["n"]),
            interval_text((row["value"], row["low"], row["high"])),
            interval_text((row["value"], row["low_patients"], row["high_patients"])),
            points(row["between_cohorts"]).lstrip("+"),
        )
        for row in bench.between_cohorts.to_dicts()
    ]
    head = (
        "classifier",
        "record",
        "training cohorts",
        "patients tested",
        "accuracy (95%, patients and cohorts)",
        "by patients alone",
        "SD between cohorts (points)",
    )
    return Table("Accuracy over training cohorts", head, rows, words=2)


def title_of(perturbation: str) -> str:
    """Return a perturbation in words."""
    return TITLES.get(perturbation) or PERTURBATIONS[perturbation].title


def _values(bench: Bench) -> dict[tuple[str, str, str, str], Estimate]:
    rows = bench.training_side.filter(pl.col("severity").is_null(), metric="accuracy")
    keys = ("classifier", "perturbation", "trained", "tested")
    return {tuple(row[key] for key in keys): (row["value"], row["low"], row["high"]) for row in rows.to_dicts()}


def cells(bench: Bench) -> Table:
    """Return the four cells of each learner and perturbation, and the gains, means over severities."""
    values = _values(bench)
    rows = []
    for name, perturbation in dict.fromkeys((name, perturbation) for name, perturbation, _, _ in values):
        texts = [
            interval_text(values.get((name, perturbation, trained, tested)))
            for tested in (UNPERTURBED, PERTURBED)
            for trained in (UNPERTURBED, PERTURBED)
        ]
        gains = [
            interval_text(values.get((name, perturbation, GAIN, tested)), points) for tested in (UNPERTURBED, PERTURBED)
        ]
        rows.append((name, title_of(perturbation), *texts, *gains))
    head = (
        "classifier",
        "learnt from",
        "tested unperturbed, learnt unperturbed",
        "tested unperturbed, learnt perturbed",
        "tested perturbed, learnt unperturbed",
        "tested perturbed, learnt perturbed",
        "gain, tested unperturbed (points)",
        "gain, tested perturbed (points)",
    )
    return Table("Accuracy by what was learnt from and what was tested", head, rows, words=2)


def _others(bench: Bench) -> str:
    """Return the names of the classifiers that do not learn."""
    retrained = bench.answers.retrained
    if retrained is None or not retrained.others:
        return ""
    return f": {', '.join(retrained.others)}"


def not_fitted(bench: Bench) -> Table:
    """Return the conditions under which a classifier could not be fitted, and the reason."""
    learnt = (bench.answers.retrained, bench.answers.cohorts)
    reasons = [reason for answers in learnt if answers for reason in answers.without.items()]
    rows = [(name, condition, why) for (name, condition), why in reasons]
    return Table("Not fitted on a training cohort", ("classifier", "condition", "why"), rows, words=3)


def by_label(bench: Bench) -> Table:
    """Return accuracy against the labels of the complete and of the observed record, side by side."""
    rows = bench.by_label.filter(metric="accuracy")
    values = {(row["classifier"], row["label"]): (row["value"], row["low"], row["high"]) for row in rows.to_dicts()}
    counts = dict(rows.select("classifier", "n").iter_rows())
    texts = [
        (
            name,
            number(counts[name]),
            interval_text(values[name, label_sources.COMPLETE]),
            interval_text(values[name, label_sources.OBSERVED]),
            interval_text(values[name, label_sources.DIFFERENCE], points),
        )
        for name in order(bench)
        if name in counts
    ]
    head = (
        "classifier",
        "patients",
        "label of the complete record",
        "label of the observed record",
        "difference (points)",
    )
    return Table("Accuracy against the right labels, and against those of the observed record", head, texts)


def console_table(bench: Bench) -> Table | None:
    """Return the table of cells for the console, shortened to the largest gains; None without rows."""
    table = cells(bench)
    if not table.rows:
        return None
    values = _values(bench)
    gains = [values[key] for key in values if key[2:] == (GAIN, PERTURBED)]
    sizes = [abs((gain or (None,))[0] or 0.0) for gain in gains]
    largest = sorted(range(len(table.rows)), key=lambda place: (-sizes[place], place))[:SHOWN]
    rows = [table.rows[place] for place in sorted(largest)]
    cut = "" if len(rows) == len(table.rows) else f"; the {len(rows)} largest gains of {len(table.rows)} rows"
    caption = f"Accuracy, learnt from > tested on{cut}; do not learn{_others(bench)}"
    return Table(caption, ("classifier", "learnt from", *HEAD), rows, words=2)


HEAD = (
    "clean > clean",
    "perturbed > clean",
    "clean > perturbed",
    "perturbed > perturbed",
    "gain, clean",
    "gain, perturbed",
)
"""Short headings of the console: learnt from > tested on."""


def curves(bench: Bench) -> dict[str, dict[str, Curve]]:
    """Return the panels of the figure: accuracy by severity, a panel for each learner and perturbation."""
    rows = bench.training_side.filter(pl.col("severity") > 0, pl.col("trained") != GAIN, metric="accuracy").drop_nulls(
        "value"
    )
    panels: dict[str, dict[str, Curve]] = {}
    for row in rows.to_dicts():
        if (row["trained"], row["tested"]) == (UNPERTURBED, UNPERTURBED):
            continue
        panel = panels.setdefault(f"{title_of(row['perturbation'])}: {row['classifier']}", {})
        line = panel.setdefault(f"learnt {row['trained']}, tested {row['tested']}", _start(rows, row))
        line.append((row["severity"], row["value"], row["low"], row["high"]))
    return panels


def _start(rows: pl.DataFrame, row: dict[str, object]) -> Curve:
    """Return the point at severity 0: learnt from and tested on unperturbed records."""
    clean = rows.filter(
        classifier=row["classifier"], perturbation=row["perturbation"], trained=UNPERTURBED, tested=UNPERTURBED
    )
    return [(0.0, *clean.select("value", "low", "high").row(0))]
