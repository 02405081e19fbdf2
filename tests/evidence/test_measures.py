"""Every measure on records written by hand, where the answer can be counted by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nephrosyn.evidence.measures.registry import joined, measures, misfits

from .made_up import CLEAR, ILL, PARTIAL, child, dose, note, person, read, study

SET = {"definition": "source"}


def value(name, people, **arguments):
    return measures()[name](study(*people), **arguments).estimate().value


def test_every_measure_is_tried_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in measures() if f'"{name}"' not in text} == set()


def test_remission_counts_from_the_first_dose():
    people = [child(0, 33), child(1, 34), child(2, 50), child(3, None), child(4, None, end=20)]
    # In 28 days of steroid from day 5: child 0 only; child 4 was not followed so long and does not count.
    assert value("remission", people, **SET, within_days=28) == 1 / 4
    assert value("remission", people, **SET, after_days=28, within_days=56) == 2 / 4
    assert value("no_remission", people, **SET, within_days=56) == 1 / 4


def test_who_never_got_steroid_is_no_responder():
    untreated = read(person(1), (5, ILL), (20, CLEAR))
    assert value("remission", [child(0), untreated], **SET, within_days=28) == 1.0


def test_remission_of_one_lesion():
    people = [
        child(0, 10, lesion="fsgs"),
        child(1, None, lesion="fsgs"),
        child(2, 10, lesion="minimal_change"),
        child(3),
    ]
    assert value("remission", people, **SET, within_days=28, lesion="fsgs") == 0.5


def test_urine_that_is_never_clear():
    once = child(2, None)
    once["readings"][1]["value"] = CLEAR  # one clear reading is enough
    early = dose(read(person(3), (1, CLEAR), (90, ILL)), "prednisone", 5, 32)  # clear before steroid does not count
    people = [child(0, 33), child(1, 34), once, early, child(4, None), child(5, None, end=20)]
    # In 28 days of steroid from day 5: 0 and 2 are clear, 1 comes a day late, 3 and 4 are not, 5 was not followed.
    assert value("unclear_urine", people, within_days=28, below=0.3) == 3 / 5
    assert value("unclear_urine", people, within_days=28, below=CLEAR) == 1.0


def test_time_to_remission():
    people = [child(0, 8), child(1, 10), child(2, 18), child(3, 100), child(4, None)]
    assert value("remission_time", people, **SET, within_days=28, p=0.5) == 5
    assert value("remission_time", people, **SET, within_days=28) == pytest.approx((3 + 5 + 13) / 3)
    assert value("remission_time", people, **SET) == pytest.approx((3 + 5 + 13 + 95) / 4)


def test_improvement_is_halved_and_below_a_level_twice_running():
    falls = read(person(0), (10, 6.0), (100, 2.9))
    not_halved = read(person(1), (10, 4.0), (100, 3.0))
    once = read(person(2), (10, 8.0), (200, 8.0))
    once["readings"][3]["value"] = 2.0  # the second reading of the second pair, and nothing after it
    dies = read(person(3, end=50), (10, 8.0))
    people = [falls, not_halved, once, dies]
    assert value("improvement", people, within_days=365, below=3.5) == 1 / 4
    assert value("improvement", people, within_days=60, below=3.5) == 0
    two = [falls, read(person(4), (10, 6.0), (140, 2.9))]
    assert value("improvement_time", two, within_days=365, below=3.5) == (90 + 130) / 2


def test_lesion_age_and_sex():
    people = [person(0, lesion="fsgs", age=4), person(1, lesion="iga", age=6), person(2, age=11, sex="female")]
    assert value("lesion_share", people, lesion="fsgs") == 0.5
    assert value("age_at_onset", people) == 7
    assert value("age_at_onset", people, p=0.5) == 6
    assert value("male_share", people) == 2 / 3


def test_first_relapse_by_kaplan_and_meier():
    # Remission on day 10. Relapse after 90 days, lost after 190, relapse after 290, free to the end.
    people = [child(0, 10, [100]), child(1, 10, end=200), child(2, 10, [300]), child(3, 10)]
    assert value("relapsed_by", people, **SET, days=89) == 0
    assert value("relapsed_by", people, **SET, days=90) == 1 / 4
    assert value("relapsed_by", people, **SET, days=365) == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert value("relapse_free", people, **SET, days=365) == pytest.approx(3 / 8)


def test_only_those_sensitive_in_time_are_followed():
    people = [child(0, 10, [100]), child(1, 60)]
    assert value("relapsed_by", people, **SET, days=365) == 0.5
    assert value("relapsed_by", people, **SET, days=365, sensitive_within=28) == 1.0


def test_never_relapsed_is_of_all_on_steroid():
    people = [child(0, 10, [100]), child(1, 10), child(2, None), person(3)]
    assert value("never_relapsed", people, **SET) == 1 / 3


def test_time_to_first_relapse_of_those_who_relapse():
    people = [child(0, 10, [100, 200]), child(1, 10, [300]), child(2, 10)]
    assert value("first_relapse_time", people, **SET) == (95 + 295) / 2
    assert value("first_relapse_time", people, **SET, p=0.5, since="remission") == (90 + 290) / 2
    assert value("first_relapse_time", [*people, child(3, 10, [60])], **SET, since="remission", by_days=100) == 70


def test_first_relapses_per_person_year():
    people = [child(0, 10, [110]), child(1, 10, end=375)]
    years = (100 + 365) / 365.25
    assert value("first_relapse_rate", people, **SET, until_days=1000) == pytest.approx(1 / years)
    late = (100 - 50 + 300 - 50) / 365.25
    assert value("first_relapse_rate", people, **SET, until_days=300, after_days=50) == pytest.approx(1 / late)
    assert value("first_relapse_rate", people, **SET, until_days=90) == 0


def test_relapses_per_person_year():
    people = [child(0, 10, [100, 200, 300], end=375), child(1, 10, end=375)]
    assert value("relapse_rate", people, **SET) == pytest.approx(3 / (2 * 365 / 365.25))


def test_frequent_relapse_on_the_record_up_to_a_day():
    people = [child(0, 10, [60, 120]), child(1, 10, [60])]
    often = {"flag": "frequent", **SET}
    assert value("flagged", people, **often) == 0.5
    assert value("flagged", people, **often, until_days=100) == 0
    assert value("share_flagged", [*people, child(2, None)], **often) == pytest.approx(1 / 3)


def test_a_trial_takes_in_who_relapsed_the_year_before():
    steady = child(0, 10, [500, 600, 760, 800], end=1200)
    early = child(1, 10, [100, 200, 300], end=1200)
    quiet = child(2, 10, [650, 700], end=1200)
    lost = child(3, 10, [650, 700], end=1000)
    people = [steady, early, quiet, lost]
    entry = {**SET, "from_days": 730, "before": 2}
    assert value("relapses_in_a_year", people, **entry) == 1.0
    assert value("with_relapses_in_a_year", people, **entry, least=0, most=0) == 0.5
    assert value("with_relapses_in_a_year", people, **entry, least=2, most=9) == 0.5


def test_who_becomes_frequent_after_a_first_relapse():
    people = [
        child(0, 10, [300, 360, 420]),  # two more within six months
        child(1, 10, [300, 400]),  # one more
        child(2, 10, [300, 420, 500, 640]),  # one more in six months, but three in a year
        child(3, 10, [900]),  # not followed for a year after it
        child(4, 10),
    ]
    assert value("becomes_frequent", people, **SET) == 2 / 3


def test_relapse_after_a_course_of_an_agent():
    def given(number, relapses, end=1000, until=183):
        return dose(child(number, 10, relapses, end), "cyclophosphamide", 100, until, 40.0)

    people = [given(0, [50, 284]), given(1, []), given(2, [150], until=120), child(3, 10)]
    after = {**SET, "drug": "cyclophosphamide"}
    # Ends on day 184 (121 in the third child, who relapsed 29 days later).
    assert value("relapse_free_of", people, **after, days=28) == 1.0
    assert value("relapse_free_of", people, **after, days=30) == pytest.approx(2 / 3)
    assert value("relapse_free_of", people, **after, days=100, least_days=80) == 0.5
    assert value("relapse_free_of", people, **after, days=60, since="first") == pytest.approx(2 / 3)


def test_two_courses_of_an_agent_are_two():
    one = dose(dose(child(0, 10, [300]), "ciclosporin", 100, 200), "ciclosporin", 400, 500)
    assert value("relapse_free_of", [one], **SET, drug="ciclosporin", days=98) == 1.0
    assert value("relapse_free_of", [one], **SET, drug="ciclosporin", days=99) == 0.0


def test_relapse_rate_on_an_agent():
    people = [dose(child(0, 10, [260], end=1000), "levamisole", 100, 465), dose(child(1, 10), "levamisole", 100, 465)]
    years = (160 - 100 + 365 - 100) / 365.25
    found = value("relapse_rate_on", people, **SET, drug="levamisole", after_days=100, until_days=365)
    assert found == pytest.approx(1 / years)


def test_relapses_before_and_after_an_agent():
    often = dose(child(0, 10, [150, 250, 350, 500], end=1300), "cyclophosphamide", 400, 455)
    short = dose(child(1, 10, [350], end=700), "cyclophosphamide", 400, 455)
    people = [often, short]
    arguments = {**SET, "drug": "cyclophosphamide"}
    assert math.isnan(value("relapses_a_year", people, **arguments, when="before"))  # one child: no error, no mean
    twice = [often, dose(child(2, 10, end=1300), "cyclophosphamide", 400, 455)]
    assert value("relapses_a_year", twice, **arguments, when="before") == 1.5
    assert value("relapses_a_year", twice, **arguments, when="after") == 0.25


def test_response_to_an_agent_of_those_who_were_ill():
    def given(number, *pairs):
        return dose(read(person(number), (90, ILL), *pairs), "rituximab", 100, 100, 375.0, "single")

    people = [
        given(0, (200, PARTIAL)),
        given(1, (200, 5.0)),
        given(2, (95, CLEAR), (150, CLEAR)),
        given(3, (300, CLEAR)),
    ]
    assert value("responds_to", people, drug="rituximab", days=183, below=2.0) == pytest.approx(1 / 3)


def test_conditions_noted():
    people = [
        note(person(0, lesion="membranous"), "venous_thrombosis", 100),
        note(person(1, lesion="membranous"), "renal_vein_thrombosis", 300),
        person(2, lesion="membranous", end=200),
        note(person(3, lesion="fsgs"), "venous_thrombosis", 0),  # there from the first visit
        person(4, lesion="fsgs"),
    ]
    assert value("thrombosis", people, days=365) == 2 / 4
    assert value("thrombosis", people, days=365, lesion="membranous") == 2 / 3
    assert value("thrombosis", people, days=365, lesion="membranous", renal=False) == 1 / 3
    assert value("thrombosis", people, days=200) == 1 / 4
    years = (100 + 183 + 183 + 183) / 365.25
    assert value("thrombosis_rate", people, days=183) == pytest.approx(1 / years)
    assert value("noted", people, condition="venous_thrombosis", days=365) == pytest.approx(1 / 4)


def test_how_early_a_condition_is_noted():
    people = [note(person(n), "steroid_diabetes", day, "toxicity") for n, day in enumerate((50, 100, 500))]
    assert value("noted_early", [*people, person(9)], condition="steroid_diabetes", days=365) == 2 / 3


def test_infections_a_year():
    cold = note(note(person(0, end=365), "infection", 20, "infection"), "infection", 90, "infection")
    serious = note(person(1, end=365), "serious_infection", 30)
    assert value("infections_a_year", [cold, serious]) == pytest.approx(2 / (2 * 365 / 365.25))


def test_kidney_survival_and_last_state():
    people = [
        read(person(0, reason="kidney_failure", end=500), (400, ILL)),
        read(person(1), (400, CLEAR)),
        read(person(2), (400, PARTIAL)),
        read(person(3), (400, CLEAR), (900, ILL)),
    ]
    assert value("kidney_survival", people, days=499) == 1.0
    assert value("kidney_survival", people, days=730) == 0.75
    limits = {"remission": 0.2, "nephrotic": 2.0}
    for state in ("complete", "partial", "none", "kidney_failure"):
        assert value("last_state", people, state=state, **limits) == 0.25, state


def test_arguments_that_do_not_fit_are_all_named():
    assert misfits("relapsed_by", {"day": 3}) == [
        "no argument day",
        "argument definition is missing",
        "argument days is missing",
    ]


def test_parts_of_a_cohort_make_the_whole():
    first, second = [child(0, 10, [100]), child(1, 10)], [child(0, 10), child(1, 10, [700])]
    relapsed_by = measures()["relapsed_by"]
    estimate = joined([relapsed_by(study(*people), **SET, days=365) for people in (first, second)]).estimate()
    assert (estimate.value, estimate.people) == (0.25, 4)
