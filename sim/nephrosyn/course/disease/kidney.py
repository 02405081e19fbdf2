"""Filtration: it falls by the state of the disease, drops while a complication is untreated, and may end in failure."""

from __future__ import annotations

import math

from nephrosyn.course.state.state import DUE, Clock
from nephrosyn.kernels.compile import inline, kernel

NO_COMPLICATION = -1


@inline
def steady_gfr(state):
    """Filtration (mL/min/1.73 m2) now, apart from what an untreated complication takes for the time being."""
    return max(state.gfr - state.gfr_loss_per_day * (state.now - state.gfr_since), 0.0)


@kernel
def set_kidney_loss(state, traits, params, clocks):
    """Filtration falls from now on as the present state of the disease lets it; failure comes where that leads."""
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
    """A share of the filtration is lost for good."""
    state.gfr = steady_gfr(state) * (1.0 - share)
    state.gfr_since = state.now
    set_kidney_loss(state, traits, params, clocks)


@kernel
def gfr_now(state, params):
    """Filtration now, with what an untreated complication takes."""
    gfr = steady_gfr(state)
    if state.complication != NO_COMPLICATION:
        gfr *= state.complication_filtration
    return gfr
