"""The compiled chart against another derivation of its tables from the log, with numpy and polars."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nephrosyn import vocabulary
from nephrosyn.course.state.events import ROW, Kind
from nephrosyn.engine import simulate
from nephrosyn.kernels.random_streams import Purpose, fill_uniforms, lanes_at
from nephrosyn.patients.traits import records
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.record.tables import build_tables, chart_rules, fill_chart
from nephrosyn.scenario import load

SEED, REPLICATE, PATIENTS = 3, 2, 60
LOSSES = [
    "chart.missed_visit_probability=0.1",
    "chart.missed_diary_day_probability=0.2",
    "chart.dropout_per_year=0.6",
    *(f"chart.lost_result_probability.{name}=0.3" for name in ("albumin", "cholesterol", "upcr")),
]
SCENARIOS = ("children-first-episode", "modern-adults")


@pytest.fixture(scope="module", params=SCENARIOS)
def charted(request):
    """A scenario, its log as a frame with the row numbers, and its tables."""
    scenario = load(request.param, LOSSES).scenario
    (history,) = simulate(scenario, "compiled", SEED, REPLICATE, PATIENTS)
    rows = np.asarray(history.rows)
    log = pl.DataFrame({name: rows[name] for name in ROW.names}).with_row_index("row")
    return scenario, log, build_tables(scenario, SEED, REPLICATE, history.traits, history.rows)


def of(log, kind):
    return log.filter(kind=int(kind))


def ends(log):
    """Last time of each patient's course and of the record, and why, from the events by name."""
    names = pl.Series(vocabulary.EVENTS)
    events = of(log, Kind.EVENT).with_columns(event=names.gather(of(log, Kind.EVENT)["code"]))
    by_event = events.group_by("patient", "event").agg(pl.col("time").first(), last=pl.col("time").last())
    visits = of(log, Kind.VISIT).group_by("patient").agg(visited=pl.col("time").max())
    table = visits.sort("patient")
    for name in ("end_of_study", "death", "kidney_failure", "dropout", "discharged"):
        one = by_event.filter(event=name).select(
            "patient", pl.col("last" if name == "discharged" else "time").alias(name)
        )
        table = table.join(one, on="patient", how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null(np.inf)
        )
    discharged = pl.when(pl.col("discharged") >= pl.col("visited")).then("discharged").otherwise(np.inf)
    table = table.with_columns(
        course=pl.min_horizontal("end_of_study", "death", "kidney_failure"), discharged=discharged
    ).with_columns(record=pl.min_horizontal("course", "dropout", "discharged"))
    reason = (
        pl.when(pl.col("kidney_failure").is_finite())
        .then(pl.lit("kidney_failure"))
        .when(pl.col("death").is_finite())
        .then(pl.lit("death"))
        .otherwise(pl.lit("end_of_study"))
    )
    left = pl.when(pl.col("record") == pl.col("discharged")).then(pl.lit("discharged")).otherwise(pl.lit("dropout"))
    return table.with_columns(
        true_reason=reason, reason=pl.when(pl.col("record") < pl.col("course")).then(left).otherwise(reason)
    )


def inside(log, kind):
    rows = of(log, kind).join(ends(log), on="patient", maintain_order="left")
    return rows.filter(pl.col("time") <= pl.col("record"))


def missed(rows, share):
    patients, visits = rows["patient"].to_numpy().astype(np.int64), rows["number"].to_numpy().astype(np.int64)
    draws = lanes_at(SEED, REPLICATE, int(Purpose.CHART_VISIT), patients, visits)
    return (draws < share) & (visits > 0)


def lost(rows, shares):
    patients, visits = rows["patient"].to_numpy().astype(np.int64), rows["number"].to_numpy().astype(np.int64)
    codes = rows["code"].to_numpy().astype(np.int64)
    draws = lanes_at(SEED, REPLICATE, int(Purpose.CHART_RESULT), patients, 8 * visits + codes)
    return draws < np.array([shares[name] for name in vocabulary.ANALYTES])[codes]


