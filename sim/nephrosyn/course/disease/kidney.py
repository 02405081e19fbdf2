"""Kidney function: slow loss by proteinuria, a drop while a complication is untreated, kidney failure."""

from __future__ import annotations

import math

from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, Clock, Phase
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms

NO_COMPLICATION = -1


@inline
def steady_gfr(state):
    """Filtration (mL/min/1.73 m2) now, without the temporary drops of acute injury and of a complication."""
    return max(state.gfr - state.gfr_loss_per_day * (state.now - state.gfr_since), 0.0)


@kernel
def _loss_per_day(state, traits, params):
    """Loss of filtration (per day) at the level of proteinuria; that of a fall or of variation is the middle of it.

    In complete remission it goes with the square root of the patient's factor: scars are left, and no more are made.
    """
    if state.phase == Phase.REMISSION:
        return params.remission_loss_per_day * math.sqrt(traits.loss_factor)
    on_the_way = state.falling == 1 or state.varying == 1
    level = 0.5 * (state.path_log + state.path_target) if on_the_way else state.path_target
    loss = params.loss_per_day * math.exp(params.loss_power * (level - params.loss_at_log_upcr))
    loss *= traits.loss_factor
    return loss * params.blockade_loss_factor if state.blockade == 1 else loss


@kernel
def set_kidney_loss(state, traits, params, clocks):
    """Set the loss of filtration from proteinuria, and the clock of kidney failure that follows from it."""
    state.gfr = steady_gfr(state)
    state.gfr_since = state.now
    state.gfr_loss_per_day = _loss_per_day(state, traits, params)
    if state.response == Phase.REMISSION and state.phase != Phase.REMISSION:
        state.gfr_loss_per_day *= params.responsive_factor
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
def draw_acute_injury(state, traits, params, tables):
    """Draw whether low albumin of this episode injures the kidney, and how deeply."""
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.ACUTE_INJURY, state.episode)
    state.injury_depth = 0.0
    if draws[0] < params.injury_share:
        state.injury_depth = quantile(tables, params.injury_table, normal_quantile(draws[1]))


@kernel
def gfr_now(state, params):
    """Filtration (mL/min/1.73 m2) now, lower under blockade, with acute injury and with an untreated complication."""
    gfr = steady_gfr(state)
    if state.blockade == 1:
        gfr *= params.blockade_filtration
    if state.injury_depth > 0.0 and state.albumin < params.injury_below_albumin:
        span = params.injury_below_albumin - params.injury_deepest_albumin
        gfr *= 1.0 - state.injury_depth * min((params.injury_below_albumin - state.albumin) / span, 1.0)
    if state.complication != NO_COMPLICATION:
        gfr *= state.complication_filtration
    return gfr
