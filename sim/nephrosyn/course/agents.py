"""A second agent: its doses, the effect that follows them, and the effect that stays.

Tablets are prescribed for four weeks at a time, by the weight of that day; an infusion stands by itself. The effect of
a regimen is a window that opens some time after its first dose and closes some time after its last. The protection of
cyclophosphamide is no window: it follows the cumulative dose and stays.
"""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.body import dose_for_size, dry_weight_kg
from nephrosyn.course.clocks import set_rate, stop
from nephrosyn.course.codes import AgentToxicity, Drug, Event, Factor, Schedule
from nephrosyn.course.complications import serious_infection_rate
from nephrosyn.course.harms import forget_harms_by_time, react_to_doses, start_agent_toxicity, suffer_cumulative_harm
from nephrosyn.course.hazard import update_relapse
from nephrosyn.course.log import write_agent_dose, write_event
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.response import plan_agent_response
from nephrosyn.course.state import DUE, Clock
from nephrosyn.streams import Purpose, normal_quantile, uniforms
from nephrosyn.terms import CONTRAINDICATIONS, TOXICITIES

NO_AGENT = -1
_DIABETES = 1 << CONTRAINDICATIONS.index("diabetes")
_STEROID_DIABETES = 1 << TOXICITIES.index("steroid_diabetes")
_REVIEW_DAYS = 28.0
_LONGEST_TABLET_INTERVAL = 7.0
_MG_PER_G = 1000.0
_NO_LIMIT_MG = 1e9  # a number that can be divided and rounded down, where no cap is set
_LEAST_REST = 0.5  # of an infusion: less than that below the cap is not given
_REDOSE_SHARE = 0.1  # tablets are changed once the dose is out by more
_ROUND = 10.0  # agents are given to a tenth of a milligram


@inline
def _is_infusion(agent):
    return agent.every_days >= _LONGEST_TABLET_INTERVAL


@inline
def _is_capped(agent):
    return min(agent.most_mg_per_kg, agent.most_g) < math.inf


@kernel
def cumulative_mg_per_kg(s, p, agents, k):
    """Prescribed so far (mg/kg) of the drug of regimen k, by any regimen."""
    total = 0.0
    for j in range(p.agents):
        if agents[j].drug == agents[k].drug:
            total += s.agent_mg_per_kg[j]
    return total


@kernel
def _room_mg(s, p, agents, k):
    """How much more of the drug may be given (mg)."""
    agent = agents[k]
    grams = 0.0
    for j in range(p.agents):
        if agents[j].drug == agent.drug:
            grams += s.agent_g[j]
    by_weight = (agent.most_mg_per_kg - cumulative_mg_per_kg(s, p, agents, k)) * s.agent_weight_kg
    return min(by_weight, (agent.most_g - grams) * _MG_PER_G, _NO_LIMIT_MG)


@kernel
def _rounded_to_tenths(mg):
    """A dose as it is given: in tenths of a milligram, one at least."""
    return max(math.floor(mg * _ROUND + 0.5), 1.0) / _ROUND


@kernel
def bladder_is_harmed(s, agents):
    """Whether cyclophosphamide is being given to a patient in whom haemorrhagic cystitis has been noted."""
    if s.agent == NO_AGENT or agents[s.agent].drug != Drug.CYCLOPHOSPHAMIDE:
        return False
    return (s.agent_toxicities & ~s.agent_toxicities_to_note) >> AgentToxicity.HAEMORRHAGIC_CYSTITIS & 1 == 1


@kernel
def _known_against(s, x):
    """Contraindications that the clinic knows of; steroid diabetes that it has noted is diabetes."""
    noted = s.toxicities & ~s.toxicities_to_note
    return x.contraindications | (_DIABETES if noted & _STEROID_DIABETES != 0 else 0)


@kernel
def may_be_given(s, x, p, agents, k):
    """Whether care may start regimen k: not failed, not too often, nothing against it, room below its caps."""
    agent = agents[k]
    if (
        s.agents_failed >> k & 1 == 1
        or s.agent_courses[k] >= agent.courses
        or _known_against(s, x) & agent.not_with != 0
    ):
        return False
    if agent.drug == Drug.CYCLOPHOSPHAMIDE and s.agent_toxicities >> AgentToxicity.HAEMORRHAGIC_CYSTITIS & 1 == 1:
        return False
    return s.agent_weight_kg == 0.0 or _room_mg(s, p, agents, k) > 0.0


