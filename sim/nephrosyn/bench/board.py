"""The tables of a bench: the same rows for the console, the leaderboard and the page."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from nephrosyn.bench import robustness
from nephrosyn.bench.conditions import CLEAN
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.results import Bench
from nephrosyn.bench.scores import ALL
from nephrosyn.report.tables import Table
from nephrosyn.report.wording import number, percent, plain

NOT_DEFINED = "–"
CLEAN_SHOWN = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "mcc",
    "kappa",
    "coverage",
    "refractory_share_bias",
    "brier",
)


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NOT_DEFINED if value is None else percent(value)


def decimal(value: float | None) -> str:
    """Return a number with two decimals."""
    return NOT_DEFINED if value is None else f"{value:.2f}".replace("-", "−")


def _interval(found: tuple[float | None, ...] | None) -> str:
    if found is None or found[0] is None:
        return NOT_DEFINED
    value, low, high = found
    return share(value) if low is None or high is None else f"{share(value)} ({100 * low:.1f} to {100 * high:.1f})"


def leaderboard(found: Bench) -> Table:
    """Return the classifiers, the best on perturbed records first."""
    scores = found.scores
    clean = {name: robustness.clean(scores, name) for name in CLEAN_SHOWN}
    worse = {name: robustness.means(scores, name) for name in ("accuracy", "flip_rate", "coverage")}
    mean = dict(found.corruption.filter(perturbation=ALL).select("classifier", "corruption_error").iter_rows())
    order = sorted(found.names, key=lambda name: (-(worse["accuracy"].get(name) or 0), found.names.index(name)))

    def first(metric: str, name: str) -> float | None:
        values = clean[metric].get(name)
        return values[0] if values else None

    rows = [
        (
            name,
            _interval(clean["accuracy"].get(name)),
            share(worse["accuracy"].get(name)),
            decimal(mean.get(name)),
            share(worse["flip_rate"].get(name)),
            *(decimal(first(metric, name)) for metric in ("balanced_accuracy", "macro_f1", "mcc", "kappa")),
            share(first("coverage", name)),
            share(worse["coverage"].get(name)),
            share(first("refractory_share_bias", name)),
            decimal(first("brier", name)),
        )
        for name in order
    ]
    head = (
        "classifier",
        "accuracy, clean (95%)",
        "accuracy, perturbed",
        f"corruption error (baseline {found.baseline})",
        "flips",
        "balanced accuracy",
        "macro F1",
        "MCC",
        "kappa",
        "coverage, clean",
        "coverage, perturbed",
        "bias of the refractory share",
        "Brier",
    )
    return Table("Classifiers, the best on perturbed records first", head, rows)


def classes(found: Bench) -> Table:
    """Return the metrics of each class on the clean record."""
    task = found.answers.run.task
    groups = [*task.classes, *(["refractory"] if task.target == "category" else [])]
    rows = []
    for name in found.names:
        for of in groups:
            asked = ("sensitivity", "specificity", "ppv", "npv")
            cells = [_interval(robustness.clean(found.scores, metric, of).get(name)) for metric in asked]
            rows.append((name, plain(of), *cells))
    head = ("classifier", "class", "sensitivity", "specificity", "PPV", "NPV")
    return Table("By class, clean record (95% Wilson intervals)", head, rows, words=2)


def corruption(found: Bench) -> Table:
    """Return the corruption error by perturbation."""
    each = found.corruption.filter(pl.col("perturbation") != ALL)
    by = {(row[0], row[1]): row[2] for row in each.select("classifier", "perturbation", "corruption_error").rows()}
    names = each["perturbation"].unique(maintain_order=True)
    rows = [(PERTURBATIONS[one].title, *(decimal(by.get((name, one))) for name in found.names)) for one in names]
    caption = f"Corruption error by perturbation: errors summed over severities, those of {found.baseline} being 1"
    return Table(caption, ("perturbation", *found.names), rows)


def differences(found: Bench) -> Table:
    """Return every pair of classifiers."""
    rows = []
    for one in found.differences:
        told = f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})".replace("-", "−")
        tested = one.p is not None
        rows.append(
            (
                one.first,
                one.second,
                "clean" if one.where == CLEAN else "perturbed, mean",
                told,
                f"{one.only_first} / {one.only_second}" if tested else "",
                _p(one.p),
                _p(one.adjusted),
            )
        )
    head = (
        "classifier",
        "less",
        "record",
        "accuracy (points, 95% bootstrap)",
        "only one right",
        "McNemar",
        "after Holm",
    )
    return Table("Pairs of classifiers on the same patients", head, rows, words=3)


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def latent(found: Bench) -> Table:
    """Return the share called refractory by latent response to steroid."""
    run = found.answers.run
    each = robustness.latent(found.answers.frame, run.traits, run.task.refractory_answers)
    rows = [
        (str(r["classifier"]), str(r["response"]), number(r["n"]), share(r["called"] / r["n"])) for r in each.to_dicts()
    ]
    head = ("who says so", "latent response to steroid", "patients", "called refractory")
    return Table("Called refractory on the clean record, by what the patient truly is", head, rows, words=2)


def faults(found: Bench) -> Table:
    """Return what failed."""
    rows = [
        (str(r["classifier"]), r["fault"], number(r["answers"]), str(r["patient"])) for r in found.faults.to_dicts()
    ]
    return Table(
        "Answers that failed", ("classifier", "what happened", "answers", "for example patient"), rows, words=2
    )


def all_tables(found: Bench) -> Iterable[Table]:
    """Yield every table below the leaderboard that has rows."""
    for table in (faults(found), differences(found), corruption(found), classes(found), latent(found)):
        if table.rows:
            yield table
