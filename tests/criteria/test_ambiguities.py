"""Where guidelines leave a word open, a set says how it reads it: records on which two readings differ.

This half: to whom a set applies, levels of urine, frequent relapse and dependence. Adults as in `test_hand_worked`.
"""

from __future__ import annotations

import pytest

from .builder import adult, child, statuses, variant, verdict_of
from .test_hand_worked import MET, NOT, OPEN, dependent, full, relapsing


def case(why, record, clause, key, readings, **common):
    """One key read in several ways, each with the answer of a clause; `common` are changes of the set for all."""
    return pytest.param(record, clause, key, readings, common, id=why)


def read(folder, record, clause, key, readings, common):
    """What the clause says under each reading."""
    found = {}
    for value in readings:
        plain = list(value) if isinstance(value, tuple) else value
        found[value] = statuses(verdict_of(record, variant(folder, **common, **{key: plain})))[clause]
    return found


def withdrawn(last, relapse):
    """An adult on steroid to day `last`, in remission since day 20, ill on day `relapse`, well by day 130 again."""
    return (
        adult().steroid(60, 0, 60).steroid(20, 61, last).ill(0).well(20, 50, 80).ill(relapse).well_every(30, 130, 730)
    )


def at_home(*runs):
    """An adult on adequate steroid, ill on day 0; then each grade of the home diary, from the day after the last."""
    record, day = full().ill(0), 1
    for grade, last in runs:
        record.home(grade, day, last)
        day = last + 1
    return record


URINE = [
    case("a ratio of exactly 0.3 on day 84", full().ill(0).upcr(0.3, 84), "resistance", "urine__remission_limit",
         {"at_most": NOT, "below": MET}),
    case("two relapses of exactly 3.5", adult().steroid(60, 0, 60).ill(0).well(20, 50).upcr(3.5, 80).well(110)
         .upcr(3.5, 140).well_every(30, 170, 730), "frequent_n6", "urine__relapse_limit",
         {"at_least": MET, "above": NOT}),
    case("one clear reading between two of illness", full().ill(0, 30).well(60).ill(84).well(100), "resistance",
         "urine__clinic_readings", {1: NOT, 2: MET}),
    case("two readings of illness in remission, once", relapsing(100, 110, 200), "frequent_n6",
         "urine__clinic_readings", {1: MET, 2: NOT}),
    case("two clear days at home", at_home(("3+", 81), ("trace", 83), ("1+", 99)), "resistance", "urine__home_days",
         {1: NOT, 2: NOT, 3: MET}),
    case("two days of 3+ at home, twice", relapsing().home("3+", 101, 102).home("3+", 151, 152), "frequent_n6",
         "urine__home_days", {1: MET, 2: MET, 3: NOT}),
    case("clear urine with albumin of 3.4", full().ill(0).well(80).albumin(3.4, 80).ill(84).well(100)
         .albumin(4.0, 100), "resistance",
         "urine__remission_albumin", {"off": NOT, 3.4: NOT, 3.5: MET}, urine__missing_albumin="ignored"),
    case("clear urine, albumin not read that day", full().ill(0).well(80).albumin(4.5, 79, 81).ill(84).well(100),
         "resistance", "urine__missing_albumin", {"passes": NOT, "ignored": MET}, urine__remission_albumin=3.5),
    case("clear urine at home, where nobody reads albumin", at_home(("3+", 70), ("negative", 80), ("3+", 90),
         ("negative", 99)), "resistance", "urine__missing_albumin", {"passes": NOT, "ignored": MET},
         urine__remission_albumin=3.5),
    case("low albumin does not make a relapse of clear urine", relapsing(100).albumin(1.5, 200, 210), "frequent_n6",
         "urine__missing_albumin", {"passes": NOT}, urine__remission_albumin=3.5),
    case("a second relapse on the steroid given for the first", adult().steroid(60, 0, 60).steroid(60, 101, 160).ill(0)
         .well(20, 60).ill(100).well(120).ill(150).well_every(30, 180, 730), "frequent_n6", "urine__relapse_in_taper",
         {"counts": MET, "not_counted": NOT}),
    case("a second relapse the day after that steroid", adult().steroid(60, 0, 60).steroid(60, 101, 149).ill(0)
         .well(20, 60).ill(100).well(120).ill(150).well_every(30, 180, 730), "frequent_n6", "urine__relapse_in_taper",
         {"counts": MET, "not_counted": MET}),
    case("dependence by two relapses, the second in the taper of the first", adult().steroid(60, 0, 60)
         .steroid(20, 61, 100).steroid(60, 101, 160).ill(0).well(20, 60).ill(100).well(120).ill(150)
         .well_every(30, 180, 730), "dependence", "urine__relapse_in_taper", {"counts": MET, "not_counted": NOT},
         dependence__rule="on_steroid", dependence__relapses=2),
]  # fmt: skip

