"""Second agents: doses, temporary effects, and the lasting protection of cyclophosphamide.

Tablets are prescribed for some weeks at a time, by the weight of that day; each infusion is
given by itself. Several regimens may be given at once: ``agents_given`` is a bit mask over regimens, and each regimen
has its own doses. The effect of a regimen begins some time after its first dose and ends some time after its last. The
protection of cyclophosphamide follows the cumulative dose and never ends.
"""

from __future__ import annotations

import math

from nephrosyn.course.disease.adverse_events import (
    react_to_doses,
    schedule_toxicity,
    start_agent_toxicity,
    suffer_cumulative_toxicity,
)
from nephrosyn.course.disease.agent_response import pass_response_on, plan_agent_response
from nephrosyn.course.disease.body import MG_PER_G, dose_for_size, dry_weight_kg
from nephrosyn.course.disease.complications import serious_infection_rate
from nephrosyn.course.disease.relapse_hazard import update_relapse
from nephrosyn.course.state.clocks import set_rate
from nephrosyn.course.state.codes import AgentToxicity, Drug, Event, Factor, Schedule
from nephrosyn.course.state.events import write_agent_dose, write_event
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, REGIMEN_BITS, RELAPSES_KEPT, Assessment, Clock
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms
from nephrosyn.vocabulary import CONTRAINDICATIONS, TOXICITIES

_DIABETES = 1 << CONTRAINDICATIONS.index("diabetes")
_STEROID_DIABETES = 1 << TOXICITIES.index("steroid_diabetes")
_LONGEST_TABLET_INTERVAL = 7.0
_NO_LIMIT_MG = 1e9  # stands for no cap; unlike infinity it can be divided and rounded down


@inline
def _is_infusion(agent):
    return agent.every_days >= _LONGEST_TABLET_INTERVAL


@inline
def _is_capped(agent):
    return min(agent.most_mg_per_kg, agent.most_g) < math.inf


@kernel
def cumulative_mg_per_kg(state, params, agents, k):
    """Prescribed so far (mg/kg) of the drug of regimen k, by any regimen."""
    total = 0.0
    for j in range(params.agents):
        if agents[j].drug == agents[k].drug:
            total += state.agent_mg_per_kg[j]
    return total


@kernel
def _room_mg(state, params, agents, k):
    """Amount of the drug (mg) that the cumulative caps still allow."""
    agent = agents[k]
    grams = 0.0
    for j in range(params.agents):
        if agents[j].drug == agent.drug:
            grams += state.agent_g[j]
    by_weight = (agent.most_mg_per_kg - cumulative_mg_per_kg(state, params, agents, k)) * state.agent_weight_kg
    return min(by_weight, (agent.most_g - grams) * MG_PER_G, _NO_LIMIT_MG)


@kernel
def _dispensable(mg, agent):
    """Round a dose to what tablets and vials allow, at least one of them and not above the cap."""
    doses = max(math.floor(mg / agent.round_to_mg + 0.5), 1.0)
    if doses * agent.round_to_mg > agent.cap_mg + 1e-9:
        doses = max(math.floor(agent.cap_mg / agent.round_to_mg + 1e-9), 1.0)
    return doses * agent.round_to_mg


@inline
def is_given(state, k):
    """Whether regimen k is being given."""
    return state.agents_given >> k & 1 == 1


@kernel
def cystitis_is_noted(state):
    """Whether haemorrhagic cystitis has been noted."""
    return (state.agent_toxicities & ~state.agent_toxicities_to_note) >> AgentToxicity.HAEMORRHAGIC_CYSTITIS & 1 == 1


@kernel
def agent_visit_days(state, params, agents):
    """Most days between visits (inf while no agent is given)."""
    days = math.inf
    if state.agents_given != 0:
        for k in range(params.agents):
            if is_given(state, k):
                days = min(days, agents[k].visit_days)
    return days


@kernel
def known_against(state):
    """Contraindications known to the clinic and not yet treated; noted steroid diabetes counts as diabetes."""
    noted = state.toxicities & ~state.toxicities_to_note
    return state.untreated | (_DIABETES if noted & _STEROID_DIABETES != 0 else 0)


