"""Where guidelines leave a word open, a set says how it reads it: the half on what treatment did.

Adults as in `test_hand_worked`; 5.0 mg/mg is nephrotic, 1.0 is partial remission where a set has one.
"""

from __future__ import annotations

import pytest

from .builder import adult
from .test_ambiguities import case, read
from .test_hand_worked import MET, NOT, OPEN, full, sensitive

PARTIAL = {"partial__upcr_below": 2.0, "partial__fall": 0.5}
CONFIRMED = {"resistance__umbrella": "off", "resistance__confirmation": 16}
SLOW = {"resistance__slow_lesions": ["fsgs"]}


def alternate(from_day):
    """60 mg daily, from a day on 60 mg on alternate days; still ill on day 84."""
    record = adult().steroid(60, from_day, 120, "alternate_day").ill(0, 84)
    return record.steroid(60, 0, from_day - 1) if from_day else record


def relapse_treated():
    """In remission on day 28; the relapse of day 300 is treated at once and remits on day 340."""
    return sensitive().well_every(30, 60, 270).steroid(60, 300, 400).ill(300, 328).well_every(30, 340, 730)


RESISTANCE = [
    case("partial remission on day 60", full().ill(0).between(60, 84), "resistance", "resistance__response",
         {"complete": MET, "partial": NOT}, **PARTIAL),
    case("a ratio that fell by less than half is no partial remission", full().upcr(1.8, 0).between(60, 84),
         "resistance", "resistance__response", {"complete": MET, "partial": MET}, **PARTIAL),
    case("a ratio of 1.0 after 1.8, with any fall or with half", full().upcr(1.8, 0).between(60, 84), "resistance",
         "partial__fall", {"off": NOT, 0.4: NOT, 0.5: MET}, partial__upcr_below=2.0, resistance__response="partial"),
    case("partial remission with albumin of 2.9", full().ill(0).between(60, 84).albumin(2.9, 60, 84), "resistance",
         "partial__albumin", {"off": NOT, 2.9: NOT, 3.0: MET}, **PARTIAL, resistance__response="partial"),
    case("2+ on days 60 and 84", full().ill(0).stick("2+", 60, 84), "resistance", "partial__band_below",
         {"off": MET, "2+": MET, "3+": NOT}, partial__upcr_below=2.0, partial__fall="off",
         resistance__response="partial"),
    case("clear urine with low albumin is partial remission, where there is one", full().ill(0).well(60, 84)
         .albumin(3.0, 60, 84), "resistance", "resistance__response", {"complete": MET, "partial": NOT}, **PARTIAL,
         urine__remission_albumin=3.5),
    case("nephrotic on day 84, well on day 100", full().ill(0, 84).well(100), "resistance",
         "resistance__confirmation_for", {"any": NOT, "partial": MET}, **PARTIAL, **CONFIRMED),
    case("in partial remission on day 84, well on day 100", full().ill(0).between(84).well(100), "resistance",
         "resistance__confirmation_for", {"any": NOT, "partial": NOT}, **PARTIAL, **CONFIRMED),
    case("well on day 100, with and without weeks of confirmation", full().ill(0, 84, 91).well(100), "resistance",
         "resistance__confirmation", {"off": MET, 13: MET, 15: NOT}, resistance__umbrella="off"),
    case("fsgs that remits on day 100", full().ill(0, 84, 91).well(100).biopsied("fsgs"), "resistance",
         "resistance__slow_course", {12: MET, 13: MET, 16: NOT}, **SLOW),
    case("fsgs or another lesion that takes longer", full().ill(0, 84).well(100).biopsied("fsgs"), "resistance",
         "resistance__slow_lesions", {("fsgs",): NOT, ("membranous", "fsgs"): NOT, ("membranous",): MET},
         resistance__slow_course=16),
    case("no biopsy: no lesion is known that takes longer", full().ill(0, 84).well(100), "resistance",
         "resistance__slow_lesions", {("fsgs",): MET}, resistance__slow_course=16),
    case("a relapse ill after 4 weeks, well after 6", relapse_treated(), "resistance", "resistance__relapse_course",
         {"off": NOT, 4: MET, 6: NOT, 12: NOT}, resistance__umbrella="off"),
    case("the same, called secondary resistance", relapse_treated(), "secondary_resistance",
         "course_flags__secondary_course", {"off": "not defined", 4: MET, 8: NOT}),
    case("steroid on alternate days from the start", alternate(0), "resistance", "steroid__alternate_after",
         {0: MET, 4: OPEN}, steroid__alternate_cap=40),
    case("on alternate days after 4 weeks", alternate(28), "resistance", "steroid__alternate_after",
         {0: MET, 4: MET, 5: OPEN}, steroid__alternate_cap=40),
    case("on alternate days a day before 4 weeks were over", alternate(27), "resistance", "steroid__alternate_after",
         {0: MET, 4: OPEN}, steroid__alternate_cap=40),
    case("60 mg on alternate days after 4 weeks", alternate(28), "resistance", "steroid__alternate_cap",
         {"off": OPEN, 40: MET, 60: MET, 80: OPEN}, steroid__alternate_after=4),
    case("1 mg/kg on alternate days after 4 weeks", alternate(28), "resistance", "steroid__alternate_per_kg",
         {"off": OPEN, 1.0: MET, 1.5: OPEN}, steroid__alternate_after=4),
]  # fmt: skip

