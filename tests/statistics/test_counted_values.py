"""Counts of distinct values: exact where there are few, and never dependent on how the values were divided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nephrosyn.statistics import counted_values
from nephrosyn.statistics.counted_values import CountedValues
from nephrosyn.statistics.kaplan_meier import kaplan_meier, kaplan_meier_of_counts

VALUES = st.lists(st.floats(0, 1e5, allow_nan=False), min_size=1, max_size=60)
CUTS = st.lists(st.integers(0, 60), max_size=5)


def divided(values, cuts):
    return [CountedValues.of(part) for part in np.split(np.array(values), sorted(cuts))]


@given(VALUES, CUTS, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_quantiles_are_those_of_numpy(values, cuts, level):
    counted = CountedValues.together(divided(values, cuts))
    assert counted.step == 0
    assert counted.quantile(level) == pytest.approx(np.quantile(values, level), rel=1e-12, abs=1e-300)
    assert counted.total == len(values)


@settings(max_examples=40)
@example([float(n) for n in range(1, 21)], [16])  # first in steps of 2, then of 4
@given(VALUES, CUTS)
def test_rounded_values_do_not_depend_on_the_parts(values, cuts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counted_values, "MOST_DISTINCT", 8)
        whole, parts = CountedValues.of(np.array(values)), CountedValues.together(divided(values, cuts))
    assert (whole.step, whole.values.tolist(), whole.counts.tolist()) == (
        parts.step,
        parts.values.tolist(),
        parts.counts.tolist(),
    )
    assert len(parts.values) <= 8
    assert parts.total == len(values)
    for level in (0.0, 1.0):
        assert 0 <= parts.quantile(level) - np.quantile(values, level) <= parts.step


def test_without_values_there_is_no_quantile():
    assert np.isnan(CountedValues.together([]).quantile(0.5))


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40), st.integers(0, 40))
def test_curves_of_parts_have_the_same_bits(rows, cut):
    durations, happened = np.array([day for day, _ in rows], float), np.array([event for _, event in rows])
    days = np.arange(0.0, 14.0, 0.5)
    events, censored = (
        CountedValues.together(
            [CountedValues.of(durations[part][happened[part] == kind]) for part in (slice(cut), slice(cut, None))]
        )
        for kind in (True, False)
    )
    whole, parts = kaplan_meier(durations, happened, days), kaplan_meier_of_counts(events, censored, days)
    for name in ("free", "low", "high"):
        assert getattr(whole, name).tobytes() == getattr(parts, name).tobytes()
    assert [whole.at_risk(day) for day in range(14)] == [int((durations >= day).sum()) for day in range(14)]
