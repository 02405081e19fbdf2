"""The same answers get the same marks in all software."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from nephrosyn.teach.formats import moodle, qti
from nephrosyn.teach.formats.learner_view import credits
from nephrosyn.teach.formats.questions import items
from nephrosyn.teach.model import Choice

from .sets import case, case_set, options, stage

QTI = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
SHAPES = [(right, wrong) for right in range(1, 5) for wrong in range(1, 5) if right + wrong <= 5]
ROUNDED = 1e-4
"""Moodle's fractions have five decimals."""


def question(right: int, wrong: int) -> Choice:
    made = options(*[1 / right] * right, *[0.0] * wrong)
    return Choice(kind="multiple", id="q", stem="Which?", options=made)


def answers(count: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, count + 1):
        yield from combinations(range(count), size)


def mark(worth: list[float], chosen: tuple[int, ...]) -> float:
    return min(1.0, max(0.0, sum(worth[place] for place in chosen)))


def in_moodle(choice: Choice) -> list[float]:
    text = moodle.document(case_set((case("c-1", "key-features", stage("", 1, choice)),)))
    return [float(one.get("fraction", "")) / 100 for one in ET.fromstring(text).iter("answer")]


def in_qti(choice: Choice) -> list[float]:
    (item,) = items(case_set((case("c-1", "key-features", stage("", 1, choice)),)))
    return [float(one.get("mappedValue", "")) for one in qti.item.assessment_item(item, "").iter("mapEntry")]


@pytest.mark.parametrize(("right", "wrong"), SHAPES)
def test_several_right_answers_are_worth_the_same_in_the_quiz_in_moodle_and_in_qti(right: int, wrong: int):
    choice = question(right, wrong)
    quiz = credits([option.credit for option in choice.options], "multiple")
    for chosen in answers(right + wrong):
        of_quiz = mark(quiz, chosen)
        assert of_quiz == pytest.approx(mark(in_qti(choice), chosen), abs=1e-9), chosen
        assert of_quiz == pytest.approx(mark(in_moodle(choice), chosen), abs=ROUNDED), chosen


@pytest.mark.parametrize(("right", "wrong"), SHAPES)
def test_ticking_everything_earns_nothing_and_the_key_everything(right: int, wrong: int):
    quiz = credits([1 / right] * right + [0.0] * wrong, "multiple")
    assert mark(quiz, tuple(range(right + wrong))) == pytest.approx(0, abs=1e-12)
    assert mark(quiz, tuple(range(right))) == pytest.approx(1)
