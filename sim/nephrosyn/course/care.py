"""Care: what the clinic concludes from its readings, and what it does about it. It never sees the truth."""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.agents import NO_AGENT
from nephrosyn.course.codes import Event, Start, VisitKind
from nephrosyn.course.factors import AT_PRESENTATION, AT_RESISTANCE, begin_search
from nephrosyn.course.log import write_event
from nephrosyn.course.policy import answer_relapse, consider_start
from nephrosyn.course.state import DUE, Belief, Clock, Treatment
from nephrosyn.course.treatment import plan_taper, start_course, start_withdrawal

_DIARY_DAYS = 3
_HALF = 0.5


@kernel
def count_reading(s, p, upcr):
    """Count successive readings in the range of remission and of relapse."""
    s.low_readings = s.low_readings + 1 if upcr <= p.remission_mg_per_mg else 0
    s.high_readings = s.high_readings + 1 if upcr >= p.relapse_mg_per_mg else 0


@kernel
def _remission_confirmed(s, p):
    diary = p.home_diary == 1 and s.diary_low_days >= _DIARY_DAYS
    return s.low_readings >= p.remission_readings or (diary and s.low_readings > 0)


@kernel
def _relapse_confirmed(s, p):
    diary = p.home_diary == 1 and s.diary_high_days >= _DIARY_DAYS
    return s.high_readings >= p.relapse_readings or diary


@inline
def steroid_is_barred(s):
    """Steroid is withheld, or was stopped because it did harm."""
    return s.steroid_limit == 0.0 or s.steroid_barred == 1


@kernel
def start_episode(s, x, p, clocks, growth, starts, log, count, upcr, relapse):
    """The clinic sees nephrotic disease: full dose, if steroid may be given."""
    s.belief = Belief.NEPHROTIC
    s.ill_since = s.now
    s.episode_first_reading = upcr
    s.low_readings = 0
    if steroid_is_barred(s):
        return
    start_course(s, x, p, clocks, growth, log, count, relapse)
    if relapse == 0:
        consider_start(s, x, p, clocks, starts, Start.STEROID_START)
        consider_start(s, x, p, clocks, starts, Start.SLOW_RESPONSE)


@kernel
def decide(s, x, p, clocks, tables, growth, agents, starts, log, count, upcr):
    """Conclude from today's UPCR (mg/mg) and what came before, and act."""
    if s.visit_kind == VisitKind.PRESENTATION:
        start_episode(s, x, p, clocks, growth, starts, log, count, upcr, 0)
        if p.search == AT_PRESENTATION:
            begin_search(s, x, p, clocks, tables, p.search_after_days)
    elif s.belief == Belief.NEPHROTIC:
        _wait_for_remission(s, x, p, clocks, tables, growth, starts, log, count, upcr)
    elif s.belief == Belief.RESISTANT:
        if _remission_confirmed(s, p):
            _declare(s, x, log, count, Belief.REMISSION, Event.DECLARED_REMISSION, upcr)
        elif s.start_again == 1:
            start_episode(s, x, p, clocks, growth, starts, log, count, upcr, 0)
    elif _relapse_confirmed(s, p):
        _declare(s, x, log, count, Belief.NEPHROTIC, Event.DECLARED_RELAPSE, upcr)
        answer_relapse(s, x, p, clocks, tables, growth, agents, starts, log, count)
        start_episode(s, x, p, clocks, growth, starts, log, count, upcr, 1)
    elif s.belief == Belief.PARTIAL and _remission_confirmed(s, p):
        _declare(s, x, log, count, Belief.REMISSION, Event.DECLARED_REMISSION, upcr)
    s.start_again = 0


@kernel
def _declare(s, x, log, count, belief, event, upcr):
    s.belief = belief
    write_event(log, count, x, s, event, upcr)


