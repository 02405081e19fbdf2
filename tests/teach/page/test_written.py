"""The files: reproducible, safe against hostile text, and without the key in the student's copy."""

from __future__ import annotations

import re

import pytest

from nephrosyn import vocabulary
from nephrosyn.teach.formats import html
from nephrosyn.teach.model import CaseSet

from . import made_up

HOSTILE = "</script><script>window.owned=1</script><img src=x onerror=owned=1><!--<b>&amp;\u2028'\""


def keyed_otherwise(given: CaseSet) -> CaseSet:
    """The same set with another key to every question, and other words about it."""

    def question(one):
        if one.kind == "numeric":
            return one.model_copy(
                update={"value": one.value + 7, "tolerance": 0.5, "feedback_right": "x", "feedback_wrong": "y"}
            )
        if one.kind == "matching":
            answers = [pair.answer for pair in one.pairs]
            turned = zip(one.pairs, answers[1:] + answers[:1], strict=True)
            return one.model_copy(
                update={"pairs": tuple(pair.model_copy(update={"answer": to, "feedback": "z"}) for pair, to in turned)}
            )
        credits = [option.credit for option in one.options]
        turned = zip(one.options, credits[1:] + credits[:1], strict=True)
        options = tuple(o.model_copy(update={"credit": credit, "feedback": f"of {o.id}"}) for o, credit in turned)
        return one.model_copy(update={"options": options, "feedback": "other"})

    def case(one):
        stages = tuple(
            stage.model_copy(update={"questions": tuple(map(question, stage.questions))}) for stage in one.stages
        )
        told = {"summary": "Other.", "margin": "Other.", "difficulty": 5, "tags": ("other",), "pair": None}
        return one.model_copy(update={**told, "stages": stages})

    return given.model_copy(update={"cases": tuple(map(case, given.cases)), "seed": 99, "made_from": "another"})


def hostile(units):
    def stained(value):
        if isinstance(value, dict):
            safe = {
                "id",
                "kind",
                "version",
                "criteria",
                "difficulty",
                "credit",
                "pair",
                "png_base64",
                "svg_base64",
                "name",
            }
            return {k: v if k in safe and not isinstance(v, (dict, tuple)) else stained(v) for k, v in value.items()}
        if isinstance(value, (tuple, list)):
            return [stained(one) for one in value]
        return f"{value}{HOSTILE}" if isinstance(value, str) else value

    made = made_up.sets()[units].model_dump()
    return CaseSet.model_validate({**made, "title": made["title"] + HOSTILE, "cases": stained(made["cases"])})


def test_same_input_same_bytes(pages, tmp_path):
    again = html.write(made_up.sets(), "conventional", tmp_path)
    assert [path.read_bytes() for path in again] == [
        pages[path.stem.removeprefix("cases-")].read_bytes() for path in again
    ]


def test_the_student_copy_does_not_depend_on_the_key():
    sets = made_up.sets()
    others = {units: keyed_otherwise(one) for units, one in sets.items()}
    assert html.student_page(sets, "si") == html.student_page(others, "si")
    for teacher in (True, False):
        assert html.page(sets, "si", teacher=teacher) != html.page(others, "si", teacher=teacher)


def test_the_student_copy_says_nothing_that_only_the_key_says(pages):
    text = pages["student"].read_text(encoding="utf-8")
    assert "No: remission on day 25" not in text
    assert "So says the clause" not in text
    assert "Divide 25 mg" not in text
    assert "came on prednisone" not in text
    assert "predicted difficulty" not in text


@pytest.mark.parametrize("copy", ["teacher", "student", "quiz"])
def test_every_copy_bears_the_notice_and_its_pictures_within(pages, copy):
    text = pages[copy].read_text(encoding="utf-8")
    assert vocabulary.NOTICE in text
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)


@pytest.mark.slow
def test_hostile_text_stays_text(reader, tmp_path):
    sets = {units: hostile(units) for units in made_up.UNITS}
    for path in html.write(sets, "conventional", tmp_path):
        reader.open(path)
        try:
            reader.ask(
                "document.querySelectorAll('form.question').forEach((form) => {"
                " form.querySelectorAll('input[type=text]').forEach((one) => { one.value = '1'; });"
                " form.querySelectorAll('select').forEach((one) => { one.value = '0'; });"
                " form.querySelector('input[type=radio], input[type=checkbox]')?.click();"
                " form.requestSubmit(); })"
            )
            assert reader.ask("typeof window.owned") == "undefined"
            assert reader.ask("document.querySelectorAll('img[src=x]').length") == 0
            assert "</script><script>window.owned=1" in reader.text("h1")
            assert reader.complaints() == []
        finally:
            reader.close()


def test_a_set_that_is_not_the_same_cases_is_refused():
    sets = made_up.sets()
    less = sets["si"].model_copy(update={"cases": sets["si"].cases[1:]})
    with pytest.raises(ValueError, match="same parts"):
        html.page({**sets, "si": less}, "si", teacher=True)
    with pytest.raises(ValueError, match="expected the cases in si units"):
        html.page({"conventional": sets["conventional"]}, "si", teacher=True)
