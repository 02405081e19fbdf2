"""The pages in a browser, used with the keyboard and without a network."""

from __future__ import annotations

import pytest

from nephrosyn.teach.formats import html

from . import made_up

pytestmark = pytest.mark.slow

COPIES = ["teacher", "student", "quiz"]
LISTENER = "window.heard = []; window.nephrosynScore = (told) => window.heard.push(told);"


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("width", [1200, 400])
def test_opens_from_disk_alone_and_fits_the_window(opened, copy, width):
    reader = opened(copy, width=width)
    assert reader.complaints() == []
    assert reader.ask("[...document.images].filter(one => !one.complete || !one.naturalWidth).length") == 0
    for view in reader.ask("[...document.querySelectorAll('main > .view')].map(one => one.id)"):
        reader.go(view)
        assert reader.ask("document.documentElement.scrollWidth") <= width, view
    assert reader.complaints() == []


def test_a_listener_would_hear_a_request_outside(opened):
    reader = opened("quiz")
    reader.ask("fetch('https://example.org/').catch(() => 0)")
    reader.ask("new Image().src = 'https://example.org/a.png'; 0")
    assert reader.complaints()


def choose(reader, case, key):
    """From the title of a case to its first question, by keys only."""
    reader.go(case)
    reader.tab_to(f"#{case} .option input")
    reader.press(key, "Enter")


def test_a_right_and_a_wrong_answer_with_the_keyboard(opened):
    reader = opened("quiz", before=LISTENER)
    reader.tab_to(".card[data-case='0']")
    reader.press("Enter")
    reader.wait("document.querySelector('#case-c0-7f3a').classList.contains('on')")
    reader.tab_to("#case-c0-7f3a .option input")
    reader.press("b", "Enter")
    assert reader.text("#case-c0-7f3a .verdict").startswith("Right · 1 of 1 point")
    assert "relapses on days 70 and 96" in reader.text("#case-c0-7f3a .option[data-taken=true]")
    assert reader.shows("#case-c0-7f3a .summary")
    choose(reader, "case-c6-7f3a", "b")
    assert reader.text("#case-c6-7f3a .verdict").startswith("Wrong · 0 of 1 point")
    assert "No: both relapses fell" not in reader.text("#case-c6-7f3a .option[data-taken=true]")
    assert "right" in reader.text("#case-c6-7f3a .option[data-is=right]")
    assert reader.complaints() == []


def test_a_listener_gets_the_score(opened):
    reader = opened("quiz", before=LISTENER)
    assert reader.ask("heard") == [{"raw": 0, "max": 13, "complete": False}]
    choose(reader, "case-c0-7f3a", "b")
    assert reader.ask("heard.at(-1)") == {"raw": 1, "max": 13, "complete": False}
    choose(reader, "case-c6-7f3a", "b")
    assert reader.ask("heard.at(-1)") == {"raw": 1, "max": 13, "complete": False}
    assert len(reader.ask("heard")) == 3


def test_the_last_answer_completes_the_quiz(opened):
    reader = opened("quiz", before=LISTENER)
    reader.ask(
        "document.querySelectorAll('form.question').forEach((form) => {"
        " form.querySelectorAll('input[type=text]').forEach((one) => { one.value = '1.5'; });"
        " form.querySelectorAll('select').forEach((one) => { one.value = '0'; });"
        " form.querySelector('input[type=radio], input[type=checkbox]')?.click();"
        " form.requestSubmit(); })"
    )
    told = reader.ask("heard.map(({complete}) => complete)")
    assert told == [False] * 13 + [True]


def test_a_stage_opens_when_the_one_before_is_answered(opened):
    reader = opened("quiz")
    reader.go("case-c3-7f3a")
    shown = "[...document.querySelectorAll('#case-c3-7f3a .stage')].map(one => one.checkVisibility())"
    assert reader.ask(shown) == [True, False, False]
    assert not reader.shows("#case-c3-7f3a button.next")
    reader.tab_to("#case-c3-7f3a .option input")
    reader.press("c", "Enter")
    assert reader.ask(shown) == [True, False, False]
    reader.press("Enter")
    assert reader.ask(shown) == [True, True, False]
    reader.tab_to("#case-c3-7f3a input[type=text]")
    reader.press("1", ".", "5", "Enter")
    assert reader.ask(shown) == [True, True, False]
    assert reader.ask("document.querySelectorAll('#case-c3-7f3a button.next')[1].hidden"), "one question is still open"
    assert not reader.shows("#case-c3-7f3a .summary")


def test_moving_on_fixes_the_answers_of_a_student(opened):
    reader = opened("student")
    reader.go("case-c3-7f3a")
    reader.tab_to("#case-c3-7f3a .option input")
    reader.press("c")
    assert reader.ask("document.querySelector('#case-c3-7f3a fieldset').disabled") is False
    reader.tab_to("#case-c3-7f3a button.next")
    reader.press("Enter")
    assert reader.ask("document.querySelector('#case-c3-7f3a fieldset').disabled") is True
    assert reader.ask("document.querySelectorAll('#case-c3-7f3a .stage')[1].checkVisibility()")


@pytest.mark.parametrize("copy", COPIES)
def test_other_units_change_the_numbers(opened, copy):
    reader = opened(copy)
    reader.go("case-c1-7f3a")
    assert "1.8 g/dL" in reader.text("#case-c1-7f3a")
    reader.ask("document.querySelector('input[name=units][value=conventional]').focus()")
    reader.press("ArrowRight")
    text = reader.text("#case-c1-7f3a")
    assert "18 g/L" in text
    assert "724" in text
    assert "g/dL" not in text
    shown = (
        "[...document.querySelectorAll('#case-c1-7f3a img')].filter(one => one.checkVisibility()).map(one => one.alt)"
    )
    assert reader.ask(shown) == ["Albumin by week: 18, 34, 21 g/L."]