@kernel
def _wait_for_remission(s, x, p, clocks, tables, growth, starts, log, count, upcr):
    on_full_dose = s.treatment == Treatment.FULL_DOSE
    course = p.relapse if s.relapse_course == 1 else p.first
    if _remission_confirmed(s, p):
        _declare(s, x, log, count, Belief.REMISSION, Event.DECLARED_REMISSION, upcr)
        if on_full_dose:
            plan_taper(s, p, clocks, s.now)
    elif on_full_dose and s.start_again == 1:
        start_course(s, x, p, clocks, growth, log, count, s.relapse_course)  # what went before did not count
    elif (
        on_full_dose and s.low_readings == 0 and math.floor(s.now) - math.floor(s.full_since) >= course.resistance_days
    ):
        if upcr < p.relapse_mg_per_mg and upcr <= _HALF * s.episode_first_reading:
            _declare(s, x, log, count, Belief.PARTIAL, Event.DECLARED_PARTIAL_REMISSION, upcr)
            plan_taper(s, p, clocks, s.now)
        else:
            _declare(s, x, log, count, Belief.RESISTANT, Event.DECLARED_RESISTANT, upcr)
            start_withdrawal(s, p, clocks)
            if p.search == AT_RESISTANCE:
                begin_search(s, x, p, clocks, tables, p.search_after_days)


@kernel
def consider_second_line(s, x, p, clocks, starts):
    """Resistance, and disease for which steroid may not be given, may call for a second agent."""
    if s.belief == Belief.RESISTANT:
        consider_start(s, x, p, clocks, starts, Start.RESISTANCE)
    elif s.belief == Belief.NEPHROTIC and steroid_is_barred(s):
        consider_start(s, x, p, clocks, starts, Start.INTOLERANCE)


@kernel
def take_biopsy(s, x, log, count):
    """Biopsy at presentation, or when resistance is declared."""
    wanted = x.biopsy_at_presentation == 1 or (x.biopsy_at_resistance == 1 and s.belief == Belief.RESISTANT)
    if wanted and s.biopsied == 0:
        s.biopsied = 1
        write_event(log, count, x, s, Event.BIOPSY, float(x.lesion))


@kernel
def _interval_days(s, p):
    if s.treatment == Treatment.FULL_DOSE:
        return p.visit_full_dose_days
    if s.belief == Belief.RESISTANT or (s.belief == Belief.NEPHROTIC and s.treatment == Treatment.NONE):
        return p.visit_resistant_days
    return p.visit_taper_days if s.treatment != Treatment.NONE else p.visit_off_treatment_days


@kernel
def _is_to_be_confirmed(s, p):
    """Whether a first reading points to a change that needs another reading."""
    if s.belief == Belief.REMISSION:
        return s.high_readings > 0
    if s.belief == Belief.PARTIAL:
        return s.high_readings > 0 or s.low_readings > 0
    return s.low_readings > 0


@kernel
def plan_visit(s, p, clocks, agents):
    """Set the clock of the next visit."""
    today = math.floor(s.now)
    s.visit += 1
    s.waited = 0.0
    if _is_to_be_confirmed(s, p):
        s.visit_kind = VisitKind.CONFIRMATION
        due = today + p.confirm_after_days
    else:
        s.visit_kind = VisitKind.SCHEDULED
        due = today + _interval_days(s, p)
        if s.treatment == Treatment.FULL_DOSE and s.belief == Belief.NEPHROTIC:
            course = p.relapse if s.relapse_course == 1 else p.first
            verdict_day = math.floor(s.full_since) + course.resistance_days
            if verdict_day > today:
                due = min(due, verdict_day)
        if s.agent != NO_AGENT:
            due = min(due, today + agents[s.agent].visit_days)
        if s.provoked == s.now:
            due = today + p.provocation_check_days
        if s.discharged == 1:
            clocks[DUE, Clock.VISIT] = math.inf
            return
    s.planned_day = int(due)
    clocks[DUE, Clock.VISIT] = max(due, today + 1.0)


@kernel
def ask_for_visit(s, clocks):
    """The patient comes in unasked, now, unless already waiting for a visit."""
    if clocks[DUE, Clock.VISIT] > s.now and s.waited == 0.0:
        if s.visit_kind != VisitKind.PRESENTATION:  # the first visit stays the first, if it comes sooner
            s.visit_kind = VisitKind.UNSCHEDULED
        s.planned_day = math.floor(s.now)
        clocks[DUE, Clock.VISIT] = s.now