COURSE = [
    case("nephrotic on day 84, well on day 100: late by any word, or only from partial remission",
         full().ill(0, 84).well(100), "late_response", "resistance__confirmation_for", {"any": MET, "partial": NOT},
         **PARTIAL, **CONFIRMED, course_flags__late_responder="reported"),
    case("in partial remission on day 84", full().ill(0).between(84).well(100), "late_response",
         "resistance__confirmation_for", {"any": MET, "partial": MET}, **PARTIAL, **CONFIRMED,
         course_flags__late_responder="reported"),
    case("well in the 15th week, of 14 or 16", full().ill(0, 84, 98).well(100), "late_response",
         "resistance__confirmation", {14: NOT, 16: MET}, resistance__umbrella="off",
         course_flags__late_responder="reported"),
    case("a ratio of 1.0 at the end of the course", full().ill(0).between(60, 84), "partial_remission",
         "partial__upcr_below", {1.0: NOT, 1.1: MET, 2.0: MET}, course_flags__partial_remission="reported"),
]  # fmt: skip

FLAGS = ["resistant", "dependent", "frequent", "intolerant"]
PERSISTS = {"persistence__length": 168, "verdict__precedence": [*FLAGS, "non_remitting"]}
TREATED = {"other_agents__calcineurin_inhibitors": ["tacrolimus"], "other_agents__calcineurin_course": 168}
SEVERAL = {"other_agents__multidrug_course": 168, "other_agents__multidrug_each": 28}


def unremitting(*days):
    """An adult ill for over a year on 12 weeks of steroid; other drugs are given from day 100."""
    return adult().steroid(60, 0, 90).ill(0, 50, 100, *days).ill(*range(400, 730, 30))


def ill_on():
    return unremitting(*range(130, 400, 30))


