"""Decisions of the clinic: what it concludes from its readings and does about it. It never sees the true state."""

from __future__ import annotations

import math

from nephrosyn.course.care.provoking_factors import AT_PRESENTATION, AT_RESISTANCE, begin_search
from nephrosyn.course.care.second_agents import agent_visit_days
from nephrosyn.course.care.second_line import (
    NO_RULE,
    WHEN,
    consider_start,
    drop_rule_of_intolerance,
    relapses_often,
    respond_to_relapse,
    turn_to_resistance,
)
from nephrosyn.course.care.steroid import begin_pulses, plan_taper, present_course, start_course, start_withdrawal
from nephrosyn.course.state.codes import Event, Start, VisitKind
from nephrosyn.course.state.events import write_event
from nephrosyn.course.state.state import DUE, Assessment, Clock, SteroidCourse, Treatment
from nephrosyn.kernels.compile import inline, kernel


@kernel
def count_reading(state, params, upcr):
    """Count successive readings in the range of remission and of relapse."""
    state.upcr_read = upcr
    state.low_readings = state.low_readings + 1 if upcr <= params.remission_mg_per_mg else 0
    state.high_readings = state.high_readings + 1 if upcr >= params.relapse_mg_per_mg else 0


@kernel
def _remission_confirmed(state, params):
    diary = params.home_diary == 1 and state.diary_low_days >= params.diary_days
    return state.low_readings >= params.remission_readings or (diary and state.low_readings > 0)


@kernel
def _relapse_confirmed(state, params):
    diary = params.home_diary == 1 and state.diary_high_days >= params.diary_days
    return state.high_readings >= params.relapse_readings or diary


@inline
def steroid_is_barred(state):
    """Whether steroid is withheld, or was stopped because of toxicity."""
    return state.steroid_limit == 0.0 or state.steroid_barred == 1


@inline
def _is_left_without_steroid(state, traits, params):
    """Whether a biopsy has shown a lesion for which no steroid is given."""
    return state.biopsied == 1 and params.without_steroid >> traits.lesion & 1 == 1


@kernel
def _begin_episode(state, upcr):
    state.assessment = Assessment.NEPHROTIC
    state.nephrotic_since = state.now
    state.episode_first_reading = upcr
    state.low_readings = 0
    state.halved_readings = 0


@kernel
def start_episode(state, traits, params, clocks, prepared, log, upcr, kind):
    """Start an episode: the clinic sees nephrotic disease and gives the full dose, if steroid may be given."""
    _begin_episode(state, upcr)
    _give_course(state, traits, params, clocks, prepared, log, kind)


@kernel
def _give_course(state, traits, params, clocks, prepared, log, kind):
    """Give a course of steroid, if it may be given; a patient who has had none gets the first course."""
    if _is_left_without_steroid(state, traits, params):
        consider_start(state, traits, params, clocks, prepared.starts, Start.CONSERVATIVE)
        return
    if steroid_is_barred(state):
        return
    if state.courses == 0:
        kind = SteroidCourse.FIRST
    start_course(state, traits, params, clocks, prepared.growth, log, kind)
    if kind == SteroidCourse.FIRST:
        drop_rule_of_intolerance(state, clocks, prepared.starts)
        consider_start(state, traits, params, clocks, prepared.starts, Start.STEROID_START)
        consider_start(state, traits, params, clocks, prepared.starts, Start.SLOW_RESPONSE)


@inline
def _has_cleared(params, upcr):
    """Whether urine at presentation is far below the range of relapse: the disease has remitted before treatment."""
    return upcr <= params.partial_fraction * params.relapse_mg_per_mg


