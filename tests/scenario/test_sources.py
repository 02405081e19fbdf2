"""Every number has a source, and a changed number needs a new one."""

import pytest

from nephrosyn.scenario import load
from nephrosyn.scenario.files.provenance import evidence

KEY = "care.cut_fraction"


def test_a_changed_number_loses_its_source(problems):
    reported = problems("care.cut_fraction = 0.25")
    assert set(reported) == {KEY}
    assert "a source in [sources]" in reported[KEY].expected


def test_the_same_number_keeps_it(write):
    value = load("baseline").scenario.care.cut_fraction
    assert load(write(f"care.cut_fraction = {value}")).origins[KEY] == load("baseline").origins[KEY]


@pytest.mark.parametrize("key", ['"care.cut_fraction"', "care.cut_fraction", '"care"', "care"])
def test_a_key_or_a_prefix_gives_a_new_one(write, key):
    resolved = load(write(f'care.cut_fraction = 0.25\n[sources]\n{key} = "assumed: a test"'))
    assert resolved.origins[KEY] == "assumed: a test"
    nearer = "care.adherence.non_adherent_share"
    assert resolved.origins[nearer] == load("baseline").origins[nearer]


def test_the_nearest_key_wins(write):
    text = """
care.cut_fraction = 0.25
[sources]
"care" = "assumed: far"
"care.cut_fraction" = "assumed: near"
"""
    assert load(write(text)).origins[KEY] == "assumed: near"


def test_a_changed_list_or_distribution_loses_its_whole_source(problems):
    assert set(problems("readings.dipstick.cuts_mg_per_dl = [15, 30, 100, 300, 2000]")) == {
        "readings.dipstick.cuts_mg_per_dl"
    }
    assert set(problems("care.adherence.taken_fraction.a = 5")) == {"care.adherence.taken_fraction"}


def test_a_changed_taper_loses_the_source_of_every_step(problems):
    step = '{weeks = 2, amount = 0.9, per = "full", cap_mg = 80, schedule = "daily"}'
    assert set(problems(f"care.regimen.adults.first.taper = [{step}]")) == {"care.regimen.adults.first.taper"}


def test_a_source_of_a_grandparent_is_dropped_too(write):
    source = '\n[sources]\n"care.cut_fraction" = "assumed: first"'
    write(f"care.cut_fraction = 0.25{source}", name="first.toml")
    write("patients = 5", name="second.toml", extends="first.toml")
    assert load(write("", extends="second.toml")).origins[KEY] == "assumed: first"


def test_numbers_without_source_are_reported_by_their_common_table(write, problems):
    reported = problems("[care.toxicities.cataract.rate_per_year_at_1_mg_per_kg_per_day]\nchildren = 0.2\nadults = 0.3")
    (problem,) = reported.values()
    assert problem.path == "care.toxicities.cataract.rate_per_year_at_1_mg_per_kg_per_day"
    assert "2 numbers" in problem.actual


def test_a_choice_needs_no_source_but_may_have_one(write):
    text = 'care.regimen.adults.home_diary = true\n[sources]\n"care.regimen.adults.home_diary" = "S1"'
    assert load(write(text)).origins["care.regimen.adults.home_diary"] == "S1"
    assert "care.clinic.slots" not in load("baseline").origins


def test_finite_slots_need_a_source(problems):
    assert set(problems("care.clinic.slots = 4")) == {"care.clinic.slots"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"care.cut_fraction" = "assumed:"', "a reason"),
        ('"care.cut_fraction" = "assumed:  "', "a reason"),
        ('"care.cut_fraction" = ""', "evidence ids"),
        ('"care.cut_fraction" = "set on the command line"', "no evidence id"),
        ('"care.cut_fraction" = "S1, NOPE9"', "no evidence id"),
        ('"care.cut_fraction" = 3', "evidence ids"),
    ],
)
def test_sources_that_are_none(problems, text, words):
    reported = problems(f"[sources]\n{text}")
    assert set(reported) == {"sources.care.cut_fraction"}
    assert words in str(reported["sources.care.cut_fraction"])


def test_an_unknown_id_gives_the_nearest(problems):
    wrong = "NL3.4.88"
    assert wrong not in evidence()
    reported = problems(f'[sources]\n"care.cut_fraction" = "{wrong}"')
    assert "NL3.4.8" in reported["sources.care.cut_fraction"].nearest


def test_several_ids_and_an_assumption(write):
    first, second = sorted(evidence())[:2]
    for source in (f"{first}, {second}", f"{first}, assumed: rounded, by eye"):
        assert load(write(f'[sources]\n"care.cut_fraction" = "{source}"')).origins[KEY] == source


def test_a_source_that_covers_nothing(problems):
    reported = problems('[sources]\n"care.cut_fractoin" = "assumed: a test"')
    assert reported["sources.care.cut_fractoin"].nearest.split(", ")[0] == "care.cut_fraction"


def test_a_source_key_with_a_part_left_out(problems):
    reported = problems('[sources]\n"disease.relapse.adults.rate_per_year" = "assumed: a test"')
    like = reported["sources.disease.relapse.adults.rate_per_year"].nearest
    assert like.split(", ")[0] == "disease.relapse.bands.adults.rate_per_year"


def test_sources_are_a_table(problems):
    assert "a table of dotted keys" in problems('sources = "S1"')["sources"].expected
