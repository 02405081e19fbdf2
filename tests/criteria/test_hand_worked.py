"""Records worked out by hand, most of them one day or one milligram to either side of a boundary.

Adults weigh 60 kg: an adequate dose is 54 mg/day or more (1 mg/kg, 10% off for tablets), the maintenance dose
10 mg/day. Children weigh 20 kg: 36 mg/day (2 mg/kg, 10% off), and 4 mg/day. Day 84 is the end of week 12.
"""

from __future__ import annotations

import pytest

from .builder import adult, child, source, statuses, variant, verdict_of

MET, NOT, OPEN = "met", "not met", "cannot be judged"


def full(first=0, last=120, mg=60):
    """An adult on adequate steroid."""
    return adult().steroid(mg, first, last)


def sensitive(end=730):
    """An adult in remission on day 28, steroid tapered to nothing by day 195."""
    return adult(end).taper(0).ill(0, 14).well(28)


def dependent(mg, relapse=98, end=730):
    """In remission on day 28, on `mg` from day 84, ill on day `relapse`, on 60 mg from the day after."""
    start = adult(end).steroid(60, 0, 55).steroid(40, 56, 83).steroid(mg, 84, relapse)
    return start.taper(relapse + 1).ill(0, 14).well(28, 56, 84).ill(relapse)


def relapsing(*relapses, first_remission=20, end=730):
    """Well every 10 days but for these days, each followed by remission; no steroid after day 60."""
    record = adult(end).steroid(60, 0, 60).ill(0).ill(*relapses)
    return record.well(*(d for d in range(first_remission, end + 1, 10) if d not in relapses))


def case(why, record, category=None, met_on=None, **clauses):
    return pytest.param(record, category, met_on, clauses, id=why)


RESISTANCE = [
    case("remission on day 84 is in time", full().ill(0, 56).well(84, 112), resistance=NOT),
    case(
        "ill on day 84, remission on day 85: resistant", full().ill(0, 56, 84).well(85), "steroid_resistant", 84,
        resistance=MET,
    ),
    case("ill on 70, remission by 100: nobody saw day 84", full().ill(0, 70).well(100), resistance=OPEN),
    case("ill on 70, remission on 84 exactly", full().ill(0, 70).well(84), resistance=NOT),
    case("the record ends on day 83 of the course", adult(83).steroid(60, 0, 83).ill(0, 83), resistance=OPEN),
    case("the record ends on day 84, still ill", adult(84).steroid(60, 0, 84).ill(0, 84), met_on=84, resistance=MET),
    case("84 days of dose, 0 to 83, are 12 weeks", full(last=83).steroid(30, 84, 200).ill(0, 84), resistance=MET),
    case("treated from day 10: day 94 counts", full(first=10).ill(0, 84, 93).well(94), resistance=NOT),
    case("treated from day 10, ill on day 94", full(first=10).ill(0, 84, 94).well(95), met_on=94, resistance=MET),
    case("8 weeks in vain, then reduced", full(last=55).steroid(30, 56, 90).ill(0, 56, 100), met_on=56, resistance=MET),
    case("8 weeks less a day prove nothing", full(last=54).steroid(30, 55, 90).ill(0, 55, 100), resistance=OPEN),
    case("reduced after 8 weeks, not seen since", full(last=55).steroid(30, 56, 90).ill(0, 55), resistance=OPEN),
    case("reduced after 8 weeks, well on day 84", full(last=55).steroid(30, 56, 90).ill(0, 56).well(84),
         resistance=NOT),
    case("54 mg are adequate for 60 kg", full(mg=54).ill(0, 84), resistance=MET),
    case("53 mg are not", full(mg=53).ill(0, 84), resistance=OPEN),
    case("but who remits on 53 mg does not resist", full(mg=53).ill(0).well(40), resistance=NOT),
    case("60 mg are adequate for 100 kg by the cap", adult(weight=100.0).steroid(60, 0, 99).ill(0, 84), resistance=MET),
    case("120 mg on alternate days are not daily", adult().steroid(120, 0, 120, "alternate_day").ill(0, 84),
         resistance=OPEN),
    case("a child: 36 mg for 20 kg are adequate", child().steroid(36, 0, 99).ill(0, 84), resistance=MET),
    case("a child: 35 mg are not", child().steroid(35, 0, 99).ill(0, 84), resistance=OPEN),
    case("no steroid shows nothing", adult().ill(0, 84, 200), "undetermined", resistance=OPEN),
    case("nor does remission without steroid", adult().ill(0).well(50), "undetermined", resistance=OPEN),
    case(
        "late resistance: the relapse of day 300 is still there 84 days on", sensitive().well_every(30, 60, 270)
        .steroid(60, 300, 400).ill(300, 330, 384), "steroid_resistant", 384, resistance=MET,
    ),
    case(
        "a relapse that remits within 84 days is not", sensitive().well_every(30, 60, 270).steroid(60, 300, 400)
        .ill(300, 330).well(384), resistance=NOT,
    ),
    case("one fresh relapse leaves it open", sensitive(340).well_every(30, 60, 270).steroid(60, 300, 340)
         .ill(300, 330), resistance=OPEN),
    case("a first course too short, a second that works within 12 weeks", full(last=30).steroid(20, 31, 99)
         .steroid(60, 100, 200).ill(0, 60, 100).well(150), resistance=NOT),
    case("two courses too short", full(last=30).steroid(20, 31, 99).steroid(60, 100, 130)
         .ill(0, 60, 190), resistance=OPEN),
    case("partial remission is not remission", full().ill(0).between(30, 60, 84), met_on=84, resistance=MET),
]  # fmt: skip