@kernel
def decide(state, traits, params, clocks, prepared, log, upcr):
    """Draw conclusions from today's UPCR (mg/mg) and the earlier readings, and act on them."""
    if state.visit_kind == VisitKind.PRESENTATION:
        if _has_cleared(params, upcr):
            state.nephrotic_since = state.now
            state.episode_first_reading = upcr
        else:
            start_episode(state, traits, params, clocks, prepared, log, upcr, SteroidCourse.FIRST)
        if params.search == AT_PRESENTATION:
            begin_search(state, traits, params, clocks, prepared.tables, params.search_after_days)
    elif state.assessment == Assessment.NEPHROTIC:
        _wait_for_remission(state, traits, params, clocks, prepared, log, upcr)
    elif state.assessment == Assessment.RESISTANT:
        if _remission_confirmed(state, params):
            _declare(state, traits, log, Assessment.REMISSION, Event.DECLARED_REMISSION, upcr)
        elif state.retry_steroid == 1 and state.high_readings > 0:
            start_episode(state, traits, params, clocks, prepared, log, upcr, SteroidCourse.FIRST)
    elif _relapse_confirmed(state, params):
        _declare(state, traits, log, Assessment.NEPHROTIC, Event.DECLARED_RELAPSE, upcr)
        respond_to_relapse(state, traits, params, clocks, prepared, log)
        if state.toxicities & ~state.toxicities_to_note != 0:  # harm by steroid is a reason to spare it
            consider_start(state, traits, params, clocks, prepared.starts, Start.INTOLERANCE)
        kind = SteroidCourse.FREQUENT_RELAPSE if relapses_often(state, params) else SteroidCourse.RELAPSE
        start_episode(state, traits, params, clocks, prepared, log, upcr, kind)
    elif state.assessment == Assessment.PARTIAL and _remission_confirmed(state, params):
        _declare(state, traits, log, Assessment.REMISSION, Event.DECLARED_REMISSION, upcr)
    state.retry_steroid = 0


@kernel
def _declare(state, traits, log, assessment, event, upcr):
    state.assessment = assessment
    write_event(log, traits, state, event, upcr)


@kernel
def _wait_for_remission(state, traits, params, clocks, prepared, log, upcr):
    on_full_dose = state.treatment == Treatment.FULL_DOSE
    course = present_course(state, params)
    if state.treatment == Treatment.NONE:
        _watch_without_steroid(state, traits, params, clocks, prepared, log, upcr)
        return
    if _remission_confirmed(state, params):
        _declare(state, traits, log, Assessment.REMISSION, Event.DECLARED_REMISSION, upcr)
        if on_full_dose:
            plan_taper(state, params, clocks, state.now)
    elif on_full_dose and state.retry_steroid == 1:
        start_course(
            state, traits, params, clocks, prepared.growth, log, state.course
        )  # the earlier course does not count
    elif (
        on_full_dose
        and state.low_readings == 0
        and math.floor(state.now) - math.floor(state.full_since) >= course.resistance_days
    ):
        partial = upcr < params.relapse_mg_per_mg and upcr <= params.partial_fraction * state.episode_first_reading
        if partial and params.partial_is_resistance == 0:
            _declare(state, traits, log, Assessment.PARTIAL, Event.DECLARED_PARTIAL_REMISSION, upcr)
            plan_taper(state, params, clocks, state.now)
        else:
            _declare(state, traits, log, Assessment.RESISTANT, Event.DECLARED_RESISTANT, upcr)
            start_withdrawal(state, params, clocks)
            if params.search == AT_RESISTANCE:
                begin_search(state, traits, params, clocks, prepared.tables, params.search_after_days)
    elif on_full_dose and state.low_readings == 0:
        begin_pulses(state, params, clocks)


@kernel
def _watch_without_steroid(state, traits, params, clocks, prepared, log, upcr):
    """Watch a patient without steroid: remission, partial remission, or a course now that it may be given."""
    halved = upcr < params.relapse_mg_per_mg and upcr <= params.partial_fraction * state.episode_first_reading
    state.halved_readings = state.halved_readings + 1 if halved else 0
    if _remission_confirmed(state, params):
        _declare(state, traits, log, Assessment.REMISSION, Event.DECLARED_REMISSION, upcr)
    elif state.low_readings == 0 and state.halved_readings >= params.remission_readings:
        _declare(state, traits, log, Assessment.PARTIAL, Event.DECLARED_PARTIAL_REMISSION, upcr)
    elif state.high_readings > 0:
        if _has_cleared(params, state.episode_first_reading):
            state.episode_first_reading = upcr
        _give_course(state, traits, params, clocks, prepared, log, SteroidCourse.RELAPSE)


@kernel
def consider_second_line(state, traits, params, clocks, starts):
    """Consider a second agent in resistance, and where steroid may not be given."""
    if state.assessment == Assessment.RESISTANT:
        turn_to_resistance(state, traits, params, clocks, starts)
        consider_start(state, traits, params, clocks, starts, Start.RESISTANCE)
    elif state.assessment == Assessment.NEPHROTIC and state.high_readings > 0 and steroid_is_barred(state):
        consider_start(state, traits, params, clocks, starts, Start.INTOLERANCE)


