"""Infections and exertion: what opens a window of raised relapse hazard."""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.body import DAYS_PER_YEAR
from nephrosyn.course.clocks import set_rate, start_budget
from nephrosyn.course.codes import Event
from nephrosyn.course.hazard import age_years, update_relapse
from nephrosyn.course.log import NO_VALUE, write_event
from nephrosyn.course.state import DUE, Clock
from nephrosyn.streams import Purpose, uniforms


@kernel
def infection_rate(s, x, p):
    """Infections per day at the present age."""
    step = 0
    years = age_years(s, x)
    for k in range(p.infection_steps):
        if years >= p.infection_from_years[k]:
            step = k
    return x.infections_per_day[step] * p.infection_rate_factor


@kernel
def _next_budget(p, x, purpose, index):
    return -math.log(uniforms(p.seed, p.replicate, x.patient, purpose, index)[0])


@kernel
def start_triggers(s, x, p, clocks):
    """Set the clocks of the first infection and the first exertion."""
    start_budget(clocks, Clock.INFECTION, s.now, _next_budget(p, x, Purpose.INFECTION, 0), infection_rate(s, x, p))
    start_budget(clocks, Clock.EXERTION, s.now, _next_budget(p, x, Purpose.EXERTION, 0), p.exertions_per_day)


@kernel
def infect(s, x, p, clocks, log, count):
    """An infection begins and opens its window."""
    s.infections += 1
    s.infection_until = max(s.infection_until, s.now + p.infection_window_days)
    clocks[DUE, Clock.INFECTION_ENDS] = s.infection_until
    write_event(log, count, x, s, Event.INFECTION, float(s.infections))
    if uniforms(p.seed, p.replicate, x.patient, Purpose.NOTED, s.infections)[0] < p.infection_noted_probability:
        s.infection_to_note = 1
    budget = _next_budget(p, x, Purpose.INFECTION, s.infections)
    start_budget(clocks, Clock.INFECTION, s.now, budget, infection_rate(s, x, p))
    update_relapse(s, x, p, clocks)


@kernel
def exert(s, x, p, clocks, log, count):
    """An episode of exertion opens its window."""
    s.exertions += 1
    write_event(log, count, x, s, Event.EXERTION, float(s.exertions))
    budget = _next_budget(p, x, Purpose.EXERTION, s.exertions)
    start_budget(clocks, Clock.EXERTION, s.now, budget, p.exertions_per_day)
    open_exertion_window(s, x, p, clocks)


@kernel
def open_exertion_window(s, x, p, clocks):
    """The time after exertion in which the hazard of relapse is raised."""
    s.exertion_until = s.now + p.exertion_window_days
    clocks[DUE, Clock.EXERTION_ENDS] = s.exertion_until
    update_relapse(s, x, p, clocks)


@kernel
def end_window(s, x, p, clocks, log, count, clock, event):
    """The window of an infection or of exertion closes."""
    clocks[DUE, clock] = math.inf
    write_event(log, count, x, s, event, NO_VALUE)
    update_relapse(s, x, p, clocks)


@kernel
def cross_boundary(s, x, p, clocks):
    """A birthday, or a boundary of the time since remission: rates may change."""
    set_rate(clocks, Clock.INFECTION, s.now, infection_rate(s, x, p))
    update_relapse(s, x, p, clocks)
    schedule_boundary(s, x, p, clocks)


@kernel
def schedule_boundary(s, x, p, clocks):
    """Set the clock of the next birthday or boundary of the time since remission."""
    birthday = (math.floor(x.age_years + s.now / DAYS_PER_YEAR + 1e-9) + 1.0 - x.age_years) * DAYS_PER_YEAR
    due = birthday + 1e-6  # just after it, so that rounding cannot leave the patient a year younger
    for k in range(p.since_remission_steps):
        boundary = s.remission_since + p.since_remission_from_days[k]
        if boundary > s.now:
            due = min(due, boundary)
    clocks[DUE, Clock.BOUNDARY] = due
