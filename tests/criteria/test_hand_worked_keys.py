"""Records worked out by hand on both sides of the border of each key that a set may leave out.

As in `test_hand_worked`: adults weigh 60 kg, and day 84 is the end of week 12. Every record is read by the second
implementation as well.
"""

from __future__ import annotations

import pytest

from nephrosyn import criteria

from .builder import adult, child, source, statuses, tables, variant, verdict_of
from .second_implementation.comparing import differences

MET, NOT, OPEN = "met", "not met", "cannot be judged"


def read(record, definition):
    """The verdict, on which both implementations agree."""
    assert differences(tables(record), [definition]) == []
    return verdict_of(record, definition)


def answer(clause, record, definition):
    """Status of a clause, and the day on which it was met."""
    found = next(one for one in read(record, definition).clauses if one.name == clause)
    return (found.status, found.days) if found.status == MET else found.status


def full(last=120):
    return adult().steroid(60, 0, last)


class TestLesserResponse:
    """Adults with minimal change disease: 16 weeks end on day 112."""

    kdigo = staticmethod(lambda: criteria.load("kdigo-2021-adults"))

    def resistance(self, record):
        return answer("resistance", record.biopsied("minimal_change"), self.kdigo())

    def test_above_the_limit_and_not_halved(self):
        assert self.resistance(full().upcr(8.0, 0).upcr(4.01, 112)) == (MET, 112)
        assert self.resistance(full().upcr(4.0, 0).upcr(3.51, 112)) == (MET, 112)

    def test_halved_but_above_the_limit(self):
        assert self.resistance(full().upcr(8.0, 0).upcr(4.0, 112)) == NOT

    def test_below_the_limit_but_not_halved(self):
        assert self.resistance(full().upcr(4.0, 0).upcr(3.5, 112)) == NOT

    def test_halved_a_day_too_late(self):
        assert self.resistance(full().upcr(8.0, 0, 112).upcr(3.0, 113)) == (MET, 112)

    def test_clear_urine_without_albumin_is_no_remission_but_a_response(self):
        verdict = read(full().upcr(8.0, 0, 60, 100).well(112).biopsied("minimal_change"), self.kdigo())
        assert statuses(verdict)["resistance"] == NOT
        assert [one.remission_days for one in verdict.episodes] == [None]

    @pytest.mark.parametrize("band, expected", [("2+", NOT), ("3+", (MET, 112))])
    def test_dipstick(self, band, expected):
        assert self.resistance(full().stick("4+", 0).stick(band, 112)) == expected

    def test_true_course(self):
        slow = full(200).biopsied("minimal_change")
        for target, expected in ((4.01, MET), (4.0, NOT)):
            slow.rows["truth/proteinuria"] = [(0.0, 8.0, 0.0, 8.0), (100.5, target, 0.0, target)]
            assert differences(tables(slow), [self.kdigo()], "complete") == []
            assert statuses(verdict_of(slow, self.kdigo(), "complete"))["resistance"] == expected

    def test_a_set_must_say_what_it_is(self, tmp_path):
        with pytest.raises(criteria.CriteriaError, match=r"lesser_response\.upcr"):
            variant(tmp_path, resistance__response="lesser")

    def test_in_words(self):
        verdict = read(full().upcr(8.0, 0).upcr(4.0, 112).biopsied("minimal_change"), self.kdigo())
        (said,) = (one.sentence for one in verdict.clauses if one.name == "resistance")
        assert "sufficient fall of proteinuria on day 112" in said.lower()


def relapsed_twice(*doses):
    """A child that relapsed on alternate-day steroid on day 80, and again on day 150."""
    record = child(400).steroid(40, 0, 41).steroid(30, 42, 80, "alternate_day").steroid(40, 81, 100)
    for dose in doses:
        record.steroid(*dose)
    return record.ill(0).well(20, 50).ill(80).well(95, 120).ill(150).well_every(30, 170, 400)


class TestSchedules:
    @pytest.mark.parametrize("changed, expected", [(149, (MET, 150)), (150, NOT)])
    def test_relapse_on_alternate_days(self, changed, expected):
        record = relapsed_twice((20, 101, changed - 1), (20, changed, 200, "alternate_day"))
        assert answer("dependence", record, criteria.load("ispn-2021")) == expected

    @pytest.mark.parametrize("stopped, expected", [(136, (MET, 150)), (135, NOT)])
    def test_soon_after_stopping_it_is_all_one(self, stopped, expected):
        assert answer("dependence", relapsed_twice((20, 101, stopped)), criteria.load("ispn-2021")) == expected

    def test_no_schedule_is_refused(self, tmp_path):
        with pytest.raises(criteria.CriteriaError, match="at least one schedule"):
            variant(tmp_path, "ispn-2021", dependence__schedules=[])


