"""Impossible values: rows that are refused, or patients left undetermined."""

from __future__ import annotations

import math

import polars as pl
import pytest

from nephrosyn import criteria, vocabulary

from .builder import adult, source, statuses, tables


def ordinary(end=730):
    """An adult whom the source set calls dependent: all that the record holds can be."""
    record = adult(end).steroid(60, 0, 55).steroid(20, 56, 98).steroid(60, 99, 200)
    return record.ill(0).well(28, 56).ill(98).well(120).home("negative", 130, 140)


def dead(record, day):
    record.end, record.reason = day, "death"
    return record


def reading(analyte, value, day):
    record = ordinary()
    record.rows["readings"].append((day, analyte, value))
    return record


def case(why, record, table, expected, row):
    return pytest.param(record, table, expected, row, id=why)


OVERLAP = "one dose of a drug on a day"
FAULTS = [
    case("a negative ratio", reading("upcr", -0.1, 40), "readings", "values of 0 or more", "day 40: upcr -0.1"),
    case("an infinite ratio", reading("upcr", math.inf, 40), "readings", "no infinite ones", "day 40: upcr inf"),
    case("a negative infinite one", reading("upcr", -math.inf, 40), "readings", "no infinite", "day 40: upcr -inf"),
    case("negative albumin", reading("albumin", -3.0, 41), "readings", "values of 0 or more", "day 41: albumin -3"),
    case("a dipstick of grade 7", reading("dipstick", 7.0, 40), "readings", "dipsticks from 0 to 5", "dipstick 7"),
    case("one of grade 6, beyond 4+", reading("dipstick", 6.0, 40), "readings", "from 0 to 5", "dipstick 6"),
    case("one between two grades", reading("dipstick", 1.5, 40), "readings", "from 0 to 5", "day 40: dipstick 1.5"),
    case("a reading after death", dead(reading("upcr", 1.0, 301), 300), "readings", "no reading after death",
         "day 301: upcr 1"),
    case("a dose after death", dead(ordinary().steroid(10, 301, 310), 300), "doses", "no dose after death",
         "days 301 to 310: prednisone 10 mg/day"),
    case("two runs of prednisone that overlap by a day", ordinary().steroid(40, 200, 210), "doses", OVERLAP,
         "days 200 to 210: prednisone 40 mg/day"),
    case("a run within another", ordinary().steroid(40, 150, 160), "doses", OVERLAP, "days 150 to 160"),
    case("the same days at another dose", ordinary().steroid(40, 99, 200), "doses", OVERLAP, "days 99 to 200"),
    case("the same days and dose by another schedule", ordinary().steroid(120, 99, 200, "alternate_day"), "doses",
         OVERLAP, "days 99 to 200"),
    case("a short run hidden behind a longer one", ordinary().agent("tacrolimus", 6.0, 10, 90)
         .agent("levamisole", 50.0, 20, 30).agent("tacrolimus", 4.0, 90, 95), "doses", OVERLAP,
         "days 90 to 95: tacrolimus 4 mg/day"),
    case("a run that ends before it begins", ordinary().steroid(10, 310, 305), "doses", "no later than last_days",
         "days 310 to 305"),
    case("a negative dose", ordinary().steroid(-10, 300, 305), "doses", "doses and weights of 0 or more",
         "days 300 to 305: prednisone -10 mg/day"),
    case("an infinite dose", ordinary().steroid(math.inf, 300, 305), "doses", "no infinite ones", "prednisone inf"),
    case("a diary that ends before it begins", ordinary().home("1+", 160, 150), "diary", "no later than last_days",
         "days 160 to 150: 1+"),
    case("two grades at home on one day", ordinary().home("3+", 140, 145), "diary", "one grade on a day",
         "days 140 to 145: 3+"),
    case("two grades, one run within the other", ordinary().home("3+", 132, 133), "diary", "one grade on a day",
         "days 132 to 133: 3+"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "table", "expected", "row"), FAULTS)
def test_what_cannot_be_is_refused_with_its_row(record, table, expected, row):
    with pytest.raises(criteria.CriteriaError) as caught:
        criteria.classify(tables(adult().ill(0), record), source(), "observed")
    (problem,) = caught.value.problems
    told = str(problem)
    assert told.startswith(f"{table}: expected ")
    assert expected in told
    assert "found 1: replicate 0, patient 1, day" in told
    assert row in told


