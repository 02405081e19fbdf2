"""Simulated studies of agents and complications give what the studies gave."""

import pytest

from .figures import FIGURES, PAGE, page

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_simulated_lies_within_the_published_interval(figure):
    low, high = figure.interval
    assert low <= figure.simulated() <= high


@pytest.mark.parametrize("figure", [f for f in FIGURES if f.scenario == "law-nephrotic"], ids=lambda figure: figure.key)
def test_laws_are_met_closely(figure):
    """The published numbers stand in the scenario, so the width of their intervals is no excuse."""
    assert figure.simulated() == pytest.approx(figure.value, rel=0.15)


def test_the_page_shows_what_is_simulated():
    assert PAGE.read_text("utf-8") == page()
