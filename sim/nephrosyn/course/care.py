"""Care: what the clinic concludes from its readings, and what it does about it. It never sees the truth."""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.codes import Action, ConditionKind, Event, VisitKind
from nephrosyn.course.log import write_event, write_note
from nephrosyn.course.state import DUE, Belief, Clock, Treatment
from nephrosyn.course.treatment import plan_taper, set_dose, start_course, start_withdrawal
from nephrosyn.terms import CONTRAINDICATIONS, TOXICITIES

_CONTRAINDICATIONS = len(CONTRAINDICATIONS)
_TOXICITIES = len(TOXICITIES)
_INFECTION = _CONTRAINDICATIONS + _TOXICITIES
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


@kernel
def note_conditions(s, x, p, clocks, log, count):
    """Note what the visit brings to light: contraindications, toxicity, infection."""
    if s.visit_kind == VisitKind.PRESENTATION:
        _note_contraindications(s, x, p, log, count)
    for k in range(_TOXICITIES):
        if s.toxicities_to_note >> k & 1 == 1:
            _act_on_toxicity(s, x, p, clocks, log, count, k)
    s.toxicities_to_note = 0
    if s.infection_to_note == 1:
        write_note(log, count, x, s, _INFECTION, ConditionKind.INFECTION, Action.NONE)
        s.infection_to_note = 0


@kernel
def _note_contraindications(s, x, p, log, count):
    if x.contraindications == 0:
        return
    s.steroid_limit = p.contraindicated_fraction
    action = Action.WITHHELD if p.contraindicated_fraction == 0.0 else Action.CUT
    for k in range(_CONTRAINDICATIONS):
        if x.contraindications >> k & 1 == 1:
            write_note(log, count, x, s, k, ConditionKind.CONTRAINDICATION, action)


@kernel
def _act_on_toxicity(s, x, p, clocks, log, count, which):
    action = int(p.toxicity_action[which])
    treated = s.dose_mg > 0.0
    noted = action
    if not treated:
        noted = Action.WITHHELD if action == Action.STOPPED else Action.NONE
    write_note(log, count, x, s, _CONTRAINDICATIONS + which, ConditionKind.TOXICITY, noted)
    if action == Action.CUT and s.steroid_limit > p.cut_fraction:
        s.steroid_limit = p.cut_fraction
        set_dose(s, x, p, clocks, log, count, s.planned_mg, int(s.dose_schedule))
    elif action == Action.STOPPED and s.steroid_barred == 0:
        s.steroid_barred = 1
        if treated:
            start_withdrawal(s, p, clocks)


@kernel
def _steroid_is_barred(s):
    """Steroid is withheld, or was stopped because it did harm."""
    return s.steroid_limit == 0.0 or s.steroid_barred == 1


@kernel
def start_episode(s, x, p, clocks, growth, log, count, upcr, relapse):
    """The clinic sees nephrotic disease: full dose, if steroid may be given."""
    s.belief = Belief.NEPHROTIC
    s.episode_first_reading = upcr
    s.low_readings = 0
    if not _steroid_is_barred(s):
        start_course(s, x, p, clocks, growth, log, count, relapse)


@kernel
def decide(s, x, p, clocks, growth, log, count, upcr):
    """Conclude from today's UPCR (mg/mg) and what came before, and act."""
    if s.visit_kind == VisitKind.PRESENTATION:
        start_episode(s, x, p, clocks, growth, log, count, upcr, 0)
    elif s.belief == Belief.NEPHROTIC:
        _wait_for_remission(s, x, p, clocks, log, count, upcr)
    elif s.belief == Belief.RESISTANT:
        if _remission_confirmed(s, p):
            _declare(s, x, log, count, Belief.REMISSION, Event.DECLARED_REMISSION, upcr)
    elif _relapse_confirmed(s, p):
        _declare(s, x, log, count, Belief.NEPHROTIC, Event.DECLARED_RELAPSE, upcr)
        start_episode(s, x, p, clocks, growth, log, count, upcr, 1)
    elif s.belief == Belief.PARTIAL and _remission_confirmed(s, p):
        _declare(s, x, log, count, Belief.REMISSION, Event.DECLARED_REMISSION, upcr)


@kernel
def _declare(s, x, log, count, belief, event, upcr):
    s.belief = belief
    write_event(log, count, x, s, event, upcr)


@kernel
def _wait_for_remission(s, x, p, clocks, log, count, upcr):
    on_full_dose = s.treatment == Treatment.FULL_DOSE
    course = p.relapse if s.relapse_course == 1 else p.first
    if _remission_confirmed(s, p):
        _declare(s, x, log, count, Belief.REMISSION, Event.DECLARED_REMISSION, upcr)
        if on_full_dose:
            plan_taper(s, p, clocks, s.now)
    elif (
        on_full_dose and s.low_readings == 0 and math.floor(s.now) - math.floor(s.full_since) >= course.resistance_days
    ):
        if upcr < p.relapse_mg_per_mg and upcr <= _HALF * s.episode_first_reading:
            _declare(s, x, log, count, Belief.PARTIAL, Event.DECLARED_PARTIAL_REMISSION, upcr)
            plan_taper(s, p, clocks, s.now)
        else:
            _declare(s, x, log, count, Belief.RESISTANT, Event.DECLARED_RESISTANT, upcr)
            start_withdrawal(s, p, clocks)


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
def plan_visit(s, p, clocks):
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
    s.planned_day = int(due)
    clocks[DUE, Clock.VISIT] = max(due, today + 1.0)


@kernel
def ask_for_visit(s, clocks):
    """The patient comes in unasked, now, unless already waiting for a visit."""
    if clocks[DUE, Clock.VISIT] > s.now and s.waited == 0.0:
        s.visit_kind = VisitKind.UNSCHEDULED
        s.planned_day = math.floor(s.now)
        clocks[DUE, Clock.VISIT] = s.now
