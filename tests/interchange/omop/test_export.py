"""The export as a command: its bytes, what it refuses, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.interchange.codes import load_codes
from nephrosyn.interchange.omop.concepts import KIND_OF_GROUP, NOT_DISEASES, OF_ROUTE, Concepts, own_concepts
from nephrosyn.vocabulary import CONDITIONS, ROUTES


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_any_number_of_workers_gives_the_same_bytes(
    cohorts: dict[str, ns.Cohort], exports: dict[str, Path], tmp_path: Path
) -> None:
    other = cohorts["adults"].export("omop", tmp_path / "two", workers=2)
    assert _contents(other) == _contents(exports["adults"])
    assert len(list((other / "person").iterdir())) == 3


def test_parquet_holds_the_tables_of_csv(
    cohorts: dict[str, ns.Cohort], exports: dict[str, Path], tmp_path: Path
) -> None:
    other = cohorts["adults"].export("omop-parquet", tmp_path / "parquet", workers=1)
    for path in sorted(other.glob("*/*.parquet")):
        columns = pl.read_parquet(path)
        text = pl.read_csv(exports["adults"] / path.parent.name / f"{path.stem}.csv", schema=columns.schema)
        assert columns.equals(text), path


def test_the_quantity_is_that_of_the_days_with_a_dose(cohorts: dict[str, ns.Cohort], exports: dict[str, Path]) -> None:
    expected = []
    for row in cohorts["children"].tables["doses"].iter_rows(named=True):
        step = 2 if row["schedule"] == "alternate_day" else 1
        expected.append(row["dose_mg"] * len(range(row["first_days"], row["last_days"] + 1, step)))
    files = sorted((exports["children"] / "drug_exposure").glob("*.csv"))
    written = pl.concat([pl.read_csv(file) for file in files])["quantity"]
    assert written.to_list() == pytest.approx(expected)


def test_the_readme_counts_what_was_not_mapped(cohorts: dict[str, ns.Cohort], exports: dict[str, Path]) -> None:
    visits = cohorts["adults"].tables["visits"]
    missed, pla2r = visits["missed"].sum(), (cohorts["adults"].tables["readings"]["analyte"] == "anti_pla2r").sum()
    text = (exports["adults"] / "README.md").read_text(encoding="utf-8")
    assert f"| visits that were missed | {missed:,} |" in text
    assert f"| anti-PLA2R antibody (analyte) | {pla2r:,} |" in text
    manifest = json.loads((exports["adults"] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["written"]["visit_occurrence"] == visits.height - missed


def test_every_concept_has_two_sources_and_every_route_a_concept() -> None:
    assert all(len(set(concept.citations)) >= 2 for concept in own_concepts().values())
    assert set(OF_ROUTE) == set(ROUTES)
    assert set(OF_ROUTE.values()) <= set(own_concepts())
    assert set(NOT_DISEASES) < set(CONDITIONS)


def test_every_concept_of_the_codes_is_in_the_vocabulary() -> None:
    codes = load_codes()
    used = {concept.concept_id for concept in Concepts(codes).used()}
    for code in codes:
        if code.group in KIND_OF_GROUP or code.group == "sex":
            assert code.concept_id in used, (code.group, code.word)
        assert code.unit_concept_id in used, (code.group, code.word)


def test_local_codes_leave_no_standard_concept_of_a_word(cohorts: dict[str, ns.Cohort], tmp_path: Path) -> None:
    folder = cohorts["children"].export("omop", tmp_path / "local", codes="local")
    measured = pl.read_csv(folder / "measurement" / "part-00000.csv")
    assert measured["measurement_concept_id"].unique().to_list() == [0]
    assert set(measured["measurement_source_value"]) >= {"upcr", "dipstick", "albumin"}


def test_a_unit_that_the_mapping_does_not_know_is_refused(
    cohorts: dict[str, ns.Cohort], tmp_path: Path, cli: Any
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        "[analyte.albumin]\nvocabulary = 'LOINC'\ncode = '1751-7'\ndisplay = 'Albumin'\nconcept_id = 3024561\n"
        "unit = 'g/dL'\nfrom_unit = 'g/dL'\nfactor = 1.0\nunit_concept_id = 9999\n"
        "citations = ['synthea', 'loinc-extract']\n"
    )
    run = cohorts["adults"].folder
    result = cli("export", run, "--to", "omop", "--codes", own, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "analyte.albumin.unit_concept_id" in result.stderr
    assert "9999" in result.stderr
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_the_command_classifies_an_export(exports: dict[str, Path], tmp_path: Path, cli: Any) -> None:
    labels = tmp_path / "labels.csv"
    result = cli("classify", exports["adults"], "--from", "omop", "--criteria", "source", "--out", labels)
    assert result.exit_code == 0, result.stderr
    assert "source criteria, 120 patients" in result.stdout
    assert pl.read_csv(labels).height == 120


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path, cli: Any) -> None:
    result = cli("classify", tmp_path, "--from", "omop", "--criteria", "source")
    assert result.exit_code == 2
    assert "expected an OMOP dataset with the tables person, measurement, drug_exposure" in result.stderr


def test_a_split_is_refused(cohorts: dict[str, ns.Cohort], tmp_path: Path, cli: Any) -> None:
    run = cohorts["adults"].folder
    result = cli("export", run, "--to", "omop", "--split", "train=0.8,held_out=0.2", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--split: expected none" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_disease_is_an_observation(cohorts: dict[str, ns.Cohort], exports: dict[str, Path]) -> None:
    noted = sum(cohort.tables["conditions"]["condition"].is_in(NOT_DISEASES).sum() for cohort in cohorts.values())
    assert noted > 0
    for table, expected in (("observation", noted), ("condition_occurrence", 0)):
        column = f"{table.split('_')[0]}_source_value"
        rows = [pl.read_csv(path)[column] for folder in exports.values() for path in (folder / table).iterdir()]
        words = pl.concat(rows).str.split("/").list.last()
        assert words.is_in(NOT_DISEASES).sum() == expected


@pytest.mark.parametrize("name", ["omopp", "omop-csv"])
def test_a_format_misspelt_is_named(cohorts: dict[str, ns.Cohort], tmp_path: Path, cli: Any, name: str) -> None:
    result = cli("export", cohorts["adults"].folder, "--to", name, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "did you mean omop" in result.stderr


def test_doses_are_eras_of_the_same_amount_a_day(cohorts: dict[str, ns.Cohort], exports: dict[str, Path]) -> None:
    eras = pl.read_csv(exports["adults"] / "dose_era" / "*.csv", try_parse_dates=True)
    assert set(eras["unit_concept_id"]) == {8576}
    assert eras["dose_era_id"].is_unique().all()
    assert (eras["dose_era_start_date"] <= eras["dose_era_end_date"]).all()
    doses = cohorts["adults"].tables["doses"].filter(pl.col("drug") == "prednisone")
    first = doses.filter((pl.col("patient") == doses["patient"][0]) & (pl.col("replicate") == 0)).sort("first_days")
    person = eras.filter(person_id=int(first["patient"][0]) + 1, drug_concept_id=1551099).sort("dose_era_start_date")
    assert person["dose_value"][0] == first["mean_mg_per_day"][0]
    assert set(person["dose_value"]) == set(first["mean_mg_per_day"])
