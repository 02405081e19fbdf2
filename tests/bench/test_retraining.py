"""Learning from perturbed records and wrong labels: what is learnt from, what is tested, and every score by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn import criteria
from nephrosyn.bench import run as running
from nephrosyn.bench.features.extract import COLUMNS, features
from nephrosyn.bench.output import page, results, training_tables, write
from nephrosyn.bench.perturbations import perturb
from nephrosyn.bench.retraining import OBSERVED_LABELS, PERTURBED, UNPERTURBED
from nephrosyn.bench.score import label_sources
from nephrosyn.bench.score.conditions import CLEAN, Condition
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.paired_cells import Cells
from nephrosyn.bench.score.training_side import GAIN
from nephrosyn.bench.task import NO, YES, Task
from nephrosyn.bench.training import SEED_STEP, Training
from nephrosyn.cli.app import app
from nephrosyn.record.schema import OBSERVED
from nephrosyn.scenario import Resolved

pytest.importorskip("sklearn")
pytestmark = pytest.mark.slow
PERTURBATIONS = ["doses_lost", "results_lost", "label_noise", "prevalence_lowered"]
KEY = ["replicate", "patient"]


@pytest.fixture(scope="module")
def yes_or_no(run_folder):
    return running.open_run(run_folder, target="refractory")


@pytest.fixture(scope="module")
def learnt(yes_or_no):
    names = ["gradient-boosting", "majority", "coded-care"]
    return running.ask(yes_or_no, names, PERTURBATIONS, (2, 5), 2, training=150, train_perturbed=True)


@pytest.fixture(scope="module")
def bench(learnt):
    return results.finish(learnt)


@pytest.fixture(scope="module")
def training(yes_or_no):
    scenario = Resolved.from_dict(yes_or_no.manifest["scenario"]).scenario
    return Training(scenario, yes_or_no.manifest["seed"], yes_or_no.task, 150)


def perturbed(training, run, name, severity):
    conditions = [Condition(name, severity, 0)]
    ((_, changed),) = training.perturbed(conditions, run.reference.other_set, 7)
    return changed


def test_who_learns_is_who_reads_the_training_cohort(learnt):
    assert learnt.retrained.learners == ("gradient-boosting", "majority")
    assert learnt.retrained.others == ("source", "coded-care")
    assert set(learnt.retrained.frame["classifier"]) == {"gradient-boosting", "majority"}


def test_a_record_learnt_from_is_that_of_the_perturbation(training, yes_or_no):
    """Made by hand from the same cohort: the features differ from the clean ones, the answers do not."""
    changed = perturbed(training, yes_or_no, "doses_lost", 5)
    record = {name: training.whole[name] for name in OBSERVED}
    by_hand, log = perturb(record, "doses_lost", 5, seed=7 + SEED_STEP, replicate=0)
    assert log.height
    wide = training.answers.select(KEY).join(features(by_hand), on=KEY, how="left", maintain_order="left")
    assert changed.features.select(COLUMNS).equals(wide.select(COLUMNS))
    assert not changed.features.equals(training.features)
    assert changed.answers.equals(training.answers)


def test_wrong_labels_are_learnt_from_and_the_record_is_as_it_was(training, yes_or_no):
    changed = perturbed(training, yes_or_no, "label_noise", 5)
    assert changed.features.select(COLUMNS).equals(training.features.select(COLUMNS))
    both = training.answers.join(changed.answers, on=KEY, suffix="_learnt")
    wrong = (both["answer"] != both["answer_learnt"]).mean()
    assert both.height == training.answers.height and 0.1 < wrong < 0.6


def test_a_shifted_cohort_is_learnt_from(training, yes_or_no):
    changed = perturbed(training, yes_or_no, "prevalence_lowered", 5)
    before, after = (dict(one.answers["answer"].value_counts().rows()) for one in (training, changed))
    assert after["refractory"] < before["refractory"] and after["not_refractory"] == before["not_refractory"]


def test_labels_of_the_observed_record_are_those_of_the_set(training, yes_or_no):
    changed = training.with_labels_of_the_record()
    labels = criteria.classify(training.whole, yes_or_no.task.definition, "observed", keep_going=True)
    due = yes_or_no.task.answers(labels).filter(pl.col("answer") != "undetermined")
    assert changed.answers.sort("patient")["answer"].equals(due.sort("patient")["answer"])
    assert not changed.answers.equals(training.answers)


def test_answers_are_those_of_a_model_fitted_by_hand(learnt, yes_or_no):
    """scikit-learn on the perturbed training cohort; asked about the unperturbed and the perturbed record."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    scenario = Resolved.from_dict(yes_or_no.manifest["scenario"]).scenario
    seed = yes_or_no.manifest["seed"]
    training = Training(scenario, seed, yes_or_no.task, 150)
    ((_, changed),) = training.perturbed([Condition("doses_lost", 5, 1)], yes_or_no.reference.other_set, seed)
    columns = changed.columns
    model = HistGradientBoostingClassifier(random_state=training.seed % 2**32)
    model.fit(changed.features.select(columns).to_numpy(), changed.features["answer"].to_numpy())
    lost, _ = perturb(yes_or_no.observed, "doses_lost", 5, seed=seed, replicate=1)
    rows = learnt.retrained.frame.filter(
        classifier="gradient-boosting", perturbation="doses_lost", severity=5, replicate=1
    )
    for tested, record in ((UNPERTURBED, yes_or_no.observed), (PERTURBED, lost)):
        wide = features(record)
        by_hand = dict(zip(wide["patient"], model.predict(wide.select(columns).to_numpy()), strict=True))
        given = dict(rows.filter(tested=tested).select("patient", "predicted").iter_rows())
        assert given == by_hand