@kernel
def may_be_given(state, traits, params, agents, k):
    """Whether regimen k may be given: tolerated, courses left, no contraindication, below its caps.

    None is given once a genetic form is known.
    """
    if is_given(state, k):
        return True
    agent = agents[k]
    if (
        state.genetic_found == 1
        or state.agents_not_tolerated >> k & 1 == 1
        or state.agent_courses[k] >= agent.courses
        or known_against(state) & agent.not_with != 0
    ):
        return False
    if agent.drug == Drug.CYCLOPHOSPHAMIDE and state.agent_toxicities >> AgentToxicity.HAEMORRHAGIC_CYSTITIS & 1 == 1:
        return False
    return state.agent_weight_kg == 0.0 or _room_mg(state, params, agents, k) > 0.0


@kernel
def may_be_given_from(state, params, agents, k):
    """Time from which regimen k may be started: long enough after the latest course of its drug."""
    when = 0.0
    for j in range(params.agents):
        if agents[j].drug == agents[k].drug and state.agent_courses[j] > 0:
            when = max(when, state.agent_since[j] + agents[k].least_days_between_courses)
    return when


@kernel
def refresh_effects(state, traits, params, clocks, prepared, log):
    """Update which agents are in effect, and set the clock of the next change."""
    agents = prepared.agents
    factor, infection, due, mask = 1.0, 1.0, math.inf, 0
    for k in range(params.agents):
        if state.agent_courses[k] == 0:
            continue
        if state.now < state.effect_from[k]:
            due = min(due, state.effect_from[k])
        elif state.now < state.effect_until[k]:
            mask |= 1 << k
            factor *= agents[k].relapse_factor
            infection *= agents[k].infection_factor
            due = min(due, state.effect_until[k])
        elif state.now < state.rebound_until[k]:
            factor *= agents[k].rebound_factor
            due = min(due, state.rebound_until[k])
    began, ended = mask & ~state.agents_in_effect, state.agents_in_effect & ~mask
    state.agents_in_effect = mask
    schedule_toxicity(state, params, clocks)
    clocks[DUE, Clock.AGENT_EFFECT] = due
    lasting = params.most_protection * (
        1.0 - math.exp(-state.cyclophosphamide_mg_per_kg / traits.requirement_mg_per_kg)
    )
    state.agent_factor = factor * (1.0 - lasting)
    state.agent_infection_factor = infection
    update_relapse(state, traits, params, clocks)
    set_rate(clocks, Clock.SERIOUS_INFECTION, state.now, serious_infection_rate(state, traits, params))
    for k in range(params.agents):
        if began >> k & 1 == 1:
            write_event(log, traits, state, Event.AGENT_IN_EFFECT, float(agents[k].drug))
            plan_agent_response(state, traits, params, clocks, prepared, k)
        elif ended >> k & 1 == 1:
            write_event(log, traits, state, Event.AGENT_EFFECT_ENDS, float(agents[k].drug))
            if mask != 0 and state.responding_agent == k and clocks[DUE, Clock.AGENT_RESPONSE] < math.inf:
                pass_response_on(state, traits, params, clocks, agents)
            if agents[k].withdraw_steroid == 1 and state.agents_given == 0:
                state.withdraw_steroid = 0


@kernel
def _effect_draws(state, traits, params, k):
    """Uniforms for the beginning and the end of the effect of a course of regimen k."""
    index = (state.agent_courses[k] << REGIMEN_BITS) + k
    return uniforms(params.seed, params.replicate, traits.patient, Purpose.AGENT_EFFECT, index)


@kernel
def _course_days(params, agent, draw):
    """Length of a course (days); that of tablets varies, as clinics do not end it to the day."""
    if _is_infusion(agent) or _is_capped(agent):
        return agent.course_days
    return math.floor(agent.course_days * math.exp(params.course_log_sd * normal_quantile(draw)))


