"""A bench as texts: the leaderboard, the page, and its figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from nephrosyn import __version__, vocabulary
from nephrosyn.bench.output import leaderboard
from nephrosyn.bench.output.results import BOARD, PAGE, Bench
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.score_table import cells_of
from nephrosyn.bench.score.subgroups import RANK
from nephrosyn.bench.task import ABSTAINED, FAILED
from nephrosyn.report.figures import inline
from nephrosyn.report.page.frame import environment
from nephrosyn.report.text import number, plain
from nephrosyn.statistics.bootstrap import RESAMPLES

NOTES = (
    (
        "Right answer",
        "the definition set applied to the complete record: every day seen, nothing lost, no error of measurement. "
        "The set itself, applied to the record that classifiers see, is the first classifier. Two groups have no right "
        "answer and are not scored: those outside the set, whom it is not for by age or lesion, and those who cannot "
        "be judged even from the complete record.",
    ),
    (
        "Accuracy",
        "right answers among all scored patients. What is not right is one of three things. A wrong answer names "
        "another category. An abstention is the answer `undetermined`. A failure is no answer: the classifier raised "
        "an error, ran out of time, or answered with something that is no category. Right, wrong, abstained and failed "
        "sum to 100%. In the table by class an abstention or a failure is no finding of the class: a miss for who has "
        "it, right for who has not, and in neither predictive value. Kappa and MCC take each for a category of its "
        "own. Brier scores are sums over classes, 0 to 2, of the patients with probabilities; two can be compared "
        "where these are the same.",
    ),
    (
        "No score",
        "a classifier that could not be fitted, or that failed on every answer, was never held against a patient: it "
        "has no score, no rank and no test, and is in no comparison. The reason stands beside its name.",
    ),
    (
        "What is averaged",
        "perturbed scores are means over replicates, then over severities, then over perturbations of the record, each "
        "with the same weight. Shifts of labels and of the cohort show the clean record; they stand by themselves in "
        "the table of corruption errors and in the curves. Other scores of the first table are of the clean record. "
        "Macro F1 and balanced accuracy are means over the classes that somebody has.",
    ),
    (
        "Corruption error",
        "errors (1 - accuracy) summed over severities, divided by those of the baseline; the mean is over "
        "perturbations. Where the baseline makes no error it is not defined, and left out. Errors are wrong answers, "
        "abstentions and failures together; a table below parts them.",
    ),
    (
        "Flips",
        "scored patients of whom the same classifier says something else than on the clean record. Of these: it was "
        "right and is wrong, abstains or fails now; or it is right now. The rest was not right and still is not.",
    ),
    (
        "Bias of the refractory share",
        "the share of patients called refractory less the share that is, by the complete record. Who got no answer, by "
        "abstention or failure, is not called refractory.",
    ),
    (
        "Intervals",
        "95%: Wilson's for shares of the clean record and by class, a normal one for the bias, all others by drawing "
        f"patients with replacement, with all their records ({RESAMPLES:,} percentile bootstraps; their ends err by "
        "about a twelfth of the standard error). Draws that leave a class of the cohort with nobody have no mean over "
        "classes and are left out, so where a class has few patients the interval of such a mean is too narrow. A mean "
        "that is the same in every draw, as where nobody failed, has no interval: draws do not show how sure it is. "
        "No interval holds the draws of the perturbations or of a training cohort: make the bench again with other "
        "seeds for that.",
    ),
    (
        "Pairs",
        "differences on the same patients, all that are scored, between classifiers that have a score. Right is held "
        "against not right: a wrong answer, an abstention and a failure count alike; beside it stands to how many "
        "patients both gave an answer every time. Exact McNemar test on the clean record, two-sided; Holm over all "
        "tests of this table. How many patients there are is a choice of whoever made the cohort, and with enough of "
        "them any difference has a small p-value: read the difference and its interval first.",
    ),
    (
        "PPV by prevalence",
        "what the sensitivity and specificity of the clean record give where the disease is rarer or more common.",
    ),
    ("Limits", "the patients do not exist: a rank here is a rank under this scenario and these perturbations."),
)


def sentence(bench: Bench) -> str:
    """Return the answer: who is right most often, how far the next one is behind, and who has no score."""
    rows = leaderboard.leaderboard(bench).rows
    best = rows[0]
    often = "right most often, in" if len(bench.names) > 1 else "right in"
    if leaderboard.perturbed(bench):
        told = (
            f"Over perturbed records {best[0]} is {often} {best[2]} of patients; on the clean record "
            f"it is right in {best[1]}. 95% intervals stand in brackets."
        )
    else:
        told = f"On the clean record {best[0]} is {often} {best[1]} of patients (95% interval)."
    silent = [f"{name} {reason.rstrip('.')}." for name, reason in bench.without_score.items()]
    return " ".join([told, *_ahead(bench), *silent])


def _ahead(bench: Bench) -> Iterator[str]:
    """Yield by how much the first of the leaderboard is ahead of the second, where they can be compared."""
    names, where = leaderboard.order(bench), ALL if leaderboard.perturbed(bench) else CLEAN
    for one in bench.differences:
        if len(names) > 1 and one.where == where and {one.first, one.second} == set(names[:2]):
            value, *ends = (
                (one.value, one.low, one.high) if one.first == names[0] else (-one.value, -one.high, -one.low)
            )
            apart = "" if ends[0] > 0 else ", so the two cannot be told apart here"
            low, high = (leaderboard.points(end) for end in ends)
            gap = f"the difference is {leaderboard.points(value)} points (95% interval {low} to {high})"
            yield f"{names[1]} comes next; {gap}{apart}."


def facts(bench: Bench) -> list[tuple[str, str]]:
    """Return how it was done."""
    run, about, counted = bench.answers.run, bench.answers.about, bench.counted
    told = [
        ("Scenario", str(run.manifest["scenario"]["name"])),
        ("Definition set", run.task.definition.name),
        ("Asked for", run.task.target),
        ("Patients scored", f"{number(counted['scored'])} of {number(sum(counted.values()))}"),
        ("Outside the set", number(counted["outside_the_set"])),
        ("Cannot be judged", number(counted["cannot_be_judged"])),
        ("Perturbation seed", str(about["seed"])),
        ("Replicates", str(about["replicates"])),
        ("Perturbation constants", f"version {about['perturbations_version']}"),
        ("nephrosyn version", __version__),
    ]
    if "training_seed" in about:
        told.append(
            ("Training cohort", f"{number(about['training_patients'])} patients, seed {about['training_seed']}")
        )
    return told


def texts(bench: Bench) -> dict[str, str]:
    """Return leaderboard, page and figures, text by file name."""
    drawn = {name: (title, figure, caption) for name, title, figure, caption in _figures(bench)}
    shown: dict[str, Any] = {
        "notice": vocabulary.NOTICE,
        "sentence": sentence(bench),
        "facts": facts(bench),
        "board": leaderboard.leaderboard(bench),
        "tables": list(leaderboard.all_tables(bench)),
        "notes": NOTES,
    }
    figures = [(title, inline(figure, name), caption) for name, (title, figure, caption) in drawn.items()]
    made = environment()
    text = made.get_template("bench.md.j2").render(**shown)
    return {
        PAGE: made.get_template("bench.html.j2").render(**shown, figures=figures),
        BOARD: re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        **{f"{name}.svg": figure for name, (_, figure, _) in drawn.items()},
    }


def _figures(bench: Bench) -> Iterator[tuple[str, str, str, str]]:
    from nephrosyn.report.figures import robustness as drawings

    curves: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row in corruption_error.curves(bench.scores, "accuracy").to_dicts():
        if row["value"] is not None:
            lines = curves.setdefault(PERTURBATIONS[row["perturbation"]].title, {})
            lines.setdefault(row["classifier"], []).append((row["severity"], row["value"]))
    if curves:
        told = "Accuracy by severity; 0 is the clean record. Means over replicates."
        yield "degradation", "As records get worse", drawings.degradation(curves, "accuracy"), told
    yield "confusion", "Who is taken for whom", _confusion(bench), "Patients; shades: share of each right answer."
    marks = [
        drawings.Mark(r["classifier"], plain(r["slice"]), plain(r["group"]), r["n"], r["value"], r["low"], r["high"])
        for r in sorted(
            bench.scores.filter(pl.col("slice") != ALL, metric="accuracy", perturbation=CLEAN).to_dicts(),
            key=lambda r: (r["slice"], RANK.get(r["group"], len(RANK)), r["group"]),
        )
    ]
    yield "slices", "In whom", drawings.slices(marks), "Accuracy on the clean record, 95% Wilson intervals."
    rows = bench.scores.filter(slice=ALL, metric="ppv_at_prevalence").drop_nulls("value")
    ppv = {
        name: [(float(of), value) for of, value in rows.filter(classifier=name).select("of", "value").rows()]
        for name in bench.names
    }
    yield "prevalence", "Where the disease is rarer", drawings.prevalence(ppv), "Dashed: PPV equal to prevalence."
    points = _reliability(bench)
    if points:
        told = "Clean record, tenths of the predicted probability; 95% Wilson intervals."
        yield "reliability", "Are probabilities meant as they are said", drawings.reliability(points), told


def _confusion(bench: Bench) -> str:
    from nephrosyn.report.figures import robustness as drawings

    task, frame = bench.answers.run.task, bench.frame.filter(perturbation=CLEAN)
    matrices = {}
    for name in bench.names:
        cells = cells_of(frame.filter(pl.col("classifier") == name))
        matrices[name] = {(plain(right), plain(given)): count for right, given, count in cells}
    given = {given for cells in matrices.values() for _, given in cells}
    columns = [plain(name) for name in (*task.words, FAILED)]
    asked = {plain(name) for name in (*task.classes, ABSTAINED)}
    shown = [name for name in columns if name in asked | given]
    return drawings.confusion(matrices, [plain(name) for name in task.classes], shown)


def _reliability(bench: Bench) -> dict[str, list[tuple[float, float, float, float]]]:
    keys = ["classifier", "of"]
    rows = bench.scores.filter(slice=ALL, metric="observed_by_probability")
    at = bench.scores.filter(slice=ALL, metric="mean_probability").select(*keys, at="value")
    points: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in rows.join(at, on=keys).sort("at").to_dicts():
        points.setdefault(row["classifier"], []).append((row["at"], row["value"], row["low"], row["high"]))
    return points
