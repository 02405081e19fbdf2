"""The events of a patient: the handler of each clock, and ``advance``, which plays them in order."""

from __future__ import annotations

import math

from nephrosyn.course.care.decisions import (
    consider_second_line,
    count_reading,
    decide,
    plan_visit,
    request_visit,
    take_biopsy,
    take_biopsy_before_agent,
)
from nephrosyn.course.care.genetic_test import order_genetic_test, receive_genetic_result
from nephrosyn.course.care.measurement import keep_diary, take_readings
from nephrosyn.course.care.noted_conditions import has_conditions_to_note, note_conditions
from nephrosyn.course.care.provoking_factors import find_or_remove
from nephrosyn.course.care.second_agents import close_agent_runs, give_agents, refresh_effects
from nephrosyn.course.care.second_line import (
    begin_planned_agents,
    count_clear_urine,
    review_agents,
    stop_for_toxicity,
    test_or_discharge,
)
from nephrosyn.course.care.signs import notice_signs, plan_signs
from nephrosyn.course.care.steroid import close_dose_run, next_step, suffer_toxicity
from nephrosyn.course.care.supportive import close_blockade_run, gives_supportive_care, review_supportive_care
from nephrosyn.course.disease.adverse_events import suffer_agent_toxicity
from nephrosyn.course.disease.agent_response import plan_responses_to_agents
from nephrosyn.course.disease.complications import consider_serious_infection, consider_thrombosis, treat_complication
from nephrosyn.course.disease.death import cause_of_death
from nephrosyn.course.disease.proteinuria import (
    follow_immunological_response,
    reach_remission,
    relapse_immunologically,
    remit_spontaneously,
    respond,
    respond_to_agent,
    start_relapse,
    vary,
)
from nephrosyn.course.disease.triggers import cross_boundary, end_window, exert, infect, schedule_boundary
from nephrosyn.course.onset import onset
from nephrosyn.course.state.clocks import earliest, stop
from nephrosyn.course.state.codes import Action, Condition, ConditionKind, Event, VisitKind
from nephrosyn.course.state.events import MARGIN, NO_VALUE, write_diary, write_event, write_note, write_visit
from nephrosyn.course.state.state import DUE, Assessment, Clock
from nephrosyn.kernels.compile import entry, inline, kernel, once

LOG_FULL = -1.0
"""Result of ``advance`` when the log must grow before the next event."""

TOO_MANY_EVENTS = -2.0
"""Result of ``advance`` when a patient has more events than any sound scenario produces."""

LEAST_EVENTS, EVENTS_PER_DAY = 2_000, 100.0
"""Most events of a course: a fixed number, and a number for each day of follow-up."""

COUNTED_EVENTS = 1_000
"""Over this many events before the limit, the events of each clock are counted, to report the one to blame."""

ALL_VISITS = 1 << 40
"""More visits than any patient has."""

_MORNING = 0.25


@once
def hold_visit(state, traits, params, clocks, prepared, log):
    """Hold a visit: readings, conclusions, treatment, the next appointment."""
    write_visit(log, traits, state)
    if state.visit_kind == VisitKind.PRESENTATION:
        state.presented = state.now
        write_event(log, traits, state, Event.PRESENTATION, NO_VALUE)
        if params.home_diary == 1:
            clocks[DUE, Clock.DIARY] = math.floor(state.now) + 1.0 + _MORNING
    upcr = take_readings(state, traits, params, prepared, log)
    count_reading(state, params, upcr)
    if state.now >= state.genetic_result_day:
        receive_genetic_result(state, traits, params, clocks, prepared, log)
    if has_conditions_to_note(state):
        note_conditions(state, traits, params, clocks, log)
    if state.visit_kind == VisitKind.PRESENTATION:
        take_biopsy(state, traits, log)  # its result may decide which agent is started
    rule = state.rule
    decide(state, traits, params, clocks, prepared, log, upcr)
    take_biopsy(state, traits, log)
    if state.assessment == Assessment.RESISTANT and state.genetic_test_considered == 0:
        order_genetic_test(state, traits, params, prepared.tables)
    if gives_supportive_care(params):
        review_supportive_care(state, traits, params, clocks, prepared.growth, log)
    _review_second_line(state, traits, params, clocks, prepared, log, rule)
    plan_visit(state, params, clocks, prepared.agents)


@inline
def _review_second_line(state, traits, params, clocks, prepared, log, earlier_rule):
    """Begin, review or end second agents. Most patients have none, and a call with all arrays takes its time."""
    if state.assessment == Assessment.NEPHROTIC or state.assessment == Assessment.RESISTANT:
        consider_second_line(state, traits, params, clocks, prepared.starts)
    if state.rule != earlier_rule:
        take_biopsy_before_agent(state, traits, params, clocks, prepared.starts, log, earlier_rule)
    if params.stop_by_clear_urine == 1:
        count_clear_urine(state, params)
    if state.entry != 0 or state.agents_given != 0:
        review_agents(state, traits, params, clocks, prepared, log)
    if params.stop_by_clear_urine == 1:
        test_or_discharge(state, traits, params, clocks, log)


