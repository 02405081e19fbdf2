"""Clients of MEDS read an export; each refuses one that was broken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


@pytest.fixture
def own(dataset, tmp_path) -> Path:
    """Copy the export, to change it."""
    return Path(shutil.copytree(dataset, tmp_path / "meds"))


def changed(file: Path, change) -> None:
    change(pl.read_parquet(file)).write_parquet(file)


def test_the_schemas_of_the_standard_hold(client, dataset):
    result = client("python", HERE / "check.py", dataset)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["shards"] == 3 and said["labels"] == 3 * 4 and said["unknown"] == []
    rows = sum(pl.read_parquet(file).height for file in (dataset / "data").iterdir())
    assert said["rows"] == rows > 50_000


BROKEN = {
    "no code": ("data/00001.parquet", lambda frame: frame.drop("code")),
    "text for a time": ("data/00001.parquet", lambda frame: frame.with_columns(time=pl.lit("yesterday"))),
    "a label of two kinds": (
        "labels/eight-weeks/observed/refractory/00000.parquet",
        lambda frame: frame.with_columns(first_met_days=pl.lit(1)),
    ),
    "a split without a name": ("metadata/subject_splits.parquet", lambda frame: frame.drop("split")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_schemas_refuse_a_broken_dataset(client, own, name):
    file, change = BROKEN[name]
    changed(own / file, change)
    result = client("python", HERE / "check.py", own)
    assert result.returncode != 0
    assert "Schema" in result.stderr or "Arrow" in result.stderr


def resistant(cohort) -> set[int]:
    labels = cohort.labels.filter(view="observed", criteria="eight-weeks").filter(pl.col("resistant"))
    return {int(patient) + 1 for patient in labels["patient"]}


def test_aces_finds_the_resistant_patients(client, steroid_alone, dataset):
    result = client("python", HERE / "extract.py", dataset, HERE / "task.yaml")
    assert result.returncode == 0, result.stderr
    found = {int(subject) for subject, label in json.loads(result.stdout).items() if label}
    assert found == resistant(steroid_alone)
    assert 100 < len(found) < 250


def test_aces_finds_others_in_an_export_with_other_units(client, steroid_alone, own):
    for file in (own / "data").iterdir():
        ratio = pl.when(pl.col("code") == "LOINC//2890-2").then(pl.col("numeric_value") / 10)
        changed(file, lambda frame, ratio=ratio: frame.with_columns(numeric_value=ratio.otherwise("numeric_value")))
    result = client("python", HERE / "extract.py", own, HERE / "task.yaml")
    found = {int(subject) for subject, label in json.loads(result.stdout).items() if label}
    assert found != resistant(steroid_alone)


def test_a_pipeline_of_meds_transforms_counts_the_codes(client, steroid_alone, dataset, tmp_path):
    text = (HERE / "pipeline.yaml").read_text("utf-8")
    pipeline = tmp_path / "pipeline.yaml"
    pipeline.write_text(text.replace("INPUT", str(dataset)).replace("OUTPUT", str(tmp_path / "out")), "utf-8")
    result = client("MEDS_transform-pipeline", pipeline)
    assert result.returncode == 0, result.stderr
    counted = pl.read_parquet(tmp_path / "out" / "metadata" / "codes.parquet")
    ratios = counted.filter(pl.col("code") == "LOINC//2890-2").row(0, named=True)
    train = pl.read_parquet(dataset / "metadata" / "subject_splits.parquet").filter(split="train")["subject_id"]
    readings = steroid_alone.tables["readings"].filter(
        pl.col("analyte") == "upcr", (pl.col("patient") + 1).is_in(train.implode())
    )
    assert ratios["code/n_occurrences"] == readings.height
    assert ratios["code/n_subjects"] == readings["patient"].n_unique()
    assert ratios["description"].startswith("Protein/Creatinine")
