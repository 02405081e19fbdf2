"""A wrong answer, an abstention and a failure are three things; who gave no answer at all has no score."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn.bench import run as running
from nephrosyn.bench.classifiers import baselines, registry
from nephrosyn.bench.classifiers.protocol import NotReadyError, Setup
from nephrosyn.bench.output import results, write
from nephrosyn.bench.score.metrics import FLIPS, LOST, PARTS
from nephrosyn.bench.task import OUTCOMES
from nephrosyn.bench.training import NOBODY, Training
from nephrosyn.cli.app import app
from nephrosyn.errors import BenchError
from nephrosyn.scenario import Resolved

pytestmark = pytest.mark.slow

pytest.importorskip("sklearn")

OWN = """
def mixed(record):
    kind = record["patients"]["patient"][0] % 4
    if kind == 0:
        raise RuntimeError("cannot read this")
    if kind == 1 or record["doses"].height < 3:
        return "undetermined"
    return "non_relapsing" if kind == 2 else "steroid_resistant"

def never(record):
    raise KeyError("no such column")

def hangs(record):
    import time
    time.sleep(60)

class Unfit:
    def get_params(self, deep=True): return {}
    def set_params(self, **kw): return self
    def fit(self, x, y): raise ValueError("the matrix is singular")
    def predict(self, x): raise AssertionError("asked without being fitted")
