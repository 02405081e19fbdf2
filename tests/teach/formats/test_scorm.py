"""The SCORM package, driven in Chromium by a strict stand-in for a learning management system."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nephrosyn.teach.formats import scorm
from nephrosyn.teach.formats.scorm.capacity import characters

from ..page import made_up
from ..page.reader import Reader
from .serving import served
from .sets import case_set
from .system import Record, System, installed

ALL = {
    "0.0.0": 1,
    "1.0.0": "1,8",
    "2.0.0": 0,
    "2.0.1": [0],
    "2.0.2": "1.5",
    "3.0.0": 0,
    "3.1.0": "9",
    "3.1.1": [0, 1, 2],
    "3.2.0": 1,
    "4.0.0": [3, 0, 1],
    "5.0.0": 1,
    "6.0.0": 3,
    "7.0.0": [0, 1],
}
"""An answer to every question of the set made up by hand: right, wrong and partly right ones."""
WORTH = 1 + 1 + 0 + 0.5 + 1 + 1 + 0 + 0.5 + 1 + 2 / 3 + 1 + 1 + 1
RAW, STATUS, DATA = "cmi.core.score.raw", "cmi.core.lesson_status", "cmi.suspend_data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scorm")
    sets = made_up.sets()
    installed(scorm.package(sets["conventional"], scorm.quiz(sets, "conventional")), made)
    return made


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Reader(tmp_path_factory.mktemp("profile")) as reader:
        yield reader


@pytest.fixture
def system(chromium: Reader, address: str) -> System:
    return System(chromium, address)


def interactions(record: Record) -> list[Record]:
    found: dict[int, Record] = {}
    for name, value in record.items():
        if name.startswith("cmi.interactions."):
            place, _, element = name.removeprefix("cmi.interactions.").partition(".")
            found.setdefault(int(place), {})[element] = value
    return [found[place] for place in sorted(found)]


@pytest.mark.slow
def test_opening_writes_nothing_and_leaving_does_not_complete_the_attempt(system: System):
    system.launch("ada", system.reader.fresh())
    fresh = system.records["ada"]
    system.ask("inner.document.querySelector('input[name=units][value=si]').click()")
    system.ask("inner.location.hash = '#case-c0-7f3a'")
    assert system.calls("set") == []
    assert system.ask("stored()") == fresh
    assert system.ask("browserKeeps()") == []
    left = system.leave()
    assert RAW not in left
    assert DATA not in left
    # A system completes an attempt that says nothing of its status before it ends.
    assert left[STATUS] == "incomplete"


@pytest.mark.slow
def test_each_answer_is_stored_at_once_in_the_forms_of_the_data_model(system: System):
    system.launch("ada", system.reader.fresh())
    first = system.answer("0.0.0", 1)
    assert (first[RAW], first["cmi.core.score.min"], first["cmi.core.score.max"]) == ("7.69", "0", "100")
    assert first[STATUS] == "incomplete"
    for at, value in list(ALL.items())[1:-1]:
        assert system.answer(at, value)[STATUS] == "incomplete"
        assert not system.visible("#unstored"), system.seen("#unstored")
    last = system.answer("7.0.0", ALL["7.0.0"])
    assert last[STATUS] == "completed"
    assert last[RAW] == f"{round(100 * WORTH / 13, 2):g}"
    made = interactions(last)
    given = {
        one["id"]: (one["type"], one["student_response"], one["correct_responses.0.pattern"], one["result"])
        for one in made
    }
    assert len(made) == len(given) == 13
    assert given["c0-7f3a-1-1"] == ("choice", "b", "b", "correct")
    assert given["c1-7f3a-1-1"] == ("numeric", "1.8", "1.8", "correct")
    assert given["c2-7f3a-1-1"] == ("choice", "a", "b", "wrong")
    assert given["c2-7f3a-1-2"] == ("choice", "a", "{a,b}", "0.50")
    assert given["c3-7f3a-2-1"] == ("numeric", "9", "1.5", "wrong")
    assert given["c3-7f3a-2-2"] == ("choice", "a,b,c", "{a,b}", "0.50")
    assert given["c4-7f3a-1-1"] == ("matching", "1.d,2.a,3.b", "{1.d,2.a,3.c}", "0.67")
    assert {one["weighting"] for one in made} == {"1"}
    assert len(system.calls("commit")) == 13
    left = system.leave()
    assert left["cmi.core.entry"] == "resume"
    assert left[DATA] == last[DATA]


@pytest.mark.slow
def test_the_longest_answers_are_as_long_as_was_counted_when_the_package_was_made(system: System):
    system.launch("ada", system.reader.fresh())
    for at in ALL:
        kind = system.ask(f"inner.document.querySelector('[data-at=\"{at}\"]').dataset.kind")
        longest = {"numeric": "-1234567,8", "multiple": [0, 1, 2, 3], "matching": [1, 2, 3], "single": 3}[kind]
        kept = system.answer(at, longest)
    assert len(kept[DATA]) == characters(made_up.sets()["conventional"])
    system.crash()


@pytest.mark.slow
def test_time_is_that_of_the_session_and_of_the_question_on_the_screen(system: System):
    system.launch("ada", system.reader.fresh())
    system.ask("inner.Date.now = () => Date.UTC(2026, 0, 1, 12)")
    system.ask("inner.location.hash = '#case-c0-7f3a'")
    drawn = (
        "new Promise((go) => inner.requestAnimationFrame(() => inner.requestAnimationFrame(() => setTimeout(go, 0))))"
    )
    system.reader.wait("visible('#q-0-0-0')")
    system.ask(drawn)
    system.ask("inner.Date.now = () => Date.UTC(2026, 0, 1, 12, 1, 35)")
    (made,) = interactions(system.answer("0.0.0", 1))
    assert made["latency"] == "0000:01:35"
    assert made["time"].endswith(":01:35")
    system.ask("inner.Date.now = () => Date.now() + 3725000")
    assert system.leave()["cmi.core.total_time"].startswith("0001:02:0")


@pytest.mark.slow
def test_a_second_learner_at_the_same_browser_begins_empty(system: System):
    shared = system.reader.fresh()
    system.launch("ada", shared)
    system.answer("0.0.0", 1)
    ada = system.leave()
    system.launch("ben", shared)
    assert system.seen("#total-words") == "0 of 8 done"
    assert system.visible(".verdict") is False
    ben = system.answer("6.0.0", 0)
    assert ben[RAW] == "0"
    assert len(interactions(ben)) == 1
    assert system.ask("browserKeeps()") == []
    system.leave()
    system.launch("ada", shared)
    assert system.seen("#total-words").startswith("1 of 8 done · 1 points of 1 answered")
    assert system.leave() == {**ada, STATUS: "incomplete"}


@pytest.mark.slow
def test_a_learner_goes_on_at_another_browser_with_answers_marks_and_feedback(system: System):
    first, second = system.reader.fresh(), system.reader.fresh()
    system.launch("ada", first)
    system.ask("inner.document.querySelector('input[name=units][value=si]').click()")
    for at in list(ALL)[:8]:
        system.answer(at, ALL[at])
    before = {
        name: system.ask(f"seen({name!r})") for name in ("#total-words", "#q-2-0-1 .verdict", "#q-3-1-0 .verdict")
    }
    kept = system.leave()
    system.launch("ada", second)
    assert system.calls("set") == []
    assert {name: system.ask(f"seen({name!r})") for name in before} == before
    assert system.ask("inner.document.documentElement.dataset.units") == "si"
    assert system.ask("inner.document.querySelector('#q-1-0-0 input').value") == "1.8"
    assert system.ask("inner.document.querySelectorAll('[data-case=\"3\"] .stage.later').length") == 1
    after = system.answer("5.0.0", 1)
    assert float(after[RAW]) == pytest.approx(float(kept[RAW]) + 100 / 13, abs=0.02)
    assert [one["id"] for one in interactions(after)][-2:] == ["c3-7f3a-2-2", "c5-7f3a-1-1"]
    assert len(interactions(after)) == 9
    system.crash()


@pytest.mark.slow
def test_an_answer_survives_a_browser_that_is_killed(system: System):
    system.launch("ada", system.reader.fresh())
    system.answer("0.0.0", 1)
    system.crash()
    system.launch("ada", system.reader.fresh())
    assert system.seen("#total-words").startswith("1 of 8 done")
    system.leave()


@pytest.mark.slow
@pytest.mark.parametrize("status", ["completed", "failed"])
def test_opening_a_finished_attempt_changes_nothing(system: System, status: str):
    system.launch("ada", system.reader.fresh())
    for at, value in ALL.items():
        system.answer(at, value)
    done = {**system.leave(), STATUS: status}
    system.records["ada"] = dict(done)
    system.launch("ada", system.reader.fresh())
    assert system.seen("#total-words").startswith("8 of 8 done")
    assert system.calls("set") == []
    assert system.leave() == done


@pytest.mark.slow
def test_answers_to_another_version_are_not_taken_for_answers_to_this_one(system: System):
    system.launch("ada", system.reader.fresh())
    system.answer("0.0.0", 1)
    kept = system.leave()
    version, digest, rest = kept[DATA].split(":", 2)
    other = f"{version}:{digest[::-1]}:{rest}"
    for old in (other, '{"raw":1,"max":13,"complete":false}', "quite another thing"):
        system.records["ada"] = {**kept, DATA: old}
        system.launch("ada", system.reader.fresh())
        assert system.seen("#total-words") == "0 of 8 done"
        assert "another version" in system.seen("#note")
        assert system.calls("set") == []
        system.crash()
    system.records["ada"] = {**kept, DATA: other, STATUS: "completed"}
    system.launch("ada", system.reader.fresh())
    assert "begin a new attempt" in system.seen("#note")
    assert system.answer("6.0.0", 0) == {**kept, DATA: other, STATUS: "completed"}
    assert system.leave()[RAW] == kept[RAW]


@pytest.mark.slow
def test_an_attempt_called_completed_without_a_score_is_marked(system: System):
    system.launch("ada", system.reader.fresh())
    system.crash()
    system.records["ada"][STATUS] = "completed"
    system.launch("ada", system.reader.fresh())
    assert system.answer("0.0.0", 1)[STATUS] == "incomplete"
    system.leave()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["review", "browse"])
def test_a_review_and_a_preview_record_nothing(system: System, mode: str):
    system.launch("ada", system.reader.fresh())
    system.crash()
    record = {**system.records["ada"], "cmi.core.lesson_mode": mode, STATUS: "incomplete"}
    system.records["ada"] = dict(record)
    system.launch("ada", system.reader.fresh())
    assert "nothing you do here is recorded" in system.seen("#note")
    assert system.answer("0.0.0", 1) == record
    assert system.calls("set") == []
    assert system.ask("browserKeeps()") == []
    system.leave()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("element", "code"), [("suspend_data", 405), ("score.raw", 403), ("commit", 101), ("result", 405)]
)
def test_a_learner_is_told_what_the_system_refuses(system: System, element: str, code: int):
    system.launch("ada", system.reader.fresh(), refuses={element: code})
    kept = system.answer("0.0.0", 1)
    assert system.visible("#unstored")
    assert f"not stored in the learning management system: error {code}, Error number {code}" in system.seen(
        "#unstored"
    )
    assert system.seen("#keeping") == "Your latest answer is not stored."
    if element in ("suspend_data", "commit"):
        assert RAW not in kept, "no score without the answers it rests on"
    # The system comes to itself.
    system.ask("session.refuses = {}")
    system.ask("inner.document.querySelector('#unstored button').click()")
    assert not system.visible("#unstored")
    assert system.seen("#keeping") == "Your answers are stored in the learning management system."
    after = system.ask("stored()")
    assert after[RAW] == "7.69"
    assert [one["result"] for one in interactions(after)] == ["correct"]
    system.leave()


@pytest.mark.slow
def test_what_a_system_need_not_have_is_no_error(system: System):
    system.launch("ada", system.reader.fresh(), without=["cmi.interactions", "cmi.core.score.m"])
    kept = system.answer("0.0.0", 1)
    assert not system.visible("#unstored")
    assert kept[RAW] == "7.69"
    assert interactions(kept) == []
    system.leave()


@pytest.mark.slow
def test_a_system_that_does_not_begin_is_told_and_the_browser_keeps_nothing(system: System):
    system.launch("ada", system.reader.fresh(), mute=True)
    assert "does not answer" in system.seen("#note")
    system.answer("0.0.0", 1)
    assert system.ask("browserKeeps()") == []
    assert system.calls("set") == []
    system.reader.close()


@pytest.mark.slow
def test_the_session_ends_once_and_a_page_that_stays_is_told(system: System):
    system.launch("ada", system.reader.fresh())
    system.answer("0.0.0", 1)
    system.ask(
        "inner.dispatchEvent(new Event('beforeunload', {cancelable: true})); inner.dispatchEvent(new Event('pagehide'))"
    )
    assert len(system.calls("finish")) == 1
    system.answer("5.0.0", 1)
    assert "its session has ended" in system.seen("#unstored")
    system.reader.close()


@pytest.mark.slow
def test_a_quiz_in_a_window_of_its_own_finds_the_system_that_opened_it(system: System):
    system.launch("ada", system.reader.fresh(), popup=True)
    assert system.answer("0.0.0", 1)[RAW] == "7.69"
    system.ask("inner.close()")
    system.reader.close()


@pytest.mark.slow
def test_without_a_system_the_browser_keeps_the_answers(chromium: Reader, folder: Path):
    browser = chromium.fresh()
    chromium.open(folder / "index.html", browser=browser)
    assert "No learning management system was found" in chromium.text("#note")
    chromium.ask("document.querySelector('#q-0-0-0 input').click()")
    chromium.ask("document.querySelector('#q-0-0-0').requestSubmit()")
    assert "stored in this browser" in chromium.text("#keeping")
    chromium.again()
    assert "1 of 8 done" in chromium.text("#list")
    assert chromium.text("#note").startswith("No learning management system was found")
    assert "Not yours?" in chromium.text("#note")
    assert chromium.complaints() == []
    chromium.close()


def test_the_manifest_launches_the_page():
    with zipfile.ZipFile(io.BytesIO(scorm.package(case_set(), "<p>quiz</p>"))) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert list(content) == ["imsmanifest.xml", "index.html"]
    manifest = ET.fromstring(content["imsmanifest.xml"])
    cp, adl = "{http://www.imsproject.org/xsd/imscp_rootv1p1p2}", "{http://www.adlnet.org/xsd/adlcp_rootv1p2}"
    assert manifest.findtext(f"{cp}metadata/{cp}schemaversion") == "1.2"
    (item,) = manifest.iter(f"{cp}item")
    (resource,) = manifest.iter(f"{cp}resource")
    assert item.get("identifierref") == resource.get("identifier")
    assert (resource.get("href"), resource.get(f"{adl}scormtype")) == ("index.html", "sco")
    assert item.findtext(f"{cp}title") == case_set().title


def test_the_package_holds_the_quiz_and_not_the_teachers_copy(tmp_path: Path):
    (path,) = scorm.write({"si": case_set(units="si")}, "si", tmp_path)
    with zipfile.ZipFile(path) as archive:
        page = archive.read("index.html").decode()
    assert 'data-copy="quiz"' in page
    assert "LMSInitialize" in page
