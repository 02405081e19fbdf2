"""Venous thrombosis and serious infection: hazards that depend on albumin, and effects until treatment.

Albumin changes continuously, so events are drawn by thinning: candidates come at the highest possible hazard, and each
is accepted with the ratio of the hazard at the albumin of its day to the highest one. That is exact, and two courses of
one patient stay coupled.
"""

from __future__ import annotations

import math

from nephrosyn.course.disease.body import taken_mg_per_kg_per_day
from nephrosyn.course.disease.kidney import NO_COMPLICATION, lose_filtration
from nephrosyn.course.disease.proteinuria import response_speed, update_blood
from nephrosyn.course.disease.relapse_hazard import update_relapse
from nephrosyn.course.state.clocks import set_rate, start_budget, stop
from nephrosyn.course.state.codes import Action, Condition, ConditionKind, Event
from nephrosyn.course.state.events import write_event, write_note
from nephrosyn.course.state.kept_values import infection_by_dose
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, Clock
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms

_FIRST_COMPLICATION = int(Condition.VENOUS_THROMBOSIS)


@kernel
def _thrombosis_factor(params, albumin):
    """Hazard of thrombosis at an albumin level (g/dL), relative to that at the knee."""
    below = params.thrombosis_knee - max(albumin, params.thrombosis_flat_below)
    return math.exp(params.thrombosis_log_factor * below) if below > 0.0 else params.thrombosis_above_knee


@kernel
def _most_thrombosis_per_day(traits, params):
    highest = max(_thrombosis_factor(params, params.thrombosis_flat_below), 1.0)
    return params.thrombosis_per_day[traits.lesion] * highest * traits.prone_to_thrombosis


@kernel
def serious_infection_rate(state, traits, params):
    """Hazard of a candidate (per day): at low albumin, with the steroid taken and the agents in effect."""
    steroid = infection_by_dose(state, params, taken_mg_per_kg_per_day(state, traits))
    return params.serious_infection_per_day * params.low_albumin_factor * steroid * state.agent_infection_factor


@kernel
def _next_candidate(state, traits, params, clocks, clock, purpose, index, rate):
    budget = -math.log(uniforms(params.seed, params.replicate, traits.patient, purpose, index)[0])
    start_budget(clocks, clock, state.now, budget, rate)


@kernel
def start_complications(state, traits, params, clocks):
    """Set the clocks of the first candidates."""
    rate = _most_thrombosis_per_day(traits, params)
    _next_candidate(state, traits, params, clocks, Clock.THROMBOSIS, Purpose.THROMBOSIS, 0, rate)
    rate = serious_infection_rate(state, traits, params)
    _next_candidate(state, traits, params, clocks, Clock.SERIOUS_INFECTION, Purpose.SERIOUS_INFECTION, 0, rate)


@kernel
def consider_thrombosis(state, traits, params, clocks, tables, log):
    """Accept or reject a candidate for the first venous thrombosis; return whether it is fatal.

    After the first thrombosis anticoagulants prevent more.
    """
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.THROMBOSIS, state.thrombosis_candidates)
    state.thrombosis_candidates += 1
    update_blood(state, traits, params, state.now)
    share = (
        params.thrombosis_per_day[traits.lesion]
        * _thrombosis_factor(params, state.albumin)
        / _most_thrombosis_per_day(traits, params)
    )
    if state.anticoagulated == 1:
        share *= params.anticoagulation_factor
    if draws[1] >= share:
        rate = _most_thrombosis_per_day(traits, params)
        _next_candidate(
            state, traits, params, clocks, Clock.THROMBOSIS, Purpose.THROMBOSIS, state.thrombosis_candidates, rate
        )
        return False
    stop(clocks, Clock.THROMBOSIS)
    renal = draws[2] < params.renal_vein_share[traits.lesion]
    which = Condition.RENAL_VEIN_THROMBOSIS if renal else Condition.VENOUS_THROMBOSIS
    event = Event.RENAL_VEIN_THROMBOSIS if renal else Event.VENOUS_THROMBOSIS
    write_event(log, traits, state, event, state.albumin)
    return _begin_complication(state, traits, params, clocks, tables, log, params.thrombosis_course, which, draws[3])


@kernel
def consider_serious_infection(state, traits, params, clocks, tables, log):
    """Accept or reject a candidate for a serious infection; return whether it is fatal.

    Like any infection it raises the relapse hazard for some days.
    """
    draws = uniforms(
        params.seed, params.replicate, traits.patient, Purpose.SERIOUS_INFECTION, state.serious_infection_candidates
    )
    state.serious_infection_candidates += 1
    update_blood(state, traits, params, state.now)
    rate = serious_infection_rate(state, traits, params)
    index = state.serious_infection_candidates
    _next_candidate(state, traits, params, clocks, Clock.SERIOUS_INFECTION, Purpose.SERIOUS_INFECTION, index, rate)
    if state.albumin >= params.low_albumin and draws[1] * params.low_albumin_factor >= 1.0:
        return False
    write_event(log, traits, state, Event.SERIOUS_INFECTION, state.albumin)
    state.infection_until = max(state.infection_until, state.now + params.infection_window_days)
    clocks[DUE, Clock.INFECTION_ENDS] = state.infection_until
    update_relapse(state, traits, params, clocks)
    return _begin_complication(
        state,
        traits,
        params,
        clocks,
        tables,
        log,
        params.serious_infection_course,
        Condition.SERIOUS_INFECTION,
        draws[3],
    )


@kernel
def _begin_complication(state, traits, params, clocks, tables, log, course, which, chance):
    """A complication begins; return whether it is fatal, and note it if so.

    Until it is treated, steroid does not work and filtration is lower.
    """
    if chance < course.life_threatening_share * course.fatality:
        write_note(log, traits, state, which, ConditionKind.COMPLICATION, Action.NONE)
        return True
    index = state.serious_infection_candidates if which == Condition.SERIOUS_INFECTION else 0
    v = uniforms(params.seed, params.replicate, traits.patient, Purpose.COMPLICATION, index)
    until = state.now + quantile(tables, course.treated_table, normal_quantile(v[0]))
    if state.complication != NO_COMPLICATION:
        until = max(until, clocks[DUE, Clock.COMPLICATION_ENDS])
    state.complication = which
    state.complication_filtration = 1.0
    if which != Condition.VENOUS_THROMBOSIS and chance < course.life_threatening_share:
        lose_filtration(state, traits, params, clocks, course.lasting_loss)
        state.complication_filtration = course.filtration_factor
    state.complications_to_note |= 1 << (which - _FIRST_COMPLICATION)
    clocks[DUE, Clock.COMPLICATION_ENDS] = until
    set_rate(clocks, Clock.RESPONSE, state.now, response_speed(state, traits, params))
    return False


@kernel
def treat_complication(state, traits, params, clocks, log):
    """Treatment of a complication takes effect; it is noted at the next visit."""
    write_event(log, traits, state, Event.COMPLICATION_TREATED, float(state.complication))
    if state.complication == Condition.SERIOUS_INFECTION:
        state.serious_infection_treated = state.now
    state.complication = NO_COMPLICATION
    clocks[DUE, Clock.COMPLICATION_ENDS] = math.inf
    set_rate(clocks, Clock.RESPONSE, state.now, response_speed(state, traits, params))