@kernel
def take_biopsy(state, traits, log):
    """Take a biopsy at presentation, in resistance or in partial remission, in those patients who get one."""
    wanted = (
        traits.biopsy_at_presentation == 1
        or (traits.biopsy_at_resistance == 1 and state.assessment == Assessment.RESISTANT)
        or (traits.biopsy_at_partial_remission == 1 and state.assessment == Assessment.PARTIAL)
    )
    if wanted and state.biopsied == 0:
        _biopsy(state, traits, log)


@kernel
def _biopsy(state, traits, log):
    state.biopsied = 1
    write_event(log, traits, state, Event.BIOPSY, float(traits.lesion))


@kernel
def take_biopsy_before_agent(state, traits, params, clocks, starts, log, earlier_rule):
    """Take a biopsy where a second agent has been planned today; its result may change the plan."""
    if state.rule == NO_RULE or earlier_rule != NO_RULE or state.biopsied == 1 or traits.biopsy_before_agent == 0:
        return
    when = int(starts[state.rule][WHEN])
    if when == Start.SLOW_RESPONSE:  # the agent is not needed yet
        return
    _biopsy(state, traits, log)
    state.rule = NO_RULE
    clocks[DUE, Clock.AGENT_START] = math.inf
    consider_start(state, traits, params, clocks, starts, when)


@kernel
def _interval_days(state, params):
    if state.treatment == Treatment.FULL_DOSE:
        return params.visit_full_dose_days
    if state.assessment == Assessment.RESISTANT or (
        state.assessment == Assessment.NEPHROTIC and state.treatment == Treatment.NONE
    ):
        return params.visit_resistant_days
    return params.visit_taper_days if state.treatment != Treatment.NONE else params.visit_off_treatment_days


@kernel
def _is_to_be_confirmed(state, params):
    """Whether today's reading suggests a change that a second reading must confirm."""
    if state.assessment == Assessment.REMISSION:
        unclear = state.visit_kind == VisitKind.UNSCHEDULED and state.low_readings == 0
        return state.high_readings > 0 or unclear
    if state.assessment == Assessment.PARTIAL:
        return state.high_readings > 0 or state.low_readings > 0
    cleared = state.visit_kind == VisitKind.PRESENTATION and _has_cleared(params, state.episode_first_reading)
    return state.low_readings > 0 or cleared


@kernel
def plan_visit(state, params, clocks, agents):
    """Set the clock of the next visit."""
    today = math.floor(state.now)
    state.visit += 1
    state.latest_visit_day = int(today)
    state.waited = 0.0
    if _is_to_be_confirmed(state, params):
        state.visit_kind = VisitKind.CONFIRMATION
        due = today + params.confirm_after_days
    else:
        state.visit_kind = VisitKind.SCHEDULED
        due = today + _interval_days(state, params)
        if state.treatment == Treatment.FULL_DOSE and state.assessment == Assessment.NEPHROTIC:
            course = present_course(state, params)
            verdict_day = math.floor(state.full_since) + course.resistance_days
            if verdict_day > today:
                due = min(due, verdict_day)
            pulse_day = math.floor(state.full_since) + params.pulse_after_days
            if state.pulses_left > 0 and pulse_day > today:
                due = min(due, pulse_day)
        if state.reconsidered > today:
            due = min(due, state.reconsidered)
        due = min(due, today + agent_visit_days(state, params, agents))
        if state.provoked == state.now:
            due = today + params.provocation_check_days
        if state.discharged == 1:
            clocks[DUE, Clock.VISIT] = math.inf
            return
    state.planned_day = int(due)
    clocks[DUE, Clock.VISIT] = max(due, today + 1.0)


@kernel
def request_visit(state, clocks):
    """Bring the patient in now (tomorrow after a visit today), unscheduled, unless already waiting for a visit."""
    seen_today = state.visit > 0 and math.floor(state.now) == state.latest_visit_day
    when = math.floor(state.now) + 1.0 if seen_today else state.now
    if clocks[DUE, Clock.VISIT] > when and state.waited == 0.0:
        if (
            state.visit_kind != VisitKind.PRESENTATION
        ):  # the first visit stays the presentation, even if it comes sooner
            state.visit_kind = VisitKind.UNSCHEDULED
        state.planned_day = math.floor(when)
        clocks[DUE, Clock.VISIT] = when
