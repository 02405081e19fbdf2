"""Venous thrombosis and serious infection: hazards that follow albumin, and what they do until treated.

Albumin moves all the time, so candidates come at the highest hazard it could give and each is accepted with the share
that the albumin of its day gives: exact, and two courses of one patient stay coupled.
"""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.body import taken_mg_per_kg_per_day
from nephrosyn.course.clocks import set_rate, start_budget, stop
from nephrosyn.course.codes import Condition, Event
from nephrosyn.course.disease import response_speed, update_blood
from nephrosyn.course.hazard import update_relapse
from nephrosyn.course.kidney import NO_COMPLICATION, lose_filtration
from nephrosyn.course.log import write_event
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.state import DUE, Clock
from nephrosyn.streams import Purpose, normal_quantile, uniforms

LEAST_ALBUMIN = 0.5
"""Albumin (g/dL) below which the hazard of thrombosis rises no further; patients hardly get there."""

_FIRST = int(Condition.VENOUS_THROMBOSIS)


@kernel
def _thrombosis_factor(p, albumin):
    """Hazard of thrombosis at an albumin, in units of that at the knee."""
    below = p.thrombosis_knee - max(albumin, LEAST_ALBUMIN)
    return math.exp(p.thrombosis_log_factor * below) if below > 0.0 else p.thrombosis_above_knee


@kernel
def _most_thrombosis_per_day(x, p):
    highest = max(_thrombosis_factor(p, LEAST_ALBUMIN), 1.0)
    return p.thrombosis_per_day[x.lesion] * highest * x.prone_to_thrombosis


@kernel
def serious_infection_rate(s, x, p):
    """Hazard of a candidate, per day: that at low albumin, on the steroid taken and the agents in effect."""
    steroid = math.exp(p.infection_log_steroid_factor * taken_mg_per_kg_per_day(s, x))
    return p.serious_infection_per_day * p.low_albumin_factor * steroid * s.agent_infection_factor


@kernel
def _next_candidate(s, x, p, clocks, clock, purpose, index, rate):
    budget = -math.log(uniforms(p.seed, p.replicate, x.patient, purpose, index)[0])
    start_budget(clocks, clock, s.now, budget, rate)


@kernel
def start_complications(s, x, p, clocks):
    """Set the clocks of the first candidates."""
    rate = _most_thrombosis_per_day(x, p)
    _next_candidate(s, x, p, clocks, Clock.THROMBOSIS, Purpose.THROMBOSIS, 0, rate)
    rate = serious_infection_rate(s, x, p)
    _next_candidate(s, x, p, clocks, Clock.SERIOUS_INFECTION, Purpose.SERIOUS_INFECTION, 0, rate)


@kernel
def meet_thrombosis(s, x, p, clocks, tables, log, count):
    """A candidate for the first venous thrombosis; whether it kills. After the first, anticoagulants prevent more."""
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.THROMBOSIS, s.thrombosis_candidates)
    s.thrombosis_candidates += 1
    update_blood(s, x, p, s.now)
    share = p.thrombosis_per_day[x.lesion] * _thrombosis_factor(p, s.albumin) / _most_thrombosis_per_day(x, p)
    if u[1] >= share:
        rate = _most_thrombosis_per_day(x, p)
        _next_candidate(s, x, p, clocks, Clock.THROMBOSIS, Purpose.THROMBOSIS, s.thrombosis_candidates, rate)
        return False
    stop(clocks, Clock.THROMBOSIS)
    renal = u[2] < p.renal_vein_share[x.lesion]
    which = Condition.RENAL_VEIN_THROMBOSIS if renal else Condition.VENOUS_THROMBOSIS
    event = Event.RENAL_VEIN_THROMBOSIS if renal else Event.VENOUS_THROMBOSIS
    write_event(log, count, x, s, event, s.albumin)
    return _fall_ill(s, x, p, clocks, tables, p.thrombosis_course, which, u[3])


@kernel
def meet_serious_infection(s, x, p, clocks, tables, log, count):
    """A candidate for a serious infection; whether it kills. It opens the window of any infection, too."""
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.SERIOUS_INFECTION, s.serious_infection_candidates)
    s.serious_infection_candidates += 1
    update_blood(s, x, p, s.now)
    rate = serious_infection_rate(s, x, p)
    index = s.serious_infection_candidates
    _next_candidate(s, x, p, clocks, Clock.SERIOUS_INFECTION, Purpose.SERIOUS_INFECTION, index, rate)
    if s.albumin >= p.low_albumin and u[1] * p.low_albumin_factor >= 1.0:
        return False
    write_event(log, count, x, s, Event.SERIOUS_INFECTION, s.albumin)
    s.infection_until = max(s.infection_until, s.now + p.infection_window_days)
    clocks[DUE, Clock.INFECTION_ENDS] = s.infection_until
    update_relapse(s, x, p, clocks)
    return _fall_ill(s, x, p, clocks, tables, p.serious_infection_course, Condition.SERIOUS_INFECTION, u[3])


@kernel
def _fall_ill(s, x, p, clocks, tables, course, which, chance):
    """A complication begins; until it is treated steroid does not work and filtration drops. Whether it kills."""
    if chance < course.fatality:
        return True
    index = s.serious_infection_candidates if which == Condition.SERIOUS_INFECTION else 0
    v = uniforms(p.seed, p.replicate, x.patient, Purpose.COMPLICATION, index)
    until = s.now + quantile(tables, course.treated_table, normal_quantile(v[0]))
    if s.complication != NO_COMPLICATION:
        until = max(until, clocks[DUE, Clock.COMPLICATION_ENDS])
    s.complication = which
    s.complication_filtration = 1.0
    if which != Condition.VENOUS_THROMBOSIS:
        lose_filtration(s, x, p, clocks, course.lasting_loss)
        s.complication_filtration = course.filtration_factor
    s.complications_to_note |= 1 << (which - _FIRST)
    clocks[DUE, Clock.COMPLICATION_ENDS] = until
    set_rate(clocks, Clock.RESPONSE, s.now, response_speed(s, x, p))
    return False


@kernel
def treat_complication(s, x, p, clocks, log, count):
    """Treatment of a complication takes hold; what it was is noted at the visit that follows."""
    write_event(log, count, x, s, Event.COMPLICATION_TREATED, float(s.complication))
    s.complication = NO_COMPLICATION
    clocks[DUE, Clock.COMPLICATION_ENDS] = math.inf
    set_rate(clocks, Clock.RESPONSE, s.now, response_speed(s, x, p))