@kernel
def start_agent(state, traits, params, clocks, prepared, log, k):
    """Start a course of regimen k with its first dose."""
    agent = prepared.agents[k]
    today = math.floor(state.now)
    state.agents_given |= 1 << k
    state.agent_since[k] = state.now
    endless = params.stop_by_clear_urine == 1 and (not _is_infusion(agent) or _is_capped(agent))
    draws = _effect_draws(state, traits, params, k)
    state.agent_until[k] = math.inf if endless else today + _course_days(params, agent, draws[2])
    state.agent_mg[k] = 0.0
    state.agent_run_first_day[k] = today
    state.agent_counted_day[k] = today
    write_event(log, traits, state, Event.AGENT_STARTED, float(agent.drug))
    if state.agent_courses[k] == 0 or state.now >= state.effect_until[k]:
        state.effect_from[k] = state.now + quantile(prepared.tables, agent.onset_table, normal_quantile(draws[0]))
    state.agent_courses[k] += 1
    state.effect_until[k] = math.inf
    start_agent_toxicity(state, traits, params, prepared.agents, k)
    refresh_effects(state, traits, params, clocks, prepared, log)
    _give(state, traits, params, clocks, prepared, log, k)
    _set_dose_clock(state, params, clocks)


@kernel
def give_agents(state, traits, params, clocks, prepared, log):
    """Give what is due of each regimen, or end its course."""
    for k in range(params.agents):
        if is_given(state, k) and state.agent_dose_due[k] <= state.now:
            _give(state, traits, params, clocks, prepared, log, k)
    _set_dose_clock(state, params, clocks)


@kernel
def _set_dose_clock(state, params, clocks):
    """Set the clock of the next dose or review of any regimen."""
    due = math.inf
    for k in range(params.agents):
        if is_given(state, k):
            due = min(due, state.agent_dose_due[k])
    clocks[DUE, Clock.AGENT_DOSE] = due


@kernel
def _prolong(state, params, agent, k):
    """Prolong a course of tablets that ends today, so that steroid goes first; return whether it is prolonged.

    It is while steroid is still given, while the disease is not known to be in remission, and for some time after a
    relapse; but not without limit, and not where the cumulative dose is capped.
    """
    if _is_infusion(agent) or _is_capped(agent):
        return False
    active = state.assessment != Assessment.REMISSION or state.high_readings > 0
    until = state.now + params.review_days if active or state.dose_mg > 0.0 else 0.0
    if state.relapses_declared > 0:
        latest = state.relapse_times[(state.relapses_declared - 1) % RELAPSES_KEPT]
        until = max(until, latest + params.prolonged_after_relapse_days)
    last = state.agent_since[k] + agent.course_days * (1.0 + params.most_prolonged_fraction)
    until = math.floor(min(until, last))
    if until <= state.now:
        return False
    state.agent_until[k] = until
    return True


@kernel
def _give(state, traits, params, clocks, prepared, log, k):
    """Give the next infusion of regimen k, or tablets for the next weeks, or end the course."""
    agent = prepared.agents[k]
    count_doses(state, traits, params, clocks, prepared, log, k)
    if state.now >= state.agent_until[k] and not _prolong(state, params, agent, k):
        stop_agent(state, traits, params, clocks, prepared, log, k)
        return
    state.agent_weight_kg = dry_weight_kg(state, traits, prepared.growth, state.now)
    mg = _dispensable(dose_for_size(agent.amount, agent.per, agent.cap_mg, state.agent_weight_kg, 0.0), agent)
    room = _room_mg(state, params, prepared.agents, k)
    if _is_infusion(agent):
        if room < params.least_infusion_fraction * mg:
            stop_agent(state, traits, params, clocks, prepared, log, k)
            return
        mg = min(mg, math.floor(room / agent.round_to_mg + 1e-9) * agent.round_to_mg)
        _infuse(state, traits, params, clocks, prepared, log, k, mg)
        return
    doses = math.floor(room / max(mg, state.agent_mg[k]) + 1e-9)
    if doses < 1.0:
        stop_agent(state, traits, params, clocks, prepared, log, k)
        return
    if abs(mg - state.agent_mg[k]) > params.change_above_fraction * state.agent_mg[k]:
        _close_run(state, traits, prepared.agents, log, k, math.floor(state.now) - 1)
        state.agent_mg[k] = mg
        state.agent_run_weight_kg[k] = state.agent_weight_kg
        state.agent_run_first_day[k] = math.floor(state.now)
    due = min(math.floor(state.now) + min(params.review_days, doses * agent.every_days), state.agent_until[k])
    state.agent_dose_due[k] = due


