"""Steroid: doses, courses with their tapers, and toxicity by exposure."""

from __future__ import annotations

import math

from nephrosyn.course.disease.body import PER_M2, dose_for_size, dry_weight_kg, taken_mg_per_kg_per_day
from nephrosyn.course.disease.complications import serious_infection_rate
from nephrosyn.course.disease.proteinuria import needed_mg, response_speed
from nephrosyn.course.disease.relapse_hazard import update_relapse
from nephrosyn.course.state.clocks import set_rate, start_budget
from nephrosyn.course.state.codes import Drug, Event, Schedule
from nephrosyn.course.state.events import NO_VALUE, write_dose, write_event, write_pulse
from nephrosyn.course.state.state import DUE, LEFT, RATE, SINCE, Clock, SteroidCourse, Treatment
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, uniforms
from nephrosyn.vocabulary import DAYS_PER_YEAR

WITHDRAWN_BY_RULE, WITHDRAWN_UNDER_REGIMEN = 1, 2
"""Values of ``withdraw_steroid``: the start rule says so, or the regimen that is given, if that ends steroid sooner."""

STEP_DAYS, STEP_AMOUNT, STEP_PER, STEP_CAP_MG, STEP_SCHEDULE = 0, 1, 2, 3, 4


@kernel
def _steroid_mg(state, amount, per, cap_mg):
    """Milligrams of steroid on a dosing day."""
    return dose_for_size(amount, per, cap_mg, state.dosing_weight_kg, state.full_mg)


@kernel
def update_exposure(state, traits, params, clocks):
    """Update all rates that depend on the steroid dose."""
    update_relapse(state, traits, params, clocks)
    set_rate(clocks, Clock.RESPONSE, state.now, response_speed(state, traits, params))
    set_rate(clocks, Clock.TOXICITY, state.now, toxicity_rate(state, traits))
    set_rate(clocks, Clock.SERIOUS_INFECTION, state.now, serious_infection_rate(state, traits, params))


@kernel
def close_dose_run(state, traits, log, last_day):
    """Write the run of days on the current dose, if there is one."""
    if state.dose_mg > 0.0 and last_day >= state.dose_first_day:
        write_dose(log, traits, state, last_day)


@kernel
def set_dose(state, traits, params, clocks, log, planned_mg, schedule):
    """Prescribe from today the planned dose, within the patient's limit and rounded to tablets."""
    state.planned_mg = planned_mg
    mg = math.floor(planned_mg * state.steroid_limit / params.round_to_mg + 0.5) * params.round_to_mg
    if mg == state.dose_mg and schedule == state.dose_schedule and state.run_weight_kg == state.dosing_weight_kg:
        return
    today = math.floor(state.now)
    close_dose_run(state, traits, log, today - 1)
    if state.dose_mg > 0.0 and mg == 0.0:
        state.steroid_ended = state.now
        write_event(log, traits, state, Event.STEROID_STOPPED, NO_VALUE)
    state.dose_mg = mg
    state.dose_schedule = schedule
    state.dose_first_day = today
    state.run_weight_kg = state.dosing_weight_kg
    update_exposure(state, traits, params, clocks)


@inline
def present_course(state, params):
    """The course that is being given: of the first episode, of a relapse, or of frequent relapses."""
    if state.course == SteroidCourse.FREQUENT_RELAPSE:
        return params.frequent_relapse
    return params.relapse if state.course == SteroidCourse.RELAPSE else params.first


@kernel
def start_course(state, traits, params, clocks, growth, log, kind):
    """Start full dose today; ``kind`` is the kind of course.

    A cut for toxicity does not outlast the course in which it was made, unless the toxicity is noted today.
    """
    if state.cut_at < state.now:
        state.steroid_limit = params.contraindicated_fraction if state.untreated != 0 else 1.0
    state.courses += 1
    state.pulses_left = params.pulses if kind == SteroidCourse.FIRST else 0
    state.treatment = Treatment.FULL_DOSE
    state.course = kind
    state.full_since = state.now
    state.dosing_weight_kg = dry_weight_kg(state, traits, growth, state.now)
    clocks[DUE, Clock.DOSE_STEP] = math.inf
    course = present_course(state, params)
    state.full_mg = _steroid_mg(state, course.amount, course.per, course.cap_mg)
    if state.dose_by_surface == 1:
        state.full_mg = max(state.full_mg, min(needed_mg(state, params), course.cap_mg))
    if traits.age_years + state.now / DAYS_PER_YEAR >= params.old_from_years:
        state.full_mg *= params.old_dose_fraction
    set_dose(state, traits, params, clocks, log, state.full_mg, 0)


