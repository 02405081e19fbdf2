"""The disease: the path of proteinuria, the blood that follows, response to steroid, and relapse."""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.body import body_surface_m2, taken_mg_per_kg_per_day
from nephrosyn.course.clocks import set_rate, start_budget, stop
from nephrosyn.course.codes import Event, Factor
from nephrosyn.course.hazard import relapse_rate, update_relapse
from nephrosyn.course.kidney import NO_COMPLICATION, set_kidney_loss
from nephrosyn.course.log import NO_VALUE, write_event, write_path
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.state import DUE, Clock, Phase
from nephrosyn.streams import Purpose, normal_quantile, uniforms

_SHORTEST_FALL_DAYS = 0.01  # a response takes time, if only this
_SAME_PACE = 1e-9
# Together they keep the error of albumin under 0.01 g/dL; on the slowest slopes a step of the logarithm lasts a month.
_LARGEST_LOG_STEP = 0.25
_LARGEST_STEP_DAYS = 7.0
_SMALLEST_STEP_DAYS = 1e-9  # a step of nothing would be taken for ever


@inline
def log_upcr(s, t):
    """True log UPCR (mg/mg) at time t (days), on the present path."""
    value = s.path_log + s.path_slope * (t - s.path_start)
    if s.path_slope > 0.0:
        return min(value, s.path_target)
    if s.path_slope < 0.0:
        return max(value, s.path_target)
    return value


@inline
def _blood_step(s, x, p, level, days):
    """Albumin and cholesterol after some days at one UPCR level: exact for that level."""
    clearance = p.albumin_per_day + p.albumin_loss * min(level, p.loss_saturates_at)
    steady = p.albumin_per_day * x.albumin_g_per_dl / clearance
    above = s.albumin - steady
    left, own = math.exp(-clearance * days), math.exp(-p.cholesterol_per_day * days)
    target = x.cholesterol_mg_per_dl + p.cholesterol_rise * (x.albumin_g_per_dl - steady)
    pace = p.cholesterol_per_day - clearance
    lag = (left - own) / pace if abs(pace) > _SAME_PACE else days * own
    s.cholesterol = target + (s.cholesterol - target) * own - p.cholesterol_rise * above * p.cholesterol_per_day * lag
    s.albumin = steady + above * left


@kernel
def update_blood(s, x, p, t):
    """Bring albumin and cholesterol up to time t along the present path."""
    while s.blood_time < t:
        here = log_upcr(s, s.blood_time)
        days = t - s.blood_time
        if here != s.path_target:
            pace = abs(s.path_slope)
            days = min(days, _LARGEST_STEP_DAYS, _LARGEST_LOG_STEP / pace, abs(s.path_target - here) / pace + 1e-9)
            days = max(days, _SMALLEST_STEP_DAYS)
        _blood_step(s, x, p, math.exp(log_upcr(s, s.blood_time + 0.5 * days)), days)
        s.blood_time = min(s.blood_time + days, t)


@kernel
def steady_blood(s, x, p, t):
    """Albumin and cholesterol in equilibrium with the present proteinuria."""
    _blood_step(s, x, p, math.exp(log_upcr(s, t)), 1e6)
    s.blood_time = t


@kernel
def set_path(s, x, p, log, count, per_day, target):
    """From now on proteinuria moves to a target (log UPCR) at a rate (log units per day, > 0)."""
    update_blood(s, x, p, s.now)
    start = log_upcr(s, s.now)
    s.path_start = s.now
    s.path_log = start
    s.path_target = target
    s.path_slope = 0.0
    if target > start:
        s.path_slope = per_day
    elif target < start:
        s.path_slope = -per_day
    write_path(log, count, x, s)


@inline
def _arrival(x, p, goal):
    """Log UPCR at which a fall has reached its goal: the remission threshold, or the patient's partial level."""
    if goal == Phase.PARTIAL:
        return x.partial_log_upcr + 1e-6
    return p.remission_below_log_upcr


