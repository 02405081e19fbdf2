"""The picture of a case: reproducible, drawn from the tables alone, and without metadata."""

from __future__ import annotations

import base64

import pytest

from nephrosyn.teach.display import parse_back, timelines
from nephrosyn.teach.items import case_set
from nephrosyn.teach.items.case_set import build
from nephrosyn.teach.request import Request
from nephrosyn.teach.run_source import Source
from nephrosyn.vocabulary import NOTICE


def _figure(case):
    return next(one for section in case.stages[0].sections for one in section.figures)


def _undrawn(pair):
    return {units: timelines.with_pictures(case, [("", "")]) for units, case in pair.items()}


def test_a_picture_drawn_from_the_tables_alone_is_the_same_to_the_byte(pictured):
    for system, made in pictured.items():
        for case in made.cases:
            assert _figure(case).png_base64
            assert timelines.with_pictures(case, timelines.draw(case, system)) == case


def test_the_picture_of_a_staged_case_is_of_all_stages(cohort):
    (case,) = build(Source(cohort), Request(count=1, kinds=("staged",), balance="natural"))["si"].cases
    sections = [section for stage in case.stages for section in stage.sections]
    (figure,) = (figure for section in sections for figure in section.figures)
    end = parse_back.parse(sections)["follow_up"]["end_days"][0]
    assert f"Timeline to day {end}." in base64.b64decode(figure.svg_base64).decode()


@pytest.mark.parametrize("fate", ["lives", "is killed before", "is killed after"])
def test_helpers_change_no_byte(pictured, fate):
    pairs = [
        dict(zip(pictured, cases, strict=True)) for cases in zip(*(one.cases for one in pictured.values()), strict=True)
    ]
    with timelines.TimelineRenderer(helpers=1) as renderer:
        renderer.submit(_undrawn(pairs[0]))
        if fate == "is killed before":
            _kill(renderer)
        for pair in pairs[1:]:
            renderer.submit(_undrawn(pair))
        if fate == "is killed after":
            _kill(renderer)
        assert [renderer.result(_undrawn(pair)) for pair in pairs] == pairs


def _kill(renderer):
    for process in list(renderer._pool._processes.values()):
        process.kill()
        process.join()


def test_no_helper_is_started_for_a_few(cohort, monkeypatch):
    asked = []
    real = timelines.TimelineRenderer.__init__
    monkeypatch.setattr(
        timelines.TimelineRenderer, "__init__", lambda self, helpers: (asked.append(helpers), real(self, 0))[1]
    )
    build(Source(cohort), Request(count=1, balance="natural"), workers=8)
    build(Source(cohort), Request(count=1, balance="natural", figures=False), workers=8)
    monkeypatch.setattr(case_set, "WORTH_A_PROCESS", 1)
    build(Source(cohort), Request(count=2, balance="natural"), workers=8)
    build(Source(cohort), Request(count=2, balance="natural", figures=False), workers=8)
    assert asked == [0, 0, 2, 0]


def test_a_picture_says_its_units_and_the_notice_and_no_date(pictured):
    for system, unit in (("si", "mg/mmol"), ("conventional", "mg/mg")):
        svg = base64.b64decode(_figure(pictured[system].cases[0]).svg_base64).decode()
        assert unit in svg
        assert NOTICE in svg
        assert "<dc:date>" not in svg
        assert base64.b64decode(_figure(pictured[system].cases[0]).png_base64).startswith(b"\x89PNG")


def test_pictures_of_the_two_units_differ(pictured):
    first, second = (_figure(made.cases[0]).png_base64 for made in pictured.values())
    assert first != second