def test_other_units_keep_the_answer_and_its_worth(opened):
    reader = opened("quiz", before=LISTENER)
    reader.go("case-c1-7f3a")
    reader.tab_to("#case-c1-7f3a input[type=text]")
    reader.press("1", ",", "8", "Enter")
    assert reader.text("#case-c1-7f3a .verdict").startswith("Right")
    reader.ask("document.querySelector('input[name=units][value=si]').click()")
    assert reader.ask("document.querySelector('#case-c1-7f3a input[type=text]').value") == "1,8"
    assert reader.text("#case-c1-7f3a .verdict").startswith("Right")
    assert "answered in conventional units" in reader.text("#case-c1-7f3a .verdict")


def test_progress_survives_a_reload_until_it_is_taken_back(opened):
    reader = opened("quiz")
    choose(reader, "case-c0-7f3a", "a")
    reader.ask("document.querySelector('input[name=units][value=si]').click()")
    reader.again()
    assert reader.text("#case-c0-7f3a .verdict").startswith("Wrong")
    assert reader.ask("document.documentElement.dataset.units") == "si"
    reader.go("list")
    assert "1 of 8 done" in reader.text("#list")
    reader.tab_to("#reset", most=200)
    reader.press("Enter")
    reader.tab_to("#sure button[value=yes]")
    reader.press("Enter")
    reader.wait("!document.querySelector('#sure').open")
    reader.wait("document.querySelector('#total-words').textContent.startsWith('0 of 8 done')")
    reader.again()
    assert "0 of 8 done" in reader.text("#list")


def test_answers_from_an_earlier_visit_are_announced_and_can_be_forgotten(opened):
    reader = opened("student")
    assert not reader.shows("#note")
    reader.go("case-c0-7f3a")
    reader.tab_to("#case-c0-7f3a .option input")
    reader.press("b")
    reader.go("sheet")
    reader.ask("document.querySelector('#who').focus()")
    reader.press("A", "d", "a")
    reader.again()
    reader.go("list")
    assert "from an earlier visit: 1 answer, the name “Ada”. Not yours?" in reader.text("#note")
    reader.ask("document.querySelector('#reset').click()")
    reader.ask("document.querySelector('#sure button[value=yes]').click()")
    reader.wait("document.querySelector('#note').hidden")
    assert reader.ask("document.querySelector('#who').value") == ""
    reader.again()
    assert not reader.shows("#note")


@pytest.mark.parametrize("copy", ["student", "quiz"])
def test_another_set_in_the_same_browser_begins_empty(opened, reader, tmp_path, copy):
    choose(opened(copy), "case-c0-7f3a", "b")
    reader.close()
    other = {units: one.model_copy(update={"cases": one.cases[:7]}) for units, one in made_up.sets().items()}
    html.write(other, "conventional", tmp_path)
    reader.open(tmp_path / f"cases-{copy}.html")
    assert "0 of 7 done" in reader.text("#list")
    assert not reader.shows("#note")


def test_numbers_are_read_as_people_type_them(opened):
    reader = opened("quiz")

    def said(at, typed):
        reader.ask(f"document.querySelector('#a-{at}').value = {typed!r}")
        reader.ask(f"document.querySelector('#q-{at}').requestSubmit()")
        return reader.ask(f"document.querySelector('#q-{at}').innerText")

    for unread in ("1e3", "1.5E-2 mg/kg", "123456789", "1 500", "1.000,5", "two"):
        assert "Type one number" in said("1-0-0", unread), unread
    reader.go("case-c1-7f3a")
    assert "Your answer: 1,80 g/dL (read as 1.8)." in said("1-0-0", "1,80 g/dL")
    reader.go("case-c2-7f3a")
    assert "Your answer: 1.5000000004 (read as 1.5)." in said("2-0-2", "1.5000000004")


def test_on_paper(opened):
    visible = "[...document.querySelectorAll('article.case, .stage')].every(one => one.checkVisibility())"
    reader = opened("student")
    assert not reader.ask(visible)
    reader.media("print")
    assert reader.ask(visible), "a student prints every case with every stage"
    assert not reader.shows(".tools")
    assert not reader.shows("#list")
    assert reader.shows("#sheet")
    assert reader.shows("article.case .notice")
    reader.media()


def test_a_teacher_marks_the_code_of_a_student(opened, reader, pages):
    student = opened("student")
    student.go("case-c0-7f3a")
    student.tab_to("#case-c0-7f3a .option input")
    student.press("b")
    student.go("case-c6-7f3a")
    student.tab_to("#case-c6-7f3a .option input")
    student.press("b")
    code = student.ask("document.querySelector('#code').value")
    student.close()
    reader.open(pages["teacher"])
    reader.go("marking")
    reader.ask(f"document.querySelector('#codes').value = {code!r}; document.querySelector('#mark').click()")
    assert "1 of 13" in reader.text("#marked")
    assert "2 of 13" in reader.text("#marked")
    reader.ask(f"document.querySelector('#codes').value = {code[:-1] + '!'!r}; document.querySelector('#mark').click()")
    assert "not an answer code" in reader.text("#marked")


def test_keys_can_be_covered(opened):
    reader = opened("teacher")
    reader.go("case-c0-7f3a")
    assert reader.shows("#case-c0-7f3a .key")
    reader.ask("document.querySelector('#cover').click()")
    assert not reader.shows("#case-c0-7f3a .key")
    assert reader.shows("#case-c0-7f3a .options")
