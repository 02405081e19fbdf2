"""What must hold in every course, whatever the scenario."""

from __future__ import annotations

import itertools
import math

import numpy as np
import polars as pl
import pytest

from nephrosyn.engine import simulate
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import load, shipped


@pytest.fixture(scope="module", params=sorted(shipped()))
def tables(request):
    scenario = load(request.param).scenario
    history = next(simulate(scenario, "simpy", 5, 0, 150))
    return build_tables(scenario, 5, 0, history.traits, history.rows), scenario


def by_patient(frame):
    return frame.partition_by("patient", as_dict=True, maintain_order=True)


def test_between_two_relapses_lies_a_remission(tables):
    frames, _ = tables
    turns = frames["truth/events"].filter(pl.col("event").is_in(["complete_remission", "partial_remission", "relapse"]))
    for events in by_patient(turns).values():
        words = events["event"].to_list()
        assert words[0] != "relapse"
        assert all("relapse" not in (a, b) or a != b for a, b in itertools.pairwise(words))


def test_every_relapse_with_time_to_rise_reaches_the_nephrotic_level(tables):
    frames, _ = tables
    relapses = frames["truth/events"].filter(event="relapse")
    relapses = relapses.join(frames["truth/doses"].filter(drug="ramipril"), on="patient", how="anti")  # it lowers it
    risen = relapses.join(frames["truth/proteinuria"], on="patient", suffix="_path").filter(
        pl.col("start_days") > pl.col("time_days")
    )
    fall = risen.group_by("patient", "time_days").agg(pl.col("upcr_start_mg_per_mg").sort_by("start_days").first())
    level = fall.join(frames["truth/traits"].select("patient", "nephrotic_upcr_mg_per_mg"), on="patient")
    assert np.allclose(level["upcr_start_mg_per_mg"], level["nephrotic_upcr_mg_per_mg"], rtol=0.01)


def test_nothing_happens_after_the_end(tables):
    frames, scenario = tables
    ends = frames["truth/follow_up"].select("patient", "end_days")
    for name, column in {
        "truth/events": "time_days",
        "truth/doses": "last_days",
        "truth/conditions": "noted_days",
        "truth/proteinuria": "start_days",
    }.items():
        joined = frames[name].join(ends, on="patient")
        assert joined.filter(pl.col(column).floor() > pl.col("end_days")).is_empty()
    assert ends["end_days"].max() <= scenario.population.follow_up_days


def test_the_record_ends_with_the_record(tables):
    frames, _ = tables
    ends = frames["follow_up"].select("patient", "end_days")
    columns = {
        "readings": "taken_days",
        "visits": "actual_days",
        "doses": "last_days",
        "diary": "last_days",
        "conditions": "noted_days",
    }
    for name, column in columns.items():
        assert frames[name].join(ends, on="patient").filter(pl.col(column) > pl.col("end_days")).is_empty()


@pytest.mark.parametrize("name", ["doses", "diary", "truth/doses"])
def test_runs_of_days_follow_one_another(tables, name):
    frames, _ = tables
    frame = frames[name]
    assert frame.filter(pl.col("last_days") < pl.col("first_days")).is_empty()
    keys = ["patient"] if name == "diary" else ["patient", "drug"]
    before = frame.with_columns(before=pl.col("last_days").shift().over(keys))
    assert before.filter(pl.col("first_days") <= pl.col("before")).is_empty()


def test_doses_are_tablets_within_the_cap(tables):
    frames, scenario = tables
    doses = frames["truth/doses"].filter(drug="prednisone")
    doses = doses.join(frames["patients"].select("patient", "band"), on="patient")
    assert (doses["dose_mg"] > 0).all()
    tablets = doses["dose_mg"] / scenario.care.tablet_mg
    assert np.allclose(tablets, tablets.round())
    for band, regimen in scenario.care.regimen.items():
        highest = max(regimen.first.dose.cap_mg, regimen.relapse.dose.cap_mg)
        assert doses.filter(band=band)["dose_mg"].max() is None or doses.filter(band=band)["dose_mg"].max() <= highest


def test_the_path_of_proteinuria_is_continuous(tables):
    frames, _ = tables
    for paths in by_patient(frames["truth/proteinuria"]).values():
        rows = paths.rows(named=True)
        for here, following in itertools.pairwise(rows):
            days = following["start_days"] - here["start_days"]
            level = math.log(here["upcr_start_mg_per_mg"]) + here["log_slope_per_day"] * days
            target = math.log(here["upcr_target_mg_per_mg"])
            level = max(level, target) if here["log_slope_per_day"] < 0 else min(level, target)
            assert level == pytest.approx(math.log(following["upcr_start_mg_per_mg"]), abs=1e-9)


def test_true_remission_is_where_the_path_crosses_the_threshold(tables):
    frames, scenario = tables
    paths, events = frames["truth/proteinuria"], frames["truth/events"].filter(event="complete_remission")
    at = events.sort("time_days").join_asof(
        paths.sort("start_days"), left_on="time_days", right_on="start_days", by="patient", check_sortedness=False
    )
    level = at["upcr_start_mg_per_mg"].log() + at["log_slope_per_day"] * (at["time_days"] - at["start_days"])
    assert np.allclose(level, math.log(scenario.disease.proteinuria.remission_below_mg_per_mg), atol=1e-6)


def test_who_never_relapses_never_does(tables):
    frames, _ = tables
    never = frames["truth/traits"].filter("never_relapses").select("patient")
    assert frames["truth/events"].filter(event="relapse").join(never, on="patient").is_empty()


def test_the_table_of_visits_carries_the_readings(tables):
    frames, _ = tables
    kept = frames["visits"].filter(~pl.col("missed")).select("patient", "visit", "actual_days")
    joined = frames["readings"].join(kept, on=["patient", "visit"], how="left")
    assert joined["actual_days"].null_count() == 0
    assert (joined["actual_days"] == joined["taken_days"]).all()


def test_steroid_withdrawn_only_goes_down(tables):
    """After a toxicity that stops steroid, no dose is above the one before until steroid has ended."""
    frames, _ = tables
    stopped = frames["truth/conditions"].filter(action="stopped").select("patient", "noted_days")
    steroid = frames["truth/doses"].filter(drug="prednisone")
    doses = steroid.join(stopped, on="patient").filter(pl.col("last_days") >= pl.col("noted_days") - 1)
    rises = doses.filter(pl.col("mean_mg_per_day") > pl.col("mean_mg_per_day").shift().over("patient"))
    assert rises.is_empty()
