"""Adverse events of second agents: by time on them, by single dose, by cumulative dose."""

from __future__ import annotations

import math

from nephrosyn.course.disease.body import MG_PER_G
from nephrosyn.course.state.codes import AgentToxicity, Event
from nephrosyn.course.state.events import write_event
from nephrosyn.course.state.state import DUE, REGIMEN_BITS, TOXICITY_BITS, Clock
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, uniforms


@kernel
def _rate(state, agent, k):
    """Hazard (per day) of the adverse events by time of regimen k not had yet since its start."""
    total = 0.0
    for kind in range(len(agent.toxicity_per_day)):
        if state.agent_course_toxicities[k] >> kind & 1 == 0:
            total += agent.toxicity_per_day[kind]
    return total


@kernel
def _draws(state, traits, params, k):
    """Uniforms of the next adverse event by time in this course of regimen k."""
    had = 0
    for kind in range(AgentToxicity.GUT_REACTION):
        had += state.agent_course_toxicities[k] >> kind & 1
    course = (state.agent_courses[k] << REGIMEN_BITS) + k
    return uniforms(
        params.seed, params.replicate, traits.patient, Purpose.AGENT_TOXICITY, (course << TOXICITY_BITS) + had
    )


@kernel
def _plan_toxicity(state, traits, params, agents, k):
    rate = _rate(state, agents[k], k)
    wait = -math.log(_draws(state, traits, params, k)[0]) / rate if rate > 0.0 else math.inf
    state.agent_toxicity_due[k] = state.now + wait


@kernel
def start_agent_toxicity(state, traits, params, agents, k):
    """At the start of regimen k, make all its adverse events by time possible again, and draw when the next comes."""
    state.agent_course_toxicities[k] = 0
    _plan_toxicity(state, traits, params, agents, k)


@kernel
def schedule_toxicity(state, params, clocks):
    """Set the clock of the next adverse event of any regimen that is given."""
    due = math.inf
    if state.agents_given != 0:
        for k in range(params.agents):
            if state.agents_given >> k & 1 == 1:
                due = min(due, state.agent_toxicity_due[k])
    clocks[DUE, Clock.AGENT_TOXICITY] = due


@kernel
def _occur(state, traits, log, which):
    state.agent_toxicities |= 1 << which
    state.agent_toxicities_to_note |= 1 << which
    write_event(log, traits, state, Event.AGENT_TOXICITY, float(which))


@kernel
def suffer_agent_toxicity(state, traits, params, clocks, agents, log):
    """An adverse event by time occurs, one of those not had yet; return the regimen to stop for it, or -1."""
    k = 0
    while state.agents_given >> k & 1 == 0 or state.agent_toxicity_due[k] > state.now:
        k += 1
    agent = agents[k]
    place = _draws(state, traits, params, k)[1] * _rate(state, agent, k)
    which = -1
    for kind in range(len(agent.toxicity_per_day)):
        possible = state.agent_course_toxicities[k] >> kind & 1 == 0 and agent.toxicity_per_day[kind] > 0.0
        if possible and (place >= 0.0 or which < 0):
            which = kind
            place -= agent.toxicity_per_day[kind]
    state.agent_course_toxicities[k] |= 1 << which
    _occur(state, traits, log, which)
    _plan_toxicity(state, traits, params, agents, k)
    schedule_toxicity(state, params, clocks)
    return k if agent.toxicity_stops[which] == 1 else -1


@kernel
def react_to_doses(state, traits, params, log, mg, doses):
    """Draw whether doses of cyclophosphamide of ``mg`` each cause an acute gut reaction."""
    index = state.gut_reaction_draws
    state.gut_reaction_draws += 1
    once = 1.0 / (1.0 + math.exp(-params.reaction_intercept - params.reaction_per_g * mg / MG_PER_G))
    never = (1.0 - once) ** doses
    if uniforms(params.seed, params.replicate, traits.patient, Purpose.GUT_REACTION, index)[0] >= never:
        _occur(state, traits, log, AgentToxicity.GUT_REACTION)


@kernel
def suffer_cumulative_toxicity(state, traits, log):
    """Gonadal damage and cystitis occur when the cumulative dose reaches the patient's tolerance."""
    given = state.cyclophosphamide_mg_per_kg
    if given >= traits.gonadal_tolerance_mg_per_kg and state.agent_toxicities >> AgentToxicity.GONADAL_DAMAGE & 1 == 0:
        _occur(state, traits, log, AgentToxicity.GONADAL_DAMAGE)
    if (
        given >= traits.bladder_tolerance_mg_per_kg
        and state.agent_toxicities >> AgentToxicity.HAEMORRHAGIC_CYSTITIS & 1 == 0
    ):
        _occur(state, traits, log, AgentToxicity.HAEMORRHAGIC_CYSTITIS)
