"""The limits of SCORM 1.2 for the answers to a set, and the error for a set that is too large."""

from __future__ import annotations

from pathlib import Path

import pytest

from nephrosyn.errors import CasesError
from nephrosyn.teach.formats import scorm
from nephrosyn.teach.formats.scorm.capacity import MOST_CHARACTERS, characters, check, fitting
from nephrosyn.teach.model import Choice, Option, Pair, Question

from .sets import CASES, MATCHING, MULTIPLE, NUMERIC, SINGLE, case, case_set, stage


def many(count: int, *questions: Question):
    made = case("c-1", "single", stage("", 10, *questions))
    return case_set(tuple(made.model_copy(update={"id": f"c-{place}"}) for place in range(count)))


def choice(options: int, kind: str = "single") -> Choice:
    made = tuple(
        Option(id=f"o{place}", text=str(place), credit=float(place == 0), feedback="") for place in range(options)
    )
    return Choice(kind=kind, id="q", stem="Which?", options=made)


HEAD = len("1:0123456789ab:c:")


@pytest.mark.parametrize(
    ("question", "length"),
    [
        (SINGLE, 1),
        (MULTIPLE, 1),
        (choice(5, "multiple"), 1),
        (choice(6, "multiple"), 2),
        (choice(26, "multiple"), len("13ydj3")),
        (NUMERIC, len("c-1234567.8")),
        (MATCHING, 3),
    ],
)
def test_how_long_answers_can_get(question: Question, length: int):
    assert characters(many(1, question)) == HEAD + length
    assert characters(many(3, question)) == HEAD + 3 * length + 2


def test_sixty_cases_of_every_kind_with_several_questions_fit():
    assert len(CASES) == 7
    sixty = case_set((*CASES * 8, *CASES[:4]))
    assert characters(sixty) < MOST_CHARACTERS / 4
    check(sixty)


def test_the_largest_set_fits_and_one_case_more_does_not(tmp_path: Path):
    assert characters(many(340, NUMERIC)) == MOST_CHARACTERS
    check(many(340, NUMERIC))
    with pytest.raises(CasesError, match=r"341 cases can take 4,108 characters.* 4,096 .*count 340 or less"):
        scorm.write({"conventional": many(341, NUMERIC)}, "conventional", tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert fitting(many(341, NUMERIC)) == 340
    assert fitting(many(5, NUMERIC)) == 5


def test_all_that_scorm_cannot_name_is_said_at_once():
    check(many(1, choice(26)))
    pairs = tuple(Pair(premise=str(place), answer=str(place), feedback="") for place in range(36))
    made = case("c-" + "x" * 250, "single", stage("", 10, choice(27), MATCHING.model_copy(update={"pairs": pairs})))
    with pytest.raises(CasesError) as refused:
        check(case_set((made,)))
    told = str(refused.value)
    assert "27 answers to choose from, and SCORM 1.2 can name 26" in told
    assert "36 pairs, and SCORM 1.2 can name 35" in told
    assert "expected an id of at most 245 characters" in told