def test_the_record_ends_with_follow_up_or_the_course(charted):
    _, log, tables = charted
    expected = ends(log)
    for prefix, time, reason in (("", "record", "reason"), ("truth/", "course", "true_reason")):
        found = tables[f"{prefix}follow_up"]
        assert found["end_days"].to_list() == expected[time].floor().cast(pl.Int32).to_list()
        assert found["reason"].cast(pl.String).to_list() == expected[reason].to_list()
    assert {"dropout", "end_of_study"} <= set(tables["follow_up"]["reason"])


def test_visits_and_readings_are_what_was_recorded_and_not_lost(charted):
    scenario, log, tables = charted
    chart = scenario.chart
    visits = inside(log, Kind.VISIT)
    was_missed = missed(visits, chart.missed_visit_probability)
    assert tables["visits"]["missed"].to_list() == was_missed.tolist()
    assert tables["visits"]["actual_days"].is_null().to_list() == was_missed.tolist()
    assert tables["visits"]["waited_days"].to_list() == visits["second_value"].to_list()
    readings = inside(log, Kind.READING)
    kept = readings.filter(
        ~missed(readings, chart.missed_visit_probability) & ~lost(readings, chart.lost_result_probability)
    )
    analytes = pl.Series(vocabulary.ANALYTES).gather(kept["code"])
    values = [round(value, chart.decimals[name]) for value, name in zip(kept["value"], analytes, strict=True)]
    found = tables["readings"]
    assert found["analyte"].cast(pl.String).to_list() == analytes.to_list()
    assert found["visit"].to_list() == kept["number"].to_list()
    assert found["value"].to_numpy() == pytest.approx(np.array(values), abs=1e-9)
    assert found["unit"].cast(pl.String).to_list() == [vocabulary.UNITS[name] for name in analytes]
    assert found.select("reference_low", "reference_high").rows() == [
        tuple(scenario.readings.reference[name]) for name in analytes
    ]
    assert 0 < was_missed.sum() < len(was_missed)
    assert 0 < found.height < readings.height


def test_doses_are_in_order_of_their_beginnings(charted):
    _, log, tables = charted
    rows = of(log, Kind.DOSE).sort("patient", "time", "code", "row")
    if tables["truth/doses"]["drug"].n_unique() > 1:  # they overlap, and rows are written by their ends
        assert rows["row"].to_list() != of(log, Kind.DOSE)["row"].to_list()
    alternate = rows["detail"] == vocabulary.SCHEDULES.index("alternate_day")
    expected = rows.select(
        "patient",
        first_days=pl.col("time").cast(pl.Int32),
        last_days=pl.col("value").cast(pl.Int32),
        dose_mg="second_value",
        mean_mg_per_day=pl.col("second_value") * pl.when(alternate).then(0.5).otherwise(1.0),
    )
    assert_frame_equal(tables["truth/doses"].select(expected.columns), expected, check_exact=True)
    limits = expected.join(ends(log), on="patient", maintain_order="left").filter(
        pl.col("first_days") <= pl.col("record")
    )
    observed = limits.with_columns(
        pl.min_horizontal("last_days", pl.col("record").floor()).cast(pl.Int32).alias("last_days")
    )
    assert_frame_equal(tables["doses"].select(expected.columns), observed.select(expected.columns), check_exact=True)
    assert tables["doses"].height < tables["truth/doses"].height


