"""A predictions file: every kind of fault is told with example rows, and a sound one is scored."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn.bench.conditions import CLEAN, conditions
from nephrosyn.bench.errors import BenchError
from nephrosyn.bench.predictions import due_of, predictions, score_file

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
        for c in due_of(ASKED)
    ]
    return pl.concat(frames)


def read(frame, run, tmp_path):
    file = tmp_path / "predictions.csv"
    frame.write_csv(file)
    return predictions(file, run.task, run.reference.frame["patient"].to_list(), due_of(ASKED))


def refused(frame, run, tmp_path):
    with pytest.raises(BenchError) as error:
        read(frame, run, tmp_path)
    return str(error.value)


def test_labels_are_not_asked_about():
    assert [c.perturbation for c in due_of(ASKED)] == [CLEAN, "doses_lost"]


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
    assert "a row that nobody asked for: 1 rows, as (line 7, patient 5, perturbation nothing" in text
    assert "severity that is not a whole number: 1 rows" in text
    assert "a row that is missing: 3 rows" in text and "patient 9, perturbation none" in text
    assert "a row that stands twice: 1 rows" in text and "patient 11" in text


def test_columns_that_are_missing_or_unknown(run, sound, tmp_path):
    text = refused(sound.drop("severity").with_columns(p_nothing=0.1), run, tmp_path)
    assert "column severity is missing" in text and "column p_nothing is none of" in text


def test_probabilities_must_be_some(run, sound, tmp_path):
    text = refused(sound.with_columns(p_non_relapsing=1.5), run, tmp_path)
    assert "a probability outside 0 to 1" in text
    assert "do not sum to 1" in refused(sound.with_columns(p_non_relapsing=0.5), run, tmp_path)
    assert read(sound.with_columns(p_non_relapsing=1.0), run, tmp_path).height == sound.height


def test_a_file_that_is_none(run, tmp_path):
    with pytest.raises(BenchError, match="no such file"):
        predictions(tmp_path / "nothing.csv", run.task, [0], ASKED)
    (tmp_path / "broken.parquet").write_text("no parquet")
    with pytest.raises(BenchError, match="cannot be read"):
        predictions(tmp_path / "broken.parquet", run.task, [0], ASKED)
