"""The headline says what its interval is of, and draws its conclusion from that interval."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nephrosyn.report import text
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
