"""Kidney function: slow loss by disease state, a drop while a complication is untreated, kidney failure."""

from __future__ import annotations

import math

from nephrosyn.course.state.state import DUE, Clock
from nephrosyn.kernels.compile import inline, kernel

NO_COMPLICATION = -1


@inline
def steady_gfr(state):
    """Filtration (mL/min/1.73 m2) now, without the temporary drop of an untreated complication."""
    return max(state.gfr - state.gfr_loss_per_day * (state.now - state.gfr_since), 0.0)


@kernel
def set_kidney_loss(state, traits, params, clocks):
    """Set the loss of filtration from the disease state, and the clock of kidney failure that follows from it."""
    state.gfr = steady_gfr(state)
    state.gfr_since = state.now
    state.gfr_loss_per_day = params.loss_per_day[state.phase] * traits.loss_factor
    above = state.gfr - params.failure_gfr
    clocks[DUE, Clock.KIDNEY_FAILURE] = math.inf
    if above <= 0.0:
        clocks[DUE, Clock.KIDNEY_FAILURE] = state.now
    elif state.gfr_loss_per_day > 0.0:
        clocks[DUE, Clock.KIDNEY_FAILURE] = state.now + above / state.gfr_loss_per_day


@kernel
def lose_filtration(state, traits, params, clocks, share):
    """Lose a fraction of the filtration permanently."""
    state.gfr = steady_gfr(state) * (1.0 - share)
    state.gfr_since = state.now
    set_kidney_loss(state, traits, params, clocks)


@kernel
def gfr_now(state, params):
    """Filtration (mL/min/1.73 m2) now, with the drop of an untreated complication."""
    gfr = steady_gfr(state)
    if state.complication != NO_COMPLICATION:
        gfr *= state.complication_filtration
    return gfr