@kernel
def _relapse(state, traits, params, clocks, prepared, log):
    start_relapse(state, traits, params, clocks, prepared.tables, log)
    plan_responses_to_agents(state, traits, params, clocks, prepared)
    plan_signs(state, traits, params, clocks, prepared.tables)


@kernel
def _diary_morning(state, traits, params, clocks, tables, log):
    keep_diary(state, traits, params, tables, log)
    clocks[DUE, Clock.DIARY] += 1.0
    unknown = state.assessment == Assessment.REMISSION or state.assessment == Assessment.PARTIAL
    if state.diary_high_days == params.diary_days and unknown:
        request_visit(state, clocks)


@kernel
def _suffer_agent_toxicity(state, traits, params, clocks, prepared, log):
    """An adverse event of an agent: the patient comes in, and the agent is stopped where the scenario says so."""
    k = suffer_agent_toxicity(state, traits, params, clocks, prepared.agents, log)
    if k >= 0:
        stop_for_toxicity(state, traits, params, clocks, prepared, log, k)
    request_visit(state, clocks)


@kernel
def _die(state, traits, params, clocks, agents, log, cause):
    """Die; the record has the cause."""
    write_note(log, traits, state, cause, ConditionKind.CAUSE_OF_DEATH, Action.NONE)
    _finish(state, traits, params, clocks, agents, log, Event.DEATH, float(cause))


@kernel
def _finish(state, traits, params, clocks, agents, log, event, value):
    today = math.floor(state.now)
    close_dose_run(state, traits, log, today)
    close_blockade_run(state, traits, params, log, today)
    close_agent_runs(state, traits, params, agents, log, today)
    if state.diary_grade >= 0:
        write_diary(log, traits, state)
    write_event(log, traits, state, event, value)
    clocks[DUE, :] = math.inf
    state.over = 1


@once
def play(k, state, traits, params, clocks, prepared, log):
    """Play one event, that of clock ``k``."""
    if k == Clock.VISIT:
        hold_visit(state, traits, params, clocks, prepared, log)
    elif k == Clock.DIARY:
        _diary_morning(state, traits, params, clocks, prepared.tables, log)
    elif k == Clock.RESPONSE:
        respond(state, traits, params, clocks, log)
    elif k == Clock.REMISSION:
        reach_remission(state, traits, params, clocks, log)
        schedule_boundary(state, traits, params, clocks)
    elif k == Clock.RELAPSE and traits.relapse_follows_days > 0.0:
        relapse_immunologically(state, traits, params, clocks, log)
    elif k == Clock.RELAPSE or (k == Clock.URINE and state.urine_event == Event.RELAPSE):
        _relapse(state, traits, params, clocks, prepared, log)
    elif k == Clock.SPONTANEOUS:
        remit_spontaneously(state, traits, params, clocks, log)
    elif k == Clock.URINE:
        follow_immunological_response(state, traits, params, clocks, log)
    elif k == Clock.INFECTION:
        infect(state, traits, params, clocks, log)
    elif k == Clock.INFECTION_ENDS:
        end_window(state, traits, params, clocks, log, Clock.INFECTION_ENDS, Event.INFECTION_WINDOW_ENDS)
    elif k == Clock.EXERTION:
        exert(state, traits, params, clocks, log)
    elif k == Clock.EXERTION_ENDS:
        end_window(state, traits, params, clocks, log, Clock.EXERTION_ENDS, Event.EXERTION_WINDOW_ENDS)
    elif k == Clock.BOUNDARY:
        cross_boundary(state, traits, params, clocks)
    elif k == Clock.TOXICITY:
        suffer_toxicity(state, traits, params, clocks, log)
    elif k == Clock.DOSE_STEP:
        next_step(state, traits, params, clocks, prepared.steps, log)
    elif k == Clock.SYMPTOM:
        notice_signs(state, traits, params, clocks)
    elif k == Clock.DROPOUT:
        stop(clocks, Clock.DROPOUT)
        state.dropped_out = 1
        write_event(log, traits, state, Event.DROPOUT, NO_VALUE)
    elif k == Clock.DEATH:
        _die(state, traits, params, clocks, prepared.agents, log, cause_of_death(state, traits, params))
    elif k == Clock.KIDNEY_FAILURE:
        _finish(state, traits, params, clocks, prepared.agents, log, Event.KIDNEY_FAILURE, NO_VALUE)
    elif k == Clock.END:
        _finish(state, traits, params, clocks, prepared.agents, log, Event.END_OF_STUDY, NO_VALUE)
    elif k == Clock.LEVEL:
        vary(state, traits, params, clocks, log)
    else:
        _play_beyond_steroid(k, state, traits, params, clocks, prepared, log)