@kernel
def _infuse(state, traits, params, clocks, prepared, log, k, mg):
    """Give one infusion of regimen k now."""
    today = math.floor(state.now)
    state.agent_mg[k] = mg
    state.agent_run_weight_kg[k] = state.agent_weight_kg
    write_agent_dose(log, traits, state, k, prepared.agents[k].drug, Schedule.SINGLE, today, today)
    _add(state, traits, params, clocks, prepared, log, k, 1.0, 1.0)
    state.agent_mg[k] = 0.0
    state.agent_dose_due[k] = today + prepared.agents[k].every_days


@kernel
def _close_run(state, traits, agents, log, k, last_day):
    """Write the run of days on the current tablets of regimen k, if there is one."""
    if state.agent_mg[k] > 0.0 and last_day >= state.agent_run_first_day[k]:
        schedule = Schedule.DAILY if agents[k].every_days < 2.0 else Schedule.ALTERNATE_DAY
        write_agent_dose(log, traits, state, k, agents[k].drug, schedule, state.agent_run_first_day[k], last_day)


@kernel
def close_agent_runs(state, traits, params, agents, log, last_day):
    """Write the runs of tablets that the end of follow-up interrupts."""
    for k in range(params.agents):
        if is_given(state, k):
            _close_run(state, traits, agents, log, k, last_day)


@kernel
def count_doses(state, traits, params, clocks, prepared, log, k):
    """Count the tablets of regimen k taken up to yesterday towards the cumulative dose."""
    today = math.floor(state.now)
    if state.agent_mg[k] > 0.0 and today > state.agent_counted_day[k]:
        doses = math.ceil((today - state.agent_counted_day[k]) / prepared.agents[k].every_days)
        adherent = state.factors >> Factor.NON_ADHERENCE & 1 == 0
        _add(state, traits, params, clocks, prepared, log, k, doses, 1.0 if adherent else traits.taken_fraction)
    state.agent_counted_day[k] = today


@kernel
def _add(state, traits, params, clocks, prepared, log, k, doses, taken):
    """Add prescribed doses of the current size, of which a fraction was taken, to the cumulative dose."""
    per_kg = state.agent_mg[k] / state.agent_weight_kg
    state.agent_mg_per_kg[k] += doses * per_kg
    state.agent_g[k] += doses * state.agent_mg[k] / MG_PER_G
    if prepared.agents[k].drug == Drug.CYCLOPHOSPHAMIDE:
        state.cyclophosphamide_mg_per_kg += taken * doses * per_kg
        react_to_doses(state, traits, params, log, state.agent_mg[k], doses * taken)
        suffer_cumulative_toxicity(state, traits, log)
        refresh_effects(state, traits, params, clocks, prepared, log)


@kernel
def stop_agent(state, traits, params, clocks, prepared, log, k):
    """Stop regimen k from today; its effect wears off."""
    agents = prepared.agents
    if state.agent_counted_day[k] < math.floor(state.now):
        count_doses(state, traits, params, clocks, prepared, log, k)
    _close_run(state, traits, agents, log, k, math.floor(state.now) - 1)
    draws = _effect_draws(state, traits, params, k)
    state.effect_until[k] = state.now + quantile(prepared.tables, agents[k].offset_table, normal_quantile(draws[1]))
    state.effect_from[k] = min(state.effect_from[k], state.effect_until[k])
    state.rebound_until[k] = state.effect_until[k] + agents[k].rebound_days
    state.agents_given &= ~(1 << k)
    state.agent_mg[k] = 0.0
    if state.agents_given == 0 and agents[k].withdraw_steroid == 0:
        state.withdraw_steroid = 0
    _set_dose_clock(state, params, clocks)
    write_event(log, traits, state, Event.AGENT_STOPPED, float(agents[k].drug))
    refresh_effects(state, traits, params, clocks, prepared, log)


@kernel
def stop_agents(state, traits, params, clocks, prepared, log, mask):
    """Stop the given regimens of a mask."""
    for k in range(params.agents):
        if mask >> k & 1 == 1 and is_given(state, k):
            stop_agent(state, traits, params, clocks, prepared, log, k)