@kernel
def plan_taper(state, params, clocks, declared):
    """Plan the taper after remission; it starts when full dose has lasted long enough."""
    state.pulses_left = 0
    course = present_course(state, params)
    start = max(state.full_since + course.full_dose_days, declared + course.after_remission_days)
    state.step = course.first_step
    state.last_step = course.last_step
    clocks[DUE, Clock.DOSE_STEP] = max(start, state.now)


@kernel
def start_withdrawal(state, params, clocks):
    """Withdraw steroid step by step from today, because it failed or was toxic."""
    state.treatment = Treatment.WITHDRAWAL
    state.pulses_left = 0
    state.step = params.withdrawal_first_step
    state.last_step = params.withdrawal_last_step
    clocks[DUE, Clock.DOSE_STEP] = state.now


@kernel
def begin_pulses(state, params, clocks):
    """Begin pulses today, after some weeks of full dose without remission."""
    days = math.floor(state.now) - math.floor(state.full_since)
    if state.pulses_left > 0 and days >= params.pulse_after_days and clocks[DUE, Clock.DOSE_STEP] == math.inf:
        clocks[DUE, Clock.DOSE_STEP] = state.now


@kernel
def _give_pulse(state, traits, params, clocks, log):
    """Give a pulse; where steroid works at all, it brings the response nearer by some days."""
    mg = dose_for_size(params.pulse_mg_per_m2, PER_M2, params.pulse_cap_mg, state.dosing_weight_kg, 0.0)
    mg = max(math.floor(mg / params.pulse_round_to_mg + 0.5), 1.0) * params.pulse_round_to_mg
    write_pulse(log, traits, state, Drug.METHYLPREDNISOLONE, mg)
    state.pulses_left -= 1
    rate = clocks[RATE, Clock.RESPONSE]
    if rate > 0.0:
        left = clocks[LEFT, Clock.RESPONSE] - rate * (state.now - clocks[SINCE, Clock.RESPONSE]) - params.pulse_days
        start_budget(clocks, Clock.RESPONSE, state.now, max(left, 0.0), rate)
    clocks[DUE, Clock.DOSE_STEP] = math.inf
    if state.pulses_left > 0:
        clocks[DUE, Clock.DOSE_STEP] = math.floor(state.now) + params.pulse_every_days


@kernel
def _mean_mg(mg, schedule):
    return 0.5 * mg if schedule == Schedule.ALTERNATE_DAY else mg


@kernel
def _skip_steps_that_raise(state, steps):
    """Skip the steps of a withdrawal that are not below the current dose."""
    while state.step < state.last_step:
        step = steps[state.step]
        mg = _steroid_mg(state, step[STEP_AMOUNT], int(step[STEP_PER]), step[STEP_CAP_MG])
        if _mean_mg(mg, int(step[STEP_SCHEDULE])) < _mean_mg(state.planned_mg, state.dose_schedule):
            return
        state.step += 1


@kernel
def _days_left(state, steps):
    days = 0.0
    for k in range(state.step, state.last_step):
        days += steps[k][STEP_DAYS]
    return days


@kernel
def withdraw_if_sooner(state, params, clocks, steps):
    """Withdraw steroid instead of the taper under way, unless that would take longer."""
    step, last_step, due = state.step, state.last_step, clocks[DUE, Clock.DOSE_STEP]
    planned = due - state.now + _days_left(state, steps)
    start_withdrawal(state, params, clocks)
    _skip_steps_that_raise(state, steps)
    if _days_left(state, steps) >= planned:
        state.treatment = Treatment.TAPER
        state.step = step
        state.last_step = last_step
        clocks[DUE, Clock.DOSE_STEP] = due


