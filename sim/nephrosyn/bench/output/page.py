"""The leaderboard, the HTML page and the figures of a bench, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from nephrosyn import __version__
from nephrosyn.bench.output import (
    boundary_tables,
    draws_tables,
    leaderboard,
    probability_tables,
    time_tables,
    training_tables,
)
from nephrosyn.bench.output.results import BOARD, PAGE, Bench
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.score_table import cells_of
from nephrosyn.bench.score.subgroups import RANK
from nephrosyn.bench.task import ABSTAINED, FAILED, Task
from nephrosyn.report.figures import inline
from nephrosyn.report.formatting import number, points
from nephrosyn.report.page import frame
from nephrosyn.statistics.bootstrap import RESAMPLES
from nephrosyn.vocabulary import plain_name

NOTES = (
    (
        "Right answer",
        "the definition set applied to the complete record: every day observed, nothing lost, no measurement error. "
        "The set itself, applied to the record that classifiers see, is the first classifier. Two groups have no right "
        "answer and are not scored: patients outside the set by age or lesion, and patients who cannot be judged even "
        "from the complete record.",
    ),
    (
        "Accuracy",
        "right answers among all scored patients. All other answers are of three kinds. A wrong answer names another "
        "category. An abstention is the answer `undetermined`. A failure is no valid answer: the classifier raised an "
        "error, ran out of time, or returned something that is not a category. Right, wrong, abstained and failed sum "
        "to 100%. In the table by class an abstention or a failure does not assign the class: it is a false negative "
        "for patients who have the class, a true negative for others, and in neither predictive value. Kappa and MCC "
        "treat each as a separate category. Brier scores are sums over classes, 0 to 2, of the patients with "
        "probabilities; they can be compared if these patients are the same.",
    ),
    (
        "No score",
        "a classifier that could not be fitted, or that failed on every answer, has no score, no rank and no test, and "
        "is in no comparison. The reason is given with its name.",
    ),
    (
        "What is averaged",
        "perturbed scores are means over replicates, then over severities, then over perturbations of the record, with "
        "equal weights. Perturbations of labels and of the cohort show the unperturbed record; they have "
        "separate rows in "
        "the table of corruption errors and in the curves. Other scores of the first table are of the "
        "unperturbed record. "
        "Macro F1 and balanced accuracy are means over the classes that at least one patient has.",
    ),
    (
        "Corruption error",
        "errors (1 - accuracy) summed over severities, divided by those of the baseline; the mean is over "
        "perturbations. Where the baseline makes no error it is not defined and is left out. Errors are wrong answers, "
        "abstentions and failures together; a table below separates them.",
    ),
    (
        "Flips",
        "scored patients for whom the answer differs from that of the same classifier on the unperturbed "
        "record. It was "
        "right and is now wrong, an abstention or a failure; or it is right now; or it was not right and still is "
        "not.",
    ),
    (
        "Bias of the refractory share",
        "the share of patients called refractory minus the share that is, by the complete record. Patients without an "
        "answer, by abstention or failure, are not called refractory.",
    ),
    (
        "Intervals",
        "95%: Wilson's for shares of the unperturbed record and by class, a normal one for the bias, all others by "
        f"resampling patients with all their records ({RESAMPLES:,} percentile bootstraps; the simulation error of the "
        "ends is about a twelfth of the standard error). Resamples without any patient of a class have no mean over "
        "classes and are left out, so that the interval of such a mean is too narrow where a class has few patients. A "
        "mean that is the same in every resample, such as a share of failures where nothing failed, has no interval. "
        "What a perturbation draws for a patient does not depend on other patients, so a resampled patient brings its "
        "own draws: intervals of perturbed scores hold the patients and the draws. They do not hold the draw of the "
        "training cohort, unless the table says so: with --training-cohorts the classifiers that learn are fitted on "
        "several cohorts, and the interval of their mean accuracy joins both (the distances of the ends from the mean "
        "are added as squares; Student's interval between cohorts).",
    ),
    (
        "Pairs",
        "differences between classifiers that have a score, on all scored patients. A wrong answer, an abstention and "
        "a failure all count as not right; the table also gives how many patients got an answer from both every time. "
        "Exact two-sided McNemar test on the unperturbed record; Holm over all tests of this table. The "
        "number of simulated patients is a choice, and with enough of them any difference has a small p-value: read "
        "the difference and its interval first.",
    ),
    (
        "Positive predictive value by prevalence",
        "positive predictive value with the sensitivity and specificity of the unperturbed record where the "
        "disease is rarer or more common.",
    ),
    ("Limits", "the patients are simulated: ranks hold for this scenario and these perturbations."),
)


def sentence(bench: Bench) -> str:
    """Return the result in words: the best classifier, its lead over the next one, and classifiers without a score."""
    rows = leaderboard.leaderboard(bench).rows
    best = rows[0]
    who = f"the most accurate classifier is '{best[0]}'" if len(bench.names) > 1 else f"the classifier is '{best[0]}'"
    if leaderboard.perturbed(bench):
        result = (
            f"On perturbed records {who}: {_correct(best[2])}; on the unperturbed record, "
            f"{_correct(best[1]).replace(' correct', '', 1)}."
        )
    else:
        result = f"On the unperturbed record {who}: {_correct(best[1])}."
    silent = [f"{name} {reason.rstrip('.')}." for name, reason in bench.without_score.items()]
    return " ".join([result, *_lead(bench), *silent])


def _correct(cell: str) -> str:
    """Return a share of right answers in words.

    Examples
    --------
    >>> _correct("64.3% (62.0 to 66.6%)")
    '64.3% correct (95% interval 62.0 to 66.6%)'
    """
    share, bracket, interval = cell.partition(" (")
    return f"{share} correct (95% interval {interval}" if bracket else f"{share} correct"


def _lead(bench: Bench) -> Iterator[str]:
    """Yield the lead of the first classifier over the second in words, where they can be compared."""
    names, where = leaderboard.order(bench), ALL if leaderboard.perturbed(bench) else CLEAN
    for difference in bench.differences:
        if difference.where == where and {difference.first, difference.second} == set(names[:2]):
            value, *ends = difference.value, difference.low, difference.high
            if difference.first != names[0]:
                value, *ends = -value, -ends[1], -ends[0]
            apart = "" if ends[0] > 0 else ", so the two cannot be distinguished here"
            low, high = (points(end) for end in ends)
            gap = f"the difference is {points(value)} points (95% interval {low} to {high})"
            yield f"{names[1]} comes next; {gap}{apart}."


def facts(bench: Bench) -> list[tuple[str, str]]:
    """Return the settings of the bench: what, and its value."""
    run, about, counted = bench.answers.run, bench.answers.about, bench.counted
    settings = [
        ("Scenario", str(run.manifest["scenario"]["name"])),
        ("Definition set", run.task.definition.name),
        ("Target", run.task.target),
        *_early(run.task),
        ("Patients scored", f"{number(counted['scored'])} of {number(sum(counted.values()))}"),
        ("Outside the set", number(counted["outside_the_set"])),
        ("Cannot be judged", number(counted["cannot_be_judged"])),
        ("Perturbation seed", str(about["seed"])),
        ("Replicates", str(about["replicates"])),
        ("Perturbation constants", f"version {about['perturbations_version']}"),
        ("nephrosyn version", __version__),
    ]
    if bench.draws is not None:
        drawn = f"{number(bench.draws.draws)} draws of {number(bench.draws.patients)} patients"
        settings.append(("Uncertain numbers", drawn))
    if "training_seed" in about:
        settings.append(
            ("Training cohort", f"{number(about['training_patients'])} patients, seed {about['training_seed']}")
        )
    return settings


def _early(task: Task) -> list[tuple[str, str]]:
    """Return what classifiers see and the day of the right answer, if they do not see all of the record."""
    if task.until_days is None and task.label_days is None:
        return []
    return [("Classifiers see", task.seen), ("Right answer", f"of {task.labelled}")]


def texts(bench: Bench) -> dict[str, str]:
    """Return leaderboard, page and figures: text by file name."""
    drawn = {name: (title, figure, caption) for name, title, figure, caption in _figures(bench)}
    shown: dict[str, Any] = {
        "sentence": " ".join(filter(None, (sentence(bench), draws_tables.ranks(bench)))),
        "facts": facts(bench),
        "board": leaderboard.leaderboard(bench),
        "tables": [
            *boundary_tables.boundary_tables(bench),
            *draws_tables.drawn_tables(bench),
            *training_tables.training_tables(bench),
            *time_tables.time_tables(bench),
            *leaderboard.all_tables(bench),
            *probability_tables.probability_tables(bench),
        ],
        "notes": _notes(bench),
    }
    figures = [(title, inline(figure, name), caption) for name, (title, figure, caption) in drawn.items()]
    return {
        PAGE: frame.html("bench.html.j2", **shown, figures=figures),
        BOARD: frame.markdown("bench.md.j2", **shown),
        **{f"{name}.svg": figure for name, (_, figure, _) in drawn.items()},
    }


def _notes(bench: Bench) -> tuple[tuple[str, str], ...]:
    of_training = (training_tables.note(bench),) if bench.training_side.height else ()
    of_time = time_tables.NOTES if bench.over_time.height else ()
    of_labels = (training_tables.LABEL_NOTE,) if bench.by_label.height else ()
    return (
        *NOTES,
        *((boundary_tables.NOTE,) if bench.boundary else ()),
        *probability_tables.NOTES,
        *of_training,
        *of_time,
        *of_labels,
        *((draws_tables.NOTE,) if bench.draws else ()),
    )


def _figures(bench: Bench) -> Iterator[tuple[str, str, str, str]]:
    from nephrosyn.report.figures import bench_scores as drawings

    curves: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row in corruption_error.curves(bench.scores, "accuracy").to_dicts():
        if row["value"] is not None:
            lines = curves.setdefault(PERTURBATIONS[row["perturbation"]].title, {})
            lines.setdefault(row["classifier"], []).append((row["severity"], row["value"]))
    if curves:
        caption = "Accuracy by severity; 0 is the unperturbed record. Means over replicates."
        yield "degradation", "As records get worse", drawings.degradation(curves, "accuracy"), caption
    yield from _more_figures(bench)
    yield "confusion", "Confusion matrices", _confusion(bench), "Patients; shades: share of each right answer."
    estimates = [
        drawings.Mark(
            row["classifier"],
            plain_name(row["slice"]),
            plain_name(row["group"]),
            row["n"],
            row["value"],
            row["low"],
            row["high"],
        )
        for row in sorted(
            bench.scores.filter(pl.col("slice") != ALL, metric="accuracy", perturbation=CLEAN).to_dicts(),
            key=lambda row: (row["slice"], RANK.get(row["group"], len(RANK)), row["group"]),
        )
    ]
    yield (
        "slices",
        "By group of patients",
        drawings.slices(estimates),
        "Accuracy on the unperturbed record, 95% Wilson intervals.",
    )
    rows = bench.scores.filter(slice=ALL, metric="ppv_at_prevalence").drop_nulls("value")
    ppv = {
        name: [(float(of), value) for of, value in rows.filter(classifier=name).select("of", "value").rows()]
        for name in bench.names
    }
    if any(ppv.values()):  # nobody may be called refractory
        caption = "Dashed: positive predictive value equal to prevalence."
        yield "prevalence", "Where the disease is rarer", drawings.prevalence(ppv), caption
    points = _reliability(bench)
    if points:
        caption = "Unperturbed record, tenths of the predicted probability; 95% Wilson intervals."
        yield "reliability", "Calibration of probabilities", drawings.reliability(points), caption
    yield from _probability_figures(bench)


def _more_figures(bench: Bench) -> Iterator[tuple[str, str, str, str]]:
    """Yield the figures of perturbed training and of the scores over time, where these were asked for."""
    from nephrosyn.report.figures.score_curves import score_curves

    if learnt := training_tables.curves(bench):
        drawing = score_curves(learnt, "severity", "accuracy", {place: str(place) for place in range(6)})
        caption = "Accuracy by severity, learnt from and tested on unperturbed or perturbed records; 95% bootstrap."
        yield "training", "Learning from perturbed records", drawing, caption
    if since_onset := time_tables.since_onset_curves(bench):
        caption = "Patients who have not met the definition before, by the mean day of the records; 95% intervals."
        yield "over-time", "Prediction over time", score_curves(since_onset, "days since onset", "score"), caption
    if before_met := time_tables.before_met_curves(bench):
        across = "days since the definition is met; negative: before"
        caption = "Patients who meet the definition: share called refractory; 95% intervals."
        yield "before-met", "Before the definition is met", score_curves(before_met, across, "share"), caption


def _probability_figures(bench: Bench) -> Iterator[tuple[str, str, str, str]]:
    """Yield the figures of certainty and of decisions, where probabilities were given."""
    from nephrosyn.report.figures.score_curves import score_curves

    if certainty := probability_tables.certainty_curves(bench):
        caption = "95% bootstrap intervals. Where a line rises, certain answers are more often right."
        drawing = score_curves(certainty, "share of patients answered", "share of errors")
        yield "certainty", "Answering only the most certain", drawing, caption
    if decisions := probability_tables.decision_curves(bench):
        caption = "95% bootstrap intervals. A benefit is above both 0 and treating everybody."
        drawing = score_curves(decisions, "probability from which patients are treated", "net benefit")
        yield "decisions", "Net benefit", drawing, caption


def _confusion(bench: Bench) -> str:
    from nephrosyn.report.figures import bench_scores as drawings

    task, frame = bench.answers.run.task, bench.frame.filter(perturbation=CLEAN)
    matrices = {}
    for name in bench.names:
        cells = cells_of(frame.filter(pl.col("classifier") == name))
        matrices[name] = {(plain_name(right), plain_name(given)): count for right, given, count in cells}
    given = {given for cells in matrices.values() for _, given in cells}
    columns = [plain_name(name) for name in (*task.valid_answers, FAILED)]
    always = {plain_name(name) for name in (*task.classes, ABSTAINED)}
    shown = [name for name in columns if name in always | given]
    return drawings.confusion(matrices, [plain_name(name) for name in task.classes], shown)


def _reliability(bench: Bench) -> dict[str, list[tuple[float, float, float, float]]]:
    keys = ["classifier", "of"]
    rows = bench.scores.filter(slice=ALL, metric="observed_by_probability")
    at = bench.scores.filter(slice=ALL, metric="mean_probability").select(*keys, at="value")
    points: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in rows.join(at, on=keys).sort("at").to_dicts():
        points.setdefault(row["classifier"], []).append((row["at"], row["value"], row["low"], row["high"]))
    return points
