"""The events of a patient: which handler each clock calls, and ``advance`` which plays them in order."""

from __future__ import annotations

import math

from nephrosyn.compiling import entry, inline, kernel, once
from nephrosyn.course.agents import NO_AGENT, close_agent_run, give_agent, refresh_effects
from nephrosyn.course.care import ask_for_visit, consider_second_line, count_reading, decide, plan_visit, take_biopsy
from nephrosyn.course.clocks import earliest, stop
from nephrosyn.course.codes import Event, VisitKind
from nephrosyn.course.complications import meet_serious_infection, meet_thrombosis, treat_complication
from nephrosyn.course.disease import (
    reach_remission,
    remit_spontaneously,
    respond,
    respond_to_agent,
    start_relapse,
)
from nephrosyn.course.factors import find_or_remove
from nephrosyn.course.harms import suffer_agent_toxicity
from nephrosyn.course.log import MARGIN, NO_VALUE, write_diary, write_event, write_visit
from nephrosyn.course.notes import note_conditions
from nephrosyn.course.onset import onset
from nephrosyn.course.policy import begin_planned_agent, give_up_agent, review_agent, test_or_discharge
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.readings import keep_diary, take_readings
from nephrosyn.course.response import plan_responses_to_agents
from nephrosyn.course.state import DUE, Belief, Clock, Phase
from nephrosyn.course.treatment import close_dose_run, next_step, suffer_toxicity
from nephrosyn.course.triggers import cross_boundary, end_window, exert, infect, schedule_boundary
from nephrosyn.streams import Purpose, normal_quantile, uniforms

NO_ROOM = -1.0
"""Answer of ``advance`` when the log needs room before the next event."""

TOO_MANY = -2.0
"""Answer of ``advance`` when a patient has more events than any course of a sound scenario."""

LEAST_EVENTS, EVENTS_PER_DAY = 2_000, 100.0
"""So many events, and so many more for each day of follow-up, make too many."""

LATEST = 1_000
"""So many events before there are too many, each clock's are counted, to tell which one is to blame."""

ALL_VISITS = 1 << 40
"""More visits than any patient has."""

_MORNING = 0.25
_DIARY_DAYS = 3


@once
def hold_visit(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """A visit: readings, conclusions, treatment, the next appointment."""
    write_visit(log, count, x, s)
    if s.visit_kind == VisitKind.PRESENTATION:
        write_event(log, count, x, s, Event.PRESENTATION, NO_VALUE)
        if p.home_diary == 1:
            clocks[DUE, Clock.DIARY] = math.floor(s.now) + 1.0 + _MORNING
    upcr = take_readings(s, x, p, tables, growth, log, count)
    count_reading(s, p, upcr)
    note_conditions(s, x, p, clocks, log, count)
    if s.visit_kind == VisitKind.PRESENTATION:
        take_biopsy(s, x, log, count)  # what it shows may decide which agent is started
    decide(s, x, p, clocks, tables, growth, agents, starts, log, count, upcr)
    take_biopsy(s, x, log, count)
    consider_second_line(s, x, p, clocks, starts)
    review_agent(s, x, p, clocks, tables, growth, agents, starts, log, count)
    test_or_discharge(s, x, p, clocks, log, count)
    plan_visit(s, p, clocks, agents)


@kernel
def _relapse(s, x, p, clocks, tables, agents, log, count):
    start_relapse(s, x, p, clocks, tables, log, count)
    plan_responses_to_agents(s, x, p, clocks, tables, agents)
    s.symptoms += 1
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.SYMPTOM, s.symptoms)
    clocks[DUE, Clock.SYMPTOM] = math.inf
    if u[0] < p.symptom_probability:
        clocks[DUE, Clock.SYMPTOM] = s.now + quantile(tables, p.symptom_table, normal_quantile(u[1]))


@kernel
def _symptom(s, clocks):
    clocks[DUE, Clock.SYMPTOM] = math.inf
    unknown = s.belief == Belief.REMISSION or s.belief == Belief.PARTIAL
    if s.phase == Phase.NEPHROTIC and unknown:
        ask_for_visit(s, clocks)


