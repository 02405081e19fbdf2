"""Conditions noted at a visit, and how they change steroid treatment."""

from __future__ import annotations

import math

from nephrosyn.course.care.steroid import set_dose, start_withdrawal
from nephrosyn.course.disease.kidney import NO_COMPLICATION
from nephrosyn.course.state.codes import Action, Condition, ConditionKind, Event, VisitKind
from nephrosyn.course.state.events import write_event, write_note
from nephrosyn.course.state.state import Treatment
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.vocabulary import (
    AGENT_TOXICITIES,
    COMPLICATIONS,
    CONDITIONS,
    CONTRAINDICATIONS,
    PROVOKING_FACTORS,
    TOXICITIES,
)

_CONTRAINDICATIONS = len(CONTRAINDICATIONS)
_TOXICITIES = len(TOXICITIES)
_FIRST_AGENT_TOXICITY = CONDITIONS.index(AGENT_TOXICITIES[0])
_FIRST_COMPLICATION = CONDITIONS.index(COMPLICATIONS[0])
_FIRST_FACTOR = CONDITIONS.index(PROVOKING_FACTORS[0])


@inline
def has_conditions_to_note(state):
    """Whether there is a condition to note, or a contraindication to reconsider; at most visits there is none."""
    waiting = state.toxicities_to_note | state.agent_toxicities_to_note | state.complications_to_note
    waiting |= state.infection_to_note | state.factor_to_note
    return waiting != 0 or state.visit_kind == VisitKind.PRESENTATION or state.now >= state.reconsidered


@kernel
def note_conditions(state, traits, params, clocks, log):
    """Note conditions: contraindications, adverse events, infection, complications, provoking factors."""
    if state.visit_kind == VisitKind.PRESENTATION:
        _note_contraindications(state, traits, params, log)
    elif state.now >= state.reconsidered:
        _reconsider(state, traits, params, clocks, log)
    for k in range(_TOXICITIES):
        if state.toxicities_to_note >> k & 1 == 1:
            _act_on_toxicity(state, traits, params, clocks, log, k)
    state.toxicities_to_note = 0
    if state.infection_to_note == 1:
        write_note(log, traits, state, Condition.INFECTION, ConditionKind.INFECTION, Action.NONE)
        state.infection_to_note = 0
    if state.agent_toxicities_to_note != 0:
        mask = state.agent_toxicities_to_note
        _note_all(state, traits, log, mask, _FIRST_AGENT_TOXICITY, ConditionKind.AGENT_TOXICITY)
        state.agent_toxicities_to_note = 0
    if state.complications_to_note != 0 and state.complication == NO_COMPLICATION:
        _note_all(state, traits, log, state.complications_to_note, _FIRST_COMPLICATION, ConditionKind.COMPLICATION)
        state.complications_to_note = 0
    if state.factor_to_note > 0:
        factor = _FIRST_FACTOR + state.factor_to_note - 1
        write_note(log, traits, state, factor, ConditionKind.PROVOKING_FACTOR, Action.NONE)
        state.factor_to_note = 0


@kernel
def _note_all(state, traits, log, mask, first, kind):
    """Note each condition of a bit mask; steroid is left unchanged."""
    k = 0
    while mask >> k > 0:
        if mask >> k & 1 == 1:
            write_note(log, traits, state, first + k, kind, Action.NONE)
        k += 1


@kernel
def _note_contraindications(state, traits, params, log):
    if traits.contraindications == 0:
        return
    state.untreated = traits.contraindications
    state.steroid_limit = params.contraindicated_fraction
    _plan_reconsideration(state, params)
    action = Action.WITHHELD if params.contraindicated_fraction == 0.0 else Action.CUT
    for k in range(_CONTRAINDICATIONS):
        if traits.contraindications >> k & 1 == 1:
            write_note(log, traits, state, k, ConditionKind.CONTRAINDICATION, action)


@kernel
def _plan_reconsideration(state, params):
    state.reconsidered = math.inf
    for k in range(_CONTRAINDICATIONS):
        if state.untreated >> k & 1 == 1:
            state.reconsidered = min(state.reconsidered, math.floor(state.presented) + params.reconsidered_days[k])


@kernel
def _reconsider(state, traits, params, clocks, log):
    """Reconsider steroid: a contraindication treated for long enough no longer limits it."""
    for k in range(_CONTRAINDICATIONS):
        treated = state.now - math.floor(state.presented) >= params.reconsidered_days[k]
        if state.untreated >> k & 1 == 1 and treated:
            state.untreated &= ~(1 << k)
            write_event(log, traits, state, Event.CONTRAINDICATION_TREATED, float(k))
    _plan_reconsideration(state, params)
    if state.untreated == 0:
        state.steroid_limit = 1.0 if state.cut_at < state.full_since else params.cut_fraction
        if state.treatment != Treatment.NONE:
            set_dose(state, traits, params, clocks, log, state.planned_mg, int(state.dose_schedule))


@kernel
def _act_on_toxicity(state, traits, params, clocks, log, which):
    action = int(params.toxicity_action[which])
    treated = state.dose_mg > 0.0
    noted = action
    if not treated:
        noted = Action.WITHHELD if action == Action.STOPPED else Action.NONE
    write_note(log, traits, state, _CONTRAINDICATIONS + which, ConditionKind.TOXICITY, noted)
    if action == Action.CUT:
        state.cut_at = state.now
    if action == Action.CUT and state.steroid_limit > params.cut_fraction:
        state.steroid_limit = params.cut_fraction
        set_dose(state, traits, params, clocks, log, state.planned_mg, int(state.dose_schedule))
    elif action == Action.STOPPED and state.steroid_barred == 0:
        state.steroid_barred = 1
        if treated:
            start_withdrawal(state, params, clocks)
