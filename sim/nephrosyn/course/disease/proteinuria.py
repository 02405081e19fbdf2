"""The disease: the path of proteinuria, albumin and cholesterol, response to steroid, and relapse."""

from __future__ import annotations

import math

from nephrosyn.course.disease.anti_pla2r import move_anti_pla2r
from nephrosyn.course.disease.body import body_surface_m2, taken_mg_per_kg_per_day
from nephrosyn.course.disease.death import death_rate
from nephrosyn.course.disease.kidney import NO_COMPLICATION, draw_acute_injury, set_kidney_loss
from nephrosyn.course.disease.level import next_level, plan_variation, usual_level, within_state
from nephrosyn.course.disease.relapse_hazard import relapse_rate, update_relapse
from nephrosyn.course.state.clocks import set_rate, start_budget, stop
from nephrosyn.course.state.codes import Event, Factor
from nephrosyn.course.state.events import NO_VALUE, write_event, write_path
from nephrosyn.course.state.kept_values import cholesterol_left, upcr_of
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.course.state.state import DUE, Clock, Phase
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms

_SHORTEST_FALL_DAYS = 0.01  # a response always takes some time
_SAME_PACE = 1e-9
_REMISSION = int(Phase.REMISSION)
# Together they keep the error of albumin under 0.01 g/dL; on the slowest slopes a step of the logarithm lasts a month.
_LARGEST_LOG_STEP = 0.25
_LARGEST_STEP_DAYS = 7.0
_SMALLEST_STEP_DAYS = 1e-9  # steps of zero would never end
_LEAST_PACE = 1e-9  # log units per day; a path of no pace would have no end


@inline
def log_upcr(state, t):
    """True log UPCR (mg/mg) at time t (days), on the current path."""
    value = state.path_log + state.path_slope * (t - state.path_start)
    if state.path_slope > 0.0:
        return min(value, state.path_target)
    if state.path_slope < 0.0:
        return max(value, state.path_target)
    return value


@inline
def albumin_clearance(traits, params, level):
    """Fraction of serum albumin that is broken down or lost per day at a UPCR level."""
    return params.albumin_per_day + params.albumin_loss * traits.albumin_loss_factor * min(
        level, params.loss_saturates_at
    )


@inline
def _blood_step(state, traits, params, level, days):
    """Albumin and cholesterol after some days at a constant UPCR; the exact solution."""
    clearance = albumin_clearance(traits, params, level)
    steady = params.albumin_per_day * traits.albumin_g_per_dl / clearance
    above = state.albumin - steady
    albumin_left, other_left = math.exp(-clearance * days), cholesterol_left(state, params, days)
    target = traits.cholesterol_mg_per_dl + params.cholesterol_rise * (traits.albumin_g_per_dl - steady)
    pace = params.cholesterol_per_day - clearance
    lag = (albumin_left - other_left) / pace if abs(pace) > _SAME_PACE else days * other_left
    state.cholesterol = (
        target
        + (state.cholesterol - target) * other_left
        - params.cholesterol_rise * above * params.cholesterol_per_day * lag
    )
    state.albumin = steady + above * albumin_left


@inline
def _whole_step_days(pace):
    """Length of a step (days) far from the end of a path that changes at a pace (log units per day)."""
    return max(min(_LARGEST_STEP_DAYS, _LARGEST_LOG_STEP / max(pace, _LEAST_PACE)), _SMALLEST_STEP_DAYS)


@inline
def _step_days(days, distance, pace, whole):
    """Length of the next step (days): a whole one, or up to the time to advance to, or to the end of the path.

    The first condition is one that a processor foresees, so it need not wait for this step before it begins the next.
    """
    if days >= whole and distance >= pace * whole:
        return whole
    return max(min(days, whole, distance / pace + 1e-9), _SMALLEST_STEP_DAYS)