DEPENDENCE = [
    case("relapse on 20 mg, remission on 60", dependent(20).well(120), "steroid_dependent", 120, dependence=MET),
    case("relapse on exactly 10 mg, the maintenance dose", dependent(10).well_every(30, 120, 720), dependence=NOT),
    case("relapse on 11 mg", dependent(11).well(120), met_on=120, dependence=MET),
    case("relapse on the first day of the taper", adult().steroid(60, 0, 55).steroid(40, 56, 60).taper(61).ill(0)
         .well(28).ill(56).well(80), met_on=80, dependence=MET),
    case("relapse the day before: full dose, not yet reduced", adult().steroid(60, 0, 55).steroid(40, 56, 60).taper(61)
         .ill(0).well(28).ill(55).well_every(30, 80, 730), dependence=NOT),
    case("the visit that finds the relapse raises the dose the same day", adult().steroid(60, 0, 55).steroid(40, 56, 83)
         .taper(84).ill(0).well(28).ill(84).well(110), met_on=110, dependence=MET),
    case("raised on the 90th day after the relapse", adult().steroid(60, 0, 55).steroid(20, 56, 177).taper(178).ill(0)
         .well(28).ill(88).between(120, 178).well(200),
         met_on=200, dependence=MET),
    case("raised on the 91st", adult().steroid(60, 0, 55).steroid(20, 56, 178).taper(179).ill(0).well(28).ill(88)
         .between(120, 178).well_every(30, 200, 730), dependence=NOT),
    case("relapse on an undiminished 54 mg, then raised to 60", adult().steroid(54, 0, 60).taper(61).ill(0).well(28)
         .ill(55).well_every(30, 80, 730), dependence=NOT),
    case("raised only after remission had come", adult().taper(0).stopped(119).steroid(60, 120, 140).ill(0)
         .well(28).ill(98).well_every(30, 110, 730), dependence=NOT),
    case("remission without a higher dose", adult().taper(0).ill(0).well(28).ill(98).well_every(30, 120, 730),
         dependence=NOT),
    case("the higher dose fails: resistance, not dependence", dependent(20).ill(*range(120, 730, 30)),
         "steroid_resistant",
         155, dependence=NOT, resistance=MET),
    case("the record ends before the higher dose could work", dependent(20, end=140).ill(120), dependence=OPEN),
    case("remission 101 days after the raise, not seen between", dependent(20).ill(140).well(200), dependence=OPEN),
    case("the dose came down before remission was seen", adult().steroid(60, 0, 40).steroid(30, 41, 90).taper(91)
         .ill(0, 40).well(60).ill(90).well(120), dependence=OPEN),
    case("a child on 15 mg on alternate days, 7.5 a day", child().steroid(40, 0, 55).steroid(15, 56, 99,
         "alternate_day")
         .steroid(40, 100, 200).ill(0).well(28).ill(90).well(120), "steroid_dependent", 120, dependence=MET),
    case("a child on 8 mg on alternate days, the maintenance dose", child().steroid(40, 0, 55)
         .steroid(8, 56, 99, "alternate_day").steroid(40, 100, 200).ill(0).well(28).ill(90).well_every(30, 120, 720),
         dependence=NOT),
    case("the record ends in the taper", adult(100).taper(0).ill(0).well(28, 60, 90), dependence=OPEN),
    case("the taper reached 10 mg on the last day", adult(112).taper(0).ill(0).well(28, 60, 90), dependence=NOT),
    case("121 days unseen in the taper", adult().taper(0).ill(0).well(28).well_every(60, 149, 730), dependence=OPEN),
    case("120 days unseen in the taper", adult().taper(0).ill(0).well(28).well_every(60, 148, 730), dependence=NOT),
]  # fmt: skip