@kernel
def refresh_effects(s, x, p, clocks, tables, agents, log, count):
    """Take stock of which agents are in effect now, and set the clock of the next change."""
    factor, infection, due, mask = 1.0, 1.0, math.inf, 0
    for k in range(p.agents):
        if s.agent_courses[k] == 0:
            continue
        if s.now < s.effect_from[k]:
            due = min(due, s.effect_from[k])
        elif s.now < s.effect_until[k]:
            mask |= 1 << k
            factor *= agents[k].relapse_factor
            infection *= agents[k].infection_factor
            due = min(due, s.effect_until[k])
        elif s.now < s.rebound_until[k]:
            factor *= agents[k].rebound_factor
            due = min(due, s.rebound_until[k])
    if s.agent == NO_AGENT and mask >> s.latest_agent & 1 == 0:
        stop(clocks, Clock.AGENT_TOXICITY)
    began, ended = mask & ~s.agents_in_effect, s.agents_in_effect & ~mask
    s.agents_in_effect = mask
    clocks[DUE, Clock.AGENT_EFFECT] = due
    lasting = p.most_protection * (1.0 - math.exp(-s.cyclophosphamide_mg_per_kg / x.requirement_mg_per_kg))
    s.agent_factor = factor * (1.0 - lasting)
    s.agent_infection_factor = infection
    update_relapse(s, x, p, clocks)
    set_rate(clocks, Clock.SERIOUS_INFECTION, s.now, serious_infection_rate(s, x, p))
    for k in range(p.agents):
        if began >> k & 1 == 1:
            write_event(log, count, x, s, Event.AGENT_IN_EFFECT, float(agents[k].drug))
            plan_agent_response(s, x, p, clocks, tables, agents, k)
        elif ended >> k & 1 == 1:
            write_event(log, count, x, s, Event.AGENT_EFFECT_ENDS, float(agents[k].drug))


@kernel
def start_agent(s, x, p, clocks, tables, growth, agents, log, count, k):
    """The first dose of a course of regimen k is given now."""
    agent = agents[k]
    s.agent = k
    s.latest_agent = k
    s.agent_since = s.now
    endless = p.stop_by_clear_urine == 1 and (not _is_infusion(agent) or _is_capped(agent))
    s.agent_until = math.inf if endless else math.floor(s.now) + agent.course_days
    s.agent_relapses = 0
    s.agent_mg = 0.0
    s.agent_run_first_day = math.floor(s.now)
    s.agent_counted_day = s.agent_run_first_day
    write_event(log, count, x, s, Event.AGENT_STARTED, float(agent.drug))
    if s.agent_courses[k] == 0 or s.now >= s.effect_until[k]:
        u = uniforms(p.seed, p.replicate, x.patient, Purpose.AGENT_EFFECT, (s.agent_courses[k] << 8) + k)
        s.effect_from[k] = s.now + quantile(tables, agent.onset_table, normal_quantile(u[0]))
    s.agent_courses[k] += 1
    s.agent_starts += 1
    s.effect_until[k] = math.inf
    forget_harms_by_time(s)
    start_agent_toxicity(s, x, p, clocks, agents)
    refresh_effects(s, x, p, clocks, tables, agents, log, count)
    give_agent(s, x, p, clocks, tables, growth, agents, log, count)


@kernel
def give_agent(s, x, p, clocks, tables, growth, agents, log, count):
    """The next infusion, or tablets for the next weeks; or the course is over."""
    k = s.agent
    agent = agents[k]
    count_doses(s, x, p, clocks, tables, agents, log, count)
    if s.now >= s.agent_until:
        stop_agent(s, x, p, clocks, tables, agents, log, count)
        return
    s.agent_weight_kg = dry_weight_kg(s, x, growth, s.now)
    mg = _rounded_to_tenths(dose_for_size(agent.amount, agent.per, agent.cap_mg, s.agent_weight_kg, 0.0))
    room = _room_mg(s, p, agents, k)
    if _is_infusion(agent):
        if room < _LEAST_REST * mg:
            stop_agent(s, x, p, clocks, tables, agents, log, count)
            return
        _infuse(s, x, p, clocks, tables, agents, log, count, min(mg, math.floor(room * _ROUND) / _ROUND))
        return
    doses = math.floor(room / max(mg, s.agent_mg) + 1e-9)
    if doses < 1.0:
        stop_agent(s, x, p, clocks, tables, agents, log, count)
        return
    if abs(mg - s.agent_mg) > _REDOSE_SHARE * s.agent_mg:
        _close_run(s, x, agents, log, count, math.floor(s.now) - 1)
        s.agent_mg = mg
        s.agent_run_weight_kg = s.agent_weight_kg
        s.agent_run_first_day = math.floor(s.now)
    due = min(math.floor(s.now) + min(_REVIEW_DAYS, doses * agent.every_days), s.agent_until)
    clocks[DUE, Clock.AGENT_DOSE] = due