@kernel
def update_blood(state, traits, params, t):
    """Advance albumin and cholesterol to time t along the current path."""
    pace = abs(state.path_slope)
    whole = _whole_step_days(pace)
    while state.blood_time < t:
        here = log_upcr(state, state.blood_time)
        days = t - state.blood_time
        if here != state.path_target:
            days = _step_days(days, abs(state.path_target - here), pace, whole)
        _blood_step(state, traits, params, upcr_of(state, log_upcr(state, state.blood_time + 0.5 * days)), days)
        state.blood_time = min(state.blood_time + days, t)


@kernel
def _is_rising(state):
    """Whether proteinuria is still rising after a relapse."""
    return state.path_slope > 0.0 and state.varying == 0 and log_upcr(state, state.now) < state.path_target


@kernel
def _top_of_rise(state):
    """Time at which the rise is complete; always later than now, in spite of rounding."""
    return max(
        state.path_start + (state.path_target - state.path_log) / state.path_slope, state.now + _SHORTEST_FALL_DAYS
    )


@kernel
def days_until_albumin(state, traits, params, level):
    """Days until albumin has fallen to a level (g/dL) if proteinuria keeps its path; inf if it will not fall so far.

    While proteinuria is rising, the days until the rise is complete, as the time cannot be known before.
    """
    update_blood(state, traits, params, state.now)
    if state.albumin <= level:
        return 0.0
    if _is_rising(state):
        return _top_of_rise(state) - state.now
    clearance = albumin_clearance(traits, params, math.exp(log_upcr(state, state.now)))
    steady = params.albumin_per_day * traits.albumin_g_per_dl / clearance
    if state.falling == 1 or steady >= level:
        return math.inf
    return math.log((state.albumin - steady) / (level - steady)) / clearance + _SHORTEST_FALL_DAYS


@kernel
def steady_blood(state, traits, params, t):
    """Set albumin and cholesterol to their steady state at the proteinuria of time t."""
    _blood_step(state, traits, params, math.exp(log_upcr(state, t)), 1e6)
    state.blood_time = t


@kernel
def set_path(state, traits, params, log, per_day, target):
    """Move proteinuria from now on towards a target (log UPCR) at a rate (log units per day, > 0)."""
    update_blood(state, traits, params, state.now)
    start = log_upcr(state, state.now)
    state.varying = 0
    state.path_start = state.now
    state.path_log = start
    state.path_target = target
    state.path_slope = 0.0
    if target > start:
        state.path_slope = per_day
    elif target < start:
        state.path_slope = -per_day
    write_path(log, traits, state)


@kernel
def vary_towards(state, traits, params, clocks, log, level):
    """Let proteinuria vary towards a level (log UPCR) over the next period, and the loss of filtration with it."""
    away = abs(level - log_upcr(state, state.now))
    set_path(state, traits, params, log, max(away / params.level_every_days, _LEAST_PACE), level)
    state.varying = 1
    set_kidney_loss(state, traits, params, clocks)


@kernel
def vary(state, traits, params, clocks, log):
    """Proteinuria that neither falls nor rises begins to move to a new level; the next one comes a period later."""
    if _is_rising(state):
        clocks[DUE, Clock.LEVEL] = _top_of_rise(state)
        return
    vary_towards(state, traits, params, clocks, log, next_level(state, traits, params, log_upcr(state, state.now)))
    plan_variation(state, params, clocks)


@kernel
def shift_level(state, traits, params, clocks, log, usual_before):
    """Follow a change of the usual level, unless proteinuria is falling, rising or in remission."""
    if state.phase == Phase.REMISSION or state.falling == 1 or _is_rising(state):
        return
    level = log_upcr(state, state.now) + usual_level(state, traits, params) - usual_before
    vary_towards(state, traits, params, clocks, log, within_state(state, traits, params, level))


@inline
def _arrival(traits, params, goal):
    """Log UPCR at which a fall has reached its goal: the remission threshold, or the patient's partial level."""
    if goal == Phase.PARTIAL:
        return traits.partial_log_upcr + 1e-6
    return params.remission_below_log_upcr


