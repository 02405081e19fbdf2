"""Sets of cases: reproducible, balanced, of one difficulty, in pairs, and with clear errors."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.errors import CasesError
from nephrosyn.scenario import load
from nephrosyn.teach.display.parse_back import parse
from nephrosyn.teach.items.case_set import CaseSetBuilder, build
from nephrosyn.teach.items.difficulty import NO_EDIT, Edit, all_edits, apply, difficulty, margin
from nephrosyn.teach.items.excluded_flags import ruled_out
from nephrosyn.teach.items.sampling import share_out
from nephrosyn.teach.keyed_choice import shuffled
from nephrosyn.teach.model import keys_of
from nephrosyn.teach.request import KINDS, Request
from nephrosyn.teach.run_source import Source

pytestmark = pytest.mark.slow


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


def test_a_cohort_gives_cases_in_the_requested_units(cohort, sets):
    made = cohort.cases(14, kinds=KINDS, balance="natural", figures=False, units="si")
    assert made == sets["si"]


def test_another_seed_selects_other_patients(cohort, sets):
    other = build(Source(cohort), Request(count=4, balance="natural", figures=False, seed=2))
    assert not {case.id for case in other["si"].cases} & {case.id for case in sets["si"].cases}


def test_all_kinds_are_made_in_equal_numbers(sets):
    assert Counter(case.kind for case in sets["si"].cases) == dict.fromkeys(KINDS, 2)


def test_balance_by_label_gives_each_category_its_share(cohort):
    have = Counter(Source(cohort).classify([criteria.load("kdigo-2021-children")])["category"])
    assert len(have) == 5  # one of the set's categories has nobody; of five cases it is to have none
    made = build(Source(cohort), Request(count=5, criteria=("kdigo-2021-children",), figures=False))
    assert set(Counter(str(keys_of(case)) for case in made["si"].cases).values()) == {1}
    assert made["si"].notes == ()


def test_other_categories_fill_the_gap_of_a_rare_one():
    """Nobody in the run is a frequent relapser, and every category is to have two cases."""
    cohort = ns.run("baseline", patients=120, seed=1)
    have = Counter(Source(cohort).classify([criteria.load("source")])["category"])
    assert have["frequently_relapsing"] == 0
    made = build(Source(cohort), Request(count=14, figures=False))["si"]
    assert len(made.cases) == 14
    given = Counter(str(keys_of(case)) for case in made.cases)
    assert sorted(given.values()) == [2, 2, 2, 2, 3, 3]
    (note,) = made.notes
    assert note.startswith("Not every category has its equal share of the cases: frequently relapsing 0 of 2.")
    assert re.search(r"\b\d+ patients meet its clause, but another category takes precedence in the set", note)


@pytest.mark.parametrize("seed", range(21))
def test_a_thousand_patients_of_any_seed_are_enough_for_fifty(seed):
    """Selects patients only, without building cases; every twentieth patient counts as unsuitable."""
    cohort = ns.run("baseline", patients=1000, seed=seed)
    source = Source(cohort)
    builder = CaseSetBuilder(source, Request(count=50), [criteria.load("source")])
    groups = builder._groups("single", source.classify([builder.first]))
    able = {name: iter([one for one in mine if one[1] % 20]) for name, mine in groups.items()}
    taken = share_out(able, {name: len(mine) for name, mine in groups.items()}, 50)
    assert sum(map(len, taken.values())) == 50
    scarce = sorted(map(len, taken.values()))[0]
    assert max(map(len, taken.values())) <= 8 + (7 - scarce)


def test_the_note_names_a_clause_that_the_care_rules_out():
    alone = ns.run("steroid-alone", patients=300, seed=1)
    made = build(Source(alone), Request(count=6, criteria=("kdigo-2021-adults",), figures=False))["si"]
    (note,) = made.notes
    assert (
        "no patient of steroid-alone can be expected to meet it, because the clause “resistance” requires 16 weeks of "
        "adequate steroid without remission, and care in this scenario ends such a course after 12 weeks "
        "(care.regimen.adults.first.resistance_weeks)"
    ) in note
    assert "--patients" not in note


@pytest.mark.parametrize(
    ("flag", "name", "scenario", "settings", "said"),
    [
        ("resistant", "kdigo-2021-adults", "baseline", [], "ends such a course after 12 weeks"),
        ("resistant", "kdigo-2021-adults", "baseline", ["care.regimen.adults.relapse.resistance_weeks=16"], ""),
        ("resistant", "source", "baseline", [], ""),
        ("resistant", "source", "baseline", ["population.follow_up_days=50"], "and follow-up ends after 50"),
        ("resistant", "iskdc", "baseline", [], ""),  # eight weeks: four of them on alternate days would do as well
        ("resistant", "kdigo-2021-children", "baseline", ["care.regimen.children.first.dose.amount=20",
         "care.regimen.children.relapse.dose.amount=20", "care.regimen.children.frequent_relapse.dose.amount=20"],
         "no dose in this scenario is adequate by the set"),
        ("non_remitting", "jsn-2014-adults", "baseline", [], ""),
        ("non_remitting", "jsn-2014-adults", "baseline", ["population.follow_up_days=90"], "follow-up ends after 90"),
        ("frequent", "kdigo-2021-adults", "baseline", [], ""),
    ],
)  # fmt: skip
def test_what_the_care_rules_out(flag, name, scenario, settings, said):
    found = ruled_out(flag, criteria.load(name), load(scenario, settings).scenario)
    assert said in found if said else found == ""


def test_another_drug_that_is_never_given_is_ruled_out(tmp_path):
    text = criteria.text("jsn-2014-adults").replace('name = "jsn-2014-adults"', 'name = "strict"')
    assert 'other_agent = { value = "not_required"' in text
    file = tmp_path / "strict.toml"
    file.write_text(
        text.replace('other_agent = { value = "not_required"', 'other_agent = { value = "required"'), "utf-8"
    )
    strict = criteria.load(str(file))
    assert "and care in this scenario gives none" in ruled_out("non_remitting", strict, load("steroid-alone").scenario)
    assert ruled_out("non_remitting", strict, load("baseline").scenario) == ""


def test_a_definition_set_that_applies_to_no_patient_is_an_error():
    adults = ns.run("adult-minimal-change", patients=20, seed=1)
    with pytest.raises(CasesError, match="kdigo-2021-children applies to none of the 20 patients of the run"):
        build(Source(adults), Request(count=3, criteria=("kdigo-2021-children",), figures=False))


def test_too_few_patients_are_an_error():
    few = ns.run("baseline", patients=20, seed=1)
    with pytest.raises(CasesError, match="not give 70 cases: its 20 patients make 20 single cases at most"):
        build(Source(few), Request(count=70, figures=False))


def test_cases_have_the_requested_difficulty(cohort):
    made = build(Source(cohort), Request(count=2, difficulty=2, balance="natural", figures=False))
    assert {case.difficulty for case in made["si"].cases} == {2}


def test_a_pair_differs_by_one_edit_and_in_its_key(sets):
    by_id = {case.id: case for case in sets["si"].cases}
    pairs = [case for case in by_id.values() if case.kind == "near-miss"]
    assert len(pairs) == 2
    for case in pairs:
        other = by_id[case.pair]
        assert other.pair == case.id
        assert keys_of(other) != keys_of(case)
        assert not case.margin.startswith("No single change")


def test_disagreement_asks_of_both_sides(sets):
    for case in (case for case in sets["si"].cases if case.kind == "disagreement"):
        credits_ = [option.credit for option in case.stages[0].questions[0].options]
        assert 0 < sum(one > 0 for one in credits_) < len(credits_)
        assert sum(credits_) == pytest.approx(1)


def test_british_and_american_spelling_differ(cohort):
    texts = {
        spelling: build(Source(cohort), Request(count=6, spelling=spelling, balance="natural", figures=False))
        for spelling in ("american", "british")
    }
    assert "paediatric" in texts["british"]["si"].model_dump_json()
    assert "paediatric" not in texts["american"]["si"].model_dump_json()


def test_everything_wrong_is_reported_at_once():
    asked = Request(count=0, kinds=("essay",), balance="fair", difficulty=9, units="imperial", spelling="Welsh")
    with pytest.raises(CasesError) as told:
        asked.check()
    options = ("count:", "kind:", "balance:", "difficulty:", "units:", "spelling:")
    assert all(option in str(told.value) for option in options)


def test_an_unknown_id_is_an_error(cohort):
    with pytest.raises(CasesError, match="case: expected the id"):
        build(Source(cohort), Request(), "c000000000000")


def test_the_margin_is_the_cheapest_edit_that_changes_the_category(sets):
    definition = criteria.load("source")
    case = next(case for case in sets["conventional"].cases if case.kind == "single")
    frames = parse(case.stages[0].sections)
    category = criteria.classify(frames, definition, "observed")["category"][0]
    found = margin(frames, definition, category)
    costs = {edit.cost for edit in all_edits(frames, definition)}
    assert costs <= {1, 2, 3}
    for edit, after in found.changes[:3]:
        alone = criteria.classify(apply(frames, [edit]), definition, "observed")["category"][0]
        assert (alone, edit.cost >= found.cost) == (after, True)
        assert after != category


def test_an_edit_changes_what_it_says_and_no_more(sets):
    case = next(case for case in sets["conventional"].cases if case.kind == "single")
    frames = parse(case.stages[0].sections)
    nothing = Edit("nothing", 1, (), "")
    edits = all_edits(frames, criteria.load("source"))
    both = apply(frames, [nothing, edits[0]])
    assert both["readings"].filter(patient=0).equals(frames["readings"])
    assert not both["readings"].filter(patient=1).drop("patient").equals(frames["readings"].drop("patient"))
    assert both["doses"].filter(patient=1).drop("patient").equals(frames["doses"].drop("patient"))


def test_difficulty_grows_with_what_makes_a_case_hard():
    from nephrosyn.teach.items.difficulty import Margin

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
