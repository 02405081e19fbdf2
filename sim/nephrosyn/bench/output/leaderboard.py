"""The tables of a bench, for the console, the leaderboard and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL, PARTS
from nephrosyn.bench.score.subgroups import RANK
from nephrosyn.report.formatting import NO_VALUE, decimal, number, percent, points
from nephrosyn.report.page.tables import Table
from nephrosyn.vocabulary import plain_name

NO_SCORE = "no score"
LOST = ("flip_rate", "right_to_wrong_rate", "right_to_abstained_rate", "right_to_failed_rate", "helpful_flip_rate")
WHOLE = ("balanced_accuracy", "macro_f1", "mcc", "kappa", "brier")
Estimate = tuple[float | None, ...] | None
"""A score and the ends of its interval."""


def interval_text(estimate: Estimate, text: Callable[[float | None], str] = percent) -> str:
    """Return a score with its interval; a dash if it is not defined."""
    if estimate is None or estimate[0] is None:
        return NO_VALUE
    value, low, high = estimate
    if low is None or high is None:
        return text(value)
    return f"{text(value)} ({text(low).rstrip('%')} to {text(high).rstrip('%')})"


def perturbed(bench: Bench) -> bool:
    """Return whether there are scores over perturbed records."""
    return any(value is not None for value in corruption_error.means(bench.scores, "accuracy").values())


def order(bench: Bench) -> list[str]:
    """Return the classifiers with a score, the best first: on perturbed records or, without these, on the clean one."""
    clean = {name: values[0] for name, values in corruption_error.clean(bench.scores, "accuracy").items()}
    by = corruption_error.means(bench.scores, "accuracy") if perturbed(bench) else clean
    return sorted(bench.names, key=lambda name: (-(by.get(name) or 0), bench.names.index(name)))


def _averages(bench: Bench) -> dict[tuple[str, str], Estimate]:
    """Return the means over perturbed records by classifier and metric."""
    return {(row[0], row[1]): row[2:] for row in bench.averages.rows()}


def leaderboard(bench: Bench) -> Table:
    """Return the accuracy of the classifiers on unperturbed and perturbed records, the best on perturbed records first.

    Also the shares of wrong answers, abstentions and failures. Classifiers without a score come last, unranked.
    """
    clean = corruption_error.clean(bench.scores, "accuracy")
    mean = _averages(bench)
    where = "perturbed" if perturbed(bench) else "clean"
    whole = {part: corruption_error.clean(bench.scores, part) for part in PARTS}

    def part(name: str, metric: str) -> str:
        estimate = whole[metric].get(name) if where == "clean" else mean.get((name, metric))
        return percent((estimate or (None,))[0])

    rows = [
        (
            name,
            interval_text(clean.get(name)),
            interval_text(mean.get((name, "accuracy"))),
            *(part(name, metric) for metric in PARTS),
            interval_text(mean.get((name, "corruption_error")), decimal),
        )
        for name in order(bench)
    ]
    head = (
        "classifier",
        "accuracy, unperturbed",
        "accuracy, perturbed",
        *(f"{part}, {where}" for part in PARTS),
        "corruption error",
    )
    rows += [(name, NO_SCORE, *[NO_VALUE] * (len(head) - 2)) for name in bench.without_score]
    best = "perturbed records" if where == "perturbed" else "the unperturbed record"
    caption = f"Classifiers, the best on {best} first; the corruption error of {bench.baseline} is 1"
    return Table(caption, head, rows)


def flips(bench: Bench) -> Table:
    """Return how often answers change on perturbed records, and what right answers change to."""
    mean = _averages(bench)
    rows = [(name, *(interval_text(mean.get((name, metric))) for metric in LOST)) for name in order(bench)]
    head = ("classifier", "flips", "right to wrong", "right to abstained", "right to failed", "to right")
    caption = "Answers that change on perturbed records, means over perturbations (95% bootstrap)"
    return Table(caption, head, rows if perturbed(bench) else [])


def without_score(bench: Bench) -> Table:
    """Return the classifiers without a score, and the reason."""
    return Table("Without a score, a rank or a test", ("classifier", "why"), list(bench.without_score.items()), words=2)


def on_the_clean_record(bench: Bench) -> Table:
    """Return the scores over all classes on the unperturbed record."""
    shares = ("accuracy", *PARTS)
    estimates = {
        name: corruption_error.clean(bench.scores, name) for name in (*shares, "refractory_share_bias", *WHOLE)
    }
    given = bench.scores.filter(slice=ALL, metric="brier", perturbation=CLEAN)
    counts = dict(given.select("classifier", "n").iter_rows())
    rows = [
        (
            name,
            *(interval_text(estimates[metric].get(name)) for metric in shares),
            *(interval_text(estimates[metric].get(name), decimal) for metric in WHOLE),
            interval_text(estimates["refractory_share_bias"].get(name), points),
            number(counts[name]) if name in counts else NO_VALUE,
        )
        for name in order(bench)
    ]
    head = (
        "classifier",
        "right",
        *PARTS,
        "balanced accuracy",
        "macro F1",
        "MCC",
        "kappa",
        "Brier",
        "bias of the refractory share (points)",
        "patients with probabilities",
    )
    return Table("On the unperturbed record (95% intervals)", head, rows)


def patients_scored(bench: Bench) -> Table:
    """Return the number of patients scored under perturbations that leave some out."""
    rows = bench.scores.filter(slice=ALL, metric="accuracy", of=ALL, classifier=bench.names[0])
    all_of = rows.filter(perturbation=CLEAN)["n"].item()
    perturbed_rows = rows.filter(pl.col("perturbation") != CLEAN)
    wide = (
        perturbed_rows.group_by("perturbation", "severity", maintain_order=True)
        .agg(pl.col("n").min())
        .pivot("severity", index="perturbation", values="n", maintain_order=True)
    )
    severities = [name for name in wide.columns if name != "perturbation"]
    fewer = wide.filter(pl.any_horizontal(pl.col(severities) != all_of)) if severities else wide
    texts = [(PERTURBATIONS[name].title, *(number(n) for n in counts)) for name, *counts in fewer.rows()]
    head = ("perturbation", *(f"severity {severity}" for severity in severities))
    return Table(f"Patients scored, where not all {number(all_of)} are", head, texts)


def classes(bench: Bench) -> Table:
    """Return the scores of each class on the unperturbed record."""
    task = bench.answers.run.task
    groups = [*task.classes, *(["refractory"] if task.target == "category" else [])]
    columns = ("sensitivity", "abstained", "failed", "specificity", "ppv", "npv")
    scores = {(metric, of): corruption_error.clean(bench.scores, metric, of) for metric in columns for of in groups}
    rows = [
        (name, plain_name(of), *(interval_text(scores[metric, of].get(name)) for metric in columns))
        for name in bench.names
        for of in groups
    ]
    head = (
        "classifier",
        "class",
        "sensitivity",
        "abstained",
        "failed",
        "specificity",
        "positive predictive value",
        "negative predictive value",
    )
    caption = "By class, unperturbed record (95% Wilson intervals; abstained and failed: of those who have the class)"
    return Table(caption, head, rows, words=2)


def corruption(bench: Bench) -> Table:
    """Return the corruption error by perturbation."""
    errors = bench.corruption.filter(pl.col("perturbation") != ALL)
    by = {(row[0], row[1]): row[2] for row in errors.select("classifier", "perturbation", "corruption_error").rows()}
    rows = [
        (PERTURBATIONS[perturbation].title, *(decimal(by.get((name, perturbation))) for name in bench.names))
        for perturbation in errors["perturbation"].unique(maintain_order=True)
    ]
    caption = f"Corruption error by perturbation: errors summed over severities, relative to those of {bench.baseline}"
    return Table(caption, ("perturbation", *bench.names), rows)


def parts(bench: Bench) -> Table:
    """Return the parts of the errors behind each corruption error."""
    errors = bench.corruption.filter(pl.col("perturbation") != ALL)
    rows = [
        (PERTURBATIONS[row["perturbation"]].title, row["classifier"], *(percent(row[part]) for part in PARTS))
        for of_perturbation in errors.partition_by("perturbation", maintain_order=True)
        for row in of_perturbation.to_dicts()
    ]
    caption = "Answers that are not right, by perturbation: shares of scored patients, means over severities"
    return Table(caption, ("perturbation", "classifier", *PARTS), rows, words=2)


def subgroups(bench: Bench) -> Table:
    """Return right and wrong answers, abstentions and failures by subgroup of patients, on the unperturbed record."""
    rows = bench.scores.filter(pl.col("slice") != ALL, perturbation=CLEAN)
    shown: dict[tuple[str, str, str], dict[str, Estimate]] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows.filter(pl.col("metric").is_in(["accuracy", *PARTS])).to_dicts():
        key = (row["classifier"], row["slice"], row["group"])
        shown.setdefault(key, {})[row["metric"]] = (row["value"], row["low"], row["high"])
        counts[key] = row["n"]
    order_of = {name: place for place, name in enumerate(bench.names)}
    keys = sorted(shown, key=lambda key: (key[1], RANK.get(key[2], len(RANK)), key[2], order_of[key[0]]))
    texts = [
        (
            plain_name(key[1]),
            plain_name(key[2]),
            key[0],
            number(counts[key]),
            *(interval_text(shown[key].get(metric)) for metric in ("accuracy", *PARTS)),
        )
        for key in keys
    ]
    head = ("by", "group", "classifier", "patients", "right", *PARTS)
    return Table("By group of patients, unperturbed record (95% Wilson intervals)", head, texts, words=3)


def differences(bench: Bench) -> Table:
    """Return the difference of every pair of classifiers."""
    rows = []
    for difference in bench.differences:
        tested = difference.p_value is not None
        rows.append(
            (
                difference.first,
                difference.second,
                "unperturbed" if difference.where == CLEAN else "perturbed, mean",
                number(difference.n),
                number(difference.both_answered),
                interval_text((difference.value, difference.low, difference.high), points),
                f"{difference.only_first} / {difference.only_second}" if tested else "",
                _p_value(difference.p_value),
                _p_value(difference.adjusted),
            )
        )
    head = (
        "classifier",
        "compared with",
        "record",
        "patients",
        "both always answered",
        "accuracy (points, 95% bootstrap)",
        "only one right",
        "McNemar",
        "after Holm",
    )
    return Table("Pairs of classifiers on the same patients", head, rows, words=3)


def _p_value(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def latent(bench: Bench) -> Table:
    """Return the share called refractory by latent response to steroid."""
    run = bench.answers.run
    counts = corruption_error.latent(bench.frame, run.traits, run.task.refractory_answers)
    shares = ("called", "abstained", "failed")
    rows = [
        (
            str(row["classifier"]),
            str(row["response"]),
            number(row["n"]),
            *(percent(row[name] / row["n"]) for name in shares),
        )
        for row in counts.to_dicts()
    ]
    head = ("classifier", "latent response to steroid", "patients", "called refractory", "abstained", "failed")
    return Table("Called refractory on the unperturbed record, by the true response to steroid", head, rows, words=2)


def faults(bench: Bench) -> Table:
    """Return the failures."""
    rows = [
        (str(row["classifier"]), row["fault"], number(row["answers"]), str(row["patient"]))
        for row in bench.faults.to_dicts()
    ]
    return Table("Answers that failed", ("classifier", "reason", "answers", "example patient"), rows, words=2)


def all_tables(bench: Bench) -> Iterable[Table]:
    """Yield every table below the leaderboard that has rows."""
    functions = (
        without_score,
        faults,
        on_the_clean_record,
        flips,
        differences,
        corruption,
        parts,
        patients_scored,
        classes,
        latent,
        subgroups,
    )
    for table in (function(bench) for function in functions):
        if table.rows:
            yield table