@kernel
def _infuse(s, x, p, clocks, tables, agents, log, count, mg):
    """One dose by itself, now."""
    today = math.floor(s.now)
    s.agent_mg = mg
    s.agent_run_weight_kg = s.agent_weight_kg
    write_agent_dose(log, count, x, s, agents[s.agent].drug, Schedule.SINGLE, today, today)
    _add(s, x, p, clocks, tables, agents, log, count, 1.0, 1.0)
    s.agent_mg = 0.0
    clocks[DUE, Clock.AGENT_DOSE] = today + agents[s.agent].every_days


@kernel
def _close_run(s, x, agents, log, count, last_day):
    """Write the run of days on the present tablets, if there is any."""
    if s.agent_mg > 0.0 and last_day >= s.agent_run_first_day:
        daily = agents[s.agent].every_days < 2.0
        schedule = Schedule.DAILY if daily else Schedule.ALTERNATE_DAY
        write_agent_dose(log, count, x, s, agents[s.agent].drug, schedule, s.agent_run_first_day, last_day)


@kernel
def close_agent_run(s, x, agents, log, count, last_day):
    """The course of life ends on tablets: write their run."""
    if s.agent != NO_AGENT:
        _close_run(s, x, agents, log, count, last_day)


@kernel
def count_doses(s, x, p, clocks, tables, agents, log, count):
    """Add the tablets of the days up to yesterday to what was given."""
    today = math.floor(s.now)
    if s.agent_mg > 0.0 and today > s.agent_counted_day:
        doses = math.ceil((today - s.agent_counted_day) / agents[s.agent].every_days)
        adherent = s.factors >> Factor.NON_ADHERENCE & 1 == 0
        _add(s, x, p, clocks, tables, agents, log, count, doses, 1.0 if adherent else x.taken_fraction)
    s.agent_counted_day = today


@kernel
def _add(s, x, p, clocks, tables, agents, log, count, doses, taken):
    """Some doses of the present size were prescribed, and a share of them taken."""
    k = s.agent
    per_kg = s.agent_mg / s.agent_weight_kg
    s.agent_mg_per_kg[k] += doses * per_kg
    s.agent_g[k] += doses * s.agent_mg / _MG_PER_G
    if agents[k].drug == Drug.CYCLOPHOSPHAMIDE:
        s.cyclophosphamide_mg_per_kg += taken * doses * per_kg
        react_to_doses(s, x, p, log, count, doses * taken)
        suffer_cumulative_harm(s, x, log, count)
        refresh_effects(s, x, p, clocks, tables, agents, log, count)


@kernel
def stop_agent(s, x, p, clocks, tables, agents, log, count):
    """No more doses from today; the effect wears off."""
    k = s.agent
    if s.agent_counted_day < math.floor(s.now):
        count_doses(s, x, p, clocks, tables, agents, log, count)
    _close_run(s, x, agents, log, count, math.floor(s.now) - 1)
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.AGENT_EFFECT, (s.agent_courses[k] << 8) + k)
    s.effect_until[k] = s.now + quantile(tables, agents[k].offset_table, normal_quantile(u[1]))
    s.effect_from[k] = min(s.effect_from[k], s.effect_until[k])
    s.rebound_until[k] = s.effect_until[k] + agents[k].rebound_days
    s.agent = NO_AGENT
    s.agent_mg = 0.0
    s.steroid_unwanted = 0
    clocks[DUE, Clock.AGENT_DOSE] = math.inf
    write_event(log, count, x, s, Event.AGENT_STOPPED, float(agents[k].drug))
    refresh_effects(s, x, p, clocks, tables, agents, log, count)