FREQUENT = [
    case("two relapses within 183 days of remission", relapsing(100, 203), "frequently_relapsing", 203,
         frequent_n6=MET),
    case("the second on day 184", relapsing(100, 204), "infrequently_relapsing", frequent_n6=NOT, frequent_n12=NOT),
    case("three in a year are not more than three", relapsing(210, 300, 400), "infrequently_relapsing",
         frequent_n6=NOT, frequent_n12=NOT),
    case("four in a year are", relapsing(210, 300, 400, 500), "frequently_relapsing", 500, frequent_n6=NOT,
         frequent_n12=MET),
    case("the fourth 365 days after the first", relapsing(210, 300, 400, 575), met_on=575, frequent_n12=MET),
    case("the fourth 366 days after the first", relapsing(210, 300, 400, 576), frequent_n12=NOT),
    case("182 days after remission six months are not over", relapsing(end=202), "undetermined", frequent_n6=OPEN,
         frequent_n12=OPEN),
    case("183 days after they are, the year is not", relapsing(end=203), "undetermined", frequent_n6=NOT,
         frequent_n12=OPEN),
    case("365 days after: never relapsed", relapsing(end=385), "non_relapsing", frequent_n6=NOT, frequent_n12=NOT),
    case("one relapse seen, 121 days unseen may hide another", adult().steroid(60, 0, 60).ill(0).well(20, 50).ill(60)
         .well(70).well_every(60, 191, 730), frequent_n6=OPEN, frequent_n12=NOT),
    case("one relapse seen, 120 days unseen", adult().steroid(60, 0, 60).ill(0).well(20, 50).ill(60).well(70)
         .well_every(60, 190, 730), frequent_n6=NOT, frequent_n12=NOT),
    case("not seen in the last 200 days: one may hide, four may not", adult(600).steroid(60, 0, 60).ill(0)
         .well_every(30, 20, 400), frequent_n6=NOT, frequent_n12=NOT),
    case("resistant and never in remission: nothing to relapse from", full().ill(0, 84, 180, 300, 420, 540, 660),
         "steroid_resistant", frequent_n6=NOT, frequent_n12=NOT, dependence=NOT),
    case("never in remission, resistance unknown", adult(60).steroid(60, 0, 60).ill(0, 60), "undetermined",
         frequent_n6=OPEN, frequent_n12=OPEN, dependence=OPEN),
]  # fmt: skip

INTOLERANCE = [
    case("contraindication only: steroid withheld", adult().noted(0, "tuberculosis", "contraindication", "withheld")
         .ill(0, 100), "steroid_intolerant", 0, contraindication=MET, toxicity=NOT, resistance=OPEN),
    case("a contraindication that changed nothing", sensitive().noted(0, "diabetes", "contraindication", "none")
         .well_every(60, 60, 730), "non_relapsing", contraindication=NOT),
    case("toxicity that ended steroid", sensitive().noted(90, "psychosis", "toxicity", "stopped")
         .well_every(60, 60, 730),
         "steroid_intolerant", 90, toxicity=MET),
    case("toxicity borne with", sensitive().noted(90, "cataract", "toxicity", "none").well_every(60, 60, 730),
         "non_relapsing", toxicity=NOT),
    case("resistance goes before intolerance", full().ill(0, 84).noted(20, "psychosis", "toxicity", "cut"),
         "steroid_resistant", 20, resistance=MET, toxicity=MET),
]  # fmt: skip

