"""The dates of a record, the day of its measurements, and the route of its doses."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.errors import ExportError, ScenarioError
from nephrosyn.interchange.dates import check_range
from nephrosyn.scenario import load


def test_onset_is_day_zero_and_the_day_of_entry(children):
    people = children.tables["patients"].join(children.tables["truth/traits"], on=["replicate", "patient"])
    days = (people["onset_date"] - date(1999, 12, 31)).dt.total_days()
    assert days.to_list() == people["entry_days"].floor().cast(pl.Int64).to_list()
    assert days.n_unique() > 20


def test_day_zero_moves_dates_and_nothing_else(children):
    moved = ns.run(
        "children-first-episode",
        patients=20,
        replicates=2,
        seed=4,
        overrides=["population.patients_per_site=20", "calendar.day_zero=2010-01-01"],
    )
    for name, frame in children.tables.items():
        assert frame.drop("onset_date", strict=False).equals(moved.tables[name].drop("onset_date", strict=False)), name
    shift = moved.patients["onset_date"] - children.tables["patients"]["onset_date"]
    assert shift.unique().to_list() == [date(2010, 1, 1) - date(1999, 12, 31)]


def test_weight_and_height_are_of_the_first_visit(adults):
    first = adults.tables["visits"].filter(kind="presentation")
    both = adults.tables["patients"].join(first, on=["replicate", "patient"])
    assert both.height == 60
    held = both.filter(~pl.col("missed"))
    assert held["measured_days"].equals(held["actual_days"], null_equal=False)


def test_routes_are_those_of_the_drugs(adults):
    doses = adults.tables["doses"].select(pl.col("drug").cast(pl.String), pl.col("route").cast(pl.String)).unique()
    routes = dict(doses.iter_rows())
    assert routes["prednisone"] == "oral" and routes["rituximab"] == "intravenous"


@pytest.mark.parametrize("text", ["1899-12-31", "2201-01-01", "2020-02-30", "20200101", "soon", "7", "true"])
def test_a_day_zero_that_is_no_date_is_refused(text):
    with pytest.raises(ScenarioError, match=r"calendar\.day_zero: expected a date from 1900-01-01 to 2200-12-31"):
        load("baseline", [f"calendar.day_zero={text}"])


def test_a_date_of_toml_needs_no_quotes():
    assert load("baseline", ["calendar.day_zero=2021-05-01"]).scenario.calendar.day_zero == "2021-05-01"


@pytest.mark.parametrize(("day_zero", "said"), [("1950-01-01", "born before 1900"), ("2200-06-01", "end after 2200")])
def test_dates_beyond_1900_and_2200_are_refused(day_zero, said):
    with pytest.raises(ExportError, match=said):
        check_range(load("baseline", [f"calendar.day_zero={day_zero}"]).scenario)


def test_dates_within_are_not_refused():
    check_range(load("baseline", ["calendar.day_zero=2000-01-01"]).scenario)


@pytest.fixture(scope="module")
def late():
    """Patients who come late: the record of some ends before their first visit."""
    slow = ["chart.dropout_per_year=20.0", "care.presentation_delay_days.scale=300"]
    return ns.run("baseline", patients=60, seed=1, overrides=slow)


def test_nothing_is_measured_after_the_end_of_the_record(late):
    ends = late.tables["patients"].join(late.tables["follow_up"], on=["replicate", "patient"])
    days = ends.join(late.tables["truth/traits"], on=["replicate", "patient"])["presentation_days"].floor()
    before = days > ends["end_days"]
    assert 5 < before.sum() < 55
    assert ends["measured_days"].is_null().equals(before)


def test_weight_and_height_that_nobody_took_are_not_exported(late, tmp_path):
    folder = late.export("meds", tmp_path / "meds")
    events = pl.read_parquet(folder / "data" / "00000.parquet")
    unseen = late.tables["patients"]["measured_days"].null_count()
    assert events.filter(code="LOINC//8302-2").height == 60 - unseen
    text = (folder / "README.md").read_text("utf-8")
    assert f"| weights and heights of patients whose record ends before the first visit | {2 * unseen} |" in text
    back = ns.read_record("meds", folder).classify("source")["category"]
    assert back.equals(late.labels.filter(view="observed", criteria="source")["category"])
