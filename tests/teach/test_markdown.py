"""Cases as Markdown: complete, escaped, and without the key in the student's copy."""

from __future__ import annotations

import re

import pytest
from markupsafe import escape

from nephrosyn import vocabulary
from nephrosyn.teach.formats.markdown import IMAGES, escape_markdown, write
from nephrosyn.teach.formats.registry import writer

from .page import made_up
from .page.test_written import HOSTILE, hostile, keyed_otherwise


def unescaped(text):
    return re.sub(r"\\([^\w\s])", r"\1", text)


@pytest.fixture
def folder(tmp_path):
    write(made_up.sets(), "conventional", tmp_path)
    return tmp_path


@pytest.mark.parametrize("units", made_up.UNITS)
@pytest.mark.parametrize("copy", ["teacher", "student"])
def test_everything_shown_and_asked_is_there(folder, copy, units):
    text = unescaped((folder / f"cases-{copy}-{units}.md").read_text(encoding="utf-8"))
    assert vocabulary.NOTICE in text
    for case in made_up.sets()[units].cases:
        assert case.title in text
        for stage in case.stages:
            for section in stage.sections:
                assert section.heading in text
                assert all(words in text for words in section.paragraphs)
                rows = [row for table in section.tables for row in table.rows]
                assert all(f"| {' | '.join(cell or '–' for cell in row)} |" in text for row in rows)
            assert all(question.stem in text for question in stage.questions)
            options = [option for question in stage.questions for option in getattr(question, "options", ())]
            assert all(re.search(rf"^- [A-Z]\. {re.escape(option.text)}$", text, re.MULTILINE) for option in options)


def test_the_teacher_reads_the_key_and_every_reason(folder):
    text = unescaped((folder / "cases-teacher-si.md").read_text(encoding="utf-8"))
    keys = re.findall(r"^\*\*Key\.\*\* ?(.*)$", text, re.MULTILINE)
    dose = "1.5 mg/kg, within ± 0.05."
    assert keys == ["B", "18 g/L, within ± 0.5.", "B", "A, B", dose, "A", dose, "A, B", "B", "", "B", "D", "A, B"]
    assert "No remission by week 8: **D**" in text
    for case in made_up.sets()["si"].cases:
        assert case.summary in text
        assert case.margin in text


def test_the_student_copy_does_not_depend_on_the_key(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    files = write({units: keyed_otherwise(one) for units, one in made_up.sets().items()}, "conventional", other)
    for path in files:
        same = path.read_bytes() == (folder / path.relative_to(other)).read_bytes()
        assert same == ("teacher" not in path.name), path.name


def test_pictures_are_files_whose_names_tell_only_case_and_place(folder):
    for copy in ("teacher", "student"):
        for units in made_up.UNITS:
            text = (folder / f"cases-{copy}-{units}.md").read_text(encoding="utf-8")
            named = re.findall(r"\]\(([^)]+)\)", text)
            assert len(named) == 8
            for name in named:
                assert re.fullmatch(rf"{IMAGES}/c\d-7f3a-\d-\d-{units}\.png", name)
                assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_hostile_text_stays_text(tmp_path):
    for path in write({units: hostile(units) for units in made_up.UNITS}, "si", tmp_path):
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?<!\\)<", text)
            assert escape_markdown(HOSTILE) in text


@pytest.mark.parametrize(
    "text", ["# head", "- item", "+ item", "3) item", "a|b", "*a*", "_a_", "`a`", "a\n\nb", "[a](b)", "<b>"]
)
def test_no_text_becomes_a_mark(text):
    said = escape_markdown(text)
    assert "\n" not in said
    assert not re.match(r"#|[-+]\s|\d+[.)]\s", said)
    assert not re.search(r"(?<!\\)[|*_`\[<]", said)


def test_same_input_same_bytes(folder, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    for path in write(made_up.sets(), "conventional", again):
        assert path.read_bytes() == (folder / path.relative_to(again)).read_bytes()


def test_made_cases_come_out_as_pages_and_as_markdown(pictured, tmp_path):
    for name in ("html", "markdown"):
        made = writer(name)(pictured, "si", tmp_path)
        assert made and all(path.is_file() for path in made)
    student = (tmp_path / "cases-student-si.md").read_text(encoding="utf-8")
    page = (tmp_path / "cases-student.html").read_text(encoding="utf-8")
    for case in pictured["si"].cases:
        assert escape_markdown(case.title) in student
        assert f'id="case-{case.id}"' in page
        for option in case.stages[0].questions[0].options:
            assert escape_markdown(option.feedback) not in student
            assert escape(option.feedback) not in page
