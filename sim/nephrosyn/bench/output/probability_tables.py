"""Tables and curves of predicted probabilities, and of the groups of patients for whom a classifier is worst."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from nephrosyn.bench.output.leaderboard import Estimate, interval_text, order
from nephrosyn.bench.output.results import Bench
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.calibration_scores import BINS
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.group_gaps import DIFFERENCE, WORST
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.selective_scores import COVERAGES, THRESHOLDS
from nephrosyn.bench.task import YES
from nephrosyn.report.formatting import decimal, number, percent, points
from nephrosyn.report.page.tables import Table
from nephrosyn.vocabulary import plain_name

Curve = list[tuple[float, float, float | None, float | None]]
"""Places on the horizontal axis, scores, and the ends of their intervals."""
TREAT_ALL = "treating everybody"
NOTES = (
    (
        "Probabilities",
        "AUROC and average precision are of refractory disease against the rest, and of each class against all others "
        "(one-vs-rest), whose mean over the classes that somebody has is given where categories are asked for. "
        f"Expected calibration error has {BINS} bins of equal width. Slope and intercept are those of a logistic "
        "regression on the logit of the probability (the intercept with a slope of 1): 1 and 0 if calibrated. The "
        "Brier score of refractory disease, 0 to 1, is reliability minus resolution plus uncertainty. Chance raises "
        "calibration error, reliability and resolution, so their intervals are reflected about the estimate; that "
        "of the calibration error still holds the truth in about 90% of cohorts only.",
    ),
    (
        "The most certain answers",
        "patients are ordered by the largest probability. The error at a coverage is that among this share of the "
        "patients; the area is its mean over all coverages.",
    ),
    (
        "Net benefit",
        "patients are treated as refractory from a probability on: true positives among all patients, less false "
        "positives times the odds of that probability. A classifier is of use where it is above both treating "
        "everybody and 0, treating nobody.",
    ),
    (
        "Groups",
        "the intervals of an axis hold together with 95% confidence. The worst group is the one whose accuracy is "
        "lowest; its interval is that of the lowest accuracy of all groups. A difference is the accuracy in the group "
        "minus that of all other patients, with Newcombe's interval.",
    ),
)


def probability_tables(bench: Bench) -> Iterator[Table]:
    """Yield the tables that have rows."""
    yield from (table for table in (ranking(bench), calibration(bench), certainty(bench), gaps(bench)) if table.rows)


def _named(bench: Bench) -> list[str]:
    """Return the classifiers that give probabilities, the best first."""
    given = corruption_error.clean(bench.scores, "auroc", YES)
    return [name for name in order(bench) if name in given]


def _estimates(bench: Bench, metric: str, of: str) -> dict[str, Estimate]:
    return dict(corruption_error.clean(bench.scores, metric, of))


def ranking(bench: Bench) -> Table:
    """Return how well probabilities rank patients, for refractory disease and for every class."""
    classes = bench.answers.run.task.classes if bench.answers.run.task.target == "category" else ()
    sought = [YES, *([ALL] if classes else []), *classes]
    rows = []
    for name in _named(bench):
        for of in sought:
            area = _estimates(bench, "auroc", of).get(name)
            if area is not None:
                precision = _estimates(bench, "average_precision", of).get(name)
                said = "mean of all classes" if of == ALL else plain_name(of)
                rows.append((name, said, interval_text(area, decimal), interval_text(precision, decimal)))
    head = ("classifier", "class", "AUROC", "average precision")
    return Table("Ranking by probability, unperturbed record (95% bootstrap intervals)", head, rows, words=2)


def calibration(bench: Bench) -> Table:
    """Return the calibration of the probability of refractory disease."""
    metrics = (
        "expected_calibration_error",
        "calibration_slope",
        "calibration_intercept",
        "brier_refractory",
        "brier_reliability",
        "brier_resolution",
        "brier_uncertainty",
    )
    estimates = {metric: _estimates(bench, metric, YES) for metric in metrics}
    rows = [
        (name, *(interval_text(estimates[metric].get(name), decimal) for metric in metrics)) for name in _named(bench)
    ]
    head = (
        "classifier",
        "calibration error",
        "slope",
        "intercept",
        "Brier",
        "reliability",
        "resolution",
        "uncertainty",
    )
    return Table("Calibration of the probability of refractory disease (95% bootstrap intervals)", head, rows)


def certainty(bench: Bench) -> Table:
    """Return the errors among the patients whom a classifier is most certain about."""
    area = _estimates(bench, "area_under_risk_coverage", ALL)
    at = {coverage: _estimates(bench, "error_at_coverage", f"{coverage:g}") for coverage in COVERAGES}
    rows = [
        (
            name,
            interval_text(area.get(name)),
            *(interval_text(estimates.get(name)) for estimates in at.values()),
        )
        for name in _named(bench)
    ]
    head = ("classifier", "mean over coverages", *(f"error at {percent(coverage, 0)}" for coverage in COVERAGES))
    return Table("Errors if only the most certain answers are given (95% bootstrap intervals)", head, rows)


def gaps(bench: Bench) -> Table:
    """Return the worst group of every axis, and the largest difference of a group from all others."""
    rows = bench.scores.filter(pl.col("metric").is_in([WORST, DIFFERENCE]), perturbation=CLEAN)
    texts = []
    for name in order(bench):
        for axis in rows["slice"].unique().sort():
            of_axis = rows.filter(classifier=name, slice=axis)
            if not of_axis.height:
                continue
            worst = of_axis.filter(metric=WORST).row(0, named=True)
            differences = of_axis.filter(metric=DIFFERENCE)
            largest = differences.sort(pl.col("value").abs(), "group", descending=[True, False]).row(0, named=True)
            texts.append(
                (
                    name,
                    plain_name(axis),
                    plain_name(worst["group"]),
                    number(worst["n"]),
                    interval_text((worst["value"], worst["low"], worst["high"])),
                    plain_name(largest["group"]),
                    interval_text((largest["value"], largest["low"], largest["high"]), points),
                )
            )
    head = (
        "classifier",
        "by",
        "worst group",
        "patients",
        "lowest accuracy",
        "most different group",
        "difference from all others (points)",
    )
    return Table("Worst groups, unperturbed record (simultaneous 95% intervals)", head, texts, words=3)


def certainty_curves(bench: Bench) -> dict[str, dict[str, Curve]]:
    """Return the errors by coverage, for a figure."""
    return _curves(bench, "error_at_coverage", COVERAGES, "answers in order of certainty")


def decision_curves(bench: Bench) -> dict[str, dict[str, Curve]]:
    """Return the net benefit by threshold, for a figure, with that of treating everybody."""
    panels = _curves(bench, "net_benefit", THRESHOLDS, "treatment from a probability on")
    for curves in panels.values():
        everybody = _curve(bench, "net_benefit_of_treating_all", THRESHOLDS, _named(bench)[0])
        curves[TREAT_ALL] = [point for point in everybody if point[1] >= 0]
    return panels


def _curves(bench: Bench, metric: str, places: tuple[float, ...], title: str) -> dict[str, dict[str, Curve]]:
    curves = {name: _curve(bench, metric, places, name) for name in _named(bench)}
    return {title: curves} if curves else {}


def _curve(bench: Bench, metric: str, places: tuple[float, ...], name: str) -> Curve:
    points_of = []
    for place in places:
        estimate = _estimates(bench, metric, f"{place:g}").get(name)
        if estimate is not None and estimate[0] is not None:
            points_of.append((place, estimate[0], estimate[1], estimate[2]))
    return points_of
