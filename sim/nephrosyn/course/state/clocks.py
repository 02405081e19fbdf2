"""Timers, and budgets that are spent at a rate.

A clock array has shape (4, CLOCKS): row DUE is when each clock falls due (inf = never). A clock whose event has a
hazard also holds what is left of a unit-exponential budget, the rate at which it is spent, and since when. A change
of the hazard spends the budget so far and reschedules from what is left, which is exact for rates that are constant
between events, and keeps two histories of one patient coupled.
"""

from __future__ import annotations

import math

from nephrosyn.course.state.state import CLOCKS, DUE, LEFT, RATE, SINCE
from nephrosyn.kernels.compile import inline, kernel

_CLOCKS = int(CLOCKS)


@inline
def earliest(clocks):
    """The clock that falls due first; the lowest of those that fall due together."""
    first = 0
    for k in range(1, _CLOCKS):
        if clocks[DUE, k] < clocks[DUE, first]:
            first = k
    return first


@inline
def stop(clocks, k):
    """Switch a clock off: no rate can make it fall due until it gets a new budget."""
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
    """Change the rate of a budget: what was spent is spent, the rest is spent at the new rate."""
    old = clocks[RATE, k]
    if rate == old:
        return
    left = clocks[LEFT, k] - old * (now - clocks[SINCE, k])
    start_budget(clocks, k, now, max(left, 0.0), rate)
