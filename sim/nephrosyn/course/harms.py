"""The harms of second agents: by time on them, by single dose, by cumulative dose."""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.clocks import start_budget
from nephrosyn.course.codes import AgentToxicity, Event
from nephrosyn.course.log import write_event
from nephrosyn.course.state import Clock
from nephrosyn.streams import Purpose, uniforms

_MG_PER_G = 1000.0


@kernel
def _had(s):
    """How many harms by time the patient has had."""
    had = 0
    for k in range(AgentToxicity.GUT_REACTION):
        had += s.agent_toxicities >> k & 1
    return had


@kernel
def forget_harms_by_time(s):
    """A new agent may do the harm that another has done before."""
    s.agent_toxicities = s.agent_toxicities >> AgentToxicity.GUT_REACTION << AgentToxicity.GUT_REACTION


@kernel
def _draw(s):
    """Index of the draw for the next harm of this start."""
    return s.agent_starts * AgentToxicity.GUT_REACTION + _had(s)


@kernel
def _rate(s, agent):
    total = 0.0
    for k in range(len(agent.toxicity_per_day)):
        if s.agent_toxicities >> k & 1 == 0:
            total += agent.toxicity_per_day[k]
    return total


@kernel
def start_agent_toxicity(s, x, p, clocks, agents):
    """Draw the budget until the next harm of the latest agent; it is spent until its effect is over."""
    budget = -math.log(uniforms(p.seed, p.replicate, x.patient, Purpose.AGENT_TOXICITY, _draw(s))[0])
    start_budget(clocks, Clock.AGENT_TOXICITY, s.now, budget, _rate(s, agents[s.latest_agent]))


@kernel
def _occur(s, x, log, count, which):
    s.agent_toxicities |= 1 << which
    s.agent_toxicities_to_note |= 1 << which
    write_event(log, count, x, s, Event.AGENT_TOXICITY, float(which))


@kernel
def suffer_agent_toxicity(s, x, p, clocks, agents, log, count):
    """A harm by time occurs, in proportion to the rates of those not had; whether the agent must be stopped."""
    agent = agents[s.latest_agent]
    place = uniforms(p.seed, p.replicate, x.patient, Purpose.AGENT_TOXICITY, _draw(s))[1] * _rate(s, agent)
    which = -1
    for k in range(len(agent.toxicity_per_day)):
        if s.agent_toxicities >> k & 1 == 0 and agent.toxicity_per_day[k] > 0.0 and (place >= 0.0 or which < 0):
            which = k
            place -= agent.toxicity_per_day[k]
    _occur(s, x, log, count, which)
    start_agent_toxicity(s, x, p, clocks, agents)
    return agent.toxicity_stops[which] == 1


@kernel
def react_to_doses(s, x, p, log, count, doses):
    """Acute gut reaction to one or more doses of cyclophosphamide of the present size."""
    index = s.gut_chances
    s.gut_chances += 1
    once = 1.0 / (1.0 + math.exp(-p.reaction_intercept - p.reaction_per_g * s.agent_mg / _MG_PER_G))
    never = (1.0 - once) ** doses
    if uniforms(p.seed, p.replicate, x.patient, Purpose.GUT_REACTION, index)[0] >= never:
        _occur(s, x, log, count, AgentToxicity.GUT_REACTION)


@kernel
def suffer_cumulative_harm(s, x, log, count):
    """Gonads and bladder come to harm when the cumulative dose reaches what the patient tolerates."""
    given = s.cyclophosphamide_mg_per_kg
    if given >= x.gonadal_tolerance_mg_per_kg and s.agent_toxicities >> AgentToxicity.GONADAL_DAMAGE & 1 == 0:
        _occur(s, x, log, count, AgentToxicity.GONADAL_DAMAGE)
    if given >= x.bladder_tolerance_mg_per_kg and s.agent_toxicities >> AgentToxicity.HAEMORRHAGIC_CYSTITIS & 1 == 0:
        _occur(s, x, log, count, AgentToxicity.HAEMORRHAGIC_CYSTITIS)