@kernel
def next_step(state, traits, params, clocks, steps, log):
    """Take the next step of the taper, or end steroid.

    During the overlap with a second agent the step waits, unless steroid is toxic. Full dose does not wait: once the
    disease is in remission the taper begins, and is held at its first step. Where the start rule withdraws steroid, the
    taper goes on during the overlap and the rest of it is withdrawn. Until then the steps are pulses.
    """
    if state.pulses_left > 0:
        _give_pulse(state, traits, params, clocks, log)
        return
    overlaps = state.now < state.steroid_held_until and state.steroid_barred == 0
    begins = state.treatment == Treatment.WITHDRAWAL and state.step == params.withdrawal_first_step
    tapers = state.withdraw_steroid == WITHDRAWN_BY_RULE and state.treatment != Treatment.WITHDRAWAL
    if overlaps and not tapers and not begins and state.treatment != Treatment.FULL_DOSE:
        clocks[DUE, Clock.DOSE_STEP] = state.steroid_held_until
        return
    if state.treatment == Treatment.FULL_DOSE:
        state.treatment = Treatment.TAPER
        if state.withdraw_steroid == WITHDRAWN_UNDER_REGIMEN:
            withdraw_if_sooner(state, params, clocks, steps)
        write_event(log, traits, state, Event.TAPER_STARTED, NO_VALUE)
    if tapers and not overlaps:
        start_withdrawal(state, params, clocks)
    if state.treatment == Treatment.WITHDRAWAL:
        _skip_steps_that_raise(state, steps)
    if state.step >= state.last_step:
        clocks[DUE, Clock.DOSE_STEP] = math.inf
        state.treatment = Treatment.NONE
        set_dose(state, traits, params, clocks, log, 0.0, 0)
        return
    step = steps[state.step]
    state.step += 1
    clocks[DUE, Clock.DOSE_STEP] = state.now + step[STEP_DAYS]
    if tapers and overlaps:
        clocks[DUE, Clock.DOSE_STEP] = min(clocks[DUE, Clock.DOSE_STEP], state.steroid_held_until)
    mg = _steroid_mg(state, step[STEP_AMOUNT], int(step[STEP_PER]), step[STEP_CAP_MG])
    set_dose(state, traits, params, clocks, log, mg, int(step[STEP_SCHEDULE]))


@kernel
def toxicity_rate(state, traits):
    """Hazard (per day) of the steroid toxicities not had yet, proportional to the dose taken."""
    total = 0.0
    for k in range(len(traits.toxicity_per_day)):
        if state.toxicities >> k & 1 == 0:
            total += traits.toxicity_per_day[k]
    return total * taken_mg_per_kg_per_day(state, traits)


@kernel
def start_toxicity_budget(state, traits, params, clocks, index):
    """Draw the budget until the next toxicity."""
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.TOXICITY, index)
    start_budget(clocks, Clock.TOXICITY, state.now, -math.log(draws[0]), toxicity_rate(state, traits))


@kernel
def suffer_toxicity(state, traits, params, clocks, log):
    """A toxicity occurs: one of those not had yet, with probability proportional to its rate."""
    had = 0
    left = 0.0
    for k in range(len(traits.toxicity_per_day)):
        if state.toxicities >> k & 1 == 1:
            had += 1
        else:
            left += traits.toxicity_per_day[k]
    place = uniforms(params.seed, params.replicate, traits.patient, Purpose.TOXICITY, had)[1] * left
    which = -1
    for k in range(len(traits.toxicity_per_day)):
        if state.toxicities >> k & 1 == 0 and traits.toxicity_per_day[k] > 0.0 and (place >= 0.0 or which < 0):
            which = k
            place -= traits.toxicity_per_day[k]
    state.toxicities |= 1 << which
    state.toxicities_to_note |= 1 << which
    write_event(log, traits, state, Event.STEROID_TOXICITY, float(which))
    start_toxicity_budget(state, traits, params, clocks, had + 1)
