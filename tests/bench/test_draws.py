"""Scores over draws of the scenario's numbers: closed forms, workers, what is drawn, output, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from nephrosyn import criteria, uncertainty
from nephrosyn.bench import run as running
from nephrosyn.bench.draws import findings, play
from nephrosyn.bench.draws.scores import SCHEMA, scores_of
from nephrosyn.bench.output import draws_tables, page, results, write
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.task import NO, YES, Task
from nephrosyn.cli.app import app
from nephrosyn.errors import BenchError
from nephrosyn.scenario import Resolved

pytest.importorskip("sklearn")
TASK = Task(criteria.load("source"), "refractory")
CLASSIFIERS = ["coded-care", "majority"]
PERTURBATIONS = ["doses_lost", "label_noise"]


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], prog_name="nephrosyn")


def made_up(right_answers, **given):
    """Answers of classifiers about patients on the unperturbed record and under one perturbation of it."""
    frames = []
    for name, answers in given.items():
        for perturbation, severity in ((CLEAN, 0), ("doses_lost", 1)):
            frames.append(
                pl.DataFrame(
                    {
                        "classifier": name,
                        "perturbation": perturbation,
                        "severity": severity,
                        "replicate": 0,
                        "patient": np.arange(len(answers)),
                        "reference": np.where(right_answers, YES, NO),
                        "predicted": np.where(answers, YES, NO),
                        "clean": np.where(answers, YES, NO),
                        "fault": None,
                    }
                )
            )
    kinds = {"reference": TASK.answer_type, "predicted": TASK.answer_type, "clean": TASK.answer_type}
    return pl.concat(frames).cast(kinds)


def values(scores, classifier, perturbation, metric):
    (row,) = scores.filter(classifier=classifier, perturbation=perturbation, metric=metric).to_dicts()
    return row["value"], row["error"]


def test_the_error_of_an_accuracy_is_that_of_a_share():
    """With a block for each of 20 patients the jackknife of a mean is its standard error."""
    right = np.arange(20) % 2 == 0
    first, second = right.copy(), right.copy()
    first[:4] ^= True  # 16 of 20
    second[:7] ^= True  # 13 of 20
    scores = scores_of(made_up(right, first=first, second=second), TASK, ["first", "second"], "first", [YES, NO], 3)
    assert scores.schema == pl.Schema(SCHEMA) and set(scores["draw"]) == {3}
    for where in (CLEAN, "all", "doses_lost"):
        assert values(scores, "first", where, "accuracy") == pytest.approx((0.8, np.sqrt(0.8 * 0.2 / 19)))
    difference = np.where(np.arange(20) < 4, 0.0, np.where(np.arange(20) < 7, 1.0, 0.0))
    error = difference.std(ddof=1) / np.sqrt(20)
    for where in (CLEAN, "all"):
        assert values(scores, "first - second", where, "difference") == pytest.approx((0.15, error))
    assert values(scores, "first", "all", "flip_rate") == (0.0, 0.0)
    assert values(scores, "second", "doses_lost", "corruption_error")[0] == pytest.approx(7 / 4)


def test_a_mean_over_a_class_that_nobody_has_is_not_defined():
    right = np.zeros(30, bool)
    scores = scores_of(made_up(right, one=right), TASK, ["one"], "one", [YES, NO], 0)
    assert values(scores, "one", CLEAN, "macro_f1") == (None, None)
    assert values(scores, "one", CLEAN, "accuracy") == (1.0, 0.0)
    drawn = findings.DrawnBench(1, 30, pl.concat([scores, scores.with_columns(draw=pl.lit(1, pl.Int32))]))
    score = drawn.of("one", CLEAN, "macro_f1")
    assert (score.undefined, score.mean, score.low) == (2, None, None)


def draws_of(scores, errors, metric="accuracy", classifier="one"):
    rows = [
        (draw, classifier, "all", metric, float(v), float(e))
        for draw, (v, e) in enumerate(zip(scores, errors, strict=True))
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_the_interval_is_that_of_the_expected_score():
    """Simulated scores of variance 0.05^2, of which 0.03^2 is the chance of patients: the expected have 0.04^2."""
    normal = stats.norm.ppf((np.arange(999) + 1) / 1000)
    spread = normal.std(ddof=1)  # a little below 1, as there are no points in the tails
    simulated = 0.8 + 0.05 * normal / spread
    drawn = findings.DrawnBench(999, 500, draws_of(simulated, np.full(999, 0.03)))
    score = drawn.of("one", "all", "accuracy")
    assert (score.low, score.high) == pytest.approx(stats.norm(0.8, 0.04 / spread).interval(0.95), abs=1e-6)
    assert score.mean == pytest.approx(0.8)
    alone = findings.DrawnBench(999, 500, draws_of(simulated, np.full(999, 0.06))).of("one", "all", "accuracy")
    assert alone.low == alone.high == pytest.approx(0.8) and not alone.constant
    assert findings.DrawnBench(9, 5, draws_of(np.ones(9), np.zeros(9))).of("one", "all", "accuracy").constant


def test_the_most_accurate_classifier_is_counted_over_draws():
    first, second = draws_of([0.9, 0.8, 0.7], [0, 0, 0]), draws_of([0.8, 0.9, 0.7], [0, 0, 0], classifier="two")
    drawn = findings.DrawnBench(3, 5, pl.concat([first, second]).sort("draw", maintain_order=True))
    assert drawn.most_accurate(["one", "two"]) == {"one": 2, "two": 1}


@pytest.fixture(scope="session")
def drawn_answers(run):
    return running.ask(run, CLASSIFIERS, PERTURBATIONS, (5,), training=60, uncertainty=20, workers=1)


@pytest.fixture(scope="session")
def drawn(drawn_answers):
    return results.with_draws(results.finish(drawn_answers))


@pytest.mark.slow
def test_scores_of_draws_are_the_same_for_any_number_of_workers(drawn, drawn_answers):
    two = results.with_draws(results.finish(replace(drawn_answers, plan=replace(drawn_answers.plan, workers=2))))
    assert two.draws.scores.equals(drawn.draws.scores)
    assert set(drawn.draws.scores["draw"]) == set(range(20))


@pytest.mark.slow
def test_a_draw_has_its_numbers_and_patients_of_its_own_and_classifiers_learn_as_before(
    run, drawn_answers, monkeypatch
):
    seeds, scenarios, learnt = [], [], []
    original = play.cohort

    def seen(scenario, patients, seed):
        seeds.append(seed)
        scenarios.append(scenario)
        return original(scenario, patients, seed)

    monkeypatch.setattr(play, "cohort", seen)
    training = play.Training

    def trained(scenario, *arguments):
        learnt.append(scenario)
        return training(scenario, *arguments)

    monkeypatch.setattr(play, "Training", trained)
    player = play.Player.of(run, drawn_answers.plan, ["source"], "source")
    list(player.play([0, 7]))
    resolved = Resolved.from_dict(run.manifest["scenario"])
    assert scenarios == [uncertainty.draw(resolved, draw).scenario for draw in (0, 7)]
    assert learnt == [resolved.scenario]
    assert len({*seeds, run.manifest["seed"], drawn_answers.about["training_seed"]}) == 4


@pytest.mark.slow
def test_a_draw_of_the_scenario_without_any_drawing_scores_like_the_run(run, drawn_answers, monkeypatch):
    """With every number left as it is, draws are further cohorts of the run: their mean accuracy is near the run's."""
    monkeypatch.setattr(uncertainty, "draw", lambda resolved, draw: resolved)
    bench = results.with_draws(results.finish(drawn_answers))
    value, low, high = corruption_error.clean(bench.scores, "accuracy")["source"]
    score = bench.draws.of("source", CLEAN, "accuracy")
    # an interval of 99.9% is 3.29 / 1.96 times as wide as one of 95%; the draws have 20 times the patients of the run
    assert value - 1.72 * (value - low) < score.mean < value + 1.72 * (high - value)
    assert score.high - score.low < high - low