def test_each_side_is_scored_against_its_own_labels(learnt, yes_or_no):
    """Unperturbed: the right labels, whatever was learnt from. Perturbed labels: those with the same kind of error."""
    right = dict(yes_or_no.reference.frame.select("patient", pl.col("reference").cast(pl.String)).iter_rows())
    rows = learnt.retrained.frame.filter(classifier="majority", perturbation="label_noise", severity=5, replicate=0)
    clean = dict(rows.filter(tested=UNPERTURBED).select("patient", "reference").iter_rows())
    noisy = dict(rows.filter(tested=PERTURBED).select("patient", "reference").iter_rows())
    assert clean == right and noisy != right
    main = learnt.frame.filter(classifier="majority", perturbation="label_noise", severity=5, replicate=0)
    assert noisy == dict(main.select("patient", pl.col("reference").cast(pl.String)).iter_rows())
    observed = learnt.retrained.frame.filter(classifier="majority", perturbation=OBSERVED_LABELS, tested=PERTURBED)
    labels = yes_or_no.observed_labels.select("patient", pl.col("reference").cast(pl.String))
    assert dict(observed.select("patient", "reference").iter_rows()) == dict(labels.iter_rows())


def test_what_learnt_from_right_labels_is_also_scored_against_those_of_the_record(bench, learnt, yes_or_no):
    row = score(bench, OBSERVED_LABELS, UNPERTURBED, PERTURBED, 0)
    labels = yes_or_no.observed_labels.filter(pl.col("reference").cast(pl.String) != "undetermined")
    clean = learnt.frame.filter(pl.col("classifier").cast(pl.String) == "gradient-boosting", perturbation=CLEAN)
    assert row["n"] == labels.height < yes_or_no.patients
    by_hand = accuracy(clean.drop("reference").join(labels, on="patient"))
    assert row["value"] == pytest.approx(by_hand)
    assert score(bench, OBSERVED_LABELS, UNPERTURBED, UNPERTURBED, 0)["n"] > row["n"]


def accuracy(rows):
    rows = rows.with_columns(pl.col("reference", "predicted").cast(pl.String))
    rows = rows.filter(pl.col("reference") != "undetermined")
    return (rows["reference"] == rows["predicted"]).mean()


def score(bench, perturbation, trained, tested, severity=None, metric="accuracy"):
    rows = bench.training_side.filter(
        pl.col("severity").eq_missing(severity),
        classifier="gradient-boosting",
        perturbation=perturbation,
        trained=trained,
        tested=tested,
        metric=metric,
    )
    (row,) = rows.to_dicts()
    return row


def test_the_four_cells_by_hand(bench, learnt):
    name = "gradient-boosting"
    main = learnt.frame.filter(pl.col("classifier").cast(pl.String) == name)
    again = learnt.retrained.frame.filter(classifier=name)
    clean = accuracy(main.filter(perturbation=CLEAN))
    for perturbation in PERTURBATIONS:
        per_severity = []
        for severity in (2, 5):
            cells = {
                (UNPERTURBED, UNPERTURBED): clean,
                (UNPERTURBED, PERTURBED): np.mean(
                    [
                        accuracy(main.filter(perturbation=perturbation, severity=severity, replicate=replicate))
                        for replicate in (0, 1)
                    ]
                ),
                **{
                    (PERTURBED, tested): np.mean(
                        [
                            accuracy(
                                again.filter(
                                    perturbation=perturbation, severity=severity, replicate=replicate, tested=tested
                                )
                            )
                            for replicate in (0, 1)
                        ]
                    )
                    for tested in (UNPERTURBED, PERTURBED)
                },
            }
            per_severity.append(cells)
            for (trained, tested), value in cells.items():
                row = score(bench, perturbation, trained, tested, severity)
                assert row["value"] == pytest.approx(value) and row["low"] < row["value"] < row["high"]
            for tested in (UNPERTURBED, PERTURBED):
                gain = score(bench, perturbation, GAIN, tested, severity)["value"]
                assert gain == pytest.approx(cells[PERTURBED, tested] - cells[UNPERTURBED, tested])
        for (trained, tested), value in per_severity[0].items():
            mean = (value + per_severity[1][trained, tested]) / 2
            assert score(bench, perturbation, trained, tested)["value"] == pytest.approx(mean)
    both = [score(bench, one, GAIN, PERTURBED)["value"] for one in ("doses_lost", "results_lost")]
    assert score(bench, ALL, GAIN, PERTURBED)["value"] == pytest.approx(np.mean(both))