def test_conditions_events_and_path_are_those_of_the_log(charted):
    _, log, tables = charted
    notes, events, path = of(log, Kind.NOTE), of(log, Kind.EVENT), of(log, Kind.PATH)
    names = pl.Series(vocabulary.CONDITIONS).gather(notes["code"])
    assert tables["truth/conditions"]["condition"].cast(pl.String).to_list() == names.to_list()
    assert tables["conditions"].height == inside(log, Kind.NOTE).height
    assert tables["truth/events"]["value"].to_list() == events["value"].fill_nan(None).to_list()
    assert tables["truth/proteinuria"]["upcr_start_mg_per_mg"].to_numpy() == pytest.approx(np.exp(path["value"]))
    biopsies = inside(log, Kind.EVENT).filter(code=vocabulary.EVENTS.index("biopsy"))
    found = tables["patients"].drop_nulls("biopsy_days").select("patient", "biopsy_days")
    assert found.rows() == biopsies.select("patient", pl.col("time").floor().cast(pl.Int32)).rows()
    assert (tables["patients"]["lesion"].is_null() == tables["patients"]["biopsy_days"].is_null()).all()


def test_diary_days_are_kept_one_by_one(charted):
    scenario, log, tables = charted
    rows, share = inside(log, Kind.DIARY), scenario.chart.missed_diary_day_probability
    last = pl.min_horizontal("value", pl.col("record").floor()).cast(pl.Int64)
    days = rows.select("patient", "code", day=pl.int_ranges(pl.col("time").cast(pl.Int64), last + 1)).explode("day")
    days = days.drop_nulls()
    blocks = int(days["day"].max() or 0) + 1
    draws = fill_uniforms(SEED, REPLICATE, np.arange(PATIENTS), int(Purpose.CHART_DIARY), blocks)[:, ::4]
    kept = days.filter(draws[days["patient"].to_numpy(), days["day"].to_numpy()] >= share)
    found = tables["diary"].select(
        "patient",
        code=pl.col("grade").to_physical().cast(pl.Int16),
        day=pl.int_ranges(pl.col("first_days").cast(pl.Int64), pl.col("last_days").cast(pl.Int64) + 1),
    )
    assert_frame_equal(found.explode("day").drop_nulls(), kept)


def test_tables_have_their_types_also_without_rows(charted):
    scenario, _, tables = charted
    for name, frame in tables.items():
        assert list(frame.schema.items()) == list(pl.Schema(SCHEMAS[name]).items()), name
    _, chart = fill_chart(chart_rules(scenario, SEED, REPLICATE), 0, 0, np.empty(0, ROW))
    assert {len(column) for table in chart for column in table} == {0}


def people_of(*rows):
    """What is derived for the patient of these rows: kind, event and time."""
    log = records(len(rows), ROW)
    for place, (kind, name, time) in enumerate(rows):
        code = vocabulary.EVENTS.index(name) if kind == Kind.EVENT else 0
        log[place]["kind"], log[place]["code"], log[place]["time"] = int(kind), code, time
    return fill_chart(chart_rules(load("baseline").scenario, SEED, REPLICATE), 0, 1, log)[0]


def ended(*rows):
    people = people_of(*rows)
    return people.end_days[0], vocabulary.END_REASONS[people.reason[0]]


def test_a_biopsy_after_the_record_is_not_in_it():
    left = ((Kind.EVENT, "dropout", 20.0), (Kind.EVENT, "end_of_study", 100.0))
    for day, found in ((15.5, True), (30.0, False)):
        people = people_of((Kind.EVENT, "biopsy", day), *left)
        assert bool(people.biopsied[0]) == found
        assert people.biopsy_days[0] == (15 if found else 0)


def test_a_later_visit_cancels_a_discharge():
    discharged, study_ends = (Kind.EVENT, "discharged", 50.5), (Kind.EVENT, "end_of_study", 100.0)
    assert ended((Kind.VISIT, "", 50.5), discharged, study_ends) == (50, "discharged")
    assert ended(discharged, (Kind.VISIT, "", 60.0), study_ends) == (100, "end_of_study")
    assert ended(discharged, (Kind.EVENT, "dropout", 20.0), study_ends) == (20, "dropout")
    assert ended((Kind.EVENT, "kidney_failure", 70.0), (Kind.EVENT, "death", 70.0)) == (70, "kidney_failure")
    assert ended((Kind.EVENT, "death", 30.0), (Kind.EVENT, "dropout", 40.0)) == (30, "death")
