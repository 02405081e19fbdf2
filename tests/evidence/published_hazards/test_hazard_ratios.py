"""Simulated hazards agree with published hazard ratios."""

import pytest

from .hazard_ratios import HAZARD_RATIOS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("ratio", HAZARD_RATIOS, ids=lambda ratio: ratio.key)
def test_simulated_lies_within_the_published_interval(ratio):
    low, high = ratio.interval
    assert low <= ratio.simulated() <= high


@pytest.mark.parametrize("ratio", HAZARD_RATIOS, ids=lambda ratio: ratio.key)
def test_published_ratios_are_met_closely(ratio):
    """The scenario contains the published numbers, so agreement must be closer than their intervals."""
    assert ratio.simulated() == pytest.approx(ratio.value, rel=0.15)
