"""What a bench leaves behind, what explains a patient, and the verbs."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn import vocabulary
from nephrosyn.bench.flips import explain
from nephrosyn.bench.output import results, write
from nephrosyn.bench.perturbations import apply, perturb
from nephrosyn.bench.score import corruption_error
from nephrosyn.bench.score.conditions import KEYS
from nephrosyn.bench.score.score_table import SCHEMA
from nephrosyn.cli.app import app
from nephrosyn.errors import BenchError

pytestmark = pytest.mark.slow

pytest.importorskip("sklearn")


def call(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], prog_name="nephrosyn")


def test_the_folder_holds_what_it_promises(bench_folder):
    names = {path.name for path in bench_folder.iterdir()}
    assert names <= results.FILES and {"scores.parquet", "leaderboard.md", "bench.html", "degradation.svg"} <= names
    for name in ("leaderboard.md", "bench.html", "degradation.svg", "confusion.svg", "bench.json"):
        assert vocabulary.NOTICE in (bench_folder / name).read_text(encoding="utf-8")
    scores = pl.read_parquet(bench_folder / "scores.parquet")
    assert dict(scores.schema) == {name: kind() if isinstance(kind, type) else kind for name, kind in SCHEMA.items()}
    told = json.loads((bench_folder / "bench.json").read_text())
    assert told["classifiers"] == ["source", "coded-care", "majority", "ipna-2022"]


def test_intervals_hold_their_values(found):
    rows = found.scores.drop_nulls(["value", "low", "high"])
    assert rows.height > 1000
    assert rows.select(
        ((pl.col("low") <= pl.col("value") + 1e-9) & (pl.col("value") <= pl.col("high") + 1e-9)).all()
    ).item()
    assert not found.scores["value"].is_nan().any()


def test_the_same_answers_give_the_same_bytes(found, bench_folder, tmp_path):
    again = write.write(results.finish(found.answers), tmp_path / "again")
    for name in ("scores.parquet", "leaderboard.md", "bench.html", "confusion.svg"):
        assert (again / name).read_bytes() == (bench_folder / name).read_bytes(), name


def test_an_unknown_baseline_is_refused(answers):
    with pytest.raises(BenchError, match="--baseline nobody"):
        results.finish(answers, "nobody")


def flipped(found):
    rows = found.answers.frame.filter(pl.col("predicted") != pl.col("clean"))
    return int(rows.filter(pl.col("classifier") == "source", perturbation="doses_lost")["patient"][0])


def test_a_flip_is_explained_by_changes_that_make_it(found, bench_folder, run):
    """The cause named is part of the log, and made alone it gives the other answer; less of it does not."""
    patient = flipped(found)
    told = explain.explain(bench_folder, patient)
    one = next(f for f in told.flips if (f.classifier, f.perturbation) == ("source", "doses_lost"))
    assert 1 <= one.cause.height <= one.changes
    record = {name: frame.filter(patient=patient) for name, frame in run.observed.items()}
    seed = found.answers.about["seed"]
    _, log = perturb(record, "doses_lost", one.severity, seed=seed, replicate=one.replicate)
    cause = log.join(one.cause.select("table", "row"), on=["table", "row"], how="semi")

    def says(some):
        labels = run.task.classify(apply(record, some), "observed")
        return str(labels["answer"][0])

    assert says(cause) != one.before
    for left_out in range(cause.height):
        rest = cause.with_row_index("_").filter(pl.col("_") != left_out).drop("_")
        assert not rest.height or says(rest) == one.before


def test_a_patient_nobody_knows(bench_folder, tmp_path):
    with pytest.raises(BenchError, match="no patient 9999"):
        explain.explain(bench_folder, 9999)
    with pytest.raises(BenchError, match="no results of a bench"):
        explain.explain(tmp_path, 1)


@pytest.mark.parametrize("content", ["[]", "null", '{"run": 3}'])
def test_results_that_lack_something_are_refused(bench_folder, tmp_path, content):
    (tmp_path / "bench.json").write_text(content, encoding="utf-8")
    (tmp_path / "predictions.parquet").write_bytes((bench_folder / "predictions.parquet").read_bytes())
    with pytest.raises(BenchError, match="results of a bench that lack"):
        explain.explain(tmp_path, 1)


def test_bench_run_and_explain_from_the_command_line(run_folder, tmp_path, bench_folder, found):
    out = tmp_path / "out"
    arguments = ("bench", run_folder, "--perturbations", "doses_lost", "--severity", "5", "--out", out)
    done = call(*arguments, "--target", "refractory", "--classifier", "last-note")
    assert done.exit_code == 0, done.output
    assert "last-note" in done.output and vocabulary.NOTICE in done.output
    assert call(*arguments).exit_code == 2  # it stands there
    assert call(*arguments, "--overwrite", "--quiet").exit_code == 0
    told = call("bench", "explain", flipped(found), "--results", bench_folder)
    assert told.exit_code == 0 and "one change is enough" in told.output


def test_wrong_words_on_the_command_line(run_folder, tmp_path):
    wrong = call("bench", run_folder, "--perturbations", "doses_lst", "--severity", "1", "--out", tmp_path / "x")
    assert wrong.exit_code == 2 and "nearest: doses_lost" in wrong.output
    assert call("bench", tmp_path / "nothing", "--out", tmp_path / "y").exit_code == 2
    assert call("bench", run_folder, "--severity", "x", "--out", tmp_path / "z").exit_code == 2
    assert call("bench", run_folder, "--classifier", "no.such:thing", "--out", tmp_path / "z").exit_code == 2


def test_classifiers_are_listed():
    told = call("list", "classifiers")
    assert told.exit_code == 0
    assert "gradient-boosting" in told.output and "definition set" in told.output


def test_the_two_tables_average_the_same(found):
    """The difference of two classifiers is that of their means, over the same perturbations of the record."""
    asked = set(found.scores["perturbation"].cast(pl.String))
    assert asked & {"label_noise", "definition_shift", "prevalence_lowered", "prevalence_raised"}
    mean = corruption_error.means(found.scores, "accuracy")
    pairs = [one for one in found.differences if one.where == "all"]
    assert pairs
    for one in pairs:
        assert one.value == pytest.approx(mean[one.first] - mean[one.second], abs=1e-12)


def test_flips_are_counted_among_the_same_patients_everywhere(found):
    rows = found.scores.filter(metric="flip_rate", classifier="source")
    whole = rows.filter(slice="all").select(*KEYS, "n", "value")
    by_sex = (
        rows.filter(slice="sex")
        .group_by(KEYS)
        .agg(of_groups=(pl.col("value") * pl.col("n")).sum() / pl.col("n").sum(), together=pl.col("n").sum())
    )
    both = whole.join(by_sex, on=KEYS)
    assert both.height >= 2
    assert (both["n"] == both["together"]).all()
    assert ((both["value"] - both["of_groups"]).abs() < 1e-12).all()
