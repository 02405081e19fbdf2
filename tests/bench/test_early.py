"""Early prediction: classifiers see the record before a day and nothing of what comes later, in every command."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn import criteria
from nephrosyn.bench import run as running
from nephrosyn.bench.draws import play
from nephrosyn.bench.features.extract import before, before_each
from nephrosyn.bench.files import predictions
from nephrosyn.bench.files.export import export
from nephrosyn.bench.flips.explain import explain
from nephrosyn.bench.output import results, write
from nephrosyn.bench.score.conditions import CLEAN, conditions
from nephrosyn.bench.task import Task
from nephrosyn.cli.app import app
from nephrosyn.errors import BenchError
from nephrosyn.runs.folder import Folder

pytest.importorskip("sklearn")
pytestmark = pytest.mark.slow
UNTIL, LABEL = 150, 500
DAYS = {"until_days": UNTIL, "label_days": LABEL}
PERTURBATIONS = ["visits_missing", "dates_rounded", "doses_lost", "label_noise"]


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="nephrosyn")


@pytest.fixture(scope="module")
def tables(run_folder):
    folder = Folder(run_folder)
    return {name: folder.collect(folder.lazy(name)) for name in folder}


@pytest.fixture(scope="module")
def early(run_folder):
    return running.open_run(run_folder, target="refractory", **DAYS)


@pytest.fixture(scope="module")
def early_answers(early):
    names = ["coded-care", "majority", "ipna-2022"]
    return running.ask(early, names, PERTURBATIONS, (5,), training=150)


def garbled(tables):
    """Return the record with everything from the day on changed beyond recognition."""
    later = dict(tables)
    late = pl.col("taken_days") >= UNTIL
    later["readings"] = tables["readings"].with_columns(pl.when(late).then(99.0).otherwise("value").alias("value"))
    later["doses"] = (
        tables["doses"]
        .filter(pl.col("first_days") < UNTIL)
        .with_columns(
            pl.when(pl.col("last_days") >= UNTIL).then(pl.lit(9999, pl.Int32)).otherwise("last_days").alias("last_days")
        )
    )
    later["diary"] = tables["diary"].filter(pl.col("first_days") < UNTIL)
    later["conditions"] = tables["conditions"].filter(pl.col("noted_days") < UNTIL)
    later["visits"] = tables["visits"].with_columns(
        pl.when(pl.coalesce("actual_days", "planned_days") >= UNTIL)
        .then(7.0)
        .otherwise("waited_days")
        .alias("waited_days")
    )
    beyond = pl.col("biopsy_days") >= UNTIL
    unseen = pl.col("measured_days") >= UNTIL
    later["patients"] = tables["patients"].with_columns(
        pl.when(beyond).then(None).otherwise("lesion").alias("lesion"),
        pl.when(unseen).then(500.0).otherwise("weight_kg").alias("weight_kg"),
        pl.when(unseen).then(300.0).otherwise("height_cm").alias("height_cm"),
    )
    ends = pl.when(pl.col("end_days") >= UNTIL).then(pl.lit(9999, pl.Int32)).otherwise("end_days")
    later["follow_up"] = tables["follow_up"].with_columns(end_days=ends)
    return later


def test_no_later_row_changes_an_answer(tables, early, early_answers):
    """The record from the day on is changed in every table; no answer changes, perturbed or not."""
    changed = garbled(tables)
    for name in ("readings", "doses", "visits", "conditions", "follow_up"):
        assert not changed[name].equals(tables[name])
    cut = replace(early, observed=before(changed, UNTIL))
    again = running.ask(cut, ["coded-care", "majority", "ipna-2022"], PERTURBATIONS, (5,), training=150)
    assert again.frame.equals(early_answers.frame)
    whole = replace(early, observed={name: tables[name] for name in early.observed})
    leaking = running.ask(whole, ["coded-care"], ["visits_missing"], (5,), training=150).frame
    assert not leaking.filter(classifier="coded-care", perturbation=CLEAN)["predicted"].equals(
        early_answers.frame.filter(classifier="coded-care", perturbation=CLEAN)["predicted"]
    )


def test_a_set_judges_what_it_can_see_and_is_scored_on_the_day_of_the_label(tables, early, early_answers):
    clean = early_answers.frame.filter(classifier="source", perturbation=CLEAN).sort("patient")
    seen = criteria.classify(tables, early.task.definition, "observed", UNTIL - 1, keep_going=True)
    assert clean["predicted"].equals(early.task.answers(seen).sort("patient")["answer"].alias("predicted"))
    due = criteria.classify(tables, early.task.definition, "complete", LABEL, keep_going=True)
    assert clean["reference"].equals(early.task.answers(due).sort("patient")["answer"].alias("reference"))
    at_the_end = criteria.classify(tables, early.task.definition, "complete", keep_going=True)
    assert not early.task.answers(at_the_end)["answer"].equals(early.task.answers(due)["answer"])


def test_a_day_for_everybody_is_the_same_as_one_for_each(tables):
    people = tables["patients"].select("replicate", "patient")
    each = before_each(tables, people.with_columns(until_days=pl.lit(UNTIL)))
    for name, frame in before(tables, UNTIL).items():
        assert each[name].equals(frame)
    some = before_each(tables, people.head(3).with_columns(until_days=pl.Series([30, 90, UNTIL])))
    for patient, day in enumerate((30, 90, UNTIL)):
        for name, frame in before(tables, day).items():
            assert some[name].filter(patient=patient).equals(frame.filter(patient=patient))


def test_weight_is_not_known_before_the_first_visit(tables):
    day = int(tables["patients"]["measured_days"].max())
    late = tables["patients"].filter(pl.col("measured_days") >= day)["patient"].implode()
    cut = before(tables, day)["patients"].filter(pl.col("patient").is_in(late))
    assert cut.height and cut["weight_kg"].null_count() == cut["height_cm"].null_count() == cut.height
    assert before(tables, day + 1)["patients"]["weight_kg"].null_count() == 0


def test_training_patients_are_seen_up_to_the_same_day(early):
    from nephrosyn.bench.features.extract import features
    from nephrosyn.bench.training import Training
    from nephrosyn.scenario import Resolved

    scenario = Resolved.from_dict(early.manifest["scenario"]).scenario
    training = Training(scenario, 1, early.task, 60)
    assert training.features.drop("answer").equals(
        training.answers.select("replicate", "patient").join(
            features(training.whole, UNTIL), on=["replicate", "patient"], maintain_order="left"
        )
    )
    assert training.features["followed_days"].max() < UNTIL
    due = criteria.classify(training.whole, early.task.definition, "complete", LABEL, keep_going=True)
    assert training.answers.height == early.task.answers(due).filter(pl.col("answer") != "undetermined").height


def test_an_export_holds_what_may_be_seen_and_is_scored_with_the_same_days(run_folder, early, early_answers, tmp_path):
    task = Task(early.task.definition, "refractory", LABEL, UNTIL)
    folder = export(run_folder, tmp_path / "e", ["doses_lost"], [5], task=task)
    about = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert (about["until_days"], about["label_days"]) == (UNTIL, LABEL)
    text = (folder / "README.md").read_text("utf-8")
    assert f"before day {UNTIL}" in text and f"on day {LABEL}" in text
    clean = folder / "records" / "none" / "severity-0" / "replicate-0"
    for name, frame in early.observed.items():
        stored = pl.read_parquet(clean / name / "part-*.parquet", hive_partitioning=False)
        assert stored.equals(frame.drop("replicate")), name
    given = early_answers.frame.filter(
        pl.col("perturbation").cast(pl.String).is_in([CLEAN, "doses_lost"]), classifier="coded-care"
    )
    file = tmp_path / "mine.csv"
    given.select("patient", "perturbation", "severity", "replicate", "predicted").write_csv(file)
    done = call(
        "bench",
        "score",
        file,
        "--run",
        run_folder,
        "--export",
        folder,
        "--target",
        "refractory",
        "--out",
        tmp_path / "s",
    )
    assert done.exit_code == 0, done.output
    scored = pl.read_parquet(tmp_path / "s" / "scores.parquet").filter(metric="accuracy", slice="all")
    bench = results.finish(early_answers).scores.filter(metric="accuracy", slice="all", classifier="coded-care")
    for perturbation in (CLEAN, "doses_lost"):
        values = [
            frame.filter(perturbation=perturbation)["value"].to_list()
            for frame in (scored.filter(classifier="mine"), bench)
        ]
        assert values[0] == values[1]
    with pytest.raises(BenchError, match="another part of the record"):
        predictions.export_conditions(folder, running.open_run(run_folder, target="refractory"))


def test_results_say_what_is_seen_and_flips_are_explained_on_it(early_answers, tmp_path):
    folder = write.write(results.finish(early_answers), tmp_path / "b")
    about = json.loads((folder / "bench.json").read_text("utf-8"))
    assert (about["until_days"], about["label_days"]) == (UNTIL, LABEL)
    text = (folder / "leaderboard.md").read_text("utf-8")
    assert f"before day {UNTIL}" in text and f"day {LABEL}" in text
    flipped = early_answers.frame.filter(
        pl.col("predicted") != pl.col("clean"), classifier="coded-care", perturbation="doses_lost"
    )
    explained = explain(folder, flipped["patient"][0])
    causes = [flip.cause for flip in explained.flips if flip.classifier == "coded-care"]
    assert any(cause is not None and cause.height for cause in causes)


def test_draws_are_early_too(early):
    plan = running.Plan(("majority",), conditions(["visits_missing"], [5], 1), 1, 10.0, 60)
    player = play.Player.of(early, plan, ["source", "majority"], "source")
    assert (player.until_days, player.label_days) == (UNTIL, LABEL)
    observed, reference = player._drawn(0, 3)
    assert observed["follow_up"]["end_days"].max() < UNTIL and reference.task.label_days == LABEL


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--until-days", "400", "--label-days", "90"),
            "--until-days: expected no later than --label-days (90); found 400",
        ),
        (("--until-days", "0"), "--until-days: expected a whole number from 1 to"),
        (("--label-days", "99999"), "--label-days: expected a whole number from 1 to"),
        (("--until-days", "90", "--at-days", "30"), "--at-days: not together with --until-days"),
        (("--until-days", "90", "--at-visits"), "--at-visits: not together with --until-days"),
        (("--at-days", "30,x"), "expected days such as 30,90,365"),
        (("--at-days", "0,99999"), "--at-days: expected a whole number from 1 to"),
    ],
)
def test_days_that_make_no_sense_are_named(run_folder, tmp_path, words, message):
    wrong = call("bench", run_folder, *words, "--out", tmp_path / "x")
    assert wrong.exit_code == 2 and message in " ".join(wrong.output.split()) and not (tmp_path / "x").exists()


def test_an_export_refuses_them_too(run_folder, tmp_path):
    wrong = call("bench", "export", run_folder, "--until-days", "99999", "--out", tmp_path / "x")
    assert wrong.exit_code == 2 and "--until-days: expected" in wrong.output and not (tmp_path / "x").exists()


def test_a_label_of_another_day_needs_the_truth(run_folder, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run_folder, copy)
    shutil.rmtree(copy / "truth")
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    manifest["files"] = {name: facts for name, facts in manifest["files"].items() if not name.startswith("truth/")}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BenchError, match="--label-days needs it"):
        running.open_run(copy, label_days=LABEL)
    assert running.open_run(copy, until_days=UNTIL).observed["follow_up"]["end_days"].max() < UNTIL
