"""The events of a patient: which handler each clock calls, and ``advance`` which plays them in order."""

from __future__ import annotations

import math

from nephrosyn.compiling import entry, kernel
from nephrosyn.course.care import ask_for_visit, count_reading, decide, note_conditions, plan_visit, take_biopsy
from nephrosyn.course.clocks import earliest, start_budget, stop
from nephrosyn.course.codes import Event, VisitKind
from nephrosyn.course.disease import (
    death_rate,
    episode_score,
    plan_response,
    reach_remission,
    remit_spontaneously,
    respond,
    start_relapse,
    steady_blood,
)
from nephrosyn.course.log import MARGIN, NO_VALUE, write_diary, write_event, write_path, write_visit
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.readings import keep_diary, take_readings
from nephrosyn.course.state import DUE, LEFT, Belief, Clock, Phase
from nephrosyn.course.treatment import close_dose_run, dry_weight_kg, next_step, start_toxicity_budget, suffer_toxicity
from nephrosyn.course.triggers import cross_boundary, end_window, exert, infect, schedule_boundary, start_triggers
from nephrosyn.streams import Purpose, normal_quantile, uniforms

NO_ROOM = -1.0
"""Answer of ``advance`` when the log needs room before the next event."""

ALL_VISITS = 1 << 40
"""More visits than any patient has."""

_MORNING = 0.25
_DIARY_DAYS = 3


@kernel
def onset(s, x, p, clocks, tables, growth, log, count):
    """Day 0: nephrotic syndrome is established; every clock is set."""
    clocks[:, :] = 0.0
    clocks[DUE, :] = math.inf
    clocks[LEFT, :] = math.inf
    s.started = 1
    s.phase = Phase.NEPHROTIC
    s.response = x.response
    s.steroid_limit = 1.0
    s.dosing_weight_kg = dry_weight_kg(s, x, growth, 0.0)
    s.diary_grade = -1
    s.path_log = x.nephrotic_log_upcr
    s.path_target = x.nephrotic_log_upcr
    steady_blood(s, x, p, 0.0)
    write_event(log, count, x, s, Event.ONSET, NO_VALUE)
    write_path(log, count, x, s)
    score = episode_score(s, x, p, normal_quantile(uniforms(p.seed, p.replicate, x.patient, Purpose.EPISODE, 0)[1]))
    plan_response(s, x, p, clocks, tables, x.nephrotic_log_upcr, score, 0.0)
    clocks[DUE, Clock.SPONTANEOUS] = x.spontaneous_days
    start_triggers(s, x, p, clocks)
    schedule_boundary(s, x, p, clocks)
    start_toxicity_budget(s, x, p, clocks, 0)
    _set_ends(s, x, p, clocks)
    clocks[DUE, Clock.VISIT] = x.presentation_days
    s.visit_kind = VisitKind.PRESENTATION
    s.planned_day = math.floor(x.presentation_days)


@kernel
def _set_ends(s, x, p, clocks):
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.DEATH, 0)
    start_budget(clocks, Clock.DEATH, 0.0, -math.log(u[0]), death_rate(s, p))
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.DROPOUT, 0)
    if p.dropout_per_day > 0.0:
        clocks[DUE, Clock.DROPOUT] = -math.log(u[0]) / p.dropout_per_day
    clocks[DUE, Clock.END] = p.follow_up_days


@kernel
def hold_visit(s, x, p, clocks, tables, growth, log, count):
    """A visit: readings, conclusions, treatment, the next appointment."""
    write_visit(log, count, x, s)
    if s.visit_kind == VisitKind.PRESENTATION:
        write_event(log, count, x, s, Event.PRESENTATION, NO_VALUE)
        if p.home_diary == 1:
            clocks[DUE, Clock.DIARY] = math.floor(s.now) + 1.0 + _MORNING
    upcr = take_readings(s, x, p, tables, growth, log, count)
    count_reading(s, p, upcr)
    note_conditions(s, x, p, clocks, log, count)
    decide(s, x, p, clocks, growth, log, count, upcr)
    take_biopsy(s, x, log, count)
    plan_visit(s, p, clocks)


@kernel
def _relapse(s, x, p, clocks, tables, log, count):
    start_relapse(s, x, p, clocks, tables, log, count)
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
def _finish(s, x, clocks, log, count, event):
    today = math.floor(s.now)
    close_dose_run(s, x, log, count, today)
    if s.diary_grade >= 0:
        write_diary(log, count, x, s)
    write_event(log, count, x, s, event, NO_VALUE)
    clocks[DUE, :] = math.inf
    s.over = 1


@kernel
def play(k, s, x, p, clocks, steps, tables, growth, log, count):
    """Play one event: the clock ``k`` has fallen due."""
    if k == Clock.VISIT:
        hold_visit(s, x, p, clocks, tables, growth, log, count)
    elif k == Clock.DIARY:
        _diary_morning(s, x, p, clocks, tables, log, count)
    elif k == Clock.RESPONSE:
        respond(s, x, p, clocks, log, count)
    elif k == Clock.REMISSION:
        reach_remission(s, x, p, clocks, log, count)
        schedule_boundary(s, x, p, clocks)
    elif k == Clock.RELAPSE:
        _relapse(s, x, p, clocks, tables, log, count)
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
        _finish(s, x, clocks, log, count, Event.DEATH)
    else:
        _finish(s, x, clocks, log, count, Event.END_OF_STUDY)


@entry
def advance(i, visits, traits, states, clocks, parameters, steps, tables, growth, log, count):
    """Play the events of one patient in order, up to a visit that is not allowed yet, or to the end.

    Parameters
    ----------
    i : int
        Which patient: index into ``traits``, ``states`` and ``clocks``.
    visits : int
        How many more visits may take place; ``ALL_VISITS`` plays to the end.
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
    log : ndarray of ROW, shape (room,)
        Rows written so far, and room for more.
    count : ndarray of int64, shape (1,)
        How many rows are written.

    Returns
    -------
    float
        Time (days) of the visit that waits for leave; inf when the course is over; ``NO_ROOM`` when the log is full
        (nothing is lost: call again with more room and ``visits = 0``).
    """
    s = states[i]
    x = traits[i]
    p = parameters[x.band]
    c = clocks[i]
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
        s.now = c[DUE, k]
        play(k, s, x, p, c, steps, tables, growth, log, count)
    return math.inf


@entry
def advance_all(first, traits, states, clocks, parameters, steps, tables, growth, log, count):
    """Play patients to their ends, one after the other, from ``first`` on.

    Returns
    -------
    int
        The patient at which the log ran out of room; the number of patients when all are done.
    """
    for i in range(first, len(traits)):
        visits = ALL_VISITS if states[i].visits_allowed == 0 else 0
        if advance(i, visits, traits, states, clocks, parameters, steps, tables, growth, log, count) == NO_ROOM:
            return i
    return len(traits)
