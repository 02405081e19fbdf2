"""Records of a suite leave as files and predictions come back, with the same result as a run without files."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from nephrosyn.bench.classifiers.heuristics import coded_care, to_target
from nephrosyn.bench.suite.build import BuiltSuite
from nephrosyn.bench.suite.definition import load
from nephrosyn.bench.suite.exchange import export_suite, score_predictions
from nephrosyn.bench.suite.result import compared_digest
from nephrosyn.cli.app import app
from nephrosyn.errors import BenchError
from nephrosyn.record.schema import OBSERVED
from nephrosyn.vocabulary import NOTICE

SCORED = ("test", "elsewhere")


@pytest.fixture(scope="module")
def exported(suite_file, tmp_path_factory):
    return export_suite(str(suite_file), tmp_path_factory.mktemp("export") / "records", None, "parquet")


@pytest.fixture(scope="module")
def predictions(exported, suite_file, tmp_path_factory):
    """The predictions of the rule `coded-care`, made from the exported files alone."""
    folder = tmp_path_factory.mktemp("predictions") / "predictions"
    suite = load(str(suite_file))
    for task in ("category", "early"):
        (folder / task).mkdir(parents=True)
        for split in SCORED:
            parts = [
                answers_of(place, suite.tasks[task].question())
                for place in sorted((exported / task / split / "records").glob("*/*/*"))
            ]
            pl.concat(parts).write_csv(folder / task / f"{split}.csv")
    return folder


def answers_of(place, question):
    tables = {
        name: pl.read_parquet(place / name / "*.parquet").with_columns(replicate=pl.lit(0, pl.Int32))
        for name in OBSERVED
    }
    severity, replicate = (int(part.rpartition("-")[2]) for part in place.parts[-2:])
    return to_target(coded_care(tables), question).select(
        "patient",
        perturbation=pl.lit(place.parts[-3]),
        severity=pl.lit(severity),
        replicate=pl.lit(replicate),
        predicted="predicted",
    )


def test_predictions_from_files_score_as_the_classifier_itself(predictions, suite_file, results):
    scored = score_predictions(predictions, str(suite_file), "from files", "a line")
    direct = next(result for result in results if result.classifier.name == "coded-care")
    assert scored.tasks == direct.tasks
    assert scored.suite == direct.suite
    assert (scored.classifier.name, scored.classifier.kind) == ("from files", "predictions")
    assert scored.run.seconds is None
    assert scored.result_sha256 == compared_digest(scored.model_dump(mode="json"))


def test_an_export_has_what_was_promised_and_no_truth(exported, suite_file):
    suite = BuiltSuite(load(str(suite_file)))
    manifest = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    files = {str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file()}
    assert files == {*manifest["files"], "manifest.json", "README.md"}
    assert manifest["notice"] == NOTICE
    for task in ("category", "early"):
        for split in ("train", "validation"):
            answers = pl.read_csv(exported / task / split / "answers.csv")
            right = suite.answers(task, split).select("patient", pl.col("answer").cast(pl.String))
            assert_frame_equal(answers, right, check_dtypes=False)
        for split in SCORED:
            assert not (exported / task / split / "answers.csv").exists()
            assert {path.name for path in (exported / task / split).iterdir()} == {
                "records",
                "predictions-template.csv",
            }
    clean = exported / "early" / "test" / "records" / "none" / "severity-0" / "replicate-0"
    assert_frame_equal(
        pl.read_parquet(clean / "doses" / "*.parquet"), suite.shown("early", "test")["doses"].drop("replicate")
    )
    assert {path.parent.name for path in exported.rglob("*.parquet")} == set(OBSERVED)
    template = pl.read_csv(exported / "category" / "test" / "predictions-template.csv")
    assert template.height == 60 * (1 + 2 * 2 * 2)
    text = (exported / "README.md").read_text(encoding="utf-8")
    assert NOTICE in text
    assert "Records end on the day before day 90" in " ".join(text.split())


@pytest.fixture
def changed(predictions, tmp_path):
    """A copy of the predictions, and a function that rewrites a file of it."""
    folder = shutil.copytree(predictions, tmp_path / "predictions")

    def change(function, place="early/test.csv"):
        frame = pl.read_csv(folder / place)
        function(frame).write_csv(folder / place)
        return folder

    return folder, change


def with_probabilities(high):
    def function(frame):
        yes = pl.when(pl.col("predicted") == "refractory").then(high).otherwise(0.2)
        return frame.with_columns(p_refractory=yes, p_not_refractory=pl.lit(0.2))

    return function


def said(suite_file, folder):
    with pytest.raises(BenchError) as caught:
        score_predictions(folder, str(suite_file), "rule")
    return str(caught.value)


def test_wrong_predictions_are_named_in_all_files_together(suite_file, changed):
    folder, change = changed
    change(with_probabilities(0.8))
    change(lambda frame: frame.with_columns(predicted=pl.lit("relapsing")), "category/elsewhere.csv")
    change(lambda frame: frame.slice(1), "category/test.csv")
    change(lambda frame: pl.concat([frame, frame.head(1)]), "early/elsewhere.csv")
    text = said(suite_file, folder)
    assert "early/test.csv: probabilities that do not sum to 1" in text
    assert "category/elsewhere.csv: a label that is none of" in text
    assert "category/test.csv: a missing row" in text
    assert "early/elsewhere.csv: a duplicate row" in text


def test_missing_files_and_unknown_tasks_are_named(suite_file, changed):
    folder, _ = changed
    (folder / "early" / "elsewhere.csv").unlink()
    (folder / "categry").mkdir()
    shutil.copy(folder / "category" / "test.csv", folder / "category" / "test.parquet")
    text = said(suite_file, folder)
    assert "early/elsewhere.csv: no such file; a task is complete or left out" in text
    assert "has no task categry; did you mean category?" in text
    assert "expected one file for test; found test.csv and test.parquet" in text


def test_one_task_is_enough(suite_file, changed):
    folder, _ = changed
    shutil.rmtree(folder / "category")
    assert list(score_predictions(folder, str(suite_file), "rule").tasks) == ["early"]


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner().invoke(app, ["bench", *map(str, words)], prog_name="nephrosyn")

    return run


def test_wrong_input_ends_with_2_one_line_each_and_writes_nothing(command, suite_file, predictions, tmp_path):
    suite = str(suite_file)
    (tmp_path / "taken.json").write_text("{}", encoding="utf-8")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("keep", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    for words, message in (
        (("suite", "nephro1", "--verify"), "there is no suite nephro1; did you mean nephro-1?"),
        (("suite", suite, "--classifier", "majorty"), "did you mean majority?"),
        (("suite", suite, "--classifier", "majority", "--task", "earl"), "has no task earl; did you mean early?"),
        (("suite", suite, "--classifier", "majority", "--out", "taken"), "taken exists and is not empty"),
        (("suite", "none.toml"), "none.toml"),
        (("export-suite", suite, "--out", "taken"), "taken exists and is not empty"),
        (("score-suite", "nowhere", "--suite", suite, "--name", "a", "--out", "r.json"), "expected a folder"),
        (
            ("score-suite", predictions, "--suite", suite, "--name", "majority", "--out", "r.json"),
            "a shipped classifier",
        ),
        (("score-suite", predictions, "--suite", suite, "--name", "a\tb", "--out", "r.json"), "control characters"),
        (("score-suite", predictions, "--suite", suite, "--name", "a", "--out", "taken.json"), "taken.json exists"),
        (("score-suite", predictions, "--suite", suite, "--name", "a", "--out", "no/r.json"), "there is no folder no"),
        (("submit-check", "nowhere.json"), "nowhere.json"),
        (("submit-check", "taken.json"), "expected a result of `nephrosyn bench suite`"),
        (("leaderboard", "taken", "--out", "page.html"), "found none"),
        (("leaderboard", "nowhere", "--out", "page.html"), "nowhere: cannot be read"),
        (("freeze-suite", suite), "a suite that changes gets a new name"),
        (("freeze-suite", "nephro-1"), "expected a TOML file"),
    ):
        result = command(*words)
        assert result.exit_code == 2, (words, result.output)
        assert message in " ".join(result.stderr.split()), (words, result.stderr)
        assert "Traceback" not in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_commands_work_on_a_suite_of_ones_own(command, predictions, suite_file, results_folder, tmp_path):
    suite = str(suite_file)
    words = ("--suite", suite, "--name", "rule", "--description", "a rule", "--out", "rule.json", "--quiet")
    assert command("score-suite", predictions, *words).exit_code == 0
    assert command("submit-check", "rule.json", "--suite", suite).exit_code == 0
    folder = shutil.copytree(results_folder, tmp_path / "board")
    shutil.copy("rule.json", folder)
    result = command("leaderboard", folder, "--out", "page.html", "--suite", suite)
    assert result.exit_code == 0, result.stderr
    assert "6 results of small-1" in result.stdout
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert ">rule<" in page
    assert "a rule" in page
    assert command("leaderboard", folder, "--out", "page.html", "--suite", suite).exit_code == 2


def test_a_classifier_that_fails_everywhere_has_no_score_and_ends_with_1(command, suite_file, tmp_path):
    (tmp_path / "bad.py").write_text("def rule(record):\n    raise ValueError('no')\n", encoding="utf-8")
    words = ("--task", "early", "--classifier", "bad.py:rule", "--out", "out", "--workers", "1", "--quiet")
    result = command("suite", suite_file, *words)
    assert result.exit_code == 1, result.stderr
    assert "failed on every answer" in result.stderr
    written = json.loads((tmp_path / "out" / "bad-rule.json").read_text(encoding="utf-8"))
    assert written["tasks"] == {}
    assert "failed on every answer" in written["without_score"]["early"]
    assert command("submit-check", "out/bad-rule.json", "--suite", suite_file).exit_code == 2
