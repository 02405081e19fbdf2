"""Second-line care: when a second agent is started, which one, and when it is stopped or replaced.

A start rule is a row of numbers: the event it waits for, the number of the relapse, the delay, the lesions, the overlap
with steroid, whether steroid is withdrawn, and the regimens to try in turn (-1 after the last).
"""

from __future__ import annotations

import math

from nephrosyn.course.care.second_agents import NO_AGENT, cystitis_is_noted, may_be_given, start_agent, stop_agent
from nephrosyn.course.care.steroid import start_withdrawal
from nephrosyn.course.disease.triggers import open_exertion_window
from nephrosyn.course.state.codes import Event, Start
from nephrosyn.course.state.events import NO_VALUE, write_event
from nephrosyn.course.state.state import DUE, RELAPSES_KEPT, Assessment, Clock, Treatment
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.vocabulary import LESIONS

WHEN, NUMBER, DELAY_DAYS, LESION_MASK, OVERLAP_DAYS, WITHDRAW, FIRST_REGIMEN = 0, 1, 2, 3, 4, 5, 6
NO_RULE = -1
UNKNOWN_LESION = len(LESIONS)


@inline
def lesion_bit(state, traits):
    """Bit of the lesion that the biopsy has shown, or of an unknown one."""
    return 1 << (traits.lesion if state.biopsied == 1 else UNKNOWN_LESION)


@kernel
def consider_start(state, traits, params, clocks, starts, when):
    """Follow the first rule that waits for this event and fits the patient, if none is followed yet."""
    if state.rule != NO_RULE:
        return
    for r in range(params.first_start, params.last_start):
        row = starts[r]
        if int(row[WHEN]) != when or int(row[LESION_MASK]) & lesion_bit(state, traits) == 0:
            continue
        if when == Start.RELAPSE and state.relapses_declared < row[NUMBER]:
            continue
        state.rule = r
        state.place = 0
        clocks[DUE, Clock.AGENT_START] = state.now + row[DELAY_DAYS]
        return


@kernel
def begin_planned_agent(state, traits, params, clocks, prepared, log):
    """Start the agent of a rule after its delay, unless a slow response has come in the meantime."""
    clocks[DUE, Clock.AGENT_START] = math.inf
    row = prepared.starts[state.rule]
    remitted = state.assessment == Assessment.REMISSION or state.assessment == Assessment.PARTIAL
    if int(row[WHEN]) == Start.SLOW_RESPONSE and state.latest_agent == NO_AGENT and remitted:
        state.rule = NO_RULE
        return
    first = state.latest_agent == NO_AGENT
    _start_next(state, traits, params, clocks, prepared, log)
    if first and state.agent != NO_AGENT and state.dose_mg > 0.0:
        _overlap(state, params, clocks, row)


@kernel
def _overlap(state, params, clocks, row):
    """Hold the steroid dose during the overlap; afterwards it continues as planned, or is withdrawn."""
    state.steroid_held_until = state.now + row[OVERLAP_DAYS]
    if row[WITHDRAW] == 1.0:
        state.withdraw_steroid = 1
        if state.treatment == Treatment.TAPER:
            start_withdrawal(state, params, clocks)


@kernel
def _start_next(state, traits, params, clocks, prepared, log):
    """Start the next regimen of the sequence that may be given, if there is one."""
    row = prepared.starts[state.rule]
    while FIRST_REGIMEN + state.place < len(row):
        k = int(row[FIRST_REGIMEN + state.place])
        if k < 0:
            return
        if may_be_given(state, traits, params, prepared.agents, k):
            start_agent(state, traits, params, clocks, prepared, log, k)
            return
        state.place += 1


@kernel
def replace_agent(state, traits, params, clocks, prepared, log):
    """Stop the latest agent, which has failed or was not tolerated, and start the next of the sequence."""
    state.agents_failed |= 1 << state.latest_agent
    write_event(log, traits, state, Event.AGENT_FAILED, float(prepared.agents[state.latest_agent].drug))
    withdraw = state.withdraw_steroid
    if state.agent != NO_AGENT:
        stop_agent(state, traits, params, clocks, prepared, log)
    _start_next(state, traits, params, clocks, prepared, log)
    if state.agent != NO_AGENT:
        state.withdraw_steroid = withdraw


@kernel
def _relapses_within(state, days):
    relapses = 0
    for k in range(min(state.relapses_declared, RELAPSES_KEPT)):
        if state.now - state.relapse_times[k] <= days:
            relapses += 1
    return relapses


@inline
def _is_dependent(state, params):
    return state.relapses_on_steroid >= params.dependence_relapses