@kernel
def _days_to_remission(state, traits, params, tables, score):
    """Time to remission on adequate steroid (days); in a relapse shorter and less variable than at onset."""
    days = quantile(tables, traits.remission_time_table, score)
    if state.episode > 0:
        median = quantile(tables, traits.remission_time_table, 0.0)
        if median > 0.0:
            days = params.relapse_median_factor * median * (days / median) ** params.relapse_spread_factor
    return max(days, _SHORTEST_FALL_DAYS)


@kernel
def plan_response(state, traits, params, clocks, tables, start_log, score, speed):
    """Plan the response of an episode: days on adequate steroid until the fall begins, then the fall.

    The time to remission of the episode is drawn from its distribution. The fall takes the last part of it, and is
    steeper where the whole time is shorter than the lesion's usual fall. Where urine follows an immunological response,
    the days between them belong to the time too, and the fall is never steeper: a short time means an early response.
    """
    if state.response == Phase.NEPHROTIC:
        stop(clocks, Clock.RESPONSE)
        return
    days = _days_to_remission(state, traits, params, tables, score) - traits.urine_follows_days
    days = max(days, _SHORTEST_FALL_DAYS)
    height = start_log - _arrival(traits, params, state.response)
    fall_days = height / traits.fall_per_day
    if traits.urine_follows_days == 0.0:
        fall_days = min(fall_days, days)
    state.fall_per_day = height / fall_days
    state.planned_height = height
    start_budget(clocks, Clock.RESPONSE, state.now, max(days - fall_days, 0.0), speed)


@kernel
def begin_fall(state, traits, params, clocks, log, per_day, goal, factor):
    """Begin the fall of proteinuria to partial or complete remission, and set the clock of its end.

    ``factor``, on the relapse hazard, is that of the cause of the remission; what began a fall is the cause.
    """
    if state.falling == 0:
        state.remission_factor = factor
    state.falling = 1
    state.goal = goal
    target = traits.partial_log_upcr if goal == Phase.PARTIAL else traits.remission_log_upcr
    set_path(state, traits, params, log, per_day, target)
    clocks[DUE, Clock.REMISSION] = state.now + max(state.path_log - _arrival(traits, params, goal), 0.0) / per_day
    clocks[DUE, Clock.LEVEL] = math.inf
    set_kidney_loss(state, traits, params, clocks)


@inline
def _changes_nothing(state, level, per_day):
    """Whether a response changes nothing: the level is reached, or a fall as deep and as fast is under way."""
    on_its_way = state.falling == 1 and (state.goal > level or (state.goal == level and -state.path_slope >= per_day))
    return state.phase >= level or on_its_way


@inline
def _speed_up_fall(state, traits, params, clocks, log, per_day, goal, factor):
    """Begin a fall, or speed up the one under way."""
    pace = per_day if state.falling == 0 else max(per_day, -state.path_slope)
    begin_fall(state, traits, params, clocks, log, pace, goal, factor)


@kernel
def _respond_immunologically(state, traits, params, clocks, log, event, per_day, goal, factor):
    """Respond immunologically, so that urine follows; a deeper response takes the place of one that urine awaits."""
    if clocks[DUE, Clock.URINE] == math.inf:
        move_anti_pla2r(state, params.anti_pla2r_fall_per_day, traits.anti_pla2r_background_log)
        clocks[DUE, Clock.URINE] = state.now + traits.urine_follows_days
        write_event(log, traits, state, Event.IMMUNOLOGICAL_RESPONSE, NO_VALUE)
    elif state.urine_event == Event.RELAPSE or goal <= state.urine_goal:
        return
    state.urine_event = event
    state.urine_goal = goal
    state.urine_fall_per_day = per_day
    state.urine_factor = factor


@kernel
def _begin_response(state, traits, params, clocks, log, event, per_day, goal, factor):
    """Begin a response: of the urine at once, or in membranous nephropathy of the antibodies first."""
    if traits.urine_follows_days > 0.0 and state.falling == 0:
        _respond_immunologically(state, traits, params, clocks, log, event, per_day, goal, factor)
        return
    write_event(log, traits, state, event, NO_VALUE)
    _speed_up_fall(state, traits, params, clocks, log, per_day, goal, factor)