# `relapsing`: first dose on day 0, first remission on day 20, last dose on day 60.
FREQUENT = [
    case("relapses on days 100 and 203: 203 days from the first dose, 183 from remission", relapsing(100, 203),
         "frequent_n6", "frequent__anchor", {"remission": MET, "presentation": NOT, "course_end": MET}),
    case("relapses on days 100 and 244, 183 days after steroid", relapsing(100, 244), "frequent_n6",
         "frequent__anchor", {"remission": NOT, "presentation": NOT, "course_end": MET}),
    case("a relapse on steroid and one on day 183", relapsing(40, 183), "frequent_n6", "frequent__anchor",
         {"remission": MET, "presentation": MET, "course_end": NOT}),
    case("steroid goes on at the end of the record", adult(400).steroid(60, 0, 60).steroid(10, 61, 400).ill(0)
         .well_every(30, 20, 400), "frequent_n6", "frequent__anchor",
         {"remission": NOT, "presentation": NOT, "course_end": OPEN}),
    case("121 days unseen after remission, and all seen after steroid", adult().steroid(60, 0, 60).steroid(10, 61, 200)
         .ill(0).well(20, 50).ill(60).well(70).well_every(60, 191, 730), "frequent_n6", "frequent__anchor",
         {"remission": OPEN, "presentation": OPEN, "course_end": NOT}),
    case("121 days unseen after steroid", adult().steroid(60, 0, 60).ill(0).well(20, 50, 100).well_every(60, 221, 730)
         .ill(230), "frequent_n6", "frequent__anchor", {"remission": NOT, "presentation": NOT, "course_end": OPEN}),
    case("one relapse seen in the taper of another, and 121 days unseen", adult().steroid(60, 0, 60)
         .steroid(60, 101, 160).ill(0).well(20, 60).ill(100).well(120).ill(150).well(180).well_every(30, 301, 730),
         "frequent_n6", "urine__relapse_in_taper", {"counts": OPEN, "not_counted": NOT},
         frequent__six_months__count=3),
    case("two relapses 100 days apart, across the border of two blocks", relapsing(300, 400), "frequent_n6",
         "frequent__six_months__window", {"first": NOT, "sliding": MET, "blocks": NOT}),
    case("two relapses within the second block", relapsing(210, 380), "frequent_n6",
         "frequent__six_months__window", {"first": NOT, "sliding": MET, "blocks": MET}),
    case("two relapses within the first months only", relapsing(50, 110), "frequent_n6",
         "frequent__six_months__begins", {0: MET, 183: NOT}, frequent__six_months__window="sliding"),
    case("the first of two relapses 183 days after remission", relapsing(203, 300), "frequent_n6",
         "frequent__six_months__begins", {0: MET, 182: MET, 183: NOT}, frequent__six_months__window="sliding"),
    case("one relapse within six months of the first dose", relapsing(100), "frequent_n6", "frequent__presenting",
         {"not_counted": NOT, "counts": MET}, frequent__anchor="presentation"),
    case("two relapses in six months", relapsing(100, 200), "frequent_n6", "frequent__six_months__count",
         {2: MET, 3: NOT, "off": "not defined"}),
    case("three relapses in a year", relapsing(210, 300, 400), "frequent_n12", "frequent__twelve_months__count",
         {3: MET, 4: NOT}),
    case("two late relapses, where any six months count besides", relapsing(300, 400), "frequent_any6",
         "frequent__any_six_months__count", {"off": "not defined", 2: MET, 3: NOT},
         frequent__any_six_months__length=183),
]  # fmt: skip

