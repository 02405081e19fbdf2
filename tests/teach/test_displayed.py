"""The display has the same content as the record, in both systems of units."""

from __future__ import annotations

import re

import polars as pl
import pytest

from nephrosyn import criteria, vocabulary
from nephrosyn.teach.display import parse_back, record_tables, sections, units
from nephrosyn.teach.display.spelling import from_words, spelled, to_words
from nephrosyn.teach.items.case import classify_displayed
from nephrosyn.teach.items.feedback import evidence
from nephrosyn.teach.items.questions import STATES
from nephrosyn.teach.lint.solver import expected_keys
from nephrosyn.teach.model import CaseSet, Choice, keys_of
from nephrosyn.teach.run_source import Source


def test_every_condition_can_be_read_back():
    assert set(parse_back.KIND_OF) == set(vocabulary.CONDITIONS)
    assert set(parse_back.KIND_OF.values()) == set(vocabulary.CONDITION_KINDS)


@pytest.mark.parametrize(
    ("analyte", "steps", "step"), [("upcr", 3000, 0.01), ("albumin", 70, 0.1), ("creatinine", 1500, 0.01)]
)
@pytest.mark.parametrize("system", ["conventional", "si"])
def test_every_printed_value_comes_back(analyte, steps, step, system):
    unit = units.unit_of(analyte, system)
    scale = units.SCALES["conventional"][analyte]
    values = [round(k * step, scale.decimals) for k in range(steps)]
    back = [units.read(analyte, units.displayed_value(analyte, value, system), unit) for value in values]
    if analyte == "creatinine" and system == "si":  # no clause reads it: whole µmol/L are coarser than the record
        assert max(abs(a - b) for a, b in zip(values, back, strict=True)) <= 0.5 / 88.4 + 0.005 + 1e-9
    else:
        assert back == values


@pytest.mark.parametrize("system", ["conventional", "si"])
def test_every_label_comes_back_from_the_display(cohort, system):
    definitions = [criteria.load(name) for name in ("source", "china-2014-adults", "ipna-2022", "prednos")]
    observed = {name: cohort.tables[name] for name in record_tables.OBSERVED}
    exact = criteria.classify(observed, definitions, "observed")
    people = [(0, number) for number in range(40)]
    differ = []
    for (_, number), record in Source(cohort).records(people):
        shown = parse_back.parse(sections.sections(record, "c0", system))
        said = criteria.classify(shown, definitions, "observed")
        mine = exact.filter(patient=number)
        if not said.drop("patient").equals(mine.drop("patient")):
            differ.append(number)
    assert not differ


def test_the_key_is_what_the_written_json_says(sets):
    definitions = {name: criteria.load(name) for name in criteria.sets()}
    for system, made in sets.items():
        read = CaseSet.model_validate_json(made.model_dump_json())
        for case in read.cases:
            assert expected_keys(case, system, definitions) == keys_of(case), case.id


def test_the_keys_are_the_same_in_both_units(sets):
    conventional, si = ([(case.id, keys_of(case)) for case in sets[system].cases] for system in sets)
    assert conventional == si
    texts = {system: made.cases[0].model_dump_json() for system, made in sets.items()}
    assert "mg/mmol" in texts["si"]
    assert "mg/mmol" not in texts["conventional"]
    assert "mg/mg" not in texts["si"]


def test_terms_are_understood_in_either_spelling():
    for name in ("haemorrhagic_cystitis", "leukopenia", "ciclosporin", "fsgs", "hypogammaglobulinaemia"):
        for spelling in ("american", "british"):
            assert from_words(spelled(to_words(name), spelling)) == name
    assert spelled("Ciclosporin", "american") == "Cyclosporine"
    assert spelled("leukopenia", "british") == "leucopenia"


def test_a_stage_shows_nothing_of_later_days(sets):
    staged = [case for case in sets["si"].cases if case.kind == "staged"]
    assert staged
    for case in staged:
        for stage in case.stages[:-1]:
            last = int(stage.title.removeprefix("Up to day "))
            tables = [
                table for section in stage.sections for table in section.tables if table.caption != record_tables.PERSON
            ]
            assert all(int(row[0]) <= last for table in tables for row in table.rows)
            doses = [row for table in tables if table.caption == record_tables.DOSES for row in table.rows]
            assert all(int(row[1]) <= last for row in doses)


