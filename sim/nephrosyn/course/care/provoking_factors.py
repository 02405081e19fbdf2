"""Causes of apparent steroid resistance: they keep steroid from working until they are found and removed."""

from __future__ import annotations

import math

from nephrosyn.course.care.steroid import update_exposure
from nephrosyn.course.disease.proteinuria import needed_mg
from nephrosyn.course.state.codes import Event, Factor
from nephrosyn.course.state.events import write_event
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, Clock, Phase
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms

NEVER, AT_PRESENTATION, AT_RESISTANCE = 0, 1, 2
NONE_FOUND = -1


@kernel
def set_taken_fraction(state, traits, params):
    """Set the fraction of the prescribed steroid that acts, given the factors present."""
    taken = 1.0
    for k in range(len(params.factor_exposure)):
        if state.factors >> k & 1 == 1:
            taken *= traits.taken_fraction if k == Factor.NON_ADHERENCE else params.factor_exposure[k]
    state.taken_fraction = taken


@kernel
def _next_factor(state, params):
    """The factor to be found next; under-dosing counts only where the full dose is less than needed."""
    for k in range(len(params.factor_exposure)):
        if state.factors >> k & 1 == 0:
            continue
        if k != Factor.UNDER_DOSING or state.full_mg < needed_mg(state, params):
            return k
    return NONE_FOUND


@kernel
def begin_search(state, traits, params, clocks, tables, delay_days):
    """Start the search for the next cause of apparent resistance."""
    k = _next_factor(state, params)
    if k == NONE_FOUND or state.factor_found != NONE_FOUND or clocks[DUE, Clock.FACTOR] < math.inf:
        return
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.FACTOR, k)
    clocks[DUE, Clock.FACTOR] = (
        state.now + delay_days + quantile(tables, params.factor_found_table[k], normal_quantile(draws[0]))
    )


@kernel
def find_or_remove(state, traits, params, clocks, tables, log):
    """Find the next factor, or complete the removal of the one found, after which steroid works normally."""
    if state.factor_found == NONE_FOUND:
        k = _next_factor(state, params)
        if k == NONE_FOUND:
            clocks[DUE, Clock.FACTOR] = math.inf
            return
        state.factor_found = k
        state.factor_to_note = k + 1
        write_event(log, traits, state, Event.PROVOKING_FACTOR_FOUND, float(k))
        draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.FACTOR, k)
        clocks[DUE, Clock.FACTOR] = state.now + quantile(
            tables, params.factor_removed_table[k], normal_quantile(draws[1])
        )
        return
    k = state.factor_found
    state.factors &= ~(1 << k)
    state.factor_found = NONE_FOUND
    state.retry_steroid = 1
    clocks[DUE, Clock.FACTOR] = math.inf
    write_event(log, traits, state, Event.PROVOKING_FACTOR_REMOVED, float(k))
    if k == Factor.UNDER_DOSING:
        state.dose_by_surface = 1
    set_taken_fraction(state, traits, params)
    update_exposure(state, traits, params, clocks)
    remits = uniforms(params.seed, params.replicate, traits.patient, Purpose.FACTOR, k)[2] < params.factor_remits[k]
    if remits and state.phase != Phase.REMISSION and traits.genetic == 0:
        clocks[DUE, Clock.SPONTANEOUS] = state.now
    begin_search(state, traits, params, clocks, tables, 0.0)