@once
def _play_beyond_steroid(k, state, traits, params, clocks, prepared, log):
    """Play an event of a second agent, a complication or a provoking factor."""
    if k == Clock.AGENT_START:
        begin_planned_agents(state, traits, params, clocks, prepared, log)
    elif k == Clock.AGENT_DOSE:
        give_agents(state, traits, params, clocks, prepared, log)
    elif k == Clock.AGENT_EFFECT:
        refresh_effects(state, traits, params, clocks, prepared, log)
    elif k == Clock.AGENT_RESPONSE:
        respond_to_agent(state, traits, params, clocks, prepared.agents, log)
    elif k == Clock.AGENT_TOXICITY:
        _suffer_agent_toxicity(state, traits, params, clocks, prepared, log)
    elif k == Clock.THROMBOSIS:
        if consider_thrombosis(state, traits, params, clocks, prepared.tables, log):
            _die(state, traits, params, clocks, prepared.agents, log, Condition.DEATH_FROM_THROMBOSIS)
    elif k == Clock.SERIOUS_INFECTION:
        if consider_serious_infection(state, traits, params, clocks, prepared.tables, log):
            _die(state, traits, params, clocks, prepared.agents, log, Condition.DEATH_FROM_INFECTION)
    elif k == Clock.COMPLICATION_ENDS:
        treat_complication(state, traits, params, clocks, log)
        request_visit(state, clocks)
    elif k == Clock.FACTOR:
        find_or_remove(state, traits, params, clocks, prepared.tables, log)
        request_visit(state, clocks)


@inline
def most_events(follow_up_days):
    """Most events that a course may have; sound scenarios stay far below."""
    return LEAST_EVENTS + int(EVENTS_PER_DAY * follow_up_days)


@kernel
def advance_patient(i, visits, traits, states, clocks, prepared, log):
    """Play the events of patient i up to a visit that is not allowed yet, or to the end; see ``advance``."""
    state = states[i]
    patient = traits[i]
    params = prepared.parameters[patient.band]
    patient_clocks = clocks[i]
    most = most_events(params.follow_up_days)
    state.visits_allowed += visits
    while state.over == 0:
        if log.written[0] + MARGIN > len(log.rows):
            return LOG_FULL
        if state.started == 0:
            onset(state, patient, params, patient_clocks, prepared, log)
        k = earliest(patient_clocks)
        if k == Clock.VISIT:
            if state.visits_allowed == 0:
                return patient_clocks[DUE, Clock.VISIT]
            state.visits_allowed -= 1
        state.events += 1
        if state.events > most - COUNTED_EVENTS:
            if state.events > most:
                return TOO_MANY_EVENTS
            state.latest_events[k] += 1
        state.now = patient_clocks[DUE, k]
        play(k, state, patient, params, patient_clocks, prepared, log)
    return math.inf


@entry
def advance(first, stop, visits, traits, states, clocks, prepared, log):
    """Play the events of some patients in order, each up to a visit that is not allowed yet, or to the end.

    The SimPy driver and the compiled driver share this entry point, because each is compiled together with the whole
    model. The compiled clinic calls `advance_patient` itself.

    Parameters
    ----------
    first, stop : int
        Range of patients: indices into ``traits``, ``states`` and ``clocks``; ``stop`` is not included.
    visits : int
        Further visits allowed to each patient; ``ALL_VISITS`` plays to the end.
    traits : ndarray of TRAITS, shape (n,)
        Fixed traits.
    states : ndarray of STATE, shape (n,)
        State, changed in place.
    clocks : ndarray of float64, shape (n, 4, CLOCK_COLUMNS)
        Clocks, changed in place.
    prepared : PreparedScenario
        The arrays of the scenario. A handler that reads only one of them takes that one.
    log : Log
        Rows written so far, and room for more.

    Returns
    -------
    float
        For the last patient, the time (days) of the next visit that is not allowed yet; inf when the course is over.
        ``LOG_FULL`` when the log is full: nothing is lost, so call again with a longer log, starting from the first
        patient whose course is not over (visits already allowed stay allowed). ``TOO_MANY_EVENTS`` when the first
        patient whose course is not over has more events than `most_events`.
    """
    due = math.inf
    for i in range(first, stop):
        due = advance_patient(i, visits, traits, states, clocks, prepared, log)
        if due < 0.0:  # LOG_FULL or TOO_MANY_EVENTS
            break
    return due
