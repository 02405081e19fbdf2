"""The page on face validity is up to date, has its figures, and shows verdicts only for the courses that were read."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from nephrosyn import vocabulary

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("face_validity", TOOLS / "face_validity.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["face_validity"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shown(tool):
    return tool.courses()


@pytest.mark.slow
def test_the_page_is_current(tool, shown):
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(shown), "run: make docs"


def test_every_course_has_its_figure_with_the_notice_and_there_are_no_others(tool):
    text = tool.PAGE.read_text(encoding="utf-8")
    pictures = re.findall(r"^!\[(.+)\]\(face-validity/(\d\d\.svg)\)$", text, re.MULTILINE)
    assert [name for _, name in pictures] == [f"{number:02}.svg" for number in range(1, 25)]
    assert {path.name for path in tool.FIGURES.iterdir()} == {name for _, name in pictures}
    for alternative, name in pictures:
        path = tool.FIGURES / name
        drawn = path.read_text(encoding="utf-8")
        title = ElementTree.fromstring(drawn).findtext("{http://www.w3.org/2000/svg}title")
        assert title.replace("\\", "") == alternative.replace("\\", ""), f"{name}: run: make docs"
        assert vocabulary.NOTICE in drawn
        assert len(drawn) < 120_000
    assert vocabulary.NOTICE in text


@pytest.mark.slow
def test_four_courses_of_each_group_and_both_scenarios(tool, shown):
    assert Counter(course.group for course in shown) == dict.fromkeys(tool.GROUPS, tool.PER_GROUP)
    assert {course.scenario for course in shown} == set(tool.SCENARIOS)
    for course in shown:
        assert course.category in tool.GROUPS[course.group]
    assert len({(course.scenario, course.patient.number) for course in shown}) == len(shown)


def test_every_verdict_is_of_a_course_and_has_a_reason(tool):
    last = tool.reading()
    assert [entry["course"] for entry in last["verdict"]] == list(range(1, 1 + tool.PER_GROUP * len(tool.GROUPS)))
    assert all(isinstance(entry["plausible"], bool) and entry["reason"] for entry in last["verdict"])


@pytest.mark.slow
def test_verdicts_are_not_shown_for_other_courses(tool, shown, monkeypatch):
    last = {**tool.reading(), "digest": "0" * 12}
    monkeypatch.setattr(tool, "reading", lambda: last)
    text = tool.page(shown)
    assert tool.verdicts(shown, last) == {}
    assert text.count("not read yet") == len(shown)
    assert tool.digest(shown) in text
    assert last["verdict"][0]["reason"] not in text
    assert tool.digest(shown[1:]) != tool.digest(shown)
    assert tool.verdicts(shown, {**last, "digest": tool.digest(shown)}).keys() == set(range(1, len(shown) + 1))


def test_episodes_are_remissions_and_relapses_with_their_days(tool):
    happened = [(10.0, "complete_remission"), (100.0, "relapse"), (112.0, "complete_remission"), (300.0, "relapse")]
    tables = {
        "doses": pl.DataFrame({"drug": ["prednisone"], "first_days": [2]}),
        "truth/events": pl.DataFrame(happened, schema=["time_days", "event"], orient="row"),
        "follow_up": pl.DataFrame({"end_days": [350]}),
    }
    assert list(tool.episodes(tables)) == [
        "remission on day 10, 8 days of steroid",
        "relapse on day 100 (12 days)",
        "relapse on day 300, no remission",
    ]
    tables["follow_up"] = pl.DataFrame({"end_days": [105]})
    assert list(tool.episodes(tables))[1:] == ["relapse on day 100, no remission"]
    tables["truth/events"] = tables["truth/events"].head(0)
    assert list(tool.episodes(tables)) == ["never in complete remission"]


def test_courses_of_agents_are_joined_over_short_gaps(tool):
    rows = [
        ("rituximab", 10, 10, "single"),
        ("rituximab", 17, 17, "single"),
        ("ciclosporin", 20, 60, "daily"),
        ("prednisone", 30, 40, "daily"),
        ("ciclosporin", 61, 90, "daily"),
        ("rituximab", 400, 400, "single"),
    ]
    doses = pl.DataFrame(rows, schema=["drug", "first_days", "last_days", "schedule"], orient="row")
    assert list(tool.agents(doses, 90)) == [
        "rituximab, 2 infusions from day 10",
        "ciclosporin, day 20 to the end",
        "rituximab, 1 infusion from day 400",
    ]