@pytest.mark.slow
def test_every_output_has_the_intervals_of_the_draws(drawn, tmp_path):
    folder = write.write(drawn, tmp_path / "b")
    values_of = json.loads((folder / "bench.json").read_text("utf-8"))["uncertainty"]
    assert (values_of["draws"], values_of["patients"]) == (20, 200)
    keys = {(row["classifier"], row["perturbation"], row["metric"]) for row in values_of["scores"]}
    assert {
        ("source", CLEAN, "accuracy"),
        ("majority", "all", "accuracy"),
        ("source", "doses_lost", "flip_rate"),
    } <= keys
    assert ("source - coded-care", "all", "difference") in keys
    assert not any(perturbation == "label_noise" for _, perturbation, _ in keys)  # no perturbation of the record
    assert pl.read_parquet(folder / "draws.parquet").equals(drawn.draws.scores)
    text = (folder / "bench.html").read_text("utf-8")
    assert "20 draws of 200 patients" in text and "95% with the numbers" in text
    assert "the most accurate on perturbed records" in page.texts(drawn)["leaderboard.md"]
    captions = [table.caption for table in draws_tables.drawn_tables(drawn)]
    assert len(captions) == 3 and "Differences in accuracy" in captions[2]
    assert "20 draws" in repr(drawn)


@pytest.mark.slow
def test_without_draws_there_is_none_of_it(found, bench_folder):
    assert list(draws_tables.drawn_tables(found)) == [] and draws_tables.ranks(found) == ""
    assert not (bench_folder / "draws.parquet").exists()
    assert "uncertainty" not in json.loads((bench_folder / "bench.json").read_text("utf-8"))
    with pytest.raises(BenchError, match="number of draws"):
        results.with_draws(found)


@pytest.mark.slow
def test_numbers_out_of_range_are_named_together(run_folder, tmp_path):
    out = tmp_path / "x"
    wrong = call("bench", run_folder, "--uncertainty", "19", "--workers", "0", "--severity", "9", "--out", out)
    assert wrong.exit_code == 2
    assert all(part in wrong.output for part in ("--uncertainty: expected", "--workers: expected", "--severity 9"))
    assert not out.exists()


@pytest.mark.slow
def test_a_run_without_uncertain_numbers_is_refused(run_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(uncertainty, "uncertainty_of", lambda resolved: ())
    wrong = call("bench", run_folder, "--uncertainty", "20", "--out", tmp_path / "x")
    assert wrong.exit_code == 2 and "all numbers are fixed" in wrong.output and "sparse-records" in wrong.output
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_the_command_scores_draws(run_folder, tmp_path):
    words = ("bench", run_folder, "--perturbations", "doses_lost", "--severity", "5", "--out", tmp_path / "b")
    done = call(*words, "--uncertainty", "20", "--workers", "1")
    assert done.exit_code == 0, done.output
    assert "95% with the numbers" in done.output and "20 draws of 200 patients" in done.output