ON = {"dependence__rule": "on_steroid", "dependence__off_days": 14}
DEPENDENCE = [
    case("a relapse on the maintenance dose", dependent(10).well_every(30, 120, 720), "dependence",
         "dependence__rule", {"raise_clears": NOT, "on_steroid": MET}),
    case("a relapse in the taper that no higher dose answers", adult().taper(0).ill(0).well(28).ill(98)
         .well_every(30, 120, 730), "dependence", "dependence__rule", {"raise_clears": NOT, "on_steroid": MET}),
    case("a relapse 15 days after the last dose", withdrawn(100, 115), "dependence", "dependence__off_days",
         {0: NOT, 14: NOT, 15: MET}, dependence__rule="on_steroid"),
    case("a relapse 14 days after the last dose", withdrawn(100, 114), "dependence", "dependence__off_days",
         {0: NOT, 13: NOT, 14: MET, 15: MET}, dependence__rule="on_steroid"),
    case("a relapse 2 days after the last dose", withdrawn(100, 102), "dependence", "dependence__off_days",
         {0: NOT, 14: MET}, dependence__rule="on_steroid"),
    case("121 days unseen from the last dose on, which a relapse on the next day would count for", adult()
         .steroid(60, 0, 60).steroid(20, 61, 100).ill(0).well(20, 60, 100).well_every(60, 221, 730), "dependence",
         "dependence__off_days", {0: OPEN, 14: OPEN}, dependence__rule="on_steroid"),
    case("121 days unseen from the day after the last dose on", adult().steroid(60, 0, 60).steroid(20, 61, 100).ill(0)
         .well(20, 60, 101).well_every(60, 222, 730), "dependence", "dependence__off_days", {0: NOT, 14: OPEN},
         dependence__rule="on_steroid"),
    case("on steroid, off it, on steroid", adult().steroid(60, 0, 60).steroid(10, 61, 100).steroid(60, 101, 130)
         .steroid(60, 201, 260).ill(0, 100, 200, 250).well(20, 50, 80, 120, 150, 180, 220).well_every(30, 270, 730),
         "dependence", "dependence__consecutive", {"any": MET, "consecutive": NOT}, **ON, dependence__relapses=2),
    case("on steroid twice, then off it", adult().steroid(60, 0, 60).steroid(10, 61, 100).steroid(60, 101, 160)
         .ill(0, 100, 150, 250).well(20, 50, 80, 120, 180, 210).well_every(30, 280, 730), "dependence",
         "dependence__consecutive", {"any": MET, "consecutive": MET}, **ON, dependence__relapses=2),
    case("one relapse on steroid", withdrawn(130, 100), "dependence", "dependence__relapses", {1: MET, 2: NOT}, **ON),
]  # fmt: skip


@pytest.mark.parametrize(("record", "clause", "key", "readings", "common"), [*URINE, *FREQUENT, *DEPENDENCE])
def test_each_reading_gives_its_own_answer(tmp_path, record, clause, key, readings, common):
    assert read(tmp_path, record, clause, key, readings, common) == readings


POPULATIONS = [
    ("an adult", full().ill(0, 84), {}, "failed_course"),
    ("an adult, by a set for children", full().ill(0, 84), {"age_below": 18}, "other_age"),
    ("a child, by a set for children", child().steroid(40, 0, 120).ill(0, 84), {"age_below": 18}, "failed_course"),
    ("a child, by a set for adults", child().steroid(40, 0, 120).ill(0, 84), {"age_from": 18}, "other_age"),
    ("fsgs, by a set for minimal change", full().ill(0, 84).biopsied("fsgs"), {"lesions": ["minimal_change"]},
     "other_lesion"),
    ("minimal change, by that set", full().ill(0, 84).biopsied("minimal_change"), {"lesions": ["minimal_change"]},
     "failed_course"),
    ("no biopsy, and the set applies", full().ill(0, 84), {"lesions": ["fsgs"], "unknown_lesion": "applies"},
     "failed_course"),
    ("no biopsy, and the set cannot tell", full().ill(0, 84), {"lesions": ["fsgs"], "unknown_lesion": "undetermined"},
     "lesion_not_known"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "changes", "reason"), [p[1:] for p in POPULATIONS], ids=[p[0] for p in POPULATIONS])
def test_a_set_gives_no_verdict_where_it_does_not_apply(tmp_path, record, changes, reason):
    verdict = verdict_of(record, variant(tmp_path, **{f"population__{key}": value for key, value in changes.items()}))
    applies = reason == "failed_course"
    assert verdict.clauses[0].reason == reason
    assert verdict.category == ("steroid_resistant" if applies else "undetermined")
    assert verdict.refractory is (True if applies else None)
    if not applies:
        assert {clause.reason for clause in verdict.clauses} == {reason, "not_defined"}
        assert verdict.episodes == ()


def test_an_age_that_is_not_known_matters_only_to_a_set_with_ages(tmp_path):
    record = full().ill(0, 84)
    record.age = None
    assert verdict_of(record).clauses[0].reason == "failed_course"
    assert verdict_of(record, variant(tmp_path, population__age_below=18)).clauses[0].reason == "age_not_known"


def test_a_course_that_goes_on_has_no_end_to_count_from(tmp_path):
    record = adult(400).steroid(60, 0, 60).steroid(10, 61, 400).ill(0).well_every(30, 20, 400)
    reasons = {}
    for anchor in ("remission", "course_end"):
        verdict = verdict_of(record, variant(tmp_path, frequent__anchor=anchor))
        reasons[anchor] = {clause.name: clause.reason for clause in verdict.clauses}["frequent_n6"]
    assert reasons == {"remission": "fewer_relapses", "course_end": "anchor_not_reached"}
