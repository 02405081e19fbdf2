"""Events in order of time, and sequences of them."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn.bench.classifiers.event_sequences import events, gap_name, sequences
from nephrosyn.bench.simulated_cohort import cohort
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.scenario import load


@pytest.fixture(scope="module")
def tables():
    return cohort(load("children-first-episode", []).scenario, 40, 3)


def test_events_are_those_of_the_record(tables):
    listed = events(tables)
    assert listed.equals(listed.sort(*PATIENT_KEY, "day", "event"))
    missed = tables["visits"].filter("missed")
    assert listed.filter(event="visit missed").height == missed.height
    first = tables["doses"].filter(drug="prednisone").group_by("patient").agg(day=pl.col("first_days").min())
    started = listed.filter(event="steroid started").group_by("patient").agg(pl.col("day").min())
    assert started.sort("patient").equals(first.sort("patient").select("patient", "day"))
    assert listed.group_by("patient").agg(ends=(pl.col("event") == "end_of_study").sum())["ends"].max() == 1


def test_events_do_not_depend_on_the_order_of_rows(tables):
    shuffled = {name: frame.reverse() for name, frame in tables.items()}
    assert events(shuffled).equals(events(tables))


def test_sequences_of_a_short_history():
    history = [(0, "a"), (2, "a"), (9, "b"), (400, "a")]
    assert sorted(sequences(history)) == sorted(
        ["a", "a > b", "a > month > b", "a > b > a", "b", "b > a", "b > longer > a", "a"]
    )
    assert list(sequences([])) == []
    assert [gap_name(days) for days in (0, 7, 8, 30, 31, 91, 92, 182, 183)] == [
        "week", "week", "month", "month", "quarter", "quarter", "half-year", "half-year", "longer",
    ]  # fmt: skip
