"""Budgets: however often the rate changes, what is spent when the clock falls due is the budget."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephrosyn.course.state import clocks as timers
from nephrosyn.course.state.state import CLOCK_COLUMNS, CLOCKS, DUE, Clock
from nephrosyn.kernels.compile import from_python

RELAPSE = int(Clock.RELAPSE)
earliest, set_rate = from_python(timers.earliest), from_python(timers.set_rate)
start_budget, stop = from_python(timers.start_budget), from_python(timers.stop)


def clocks() -> np.ndarray:
    fresh = np.zeros((4, CLOCK_COLUMNS))
    fresh[DUE] = math.inf
    return fresh


@given(
    st.floats(0.01, 20.0),
    st.lists(st.tuples(st.floats(0.01, 30.0), st.floats(1e-6, 0.5) | st.just(0.0)), min_size=1, max_size=12),
)
def test_the_hazard_integrates_to_the_budget(budget, changes):
    timer, now, spent, rate = clocks(), 0.0, 0.0, 0.05
    start_budget(timer, RELAPSE, now, budget, rate)
    for wait, new_rate in changes:
        if timer[DUE, RELAPSE] <= now + wait:
            break
        now, spent = now + wait, spent + wait * rate
        rate = new_rate
        set_rate(timer, RELAPSE, now, rate)
    due = timer[DUE, RELAPSE]
    if math.isinf(due):
        assert rate == 0.0
    else:
        assert spent + (due - now) * rate == pytest.approx(budget, rel=1e-9)


def test_an_unchanged_rate_moves_nothing():
    timer = clocks()
    start_budget(timer, RELAPSE, 1.1, 0.7, 0.3)
    before = timer.copy()
    set_rate(timer, RELAPSE, 2.2, 0.3)
    assert np.array_equal(timer, before)


def test_no_rate_revives_a_stopped_clock():
    timer = clocks()
    start_budget(timer, RELAPSE, 0.0, 1.0, 1.0)
    stop(timer, RELAPSE)
    set_rate(timer, RELAPSE, 5.0, 3.0)
    assert math.isinf(timer[DUE, RELAPSE])


def test_of_clocks_due_together_the_lower_goes_first():
    timer = clocks()
    timer[DUE, Clock.VISIT] = timer[DUE, Clock.DOSE_STEP] = 14.0
    assert earliest(timer) == Clock.DOSE_STEP


@given(st.lists(st.sampled_from([0.0, 1.0, 14.0, 14.0 + 2e-15, math.inf]), min_size=CLOCKS, max_size=CLOCKS))
def test_the_earliest_clock_is_the_first_of_the_least(due):
    timer = clocks()
    timer[DUE, :CLOCKS] = due
    assert earliest(timer) == due.index(min(due))


def test_columns_without_a_clock_are_never_the_earliest():
    timer = clocks()
    timer[DUE + 1 :] = -1.0  # nor is what stands behind the row
    timer[DUE, Clock.END] = 1e9
    assert earliest(timer) == Clock.END
    assert CLOCKS <= CLOCK_COLUMNS
