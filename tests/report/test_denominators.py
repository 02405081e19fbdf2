"""Denominators of the refractory share, and why patients could not be judged, counted by hand."""

from __future__ import annotations

import polars as pl

from nephrosyn.report import text
from nephrosyn.report.findings.verdicts import refractory_share
from nephrosyn.report.findings.verdicts.eligibility import Defined

DEFINED = Defined(("resistant", "frequent", "intolerant"))
# patient: applies, category, resistant, frequent, refractory; in the observed record, then in the complete one
RESISTANT = (True, "steroid_resistant", True, True, True)
FREQUENT = (True, "frequently_relapsing", False, True, True)
CALM = (True, "non_relapsing", False, False, False)
INTOLERANT = (True, "steroid_intolerant", None, False, True)
UNKNOWN = (True, "undetermined", None, None, None)
OUTSIDE = (False, "undetermined", None, None, None)
OBSERVED = (RESISTANT, FREQUENT, CALM, CALM, INTOLERANT, UNKNOWN, UNKNOWN, UNKNOWN, OUTSIDE)
COMPLETE = (RESISTANT, FREQUENT, CALM, CALM, INTOLERANT, RESISTANT, CALM, UNKNOWN, OUTSIDE)


def labels():
    rows = [
        {
            "replicate": 0,
            "patient": patient,
            "criteria": "source",
            "view": view,
            "applies": applies,
            "category": category,
            "resistant": resistant,
            "frequent": frequent,
            "intolerant": category == "steroid_intolerant",
            "refractory": refractory,
            "refractory_kind": True if refractory else None,
        }
        for view, record in (("complete", COMPLETE), ("observed", OBSERVED))
        for patient, (applies, category, resistant, frequent, refractory) in enumerate(record)
    ]
    return pl.DataFrame(rows)


def shares(rows):
    return [(name, share.count, share.total) for name, share in rows]


def test_denominators_are_all_those_judged_and_those_given_adequate_steroid():
    observed = refractory_share.refractory(labels())[0]
    assert observed.view == "observed"
    assert shares(text.denominators(observed)) == [
        ("refractory, of all in the set", 3, 8),
        ("refractory, of those judged", 3, 5),
        ("refractory, of those given adequate steroid", 2, 4),
    ]


def test_the_complete_record_tells_a_sparse_record_from_a_short_one():
    observed, complete = refractory_share.refractory(labels())
    assert shares(text.undetermined_and_outside(observed)) == [
        ("undetermined", 3, 8),
        ("of these, record too short", 1, 8),
        ("of these, record too sparse", 2, 8),
        ("outside the set, of all patients", 1, 9),
    ]
    assert shares(text.undetermined_and_outside(complete))[:2] == [
        ("undetermined", 1, 8),
        ("of these, record too short", 1, 8),
    ]


def test_without_the_complete_record_no_cause_is_given():
    observed = refractory_share.refractory(labels().filter(pl.col("view") == "observed"))[0]
    assert shares(text.undetermined_and_outside(observed)) == [
        ("undetermined", 3, 8),
        ("outside the set, of all patients", 1, 9),
    ]


def test_a_flag_counts_patients_whom_an_earlier_category_takes():
    rows = {row.category: row for row in refractory_share.categories(labels(), "source", "observed", DEFINED)}
    assert (rows["frequently_relapsing"].share.count, text.criteria_met(rows["frequently_relapsing"])) == (1, "2")
    assert text.criteria_met(rows["non_relapsing"]) == ""
