"""What must hold of any bench: right answers score 1, blind ones score nothing, truth is never read."""

from __future__ import annotations

import json
import shutil

import numpy as np
import polars as pl
import pytest

from nephrosyn.bench import run as running
from nephrosyn.bench.classifiers.protocol import checked_answers
from nephrosyn.bench.score import corruption_error, score_table
from nephrosyn.bench.score import metrics as scores
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.task import ABSTAINED, FAILED, Task

pytestmark = pytest.mark.slow

metrics = pytest.importorskip("sklearn.metrics")


def overall(frame, task):
    return {one.metric: one for one in scores.overall(score_table.cells_of(frame))}


def clean_of(answers, name):
    return answers.frame.filter(pl.col("classifier") == name, perturbation=CLEAN)


def test_the_reference_itself_scores_one(answers):
    perfect = clean_of(answers, "source").with_columns(predicted=pl.col("reference"))
    found = overall(perfect, answers.run.task)
    assert [found[m].value for m in ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "kappa")] == [1.0] * 5


def test_a_shuffled_reference_scores_chance(answers):
    """Kappa of a random order has mean 0 and, of n patients, an sd of about 1 / sqrt(n); 4 of them never come up."""
    task = answers.run.task
    rows = clean_of(answers, "source").filter(pl.col("reference").is_in(task.classes))
    order = np.random.default_rng(3).permutation(rows.height)
    shuffled = rows.with_columns(predicted=rows["reference"].gather(order))
    assert abs(overall(shuffled, task)["kappa"].value) < 4 / np.sqrt(rows.height)


def test_a_constant_answer_has_kappa_zero(answers):
    constant = clean_of(answers, "majority")
    assert constant["predicted"].n_unique() == 1
    found = overall(constant, answers.run.task)
    assert found["kappa"].value == found["mcc"].value == 0.0


def test_an_abstention_is_not_right_and_no_false_alarm(run):
    task: Task = run.task
    cells = [
        ("steroid_resistant", ABSTAINED, 10),
        ("non_relapsing", ABSTAINED, 10),
        ("non_relapsing", "non_relapsing", 5),
    ]
    found = {one.metric: one for one in scores.of_class(cells, ["steroid_resistant"], "steroid_resistant")}
    assert found["sensitivity"].value == 0.0 and found["specificity"].value == 1.0
    assert found["ppv"].value is None
    assert found["npv"].n == 5  # only who was told not to have it
    assert {one.metric: one.value for one in scores.overall(cells)}["coverage"] == 0.2
    assert ABSTAINED not in task.classes


def test_truth_changes_no_prediction(answers, run_folder, tmp_path):
    copy = tmp_path / "withheld"
    shutil.copytree(run_folder, copy)
    shutil.rmtree(copy / "truth")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"] = {name: facts for name, facts in manifest["files"].items() if not name.startswith("truth/")}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    blind = running.ask(running.open_run(copy), ["coded-care", "majority"], ["visits_missing"], (5,), 1, training=150)
    same = ["classifier", "perturbation", "severity", "replicate", "patient", "predicted", "reference"]
    names = pl.col("classifier").is_in(["source", "coded-care", "majority"])
    seen = answers.frame.filter(names & pl.col("perturbation").is_in([CLEAN, "visits_missing"]))
    seen = seen.filter(pl.col("severity").is_in([0, 5]) & (pl.col("replicate") == 0))
    as_text = [pl.col(name).cast(pl.String) for name in ("classifier", "perturbation", "predicted", "reference")]
    both = [frame.select(same).with_columns(as_text).sort(same) for frame in (seen, blind.frame)]
    assert both[0].equals(both[1])


def test_severity_makes_the_set_worse(found):
    curve = corruption_error.curves(found.scores, "accuracy").filter(classifier="source", perturbation="doses_lost")
    values = curve.sort("severity")["value"].to_list()
    assert len(values) == 3 and values[0] > values[-1]


def test_perturbed_labels_and_cohorts_leave_answers_as_they_are(answers):
    for name in ("label_noise", "prevalence_lowered"):
        rows = answers.frame.filter(perturbation=name)
        assert rows.height and (rows["predicted"] == rows["clean"]).all()
    right = answers.frame.filter(pl.col("classifier") == "source")
    noisy = right.filter(perturbation="label_noise", severity=5, replicate=0).sort("patient")["reference"]
    clean = right.filter(perturbation=CLEAN).sort("patient")["reference"]
    assert (noisy != clean).any()


def test_fewer_refractory_patients_stay_where_prevalence_is_lowered(answers):
    rows = answers.frame.filter(pl.col("classifier") == "source")
    inside = pl.col("reference").is_in(answers.run.task.refractory_answers).mean()
    before, after = (
        rows.filter(perturbation=name, severity=s, replicate=0).select(inside).item()
        for name, s in ((CLEAN, 0), ("prevalence_lowered", 5))
    )
    assert after < before


def test_corruption_error_is_undefined_where_the_baseline_is_never_wrong():
    rows = [
        ("base", "none", 0, 1.0), ("base", "easy", 1, 1.0), ("base", "hard", 1, 0.8),
        ("other", "none", 0, 0.9), ("other", "easy", 1, 0.7), ("other", "hard", 1, 0.6),
    ]  # fmt: skip
    frame = pl.DataFrame(
        [(c, p, s, 0, "all", "all", "accuracy", "all", 10, v, None, None, None) for c, p, s, v in rows],
        schema=score_table.SCHEMA,
        orient="row",
    )
    found = corruption_error.corruption_errors(frame, "base")
    value = {(r["classifier"], r["perturbation"]): r["corruption_error"] for r in found.to_dicts()}
    assert value["other", "easy"] is None
    assert value["other", "hard"] == pytest.approx(2.0)
    assert value["other", "all"] == pytest.approx(2.0)
    assert found.filter(classifier="other", perturbation="all")["perturbations"].item() == 1


def test_probability_given_to_no_class_is_lost(run):
    """0.1 for the right class and 0.9 for `undetermined`: a Brier score of 0.81 + 0.81, a log loss of -ln 0.1."""
    frame = pl.DataFrame(
        {
            "reference": ["non_relapsing"],
            "predicted": ["undetermined"],
            "p_non_relapsing": [0.1],
            "p_undetermined": [0.9],
        }
    )
    found = {one.metric: one.value for one in scores.calibration(frame, run.task)}
    assert found["brier"] == pytest.approx(1.62)
    assert found["log_loss"] == pytest.approx(-np.log(0.1))


@pytest.mark.parametrize("chances", [(0.6, 0.9), (1.2, -0.2), (0.5, None), (1.0, np.nan), (np.inf, 0.0)])
def test_probabilities_that_are_none_are_a_fault(run, chances):
    people = pl.DataFrame({"replicate": [0], "patient": [4]}, schema={"replicate": pl.Int32, "patient": pl.Int32})
    given = people.with_columns(
        predicted=pl.lit("non_relapsing"), p_non_relapsing=pl.lit(chances[0]), p_steroid_resistant=pl.lit(chances[1])
    )
    made = checked_answers(given, people, run.task)
    assert made["predicted"].to_list() == [FAILED]
    assert "sum 1" in made["fault"][0]
