"""Adverse events of second agents: by time on them, by single dose, by cumulative dose."""

from __future__ import annotations

import math

from nephrosyn.course.disease.body import MG_PER_G
from nephrosyn.course.state.clocks import start_budget
from nephrosyn.course.state.codes import AgentToxicity, Event
from nephrosyn.course.state.events import write_event
from nephrosyn.course.state.state import Clock
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, uniforms


@kernel
def _had(state):
    """Number of adverse events by time that the patient has had on this agent."""
    had = 0
    for k in range(AgentToxicity.GUT_REACTION):
        had += state.agent_toxicities >> k & 1
    return had


@kernel
def forget_toxicities_by_time(state):
    """Make all adverse events by time possible again, for a new agent."""
    state.agent_toxicities = state.agent_toxicities >> AgentToxicity.GUT_REACTION << AgentToxicity.GUT_REACTION


@kernel
def _draw(state):
    """Index of the draw for the next adverse event since this start."""
    return state.agent_starts * AgentToxicity.GUT_REACTION + _had(state)


@kernel
def _rate(state, agent):
    total = 0.0
    for k in range(len(agent.toxicity_per_day)):
        if state.agent_toxicities >> k & 1 == 0:
            total += agent.toxicity_per_day[k]
    return total


@kernel
def start_agent_toxicity(state, traits, params, clocks, agents):
    """Draw the budget until the next adverse event of the latest agent; it is spent until the agent's effect ends."""
    budget = -math.log(uniforms(params.seed, params.replicate, traits.patient, Purpose.AGENT_TOXICITY, _draw(state))[0])
    start_budget(clocks, Clock.AGENT_TOXICITY, state.now, budget, _rate(state, agents[state.latest_agent]))


@kernel
def _occur(state, traits, log, which):
    state.agent_toxicities |= 1 << which
    state.agent_toxicities_to_note |= 1 << which
    write_event(log, traits, state, Event.AGENT_TOXICITY, float(which))


@kernel
def suffer_agent_toxicity(state, traits, params, clocks, agents, log):
    """An adverse event by time occurs, one of those not had yet; return whether the agent is stopped."""
    agent = agents[state.latest_agent]
    place = uniforms(params.seed, params.replicate, traits.patient, Purpose.AGENT_TOXICITY, _draw(state))[1] * _rate(
        state, agent
    )
    which = -1
    for k in range(len(agent.toxicity_per_day)):
        if state.agent_toxicities >> k & 1 == 0 and agent.toxicity_per_day[k] > 0.0 and (place >= 0.0 or which < 0):
            which = k
            place -= agent.toxicity_per_day[k]
    _occur(state, traits, log, which)
    start_agent_toxicity(state, traits, params, clocks, agents)
    return agent.toxicity_stops[which] == 1


@kernel
def react_to_doses(state, traits, params, log, doses):
    """Draw whether doses of cyclophosphamide of the current size cause an acute gut reaction."""
    index = state.gut_reaction_draws
    state.gut_reaction_draws += 1
    once = 1.0 / (1.0 + math.exp(-params.reaction_intercept - params.reaction_per_g * state.agent_mg / MG_PER_G))
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
