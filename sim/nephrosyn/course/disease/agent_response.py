"""Response to second agents: to which level, and when."""

from __future__ import annotations

import math

from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, REGIMEN_BITS, Clock, Phase
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms


@inline
def normal_share(score):
    """Probability below a normal score."""
    return 0.5 * math.erfc(-score * math.sqrt(0.5))


@kernel
def agent_response_level(state, traits, params, agents, k):
    """Phase to which regimen k brings this patient. A patient's responses to several agents are correlated."""
    agent = agents[k]
    score = normal_quantile(uniforms(params.seed, params.replicate, traits.patient, Purpose.AGENT_RESPONSE, k)[0])
    r = params.response_correlation
    place = normal_share(math.sqrt(r) * traits.agent_score + math.sqrt(1.0 - r) * score)
    if traits.genetic == 1:
        return Phase.PARTIAL if place < agent.genetic_partial else Phase.NEPHROTIC
    if state.response == Phase.REMISSION:
        return Phase.REMISSION if place < agent.sensitive_response else Phase.NEPHROTIC
    if place < agent.complete[traits.lesion]:
        return Phase.REMISSION
    return Phase.PARTIAL if place < agent.complete[traits.lesion] + agent.partial[traits.lesion] else Phase.NEPHROTIC


@kernel
def plan_agent_response(state, traits, params, clocks, prepared, k):
    """Plan the fall of proteinuria that regimen k brings, unless one as deep comes sooner."""
    level = agent_response_level(state, traits, params, prepared.agents, k)
    if level <= state.phase:
        return
    draws = uniforms(
        params.seed, params.replicate, traits.patient, Purpose.AGENT_TIME, (state.episode << REGIMEN_BITS) + k
    )
    due = state.now + quantile(prepared.tables, prepared.agents[k].response_table, normal_quantile(draws[0]))
    state.agent_response_due[k] = due
    planned = clocks[DUE, Clock.AGENT_RESPONSE]
    if planned == math.inf or level > state.agent_level or (level == state.agent_level and due < planned):
        state.agent_level = level
        state.responding_agent = k
        clocks[DUE, Clock.AGENT_RESPONSE] = due


@kernel
def pass_response_on(state, traits, params, clocks, agents):
    """Give the response to come to the best of the agents in effect, when the one it was planned for is no longer."""
    best = -1
    for k in range(params.agents):
        if state.agents_in_effect >> k & 1 == 0 or state.agent_response_due[k] <= state.now:
            continue
        level = agent_response_level(state, traits, params, agents, k)
        if level <= state.phase:
            continue
        if (
            best < 0
            or level > state.agent_level
            or (level == state.agent_level and state.agent_response_due[k] < state.agent_response_due[best])
        ):
            best = k
            state.agent_level = level
    if best >= 0:
        state.responding_agent = best
        clocks[DUE, Clock.AGENT_RESPONSE] = state.agent_response_due[best]


@kernel
def plan_responses_to_agents(state, traits, params, clocks, prepared):
    """Plan the responses of a new episode to all agents in effect."""
    clocks[DUE, Clock.AGENT_RESPONSE] = math.inf
    for k in range(params.agents):
        if state.agents_in_effect >> k & 1 == 1:
            plan_agent_response(state, traits, params, clocks, prepared, k)