URINE = [
    case("three days at home confirm remission", full().ill(0).home("3+", 1, 80).home("trace", 81, 83)
         .home("1+", 84, 99), resistance=NOT),
    case("two do not", full().ill(0).home("3+", 1, 81).home("trace", 82, 83).home("1+", 84, 99), met_on=84,
         resistance=MET),
    case("two and one more of the next grade do", full().ill(0).home("1+", 1, 80).home("trace", 81, 82)
         .home("negative", 83, 83).home("2+", 84, 99), resistance=NOT),
    case("2+ for days is no relapse, 3+ on the third day is", relapsing(end=400).home("2+", 21, 29).home("3+", 31, 33)
         .home("negative", 34, 39).home("3+", 41, 43), "frequently_relapsing", 41, frequent_n6=MET),
    case("a high UPCR wins over the negative dipstick of the day", full().ill(0, 84).stick("negative", 84),
         resistance=MET),
    case("a low UPCR wins over the 3+ of the day", full().ill(0).well(84).stick("3+", 84), resistance=NOT),
    case("UPCR wins over the home dipstick of the day", full().ill(0).home("negative", 83, 85).ill(84), resistance=MET),
    case("an adult's 0.3 is remission", full().ill(0).upcr(0.3, 84), resistance=NOT),
    case("a child's 0.3 is not", child().steroid(40, 0, 99).ill(0).upcr(0.3, 84), resistance=MET),
    case("a child relapses at 2.0", child().steroid(40, 0, 20).ill(0).well(10).upcr(2.0, 30).well(40).upcr(2.0, 50),
         frequent_n6=MET),
    case("an adult does not below 3.5", adult().steroid(60, 0, 20).ill(0).well(10).upcr(3.4, 30).well(40).upcr(3.4, 50)
         .well_every(60, 60, 730), "non_relapsing", frequent_n6=NOT),
]  # fmt: skip


CASES = [*RESISTANCE, *DEPENDENCE, *FREQUENT, *INTOLERANCE, *URINE]


@pytest.mark.parametrize(("record", "category", "met_on", "clauses"), CASES)
def test_hand_worked(record, category, met_on, clauses):
    verdict = verdict_of(record)
    found = statuses(verdict)
    assert {name: found[name] for name in clauses} == clauses, verdict.clauses
    if category:
        assert verdict.category == category, verdict.clauses
    if met_on is not None:
        assert verdict.refractory is True
        assert verdict.first_met_days == met_on


def test_one_clinic_reading_suffices_unless_the_set_asks_for_two(tmp_path):
    record = full().ill(0, 30).well(60).ill(84).well(100)
    strict = variant(tmp_path, urine__clinic_readings=2)
    assert statuses(verdict_of(record, source()))["resistance"] == NOT
    assert statuses(verdict_of(record, strict))["resistance"] == MET
    assert statuses(verdict_of(full().ill(0, 30).well(60, 84), strict))["resistance"] == NOT


def test_umbrella_can_be_switched_off(tmp_path):
    record = full(last=55).steroid(30, 56, 90).ill(0, 56, 100)
    assert statuses(verdict_of(record, variant(tmp_path, resistance__umbrella="off")))["resistance"] == OPEN


def test_windows_first_sliding_and_blocks_differ(tmp_path):
    late = relapsing(300, 400)
    found = {
        w: statuses(verdict_of(late, variant(tmp_path, frequent__six_months__window=w)))
        for w in ("first", "sliding", "blocks")
    }
    # From the first remission on day 20 the blocks are days 21-203, 204-386, 387-569: one relapse in each.
    assert {w: f["frequent_n6"] for w, f in found.items()} == {"first": NOT, "sliding": MET, "blocks": NOT}
    both = relapsing(204, 386)
    assert statuses(verdict_of(both, variant(tmp_path, frequent__six_months__window="blocks")))["frequent_n6"] == MET


def test_two_relapses_of_the_kind_where_the_set_asks_for_two(tmp_path):
    once = dependent(20).well_every(30, 120, 730)
    strict = variant(tmp_path, dependence__relapses=2)
    assert statuses(verdict_of(once, strict))["dependence"] == NOT
    twice = dependent(20).stopped(190).well(120, 150, 180).ill(190).steroid(60, 191, 300).well(220)
    assert statuses(verdict_of(twice, strict))["dependence"] == MET


def test_a_dose_of_nothing_is_no_dose(tmp_path):
    japan = variant(tmp_path, "japan-official-refractory")
    nothing = adult().steroid(0, 0, 55).agent("tacrolimus", 0, 60, 90).upcr(5.0, 441)
    assert statuses(verdict_of(nothing, japan))["persistence"] == OPEN
    assert statuses(verdict_of(adult().agent("tacrolimus", 4, 60, 90).upcr(5.0, 441), japan))["persistence"] == MET
