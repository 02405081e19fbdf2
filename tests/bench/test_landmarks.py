"""Predictions at landmarks: who is asked about, what is seen, who learns from whom, and every score by hand."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn import criteria
from nephrosyn.bench import run as running
from nephrosyn.bench.features.extract import features
from nephrosyn.bench.landmarks import DAY, VISIT, Landmark, kept_visits
from nephrosyn.bench.output import results, time_tables, write
from nephrosyn.bench.score import over_time as scoring
from nephrosyn.bench.score.area_under_curve import area_of_weights
from nephrosyn.bench.score.over_time import AT_RISK, DECIDED, MET, ONSET, over_time
from nephrosyn.bench.task import NO, YES, Task
from nephrosyn.bench.training import Training
from nephrosyn.cli.app import app
from nephrosyn.scenario import Resolved
from nephrosyn.statistics.bootstrap import weights
from nephrosyn.statistics.proportions import wilson

pytest.importorskip("sklearn")
pytestmark = pytest.mark.slow
DAYS = (60, 200, 500)
TASK = Task(criteria.load("source"), "refractory")


@pytest.fixture(scope="module")
def yes_or_no(run_folder):
    return running.open_run(run_folder, target="refractory")


@pytest.fixture(scope="module")
def timed(yes_or_no):
    return running.ask(yes_or_no, ["coded-care"], ["doses_lost"], (1,), training=150, at_days=DAYS, at_visits=True)


@pytest.fixture(scope="module")
def frame(timed):
    return timed.over_time.frame


@pytest.fixture(scope="module")
def learnt(yes_or_no):
    asked = running.ask(
        yes_or_no, ["gradient-boosting"], ["doses_lost"], (1,), training=150, at_days=DAYS[1:2], at_visits=False
    )
    return asked.over_time.frame


@pytest.mark.parametrize("name", ["source", "coded-care"])
def test_an_answer_on_a_day_is_that_of_the_record_before_it(run_folder, frame, name):
    """The same as of a bench that sees the record until that day: no later row is used."""
    for day in DAYS[:2]:
        early = running.open_run(run_folder, target="refractory", until_days=day)
        given = running.ask(early, ["coded-care"], ["doses_lost"], (1,), training=50).frame
        clean = given.filter(pl.col("classifier").cast(pl.String) == name, perturbation="none")
        asked = frame.filter(classifier=name, kind=DAY, number=day).sort("patient")
        same = clean.join(asked.select("patient"), on="patient", how="semi").sort("patient")
        assert asked.height > 100
        assert asked["predicted"].equals(same["predicted"]) and asked["reference"].equals(same["reference"])


def test_at_a_visit_the_record_up_to_it_is_seen(yes_or_no, frame):
    asked = frame.filter(classifier="source", kind=VISIT, number=5)
    visits = kept_visits(yes_or_no.observed).filter(number=5)
    assert asked.height == visits.height
    for patient, until, predicted in asked.select("patient", "until_days", "predicted").head(10).rows():
        record = {name: table.filter(patient=patient) for name, table in yes_or_no.observed.items()}
        kept = record["visits"].filter(~pl.col("missed"))["actual_days"].unique().sort()
        assert until == kept[4] + 1
        labels = criteria.classify(record, TASK.definition, "observed", int(kept[4]), keep_going=True)
        assert TASK.answers(labels)["answer"][0] == predicted
    sizes = kept_visits(yes_or_no.observed).group_by("number").len()
    enough = sizes.filter(pl.col("len") >= 20)["number"].max()
    assert frame.filter(kind=VISIT)["number"].max() == enough


def test_only_patients_who_are_followed_are_asked_about(yes_or_no, frame):
    for day in DAYS:
        ends = yes_or_no.observed["follow_up"].filter(pl.col("end_days") >= day)["patient"]
        assert set(frame.filter(classifier="source", kind=DAY, number=day)["patient"]) == set(ends)
    assert len(set(frame["patient"])) > frame.filter(kind=DAY, number=500, classifier="source").height


def test_the_decided_have_met_the_definition_before(yes_or_no, frame):
    labels = yes_or_no.reference.tables["labels"]
    met = dict(labels.drop_nulls("first_met_days").select("patient", "first_met_days").iter_rows())
    for day in DAYS:
        rows = frame.filter(classifier="source", kind=DAY, number=day)
        decided = set(rows.filter("decided")["patient"])
        assert decided == {patient for patient in rows["patient"] if met.get(patient, 10**6) < day} and decided
        assert set(rows.filter("decided")["reference"].cast(pl.String)) == {YES}


def test_a_learner_learns_from_the_training_patients_of_its_landmark(yes_or_no, learnt):
    """Patients at risk: fitted by hand on training patients at risk; the decided: on all who are followed."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from nephrosyn.bench.features.extract import with_values

    day = DAYS[1]
    scenario = Resolved.from_dict(yes_or_no.manifest["scenario"]).scenario
    training = Training(scenario, yes_or_no.manifest["seed"], yes_or_no.task, 150)
    labels = criteria.classify(training.whole, TASK.definition, "complete", keep_going=True)
    answers = TASK.answers(labels).filter(pl.col("answer") != "undetermined")
    followed = training.whole["follow_up"].filter(pl.col("end_days") >= day)["patient"].implode()
    met = labels.filter(pl.col("first_met_days") < day)["patient"].implode()
    wide = features(training.whole, day)
    tested = features(yes_or_no.observed, day)
    for decided in (False, True):
        rows = answers.filter(pl.col("patient").is_in(followed))
        if not decided:
            rows = rows.filter(~pl.col("patient").is_in(met))
        rows = rows.join(wide, on=["replicate", "patient"], maintain_order="left")
        columns = with_values(rows.drop("replicate", "patient", "answer", "applies"))
        model = HistGradientBoostingClassifier(random_state=training.seed % 2**32)
        model.fit(rows.select(columns).to_numpy(), rows["answer"].cast(pl.String).to_numpy())
        given = learnt.filter(classifier="gradient-boosting", kind=DAY, number=day, decided=decided)
        by_hand = dict(zip(tested["patient"], model.predict(tested.select(columns).to_numpy()), strict=True))
        assert given.height and all(
            by_hand[patient] == answer for patient, answer in given.select("patient", "predicted").rows()
        )