@kernel
def _relapses_frequently(state, params):
    in_6_months = _relapses_within(state, params.six_months_days)
    in_12_months = _relapses_within(state, params.twelve_months_days)
    return in_6_months >= params.frequent_in_6_months or in_12_months >= params.frequent_in_12_months


@kernel
def relapses_often(state, params):
    """Whether, at a relapse just declared, the clinic holds the patient to be dependent or to relapse frequently."""
    return _is_dependent(state, params) or _relapses_frequently(state, params)


@kernel
def respond_to_relapse(state, traits, params, clocks, prepared, log):
    """Respond to a declared relapse: count it, and start, continue or replace the second agent."""
    state.relapse_times[state.relapses_declared % RELAPSES_KEPT] = state.now
    state.relapses_declared += 1
    state.discharged = 0
    state.provocations = 0
    on_steroid = state.dose_mg > 0.0 or state.now - state.steroid_ended <= params.dependence_within_days
    state.relapses_on_steroid = state.relapses_on_steroid + 1 if on_steroid else 0
    waiting = state.rule != NO_RULE and state.latest_agent == NO_AGENT
    if waiting and int(prepared.starts[state.rule][WHEN]) == Start.SLOW_RESPONSE:
        state.rule = NO_RULE
        clocks[DUE, Clock.AGENT_START] = math.inf
    if state.rule == NO_RULE:
        if _is_dependent(state, params):
            consider_start(state, traits, params, clocks, prepared.starts, Start.DEPENDENCE)
        if _relapses_frequently(state, params):
            consider_start(state, traits, params, clocks, prepared.starts, Start.FREQUENT_RELAPSE)
        consider_start(state, traits, params, clocks, prepared.starts, Start.RELAPSE)
    elif state.agent != NO_AGENT:
        state.agent_relapses += 1
        if state.agent_relapses >= prepared.agents[state.agent].fails_at_relapses:
            replace_agent(state, traits, params, clocks, prepared, log)
    elif state.latest_agent != NO_AGENT and clocks[DUE, Clock.AGENT_START] == math.inf:
        clocks[DUE, Clock.AGENT_START] = state.now + prepared.starts[state.rule][DELAY_DAYS]


@kernel
def review_agent(state, traits, params, clocks, prepared, log):
    """Review the agent at a visit: replace it if it has failed, or stop it after a long time of clear urine.

    An agent has failed if urine is still in the range of relapse after ``fails_after_days``.
    """
    _count_clear_urine(state, params)
    if state.latest_agent == NO_AGENT or clocks[DUE, Clock.AGENT_START] < math.inf:
        return
    has_failed = state.agents_failed >> state.latest_agent & 1 == 1
    without_steroid = state.assessment == Assessment.NEPHROTIC and state.treatment == Treatment.NONE
    waiting = state.assessment == Assessment.RESISTANT or without_steroid
    days = state.now - max(state.agent_since, state.nephrotic_since)
    without_effect = (
        state.high_readings >= params.relapse_readings and days >= prepared.agents[state.latest_agent].fails_after_days
    )
    if (waiting and not has_failed and without_effect) or cystitis_is_noted(state, prepared.agents):
        replace_agent(state, traits, params, clocks, prepared, log)
    elif (
        params.stop_by_clear_urine == 1
        and state.agent != NO_AGENT
        and state.now - state.clear_since >= params.negative_days
    ):
        stop_agent(state, traits, params, clocks, prepared, log)


@kernel
def _count_clear_urine(state, params):
    """Update since when the albumin/creatinine ratio has been negative; a few stray readings do not count."""
    if state.uacr_read <= params.negative_mg_per_mg:
        state.unclear_readings = 0
        state.clear_since = min(state.clear_since, state.now)
        return
    state.unclear_readings += 1
    if state.unclear_readings > params.stray_readings or state.assessment != Assessment.REMISSION:
        state.clear_since = math.inf


@kernel
def test_or_discharge(state, traits, params, clocks, log):
    """Test by provocation after years of clear urine without treatment, and then end follow-up."""
    untreated = state.agent == NO_AGENT and state.dose_mg == 0.0 and state.assessment == Assessment.REMISSION
    if (
        params.stop_by_clear_urine == 0
        or state.discharged == 1
        or not untreated
        or state.now - state.clear_since < params.normal_days
    ):
        return
    if state.provocations < params.provocation_tests:
        state.provocations += 1
        state.provoked = state.now
        write_event(log, traits, state, Event.PROVOCATION_TEST, float(state.provocations))
        open_exertion_window(state, traits, params, clocks)
    elif state.uacr_read <= params.negative_mg_per_mg:
        state.discharged = 1
        write_event(log, traits, state, Event.DISCHARGED, NO_VALUE)
