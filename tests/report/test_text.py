"""The sentences say what the counts allow, and no more."""

from __future__ import annotations

import pytest

from nephrosyn.report import text
from nephrosyn.report.findings.verdicts.refractory_share import Refractory


def found(met, unmet, unknown):
    return Refractory("source", "observed", met, unmet, unknown)


@pytest.mark.parametrize(
    ("met", "unmet", "unknown", "open_"),
    [
        (200, 500, 300, "below, at or above"),
        (200, 660, 140, "below or at"),
        (340, 460, 200, "at or above"),
    ],
)
def test_headline_takes_no_side_that_the_unjudged_could_turn(met, unmet, unknown, open_):
    told = text.headline(found(met, unmet, unknown))
    assert f"if the {unknown} undetermined patients were refractory too, it would be" in told
    assert f"leaves open whether the share lies {open_} the one third often quoted" in told
    assert "whole interval lies" not in told


@pytest.mark.parametrize(
    ("met", "unmet", "unknown", "side"),
    [
        (36_000, 59_000, 5_000, "more than the one third"),
        (20_000, 71_000, 9_000, "less than the one third"),
    ],
)
def test_headline_says_when_only_the_margin_is_open(met, unmet, unknown, side):
    told = text.headline(found(met, unmet, unknown))
    assert f": {side} often quoted; if the {unknown:,}" in told
    assert told.endswith("leaves open whether the share lies within 5 percentage points of one third.")


def test_headline_takes_the_side_that_nobody_could_turn():
    told = text.headline(found(630, 309, 61))
    assert told.endswith("more than the one third often quoted; the whole interval lies above it.")


@pytest.mark.parametrize(
    ("counts", "note"),
    [
        (
            (36_000, 59_000, 5_000),
            "; if all undetermined patients were refractory: the whole 95% interval lies outside",
        ),
        ((630, 309, 61), ""),
    ],
)
def test_answer_about_the_margin_tells_what_could_turn_it(counts, note):
    assert text.margin_note(found(*counts)) == note


def test_sentence_about_the_unjudged_agrees_with_the_headline():
    assert "one third would change" in text.undetermined_sentence(found(36_000, 59_000, 5_000))
    assert "one third would not change" in text.undetermined_sentence(found(630, 309, 61))
