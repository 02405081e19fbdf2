"""An export read back is the record it came from; a record made elsewhere is checked and classified."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.errors import ExportError, OutsideRecordError
from nephrosyn.interchange.export import Request
from nephrosyn.interchange.omop.write import Format
from nephrosyn.interchange.record_part import InMemory
from nephrosyn.vocabulary import PROVOKING_FACTORS

ADULT_SETS = ["source", "kdigo-2021-adults", "japan-official-refractory"]
CHILD_SETS = ["source", "ipna-2022", "kdigo-2021-children", "ispn-2021"]
NOT_IN_THE_MODEL = {"patients": ["band"], "readings": ["visit", "reference_low", "reference_high"]}
"""Columns of the record that are not read back."""


def _of_one_replicate(cohort: ns.Cohort) -> dict[str, pl.DataFrame]:
    """The tables of a cohort with its patients numbered through all replicates, as persons are."""
    patients = cohort.manifest["patients"]
    number = (pl.col("replicate") * patients + pl.col("patient")).cast(pl.Int32)
    return {
        name: frame.with_columns(patient=number, replicate=pl.lit(0, pl.Int32)) for name, frame in cohort.tables.items()
    }


@pytest.mark.parametrize(("name", "sets"), [("adults", ADULT_SETS), ("children", CHILD_SETS)])
def test_an_export_read_back_gives_the_same_record_and_labels(
    cohorts: dict[str, ns.Cohort], exports: dict[str, Path], name: str, sets: list[str]
) -> None:
    record, tables = ns.read_record("omop", exports[name]), _of_one_replicate(cohorts[name])
    for table in ("patients", "readings", "diary", "doses", "conditions", "follow_up"):
        lost = NOT_IN_THE_MODEL.get(table, [])
        assert_frame_equal(record.tables[table].drop(lost), tables[table].drop(lost), check_exact=True)
    assert tables["conditions"].height and tables["doses"].height
    expected = criteria.classify(tables, [criteria.load(name) for name in sets], "observed")
    assert_frame_equal(record.classify(sets).drop("subject_id"), expected.drop("replicate", "patient"))


@pytest.mark.parametrize(("to", "codes"), [("omop-parquet", "standard"), ("omop", "local")])
def test_other_forms_of_an_export_are_read_alike(
    cohorts: dict[str, ns.Cohort], exports: dict[str, Path], tmp_path: Path, to: str, codes: str
) -> None:
    other = cohorts["children"].export(to, tmp_path / "other", codes=codes)
    read, expected = ns.read_record("omop", other), ns.read_record("omop", exports["children"])
    for name, table in expected.tables.items():
        assert_frame_equal(read.tables[name], table)


def test_a_unit_without_a_concept_is_that_of_the_source_value(
    cohorts: dict[str, ns.Cohort], exports: dict[str, Path], tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[analyte.upcr]\nvocabulary = "LOINC"\ncode = "2890-2"\ndisplay = "ratio"\nconcept_id = 3001582\n'
        'unit = "mg/g"\nfrom_unit = "mg/mg"\nfactor = 1000\ncitations = ["pedsnet", "synthea"]\n',
        encoding="utf-8",
    )
    other = cohorts["children"].export("omop", tmp_path / "other", codes=own)
    read, expected = ns.read_record("omop", other), ns.read_record("omop", exports["children"])
    assert_frame_equal(read.tables["readings"], expected.tables["readings"], check_exact=True)


# A hospital's own dataset: one patient, products in place of ingredients, other units, upper-case file names.
G_PER_G = 8523
PREDNISOLONE_5_MG, PREDNISONE, UPCR, ALBUMIN, WEIGHT, OTHER = 19028928, 1551099, 3001582, 3024561, 3025315, 3000963
START = date(2021, 3, 1)


def _day(days: int) -> date:
    return START + timedelta(days=days)


def _hospital() -> dict[str, pl.DataFrame]:
    """A child who remits after two weeks of prednisolone 40 mg a day and relapses at day 100."""
    ill = {0, 7, 100, 101, 102}
    urine = [(day, 8.0 if day in ill else 0.1) for day in sorted({*range(0, 501, 7), *range(14, 18), *ill, 114, 115})]
    rows = len(urine)
    return {
        "PERSON": pl.DataFrame(
            {"PERSON_ID": [70001], "GENDER_CONCEPT_ID": [8507], "YEAR_OF_BIRTH": [2015], "MONTH_OF_BIRTH": [6]}
        ),
        "OBSERVATION_PERIOD": pl.DataFrame(
            {
                "observation_period_id": [1],
                "person_id": [70001],
                "observation_period_start_date": [_day(-900)],
                "observation_period_end_date": [_day(500)],
                "period_type_concept_id": [32817],
            }
        ),
        "MEASUREMENT": pl.DataFrame(
            {
                "measurement_id": list(range(1, rows + 4)),
                "person_id": [70001] * (rows + 3),
                "measurement_concept_id": [UPCR] * rows + [ALBUMIN, WEIGHT, OTHER],
                "measurement_date": [_day(day) for day, _ in urine] + [_day(0)] * 3,
                "value_as_number": [value * 1000.0 for _, value in urine] + [18.0, 20.0, 12.0],
                "unit_concept_id": [8723] * rows + [8636, 9529, 8713],
            }
        ),
        "DRUG_EXPOSURE": pl.DataFrame(
            {
                "drug_exposure_id": [1, 2, 3],
                "person_id": [70001] * 3,
                "drug_concept_id": [PREDNISOLONE_5_MG, PREDNISONE, OTHER],
                "drug_exposure_start_date": [_day(0), _day(103), _day(1)],
                "drug_exposure_end_date": [_day(41), _day(130), _day(2)],
                "quantity": [8 * 42.0, None, 1.0],
                "sig": [None, "30 mg daily after breakfast", None],
            }
        ),
        "CONCEPT_ANCESTOR": pl.DataFrame(
            {
                "ancestor_concept_id": [1550557],
                "descendant_concept_id": [PREDNISOLONE_5_MG],
                "min_levels_of_separation": [1],
                "max_levels_of_separation": [2],
            }
        ),
        "DRUG_STRENGTH": pl.DataFrame(
            {
                "drug_concept_id": [PREDNISOLONE_5_MG],
                "ingredient_concept_id": [1550557],
                "amount_value": [5.0],
                "amount_unit_concept_id": [8576],
            }
        ),
    }


def _written(tables: dict[str, pl.DataFrame], folder: Path, separator: str = ",") -> Path:
    folder.mkdir(exist_ok=True)
    for name, frame in tables.items():
        frame.write_csv(folder / f"{name}.csv", separator=separator)
    return folder


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_record_of_a_hospital_is_classified(tmp_path: Path, separator: str) -> None:
    record = ns.read_record("omop", _written(_hospital(), tmp_path / "hospital", separator))
    doses = record.tables["doses"]
    assert doses.select("drug", "first_days", "last_days", "mean_mg_per_day").rows() == [
        ("prednisone", 0, 41, 40.0),
        ("prednisone", 103, 130, 30.0),
    ]
    upcr = record.tables["readings"].filter(analyte="upcr")
    assert upcr["value"].to_list()[:3] == [8.0, 8.0, 0.1]
    assert record.tables["readings"].filter(analyte="albumin")["value"].to_list() == [1.8]
    assert record.tables["follow_up"].row(0)[2:] == (500, "end_of_study")
    labels = record.classify("source")
    assert labels["subject_id"].to_list() == [70001]
    assert labels["category"].to_list() == ["infrequently_relapsing"]
    assert "1 measurements are of concepts that are not read" in record.notes
    assert "1 drug exposures are of drugs that are not read" in record.notes


def test_doses_that_are_missing_are_named(tmp_path: Path) -> None:
    tables = _hospital()
    tables["DRUG_EXPOSURE"] = tables["DRUG_EXPOSURE"].with_columns(sig=pl.lit(None, pl.String))
    record = ns.read_record("omop", _written(tables, tmp_path / "hospital"))
    assert "1 drug exposures have no dose: prednisone (drug_exposure 2)" in record.notes
    assert record.tables["doses"]["mean_mg_per_day"].to_list() == [40.0, None]


def test_refills_are_cut_and_tablets_of_one_day_added(tmp_path: Path) -> None:
    tables = _hospital()
    first = tables["DRUG_EXPOSURE"].head(1)
    refill = first.with_columns(
        drug_exposure_id=pl.lit(8), drug_exposure_start_date=_day(30), sig=pl.lit("20 mg daily")
    )
    half = first.with_columns(drug_exposure_id=pl.lit(9), sig=pl.lit("2.5 mg daily"))
    tables["DRUG_EXPOSURE"] = pl.concat([tables["DRUG_EXPOSURE"], refill, half], how="vertical_relaxed")
    record = ns.read_record("omop", _written(tables, tmp_path / "hospital"))
    assert record.tables["doses"].select("first_days", "last_days", "mean_mg_per_day").rows()[:2] == [
        (0, 29, 42.5),
        (30, 41, 20.0),
    ]
    assert any("were cut where the next one" in note for note in record.notes)
    assert any("were added to one" in note for note in record.notes)


FAULTS: dict[str, tuple[str, pl.Expr, str]] = {
    "an unknown unit": ("MEASUREMENT", pl.lit(9999).alias("unit_concept_id"), "upcr in unit concept 9999"),
    "no unit": ("MEASUREMENT", pl.lit(None, pl.Int64).alias("unit_concept_id"), "upcr in no unit (measurement 1)"),
    "a negative result": ("MEASUREMENT", pl.lit(-1.0).alias("value_as_number"), "upcr -1.0 (measurement 1)"),
    "an end before the start": (
        "DRUG_EXPOSURE",
        pl.lit(date(2020, 1, 1)).alias("drug_exposure_end_date"),
        "not before its start; found drug_exposure 1",
    ),
    "a result before birth": (
        "MEASUREMENT",
        pl.lit(date(2001, 1, 1)).alias("measurement_date"),
        "no row before the birth of the person; found measurement 1",
    ),
    "a row of nobody": ("MEASUREMENT", pl.lit(5).alias("person_id"), "rows of persons in the table person"),
    "no date": ("MEASUREMENT", pl.lit("yesterday").alias("measurement_date"), "found yesterday (measurement 1)"),
    "an end that is no date": ("DRUG_EXPOSURE", pl.lit(1).alias("drug_exposure_end_date"), "found 1 (drug_exposure 1)"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_impossible_rows_are_refused_with_their_place(tmp_path: Path, fault: str) -> None:
    table, change, found = FAULTS[fault]
    tables = _hospital()
    tables[table] = tables[table].with_columns(change)
    with pytest.raises(OutsideRecordError) as raised:
        ns.read_record("omop", _written(tables, tmp_path / "hospital"))
    assert found in str(raised.value)


def test_a_column_in_another_unit_than_it_says_is_refused(tmp_path: Path) -> None:
    tables = _hospital()
    rows = pl.col("measurement_concept_id") == UPCR
    g_per_g = pl.when(rows).then(G_PER_G).otherwise("unit_concept_id").alias("unit_concept_id")
    tables["MEASUREMENT"] = tables["MEASUREMENT"].with_columns(g_per_g)
    doses = tables["DRUG_EXPOSURE"]
    tables["DRUG_EXPOSURE"] = pl.concat(
        [
            doses.head(1).with_columns(
                drug_exposure_id=10 + k,
                drug_exposure_start_date=_day(200 + 20 * k),
                drug_exposure_end_date=_day(210 + 20 * k),
                sig=pl.lit("40000 mg daily"),
            )
            for k in range(6)
        ],
        how="vertical_relaxed",
    )
    with pytest.raises(OutsideRecordError) as raised:
        ns.read_record("omop", _written(tables, tmp_path / "hospital"))
    assert "a median upcr from 0.005 to 40 mg/mg; is its unit right?; found 100 mg/mg in" in str(raised.value)
    assert "a median dose of steroid from 0.5 to 400 mg; is its unit right?; found 4e+04 mg in 6 values" in str(
        raised.value
    )


def test_single_values_that_are_hardly_possible_are_noted(tmp_path: Path) -> None:
    tables = _hospital()
    is_albumin = pl.col("measurement_concept_id") == ALBUMIN
    value = pl.when(is_albumin).then(180.0).otherwise("value_as_number").alias("value_as_number")
    tables["MEASUREMENT"] = tables["MEASUREMENT"].with_columns(value)
    record = ns.read_record("omop", _written(tables, tmp_path / "hospital"))
    assert (
        "1 value of albumin outside 0.2 to 8 g/dL, hardly possible and used as recorded: 18 (subject 70001, day 0)"
        in record.notes
    )


def test_a_result_or_dose_after_death_is_refused(tmp_path: Path) -> None:
    tables = _hospital() | {"DEATH": pl.DataFrame({"person_id": [70001], "death_date": [_day(110)]})}
    with pytest.raises(OutsideRecordError, match=r"no result after the death of the person; found measurement 2\d;"):
        ns.read_record("omop", _written(tables, tmp_path / "hospital"))


def test_a_folder_without_the_tables_needed_is_refused(tmp_path: Path) -> None:
    tables = _hospital()
    del tables["MEASUREMENT"]
    with pytest.raises(OutsideRecordError, match=r"found none of measurement"):
        ns.read_record("omop", _written(tables, tmp_path / "hospital"))


def test_a_column_that_is_needed_is_named(tmp_path: Path) -> None:
    tables = _hospital()
    tables["DRUG_EXPOSURE"] = tables["DRUG_EXPOSURE"].drop("drug_exposure_end_date")
    with pytest.raises(OutsideRecordError, match=r"DRUG_EXPOSURE.csv without drug_exposure_end_date"):
        ns.read_record("omop", _written(tables, tmp_path / "hospital"))


def test_ids_above_32_bits_are_refused_with_the_number(cohorts: dict[str, ns.Cohort], tmp_path: Path) -> None:
    cohort = cohorts["adults"]
    run = Request("", "omop", ()).described(cohort.manifest, InMemory(cohort.tables))
    many = {**run.rows, "readings": [2**31 - 1]}
    with pytest.raises(ExportError, match=r"measurement: expected at most 2,147,483,647 .* found 2,147,48"):
        Format(type(run)(run.resolved, run.manifest, many, run.codes, run.labels))


def test_nothing_of_the_truth_is_exported(cohorts: dict[str, ns.Cohort], exports: dict[str, Path]) -> None:
    tables = cohorts["adults"].tables
    observed = {column for name, frame in tables.items() if "/" not in name for column in frame.columns}
    traits = tables["truth/traits"].drop([*observed & set(tables["truth/traits"].columns), *PROVOKING_FACTORS])
    hidden = [repr(value) for column in traits if column.dtype == pl.Float64 for value in column.drop_nulls()]
    hidden = [value for value in hidden if len(value) > 8]
    assert len(hidden) > 1000
    for path in exports["adults"].rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        words = set(re.split(r"[,\n]", text))
        assert not [value for value in hidden if value in words], path
        assert not [name for name in traits.columns if "_" in name and name in text], path
