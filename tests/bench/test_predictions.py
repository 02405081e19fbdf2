"""A predictions file: every kind of fault is told with example rows, and a sound one is scored."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date, timedelta
from io import BytesIO
from threading import Thread

import polars as pl
import pytest

from nephrosyn.bench.files.export import export
from nephrosyn.bench.files.predictions import WHERE, export_conditions, predictions, score_file, with_records
from nephrosyn.bench.score.conditions import CLEAN, conditions
from nephrosyn.errors import BenchError

pytest.importorskip("sklearn")
ASKED = conditions(["doses_lost", "label_noise"], [2], 1)


@pytest.fixture
def sound(run):
    frames = [
        run.reference.frame.select(
            "patient",
            perturbation=pl.lit(c.perturbation),
            severity=c.severity,
            replicate=c.replicate,
            predicted=pl.col("reference").cast(pl.String),
        )
        for c in with_records(ASKED)
    ]
    return pl.concat(frames)


def read(frame, run, tmp_path):
    file = tmp_path / "predictions.csv"
    frame.write_csv(file)
    return predictions(file, run.task, run.reference.frame["patient"].to_list(), with_records(ASKED))


def refused(frame, run, tmp_path):
    with pytest.raises(BenchError) as error:
        read(frame, run, tmp_path)
    return str(error.value)


def test_labels_are_not_asked_about():
    assert [c.perturbation for c in with_records(ASKED)] == [CLEAN, "doses_lost"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_right_answers_in_a_file_score_one(run, sound, tmp_path, suffix):
    file = tmp_path / f"mine{suffix}"
    sound.write_csv(file) if suffix == ".csv" else sound.write_parquet(file)
    found = score_file(run, file, ASKED)
    mine = found.frame.filter(pl.col("classifier") == "mine", pl.col("reference").is_in(run.task.classes))
    sure = mine.filter(pl.col("perturbation") != "label_noise")
    assert sure.height and (sure["reference"] == sure["predicted"]).all()
    assert mine.filter(perturbation="label_noise").height == mine.filter(perturbation=CLEAN).height


def test_every_kind_of_fault_is_told(run, sound, tmp_path):
    wrong = sound.with_row_index("k").with_columns(
        predicted=pl.when(pl.col("k") == 3).then(pl.lit("resistent")).otherwise("predicted"),
        perturbation=pl.when(pl.col("k") == 5).then(pl.lit("nothing")).otherwise("perturbation"),
        severity=pl.when(pl.col("k") == 7).then(pl.lit("x")).otherwise(pl.col("severity").cast(pl.String)),
    )
    wrong = pl.concat([wrong.filter(pl.col("k") != 9), wrong.filter(pl.col("k") == 11)]).drop("k")
    text = refused(wrong, run, tmp_path)
    assert "a label that is none of" in text and "predicted resistent" in text
    assert "a row that is not due: 1 rows, as (line 7, patient 5, perturbation nothing" in text
    assert "severity that is not a whole number: 1 rows" in text
    assert "a missing row: 3 rows" in text and "patient 9, perturbation none" in text
    assert "a duplicate row: 1 rows" in text and "patient 11" in text


def test_columns_that_are_missing_or_unknown(run, sound, tmp_path):
    text = refused(sound.drop("severity").with_columns(p_nothing=0.1), run, tmp_path)
    assert "column severity is missing" in text and "column p_nothing is none of" in text


def test_probabilities_must_be_some(run, sound, tmp_path):
    text = refused(sound.with_columns(p_non_relapsing=1.5), run, tmp_path)
    assert "a probability outside 0 to 1" in text
    assert "do not sum to 1" in refused(sound.with_columns(p_non_relapsing=0.5), run, tmp_path)
    assert read(sound.with_columns(p_non_relapsing=1.0), run, tmp_path).height == sound.height


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("predicted", pl.concat_list("predicted"), "predicted: expected a text; found values of type List(String)"),
        ("predicted", pl.struct("predicted"), "predicted: expected a text; found values of type Struct"),
        ("predicted", pl.col("predicted").cast(pl.Binary), "predicted: expected a text; found values of type Binary"),
        ("predicted", pl.lit(3), "predicted: expected a text; found values of type Int32"),
        ("perturbation", pl.lit(b"\xff"), "perturbation: expected a text; found values of type Binary"),
        ("patient", pl.concat_list("patient"), "patient: expected a whole number; found values of type List(Int32)"),
        ("patient", pl.col("patient") > 3, "patient: expected a whole number; found values of type Boolean"),
        ("patient", pl.lit(date(2020, 1, 1)), "patient: expected a whole number; found values of type Date"),
        ("patient", pl.col("patient") + 0.5, "patient that is not a whole number: "),
        ("patient", pl.lit(float("nan")), "patient that is not a whole number: "),
        ("patient", pl.lit(1e300), "patient that is not a whole number: "),
        ("severity", pl.lit(timedelta(days=1)), "severity: expected a whole number; found values of type Duration"),
        ("p_non_relapsing", pl.concat_list(pl.lit(1.0)), "p_non_relapsing: expected a number; found values of type"),
        ("p_non_relapsing", pl.lit(b"1.0"), "p_non_relapsing: expected a number; found values of type Binary"),
        ("p_non_relapsing", pl.lit(True), "p_non_relapsing: expected a number; found values of type Boolean"),
        ("p_non_relapsing", pl.lit(float("nan")), "a probability outside 0 to 1: "),
        ("p_non_relapsing", pl.lit(float("inf")), "a probability outside 0 to 1: "),
        ("p_non_relapsing", pl.lit(float("-inf")), "a probability outside 0 to 1: "),
        ("predicted", pl.lit("\x1b[31mred\n" * 50), "predicted ?[31mred ?[31mred"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_are_refused_in_a_sentence(run, sound, tmp_path, column, value, said):
    file = tmp_path / "odd.parquet"
    sound.with_columns(value.alias(column)).write_parquet(file)
    with pytest.raises(BenchError) as error:
        predictions(file, run.task, run.reference.frame["patient"].to_list(), with_records(ASKED))
    assert said in str(error.value)
    assert "\x1b" not in str(error.value) and len(str(error.value)) < 2000


@pytest.mark.parametrize("value", ["NaN", "inf", "x", "true"])
def test_probabilities_in_a_csv_that_are_none(run, sound, tmp_path, value):
    text = refused(sound.with_columns(p_non_relapsing=pl.lit(value)), run, tmp_path)
    assert f"p_non_relapsing {value}" in text.replace("nan", "NaN")


def test_the_same_patient_twice_is_refused(run, sound, tmp_path):
    again = sound.with_columns(predicted=pl.lit("non_relapsing"))
    text = refused(pl.concat([sound, again]), run, tmp_path)
    assert f"a duplicate row: {sound.height} rows" in text


def test_whole_numbers_may_be_written_with_a_decimal_point(run, sound, tmp_path):
    """As R and pandas do where a column once held a missing value."""
    floats = sound.with_columns(pl.col("patient", "severity", "replicate").cast(pl.Float64))
    assert read(floats, run, tmp_path).select(WHERE).equals(read(sound, run, tmp_path).select(WHERE))


@pytest.mark.parametrize("content", ["[]", "3", '{"perturbations": "x"}', "null", "{}"])
def test_an_export_that_is_none_is_refused(run, tmp_path, content):
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(BenchError, match="no export of the bench"):
        export_conditions(tmp_path, run)


@pytest.mark.parametrize(
    ("name", "value"),
    [("perturbations", ["nothing"]), ("severities", ["a"]), ("severities", 3), ("replicates", "2"), ("seed", None)],
)
def test_an_export_whose_manifest_was_changed_is_refused(run, run_folder, tmp_path, name, value):
    export(run_folder, tmp_path / "records", ["doses_lost"], [2])
    manifest = json.loads((tmp_path / "records" / "manifest.json").read_text(encoding="utf-8"))
    assert export_conditions(tmp_path / "records", run)[0] == conditions(["doses_lost"], [2], 1)
    (tmp_path / "records" / "manifest.json").write_text(json.dumps({**manifest, name: value}), encoding="utf-8")
    with pytest.raises(BenchError, match=r"manifest\.json is damaged"):
        export_conditions(tmp_path / "records", run)


def test_a_file_that_is_none(run, tmp_path):
    with pytest.raises(BenchError, match="no such file"):
        predictions(tmp_path / "nothing.csv", run.task, [0], ASKED)
    (tmp_path / "broken.parquet").write_text("no parquet")
    with pytest.raises(BenchError, match="cannot be read"):
        predictions(tmp_path / "broken.parquet", run.task, [0], ASKED)


@pytest.mark.parametrize("kind", ["csv", "utf-16", "parquet"])
def test_a_file_may_come_through_a_pipe(run, sound, tmp_path, kind):
    buffer = BytesIO()
    sound.write_parquet(buffer) if kind == "parquet" else sound.write_csv(buffer)
    content = buffer.getvalue().decode().encode("utf-16") if kind == "utf-16" else buffer.getvalue()
    os.mkfifo(tmp_path / "pipe")
    writer = Thread(target=(tmp_path / "pipe").write_bytes, args=(content,), daemon=True)
    writer.start()
    found = score_file(run, tmp_path / "pipe", ASKED)
    writer.join(timeout=10)
    assert not writer.is_alive()
    assert found.about["files_sha256"] == {"pipe": hashlib.sha256(content).hexdigest()}
    assert set(found.frame["classifier"].cast(pl.String)) == {"source", "pipe"}
