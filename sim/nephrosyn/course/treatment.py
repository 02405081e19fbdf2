"""Steroid: the dose of the day, courses and their tapers, and the harm that follows exposure."""

from __future__ import annotations

import math

from nephrosyn.compiling import kernel
from nephrosyn.course.body import dose_for_size, dry_weight_kg, taken_mg_per_kg_per_day
from nephrosyn.course.clocks import set_rate, start_budget
from nephrosyn.course.codes import Event, Schedule
from nephrosyn.course.complications import serious_infection_rate
from nephrosyn.course.disease import needed_mg, response_speed
from nephrosyn.course.hazard import update_relapse
from nephrosyn.course.log import NO_VALUE, write_dose, write_event
from nephrosyn.course.state import DUE, Clock, Treatment
from nephrosyn.streams import Purpose, uniforms

STEP_DAYS, STEP_AMOUNT, STEP_PER, STEP_CAP_MG, STEP_SCHEDULE = 0, 1, 2, 3, 4


@kernel
def _steroid_mg(s, amount, per, cap_mg):
    """Milligrams of steroid on a dosing day."""
    return dose_for_size(amount, per, cap_mg, s.dosing_weight_kg, s.full_mg)


@kernel
def update_exposure(s, x, p, clocks):
    """Let everything that depends on the dose feel the present one."""
    update_relapse(s, x, p, clocks)
    set_rate(clocks, Clock.RESPONSE, s.now, response_speed(s, x, p))
    set_rate(clocks, Clock.TOXICITY, s.now, toxicity_rate(s, x, p))
    set_rate(clocks, Clock.SERIOUS_INFECTION, s.now, serious_infection_rate(s, x, p))


@kernel
def close_dose_run(s, x, log, count, last_day):
    """Write the run of days on the present dose, if it has any."""
    if s.dose_mg > 0.0 and last_day >= s.dose_first_day:
        write_dose(log, count, x, s, last_day)


@kernel
def set_dose(s, x, p, clocks, log, count, planned_mg, schedule):
    """Prescribe from today: the planned dose within the patient's limit, rounded to tablets."""
    s.planned_mg = planned_mg
    mg = math.floor(planned_mg * s.steroid_limit / p.round_to_mg + 0.5) * p.round_to_mg
    if mg == s.dose_mg and schedule == s.dose_schedule and s.run_weight_kg == s.dosing_weight_kg:
        return
    today = math.floor(s.now)
    close_dose_run(s, x, log, count, today - 1)
    if s.dose_mg > 0.0 and mg == 0.0:
        s.steroid_ended = s.now
        write_event(log, count, x, s, Event.STEROID_STOPPED, NO_VALUE)
    s.dose_mg = mg
    s.dose_schedule = schedule
    s.dose_first_day = today
    s.run_weight_kg = s.dosing_weight_kg
    update_exposure(s, x, p, clocks)


@kernel
def start_course(s, x, p, clocks, growth, log, count, relapse):
    """Full dose from today, for a first episode or a relapse."""
    s.treatment = Treatment.FULL_DOSE
    s.relapse_course = relapse
    s.full_since = s.now
    s.dosing_weight_kg = dry_weight_kg(s, x, growth, s.now)
    clocks[DUE, Clock.DOSE_STEP] = math.inf
    course = p.relapse if relapse == 1 else p.first
    s.full_mg = _steroid_mg(s, course.amount, course.per, course.cap_mg)
    if s.dose_by_surface == 1:
        s.full_mg = max(s.full_mg, min(needed_mg(s, p), course.cap_mg))
    set_dose(s, x, p, clocks, log, count, s.full_mg, 0)


@kernel
def plan_taper(s, p, clocks, declared):
    """After remission: the taper starts when full dose has lasted long enough."""
    course = p.relapse if s.relapse_course == 1 else p.first
    start = max(s.full_since + course.full_dose_days, declared + course.after_remission_days)
    s.step = course.first_step
    s.last_step = course.last_step
    clocks[DUE, Clock.DOSE_STEP] = max(start, s.now)


