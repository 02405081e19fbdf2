"""Tables of the scores over draws of the scenario's uncertain numbers, beside those of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from nephrosyn.bench.draws.findings import DrawnBench, DrawnScore
from nephrosyn.bench.output import leaderboard
from nephrosyn.bench.output.leaderboard import interval_text
from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL, PARTS
from nephrosyn.report.formatting import NO_VALUE, decimal, number, percent, points
from nephrosyn.report.page.tables import Table

NOTE = (
    "With the scenario's numbers",
    "the bench is repeated in cohorts whose scenario has the uncertain numbers drawn from what their sources leave "
    "open, each with patients and perturbations of its own. The interval is that of the expected score over the draws, "
    "without the chance of the patients of each draw (by a jackknife of 20 blocks of patients). It shows how far a "
    "score may move because the numbers are not known better, and does not shrink with more patients; `chance alone` "
    "means that draws do not differ by more than chance. Balanced accuracy and macro F1 are means over the classes of "
    "the run, and not defined in a draw where nobody has one of them. Classifiers that learn keep their training "
    "cohort, which has the scenario's own numbers; only the patients they are asked about are drawn.",
)
SHARES = ("accuracy", *PARTS)
CLEAN_SCORES = (*SHARES, "balanced_accuracy", "macro_f1", "mcc", "kappa", "brier")
PERTURBED_SCORES = (*SHARES, "flip_rate", "harmful_flip_rate", "corruption_error")
DECIMALS = ("balanced_accuracy", "macro_f1", "mcc", "kappa", "brier", "corruption_error")
RECORDS = {CLEAN: "unperturbed", ALL: "perturbed, mean"}
TITLES = {
    "flip_rate": "flips",
    "harmful_flip_rate": "flips of right answers",
    "macro_f1": "macro F1",
    "mcc": "MCC",
    "brier": "Brier",
}


def drawn_tables(bench: Bench) -> Iterator[Table]:
    """Yield the tables of the draws, if there are any."""
    if bench.draws is not None:
        yield from (table for table in (scores(bench, bench.draws), by_perturbation(bench, bench.draws)) if table.rows)
        yield from (table for table in (pairs(bench, bench.draws),) if table.rows)


def scores(bench: Bench, drawn: DrawnBench) -> Table:
    """Return every score of every classifier: in the run with the interval of its patients, and over the draws."""
    averages = {(row[0], row[1]): row[2:] for row in bench.averages.rows()}
    rows = []
    for name in leaderboard.order(bench):
        for metric in CLEAN_SCORES:
            estimate = corruption_error.clean(bench.scores, metric).get(name)
            rows.append(_row(drawn.of(name, CLEAN, metric), estimate))
        rows += [_row(drawn.of(name, ALL, metric), averages.get((name, metric))) for metric in PERTURBED_SCORES]
    head = ("classifier", "record", "score", "run (95% by its patients)", "mean of draws", "95% with the numbers")
    return Table(_caption(drawn), head, [row for row in rows if row], words=3)


def _row(score: DrawnScore | None, estimate: leaderboard.Estimate) -> tuple[str, ...]:
    """Return the cells of one score; none if it is not defined in the run."""
    if score is None or estimate is None or estimate[0] is None:
        return ()
    text = decimal if score.metric in DECIMALS else percent
    title = TITLES.get(score.metric, score.metric.replace("_", " "))
    return score.classifier, RECORDS[score.perturbation], title, interval_text(estimate, text), *_cells(score, text)


def _caption(drawn: DrawnBench) -> str:
    size = f"{number(drawn.draws)} draws of {number(drawn.patients)} patients"
    return f"With the scenario's numbers as uncertain as their sources leave them: {size}"


def _cells(score: DrawnScore, text: Callable[[float | None], str]) -> tuple[str, str]:
    """Return the mean and the interval of a score; no interval where draws differ by no more than chance."""
    if score.low is None or score.high is None:
        return NO_VALUE, f"not defined in {score.undefined} draws"
    if score.low == score.high:
        return text(score.mean), NO_VALUE if score.constant else "chance alone"
    return text(score.mean), f"{text(score.low).rstrip('%')} to {text(score.high)}"


def by_perturbation(bench: Bench, drawn: DrawnBench) -> Table:
    """Return accuracy and flips under each perturbation of the record, in the run and over the draws."""
    kinds = bench.scores.filter(pl.col("perturbation") != CLEAN)["perturbation"].cast(pl.String)
    of_run = {metric: _means(bench, metric) for metric in ("accuracy", "flip_rate")}
    rows = []
    for kind in kinds.unique(maintain_order=True):
        for name in bench.names:
            cells: list[str] = []
            for metric, values in of_run.items():
                if score := drawn.of(name, kind, metric):
                    cells += [percent(values.get((name, kind))), _cells(score, percent)[1]]
            if cells:
                rows.append((PERTURBATIONS[kind].title, name, *cells))
    head = (
        "perturbation",
        "classifier",
        "accuracy in the run",
        "95% with the numbers",
        "flips in the run",
        "95% with the numbers",
    )
    return Table("By perturbation of the record, means over severities", head, rows, words=2)


def _means(bench: Bench, metric: str) -> dict[tuple[str, str], float | None]:
    """Return a metric by classifier and perturbation: means over replicates, then over severities."""
    rows = bench.scores.filter(pl.col("perturbation") != CLEAN, slice=ALL, metric=metric, of=ALL)
    by = ["classifier", "perturbation", "severity"]
    for keys in (by, by[:2]):
        rows = rows.group_by(keys, maintain_order=True).agg(pl.col("value").mean())
    return {(str(name), str(kind)): value for name, kind, value in rows.select(*by[:2], "value").iter_rows()}


def pairs(bench: Bench, drawn: DrawnBench) -> Table:
    """Return the difference in accuracy of every pair of classifiers, in the run and over the draws."""
    rows = []
    for difference in bench.differences:
        score = drawn.of(f"{difference.first} - {difference.second}", difference.where, "difference")
        if score is not None:
            pair, record = (difference.first, difference.second), RECORDS[difference.where]
            estimate = (difference.value, difference.low, difference.high)
            rows.append((*pair, record, interval_text(estimate, points), *_cells(score, points)))
    head = (
        "classifier",
        "compared with",
        "record",
        "run (points, 95% by its patients)",
        "mean of draws",
        "95% with the numbers",
    )
    return Table("Differences in accuracy, both classifiers in the same draw", head, rows, words=3)


def ranks(bench: Bench) -> str:
    """Return in how many draws each classifier is the most accurate, in a sentence; empty with one classifier."""
    if bench.draws is None or len(bench.names) < 2:
        return ""
    counts = bench.draws.most_accurate(leaderboard.order(bench))
    best = ", ".join(f"'{name}' in {count}" for name, count in counts.items() if count)
    where = "perturbed records" if leaderboard.perturbed(bench) else "the unperturbed record"
    return f"Over {number(bench.draws.draws)} draws of the scenario's numbers the most accurate on {where}: {best}."
