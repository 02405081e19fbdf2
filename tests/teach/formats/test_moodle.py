"""Moodle XML: the written file passes a strict check, and the check finds each flaw."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nephrosyn.errors import CasesError
from nephrosyn.teach.formats import moodle
from nephrosyn.teach.formats.moodle.cdata import CData
from nephrosyn.teach.formats.moodle.check import RULES, check
from nephrosyn.teach.formats.moodle.embedded_html import plain_text
from nephrosyn.teach.formats.xhtml import clean

from .sets import CASES, HARD, SINGLE, case, case_set, options, png, stage

TEXT = moodle.document(case_set())


def tree() -> ET.Element:
    return ET.fromstring(TEXT)


def by_id(quiz: ET.Element, ident: str) -> ET.Element:
    (found,) = [one for one in quiz.iter("question") if one.findtext("idnumber") == f"nephrosyn-{ident}"]
    return found


def test_a_whole_set_has_no_findings(tmp_path: Path):
    (path,) = moodle.write({"conventional": case_set()}, "conventional", tmp_path)
    assert check(path.read_text(encoding="utf-8")) == []
    assert path.read_text(encoding="utf-8") == TEXT


def test_every_question_of_every_stage_is_there_and_named():
    names = [one.findtext("name/text") for one in tree().iter("question")][1:]
    assert len(names) == 10
    assert names[5] == "A child & swelling c-92a3 (c-92a3), stage 2 of 3, question 1 of 2"


def test_a_stage_shows_all_that_came_before_and_nothing_that_comes():
    text = by_id(tree(), "c-92a3-2-1").findtext("questiontext/text")
    assert [title in text for title in ("Onset", "Week 4", "Later")] == [True, True, False]
    assert text.count("<img") == 2


def test_the_credit_is_the_key():
    def fractions(ident: str) -> list[str]:
        return [one.get("fraction") for one in by_id(tree(), ident).iter("answer")]

    assert fractions("c-1a2b-1-1") == ["0", "100", "0", "0"]
    assert fractions("c-3c4d-1-1") == ["50", "-33.33333", "50", "-33.33333", "-33.33333"]
    assert fractions("c-5e6f-1-1") == ["100", "0"]
    number = by_id(tree(), "c-5e6f-1-1").find("answer")
    assert (number.findtext("text"), number.findtext("tolerance")) == ("2.1", "0.05")
    parts = [
        (plain_text(one.findtext("text")), one.findtext("answer/text"))
        for one in by_id(tree(), "c-7081-1-1").iter("subquestion")
    ]
    assert parts == [("Day 1 & 2", "Onset <a>"), ("Day 15", "Remission"), ("Day 60", "Remission"), ("", "Biopsy")]


def test_hard_texts_come_back_as_they_were():
    assert HARD in plain_text(by_id(tree(), "c-1a2b-1-1").findtext("questiontext/text"))


def test_no_inner_name_reaches_the_file():
    assert "secret" not in TEXT


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_any_text_survives_as_cdata_and_as_html(text: str):
    hard = case("c-1", "single", stage(text, 1, SINGLE.model_copy(update={"stem": text})), title=text)
    quiz = ET.fromstring(moodle.document(case_set((hard,))))
    shown = plain_text(quiz[1].findtext("questiontext/text"))
    assert " ".join(clean(text).split()) in shown


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="]>[<&!CDAT a"))
def test_any_text_survives_a_cdata_section(text: str):
    cdata, root = CData(), ET.Element("text")
    root.text = cdata.mark(text)
    assert (ET.fromstring(cdata.written(root)).text or "") == text


def test_a_text_that_looks_like_a_mark_is_refused():
    cdata, root = CData(), ET.Element("a")
    ET.SubElement(root, "b").text = cdata.mark("x")
    ET.SubElement(root, "c").text = "\ue0000\ue001"
    with pytest.raises(ValueError, match="mark"):
        cdata.written(root)


def _set(path: str, value: str) -> Callable[[ET.Element], None]:
    def change(question: ET.Element) -> None:
        question.find(path).text = value

    return change


def _fraction(place: int, value: str) -> Callable[[ET.Element], None]:
    return lambda question: question.findall("answer")[place].set("fraction", value)


def _drop(path: str, child: str) -> Callable[[ET.Element], None]:
    def change(question: ET.Element) -> None:
        parent = question.find(path) if path else question
        parent.remove(parent.find(child))

    return change


def _html(old: str, new: str) -> Callable[[ET.Element], None]:
    def change(question: ET.Element) -> None:
        text = question.find("questiontext/text")
        assert re.search(old, text.text)
        text.text = re.sub(old, new, text.text)

    return change


def _cut(question: ET.Element) -> None:
    question.find("questiontext/file").text = base64.b64encode(png(9, 9, 3)[:-5]).decode()


def _bend(question: ET.Element) -> None:
    content = bytearray(png(9, 9, 3))
    content[45] ^= 1
    question.find("questiontext/file").text = base64.b64encode(bytes(content)).decode()


CHOICE, SEVERAL, NUMBER, MATCH = "c-1a2b-1-1", "c-3c4d-1-1", "c-5e6f-1-1", "c-7081-1-1"
FLAWS = {
    "another type": ("M03", CHOICE, lambda question: question.set("type", "essay")),
    "no name": ("M04", CHOICE, _set("name/text", " ")),
    "long name": ("M04", CHOICE, _set("name/text", "x" * 256)),
    "no id number": ("M05", CHOICE, _drop("", "idnumber")),
    "same id number": ("M06", CHOICE, _set("idnumber", f"nephrosyn-{SEVERAL}")),
    "fraction not listed": ("M07", CHOICE, _fraction(0, "34")),
    "fraction too exact": ("M07", SEVERAL, _fraction(1, "-33.333333333")),
    "no right option": ("M08", CHOICE, _fraction(1, "0")),
    "two right options": ("M08", CHOICE, _fraction(0, "100")),
    "a half right option": ("M08", CHOICE, _fraction(0, "50")),
    "wrong sum": ("M09", SEVERAL, _fraction(0, "40")),
    "ticking all pays": ("M09", SEVERAL, _fraction(1, "0")),
    "same options": ("M10", CHOICE, _set("answer/text", "<p>Category 2 &lt;d&gt;</p>")),
    "empty option": ("M10", CHOICE, _set("answer/text", "<p> </p>")),
    "no feedback": ("M11", CHOICE, _set("answer/feedback/text", "<p></p>")),
    "no feedback on a number": ("M11", NUMBER, _set("answer/feedback/text", "")),
    "missing file": ("M12", CHOICE, _drop("questiontext", "file")),
    "picture not shown": ("M12", CHOICE, _html("<img[^>]*>", "")),
    "no base64": ("M13", CHOICE, _set("questiontext/file", "!!!!")),
    "no picture": ("M13", CHOICE, _set("questiontext/file", base64.b64encode(b"GIF89a").decode())),
    "cut picture": ("M13", CHOICE, _cut),
    "bent picture": ("M13", CHOICE, _bend),
    "other encoding": ("M13", CHOICE, lambda question: question.find("questiontext/file").set("encoding", "hex")),
    "no alternative text": ("M14", CHOICE, _html('alt="[^"]*"', 'alt=" "')),
    "from elsewhere": ("M15", CHOICE, _html("<h4>", '<img src="https://example.org/x.png" alt="x"><h4>')),
    "script": ("M15", CHOICE, _html("<h4>", "<script>1</script><h4>")),
    "handler": ("M15", CHOICE, _html("<h4>", '<h4 onclick="x()">')),
    "no number": ("M16", NUMBER, _set("answer/text", "two")),
    "infinite number": ("M16", NUMBER, _set("answer/text", "inf")),
    "two right numbers": ("M16", NUMBER, _fraction(1, "100")),
    "negative tolerance": ("M16", NUMBER, _set("answer/tolerance", "-1")),
    "no tolerance": ("M16", NUMBER, _drop("answer", "tolerance")),
    "empty answer": ("M17", MATCH, _set("subquestion/answer/text", "")),
    "same premises": ("M17", MATCH, _set("subquestion/text", "<p>Day 15</p>")),
    "no text": ("M18", CHOICE, _set("questiontext/text", "<p></p>")),
    "no tag": ("M19", CHOICE, _drop("", "tags")),
    "empty tag": ("M19", CHOICE, _set("tags/tag/text", "")),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_flaw_is_found(flaw: str):
    rule, ident, change = FLAWS[flaw]
    quiz = tree()
    change(by_id(quiz, ident))
    assert rule in {finding.rule for finding in check(ET.tostring(quiz, encoding="unicode"))}


def test_flaws_of_the_file_are_found():
    assert [finding.rule for finding in check("<quiz>")] == ["M01"]
    assert [finding.rule for finding in check("<quizz/>")] == ["M01"]
    quiz = tree()
    quiz.remove(quiz[0])
    assert [finding.rule for finding in check(ET.tostring(quiz, encoding="unicode"))] == ["M02"]


def test_every_rule_is_shown_to_find_something():
    assert {rule for rule, _, _ in FLAWS.values()} | {"M01", "M02"} == set(RULES)


def test_a_set_without_one_key_is_not_written(tmp_path: Path):
    for credits in ((0, 0, 0), (1, 1, 0)):
        bad = SINGLE.model_copy(update={"options": options(*credits)})
        with pytest.raises(CasesError, match="right options"):
            moodle.write({"si": case_set((case("c-1", "single", stage("", 1, bad)),))}, "si", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_set_with_the_same_case_twice_is_not_written(tmp_path: Path):
    with pytest.raises(CasesError, match="M06"):
        moodle.write({"si": case_set((CASES[0], CASES[0]))}, "si", tmp_path)


def test_a_long_title_gives_way_to_the_place():
    long = case("c-1", "staged", stage("a", 1, SINGLE), stage("b", 2, SINGLE), title="word " * 100)
    text = moodle.document(case_set((long,)))
    assert check(text) == []
    assert "stage 2 of 2" in text
