"""Clocks: timers, and budgets that are spent at a rate.

A clock array has shape (4, CLOCK_COLUMNS). Row DUE is when each clock is due (inf = never). A clock whose event has a
hazard also holds the rest of a unit-exponential budget, the rate at which it is spent, and when the rate last changed.
When the hazard changes, the budget spent so far is subtracted and the clock is rescheduled from the rest. That is exact
for rates that are constant between events, and keeps two histories of one patient coupled.
"""

from __future__ import annotations

import math

from nephrosyn.course.state.state import CLOCK_COLUMNS, DUE, LEFT, RATE, SINCE
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.first_least import first_least


@inline
def earliest(clocks):
    """The clock that is due first; of several due at the same time, the lowest."""
    return first_least(clocks[DUE], CLOCK_COLUMNS)


@inline
def stop(clocks, k):
    """Stop a clock: it is never due until it gets a new budget, whatever its rate."""
    clocks[DUE, k] = math.inf
    clocks[LEFT, k] = math.inf
    clocks[RATE, k] = 0.0


@kernel
def start_budget(clocks, k, now, budget, rate):
    """Give a clock a new budget, spent at a rate (per day) from now on."""
    clocks[LEFT, k] = budget
    clocks[RATE, k] = rate
    clocks[SINCE, k] = now
    clocks[DUE, k] = now + budget / rate if rate > 0.0 else math.inf


@kernel
def set_rate(clocks, k, now, rate):
    """Change the rate of a budget: the rest of it is spent at the new rate."""
    old = clocks[RATE, k]
    if rate == old:
        return
    left = clocks[LEFT, k] - old * (now - clocks[SINCE, k])
    start_budget(clocks, k, now, max(left, 0.0), rate)