"""
UNFIT, NEVER, MIXED = "own:Unfit", "own:never", "own:mixed"
REASONS = {
    UNFIT: "could not be fitted: raises ValueError: the matrix is singular",
    NEVER: "failed on every answer: raises KeyError: 'no such column'",
}
WITHOUT = {"leaderboard.md": "no score", "bench.html": "no score", "bench.json": "without_score"}


@pytest.fixture(scope="module")
def call(run_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.py").write_text(OWN, encoding="utf-8")

    def call(out, *arguments):
        fixed = ["bench", str(run_folder), "--perturbations", "doses_lost", "--severity", "5", "--training", "60"]
        done = CliRunner().invoke(app, [*fixed, *arguments, "--out", str(folder / out)], prog_name="nephrosyn")
        return done, folder / out

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield call


@pytest.fixture(scope="module")
def made(call):
    """A bench of a rule with all four outcomes, one that always fails, and a model that cannot be fitted."""
    names = [part for name in (UNFIT, MIXED, NEVER) for part in ("--classifier", name)]
    done, folder = call("whole", *names, "--baseline", NEVER)
    assert done.exit_code == 0, done.output
    return done.output, folder


def test_who_gave_no_answer_has_no_score_but_a_reason_everywhere(made):
    output, folder = made
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in WITHOUT}
    for name, reason in REASONS.items():
        assert reason in output and f"{name} " in output
        assert reason in texts["leaderboard.md"].replace("\\", "")
        assert reason in texts["bench.html"].replace("&#39;", "'")
    assert all(word in texts[name] for name, word in WITHOUT.items())
    told = json.loads(texts["bench.json"])
    assert told["without_score"] == REASONS
    assert {row["classifier"] for row in told["averages"]} == {"source", MIXED}
    assert told["baseline"] == "source"  # that of the definition set, as the one asked for has no errors to divide by


def test_who_gave_no_answer_has_no_rank_and_no_test(made):
    _, folder = made
    scores = pl.read_parquet(folder / "scores.parquet")
    rows = scores.filter(pl.col("classifier").is_in(list(REASONS)))
    assert dict(rows.select("classifier", "reason").iter_rows()) == REASONS
    assert rows["value"].null_count() == rows.height == 2 and rows["n"].sum() == 0
    board = (folder / "leaderboard.md").read_text(encoding="utf-8").replace("\\", "")
    (pairs,) = [part for part in board.split("\n\n") if "only one right" in part]
    assert MIXED in pairs and UNFIT not in pairs and NEVER not in pairs
    ranked = [line.split("|")[1].strip() for line in board.splitlines() if line.startswith("| ")]
    assert ranked[2:6] == ["source", MIXED, UNFIT, NEVER]  # below the head: who has no score stands last


def test_the_four_outcomes_are_told_apart_in_every_score(made):
    _, folder = made
    answers = pl.read_parquet(folder / "predictions.parquet").filter(pl.col("classifier") == MIXED)
    clean = answers.filter(perturbation="none")
    kinds = {0: {"failed"}, 1: {"abstained"}, 2: {"right", "wrong"}, 3: {"right", "wrong"}}
    scored = clean.filter(~pl.col("outcome").is_in(["cannot be judged", "outside the set"]))
    for kind, allowed in kinds.items():
        mine = set(scored.filter(pl.col("patient") % 4 == kind)["outcome"])
        assert mine and mine <= allowed | ({"abstained"} if kind > 1 else set())
    assert answers["outcome"].dtype == pl.Enum(OUTCOMES)
    assert set(clean.filter(pl.col("reference") == "undetermined")["outcome"]) == {"cannot be judged"}
    scores = pl.read_parquet(folder / "scores.parquet").filter(classifier=MIXED)
    counts = dict(scored["outcome"].value_counts().iter_rows())
    whole = dict(scores.filter(slice="all", of="all", perturbation="none").select("metric", "value").iter_rows())
    for metric, outcome in (("accuracy", "right"), *zip(PARTS, PARTS, strict=True)):
        assert whole[metric] == pytest.approx(counts[outcome] / scored.height)
    parts = ["accuracy", *PARTS]
    sums = scores.filter(pl.col("metric").is_in(parts), of="all").group_by("perturbation", "slice", "group")
    assert sums.agg(pl.col("value").sum())["value"].to_list() == pytest.approx([1.0] * sums.len().height)


def test_flips_say_what_became_of_a_right_answer(made):
    _, folder = made
    scores = pl.read_parquet(folder / "scores.parquet").filter(perturbation="doses_lost", slice="all")
    for name in ("source", MIXED):
        rate = dict(scores.filter(classifier=name).select("metric", "value").iter_rows())
        assert sum(rate[one] for one in LOST) == pytest.approx(rate["harmful_flip_rate"])
    assert rate["right_to_abstained_rate"] > 0 == rate["right_to_failed_rate"] == rate["right_to_wrong_rate"]
    assert set(LOST) < set(FLIPS)


def test_every_table_has_the_three(made):
    output, folder = made
    board = (folder / "leaderboard.md").read_text(encoding="utf-8").replace("\\", "")
    heads = {part.split("\n\n")[0]: part for part in board.split("\n\n*")}
    for caption in (
        "Classifiers, the best",
        "On the unperturbed record",
        "Answers that are not right",
        "By class",
        "Called",
        "By group",
    ):
        (table,) = [part for name, part in heads.items() if caption in name or caption in part.split("\n")[0]]
        assert "abstained" in table and "failed" in table, caption
    assert "the most accurate classifier is 'source': " in output and "comes next; the difference is +" in output
    (flips,) = [part for part in board.split("\n\n") if "right to wrong" in part]
    assert "right to abstained" in flips and "right to failed" in flips and MIXED in flips
    assert "abstained, perturbed" in output and "failed, perturbed" in output
    assert "RuntimeError: cannot read this" in output


def test_if_nothing_could_be_asked_the_exit_code_is_1(call):
    done, folder = call("nothing", "--classifier", UNFIT, "--quiet")
    assert done.exit_code == 1
    assert f"{UNFIT} {REASONS[UNFIT]}" in done.stderr
    assert (folder / "bench.json").is_file()


def test_who_hangs_is_told_to_hang(call):
    done, _ = call("hangs", "--classifier", "own:hangs", "--time-limit", "0.2", "--quiet")
    assert done.exit_code == 1
    assert "own:hangs failed on every answer: hangs: no answer within 0.2 s\n" in done.stderr


def test_one_patient_explained_says_why_there_is_no_answer(made):
    done = CliRunner().invoke(app, ["bench", "explain", "4", "--results", str(made[1])], prog_name="nephrosyn")
    assert done.exit_code == 0, done.output
    assert REASONS[UNFIT] in done.output
    assert "failed: raises RuntimeError: cannot read this" in done.output


@pytest.mark.parametrize("name", ["majority", "gradient-boosting"])
def test_shipped_models_without_anything_to_learn_from_are_not_fitted(run, name, monkeypatch):
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    training = Training(scenario, 1, run.task, 50)
    monkeypatch.setattr(training, "_answers", training.answers.clear())
    with pytest.raises(NotReadyError, match=NOBODY):
        registry.find(name).ready(Setup(run.task, training, 1.0))


def test_what_scikit_learn_refuses_is_a_reason_and_the_bench_goes_on(run, monkeypatch):
    from sklearn.ensemble import HistGradientBoostingClassifier

    def fit(*_):
        raise ValueError("too few\n of a class")

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", fit)
    found = results.finish(running.ask(run, ["gradient-boosting"], ["doses_lost"], (5,), training=60))
    assert found.without_score == {"gradient-boosting": "could not be fitted: too few of a class"}
    assert found.names == ["source"] and found.nothing_asked and not found.differences
    assert baselines.GRADIENT_BOOSTING.name not in set(found.scores["classifier"])


def test_outside_the_set_and_cannot_be_judged_are_two_things(run_folder, tmp_path):
    run = running.open_run(run_folder, "china-2014-adults")
    found = results.finish(running.ask(run, ["last-note"], ["results_lost"], (5,)))
    labels = run.reference.tables["labels"]
    outside = labels.filter(~pl.col("applies"))["patient"].to_list()
    counts = {
        "outside_the_set": len(outside),
        "cannot_be_judged": labels.filter("applies", category="undetermined").height,
    }
    assert all(counts.values())
    assert found.counted == {"scored": labels.height - sum(counts.values()), **counts}
    folder = write.write(found, tmp_path / "out")
    told = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    assert {name: told[name] for name in found.counted} == found.counted
    answers = pl.read_parquet(folder / "predictions.parquet")
    assert set(answers.filter(outcome="outside the set")["patient"]) == set(outside)
    assert set(answers.filter(pl.col("patient").is_in(outside))["outcome"]) == {"outside the set"}
    board = (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert f"- Outside the set: {len(outside)}\n" in board
    assert f"- Cannot be judged: {counts['cannot_be_judged']}\n" in board


def test_a_set_that_is_for_nobody_is_refused_with_the_reason(tmp_path):
    ns.run("modern-adults", patients=20, seed=1, out=tmp_path / "run", report=False)
    with pytest.raises(BenchError, match="of 20 patients 20 are outside the set, and 0 cannot be judged"):
        running.open_run(tmp_path / "run", "kdigo-2021-children")
