"""The level about which proteinuria varies outside complete remission, and its limits."""

from __future__ import annotations

import math

from nephrosyn.course.state.state import DUE, Clock, Phase
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms


@kernel
def within_state(state, traits, params, level):
    """Keep a level (log UPCR) within the range of partial remission or of nephrotic disease.

    A patient whose own level lies beyond the range may stay there.
    """
    if state.phase == Phase.PARTIAL:
        personal = traits.partial_log_upcr
        return min(max(level, min(personal, params.partial_at_least_log)), max(personal, params.partial_at_most_log))
    personal = traits.nephrotic_log_upcr
    lowest = personal + state.blockade * params.blockade_log_factor + params.nephrotic_log_fraction
    return max(level, min(personal, max(params.nephrotic_at_least_log, lowest)))


@kernel
def usual_level(state, traits, params):
    """Level (log UPCR) about which proteinuria varies: the patient's personal, lower under blockade."""
    personal = traits.partial_log_upcr if state.phase == Phase.PARTIAL else traits.nephrotic_log_upcr
    return within_state(state, traits, params, personal + state.blockade * params.blockade_log_factor)


@kernel
def start_variation(state, traits, params):
    """Draw when in a period of variation the course begins."""
    state.variation_start = uniforms(params.seed, params.replicate, traits.patient, Purpose.LEVEL, 0)[0]


@inline
def _periods(state, params):
    """Time since onset in periods of variation, from a start of the patient's own."""
    return state.now / params.level_every_days + state.variation_start


@kernel
def plan_variation(state, params, clocks):
    """Set the clock of the next new level. The times are those of the patient, whatever the care."""
    if params.level_log_sd == 0.0:
        return
    periods = _periods(state, params)
    clocks[DUE, Clock.LEVEL] = state.now + (math.floor(periods + 1e-9) + 1.0 - periods) * params.level_every_days


@kernel
def next_level(state, traits, params, here):
    """Draw the next level (log UPCR), correlated with the present one."""
    number = math.floor(_periods(state, params) + 0.5)
    score = normal_quantile(uniforms(params.seed, params.replicate, traits.patient, Purpose.LEVEL, number)[0])
    usual, r = usual_level(state, traits, params), params.level_correlation
    spread = math.sqrt(1.0 - r * r) * params.level_log_sd
    return within_state(state, traits, params, usual + r * (here - usual) + spread * score)