@kernel
def plan_response(s, x, p, clocks, tables, start_log, score, speed):
    """Plan the response of an episode: days on adequate steroid until the fall begins, then the fall.

    The time to remission of the episode is drawn from its law; the fall takes the last part of it, and is steeper
    where the whole time is shorter than the lesion's usual fall.
    """
    if s.response == Phase.NEPHROTIC:
        stop(clocks, Clock.RESPONSE)
        return
    days = max(quantile(tables, x.remission_time_table, score), _SHORTEST_FALL_DAYS)
    height = start_log - _arrival(x, p, s.response)
    fall_days = min(height / x.fall_per_day, days)
    s.fall_per_day = height / fall_days
    start_budget(clocks, Clock.RESPONSE, s.now, days - fall_days, speed)


@kernel
def begin_fall(s, x, p, clocks, log, count, per_day, goal):
    """Proteinuria begins to fall to partial or complete remission; the clock is set to the time it arrives."""
    s.falling = 1
    s.goal = goal
    set_path(s, x, p, log, count, per_day, x.partial_log_upcr if goal == Phase.PARTIAL else x.remission_log_upcr)
    clocks[DUE, Clock.REMISSION] = s.now + max(s.path_log - _arrival(x, p, goal), 0.0) / per_day


@inline
def _gains_nothing(s, level, per_day):
    """Whether the disease is where a response would bring it, or on its way there and beyond, or no slower."""
    on_its_way = s.falling == 1 and (s.goal > level or (s.goal == level and -s.path_slope >= per_day))
    return s.phase >= level or on_its_way


@kernel
def _is_rising(s):
    """Whether proteinuria has yet to reach the level of the relapse."""
    return s.path_slope > 0.0 and log_upcr(s, s.now) < s.path_target


@kernel
def _top_of_rise(s):
    """Time at which the rise is complete; later than now, whatever the rounding."""
    return max(s.path_start + (s.path_target - s.path_log) / s.path_slope, s.now + _SHORTEST_FALL_DAYS)


@inline
def _hasten(s, x, p, clocks, log, count, per_day, goal):
    """Begin a fall, or quicken the one under way."""
    pace = per_day if s.falling == 0 else max(per_day, -s.path_slope)
    begin_fall(s, x, p, clocks, log, count, pace, goal)


@kernel
def respond(s, x, p, clocks, log, count):
    """The steroid takes effect; in a relapse on steroid not before proteinuria has risen, or it would be none."""
    if _is_rising(s):
        clocks[DUE, Clock.RESPONSE] = _top_of_rise(s)
        return
    stop(clocks, Clock.RESPONSE)
    if _gains_nothing(s, s.response, s.fall_per_day):
        return
    write_event(log, count, x, s, Event.RESPONSE_BEGINS, NO_VALUE)
    _hasten(s, x, p, clocks, log, count, s.fall_per_day, s.response)


@kernel
def respond_to_agent(s, x, p, clocks, log, count):
    """A second agent takes effect on disease that steroid has not cleared, or may not be given for."""
    if _is_rising(s):
        clocks[DUE, Clock.AGENT_RESPONSE] = _top_of_rise(s)
        return
    stop(clocks, Clock.AGENT_RESPONSE)
    in_effect = s.agents_in_effect >> s.agent_answered & 1 == 1
    if not in_effect or _gains_nothing(s, s.agent_level, x.fall_per_day):
        return
    write_event(log, count, x, s, Event.AGENT_RESPONSE_BEGINS, NO_VALUE)
    _hasten(s, x, p, clocks, log, count, x.fall_per_day, s.agent_level)


@kernel
def remit_spontaneously(s, x, p, clocks, log, count):
    """Proteinuria begins to fall without treatment, unless it is falling or gone already.

    A partial response under way comes to its end first. Steroid that is to work later may still quicken the fall.
    """
    if _is_rising(s):
        clocks[DUE, Clock.SPONTANEOUS] = _top_of_rise(s)
        return
    falls_to_partial = s.falling == 1 and s.goal == Phase.PARTIAL
    clocks[DUE, Clock.SPONTANEOUS] = clocks[DUE, Clock.REMISSION] if falls_to_partial else math.inf
    if s.phase == Phase.REMISSION or s.falling == 1:
        return
    write_event(log, count, x, s, Event.SPONTANEOUS_FALL_BEGINS, NO_VALUE)
    begin_fall(s, x, p, clocks, log, count, x.spontaneous_fall_per_day, Phase.REMISSION)


