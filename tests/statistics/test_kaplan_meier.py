"""Kaplan-Meier curves against scipy.stats."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from nephrosyn.statistics.kaplan_meier import kaplan_meier

TIMES = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40)
DAYS = np.arange(0.0, 14.0, 0.5)


@given(TIMES.filter(lambda rows: any(happened for _, happened in rows)))
def test_curve_and_band_are_those_of_scipy(rows):
    durations, happened = np.array([day for day, _ in rows], float), np.array([event for _, event in rows])
    curve = kaplan_meier(durations, happened, DAYS)
    survivor = ecdf(CensoredData(uncensored=durations[happened], right=durations[~happened])).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        band = survivor.confidence_interval(confidence_level=0.95, method="log-log")
    free = survivor.evaluate(DAYS)
    np.testing.assert_allclose(curve.free, free, rtol=1e-12)
    for ours, side in ((curve.low, band.low), (curve.high, band.high)):
        theirs = side.evaluate(DAYS)
        np.testing.assert_allclose(ours, np.where(np.isnan(theirs), free, theirs), rtol=1e-9)


def test_without_an_event_the_curve_stays_at_one():
    curve = kaplan_meier(np.array([3.0, 4.0]), np.array([False, False]), DAYS)
    assert (curve.free == 1.0).all()
    assert np.isnan(curve.median_days)


def test_median_is_the_first_time_at_which_half_are_left():
    curve = kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, bool), DAYS)
    assert curve.median_days == pytest.approx(2.0)
