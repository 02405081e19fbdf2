"""Whether a second agent brings about remission, and when."""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.state import DUE, Clock, Phase
from nephrosyn.streams import Purpose, normal_quantile, uniforms


@inline
def normal_share(score):
    """Probability below a normal score."""
    return 0.5 * math.erfc(-score * math.sqrt(0.5))


@kernel
def agent_response_level(s, x, p, agents, k):
    """Phase to which regimen k brings this patient; the responses of one patient to two agents are correlated."""
    agent = agents[k]
    own = normal_quantile(uniforms(p.seed, p.replicate, x.patient, Purpose.AGENT_RESPONSE, k)[0])
    r = p.response_correlation
    place = normal_share(math.sqrt(r) * x.agent_score + math.sqrt(1.0 - r) * own)
    if s.response == Phase.REMISSION:
        return Phase.REMISSION if place < agent.sensitive_response else Phase.NEPHROTIC
    if place < agent.complete[x.lesion]:
        return Phase.REMISSION
    return Phase.PARTIAL if place < agent.complete[x.lesion] + agent.partial[x.lesion] else Phase.NEPHROTIC


@kernel
def plan_agent_response(s, x, p, clocks, tables, agents, k):
    """Regimen k is in effect: set the clock of the fall it brings, unless one as good comes sooner."""
    level = agent_response_level(s, x, p, agents, k)
    if level <= s.phase:
        return
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.AGENT_TIME, (s.episode << 8) + k)
    due = s.now + quantile(tables, agents[k].response_table, normal_quantile(u[0]))
    planned = clocks[DUE, Clock.AGENT_RESPONSE]
    if planned == math.inf or level > s.agent_level or (level == s.agent_level and due < planned):
        s.agent_level = level
        s.agent_answered = k
        clocks[DUE, Clock.AGENT_RESPONSE] = due


@kernel
def plan_responses_to_agents(s, x, p, clocks, tables, agents):
    """A new episode: every agent in effect may end it."""
    clocks[DUE, Clock.AGENT_RESPONSE] = math.inf
    for k in range(p.agents):
        if s.agents_in_effect >> k & 1 == 1:
            plan_agent_response(s, x, p, clocks, tables, agents, k)