@kernel
def _diary_morning(s, x, p, clocks, tables, log, count):
    keep_diary(s, x, p, tables, log, count)
    clocks[DUE, Clock.DIARY] += 1.0
    unknown = s.belief == Belief.REMISSION or s.belief == Belief.PARTIAL
    if s.diary_high_days == _DIARY_DAYS and unknown:
        ask_for_visit(s, clocks)


@kernel
def _agent_does_harm(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """A harm that brings the patient in, and stops the agent if care has it so."""
    if suffer_agent_toxicity(s, x, p, clocks, agents, log, count) and s.agent != NO_AGENT:
        give_up_agent(s, x, p, clocks, tables, growth, agents, starts, log, count)
    ask_for_visit(s, clocks)


@kernel
def _finish(s, x, clocks, agents, log, count, event):
    today = math.floor(s.now)
    close_dose_run(s, x, log, count, today)
    close_agent_run(s, x, agents, log, count, today)
    if s.diary_grade >= 0:
        write_diary(log, count, x, s)
    write_event(log, count, x, s, event, NO_VALUE)
    clocks[DUE, :] = math.inf
    s.over = 1


@once
def play(k, s, x, p, clocks, steps, tables, growth, agents, starts, log, count):
    """Play one event: the clock ``k`` has fallen due."""
    if k == Clock.VISIT:
        hold_visit(s, x, p, clocks, tables, growth, agents, starts, log, count)
    elif k == Clock.DIARY:
        _diary_morning(s, x, p, clocks, tables, log, count)
    elif k == Clock.RESPONSE:
        respond(s, x, p, clocks, log, count)
    elif k == Clock.REMISSION:
        reach_remission(s, x, p, clocks, log, count)
        schedule_boundary(s, x, p, clocks)
    elif k == Clock.RELAPSE:
        _relapse(s, x, p, clocks, tables, agents, log, count)
    elif k == Clock.SPONTANEOUS:
        remit_spontaneously(s, x, p, clocks, log, count)
    elif k == Clock.INFECTION:
        infect(s, x, p, clocks, log, count)
    elif k == Clock.INFECTION_ENDS:
        end_window(s, x, p, clocks, log, count, Clock.INFECTION_ENDS, Event.INFECTION_WINDOW_ENDS)
    elif k == Clock.EXERTION:
        exert(s, x, p, clocks, log, count)
    elif k == Clock.EXERTION_ENDS:
        end_window(s, x, p, clocks, log, count, Clock.EXERTION_ENDS, Event.EXERTION_WINDOW_ENDS)
    elif k == Clock.BOUNDARY:
        cross_boundary(s, x, p, clocks)
    elif k == Clock.TOXICITY:
        suffer_toxicity(s, x, p, clocks, log, count)
    elif k == Clock.DOSE_STEP:
        next_step(s, x, p, clocks, steps, log, count)
    elif k == Clock.SYMPTOM:
        _symptom(s, clocks)
    elif k == Clock.DROPOUT:
        stop(clocks, Clock.DROPOUT)
        s.dropped_out = 1
        write_event(log, count, x, s, Event.DROPOUT, NO_VALUE)
    elif k == Clock.DEATH:
        _finish(s, x, clocks, agents, log, count, Event.DEATH)
    elif k == Clock.KIDNEY_FAILURE:
        _finish(s, x, clocks, agents, log, count, Event.KIDNEY_FAILURE)
    elif k == Clock.END:
        _finish(s, x, clocks, agents, log, count, Event.END_OF_STUDY)
    else:
        _play_beyond_steroid(k, s, x, p, clocks, steps, tables, growth, agents, starts, log, count)


@once
def _play_beyond_steroid(k, s, x, p, clocks, steps, tables, growth, agents, starts, log, count):
    """Play an event of a second agent, a complication or a provoking factor."""
    if k == Clock.AGENT_START:
        begin_planned_agent(s, x, p, clocks, tables, growth, agents, starts, log, count)
    elif k == Clock.AGENT_DOSE:
        give_agent(s, x, p, clocks, tables, growth, agents, log, count)
    elif k == Clock.AGENT_EFFECT:
        refresh_effects(s, x, p, clocks, tables, agents, log, count)
    elif k == Clock.AGENT_RESPONSE:
        respond_to_agent(s, x, p, clocks, log, count)
    elif k == Clock.AGENT_TOXICITY:
        _agent_does_harm(s, x, p, clocks, tables, growth, agents, starts, log, count)
    elif k == Clock.THROMBOSIS:
        if meet_thrombosis(s, x, p, clocks, tables, log, count):
            _finish(s, x, clocks, agents, log, count, Event.DEATH)
    elif k == Clock.SERIOUS_INFECTION:
        if meet_serious_infection(s, x, p, clocks, tables, log, count):
            _finish(s, x, clocks, agents, log, count, Event.DEATH)
    elif k == Clock.COMPLICATION_ENDS:
        treat_complication(s, x, p, clocks, log, count)
        ask_for_visit(s, clocks)
    elif k == Clock.FACTOR:
        find_or_remove(s, x, p, clocks, tables, log, count)
        ask_for_visit(s, clocks)


@inline
def most_events(follow_up_days):
    """How many events a course may have; the clocks of a sound scenario never come near."""
    return LEAST_EVENTS + int(EVENTS_PER_DAY * follow_up_days)


@kernel
def _advance(i, visits, traits, states, clocks, parameters, steps, tables, growth, agents, starts, log, count):
    s = states[i]
    x = traits[i]
    p = parameters[x.band]
    c = clocks[i]
    most = most_events(p.follow_up_days)
    s.visits_allowed += visits
    while s.over == 0:
        if count[0] + MARGIN > len(log):
            return NO_ROOM
        if s.started == 0:
            onset(s, x, p, c, tables, growth, log, count)
        k = earliest(c)
        if k == Clock.VISIT:
            if s.visits_allowed == 0:
                return c[DUE, Clock.VISIT]
            s.visits_allowed -= 1
        s.events += 1
        if s.events > most - LATEST:
            if s.events > most:
                return TOO_MANY
            s.latest_events[k] += 1
        s.now = c[DUE, k]
        play(k, s, x, p, c, steps, tables, growth, agents, starts, log, count)
    return math.inf


@entry
def advance(first, stop, visits, traits, states, clocks, parameters, steps, tables, growth, agents, starts, log, count):
    """Play the events of some patients in order, each up to a visit that is not allowed yet, or to the end.

    There is this one way in for both drivers: each would be compiled with the whole model behind it.

    Parameters
    ----------
    first, stop : int
        Which patients, one after the other: indices into ``traits``, ``states`` and ``clocks``, without ``stop``.
    visits : int
        How many more visits of each may take place; ``ALL_VISITS`` plays to the end.
    traits : ndarray of TRAITS, shape (n,)
        Fixed traits.
    states : ndarray of STATE, shape (n,)
        State, changed in place.
    clocks : ndarray of float64, shape (n, 4, CLOCKS)
        Clocks, changed in place.
    parameters : ndarray of PARAMETERS, shape (bands,)
        The scenario, by age band.
    steps, tables, growth : ndarray of float64
        Taper steps, quantile tables, growth curves.
    agents : ndarray of AGENT, shape (regimens,)
        Regimens of second agents.
    starts : ndarray of float64, shape (rules, columns)
        When a second agent is started.
    log : ndarray of ROW, shape (room,)
        Rows written so far, and room for more.
    count : ndarray of int64, shape (1,)
        How many rows are written.

    Returns
    -------
    float
        Of the last patient: time (days) of the visit that waits for leave; inf when the course is over. ``NO_ROOM``
        when the log is full (nothing is lost: call again with more room, from the patient whose course is not over;
        the visits that were allowed are not forgotten). ``TOO_MANY`` when the events of the first patient whose course
        is not over seem to have no end.
    """
    due = math.inf
    for i in range(first, stop):
        due = _advance(i, visits, traits, states, clocks, parameters, steps, tables, growth, agents, starts, log, count)
        if due < 0.0:  # NO_ROOM or TOO_MANY
            break
    return due