def test_steroid_that_is_to_stop_is_shown_as_tapered_where_doses_go_on(cohort):
    """A dose on the next day would contradict a plain “stopped”; both texts are read back as the same action."""
    stopped = cohort.tables["conditions"].filter(pl.col("action") == "stopped")
    assert stopped.height
    said = set()
    for (_, patient), record in Source(cohort).records(stopped.select("replicate", "patient").unique().rows()):
        rows = dict(zip(record["conditions"]["noted_days"], record["conditions"]["action"], strict=True))
        for day, _, action in record_tables.noted(record).rows:
            if rows[int(day)] == "stopped":
                doses = record["doses"].filter(pl.col("drug") == "prednisone", pl.col("mean_mg_per_day") > 0)
                on = doses.filter(pl.col("first_days") <= int(day), pl.col("last_days") >= int(day)).height > 0
                assert action == ("stopped, by taper" if on else "stopped"), patient
                said.add(action)
    assert "stopped, by taper" in said
    assert set(parse_back.ACTION_OF.values()) == set(vocabulary.STEROID_ACTIONS)


def test_the_full_answer_does_not_repeat_the_margin(sets):
    for case in sets["conventional"].cases:
        assert not case.margin or case.margin not in case.summary


def test_feedback_on_a_wrong_state_gives_the_reason(sets):
    asked = [
        (question, option)
        for case in sets["conventional"].cases
        for stage in case.stages
        for question in stage.questions
        if isinstance(question, Choice) and {one.text for one in question.options} == set(STATES)
        for option in question.options
        if option.credit == 0
    ]
    first = [option.feedback for _, option in asked if option.text == "In relapse"]
    assert asked and first
    key = {id(question): next(one.text for one in question.options if one.credit > 0) for question, _ in asked}
    for question, option in asked:
        if key[id(question)] == STATES[1]:
            assert "No relapse is seen after it." in option.feedback
        if key[id(question)] == STATES[0] and option.text == STATES[2]:
            assert "none is seen" in option.feedback


def test_creatinine_has_a_reference_range_in_adults_only(cohort):
    ages = dict(cohort.tables["patients"].select("patient", "age_at_onset_years").rows())
    seen = set()
    for (_, patient), record in Source(cohort).records([(0, number) for number in range(30)]):
        for system in ("conventional", "si"):
            table = record_tables.blood(record, system)
            told = next(column.reference for column in table.columns if column.name == "Serum creatinine")
            if table.rows:
                assert (told == "") == (ages[patient] < 18), patient
                seen.add(ages[patient] < 18)
    assert seen == {True, False}


@pytest.mark.slow
def test_feedback_cites_the_readings_that_decide(cohort):
    """Dependence: the relapse and the dose on that day. Resistance: the last reading of the course."""
    labels = cohort.tables["labels"].filter(criteria="source", view="observed")
    for category, clause_of in (("steroid_dependent", "dependence"), ("steroid_resistant", "resistance")):
        people = labels.filter(category=category).select("replicate", "patient").rows()
        assert len(people) > 5
        for _, record in Source(cohort).records(people):
            judged = classify_displayed(
                sections.sections(record, "c0", "conventional"), criteria.load("source"), "conventional"
            )
            clause = next(one for one in judged.clauses if one.name == clause_of)
            told = " ".join(evidence(clause, judged))
            readings = record["readings"].filter(pl.col("analyte").cast(pl.String).is_in(["upcr", "dipstick"]))
            seen = sorted(readings.drop_nulls("value")["taken_days"].unique())
            if clause_of == "dependence":
                relapse = int(re.search(r"relapse on day (\d+)", clause.sentence)[1])
                assert f"day {relapse}, " in told or record["diary"].height
                assert any(
                    int(a) <= relapse <= int(b or a) for a, b in re.findall(r"day (\d+)(?: to (\d+))?, prednis", told)
                )
            elif (
                found := re.search(r"no (?:complete )?(?:or partial )?remission by day (\d+)", clause.sentence)
            ) is not None:
                latest = max(day for day in seen if day <= int(found[1]))
                assert f"day {latest}, " in told, clause.sentence
