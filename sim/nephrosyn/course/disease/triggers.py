"""Infections and exertion: each raises the relapse hazard for some days."""

from __future__ import annotations

import math

from nephrosyn.course.disease.death import death_rate
from nephrosyn.course.disease.relapse_hazard import age_years, half_years_since_onset, update_relapse
from nephrosyn.course.state.clocks import set_rate, start_budget
from nephrosyn.course.state.codes import Event
from nephrosyn.course.state.events import NO_VALUE, write_event
from nephrosyn.course.state.state import DUE, Clock
from nephrosyn.kernels.compile import kernel
from nephrosyn.kernels.random_streams import Purpose, uniforms
from nephrosyn.vocabulary import DAYS_PER_YEAR


@kernel
def infection_rate(state, traits, params):
    """Infections per day at the current age."""
    step = 0
    years = age_years(state, traits)
    for k in range(params.infection_steps):
        if years >= params.infection_from_years[k]:
            step = k
    return traits.infections_per_day[step] * params.infection_rate_factor


@kernel
def _next_budget(params, traits, purpose, index):
    return -math.log(uniforms(params.seed, params.replicate, traits.patient, purpose, index)[0])


@kernel
def start_triggers(state, traits, params, clocks):
    """Set the clocks of the first infection and the first exertion."""
    start_budget(
        clocks,
        Clock.INFECTION,
        state.now,
        _next_budget(params, traits, Purpose.INFECTION, 0),
        infection_rate(state, traits, params),
    )
    start_budget(
        clocks, Clock.EXERTION, state.now, _next_budget(params, traits, Purpose.EXERTION, 0), params.exertions_per_day
    )


@kernel
def infect(state, traits, params, clocks, log):
    """An infection begins and raises the relapse hazard."""
    state.infections += 1
    state.infection_until = max(state.infection_until, state.now + params.infection_window_days)
    clocks[DUE, Clock.INFECTION_ENDS] = state.infection_until
    write_event(log, traits, state, Event.INFECTION, float(state.infections))
    if (
        uniforms(params.seed, params.replicate, traits.patient, Purpose.NOTED, state.infections)[0]
        < params.infection_noted_probability
    ):
        state.infection_to_note = 1
    budget = _next_budget(params, traits, Purpose.INFECTION, state.infections)
    start_budget(clocks, Clock.INFECTION, state.now, budget, infection_rate(state, traits, params))
    update_relapse(state, traits, params, clocks)


@kernel
def exert(state, traits, params, clocks, log):
    """An episode of exertion raises the relapse hazard."""
    state.exertions += 1
    write_event(log, traits, state, Event.EXERTION, float(state.exertions))
    budget = _next_budget(params, traits, Purpose.EXERTION, state.exertions)
    start_budget(clocks, Clock.EXERTION, state.now, budget, params.exertions_per_day)
    open_exertion_window(state, traits, params, clocks)


@kernel
def open_exertion_window(state, traits, params, clocks):
    """Raise the relapse hazard for the time after exertion."""
    state.exertion_until = state.now + params.exertion_window_days
    clocks[DUE, Clock.EXERTION_ENDS] = state.exertion_until
    update_relapse(state, traits, params, clocks)


@kernel
def end_window(state, traits, params, clocks, log, clock, event):
    """End the raised hazard after an infection or exertion."""
    clocks[DUE, clock] = math.inf
    write_event(log, traits, state, event, NO_VALUE)
    update_relapse(state, traits, params, clocks)


@kernel
def cross_boundary(state, traits, params, clocks):
    """Update the rates at a birthday, or at a boundary of the time since remission."""
    set_rate(clocks, Clock.INFECTION, state.now, infection_rate(state, traits, params))
    set_rate(clocks, Clock.DEATH, state.now, death_rate(state, traits, params))
    update_relapse(state, traits, params, clocks)
    schedule_boundary(state, traits, params, clocks)


@kernel
def schedule_boundary(state, traits, params, clocks):
    """Set the clock of the next birthday or boundary of the time since remission."""
    birthday = (
        math.floor(traits.age_years + state.now / DAYS_PER_YEAR + 1e-9) + 1.0 - traits.age_years
    ) * DAYS_PER_YEAR
    due = birthday + 1e-6  # just after it, so that rounding cannot leave the patient a year younger
    for k in range(params.since_remission_steps):
        boundary = state.remission_since + params.since_remission_from_days[k]
        if boundary > state.now:
            due = min(due, boundary)
    if params.decline_since_onset_per_year > 0.0:
        due = min(due, 0.5 * (half_years_since_onset(state) + 1.0) * DAYS_PER_YEAR)
    if state.now < traits.cured_from_days:
        due = min(due, traits.cured_from_days)
    clocks[DUE, Clock.BOUNDARY] = due
