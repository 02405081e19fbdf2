"""The tables of a bench: the same rows for the console, the leaderboard and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from nephrosyn.bench import robustness
from nephrosyn.bench.conditions import CLEAN
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.results import Bench
from nephrosyn.bench.scores import ALL, FLIPS
from nephrosyn.report.tables import Table
from nephrosyn.report.wording import number, percent, plain

NOT_DEFINED = "–"
WHOLE = ("balanced_accuracy", "macro_f1", "mcc", "kappa", "brier")
Found = tuple[float | None, ...] | None
"""A score with the ends of its interval."""


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NOT_DEFINED if value is None else percent(value)


def decimal(value: float | None) -> str:
    """Return a number with two decimals."""
    return NOT_DEFINED if value is None else f"{value:.2f}".replace("-", "−")


def _interval(found: Found, told: Callable[[float | None], str] = share) -> str:
    if found is None or found[0] is None:
        return NOT_DEFINED
    value, low, high = found
    if low is None or high is None:
        return told(value)
    return f"{told(value)} ({told(low).rstrip('%')} to {told(high).rstrip('%')})"


def points(value: float | None) -> str:
    """Return a difference of shares in percentage points."""
    return NOT_DEFINED if value is None else f"{100 * value:+.1f}".replace("-", "−")


def order(found: Bench) -> list[str]:
    """Return the classifiers, the best on perturbed records first; where there are none, the best on the clean one."""
    worse = robustness.means(found.scores, "accuracy")
    clean = {name: values[0] for name, values in robustness.clean(found.scores, "accuracy").items()}
    by = worse if any(value is not None for value in worse.values()) else clean
    return sorted(found.names, key=lambda name: (-(by.get(name) or 0), found.names.index(name)))


def leaderboard(found: Bench) -> Table:
    """Return how right the classifiers are, clean and perturbed, the best on perturbed records first."""
    clean = robustness.clean(found.scores, "accuracy")
    mean: dict[tuple[str, str], Found] = {(row[0], row[1]): row[2:] for row in found.averages.rows()}
    rows = [
        (
            name,
            _interval(clean.get(name)),
            _interval(mean.get((name, "accuracy"))),
            _interval(mean.get((name, "corruption_error")), decimal),
            *(share((mean.get((name, metric)) or (None,))[0]) for metric in (*FLIPS, "coverage")),
        )
        for name in order(found)
    ]
    head = (
        "classifier",
        "accuracy, clean",
        "accuracy, perturbed",
        "corruption error",
        "flips",
        "right to wrong",
        "wrong to right",
        "coverage, perturbed",
    )
    caption = f"Classifiers, the best on perturbed records first; the corruption error of {found.baseline} is 1"
    return Table(caption, head, rows)


def on_the_clean_record(found: Bench) -> Table:
    """Return the scores of the clean record that are over all classes."""
    made = {name: robustness.clean(found.scores, name) for name in ("coverage", "refractory_share_bias", *WHOLE)}
    given = found.scores.filter(slice=ALL, metric="brier", perturbation=CLEAN)
    asked = dict(given.select("classifier", "n").iter_rows())
    rows = [
        (
            name,
            *(_interval(made[metric].get(name), decimal) for metric in WHOLE),
            _interval(made["coverage"].get(name)),
            _interval(made["refractory_share_bias"].get(name), points),
            number(asked[name]) if name in asked else NOT_DEFINED,
        )
        for name in order(found)
    ]
    head = (
        "classifier",
        "balanced accuracy",
        "macro F1",
        "MCC",
        "kappa",
        "Brier",
        "coverage",
        "bias of the refractory share (points)",
        "patients with probabilities",
    )
    return Table("On the clean record (95% intervals)", head, rows)


def left(found: Bench) -> Table:
    """Return how many patients are scored under the perturbations that leave some out."""
    rows = found.scores.filter(slice=ALL, metric="accuracy", of=ALL, classifier=found.names[0])
    all_of = rows.filter(perturbation=CLEAN)["n"].item()
    each = rows.filter(pl.col("perturbation") != CLEAN).group_by("perturbation", "severity", maintain_order=True)
    wide = each.agg(pl.col("n").min()).pivot("severity", index="perturbation", values="n", maintain_order=True)
    severities = [name for name in wide.columns if name != "perturbation"]
    fewer = wide.filter(pl.any_horizontal(pl.col(severities) != all_of)) if severities else wide
    told = [(PERTURBATIONS[one].title, *(number(n) for n in ns)) for one, *ns in fewer.rows()]
    head = ("perturbation", *(f"severity {one}" for one in severities))
    return Table(f"Patients scored, where not all {number(all_of)} are", head, told)


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
        told = _interval((one.value, one.low, one.high), points)
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
    made = (faults, on_the_clean_record, differences, corruption, left, classes, latent)
    for table in (one(found) for one in made):
        if table.rows:
            yield table
