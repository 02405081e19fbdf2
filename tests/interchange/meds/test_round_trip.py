"""An export read back gives the same labels, and records made elsewhere are read or refused with a place."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.criteria.definition.catalogue import sets

UPCR, STEROID = "LOINC//2890-2", "RxNorm//8640"


@pytest.mark.parametrize("codes", ["standard", "local"])
@pytest.mark.parametrize("name", ["adults", "children"])
def test_an_export_gives_the_same_labels_for_every_set(request, tmp_path, name, codes):
    cohort = request.getfixturevalue(name)
    folder = cohort.export("meds", tmp_path / "meds", codes=codes, labels=["none"], workers=1)
    back = ns.read_record("meds", folder).classify(sets())
    before = criteria.classify(cohort.tables, [criteria.load(name) for name in sets()], "observed")
    number = pl.col("replicate").cast(pl.Int64) * cohort.manifest["patients"] + pl.col("patient") + 1
    before = before.with_columns(subject_id=number).select(back.columns)
    assert before.equals(back)
    assert before["category"].n_unique() > 4


def test_the_tables_come_back_but_for_the_age_as_a_short_number(children, tmp_path):
    folder = children.export("meds", tmp_path / "meds", labels=["none"], workers=1)
    tables = ns.read_record("meds", folder).tables
    lost = {
        "patients": {"replicate", "patient", "age_at_onset_years"},
        "readings": {"replicate", "patient", "visit", "reference_low", "reference_high"},
    }
    for name in ("patients", "readings", "diary", "doses", "conditions", "follow_up"):
        kept = [column for column in tables[name].columns if column not in lost.get(name, {"replicate", "patient"})]
        assert children.tables[name].select(kept).equals(tables[name].select(kept)), name
    ages = tables["patients"]["age_at_onset_years"] - children.tables["patients"]["age_at_onset_years"]
    assert ages.abs().max() < 1e-5


def event(subject=7, time="2020-01-01", code=UPCR, value=None, unit=None, text=None):
    return {
        "subject_id": subject,
        "time": datetime.fromisoformat(time) if time else None,
        "code": code,
        "numeric_value": value,
        "text_value": text,
        "unit": unit,
    }


SCHEMA = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
    "text_value": pl.String,
    "unit": pl.String,
}
ILL = [event(time=f"2020-{month:02}-01", value=900.0, unit="mg/mmol") for month in range(1, 8)]
TREATED = [event(code=f"{STEROID}//start", value=60.0, unit="mg/d"), event(code=f"{STEROID}//end", time="2020-05-30")]
ADULT = [event(code="MEDS_BIRTH", time="1980-01-01"), event(code="LOINC//29463-7", value=60.0, unit="kg")]


def made(tmp_path: Path, *rows: dict) -> Path:
    (tmp_path / "meds" / "data" / "train").mkdir(parents=True)
    pl.DataFrame(list(rows), schema=SCHEMA).write_parquet(tmp_path / "meds" / "data" / "train" / "0.parquet")
    return tmp_path / "meds"


def category(record) -> str:
    labels = record.classify("source")
    assert labels["subject_id"].to_list() == [7]
    return labels["category"].cast(pl.String).item()


def test_the_documented_minimum_is_enough(tmp_path):
    record = ns.read_record("meds", made(tmp_path, *ADULT, *ILL, *TREATED))
    assert category(record) == "steroid_resistant"
    assert record.notes == [
        "1 of 1 subjects have no onset of nephrotic syndrome; day 0 is their first urine result or steroid dose"
    ]


def test_a_dipstick_in_words_is_enough(tmp_path):
    ill = [event(time=f"2020-{month:02}-01", code="LOINC//20454-5", text="3+") for month in range(1, 8)]
    assert category(ns.read_record("meds", made(tmp_path, *ADULT, *ill, *TREATED))) == "steroid_resistant"


def test_prednisolone_without_an_end_lasts_to_the_next_dose(tmp_path):
    doses = [
        event(code="RxNorm//8638", value=60.0, unit="mg"),
        event(code="RxNorm//8638", time="2020-05-31", value=10.0, unit="mg"),
    ]
    record = ns.read_record("meds", made(tmp_path, *ADULT, *ILL, *doses))
    assert record.tables["doses"].select("first_days", "last_days", "dose_mg").rows() == [
        (0, 150, 60.0),
        (151, 182, 10.0),
    ]
    assert category(record) == "steroid_resistant"


def test_missing_doses_and_unread_codes_are_named(tmp_path):
    rows = [event(code=f"{STEROID}//start", time="2020-06-10"), event(code="LOINC//718-7", value=12.0, unit="g/dL")]
    notes = ns.read_record("meds", made(tmp_path, *ADULT, *ILL, *TREATED, *rows)).notes
    assert "1 doses have no amount: subject 7, 2020-06-10: prednisone" in notes
    assert "1 rows have codes that are not read: LOINC//718-7" in notes


def test_less_than_the_minimum_is_named(tmp_path):
    notes = ns.read_record("meds", made(tmp_path, *ADULT)).notes
    assert "1 of 1 subjects have no urine protein/creatinine ratio or dipstick" in notes
    assert "1 of 1 subjects have no steroid dose" in notes


IMPOSSIBLE = {
    "unit": (event(value=9.0, unit="g/L"), "upcr in mg/mg or g/g.*; found LOINC//2890-2 9.0 g/L"),
    "no unit": (event(value=9.0), "upcr in mg/mg"),
    "unit of a dose": (event(code=f"{STEROID}//start", value=1.0, unit="mg/kg"), "dose in mg or mg/d"),
    "negative": (event(value=-1.0, unit="mg/g"), "a value of 0 or more; found LOINC//2890-2 -1.0 mg/g"),
    "not finite": (event(value=float("inf"), unit="mg/g"), "a value of 0 or more"),
    "no time": (event(time=None, value=1.0, unit="mg/g"), "a time for each row that is not static"),
    "before birth": (event(time="1979-12-31", value=1.0, unit="mg/g"), "no row before the birth of the subject"),
    "after death": (event(code="MEDS_DEATH", time="2020-02-15"), "no result and no dose after the death"),
    "two births": (event(code="MEDS_BIRTH", time="1981-01-01"), "one birth and one death of each subject"),
    "diary": (event(code="NEPHROSYN//diary//home_dipstick", value=9.0), "a grade of 0 to 5"),
    "diary backwards": (
        event(code="NEPHROSYN//diary//home_dipstick", value=1.0, text="until 2019-12-31"),
        "an end that is not before the start",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_row_is_refused_with_its_place(tmp_path, name):
    row, said = IMPOSSIBLE[name]
    with pytest.raises(ns.OutsideRecordError) as caught:
        ns.read_record("meds", made(tmp_path, *ADULT, *ILL, *TREATED, row))
    text = str(caught.value)
    assert re.search(said, text), text
    assert re.search(r"\(data/train/0\.parquet, row \d+\)", text)


def test_the_place_of_a_row_is_its_file_and_number(tmp_path):
    with pytest.raises(ns.OutsideRecordError, match=r"found LOINC//2890-2 -1.0 mg/g \(data/train/0.parquet, row 2\)"):
        ns.read_record("meds", made(tmp_path, *ADULT, event(value=-1.0, unit="mg/g")))


def test_what_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(ns.OutsideRecordError, match="expected a MEDS dataset with data"):
        ns.read_record("meds", tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "0.parquet").write_bytes(b"no parquet")
    with pytest.raises(ns.OutsideRecordError, match=r"data/0.parquet, which cannot be read"):
        ns.read_record("meds", tmp_path)
    pl.DataFrame({"subject_id": [1], "time": [None]}).write_parquet(tmp_path / "data" / "0.parquet")
    with pytest.raises(
        ns.OutsideRecordError, match=r"data/0.parquet without code; data/0.parquet without numeric_value"
    ):
        ns.read_record("meds", tmp_path)
    with pytest.raises(ns.OutsideRecordError, match="--from: expected one of"):
        ns.read_record("mesd", tmp_path)


def test_the_command_prints_categories_and_writes_labels(cli, adults, tmp_path):
    folder = adults.export("meds", tmp_path / "meds", workers=1)
    file = tmp_path / "labels.csv"
    asked = ("classify", "--from", "meds", folder, "--criteria", "source", "--out", file)
    result = cli(*asked)
    assert result.exit_code == 0, result.stderr
    labels = adults.labels.filter(criteria="source", view="observed")
    resistant = (labels["category"] == "steroid_resistant").sum()
    assert re.search(rf"steroid-resistant +{resistant} ", result.stdout)
    assert pl.read_csv(file).height == 60
    assert cli(*asked).exit_code == 2  # the file exists
    assert cli("classify", "--from", "fihr", folder, "--criteria", "source").exit_code == 2
    assert cli("classify", adults.folder, "--criteria", "source", "--out", file).exit_code == 2
