"""Levels of a day, intervals, episodes, and the true path read day by day."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nephrosyn.criteria.codes import EPISODES, INTERVALS, NEVER, NO_DAY
from nephrosyn.criteria.evaluation import evaluate
from nephrosyn.criteria.record.urine_states import BETWEEN, PARTIAL, RELAPSE, REMISSION, find_intervals
from nephrosyn.kernels.compile import from_python

from .builder import adult, child, source, statuses, tables, verdict_of

# As the columns of the tests below write them.
assert (REMISSION, BETWEEN, RELAPSE) == (0, 1, 2)


def worked(record, view, definition=None):
    """The workspace as left by judging a record."""
    return evaluate.evaluate(tables(record), [definition or source()], view).workspace


def intervals(record, view="observed", definition=None):
    """(first, last, level, clinic days) of each interval."""
    workspace = worked(record, view, definition)
    return [tuple(row[:4].tolist()) for row in workspace.intervals[: workspace.counts[INTERVALS]]]


def episodes(record):
    """(start, remission, last seen ill) of each episode."""
    workspace = worked(record, "observed")
    return [tuple(row[:3].tolist()) for row in workspace.episodes[: workspace.counts[EPISODES]]]


def test_a_clinic_day_is_a_stretch_of_its_own():
    assert intervals(adult().ill(0, 14)) == [(0, 0, RELAPSE, 1), (14, 14, RELAPSE, 1)]


def test_adjoining_runs_at_one_level_are_one_stretch():
    record = adult().home("negative", 5, 9).home("trace", 10, 12).home("1+", 13, 13).home("trace", 15, 16)
    assert intervals(record) == [(5, 12, REMISSION, 0), (13, 13, BETWEEN, 0), (15, 16, REMISSION, 0)]


def test_a_clinic_day_inside_a_run_cuts_it_or_joins_it():
    assert intervals(adult().home("negative", 5, 9).ill(7)) == [
        (5, 6, REMISSION, 0),
        (7, 7, RELAPSE, 1),
        (8, 9, REMISSION, 0),
    ]
    assert intervals(adult().home("negative", 5, 9).well(5, 9, 10)) == [(5, 10, REMISSION, 3)]


def test_overlapping_runs_count_each_day_once():
    assert intervals(adult().home("negative", 5, 9).home("negative", 7, 12)) == [(5, 12, REMISSION, 0)]
    assert intervals(adult().home("3+", 5, 5).home("3+", 5, 5).ill(5)) == [(5, 5, RELAPSE, 1)]


def test_of_overlapping_spans_the_earlier_holds():
    # A diary that says two things of a day is refused before; the work below must not count a day twice all the same.
    spans = np.array([(5, 9, REMISSION), (7, 12, RELAPSE)])
    found = np.zeros((5, 5), np.int64)
    count = from_python(find_intervals)(spans, 2, np.empty((1, 2), np.int64), 0, 0, found)
    assert found[:count, :4].tolist() == [[5, 9, REMISSION, 0], [10, 12, RELAPSE, 0]]


def test_the_record_ends_where_follow_up_ends():
    assert intervals(adult(10).home("negative", 5, 30).ill(11)) == [(5, 10, REMISSION, 0)]


def test_of_two_readings_of_a_day_the_worse_counts():
    assert intervals(adult().well(5).ill(5).well(5)) == [(5, 5, RELAPSE, 1)]
    assert intervals(adult().stick("negative", 5).stick("2+", 5)) == [(5, 5, BETWEEN, 1)]


def test_missing_values_and_other_analytes_say_nothing():
    record = adult().upcr(None, 5).well(6)
    record.rows["readings"].append((7, "albumin", 4.0))
    assert intervals(record) == [(6, 6, REMISSION, 1)]


@pytest.mark.parametrize(
    ("value", "grown", "young"),
    [(0.2, 0, 0), (0.201, 0, 1), (0.3, 0, 1), (0.301, 1, 1), (1.999, 1, 1), (2.0, 1, 2), (3.499, 1, 2), (3.5, 2, 2)],
)
def test_levels_of_a_ratio(value, grown, young):
    assert intervals(adult().upcr(value, 5))[0][2] == grown
    assert intervals(child().upcr(value, 5))[0][2] == young


@pytest.mark.parametrize(("band", "level"), [("negative", 0), ("trace", 0), ("1+", 1), ("2+", 1), ("3+", 2), ("4+", 2)])
def test_levels_of_a_band(band, level):
    assert intervals(adult().stick(band, 5))[0][2] == level
    assert intervals(adult().home(band, 5, 5))[0][2] == level


def test_episodes_and_the_days_that_bound_them():
    record = adult().ill(0, 14).well(28).between(50).ill(60, 75).between(80).well(90)
    assert episodes(record) == [(NO_DAY, 28, 14), (60, 90, 80)]


def test_a_change_at_home_dates_from_its_first_day():
    record = adult().ill(0).home("trace", 20, 21).home("1+", 22, 22).home("trace", 23, 25).home("3+", 40, 41)
    assert episodes(record) == [(NO_DAY, 23, 22)]
    assert episodes(record.home("3+", 42, 42)) == [(NO_DAY, 23, 22), (40, NEVER, 42)]


def test_a_clinic_reading_within_three_days_at_home_takes_their_first_day():
    assert episodes(adult().ill(0).home("trace", 20, 25).well(22)) == [(NO_DAY, 20, 0)]
    assert episodes(adult().ill(0).home("trace", 20, 21).well(21)) == [(NO_DAY, 21, 0)]


def daily_levels(pieces, end, remission, relapse):
    """The level at the start of each day, day by day."""
    found = {}
    for day in range(end + 1):
        before = [piece for piece in pieces if piece[0] <= day]
        if not before:
            continue
        start, upcr, slope, target = before[-1]
        log = math.log(upcr) + slope * (day - start)
        log = max(log, math.log(target)) if slope < 0 else min(log, math.log(target)) if slope > 0 else math.log(upcr)
        now = math.exp(log)
        found[day] = REMISSION if now <= remission else RELAPSE if now >= relapse else BETWEEN
    return found


ratios = st.floats(0.02, 20.0)


@st.composite
def paths(draw):
    time, pieces = draw(st.floats(0, 5)), []
    for _ in range(draw(st.integers(1, 8))):
        start, target = draw(ratios), draw(ratios)
        speed = draw(st.sampled_from([0.0, 0.003, 0.03, 0.3, 3.0]))
        pieces.append((time, start, speed if target > start else -speed, target))
        time += draw(st.one_of(st.floats(0.01, 3), st.floats(1, 200)))
    return pieces


@settings(deadline=None, max_examples=150)
@given(paths(), st.booleans(), st.integers(0, 700))
@example([(0.0, 8.0, 0.0, 8.0), (10.5, 8.0, -0.1, 0.05), (100.25, 0.05, 2.0, 8.0)], False, 300)
def test_true_spans_are_the_levels_of_every_day(pieces, young, end):
    record = (child if young else adult)(end).path(*pieces)
    expected = daily_levels(pieces, end, *((0.2, 2.0) if young else (0.3, 3.5)))
    found = {}
    for first, last, level, _ in intervals(record, "complete"):
        found.update(dict.fromkeys(range(first, last + 1), BETWEEN if level == PARTIAL else level))
    assert found == expected


def test_the_complete_view_reads_the_truth_and_nothing_else():
    # True remission from day 12 on, which the clinic never saw.
    record = adult().steroid(60, 0, 120).ill(0, 30, 84).path((0.0, 8.0, -0.3, 0.05))
    assert statuses(verdict_of(record, view="complete"))["resistance"] == "not met"
    assert statuses(verdict_of(record))["resistance"] == "met"
    (clause, *_) = verdict_of(record, view="complete").clauses
    assert {e.table for e in clause.evidence} == {"truth/proteinuria", "truth/doses"}
    assert any("true UPCR 0.2" in e.text for e in clause.evidence)


def test_days_need_no_gap_in_the_complete_view():
    verdict = verdict_of(adult().taper(0).path((0.0, 8.0, -0.3, 0.05)), view="complete")
    assert (verdict.category, verdict.refractory) == ("non_relapsing", False)
    defined = [clause for clause in verdict.clauses if clause.reason != "not_defined"]
    assert [clause.name for clause in defined] == [
        "resistance",
        "dependence",
        "frequent_n6",
        "frequent_n12",
        "contraindication",
        "toxicity",
    ]
    assert {clause.status for clause in defined} == {"not met"}
    assert {clause.status for clause in verdict.clauses if clause not in defined} == {"not defined"}
