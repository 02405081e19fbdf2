"""Shares, intervals and comparisons against values worked by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from nephrosyn import vocabulary
from nephrosyn.report.findings.course import time_to_event
from nephrosyn.report.findings.verdicts import eligibility, flag_overlap, refractory_share, subgroups
from nephrosyn.statistics import kaplan_meier, proportions

from .factory import labels_of


def ids(count, replicates=1):
    return {
        "replicate": np.repeat(np.arange(replicates), count).astype(np.int32),
        "patient": np.tile(np.arange(count), replicates).astype(np.int32),
    }


@settings(deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(pair):
    count, total = pair
    found = proportions.wilson(count, total)
    low, high = binomtest(count, total).proportion_ci(method="wilson")
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_nobody_has_no_share():
    assert math.isnan(proportions.wilson(0, 0).share)


@pytest.mark.parametrize(("count", "total"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(count, total):
    with pytest.raises(ValueError, match="between 0 and 3"):
        proportions.wilson(count, total)


@pytest.mark.parametrize(
    ("count", "total", "position", "inside", "outside"),
    [
        (390, 1000, "above", False, False),
        (600, 1000, "above", False, True),
        (100, 1000, "below", False, True),
        (33, 100, "around", False, False),
        (36, 100, "around", False, False),
        (30, 100, "around", False, False),
        (3333, 10000, "around", True, False),
        (35000, 100000, "above", True, False),
        (0, 0, "unknown", False, False),
    ],
)
def test_comparison_with_one_third(count, total, position, inside, outside):
    found = refractory_share.Comparison(proportions.wilson(count, total))
    assert (found.position, found.inside, found.outside) == (position, inside, outside)


def test_those_not_judged_stay_in_the_denominator():
    labels = labels_of(ids(10), ["steroid_resistant"] * 3 + ["non_relapsing"] * 3 + ["undetermined"] * 4)
    (found,) = refractory_share.refractory(labels)
    assert (found.met, found.unmet, found.unknown) == (3, 3, 4)
    assert found.share.share == 0.3
    assert found.determined.share == 0.5
    assert found.most.share == 0.7
    assert found.hinges_on_undetermined


def test_the_answer_does_not_hinge_on_few_unjudged():
    labels = labels_of(ids(1000), ["steroid_resistant"] * 500 + ["non_relapsing"] * 490 + ["undetermined"] * 10)
    assert not refractory_share.refractory(labels)[0].hinges_on_undetermined


def test_replicates_give_sd_and_t_interval():
    categories = ["steroid_resistant"] * 2 + ["non_relapsing"] * 8 + ["steroid_resistant"] * 4 + ["non_relapsing"] * 6
    found = refractory_share.refractory(labels_of(ids(10, 2), categories))[0].replicates
    assert found.mean == pytest.approx(0.3)
    assert found.sd == pytest.approx(math.sqrt(0.02))


def test_spread_of_three():
    found = refractory_share.spread([0.40, 0.42, 0.44])
    assert (found.low, found.high) == pytest.approx((0.42 - 4.302653 * 0.02 / 3**0.5, 0.42 + 4.302653 * 0.02 / 3**0.5))
    assert refractory_share.spread([0.4]) is None


@settings(deadline=None)
@given(st.lists(st.sampled_from(vocabulary.CATEGORIES), min_size=1, max_size=40))
def test_categories_add_up_whichever_are_empty(categories):
    labels = labels_of(ids(len(categories)), categories)
    found = refractory_share.categories(labels, "source", "observed")
    assert [row.category for row in found] == list(eligibility.CATEGORY_ORDER)
    assert [row.share.count for row in found] == [categories.count(name) for name in eligibility.CATEGORY_ORDER]
    whole = refractory_share.refractory(labels)[0]
    assert sum(row.refractory for row in found) == whole.met
    assert sum(row.undetermined for row in found) == whole.unknown
    assert sum(item.patients for item in flag_overlap.combinations(labels, "source", "observed")) == len(categories)


def test_combinations_count_each_patient_once():
    labels = labels_of(ids(4), ["steroid_resistant", "steroid_resistant", "steroid_dependent", "non_relapsing"])
    labels = labels.with_columns(dependent=pl.Series([True, False, True, False]))
    found = flag_overlap.combinations(labels, "source", "observed")
    assert {item.flags: item.patients for item in found} == {
        frozenset({"resistant", "dependent"}): 1,
        frozenset({"resistant"}): 1,
        frozenset({"dependent"}): 1,
        frozenset(): 1,
    }


def test_patients_without_a_flag_are_apart_by_whether_all_was_judged():
    labels = labels_of(ids(4), ["non_relapsing", "undetermined", "undetermined", "steroid_resistant"])
    partly = labels.with_columns(frequent=pl.Series([False, None, False, None]))
    found = flag_overlap.combinations(partly, "source", "observed")
    assert [(sorted(item.flags), item.determined, item.patients) for item in found] == [
        ([], False, 2),
        (["resistant"], True, 1),
        ([], True, 1),
    ]


def test_categories_within_each_band():
    labels = labels_of(ids(5), ["steroid_resistant"] * 2 + ["non_relapsing"] * 3)
    people = labels.select("replicate", "patient").with_columns(band=pl.Series(["old", "young", "old", "old", "old"]))
    found = subgroups.categories_by_column(labels, people, "band", ["young", "old"], eligibility.defined(labels))
    assert [(name, {row.category: row.share.count for row in each if row.share.count}) for name, each in found] == [
        ("young", {"steroid_resistant": 1}),
        ("old", {"steroid_resistant": 1, "non_relapsing": 3}),
    ]


def test_agreement_of_the_two_records():
    complete = labels_of(
        ids(4), ["steroid_resistant", "non_relapsing", "non_relapsing", "undetermined"], view="complete"
    )
    observed = labels_of(ids(4), ["steroid_resistant", "undetermined", "steroid_dependent", "undetermined"])
    found = flag_overlap.agreement(pl.concat([complete, observed]), "source")
    assert found.same.count == 2
    assert found.same_refractory.count == 2
    assert found.lost == 1
    assert found.cell("non_relapsing", "steroid_dependent") == 1
    assert flag_overlap.agreement(complete, "source") is None


def test_groups_keep_their_order_and_put_the_unknown_last():
    labels = labels_of(ids(5), ["steroid_resistant"] * 2 + ["non_relapsing"] * 3)
    people = labels.select("replicate", "patient").with_columns(lesion=pl.Series(["fsgs", None, "iga", "fsgs", "odd"]))
    found = subgroups.by_column(labels, people, "lesion", vocabulary.LESIONS)
    assert [(group.name, group.refractory.met, group.refractory.patients) for group in found] == [
        ("fsgs", 1, 2),
        ("iga", 0, 1),
        ("odd", 0, 1),
        ("", 1, 1),
    ]


@settings(deadline=None)
@given(st.floats(30, 20000))
def test_times_rise_to_the_end_of_follow_up(length):
    days = subgroups.times(length)
    assert days == sorted(set(days))
    assert days[-1] == int(length)
    assert 1 <= len(days) <= 6


def test_share_by_first_day_met():
    labels = labels_of(ids(4), ["steroid_resistant", "steroid_dependent", "non_relapsing", "undetermined"])
    labels = labels.with_columns(first_met_days=pl.Series([84, 200, None, None], dtype=pl.Int32))
    found = subgroups.by_first_met(labels, [83, 84, 200])
    assert [moment.refractory.met for moment in found.moments] == [0, 1, 2]
    assert {moment.refractory.patients for moment in found.moments} == {4}


def test_kaplan_meier_of_the_leukaemia_trial():
    # Remission on 6-mercaptopurine, weeks (Freireich 1963): the usual textbook example.
    weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    happened = np.array([True] * 9 + [False] * 12)
    at = np.array([0.0, 5.9, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0, 35.0])
    found = kaplan_meier.kaplan_meier(np.array(weeks, dtype=float), happened, at)
    expected = [1, 1, 0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482, 0.4482]
    assert found.free == pytest.approx(expected, abs=1e-4)
    assert found.median_days == 23
    assert [found.at_risk(day) for day in (0, 6, 7, 10, 23)] == [21, 21, 17, 15, 6]
    # log-log interval at week 10 worked from Greenwood's sum 3/(21*18) + 1/(17*16) + 1/(15*14)
    spread = math.sqrt(3 / 378 + 1 / 272 + 1 / 210) / math.log(0.7529)
    low, high = (0.7529 ** math.exp(sign * 1.959964 * spread) for sign in (-1, 1))
    assert (found.low[4], found.high[4]) == pytest.approx((min(low, high), max(low, high)), abs=2e-4)


def test_kaplan_meier_without_events_and_with_nothing_but_events():
    days = np.linspace(0, 10, 5)
    quiet = kaplan_meier.kaplan_meier(np.array([3.0, 4.0]), np.array([False, False]), days)
    assert quiet.free.tolist() == [1] * 5
    assert math.isnan(quiet.median_days)
    all_of_them = kaplan_meier.kaplan_meier(np.array([3.0]), np.array([True]), days)
    assert all_of_them.free.tolist() == [1, 1, 0, 0, 0]
    assert not np.isnan(all_of_them.low).any()


def times(remission, relapse, relapses, end, band="all"):
    frame = pl.DataFrame({"remission": remission, "relapse": relapse, "relapses": relapses, "end": end}, strict=False)
    frame = frame.with_columns(pl.col("remission", "relapse", "end").cast(pl.Float64), band=pl.lit(band))
    return frame.with_columns(person_years=(pl.col("end") - pl.col("remission")) / 365.25)


def test_relapse_rate_allows_for_unequal_patients():
    followed = times([0, 0, None], [10, None, None], [4, 0, 0], [365.25, 365.25, 100])
    found = time_to_event.rate_of(time_to_event.power_sums(followed), "all")
    assert (found.patients, found.relapses, found.person_years) == (2, 4, 2.0)
    assert found.per_year == 2.0
    # residuals +2 and -2, so the standard error is sqrt(8) / 2
    assert found.high == pytest.approx(2 + 1.959964 * math.sqrt(8) / 2)


def test_histogram_pools_its_tail():
    frame = times([0] * 4 + [None], [None] * 5, [0, 2, 10, 25, 0], [100] * 5)
    assert time_to_event.relapse_histogram(frame) == [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]


def test_first_times_read_the_truth():
    enum = pl.Enum(vocabulary.EVENTS)
    events = pl.DataFrame(
        {
            "replicate": [0] * 6,
            "patient": [0, 0, 0, 0, 1, 1],
            "time_days": [0.0, 30.5, 60.0, 90.0, 0.0, 20.0],
            "event": pl.Series(
                ["onset", "complete_remission", "relapse", "relapse", "onset", "partial_remission"], dtype=enum
            ),
        }
    )
    people = pl.DataFrame({"replicate": [0, 0], "patient": [0, 1], "band": ["children", "adults"]})
    ends = pl.DataFrame({"replicate": [0, 0], "patient": [0, 1], "end_days": [100, 50]})
    found = time_to_event.first_times({"truth/events": events, "truth/follow_up": ends, "patients": people})
    assert found.select("remission", "relapse", "relapses", "end").rows() == [
        (30.5, 60.0, 2, 100.0),
        (None, None, 0, 50.0),
    ]
    (curve,) = time_to_event.curves(
        time_to_event.times_by_band(found, "remission", "relapse", ["children", "adults"]), 70
    )
    assert (curve.group, curve.patients, curve.events, curve.median_days) == ("children", 1, 1, 29.5)