@kernel
def death_rate(s, p):
    """Hazard of death, per day."""
    return p.death_per_day * (1.0 if s.phase == Phase.REMISSION else p.death_nephrotic_factor)


@kernel
def reach_remission(s, x, p, clocks, log, count):
    """True remission, complete or partial: the budget to the next relapse starts."""
    clocks[DUE, Clock.REMISSION] = math.inf
    partial = s.goal == Phase.PARTIAL
    budget_runs = s.phase == Phase.PARTIAL
    s.phase = Phase.PARTIAL if partial else Phase.REMISSION
    s.falling = 0
    s.remission_since = s.now
    write_event(log, count, x, s, Event.PARTIAL_REMISSION if partial else Event.COMPLETE_REMISSION, NO_VALUE)
    if budget_runs:
        update_relapse(s, x, p, clocks)
    else:
        u = uniforms(p.seed, p.replicate, x.patient, Purpose.EPISODE, s.episode)
        start_budget(clocks, Clock.RELAPSE, s.now, -math.log(u[0]), relapse_rate(s, x, p))
    set_rate(clocks, Clock.DEATH, s.now, death_rate(s, p))
    set_kidney_loss(s, x, p, clocks)


@kernel
def episode_score(s, x, p, own_score):
    """Normal score of an episode's time to remission, correlated with the patient's frailty."""
    r = p.remission_time_correlation
    return r * x.frailty_score + math.sqrt(1.0 - r * r) * own_score


@kernel
def start_relapse(s, x, p, clocks, tables, log, count):
    """Relapse: proteinuria rises, and the new episode draws its own answers."""
    stop(clocks, Clock.RELAPSE)
    clocks[DUE, Clock.REMISSION] = math.inf
    s.phase = Phase.NEPHROTIC
    s.falling = 0
    s.episode += 1
    write_event(log, count, x, s, Event.RELAPSE, float(s.episode))
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.EPISODE, s.episode)
    failed = u[3] >= p.remits_on_failed_dose_probability
    s.failed_mg_per_kg_per_day = taken_mg_per_kg_per_day(s, x) if failed else 0.0
    if s.response != Phase.NEPHROTIC and u[2] < p.late_resistance_probability:
        s.response = Phase.NEPHROTIC
        write_event(log, count, x, s, Event.LATE_RESISTANCE, NO_VALUE)
    elif s.response == Phase.NEPHROTIC and u[2] < p.resistance_reversal_probability:
        s.response = Phase.REMISSION
        write_event(log, count, x, s, Event.RESISTANCE_REVERSED, NO_VALUE)
    set_path(s, x, p, log, count, p.rise_per_day, x.nephrotic_log_upcr)
    score = episode_score(s, x, p, normal_quantile(u[1]))
    plan_response(s, x, p, clocks, tables, x.nephrotic_log_upcr, score, response_speed(s, x, p))
    set_rate(clocks, Clock.DEATH, s.now, death_rate(s, p))
    set_kidney_loss(s, x, p, clocks)


@kernel
def needed_mg(s, p):
    """Steroid (mg/day) that a patient of this size needs, by body surface, up to the cap of a first course."""
    return min(p.needed_mg_per_m2_per_day * body_surface_m2(s.dosing_weight_kg), p.first.cap_mg)


@kernel
def _factor_speed(s, p, mean):
    """What the provoking factors that are there leave of the speed of a response."""
    speed = 1.0
    for k in range(len(p.factor_speed)):
        if s.factors >> k & 1 == 0:
            continue
        if k == Factor.UNDER_DOSING and mean * s.dosing_weight_kg >= needed_mg(s, p):
            continue
        speed *= p.factor_speed[k]
    return speed


@inline
def response_speed(s, x, p):
    """Share of full speed at which a response advances on the dose taken.

    None on a dose that let a relapse happen, none while a complication is untreated.
    """
    mean = taken_mg_per_kg_per_day(s, x)
    if mean <= s.failed_mg_per_kg_per_day or s.complication != NO_COMPLICATION:
        return 0.0
    speed = min(mean / p.response_dose_mg_per_kg_per_day, 1.0)
    return speed if s.factors == 0 else speed * _factor_speed(s, p, mean)
