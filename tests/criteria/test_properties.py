"""What must hold for any record."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nephrosyn import criteria, vocabulary

from .builder import shifted, source, statuses, tables, variant, verdict_of
from .made_up import anything, on_a_grid

pytestmark = pytest.mark.slow

STEP = 14
GROUPS = st.lists(anything(), min_size=1, max_size=6)
few = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
many = settings(few, max_examples=100)
ROWS = ("readings", "diary", "doses", "conditions", "follow_up", "patients")


def labels(cohort, **more):
    return criteria.classify(cohort, source(), "observed", **more)


@few
@given(GROUPS, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(records, random):
    cohort = tables(*records)
    mixed = {name: frame[random.sample(range(frame.height), frame.height)] for name, frame in cohort.items()}
    assert labels(mixed).equals(labels(cohort))


@few
@given(GROUPS)
def test_rows_twice_change_nothing(records):
    cohort = tables(*records)
    assert labels({name: pl.concat([frame, frame]) for name, frame in cohort.items()}).equals(labels(cohort))


@few
@given(GROUPS, st.integers(-30, 200))
def test_shifting_all_days_shifts_the_day_met(records, shift):
    cohort = tables(*records)
    expected = labels(cohort).with_columns(pl.col("first_met_days") + shift)
    assert labels(shifted(cohort, shift)).equals(expected)


@few
@given(GROUPS, st.integers(0, 900))
def test_a_record_until_a_day_is_the_record_cut_there(records, day):
    cohort = tables(*records)
    cut = {
        **cohort,
        "readings": cohort["readings"].filter(pl.col("taken_days") <= day),
        "conditions": cohort["conditions"].filter(pl.col("noted_days") <= day),
        "follow_up": cohort["follow_up"].with_columns(pl.col("end_days").clip(upper_bound=day)),
        **{
            name: cohort[name]
            .filter(pl.col("first_days") <= day)
            .with_columns(pl.col("last_days").clip(upper_bound=day))
            for name in ("diary", "doses")
        },
    }
    assert labels(cohort, until_days=day).equals(labels(cut))


@few
@given(GROUPS)
def test_one_patient_is_classified_as_among_others(records):
    cohort = tables(*records)
    for row in labels(cohort).iter_rows(named=True):
        one = criteria.verdict(cohort, source(), 0, row["patient"], "observed")
        assert one.flags == {flag: row[flag] for flag in (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)}
        assert (one.category, one.refractory, one.first_met_days) == (
            row["category"],
            row["refractory"],
            row["first_met_days"],
        )


@few
@given(GROUPS)
def test_labels_agree_with_themselves(records):
    for row in labels(tables(*records)).iter_rows(named=True):
        flags = [row[flag] for flag in source().verdict.refractory.of(child=True)]
        assert row["refractory"] is (True if True in flags else None if None in flags else False)
        assert (row["refractory_kind"] is not None) == (row["refractory"] is True)
        if row["refractory_kind"] is False:
            assert any(role == "provoking_factor" for _, _, role, _ in records[row["patient"]].rows["conditions"])
        assert (row["first_met_days"] is not None) == (row["refractory"] is True)
        assert (row["category"] == "undetermined") == (row["refractory"] is None)
        assert (row["category"] in vocabulary.CATEGORIES[4:6]) == (row["refractory"] is False)


@pytest.fixture(scope="module")
def watchful(tmp_path_factory):
    """The source set, for which a single missing reading of a regular record is a gap."""
    return variant(tmp_path_factory.mktemp("sets"), urine__max_gap=STEP)


@many
@given(record=on_a_grid(STEP), data=st.data())
def test_losing_readings_never_turns_met_into_not_met(watchful, record, data):
    before = statuses(verdict_of(record, watchful))
    rows = record.rows["readings"]
    # The first reading stays: without it nothing says that the record began before the second.
    lost = data.draw(st.sets(st.sampled_from(rows[1:]), max_size=12)) if len(rows) > 1 else set()
    record.rows["readings"] = [row for row in rows if row not in lost]
    after = statuses(verdict_of(record, watchful))
    turned = {name for name in before if (before[name], after[name]) == ("met", "not met")}
    assert not turned, (lost, record)


@many
@given(anything())
def test_a_later_end_never_takes_back_a_relapse_count_or_a_condition(record):
    early = statuses(verdict_of(record, until_days=record.end // 2))
    late = statuses(verdict_of(record))
    for clause in ("frequent_n6", "frequent_n12", "contraindication", "toxicity", "dependence"):
        assert early[clause] != "met" or late[clause] == "met", clause


@few
@given(GROUPS)
def test_every_reason_has_its_words_and_evidence_in_order(records):
    for number in range(len(records)):
        verdict = criteria.verdict(tables(*records), source(), 0, number, "observed")
        for clause in verdict.clauses:
            assert clause.sentence
            assert "{" not in clause.sentence
            assert list(clause.evidence) == sorted(clause.evidence)
            assert (clause.days is not None) == (clause.status == "met")
            assert clause.evidence or clause.status != "met"