FINE = [
    ("every row twice", lambda r: r.rows.update({name: there * 2 for name, there in r.rows.items()})),
    ("runs of one drug that follow each other", lambda r: r.steroid(10, 201, 300)),
    ("runs of two drugs at once", lambda r: r.agent("tacrolimus", 6.0, 10, 300).agent("levamisole", 50.0, 10, 300)),
    ("two readings of a day", lambda r: r.upcr(0.1, 40, 40).upcr(3.0, 40)),
    ("a missing value", lambda r: r.upcr(None, 40).upcr(float("nan"), 41)),
    ("a missing dipstick", lambda r: r.rows["readings"].append((40, "dipstick", None))),
    ("the highest grade", lambda r: r.stick("4+", 300)),
    ("a ratio of 0", lambda r: r.upcr(0.0, 40)),
    ("a reading and a dose on the day of death", lambda r: dead(r.well(300).steroid(5, 300, 300), 300)),
    ("a dose prescribed beyond death", lambda r: dead(r, 150)),
    ("a reading after the study, alive", lambda r: r.well(800)),
    ("one grade at home, told twice", lambda r: r.home("negative", 135, 150)),
    ("grades at home on days that follow each other", lambda r: r.home("3+", 141, 150)),
]


@pytest.mark.parametrize("change", [change for _, change in FINE], ids=[why for why, _ in FINE])
def test_plausible_values_are_accepted(change):
    record = ordinary()
    change(record)
    labels = criteria.classify(tables(record), source(), "observed")
    assert labels["dependent"].to_list() == [True]
    assert labels.equals(criteria.classify(tables(record), source(), "observed", keep_going=True))


def cohort():
    """Ordinary people, and between them one with a fault in each table, and one with many of a kind."""
    many = ordinary().upcr(-1.0, *range(400, 407))
    return [
        ordinary(),
        reading("upcr", -0.1, 40),
        ordinary().steroid(40, 150, 160).home("3+", 132, 133),
        ordinary(),
        many,
    ]


def test_all_at_once_with_their_rows():
    with pytest.raises(criteria.CriteriaError) as caught:
        criteria.classify(tables(*cohort()), source(), "observed")
    told = {problem.expected: problem.actual for problem in caught.value.problems}
    assert len(told) == len(caught.value.problems) == 3
    negative = told["values of 0 or more, and no infinite ones"]
    assert negative.startswith(
        "8: replicate 0, patient 1, day 40: upcr -0.1; replicate 0, patient 4, day 400: upcr -1; "
    )
    assert negative.endswith("; and 3 more")
    assert told["one dose of a drug on a day"].startswith("1: replicate 0, patient 2, days 150 to 160")
    assert told["one grade on a day"].startswith("1: replicate 0, patient 2, days 132 to 133")
    assert str(caught.value).startswith("criteria tables: 3 problems:")


@pytest.mark.parametrize("definitions", [1, 3], ids=["one set", "several sets"])
def test_keep_going_leaves_just_these_undetermined(definitions):
    sets = [source()] * definitions
    found = criteria.classify(tables(*cohort()), sets, "observed", keep_going=True)
    sound = [record if number in (0, 3) else ordinary() for number, record in enumerate(cohort())]
    expected = criteria.classify(tables(*sound), sets, "observed")
    faulty = pl.col("patient").is_in([1, 2, 4])
    assert found.filter(~faulty).equals(expected.filter(~faulty))
    assert set(expected.filter(~faulty)["category"]) == {"steroid_dependent"}
    for row in found.filter(faulty).iter_rows(named=True):
        nulls = {name for name, value in row.items() if value is None}
        assert nulls >= {*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS, "refractory", "refractory_kind", "first_met_days"}
        assert row["category"] == "undetermined"


def test_the_verdict_says_so():
    record = reading("upcr", -0.1, 40)
    verdict = criteria.verdict(tables(record), source(), 0, 0, "observed", keep_going=True)
    assert (verdict.category, verdict.refractory, verdict.first_met_days) == ("undetermined", None, None)
    defined = [clause for clause in verdict.clauses if clause.status != "not defined"]
    assert len(defined) == 6
    for clause in defined:
        assert (clause.status, clause.reason, clause.days) == ("cannot be judged", "impossible", None)
        assert "impossible values" in clause.sentence
        assert clause.evidence == ()
    assert verdict.episodes == ()
    with pytest.raises(criteria.CriteriaError, match=r"upcr -0\.1"):
        criteria.verdict(tables(record), source(), 0, 0, "observed")


def test_the_truth_is_not_looked_through_for_what_cannot_be():
    record = reading("upcr", -0.1, 40).path((0.0, 8.0, -0.3, 0.05))
    verdict = criteria.verdict(tables(record), source(), 0, 0, "complete")
    assert statuses(verdict)["resistance"] == "not met"