class TestJapan:
    """Six months are 183 days; a change takes two readings."""

    japan = staticmethod(lambda: criteria.load("japan-official-refractory"))

    def persistence(self, record, definition=None):
        return answer("persistence", record, definition or self.japan())

    def treated(self, *agent):
        record = full(200).ill(0)
        return record.agent("ciclosporin", 200, *agent) if agent else record

    @pytest.mark.parametrize("ratio, expected", [(3.49, NOT), (3.5, (MET, 183))])
    def test_incomplete_remission_of_type_two(self, ratio, expected):
        assert self.persistence(self.treated(30, 300).upcr(ratio, 170, 183, 250)) == expected

    @pytest.mark.parametrize("begun, expected", [(183, (MET, 183)), (184, (MET, 184)), (251, OPEN)])
    def test_not_refractory_before_another_drug(self, begun, expected):
        assert self.persistence(self.treated(begun, 300).ill(183, 250)) == expected

    def test_never_another_drug(self):
        assert self.persistence(self.treated().ill(183, 250)) == NOT

    def test_response_before_the_other_drug(self):
        assert self.persistence(self.treated(250, 300).ill(183).well(240, 245)) == NOT

    @pytest.mark.parametrize("last, expected", [(129, (MET, 183)), (128, NOT)])
    def test_for_how_long_another_drug(self, tmp_path, last, expected):
        strict = variant(tmp_path, "japan-official-refractory", persistence__other_agent_days=30)
        assert self.persistence(self.treated(100, last).ill(183, 250), strict) == expected

    def test_days_completed_after_six_months_and_days_still_to_come(self, tmp_path):
        strict = variant(tmp_path, "japan-official-refractory", persistence__other_agent_days=30)
        assert self.persistence(self.treated(170, 199).ill(183, 250), strict) == (MET, 199)
        still = adult(190).steroid(60, 0, 190).agent("ciclosporin", 200, 170, 190).ill(0, 183, 190)
        assert self.persistence(still, strict) == OPEN

    @pytest.mark.parametrize("last, expected", [(27, (MET, 183)), (26, NOT)])
    def test_how_much_steroid(self, tmp_path, last, expected):
        strict = variant(tmp_path, "japan-official-refractory", persistence__adequate_days=28)
        record = adult().steroid(60, 0, last).steroid(20, last + 1, 200).agent("ciclosporin", 200, 60, 300)
        assert self.persistence(record.ill(0, 183, 250), strict) == expected


class TestBreaks:
    @pytest.mark.parametrize("resumed, expected", [(42, (MET, 84)), (43, OPEN)])
    def test_a_missed_day(self, tmp_path, resumed, expected):
        record = adult().steroid(60, 0, 40).steroid(60, resumed, 100).steroid(10, 101, 200).ill(0, 84, 100)
        assert answer("resistance", record, variant(tmp_path, steroid__longest_break=2)) == expected
        assert answer("resistance", record, source()) == OPEN

    @pytest.mark.parametrize("begun, expected", [(97, (MET, 100)), (98, NOT)])
    def test_steroid_begun_at_home_before_the_date_of_relapse(self, tmp_path, begun, expected):
        changes = {"rule": "on_steroid", "relapses": 1, "days_before": 3}
        definition = variant(tmp_path, **{f"dependence__{key}": value for key, value in changes.items()})
        record = adult().steroid(60, 0, 40).ill(0).well(20, 50, 80).ill(100).well_every(30, 120, 730)
        assert answer("dependence", record.steroid(60, begun, 140), definition) == expected


class TestOtherAgentInTheCourse:
    def resistance(self, tmp_path, record):
        return answer(
            "resistance", record.ill(0, 56).well(84), variant(tmp_path, resistance__after_other_agent="not_counted")
        )

    def test_added_before_the_remission(self, tmp_path):
        assert self.resistance(tmp_path, full().agent("tacrolimus", 4, 83, 120)) == OPEN
        assert answer("resistance", full().agent("tacrolimus", 4, 83, 120).ill(0, 56).well(84), source()) == NOT

    def test_added_on_its_day(self, tmp_path):
        assert self.resistance(tmp_path, full().agent("tacrolimus", 4, 84, 120)) == NOT

    def test_given_before_the_course(self, tmp_path):
        given = adult().steroid(60, 10, 120).agent("tacrolimus", 4, 9, 50).agent("tacrolimus", 6, 51, 120)
        assert self.resistance(tmp_path, given) == NOT

    def test_in_vain(self, tmp_path):
        definition = variant(tmp_path, resistance__after_other_agent="not_counted")
        assert answer("resistance", full().agent("tacrolimus", 4, 30, 120).ill(0, 84), definition) == (MET, 84)