def made_up(rows):
    """Answers of one classifier: kind, patient, first day not seen, day met, right answer, answer and probability."""
    names = ["kind", "patient", "until_days", "first_met_days", "reference", "predicted", "p_refractory"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(
        classifier=pl.lit("one"),
        number="until_days",
        decided=(pl.col("first_met_days") < pl.col("until_days")).fill_null(value=False),
        reference=pl.col("reference").cast(TASK.answer_type),
        predicted=pl.col("predicted").cast(TASK.answer_type),
        p_not_refractory=1 - pl.col("p_refractory"),
    )


def of(scores, **what):
    (row,) = scores.filter(**what).to_dicts()
    return row


def test_scores_of_a_day_by_hand():
    """24 at risk, of whom 12 become refractory, 9 of them called so; 12 decided, all but two called refractory."""
    rows = [(DAY, patient, 100, 300, YES, YES if patient < 9 else NO, 0.9 - patient / 20) for patient in range(12)]
    rows += [(DAY, patient, 100, None, NO, YES if patient == 12 else NO, patient / 40) for patient in range(12, 24)]
    rows += [(DAY, patient, 100, 50, YES, NO if patient < 26 else YES, 0.5) for patient in range(24, 36)]
    rows += [(DAY, 36, 100, None, "undetermined", NO, 0.5)]
    frame = made_up(rows)
    scores = over_time(frame, TASK, 1)
    since = {"by": ONSET, "kind": DAY, "first_days": 100}
    accuracy = of(scores, **since, group=AT_RISK, metric="accuracy")
    share = wilson(20, 24)
    assert (accuracy["patients"], accuracy["value"]) == (24, share.share)
    assert (accuracy["low"], accuracy["high"]) == (share.low, share.high)
    assert of(scores, **since, group=AT_RISK, metric="sensitivity")["value"] == 9 / 12
    assert of(scores, **since, group=AT_RISK, metric="specificity")["value"] == 11 / 12
    assert of(scores, **since, group=DECIDED, metric="sensitivity")["value"] == 10 / 12
    from sklearn.metrics import roc_auc_score

    at_risk = frame.filter(~pl.col("decided"), pl.col("reference") != "undetermined")
    area = of(scores, **since, group=AT_RISK, metric="auroc")
    assert area["value"] == pytest.approx(roc_auc_score(at_risk["reference"] == YES, at_risk["p_refractory"]))
    assert area["low"] < area["value"] < area["high"]
    from sklearn.metrics import brier_score_loss

    brier = of(scores, **since, group=AT_RISK, metric="brier")
    assert brier["value"] == pytest.approx(brier_score_loss(at_risk["reference"] == YES, at_risk["p_refractory"]))
    assert brier["low"] < brier["value"] < brier["high"]
    before = of(scores, by=MET, first_days=181, last_days=365)
    assert (before["patients"], before["value"], before["mean_days"], before["group"]) == (12, 9 / 12, 201, AT_RISK)
    after = of(scores, by=MET, first_days=-89, last_days=-30)
    assert (after["patients"], after["value"], after["mean_days"], after["group"]) == (12, 10 / 12, -49, DECIDED)


def test_visits_are_pooled_and_patients_resampled_with_all_of_theirs():
    """Twelve patients with one to three visits in an interval; the interval is that of resampled patients."""
    rows = [
        (VISIT, patient, 41 + visit, None, NO, YES if (patient + visit) % 4 == 0 else NO, 0.5)
        for patient in range(12)
        for visit in range(1 + patient % 3)
    ]
    score = of(over_time(made_up(rows), TASK, 3), by=ONSET, kind=VISIT, metric="specificity")
    right = np.zeros(12)
    visits = np.array([1 + patient % 3 for patient in range(12)], float)
    for _, patient, _, _, _, predicted, _ in rows:
        right[patient] += predicted == NO
    assert (score["first_days"], score["last_days"], score["patients"]) == (31, 90, 12)
    assert score["answers"] == len(rows) and score["value"] == right.sum() / visits.sum()
    drawn = np.concatenate(list(weights(12, 1000, 3)))
    ends = np.quantile((drawn @ right) / (drawn @ visits), [0.025, 0.975])
    assert (score["low"], score["high"]) == pytest.approx(ends)


def test_an_edge_is_the_last_day_of_its_interval():
    rows = [(VISIT, patient, 31 if patient < 10 else 32, None, NO, NO, 0.5) for patient in range(20)]
    scores = over_time(made_up(rows), TASK, 1).filter(by=ONSET, metric="accuracy")
    assert scores.select("first_days", "last_days", "patients").rows() == [(0, 30, 10), (31, 90, 10)]
    rows = [(DAY, patient, 100, 99 if patient < 10 else 100, YES, YES, 0.5) for patient in range(20)]
    scores = over_time(made_up(rows), TASK, 1).filter(by=MET)
    assert scores.select("group", "first_days", "last_days").rows() == [(DECIDED, -29, 0), (AT_RISK, 1, 30)]


def test_few_patients_have_no_score():
    rows = [(DAY, patient, 100, None, NO, NO, 0.5) for patient in range(scoring.FEWEST - 1)]
    score = of(over_time(made_up(rows), TASK, 1), by=ONSET, metric="accuracy")
    assert (score["patients"], score["value"], score["low"]) == (scoring.FEWEST - 1, None, None)


def test_areas_are_those_of_scikit_learn_with_ties_and_weights():
    from sklearn.metrics import roc_auc_score

    score = np.round(np.sin(np.arange(80.0)) + np.cos(np.arange(80.0) * 3), 1)
    positive = np.arange(80) % 3 == 0
    area = area_of_weights(score, positive)
    drawn = np.concatenate(list(weights(80, 20, 1)))
    by_hand = [roc_auc_score(positive, score, sample_weight=some) for some in drawn]
    assert area(drawn) == pytest.approx(by_hand)
    assert np.isnan(area(np.where(positive, 1.0, 0.0)[None, :])).all()


def test_every_output_has_the_scores(timed, tmp_path):
    bench = results.finish(timed)
    folder = write.write(bench, tmp_path / "b")
    about = json.loads((folder / "bench.json").read_text("utf-8"))
    assert len(about["over_time"]) == bench.over_time.height > 100
    assert pl.read_csv(folder / "over-time.csv").height == bench.over_time.height
    assert pl.read_parquet(folder / "over-time-answers.parquet").equals(timed.over_time.frame)
    for name in ("over-time.svg", "before-met.svg"):
        assert "Not for clinical use" in (folder / name).read_text("utf-8")
    html = (folder / "bench.html").read_text("utf-8")
    assert "Prediction over time" in html and "landmarking (Anderson, Cain and Gelber" in html
    captions = [table.caption for table in time_tables.time_tables(bench)]
    assert len(captions) == 3
    table = time_tables.since_onset(bench)
    assert [row[0] for row in table.rows[::2]][:4] == ["day 60", "day 200", "day 500", "visits, days 0 to 30"]
    assert repr(timed.over_time).endswith("answers over time>")


def test_without_it_there_is_none_of_it(found):
    assert found.over_time.is_empty() and list(time_tables.time_tables(found)) == []


def test_the_command_prints_the_scores(run_folder, tmp_path):
    words = ["bench", run_folder, "--at-days", "90,365", "--perturbations", "doses_lost", "--severity", "1"]
    words += ["--classifier", "coded-care", "--label-days", "600", "--out", tmp_path / "b"]
    done = CliRunner().invoke(app, [str(word) for word in words], prog_name="nephrosyn")
    assert done.exit_code == 0, done.output
    assert "Prediction over time" in done.output and "day 365" in done.output
    wrong = CliRunner().invoke(app, [*map(str, words), "--overwrite", "--at-days", "601"], prog_name="nephrosyn")
    assert wrong.exit_code == 2 and "--at-days: expected a whole number from 1 to 600; found 601" in wrong.output


def test_a_landmark_of_nobody_has_no_answers(yes_or_no):
    tables = {**yes_or_no.observed, "follow_up": yes_or_no.observed["follow_up"].with_columns(end_days=pl.lit(5))}
    assert Landmark(DAY, 6).days(tables).is_empty() and Landmark(DAY, 5).days(tables).height == 200
