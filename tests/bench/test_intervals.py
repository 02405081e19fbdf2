"""Intervals drawn by patients: scores of each draw are scikit-learn's, and they cover what is known."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from nephrosyn.bench.output import results
from nephrosyn.bench.score import bootstrap_intervals, corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import FLIPS
from nephrosyn.statistics.bootstrap import drawn

metrics = pytest.importorskip("sklearn.metrics")
MEANS = ("balanced_accuracy", "macro_f1", "mcc", "kappa")


@pytest.mark.parametrize("seed", range(6))
def test_scores_of_a_matrix_are_those_of_scikit_learn(seed):
    made = np.random.default_rng(seed)
    right, given = made.choice(4, 60, p=[0.5, 0.3, 0.15, 0.05]), made.choice(5, 60)
    found = bootstrap_intervals.of_matrices(metrics.confusion_matrix(right, given, labels=range(5))[None].astype(float))
    means = {"labels": sorted(set(right)), "average": "macro", "zero_division": 0.0}
    assert found["balanced_accuracy"][0] == pytest.approx(metrics.recall_score(right, given, **means))
    assert found["macro_f1"][0] == pytest.approx(metrics.f1_score(right, given, **means))
    assert found["mcc"][0] == pytest.approx(metrics.matthews_corrcoef(right, given))
    assert found["kappa"][0] == pytest.approx(metrics.cohen_kappa_score(right, given))


def test_a_draw_without_one_of_the_classes_has_no_mean():
    counts = np.array([[[5.0, 1.0], [0.0, 0.0]]])
    found = bootstrap_intervals.of_matrices(counts, np.array([True, True]))
    assert np.isnan(found["balanced_accuracy"][0]) and np.isnan(found["macro_f1"][0])
    assert np.isnan(found["mcc"][0])
    assert bootstrap_intervals.of_matrices(counts)["balanced_accuracy"][0] == pytest.approx(5 / 6)


def test_intervals_on_the_clean_record_are_quantiles_of_what_scikit_learn_says_of_each_draw(found):
    """For one classifier, and as many draws as scikit-learn can be asked about."""
    run = found.answers.run
    seed = found.answers.about["seed"]
    rows = found.answers.frame.filter(
        pl.col("classifier") == "source", pl.col("reference").is_in(run.task.classes), perturbation=CLEAN
    ).sort("patient")
    right, given = (rows[name].cast(pl.String).to_numpy() for name in ("reference", "predicted"))
    values = [metrics.cohen_kappa_score(right[some], given[some]) for some in drawn(rows.height, 60, seed)]
    made = bootstrap_intervals.clean(found.answers.frame, run.task, seed, resamples=60)["source", "kappa"]
    assert (made.low, made.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_every_mean_has_its_interval(found):
    rows = found.scores.filter(pl.col("metric").is_in(MEANS), slice="all", perturbation=CLEAN).drop_nulls("value")
    known = rows.filter(pl.col("classifier") != "majority")  # who says one thing only has nothing to vary
    assert known.height and known["low"].null_count() == 0
    assert (known["low"] <= known["value"]).all() and (known["value"] <= known["high"]).all()
    averages = found.averages.drop_nulls("value")
    same = averages.filter(
        pl.col("low").is_null()
    )  # in every draw: nobody fails, and the baseline is held against itself
    assert set(same.filter(metric="corruption_error")["classifier"]) == {found.baseline}
    assert set(same.filter(pl.col("metric") != "corruption_error")["value"]) <= {0.0, 1.0}
    averages = averages.drop_nulls("low")
    assert {"accuracy", "abstained", "corruption_error"} <= set(averages["metric"])
    assert (averages["low"] <= averages["value"] + 1e-12).all()
    assert (averages["value"] <= averages["high"] + 1e-12).all()


def test_the_interval_of_a_perturbed_mean_is_about_that_of_a_normal_law(found):
    """Of some 200 patients the ends of both agree within a fifth of the width: bootstrap error and skewness."""
    rows = found.answers.frame.filter(
        pl.col("classifier") == "source", pl.col("reference").is_in(found.answers.run.task.classes)
    )
    rows = rows.filter(pl.col("perturbation").is_in(["visits_missing", "doses_lost"]))
    each = rows.group_by("patient").agg(v=(pl.col("reference") == pl.col("predicted")).mean())["v"].to_numpy()
    width = norm.ppf(0.975) * each.std() / np.sqrt(each.size)
    (one,) = found.averages.filter(classifier="source", metric="accuracy").to_dicts()
    assert one["value"] == pytest.approx(each.mean())
    assert one["low"] == pytest.approx(each.mean() - width, abs=0.4 * width)
    assert one["high"] == pytest.approx(each.mean() + width, abs=0.4 * width)


def test_flips_go_one_way_or_the_other(found):
    mean = {name: corruption_error.means(found.scores, name) for name in (*FLIPS, "accuracy")}
    clean = corruption_error.clean(found.scores, "accuracy")
    for name in found.names:
        harmful, helpful = mean["harmful_flip_rate"][name], mean["helpful_flip_rate"][name]
        assert harmful + helpful <= mean["flip_rate"][name] + 1e-12
        assert mean["accuracy"][name] == pytest.approx(clean[name][0] - harmful + helpful)


def test_a_bench_tells_what_it_was_made_with(bench_folder, found):
    told = json.loads((bench_folder / "bench.json").read_text())
    assert told["perturbations"] == ["visits_missing", "doses_lost", "label_noise", "prevalence_lowered"]
    assert told["severities"] == [1, 5]
    assert set(told["software"]) == {"numpy", "scipy", "polars", "scikit-learn"}
    assert {row["metric"] for row in told["averages"]} >= {"accuracy", "corruption_error", *FLIPS}
    page = (bench_folder / "leaderboard.md").read_text()
    assert "Patients scored, where not all" in page
    assert "Refractory disease rarer" in page.split("Patients scored, where not all")[1].split("By class")[0]


def test_shifts_of_the_cohort_alone_have_no_interval_of_their_mean(run):
    from nephrosyn.bench import run as running

    answers = running.ask(run, [], ["prevalence_lowered"], (1, 5))
    averages = results.finish(answers).averages.filter(metric="accuracy")
    assert averages["value"].null_count() == 0 and averages["low"].null_count() == 1
