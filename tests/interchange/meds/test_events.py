"""What an export as MEDS holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(scope="module")
def exported(adults, tmp_path_factory) -> Path:
    return adults.export("meds", tmp_path_factory.mktemp("events") / "meds", workers=1)


@pytest.fixture(scope="module")
def events(exported) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in sorted((exported / "data").iterdir())])


def test_subjects_are_together_and_their_events_in_order_of_time(events):
    assert events["subject_id"].is_sorted()
    for _, rows in events.group_by("subject_id"):
        dated = rows["time"].drop_nulls()
        assert dated.is_sorted() and rows["time"].slice(rows.height - dated.len()).null_count() == 0


def test_every_subject_has_static_attributes_and_a_birth(events):
    static = events.filter(pl.col("time").is_null())
    assert set(static["code"].str.split("//").list.first()) == {"GENDER", "NEPHROSYN"}
    assert static.filter(pl.col("code").str.starts_with("GENDER//")).height == 60
    assert events.filter(code="MEDS_BIRTH").height == 60


def test_results_have_the_values_units_and_dates_of_the_record(adults, events):
    readings = adults.tables["readings"].filter(analyte="upcr")
    rows = events.filter(code="LOINC//2890-2")
    assert rows.height == readings.height
    assert rows["unit"].unique().to_list() == ["mg/g"]
    assert rows["numeric_value"].to_list() == pytest.approx((readings["value"] * 1000).to_list(), rel=1e-6)
    onsets = dict(adults.tables["patients"].select("patient", "onset_date").iter_rows())
    dates = [onsets[patient] + timedelta(days=day) for patient, day in readings.select("patient", "taken_days").rows()]
    assert rows["time"].dt.date().to_list() == dates


def test_doses_have_a_start_and_an_end(adults, events):
    doses = adults.tables["doses"].filter(drug="prednisone")
    starts, ends = (events.filter(code=f"RxNorm//8640//{part}") for part in ("start", "end"))
    assert starts.height == ends.height == doses.height
    assert starts["numeric_value"].to_list() == doses["dose_mg"].to_list()
    assert set(starts["unit"]) == {"mg"}


def test_deaths_end_the_record(adults, events):
    ends = dict(adults.tables["follow_up"].select("patient", "reason").iter_rows())
    died = {patient + 1 for patient, reason in ends.items() if reason == "death"}
    assert died and set(events.filter(code="MEDS_DEATH")["subject_id"]) == died
    last = events.group_by("subject_id").agg(pl.col("code").last())
    assert {row[1] for row in last.iter_rows()} <= {f"NEPHROSYN//RECORD_END//{reason}" for reason in ends.values()}


def test_labels_are_those_of_the_run_at_the_end_of_the_record(adults, exported, events):
    labels = adults.labels.filter(criteria="source", view="observed")
    judged = labels.filter(pl.col("category") != "undetermined")
    folder = exported / "labels" / "source" / "observed" / "category"
    rows = pl.concat([pl.read_parquet(file) for file in sorted(folder.iterdir())])
    assert rows["categorical_value"].to_list() == judged["category"].cast(pl.String).to_list()
    assert rows["subject_id"].to_list() == [patient + 1 for patient in judged["patient"]]
    ends = dict(events.group_by("subject_id").agg(pl.col("time").max()).iter_rows())
    assert rows["prediction_time"].to_list() == [ends[subject] for subject in rows["subject_id"]]


def test_undetermined_patients_are_left_out_and_counted(adults, exported):
    labels = adults.labels.filter(criteria="source", view="observed")
    undetermined = (labels["category"] == "undetermined").sum()
    assert undetermined
    text = (exported / "README.md").read_text("utf-8")
    assert f"| categories by source (observed record) that are undetermined | {undetermined} |" in text


def test_local_codes_name_no_standard(children, tmp_path):
    folder = children.export("meds", tmp_path / "meds", codes="local", workers=1)
    data = pl.concat([pl.read_parquet(file) for file in (folder / "data").iterdir()])
    assert set(data["code"].str.split("//").list.first()) <= {"NEPHROSYN", "MEDS_BIRTH", "MEDS_DEATH"}
