"""Hand-written numbers agree with scikit-learn, statsmodels and fairlearn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nephrosyn.bench.score import metrics as scores
from nephrosyn.bench.score import score_table
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.task import ABSTAINED
from nephrosyn.statistics import bootstrap, paired_tests

pytestmark = pytest.mark.slow

metrics = pytest.importorskip("sklearn.metrics")
proportion = pytest.importorskip("statsmodels.stats.proportion")
tables = pytest.importorskip("statsmodels.stats.contingency_tables")
multitest = pytest.importorskip("statsmodels.stats.multitest")
fairlearn = pytest.importorskip("fairlearn.metrics")

NAMES = ("a", "b", "c")
SEEDS = range(5)


def drawn(seed, n=300, given=(*NAMES, ABSTAINED)):
    made = np.random.default_rng(seed)
    return made.choice(NAMES, n), made.choice(given, n)


def cells(right, given):
    pairs, counts = np.unique(np.stack([right, given]), axis=1, return_counts=True)
    return [(str(a), str(b), int(n)) for (a, b), n in zip(pairs.T, counts, strict=True)]


def by_name(made):
    return {(one.metric, one.of): one for one in made}


@pytest.mark.parametrize("seed", SEEDS)
def test_per_class_metrics_are_those_of_scikit_learn(seed):
    right, given = drawn(seed, given=NAMES)
    matrix = metrics.multilabel_confusion_matrix(right, given, labels=NAMES)
    for name, ((tn, fp), (fn, tp)) in zip(NAMES, matrix, strict=True):
        found = by_name(scores.of_class(cells(right, given), [name], name))
        wanted = {
            "sensitivity": (tp, tp + fn),
            "specificity": (tn, tn + fp),
            "ppv": (tp, tp + fp),
            "npv": (tn, tn + fn),
        }
        for metric, (count, total) in wanted.items():
            low, high = proportion.proportion_confint(count, total, method="wilson")
            one = found[metric, name]
            assert (one.value, one.low, one.high) == pytest.approx((count / total, low, high))
            assert one.n == total


@pytest.mark.parametrize("seed", SEEDS)
def test_overall_metrics_from_counts_are_those_from_patients(seed):
    right, given = drawn(seed)
    found = by_name(scores.overall(cells(right, given)))
    assert found["accuracy", "all"].value == pytest.approx(metrics.accuracy_score(right, given))
    assert found["mcc", "all"].value == pytest.approx(metrics.matthews_corrcoef(right, given))
    assert found["kappa", "all"].value == pytest.approx(metrics.cohen_kappa_score(right, given))
    wanted = metrics.recall_score(right, given, labels=NAMES, average="macro")
    assert found["balanced_accuracy", "all"].value == pytest.approx(wanted)
    assert found["coverage", "all"].value == pytest.approx(np.mean(given != ABSTAINED))


def test_balanced_accuracy_is_that_of_scikit_learn_where_nobody_abstains():
    right, given = drawn(9, given=NAMES)
    found = by_name(scores.overall(cells(right, given)))
    assert found["balanced_accuracy", "all"].value == pytest.approx(metrics.balanced_accuracy_score(right, given))


@pytest.mark.parametrize(("b", "c"), [(0, 0), (5, 0), (7, 12), (30, 31)])
def test_mcnemar_is_that_of_statsmodels(b, c):
    wanted = tables.mcnemar([[0, b], [c, 0]], exact=True).pvalue if b + c else 1.0
    assert paired_tests.mcnemar(b, c) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_holm_is_that_of_statsmodels(seed):
    values = np.random.default_rng(seed).uniform(0, 0.2, 7)
    assert paired_tests.holm(list(values)) == pytest.approx(multitest.multipletests(values, method="holm")[1])


def test_slices_are_those_of_fairlearn(answers):
    run = answers.run
    frame = answers.frame.filter(perturbation=CLEAN).filter(pl.col("reference").is_in(run.task.classes))
    found = score_table.sliced(frame, run.task, run.groups)
    joined = frame.join(run.groups.drop("replicate"), on="patient")
    for name in ("coded-care", "majority"):
        mine = joined.filter(pl.col("classifier") == name)
        for axis in ("sex", "age"):
            wanted = fairlearn.MetricFrame(
                metrics=metrics.accuracy_score,
                y_true=mine["reference"].cast(pl.String).to_numpy(),
                y_pred=mine["predicted"].cast(pl.String).to_numpy(),
                sensitive_features=mine[axis].to_numpy(),
            ).by_group
            rows = found.filter(classifier=name, slice=axis, metric="accuracy")
            assert dict(rows.select("group", "value").iter_rows()) == pytest.approx(wanted.to_dict())


def test_bias_is_the_mean_of_paired_differences():
    made = [("a", "b", 10), ("b", "a", 4), ("a", "a", 50), ("b", "b", 36)]
    each = np.repeat([-1.0, 1.0, 0.0, 0.0], [10, 4, 50, 36])
    found = scores.bias(made, ["a"])
    width = 1.959963984540054 * each.std() / 10
    assert (found.value, found.low, found.high) == pytest.approx(
        (each.mean(), each.mean() - width, each.mean() + width)
    )


def test_bootstrap_intervals_cover_the_known_difference():
    """Of 400 cohorts, 95% intervals cover in 92 to 98%.

    Were coverage exactly 95%, counts outside 368 to 392 would come up in fewer than 1% of seeds (binomial, sd 4.4);
    an interval of 90% or 99.5% would fail nearly always. The seed is fixed.
    """
    made = np.random.default_rng(20)
    chances = {1.0: 0.25, -1.0: 0.15, 0.0: 0.6}  # only the first right, only the second, both or none
    known, covered = 0.25 - 0.15, 0
    for cohort in range(400):
        values = made.choice(list(chances), p=list(chances.values()), size=150)[:, None]
        low, high = bootstrap.bootstrap_mean(values, resamples=400, seed=cohort * 1000)
        covered += bool(low[0] <= known <= high[0])
    assert 0.92 <= covered / 400 <= 0.98


def test_resamples_do_not_depend_on_how_many_are_drawn_at_once(monkeypatch):
    values = np.linspace(0, 1, 50)[:, None] ** 2
    whole = bootstrap.bootstrap_mean(values, resamples=200, seed=5)
    monkeypatch.setattr(bootstrap, "DRAWN_AT_ONCE", 150)
    assert np.array_equal(whole, bootstrap.bootstrap_mean(values, resamples=200, seed=5))
    assert not np.array_equal(bootstrap.drawn(50, 3, 5)[1:], bootstrap.drawn(50, 2, 6))