def test_wrong_labels_cost_accuracy_and_scores_against_them_do_not_show_it(bench):
    """At the highest severity the interval of the loss is below 0."""
    loss = score(bench, "label_noise", GAIN, UNPERTURBED, 5)
    assert loss["high"] < 0
    right, noisy = (score(bench, "label_noise", PERTURBED, tested, 5)["value"] for tested in (UNPERTURBED, PERTURBED))
    assert noisy < right


def test_cells_are_as_scikit_learn_has_them_and_intervals_are_paired():
    from sklearn.metrics import accuracy_score, balanced_accuracy_score

    from nephrosyn.statistics.bootstrap import weights

    rng_free = np.arange(60)
    right = np.array(["a", "b", "c"])[rng_free % 3]
    first = np.where(rng_free % 7 == 0, "a", right)
    second = np.where(rng_free % 5 == 0, "b", right)
    cells = Cells(list(range(60)), ["a", "b", "c", "d"])
    places = [
        cells.add(pl.DataFrame({"patient": rng_free, "reference": right, "predicted": given}))
        for given in (first, second)
    ]
    terms = {
        "first": [(1.0, places[:1])],
        "difference": [(1.0, places[:1]), (-1.0, places[1:])],
        "twice": [(1.0, places[:1] * 2)],
    }
    estimates = cells.estimates(terms, seed=5, resamples=300)
    assert estimates["first", "accuracy"].value == pytest.approx(accuracy_score(right, first))
    assert estimates["first", "balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(right, first))
    assert estimates["twice", "accuracy"] == estimates["first", "accuracy"]
    drawn = np.concatenate(list(weights(60, 300, 5)))
    differences = [
        balanced_accuracy_score(right, first, sample_weight=some)
        - balanced_accuracy_score(right, second, sample_weight=some)
        for some in drawn
    ]
    interval = estimates["difference", "balanced_accuracy"]
    assert (interval.low, interval.high) == pytest.approx(np.quantile(differences, [0.025, 0.975]))
    assert interval.n == 60


def test_patients_without_a_right_answer_do_not_count():
    cells = Cells([0, 1, 2], ["a", "b"])
    frame = pl.DataFrame({"patient": [0, 1, 2], "reference": ["a", "undetermined", "b"], "predicted": ["a", "a", "a"]})
    estimate = cells.estimates({"one": [(1.0, [cells.add(frame)])]}, seed=1, resamples=50)
    assert (estimate["one", "accuracy"].n, estimate["one", "accuracy"].value) == (2, 0.5)


def test_scores_against_labels_of_the_observed_record(bench, learnt, yes_or_no):
    table = bench.by_label.filter(metric="accuracy")
    labels = yes_or_no.observed_labels.select("patient", observed=pl.col("reference").cast(pl.String))
    clean = learnt.frame.filter(pl.col("classifier").cast(pl.String) == "coded-care", perturbation=CLEAN)
    both = clean.with_columns(pl.col("reference", "predicted").cast(pl.String)).join(labels, on="patient")
    both = both.filter(pl.col("reference") != "undetermined", pl.col("observed") != "undetermined")
    values = dict(table.filter(classifier="coded-care").select("label", "value").iter_rows())
    assert values["complete"] == pytest.approx((both["predicted"] == both["reference"]).mean())
    assert values["observed"] == pytest.approx((both["predicted"] == both["observed"]).mean())
    assert values["difference"] == pytest.approx(values["observed"] - values["complete"])
    of_set = dict(table.filter(classifier="source").select("label", "value").iter_rows())
    assert of_set["observed"] == 1.0


def test_labels_of_both_kinds_by_hand():
    """Of four patients one has no observed label; of the three others the two labels differ in one."""
    words = {"reference": [YES, YES, NO, NO], "predicted": [YES, NO, NO, YES]}
    frame = pl.DataFrame({"patient": [0, 1, 2, 3], **words, "classifier": "one", "perturbation": CLEAN})
    observed = pl.DataFrame({"patient": [0, 1, 2, 3], "reference": [YES, NO, NO, "undetermined"]})
    task = Task(criteria.load("source"), "refractory")
    table = label_sources.by_label(frame, observed, task, ["one"], 1).filter(metric="accuracy")
    assert table["n"].to_list() == [3, 3, 3]
    assert dict(table.select("label", "value").iter_rows()) == pytest.approx(
        {"complete": 2 / 3, "observed": 1.0, "difference": 1 / 3}
    )


def test_every_output_has_the_cells(bench, tmp_path):
    folder = write.write(bench, tmp_path / "b")
    about = json.loads((folder / "bench.json").read_text("utf-8"))
    assert about["classifiers_that_learn"] == ["gradient-boosting", "majority"]
    assert about["classifiers_that_do_not_learn"] == ["source", "coded-care"]
    assert len(about["training"]) == bench.training_side.height and about["labels"]
    assert pl.read_parquet(folder / "training-answers.parquet").equals(bench.answers.retrained.frame)
    stored = pl.read_csv(folder / "training.csv")
    assert stored["value"].to_list() == pytest.approx(bench.training_side["value"].to_list())
    assert stored["notice"].unique().to_list() == ["Synthetic data from a simulation. Not for clinical use."]
    html = (folder / "bench.html").read_text("utf-8")
    assert "Learning from perturbed records" in html and "do not learn have no such cells: source, coded-care" in html
    assert "Not for clinical use" in (folder / "training.svg").read_text("utf-8")
    captions = [table.caption for table in training_tables.training_tables(bench)]
    assert captions[0].startswith("Accuracy by what was learnt")
    assert "Wrong labels" in page.texts(bench)["leaderboard.md"]


def test_without_it_there_is_none_of_it(found):
    assert found.training_side.is_empty() and training_tables.curves(found) == {}
    assert training_tables.console_table(found) is None and found.by_label.height


def test_a_condition_without_enough_to_learn_from_is_named(yes_or_no, monkeypatch):
    """A learner that cannot be fitted on the perturbed cohort is left out there, with the reason, and nowhere else."""
    from nephrosyn.bench.classifiers import baselines
    from nephrosyn.bench.classifiers.protocol import NotReadyError

    original = baselines.Majority.ready

    def fails_without_refractory(self, setup):
        counts = dict(setup.training.answers["answer"].value_counts().rows())
        if counts["refractory"] < 20:
            raise NotReadyError("too few refractory patients")
        return original(self, setup)

    monkeypatch.setattr(baselines.Majority, "ready", fails_without_refractory)
    answers = running.ask(
        yes_or_no, ["majority"], ["prevalence_lowered", "doses_lost"], (5,), training=150, train_perturbed=True
    )
    assert answers.retrained.without == {("majority", "prevalence_lowered 5"): "too few refractory patients"}
    table = training_tables.not_fitted(results.finish(answers))
    assert table.rows == [("majority", "prevalence_lowered 5", "too few refractory patients")]
    assert results.finish(answers).training_side.filter(perturbation="doses_lost").height


def test_if_nobody_learns_that_is_said_at_once(run_folder, tmp_path):
    words = ["bench", run_folder, "--classifier", "coded-care", "--train-perturbed", "--out", tmp_path / "b"]
    wrong = CliRunner().invoke(app, [str(word) for word in words], prog_name="nephrosyn")
    assert wrong.exit_code == 2 and not (tmp_path / "b").exists()
    assert "expected a classifier that learns, such as gradient-boosting; found source, coded-care" in wrong.output


def test_the_command_fits_an_estimator_of_a_users_own(run_folder, tmp_path):
    (tmp_path / "own.py").write_text(
        "from sklearn.tree import DecisionTreeClassifier\ntree = DecisionTreeClassifier(random_state=0)\n"
    )
    words = [
        "bench",
        run_folder,
        "--classifier",
        f"{tmp_path / 'own.py'}:tree",
        "--train-perturbed",
        "--training",
        "60",
    ]
    words += ["--perturbations", "doses_lost", "--severity", "5", "--out", tmp_path / "b", "--target", "refractory"]
    done = CliRunner().invoke(app, [str(word) for word in words], prog_name="nephrosyn")
    assert done.exit_code == 0, done.output
    assert "learnt from > tested on" in done.output
    assert set(pl.read_csv(tmp_path / "b" / "training.csv")["classifier"]) == {"own:tree"}


def test_labels_are_of_the_day_that_is_asked_about(run_folder):
    run = running.open_run(run_folder, target="refractory", until_days=100, label_days=400)
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    training = Training(scenario, 1, run.task, 60)
    labels = criteria.classify(training.whole, run.task.definition, "observed", 400, keep_going=True)
    due = Task(run.task.definition, "refractory").answers(labels).filter(pl.col("answer") != "undetermined")
    changed = training.with_labels_of_the_record()
    assert changed.answers.height == due.height and changed.features["followed_days"].max() < 100
    assert replace(run.task).label_days == 400
