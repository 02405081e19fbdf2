"""What is displayed says the same as the record, in either system of units."""

from __future__ import annotations

import pytest

from nephrosyn import criteria
from nephrosyn.cases import display, displayed, showing, units
from nephrosyn.cases.answering import answers
from nephrosyn.cases.keys import keys_of
from nephrosyn.cases.model import CaseSet
from nephrosyn.cases.source import Source
from nephrosyn.cases.words import meant, spelled, spoken


@pytest.mark.parametrize(
    ("analyte", "steps", "step"), [("upcr", 3000, 0.01), ("albumin", 70, 0.1), ("creatinine", 1500, 0.01)]
)
@pytest.mark.parametrize("system", ["conventional", "si"])
def test_every_printed_value_comes_back(analyte, steps, step, system):
    unit = units.unit_of(analyte, system)
    scale = units.SCALES["conventional"][analyte]
    values = [round(k * step, scale.decimals) for k in range(steps)]
    back = [units.read(analyte, units.shown(analyte, value, system), unit) for value in values]
    if analyte == "creatinine" and system == "si":  # no clause reads it: whole µmol/L are coarser than the record
        assert max(abs(a - b) for a, b in zip(values, back, strict=True)) <= 0.5 / 88.4 + 0.005 + 1e-9
    else:
        assert back == values


@pytest.mark.parametrize("system", ["conventional", "si"])
def test_every_label_comes_back_from_the_display(cohort, system):
    definitions = [criteria.load(name) for name in ("source", "china-2014-adults", "ipna-2022", "prednos")]
    observed = {name: cohort.tables[name] for name in display.OBSERVED}
    exact = criteria.classify(observed, definitions, "observed")
    people = [(0, number) for number in range(40)]
    differ = []
    for (_, number), record in Source(cohort).records(people):
        shown = displayed.parse(showing.sections(record, "c0", system))
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
            assert answers(case, system, definitions) == keys_of(case), case.id


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
            assert meant(spelled(spoken(name), spelling)) == name
    assert spelled("Ciclosporin", "american") == "Cyclosporine"
    assert spelled("leukopenia", "british") == "leucopenia"


def test_a_stage_shows_nothing_of_later_days(sets):
    staged = [case for case in sets["si"].cases if case.kind == "staged"]
    assert staged
    for case in staged:
        for stage in case.stages[:-1]:
            last = int(stage.title.removeprefix("Up to day "))
            tables = [
                table for section in stage.sections for table in section.tables if table.caption != display.PERSON
            ]
            assert all(int(row[0]) <= last for table in tables for row in table.rows)
            doses = [row for table in tables if table.caption == display.DOSES for row in table.rows]
            assert all(int(row[1]) <= last for row in doses)