OTHER = [
    case("the first episode remits, a relapse goes on for half a year", sensitive().well_every(30, 60, 180)
         .steroid(60, 200, 400).ill(200, 260, 320, 380), "persistence", "persistence__episodes",
         {"first": NOT, "any": MET}, **PERSISTS),
    case("half a year on steroid alone", adult().steroid(60, 0, 200).ill(0, 60, 120, 168, 200), "persistence",
         "persistence__other_agent", {"not_required": MET, "required": NOT}, **PERSISTS),
    case("half a year, with another drug on its last day", adult().steroid(60, 0, 200).ill(0, 60, 120, 168, 200)
         .agent("levamisole", 50.0, 168, 300), "persistence", "persistence__other_agent",
         {"not_required": MET, "required": MET}, **PERSISTS),
    case("another drug the day after", adult().steroid(60, 0, 200).ill(0, 60, 120, 168, 200)
         .agent("levamisole", 50.0, 169, 300), "persistence", "persistence__other_agent",
         {"not_required": MET, "required": MET}, **PERSISTS),
    case("another drug after the last reading", adult().steroid(60, 0, 200).ill(0, 60, 120, 168, 200)
         .agent("levamisole", 50.0, 201, 300), "persistence", "persistence__other_agent",
         {"not_required": MET, "required": OPEN}, **PERSISTS),
    case("partial remission within half a year", adult().steroid(60, 0, 200).ill(0).between(60, 120, 168, 200),
         "persistence", "persistence__response", {"complete": MET, "partial": NOT}, **PERSISTS, **PARTIAL),
    case("ill on day 168, well on day 200", adult().steroid(60, 0, 200).ill(0, 60, 120, 168).well(200), "persistence",
         "persistence__length", {168: MET, 183: OPEN, 200: NOT},
         verdict__precedence=PERSISTS["verdict__precedence"]),
    case("partial remission on tacrolimus", adult().steroid(60, 0, 90).agent("tacrolimus", 6.0, 100, 300)
         .ill(0, 50, 100).between(180, 268), "calcineurin_resistance", "other_agents__calcineurin_response",
         {"complete": MET, "partial": NOT}, **TREATED, **PARTIAL),
    case("six months on tacrolimus and no remission", ill_on().agent("tacrolimus", 6.0, 100, 267),
         "calcineurin_resistance", "other_agents__calcineurin_course", {84: MET, 168: MET, 169: OPEN},
         other_agents__calcineurin_inhibitors=["tacrolimus"]),
    case("ciclosporin, where the set names tacrolimus", ill_on().agent("ciclosporin", 200.0, 100, 300),
         "calcineurin_resistance", "other_agents__calcineurin_inhibitors",
         {("tacrolimus",): NOT, ("ciclosporin", "tacrolimus"): MET}, other_agents__calcineurin_course=168),
    case("tacrolimus with a break of 20 days", ill_on().agent("tacrolimus", 6.0, 100, 180)
         .agent("tacrolimus", 6.0, 201, 300), "calcineurin_resistance", "other_agents__longest_break",
         {20: OPEN, 21: MET}, **TREATED),
    case("tacrolimus alone for months", ill_on().agent("tacrolimus", 6.0, 100, 300), "multidrug_resistance",
         "other_agents__multidrug_classes", {1: MET, 2: NOT}, **SEVERAL),
    case("tacrolimus and mycophenolate", ill_on().agent("tacrolimus", 6.0, 100, 300)
         .agent("mycophenolate", 1000.0, 150, 300), "multidrug_resistance", "other_agents__multidrug_classes",
         {1: MET, 2: MET, 3: NOT}, **SEVERAL),
    case("two drugs of one class", ill_on().agent("tacrolimus", 6.0, 100, 200).agent("ciclosporin", 200.0, 201, 300),
         "multidrug_resistance", "other_agents__multidrug_classes", {1: MET, 2: NOT}, **SEVERAL),
    case("50 days of a second class", ill_on().agent("tacrolimus", 6.0, 100, 300)
         .agent("mycophenolate", 1000.0, 150, 199), "multidrug_resistance", "other_agents__multidrug_each",
         {28: MET, 50: MET, 51: NOT}, other_agents__multidrug_course=168, other_agents__multidrug_classes=2),
    case("partial remission on two classes", adult().steroid(60, 0, 90).agent("tacrolimus", 6.0, 100, 300)
         .agent("mycophenolate", 1000.0, 100, 300).ill(0, 50, 100).between(180, 268, 300), "multidrug_resistance",
         "other_agents__multidrug_response", {"complete": MET, "partial": NOT}, **SEVERAL, **PARTIAL,
         other_agents__multidrug_classes=2),
    case("two infusions of rituximab", ill_on().infusion("rituximab", 600.0, 100, 107), "multidrug_resistance",
         "other_agents__single_dose_lasts", {1: NOT, 161: MET, 160: NOT, 180: MET}, **SEVERAL),
]  # fmt: skip


@pytest.mark.parametrize(("record", "clause", "key", "readings", "common"), [*RESISTANCE, *COURSE, *OTHER])
def test_each_reading_gives_its_own_answer(tmp_path, record, clause, key, readings, common):
    assert read(tmp_path, record, clause, key, readings, common) == readings
