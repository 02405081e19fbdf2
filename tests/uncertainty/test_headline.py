"""The headline says what its interval is of, and draws its conclusion from that interval."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nephrosyn.report import text
from nephrosyn.report.findings.verdicts.beyond_chance import BeyondChance
from nephrosyn.report.findings.verdicts.refractory_share import Refractory, Span


@pytest.mark.parametrize("outside", [0, 200])
def test_without_draws_it_is_of_chance_alone(outside):
    told = text.headline(Refractory("source", "observed", 630, 370, 0, outside=outside))
    assert "63% (95% interval 60 to 66%, of chance alone) of the 1,000 patients" in told
    assert text.two_intervals(Refractory("source", "observed", 630, 370, 0)) == ""


@pytest.mark.parametrize("outside", [0, 200])
def test_with_draws_it_is_with_the_scenarios_numbers(outside):
    found = Refractory("source", "observed", 630, 370, 0, outside=outside, span=Span(0.571, 0.694, 0.571, 0.694))
    told = text.headline(found)
    assert "63% (95% interval 57 to 69%, with the scenario’s uncertain numbers) of the 1,000 patients" in told
    assert text.two_intervals(found) == (
        "share 63.0% (chance alone 60.0 to 65.9%; with the scenario’s numbers 57.1 to 69.4%)"
    )


def test_conclusion_rests_on_the_uncertainty_interval():
    narrow = Refractory("source", "observed", 4_000, 6_000, 0)
    assert "the whole interval lies above it" in text.headline(narrow)
    wide = replace(narrow, span=Span(0.25, 0.55, 0.25, 0.55))
    assert "too wide to confirm it" in text.headline(wide)
    assert text.margin_answer(wide.comparison).startswith("In part")


def test_what_the_undetermined_leave_open_rests_on_it_too():
    found = Refractory("source", "observed", 4_000, 5_500, 500, span=Span(0.25, 0.45, 0.35, 0.5))
    assert found.hinges_on_undetermined
    assert "leaves open whether the share lies at or above the one third" in text.headline(found)


SHIPPED = BeyondChance("shipped", 200, 0.523, 0.689)


@pytest.mark.parametrize("outside", [0, 200])
def test_shipped_analysis_stands_in_the_same_sentence(outside):
    told = text.headline(Refractory("source", "observed", 630, 370, 0, outside=outside, beyond=SHIPPED))
    known = "of chance alone; with the scenario’s numbers 52 to 69% in the shipped analysis of 200 draws"
    assert f"63% (95% interval 60 to 66%, {known}) of the 1,000 patients" in told
    assert "but the interval with the scenario’s numbers" not in told


@pytest.mark.parametrize(
    ("low", "high", "lies"), [(0.3, 0.7, "contains it"), (0.1, 0.3, "lies below it"), (0.35, 0.7, None)]
)
def test_conclusion_by_chance_is_not_left_alone_if_the_shipped_analysis_has_another(low, high, lies):
    beyond = BeyondChance("shipped", 200, low, high)
    told = text.headline(Refractory("source", "observed", 630, 370, 0, beyond=beyond))
    assert told.endswith(f"; but the interval with the scenario’s numbers {lies}.") == (lies is not None)


@pytest.mark.parametrize(
    ("beyond", "says"),
    [
        (BeyondChance("not shipped"), "of chance alone; --uncertainty 200 also gives one with the scenario’s numbers)"),
        (BeyondChance("all fixed"), "of chance alone; no number of the scenario is uncertain)"),
        (BeyondChance("later set"), "of chance alone; the draws of the run were not classified by this set)"),
        (
            BeyondChance("too few", 20, few=(3, 7)),
            "of chance alone; none with the scenario’s numbers, as the set applies to fewer than 2 patients in 2 of 20 "
            "draws (3, 7))",
        ),
    ],
)
def test_without_an_interval_it_says_why_or_how_to_get_one(beyond, says):
    assert says in text.headline(Refractory("source", "observed", 630, 370, 0, beyond=beyond))