@kernel
def follow_immunological_response(state, traits, params, clocks, log):
    """Let proteinuria fall after an immunological response, whatever has become of the drug that brought it."""
    if _is_rising(state):
        clocks[DUE, Clock.URINE] = _top_of_rise(state)
        return
    stop(clocks, Clock.URINE)
    if _changes_nothing(state, state.urine_goal, state.urine_fall_per_day):
        return
    write_event(log, traits, state, state.urine_event, NO_VALUE)
    goal, factor = int(state.urine_goal), float(state.urine_factor)
    _speed_up_fall(state, traits, params, clocks, log, float(state.urine_fall_per_day), goal, factor)


@kernel
def relapse_immunologically(state, traits, params, clocks, log):
    """Let antibodies return; proteinuria rises later."""
    stop(clocks, Clock.RELAPSE)
    move_anti_pla2r(state, params.anti_pla2r_rise_per_day, traits.anti_pla2r_active_log)
    state.urine_event = Event.RELAPSE
    clocks[DUE, Clock.URINE] = state.now + traits.relapse_follows_days
    write_event(log, traits, state, Event.IMMUNOLOGICAL_RELAPSE, NO_VALUE)


@kernel
def respond(state, traits, params, clocks, log):
    """Respond to steroid; in a relapse on steroid only after proteinuria has risen."""
    if _is_rising(state):
        clocks[DUE, Clock.RESPONSE] = _top_of_rise(state)
        return
    stop(clocks, Clock.RESPONSE)
    if _changes_nothing(state, state.response, state.fall_per_day):
        return
    pace, factor = float(state.fall_per_day), params.after_steroid_factor
    if state.phase == Phase.NEPHROTIC and state.falling == 0:  # the level has varied; the time stays the one drawn
        height = log_upcr(state, state.now) - _arrival(traits, params, state.response)
        pace *= max(height, _LEAST_PACE) / state.planned_height
    _begin_response(state, traits, params, clocks, log, Event.RESPONSE_BEGINS, pace, int(state.response), factor)


@kernel
def respond_to_agent(state, traits, params, clocks, agents, log):
    """Respond to a second agent that is in effect."""
    if _is_rising(state):
        clocks[DUE, Clock.AGENT_RESPONSE] = _top_of_rise(state)
        return
    stop(clocks, Clock.AGENT_RESPONSE)
    in_effect = state.agents_in_effect >> state.responding_agent & 1 == 1
    if not in_effect or _changes_nothing(state, state.agent_level, traits.fall_per_day):
        return
    pace, factor = traits.fall_per_day, agents[state.responding_agent].after_factor
    _begin_response(
        state, traits, params, clocks, log, Event.AGENT_RESPONSE_BEGINS, pace, int(state.agent_level), factor
    )


@kernel
def remit_spontaneously(state, traits, params, clocks, log):
    """Begin a spontaneous fall of proteinuria, unless it is falling or in remission already.

    A partial response under way ends first. A later response to steroid may still speed up the fall.
    """
    if _is_rising(state):
        clocks[DUE, Clock.SPONTANEOUS] = _top_of_rise(state)
        return
    falls_to_partial = state.falling == 1 and state.goal == Phase.PARTIAL
    clocks[DUE, Clock.SPONTANEOUS] = clocks[DUE, Clock.REMISSION] if falls_to_partial else math.inf
    if state.phase == Phase.REMISSION or state.falling == 1:
        return
    pace, factor = traits.spontaneous_fall_per_day, params.after_spontaneous_factor
    event, goal = Event.SPONTANEOUS_FALL_BEGINS, _REMISSION
    _begin_response(state, traits, params, clocks, log, event, pace, goal, factor)


