"""Sets of cases: the same bytes again, one alone, balanced, of a difficulty, in pairs, refused where they cannot be."""

from __future__ import annotations

from collections import Counter

import pytest

from nephrosyn import criteria
from nephrosyn.cases.building import build
from nephrosyn.cases.displayed import parse
from nephrosyn.cases.edits import NO_EDIT, Edit, apply, difficulty, family, margin
from nephrosyn.cases.errors import CasesError
from nephrosyn.cases.keyed import shuffled
from nephrosyn.cases.keys import keys_of
from nephrosyn.cases.request import KINDS, Request
from nephrosyn.cases.source import Source


def test_the_same_run_and_seed_give_the_same_bytes(cohort, pictured):
    again = build(Source(cohort), Request(count=2, balance="natural"))
    assert {units: one.model_dump_json() for units, one in again.items()} == {
        units: one.model_dump_json() for units, one in pictured.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_can_be_made_again_alone(cohort, sets, kind):
    wanted = next(case for case in sets["si"].cases if case.kind == kind)
    asked = Request(count=1, kinds=KINDS, balance="natural", figures=False)
    alone = build(Source(cohort), asked, wanted.id)
    assert alone["si"].cases == (wanted,)


def test_a_cohort_makes_cases_in_the_units_asked_for(cohort, sets):
    made = cohort.cases(14, kinds=KINDS, balance="natural", figures=False, units="si")
    assert made == sets["si"]


def test_another_seed_chooses_others(cohort, sets):
    other = build(Source(cohort), Request(count=4, balance="natural", figures=False, seed=2))
    assert not {case.id for case in other["si"].cases} & {case.id for case in sets["si"].cases}


def test_all_kinds_are_made_in_equal_numbers(sets):
    assert Counter(case.kind for case in sets["si"].cases) == dict.fromkeys(KINDS, 2)


def test_balance_by_label_gives_each_category_its_share(cohort):
    labels = Source(cohort).judge([criteria.load("jspn-2013-children")])
    have = Counter(labels["category"])
    rarest = min(have.values())
    assert rarest >= 1
    asked = Request(count=len(have), criteria=("jspn-2013-children",), figures=False)
    try:
        made = build(Source(cohort), asked)
    except CasesError as refused:  # a category of the set that nobody in this run has
        assert "the run has 0" in str(refused)
        return
    assert set(Counter(str(keys_of(case)) for case in made["si"].cases).values()) == {1}


def test_a_category_with_too_few_patients_is_refused(cohort):
    with pytest.raises(CasesError, match=r"frequently relapsing: expected 10 patients fit for single; the run has"):
        build(Source(cohort), Request(count=70, figures=False))


def test_difficulty_is_held_to(cohort):
    made = build(Source(cohort), Request(count=2, difficulty=2, balance="natural", figures=False))
    assert {case.difficulty for case in made["si"].cases} == {2}


def test_a_pair_differs_by_an_edit_and_its_key(sets):
    by_id = {case.id: case for case in sets["si"].cases}
    pairs = [case for case in by_id.values() if case.kind == "near-miss"]
    assert len(pairs) == 2
    for case in pairs:
        other = by_id[case.pair]
        assert other.pair == case.id
        assert keys_of(other) != keys_of(case)


def test_disagreement_asks_of_both_sides(sets):
    for case in (case for case in sets["si"].cases if case.kind == "disagreement"):
        credits_ = [option.credit for option in case.stages[0].questions[0].options]
        assert 0 < sum(one > 0 for one in credits_) < len(credits_)
        assert sum(credits_) == pytest.approx(1)


def test_british_and_american_spell_otherwise(cohort):
    texts = {
        spelling: build(Source(cohort), Request(count=6, spelling=spelling, balance="natural", figures=False))
        for spelling in ("american", "british")
    }
    assert "paediatric" in texts["british"]["si"].model_dump_json()
    assert "paediatric" not in texts["american"]["si"].model_dump_json()


def test_everything_wrong_is_told_at_once():
    asked = Request(count=0, kinds=("essay",), balance="fair", difficulty=9, units="imperial", spelling="Welsh")
    with pytest.raises(CasesError) as told:
        asked.check()
    options = ("--count", "--kind", "--balance", "--difficulty", "--units", "--spelling")
    assert all(option in str(told.value) for option in options)


def test_an_unknown_id_is_refused(cohort):
    with pytest.raises(CasesError, match="--case: expected the id"):
        build(Source(cohort), Request(), "c000000000000")


def test_the_margin_is_the_cheapest_edit_that_changes_the_category(sets):
    definition = criteria.load("source")
    case = next(case for case in sets["conventional"].cases if case.kind == "single")
    frames = parse(case.stages[0].sections)
    category = criteria.classify(frames, definition, "observed")["category"][0]
    found = margin(frames, definition, category)
    costs = {edit.cost for edit in family(frames, definition)}
    assert costs <= {1, 2, 3}
    for edit, after in found.changes[:3]:
        alone = criteria.classify(apply(frames, [edit]), definition, "observed")["category"][0]
        assert (alone, edit.cost >= found.cost) == (after, True)
        assert after != category


def test_an_edit_changes_what_it_says_and_no_more(sets):
    case = next(case for case in sets["conventional"].cases if case.kind == "single")
    frames = parse(case.stages[0].sections)
    nothing = Edit("nothing", 1, ())
    edits = family(frames, criteria.load("source"))
    both = apply(frames, [nothing, edits[0]])
    assert both["readings"].filter(patient=0).equals(frames["readings"])
    assert not both["readings"].filter(patient=1).drop("patient").equals(frames["readings"].drop("patient"))
    assert both["doses"].filter(patient=1).drop("patient").equals(frames["doses"].drop("patient"))


def test_difficulty_grows_with_what_makes_a_case_hard():
    from nephrosyn.cases.edits import Margin

    easy = difficulty(Margin(NO_EDIT, 0, ()), 40, "steroid_resistant")
    levels = [
        easy,
        difficulty(Margin(2, 0, ()), 40, "steroid_resistant"),
        difficulty(Margin(1, 6, ()), 40, "steroid_resistant"),
        difficulty(Margin(1, 6, ()), 160, "steroid_resistant"),
        difficulty(Margin(1, 13, ()), 260, "undetermined"),
    ]
    assert levels == [1, 2, 3, 4, 5]


def test_an_order_depends_on_the_key_alone():
    things = list("abcdef")
    assert shuffled(things, 1) == shuffled(things, 1)
    assert sorted(shuffled(things, 1)) == things
    assert len({tuple(shuffled(things, k)) for k in range(20)}) > 10
