"""The picture of a case: the same bytes again, nothing but what the tables say, and no metadata."""

from __future__ import annotations

import base64

from nephrosyn.cases import displayed, showing
from nephrosyn.terms import NOTICE


def _figure(case):
    return next(one for section in case.stages[0].sections for one in section.figures)


def test_a_picture_drawn_from_the_tables_alone_is_the_same_to_the_byte(pictured):
    for system, made in pictured.items():
        for case in made.cases:
            frames = displayed.parse(case.stages[0].sections)
            again = showing.timeline(frames, case.id, system).figures[0]
            assert again.png_base64 == _figure(case).png_base64
            assert again.svg_base64 == _figure(case).svg_base64


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