@kernel
def reach_remission(state, traits, params, clocks, log):
    """Reach true remission, complete or partial, and start the budget until the next relapse."""
    clocks[DUE, Clock.REMISSION] = math.inf
    partial = state.goal == Phase.PARTIAL
    budget_runs = state.phase == Phase.PARTIAL
    state.phase = Phase.PARTIAL if partial else Phase.REMISSION
    state.falling = 0
    state.remission_since = state.now
    write_event(log, traits, state, Event.PARTIAL_REMISSION if partial else Event.COMPLETE_REMISSION, NO_VALUE)
    if budget_runs:
        update_relapse(state, traits, params, clocks)
    else:
        draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.EPISODE, state.episode)
        start_budget(clocks, Clock.RELAPSE, state.now, -math.log(draws[0]), relapse_rate(state, traits, params))
    set_rate(clocks, Clock.DEATH, state.now, death_rate(state, traits, params))
    set_kidney_loss(state, traits, params, clocks)
    if partial:
        plan_variation(state, params, clocks)


@kernel
def episode_score(state, traits, params, score):
    """Normal score of an episode's time to remission: a part of the patient, the rest of the episode."""
    share = params.remission_time_patient_share
    return math.sqrt(share) * traits.remission_time_score + math.sqrt(1.0 - share) * score


@kernel
def start_relapse(state, traits, params, clocks, tables, log):
    """Relapse: proteinuria rises, and a new episode draws its own response."""
    stop(clocks, Clock.RELAPSE)
    stop(clocks, Clock.URINE)
    clocks[DUE, Clock.REMISSION] = math.inf
    state.phase = Phase.NEPHROTIC
    state.falling = 0
    state.episode += 1
    draw_acute_injury(state, traits, params, tables)
    write_event(log, traits, state, Event.RELAPSE, float(state.episode))
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.EPISODE, state.episode)
    failed = draws[3] >= params.remits_on_failed_dose_probability
    state.failed_mg_per_kg_per_day = taken_mg_per_kg_per_day(state, traits) if failed else 0.0
    if state.response != Phase.NEPHROTIC and state.late_resistance == 0 and state.now >= traits.resistant_from_days:
        state.late_resistance = 1
        state.response = Phase.NEPHROTIC
        write_event(log, traits, state, Event.LATE_RESISTANCE, NO_VALUE)
    elif (
        state.response == Phase.NEPHROTIC and traits.genetic == 0 and draws[2] < params.resistance_reversal_probability
    ):
        state.response = Phase.REMISSION
        write_event(log, traits, state, Event.RESISTANCE_REVERSED, NO_VALUE)
    top = usual_level(state, traits, params)
    set_path(state, traits, params, log, traits.rise_per_day, top)
    score = episode_score(state, traits, params, normal_quantile(draws[1]))
    plan_response(state, traits, params, clocks, tables, top, score, response_speed(state, traits, params))
    set_rate(clocks, Clock.DEATH, state.now, death_rate(state, traits, params))
    set_kidney_loss(state, traits, params, clocks)
    plan_variation(state, params, clocks)


@kernel
def needed_mg(state, params):
    """Steroid (mg/day) that a patient of this size needs, by body surface, up to the cap of a first course."""
    return min(params.needed_mg_per_m2_per_day * body_surface_m2(state.dosing_weight_kg), params.first.cap_mg)


@kernel
def _factor_speed(state, params, mean):
    """Fraction of the speed of a response that the provoking factors present leave."""
    speed = 1.0
    for k in range(len(params.factor_speed)):
        if state.factors >> k & 1 == 0:
            continue
        if k == Factor.UNDER_DOSING and mean * state.dosing_weight_kg >= needed_mg(state, params):
            continue
        speed *= params.factor_speed[k]
    return speed


@inline
def response_speed(state, traits, params):
    """Fraction of full speed at which a response advances on the dose taken.

    Zero on a dose on which a relapse has happened, and while a complication is untreated.
    """
    mean = taken_mg_per_kg_per_day(state, traits)
    if mean <= state.failed_mg_per_kg_per_day or state.complication != NO_COMPLICATION:
        return 0.0
    speed = min(mean / params.response_dose_mg_per_kg_per_day, 1.0)
    return speed if state.factors == 0 else speed * _factor_speed(state, params, mean)