@kernel
def start_withdrawal(s, p, clocks):
    """Steroid has failed or harmed: it is withdrawn, step by step, from today."""
    s.treatment = Treatment.WITHDRAWAL
    s.step = p.withdrawal_first_step
    s.last_step = p.withdrawal_last_step
    clocks[DUE, Clock.DOSE_STEP] = s.now


@kernel
def _mean_mg(mg, schedule):
    return 0.5 * mg if schedule == Schedule.ALTERNATE_DAY else mg


@kernel
def _skip_steps_that_raise(s, steps):
    """A withdrawal only goes down: leave out the steps that are not below the present dose."""
    while s.step < s.last_step:
        step = steps[s.step]
        mg = _steroid_mg(s, step[STEP_AMOUNT], int(step[STEP_PER]), step[STEP_CAP_MG])
        if _mean_mg(mg, int(step[STEP_SCHEDULE])) < _mean_mg(s.planned_mg, s.dose_schedule):
            return
        s.step += 1


@kernel
def next_step(s, x, p, clocks, steps, log, count):
    """The next step of the taper, or the end of steroid; held while a second agent is built up, unless it does harm."""
    if s.now < s.steroid_held_until and s.steroid_barred == 0:
        clocks[DUE, Clock.DOSE_STEP] = s.steroid_held_until
        return
    if s.treatment == Treatment.FULL_DOSE:
        s.treatment = Treatment.TAPER
        if s.steroid_unwanted == 1:
            start_withdrawal(s, p, clocks)
            _skip_steps_that_raise(s, steps)
        write_event(log, count, x, s, Event.TAPER_STARTED, NO_VALUE)
    elif s.treatment == Treatment.WITHDRAWAL:
        _skip_steps_that_raise(s, steps)
    if s.step >= s.last_step:
        clocks[DUE, Clock.DOSE_STEP] = math.inf
        s.treatment = Treatment.NONE
        set_dose(s, x, p, clocks, log, count, 0.0, 0)
        return
    step = steps[s.step]
    s.step += 1
    clocks[DUE, Clock.DOSE_STEP] = s.now + step[STEP_DAYS]
    mg = _steroid_mg(s, step[STEP_AMOUNT], int(step[STEP_PER]), step[STEP_CAP_MG])
    set_dose(s, x, p, clocks, log, count, mg, int(step[STEP_SCHEDULE]))


@kernel
def toxicity_rate(s, x, p):
    """Hazard, per day, of any steroid toxicity the patient has not had, in proportion to the dose taken."""
    total = 0.0
    for k in range(len(p.toxicity_per_day)):
        if s.toxicities >> k & 1 == 0:
            total += p.toxicity_per_day[k]
    return total * taken_mg_per_kg_per_day(s, x)


@kernel
def start_toxicity_budget(s, x, p, clocks, index):
    """Draw the budget until the next toxicity."""
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.TOXICITY, index)
    start_budget(clocks, Clock.TOXICITY, s.now, -math.log(u[0]), toxicity_rate(s, x, p))


@kernel
def suffer_toxicity(s, x, p, clocks, log, count):
    """A toxicity occurs: one of those the patient has not had, in proportion to their rates."""
    had = 0
    left = 0.0
    for k in range(len(p.toxicity_per_day)):
        if s.toxicities >> k & 1 == 1:
            had += 1
        else:
            left += p.toxicity_per_day[k]
    place = uniforms(p.seed, p.replicate, x.patient, Purpose.TOXICITY, had)[1] * left
    which = -1
    for k in range(len(p.toxicity_per_day)):
        if s.toxicities >> k & 1 == 0 and p.toxicity_per_day[k] > 0.0 and (place >= 0.0 or which < 0):
            which = k
            place -= p.toxicity_per_day[k]
    s.toxicities |= 1 << which
    s.toxicities_to_note |= 1 << which
    write_event(log, count, x, s, Event.STEROID_TOXICITY, float(which))
    start_toxicity_budget(s, x, p, clocks, had + 1)
