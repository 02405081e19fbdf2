"""What must hold for any record, by every shipped set."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephrosyn import criteria, vocabulary

from .builder import Record, shifted, tables, variant
from .made_up import many_drugs, on_a_grid, treated_on_a_grid
from .test_properties import STEP, few, many

pytestmark = pytest.mark.slow

GROUPS = st.lists(many_drugs(), min_size=1, max_size=5)


@cache
def every_set():
    return [criteria.load(name) for name in criteria.sets()]


def labels(cohort, sets=None, **more):
    return criteria.classify(cohort, sets or every_set(), "observed", **more)


@few
@given(GROUPS, st.randoms(use_true_random=False))
def test_order_and_copies_of_rows_change_nothing(records, random):
    cohort = tables(*records)
    twice = {name: pl.concat([frame, frame]) for name, frame in cohort.items()}
    mixed = {name: frame[random.sample(range(frame.height), frame.height)] for name, frame in twice.items()}
    assert labels(mixed).equals(labels(cohort))


@few
@given(GROUPS, st.integers(-30, 200))
def test_shifting_all_days_shifts_the_day_met(records, shift):
    cohort = tables(*records)
    expected = labels(cohort).with_columns(pl.col("first_met_days") + shift)
    assert labels(shifted(cohort, shift)).equals(expected)


@few
@given(GROUPS)
def test_many_sets_in_one_pass_say_what_each_says_alone(records):
    cohort = tables(*records)
    for view in vocabulary.VIEWS[1:]:
        alone = [criteria.classify(cohort, one, view) for one in every_set()]
        assert criteria.classify(cohort, every_set(), view).equals(pl.concat(alone))
        backwards = criteria.classify(cohort, every_set()[::-1], view)
        assert backwards.equals(pl.concat(alone[::-1]))


@few
@given(GROUPS)
def test_a_verdict_says_what_the_labels_say(records):
    cohort = tables(*records)
    named = {(row["criteria"], row["patient"]): row for row in labels(cohort).iter_rows(named=True)}
    for definition in every_set():
        for number in range(len(records)):
            one, row = criteria.verdict(cohort, definition, 0, number, "observed"), named[definition.name, number]
            assert one.flags == {flag: row[flag] for flag in (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)}
            assert (one.category, one.refractory, one.first_met_days) == (
                row["category"],
                row["refractory"],
                row["first_met_days"],
            )
            for clause in one.clauses:
                assert clause.sentence
                assert "{" not in clause.sentence
                assert list(clause.evidence) == sorted(clause.evidence)
                assert (clause.days is not None) == (clause.status == "met")
            assert (row["applies"] is True) or row["category"] == "undetermined"


@cache
def watchful(folder):
    """Every shipped set, as one for which a single missing reading of a regular record is a gap."""
    return [variant(folder, name, urine__max_gap=STEP) for name in criteria.sets()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sets")


@many
@given(record=st.one_of(on_a_grid(STEP), treated_on_a_grid(STEP)), data=st.data())
def test_losing_readings_never_turns_met_into_not_met(folder, record, data):
    def answers():
        return criteria.clause_answers(tables(record), watchful(folder), "observed")

    before = answers()
    rows = record.rows["readings"]
    # The first reading stays: without it nothing says that the record began before the second.
    lost = data.draw(st.sets(st.sampled_from(rows[1:]), max_size=12)) if len(rows) > 1 else set()
    record.rows["readings"] = [row for row in rows if row not in lost]
    both = before.with_columns(after=answers()["status"])
    turned = both.filter(pl.col("status") == "met", pl.col("after") == "not met")
    assert turned.is_empty(), (turned.rows(), sorted(lost), record)


def relapsing(days, end=1100, age=6.0):
    record = Record(age, 20.0, end).steroid(40, 0, 60).ill(0).ill(*days)
    return record.well(*(day for day in range(20, end + 1, 10) if day not in days))


DAYS = st.sets(st.integers(3, 54).map(lambda k: 20 * k + 5), max_size=9)


@many
@given(DAYS, st.integers(3, 54).map(lambda k: 20 * k + 5), st.sampled_from([6.0, 40.0]))
def test_adding_a_relapse_never_removes_frequent_relapse(days, more, age):
    fewer, plenty = (labels(tables(relapsing(sorted(d), age=age))) for d in (days, days | {more}))
    for before, after in zip(fewer["frequent"], plenty["frequent"], strict=True):
        assert before is not True or after is True


COUNTS = {
    "frequent__six_months__count": ("source", "ipna-2022", "kdigo-2021-adults", "prednos"),
    "frequent__twelve_months__count": ("source", "ipna-2022", "china-2014-adults", "prednos"),
    "frequent__any_six_months__count": ("ispn-2021",),
    "dependence__relapses": ("source", "ipna-2022", "jsn-2014-adults"),
}


@few
@given(GROUPS)
def test_a_stricter_count_never_raises_a_share(folder, records):
    cohort = tables(*records)
    for key, sets in COUNTS.items():
        flag = "dependent" if key.startswith("dependence") else "frequent"
        for name in sets:
            counts = [_count(criteria.load(name), key) + more for more in (0, 1)]
            lax, strict = (labels(cohort, [variant(folder, name, **{key: n})])[flag].to_list() for n in counts)
            assert all(there is not True or here is True for here, there in zip(lax, strict, strict=True))


def _count(definition, key):
    here = definition
    for part in key.split("__"):
        here = getattr(here, part)
    return here.of(True)
