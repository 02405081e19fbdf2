"""The tables of a bench: the same rows for the console, the leaderboard and the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL, PARTS
from nephrosyn.bench.score.subgroups import RANK
from nephrosyn.report.page.tables import Table
from nephrosyn.report.text import number, percent, plain

NOT_DEFINED = "–"
NO_SCORE = "no score"
LOST = ("flip_rate", "right_to_wrong_rate", "right_to_abstained_rate", "right_to_failed_rate", "helpful_flip_rate")
WHOLE = ("balanced_accuracy", "macro_f1", "mcc", "kappa", "brier")
Estimate = tuple[float | None, ...] | None
"""A score with the ends of its interval."""


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NOT_DEFINED if value is None else percent(value)


def decimal(value: float | None) -> str:
    """Return a number with two decimals."""
    return NOT_DEFINED if value is None else f"{value:.2f}".replace("-", "−")


def _interval(bench: Estimate, told: Callable[[float | None], str] = share) -> str:
    if bench is None or bench[0] is None:
        return NOT_DEFINED
    value, low, high = bench
    if low is None or high is None:
        return told(value)
    return f"{told(value)} ({told(low).rstrip('%')} to {told(high).rstrip('%')})"


def points(value: float | None) -> str:
    """Return a difference of shares in percentage points."""
    return NOT_DEFINED if value is None else f"{100 * value:+.1f}".replace("-", "−")


def perturbed(bench: Bench) -> bool:
    """Return whether there are scores over perturbed records, or of the clean record alone."""
    return any(value is not None for value in corruption_error.means(bench.scores, "accuracy").values())


def order(bench: Bench) -> list[str]:
    """Return the classifiers that have a score, the best on perturbed records first; else the best on the clean one."""
    clean = {name: values[0] for name, values in corruption_error.clean(bench.scores, "accuracy").items()}
    by = corruption_error.means(bench.scores, "accuracy") if perturbed(bench) else clean
    return sorted(bench.names, key=lambda name: (-(by.get(name) or 0), bench.names.index(name)))


def leaderboard(bench: Bench) -> Table:
    """Return how right the classifiers are, clean and perturbed, the best on perturbed records first.

    What is not right stands in three parts: wrong answers, abstentions, failures. Who has no score comes
    last, unranked.
    """
    clean = corruption_error.clean(bench.scores, "accuracy")
    mean: dict[tuple[str, str], Estimate] = {(row[0], row[1]): row[2:] for row in bench.averages.rows()}
    where = "perturbed" if perturbed(bench) else "clean"
    whole = {part: corruption_error.clean(bench.scores, part) for part in PARTS}

    def part(name: str, metric: str) -> str:
        of = whole[metric].get(name) if where == "clean" else mean.get((name, metric))
        return share((of or (None,))[0])

    rows = [
        (
            name,
            _interval(clean.get(name)),
            _interval(mean.get((name, "accuracy"))),
            *(part(name, metric) for metric in PARTS),
            _interval(mean.get((name, "corruption_error")), decimal),
        )
        for name in order(bench)
    ]
    head = (
        "classifier",
        "accuracy, clean",
        "accuracy, perturbed",
        *(f"{part}, {where}" for part in PARTS),
        "corruption error",
    )
    rows += [(name, NO_SCORE, *[NOT_DEFINED] * (len(head) - 2)) for name in bench.without_score]
    best = "perturbed records" if where == "perturbed" else "the clean record"
    caption = f"Classifiers, the best on {best} first; the corruption error of {bench.baseline} is 1"
    return Table(caption, head, rows)


def flips(bench: Bench) -> Table:
    """Return how often an answer is another one on perturbed records, and what became of right answers."""
    mean: dict[tuple[str, str], Estimate] = {(row[0], row[1]): row[2:] for row in bench.averages.rows()}
    rows = [(name, *(_interval(mean.get((name, metric))) for metric in LOST)) for name in order(bench)]
    head = ("classifier", "flips", "right to wrong", "right to abstained", "right to failed", "to right")
    caption = "Answers that are others on perturbed records, means over perturbations (95% bootstrap)"
    return Table(caption, head, rows if perturbed(bench) else [])


def without_score(bench: Bench) -> Table:
    """Return who has no score, and why."""
    return Table("Without a score, a rank or a test", ("classifier", "why"), list(bench.without_score.items()), words=2)


def on_the_clean_record(bench: Bench) -> Table:
    """Return the scores of the clean record that are over all classes."""
    shares = ("accuracy", *PARTS)
    made = {name: corruption_error.clean(bench.scores, name) for name in (*shares, "refractory_share_bias", *WHOLE)}
    given = bench.scores.filter(slice=ALL, metric="brier", perturbation=CLEAN)
    asked = dict(given.select("classifier", "n").iter_rows())
    rows = [
        (
            name,
            *(_interval(made[metric].get(name)) for metric in shares),
            *(_interval(made[metric].get(name), decimal) for metric in WHOLE),
            _interval(made["refractory_share_bias"].get(name), points),
            number(asked[name]) if name in asked else NOT_DEFINED,
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
    return Table("On the clean record (95% intervals)", head, rows)


def left(bench: Bench) -> Table:
    """Return how many patients are scored under the perturbations that leave some out."""
    rows = bench.scores.filter(slice=ALL, metric="accuracy", of=ALL, classifier=bench.names[0])
    all_of = rows.filter(perturbation=CLEAN)["n"].item()
    each = rows.filter(pl.col("perturbation") != CLEAN).group_by("perturbation", "severity", maintain_order=True)
    wide = each.agg(pl.col("n").min()).pivot("severity", index="perturbation", values="n", maintain_order=True)
    severities = [name for name in wide.columns if name != "perturbation"]
    fewer = wide.filter(pl.any_horizontal(pl.col(severities) != all_of)) if severities else wide
    told = [(PERTURBATIONS[one].title, *(number(n) for n in ns)) for one, *ns in fewer.rows()]
    head = ("perturbation", *(f"severity {one}" for one in severities))
    return Table(f"Patients scored, where not all {number(all_of)} are", head, told)


def classes(bench: Bench) -> Table:
    """Return the metrics of each class on the clean record."""
    task = bench.answers.run.task
    groups = [*task.classes, *(["refractory"] if task.target == "category" else [])]
    asked = ("sensitivity", "abstained", "failed", "specificity", "ppv", "npv")
    scores = {(metric, of): corruption_error.clean(bench.scores, metric, of) for metric in asked for of in groups}
    rows = [
        (name, plain(of), *(_interval(scores[metric, of].get(name)) for metric in asked))
        for name in bench.names
        for of in groups
    ]
    head = ("classifier", "class", "sensitivity", "abstained", "failed", "specificity", "PPV", "NPV")
    caption = "By class, clean record (95% Wilson intervals; abstained and failed: of those who have the class)"
    return Table(caption, head, rows, words=2)


def corruption(bench: Bench) -> Table:
    """Return the corruption error by perturbation."""
    each = bench.corruption.filter(pl.col("perturbation") != ALL)
    by = {(row[0], row[1]): row[2] for row in each.select("classifier", "perturbation", "corruption_error").rows()}
    names = each["perturbation"].unique(maintain_order=True)
    rows = [(PERTURBATIONS[one].title, *(decimal(by.get((name, one))) for name in bench.names)) for one in names]
    caption = f"Corruption error by perturbation: errors summed over severities, those of {bench.baseline} being 1"
    return Table(caption, ("perturbation", *bench.names), rows)


def parts(bench: Bench) -> Table:
    """Return what the errors behind each corruption error consist of."""
    each = bench.corruption.filter(pl.col("perturbation") != ALL)
    rows = [
        (PERTURBATIONS[r["perturbation"]].title, r["classifier"], *(share(r[part]) for part in PARTS))
        for of_one in each.partition_by("perturbation", maintain_order=True)
        for r in of_one.to_dicts()
    ]
    caption = "What is not right, by perturbation: shares of scored patients, means over severities"
    return Table(caption, ("perturbation", "classifier", *PARTS), rows, words=2)


def subgroups(bench: Bench) -> Table:
    """Return right and wrong answers, abstentions and failures by group of patients, on the clean record."""
    rows = bench.scores.filter(pl.col("slice") != ALL, perturbation=CLEAN)
    shown: dict[tuple[str, str, str], dict[str, Estimate]] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for r in rows.filter(pl.col("metric").is_in(["accuracy", *PARTS])).to_dicts():
        key = (r["classifier"], r["slice"], r["group"])
        shown.setdefault(key, {})[r["metric"]] = (r["value"], r["low"], r["high"])
        counts[key] = r["n"]
    order_of = {name: place for place, name in enumerate(bench.names)}
    keys = sorted(shown, key=lambda key: (key[1], RANK.get(key[2], len(RANK)), key[2], order_of[key[0]]))
    made = [
        (
            plain(key[1]),
            plain(key[2]),
            key[0],
            number(counts[key]),
            *(_interval(shown[key].get(metric)) for metric in ("accuracy", *PARTS)),
        )
        for key in keys
    ]
    head = ("by", "group", "classifier", "patients", "right", *PARTS)
    return Table("By group of patients, clean record (95% Wilson intervals)", head, made, words=3)


def differences(bench: Bench) -> Table:
    """Return every pair of classifiers."""
    rows = []
    for one in bench.differences:
        told = _interval((one.value, one.low, one.high), points)
        tested = one.p is not None
        rows.append(
            (
                one.first,
                one.second,
                "clean" if one.where == CLEAN else "perturbed, mean",
                number(one.n),
                number(one.both_answered),
                told,
                f"{one.only_first} / {one.only_second}" if tested else "",
                _p_value(one.p),
                _p_value(one.adjusted),
            )
        )
    head = (
        "classifier",
        "less",
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
    each = corruption_error.latent(bench.frame, run.traits, run.task.refractory_answers)
    asked = ("called", "abstained", "failed")
    rows = [
        (str(r["classifier"]), str(r["response"]), number(r["n"]), *(share(r[name] / r["n"]) for name in asked))
        for r in each.to_dicts()
    ]
    head = ("who says so", "latent response to steroid", "patients", "called refractory", "abstained", "failed")
    return Table("Called refractory on the clean record, by what the patient truly is", head, rows, words=2)


def faults(bench: Bench) -> Table:
    """Return what failed."""
    rows = [
        (str(r["classifier"]), r["fault"], number(r["answers"]), str(r["patient"])) for r in bench.faults.to_dicts()
    ]
    return Table(
        "Answers that failed", ("classifier", "what happened", "answers", "for example patient"), rows, words=2
    )


def all_tables(bench: Bench) -> Iterable[Table]:
    """Yield every table below the leaderboard that has rows."""
    made = (
        without_score,
        faults,
        on_the_clean_record,
        flips,
        differences,
        corruption,
        parts,
        left,
        classes,
        latent,
        subgroups,
    )
    for table in (one(bench) for one in made):
        if table.rows:
            yield table
