"""Simulated hazards follow the published laws."""

import pytest

from .figures import FIGURES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_simulated_lies_within_the_published_interval(figure):
    low, high = figure.interval
    assert low <= figure.simulated() <= high


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_laws_are_met_closely(figure):
    """The published numbers stand in the scenario, so the width of their intervals is no excuse."""
    assert figure.simulated() == pytest.approx(figure.value, rel=0.15)