class TestDiary:
    @pytest.mark.parametrize("last, expected", [(84, (MET, 84)), (83, NOT)])
    def test_it_outweighs_the_clinic_on_its_days(self, tmp_path, last, expected):
        record = full().ill(0).home("3+", 1, last).well(84)
        assert answer("resistance", record, variant(tmp_path, urine__same_day="diary")) == expected
        assert answer("resistance", record, source()) == NOT

    @pytest.mark.parametrize("third, expected", [(64, [None, 60]), (65, [None])])
    def test_three_of_five_days(self, tmp_path, third, expected):
        record = (
            full().ill(0).well(20).home("3+", 60, 60).home("1+", 61, 61).home("3+", 62, 62).home("negative", 63, 63)
        )
        record.home("3+", third, third)
        verdict = read(record, variant(tmp_path, urine__relapse_window=5))
        assert [one.start_days for one in verdict.episodes] == expected
        assert [one.start_days for one in read(record, source()).episodes] == [None]

    def test_a_window_shorter_than_the_days_is_refused(self, tmp_path):
        with pytest.raises(criteria.CriteriaError, match="relapse_window no shorter than home_days"):
            variant(tmp_path, urine__relapse_window=2)


class TestRelapseUnderCalcineurinInhibitor:
    """Begun in remission on day 60; six months after the relapse of day 100 are over on day 283."""

    def resists(self, tmp_path, last, *readings, counts="counts"):
        record = child().steroid(40, 0, 40).steroid(40, 100, 200).agent("tacrolimus", 2, 60, last).ill(0).well(20, 50)
        definition = variant(tmp_path, "ipna-2022", other_agents__calcineurin_relapses=counts)
        return answer("calcineurin_resistance", record.ill(100, *readings[:-1]).upcr(readings[-1], 283), definition)

    def test_still_ill_after_six_months(self, tmp_path):
        assert self.resists(tmp_path, 282, 200, 5.0) == (MET, 283)

    def test_stopped_too_early(self, tmp_path):
        assert self.resists(tmp_path, 281, 200, 5.0) == OPEN

    def test_response_on_the_last_day(self, tmp_path):
        assert self.resists(tmp_path, 400, 200, 0.1) == NOT

    def test_not_evaluated_otherwise(self, tmp_path):
        assert self.resists(tmp_path, 400, 200, 5.0, counts="not_counted") == NOT


class TestFlareShortOfRemission:
    """Of the source text: proteinuria falls on steroid, returns in the taper, and falls again on a higher dose."""

    def dependence(self, fell_to, mg=20, again=2.0, definition=None):
        record = adult().steroid(60, 0, 55).steroid(40, 56, 83).steroid(mg, 84, 98).taper(99)
        record.ill(0).upcr(fell_to, 28, 56, 84).ill(98).upcr(again, *range(120, 730, 90))
        return answer("dependence", record, definition or source())

    @pytest.mark.parametrize("fell_to, expected", [(2.5, (MET, 120)), (2.51, NOT)])
    def test_by_half(self, fell_to, expected):
        assert self.dependence(fell_to) == expected

    @pytest.mark.parametrize("mg, expected", [(10, NOT), (11, (MET, 120))])
    def test_above_the_maintenance_dose(self, mg, expected):
        assert self.dependence(2.0, mg) == expected

    def test_after_complete_remission_only(self, tmp_path):
        assert self.dependence(2.0, definition=variant(tmp_path, dependence__response="complete")) != (MET, 120)

    def test_in_words(self):
        record = adult().steroid(60, 0, 55).steroid(40, 56, 83).steroid(20, 84, 98).taper(99)
        verdict = read(record.ill(0).upcr(2.0, 28, 56, 84).ill(98).upcr(2.0, 120), source())
        (said,) = (one.sentence for one in verdict.clauses if one.name == "dependence")
        assert said.startswith("Complete or partial remission on day 28, dose reduced on day 84, relapse on day 98")


def test_relapses_that_count_for_nothing_are_named():
    days = range(400, 3000, 150)
    record = adult(3000).steroid(60, 0, 55).steroid(30, 56, 90).steroid(10, 91, 3000).ill(0, *days)
    record.well(*(day for day in range(20, 3000, 20) if day not in days))
    verdict = read(record, source())
    assert verdict.category == "infrequently_relapsing"
    said = {one.name: one.sentence for one in verdict.clauses}
    assert f"Of {len(days)} relapses, {len(days)} fall outside it." in said["frequent_n6"]
    assert "not above the maintenance dose of 10 mg/day" in said["dependence"]
