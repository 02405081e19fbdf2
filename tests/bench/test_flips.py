"""Which change flips an answer: what is named is enough, and none of it can be spared."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.bench.flips.search import GROUP, find_cause
from nephrosyn.bench.perturbations import apply, perturb
from nephrosyn.errors import PerturbationError
from nephrosyn.record.schema import OBSERVED

WHO = ["replicate", "patient"]


@pytest.fixture(scope="module")
def cohort():
    return ns.run("baseline", patients=60, seed=9)


@pytest.fixture(scope="module")
def record(cohort):
    return {name: cohort.tables[name] for name in OBSERVED}


def of_one(record, patient):
    return {name: frame.filter(pl.col("patient") == patient) for name, frame in record.items()}


def category(tables):
    return criteria.classify(tables, criteria.load("source"), "observed", keep_going=True)["category"][0]


def highest(tables):
    """A rule that one single reading decides."""
    value = tables["readings"].filter(pl.col("analyte") == "upcr")["value"].max()
    return "high" if value is not None and value > 50 else "low"


@pytest.fixture(scope="module")
def flipped(record):
    """The first patient whose answer one wrong unit flips, and the log of all changes."""
    _, log = perturb(record, "units_mixed", 5, seed=1, replicate=0)
    return next(p for p in range(60) if find_cause(record, log, highest, patient=p).flipped), log


def test_the_one_reading_that_decides_is_found(record, flipped):
    patient, log = flipped
    found = find_cause(record, log, highest, patient=patient)
    assert (found.before, found.after) == ("low", "high")
    assert found.changes.height == 1
    assert found.changes["after"][0] > 50


def test_a_search_that_takes_too_long_tells_what_is_left(record, flipped):
    patient, log = flipped
    whole, short = (find_cause(record, log, highest, patient=patient, most=most) for most in (300, 3))
    assert short.flipped
    assert short.records_tried < whole.records_tried
    assert short.changes.height > 1
    assert highest(apply(of_one(record, patient), short.changes)) == "high"


@pytest.mark.parametrize("name", ["visits_missing_when_mild", "doses_lost", "results_lost"])
def test_what_is_named_is_enough_and_none_can_be_spared(record, name):
    made, log = perturb(record, name, 5, seed=1, replicate=0)
    labels = [criteria.classify(one, criteria.load("source"), "observed", keep_going=True) for one in (record, made)]
    moved = labels[0].filter(labels[0]["category"] != labels[1]["category"])["patient"]
    assert len(moved) >= 1
    for patient in moved[:1]:
        clean = of_one(record, patient)
        found = find_cause(record, log, category, patient=patient)
        assert found.flipped
        assert found.before == labels[0].filter(patient=patient)["category"][0]
        assert found.after == labels[1].filter(patient=patient)["category"][0]
        assert category(apply(clean, found.changes)) == found.after
        groups = found.changes.partition_by(GROUP)
        for one in range(len(groups)):
            rest = groups[:one] + groups[one + 1 :]
            spared = apply(clean, pl.concat(rest)) if rest else clean
            assert category(spared) != found.after


def test_who_did_not_flip_needs_no_explanation(record):
    _, log = perturb(record, "weight_errors", 1, seed=1, replicate=0)
    found = find_cause(record, log, lambda tables: "always", patient=0)
    assert not found.flipped
    assert found.changes.is_empty()
    assert found.records_tried <= 2


@settings(max_examples=15)
@given(needed=st.sets(st.integers(0, 39), min_size=1, max_size=5))
def test_any_set_of_changes_that_only_works_together_is_found(record, needed):
    _, log = perturb(record, "results_lost", 5, seed=1, replicate=0)
    mine = log.filter(pl.col("patient") == 3)
    assert mine.height >= 40
    lost = mine[sorted(needed)]
    clean = of_one(record, 3)["readings"].with_row_index("row").with_columns(pl.col("row").cast(pl.Int32))
    keys = clean.sort("visit", "analyte").with_columns(row=pl.int_range(pl.len(), dtype=pl.Int32)).join(lost, on="row")
    keys = keys.select("visit", "analyte")

    def judge(tables):
        return "here" if tables["readings"].join(keys, on=keys.columns, how="semi").height else "all gone"

    found = find_cause(record, log, judge, patient=3)
    assert found.after == "all gone"
    assert_frame_equal(found.changes.sort("row"), lost.sort("row"))


def test_who_is_not_there_is_told(cohort, record):
    labels = cohort.labels.filter(pl.col("view") == "complete")
    _, log = perturb({**record, "labels": labels}, "prevalence_raised", 5, seed=1, replicate=0)
    with pytest.raises(PerturbationError, match="was left out of the cohort"):
        find_cause(record, log, category, patient=log["patient"][0])
    with pytest.raises(PerturbationError, match="no patient 999 of replicate 0"):
        find_cause(record, log, category, patient=999)
