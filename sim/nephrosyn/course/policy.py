"""Second-line care: when a second agent is started, which one, and when it is given up or stopped.

A start rule is a row of numbers: what it waits for, the number of the relapse, the delay, the lesions, the overlap with
steroid, what becomes of steroid, and the regimens to be tried in turn (-1 where there are no more).
"""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.agents import NO_AGENT, bladder_is_harmed, may_be_given, start_agent, stop_agent
from nephrosyn.course.codes import Event, Start
from nephrosyn.course.log import NO_VALUE, write_event
from nephrosyn.course.state import DUE, RELAPSES_KEPT, Belief, Clock, Treatment
from nephrosyn.course.treatment import start_withdrawal
from nephrosyn.course.triggers import open_exertion_window
from nephrosyn.terms import LESIONS

WHEN, NUMBER, DELAY_DAYS, LESION_MASK, OVERLAP_DAYS, WITHDRAW, FIRST_REGIMEN = 0, 1, 2, 3, 4, 5, 6
NO_RULE = -1
UNKNOWN_LESION = len(LESIONS)
_HALF_YEAR_DAYS, _YEAR_DAYS = 183.0, 365.0
_SOON_AFTER_STEROID_DAYS = 14.0
_STRAY_READINGS = 1


@inline
def _lesion_bit(s, x):
    return 1 << (x.lesion if s.biopsied == 1 else UNKNOWN_LESION)


@kernel
def consider_start(s, x, p, clocks, starts, when):
    """Follow the first rule that waits for this and fits the patient, if none is followed yet."""
    if s.rule != NO_RULE:
        return
    for r in range(p.first_start, p.last_start):
        row = starts[r]
        if int(row[WHEN]) != when or int(row[LESION_MASK]) & _lesion_bit(s, x) == 0:
            continue
        if when == Start.RELAPSE and s.relapses_declared < row[NUMBER]:
            continue
        s.rule = r
        s.place = 0
        clocks[DUE, Clock.AGENT_START] = s.now + row[DELAY_DAYS]
        return


@kernel
def begin_planned_agent(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """The delay of a rule is over: start, unless the disease that was slow to respond has responded since."""
    clocks[DUE, Clock.AGENT_START] = math.inf
    row = starts[s.rule]
    remitted = s.belief == Belief.REMISSION or s.belief == Belief.PARTIAL
    if int(row[WHEN]) == Start.SLOW_RESPONSE and s.latest_agent == NO_AGENT and remitted:
        s.rule = NO_RULE
        return
    first = s.latest_agent == NO_AGENT
    _start_next(s, x, p, clocks, tables, growth, agents, starts, log, count)
    if first and s.agent != NO_AGENT and s.dose_mg > 0.0:
        _overlap(s, p, clocks, row)


@kernel
def _overlap(s, p, clocks, row):
    """Steroid is not reduced until the overlap is over; then it goes on as planned, or is withdrawn."""
    s.steroid_held_until = s.now + row[OVERLAP_DAYS]
    if row[WITHDRAW] == 1.0:
        s.steroid_unwanted = 1
        if s.treatment == Treatment.TAPER:
            start_withdrawal(s, p, clocks)


@kernel
def _start_next(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """Start the first regimen of the sequence that may be given; none if there is no more."""
    row = starts[s.rule]
    while FIRST_REGIMEN + s.place < len(row):
        k = int(row[FIRST_REGIMEN + s.place])
        if k < 0:
            return
        if may_be_given(s, x, p, agents, k):
            start_agent(s, x, p, clocks, tables, growth, agents, log, count, k)
            return
        s.place += 1


@kernel
def give_up_agent(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """The latest agent has failed, or did harm: stop it, and start the next of the sequence."""
    s.agents_failed |= 1 << s.latest_agent
    write_event(log, count, x, s, Event.AGENT_FAILED, float(agents[s.latest_agent].drug))
    unwanted = s.steroid_unwanted
    if s.agent != NO_AGENT:
        stop_agent(s, x, p, clocks, tables, agents, log, count)
    _start_next(s, x, p, clocks, tables, growth, agents, starts, log, count)
    if s.agent != NO_AGENT:
        s.steroid_unwanted = unwanted


@kernel
def _relapses_within(s, days):
    number = 0
    for k in range(min(s.relapses_declared, RELAPSES_KEPT)):
        if s.now - s.relapse_times[k] <= days:
            number += 1
    return number


@kernel
def answer_relapse(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """A relapse is declared: count it, and start, keep or change the second agent."""
    s.relapse_times[s.relapses_declared % RELAPSES_KEPT] = s.now
    s.relapses_declared += 1
    s.discharged = 0
    s.provocations = 0
    on_steroid = s.dose_mg > 0.0 or s.now - s.steroid_ended <= _SOON_AFTER_STEROID_DAYS
    s.relapses_on_steroid = s.relapses_on_steroid + 1 if on_steroid else 0
    waiting = s.rule != NO_RULE and s.latest_agent == NO_AGENT
    if waiting and int(starts[s.rule][WHEN]) == Start.SLOW_RESPONSE:
        s.rule = NO_RULE
        clocks[DUE, Clock.AGENT_START] = math.inf
    if s.rule == NO_RULE:
        if s.relapses_on_steroid >= p.dependence_relapses:
            consider_start(s, x, p, clocks, starts, Start.DEPENDENCE)
        half, year = _relapses_within(s, _HALF_YEAR_DAYS), _relapses_within(s, _YEAR_DAYS)
        if half >= p.frequent_in_6_months or year >= p.frequent_in_12_months:
            consider_start(s, x, p, clocks, starts, Start.FREQUENT_RELAPSE)
        consider_start(s, x, p, clocks, starts, Start.RELAPSE)
    elif s.agent != NO_AGENT:
        s.agent_relapses += 1
        if s.agent_relapses >= agents[s.agent].fails_at_relapses:
            give_up_agent(s, x, p, clocks, tables, growth, agents, starts, log, count)
    elif s.latest_agent != NO_AGENT and clocks[DUE, Clock.AGENT_START] == math.inf:
        clocks[DUE, Clock.AGENT_START] = s.now + starts[s.rule][DELAY_DAYS]


@kernel
def review_agent(s, x, p, clocks, tables, growth, agents, starts, log, count):
    """At a visit: an agent that leaves urine at the level of relapse after its time has failed; or it is stopped."""
    _count_clear_urine(s, p)
    if s.latest_agent == NO_AGENT or clocks[DUE, Clock.AGENT_START] < math.inf:
        return
    failed = s.agents_failed >> s.latest_agent & 1 == 1
    without_steroid = s.belief == Belief.NEPHROTIC and s.treatment == Treatment.NONE
    waiting = s.belief == Belief.RESISTANT or without_steroid
    days = s.now - max(s.agent_since, s.ill_since)
    in_vain = s.high_readings >= p.relapse_readings and days >= agents[s.latest_agent].fails_after_days
    if (waiting and not failed and in_vain) or bladder_is_harmed(s, agents):
        give_up_agent(s, x, p, clocks, tables, growth, agents, starts, log, count)
    elif p.stop_by_clear_urine == 1 and s.agent != NO_AGENT and s.now - s.clear_since >= p.negative_days:
        stop_agent(s, x, p, clocks, tables, agents, log, count)


@kernel
def _count_clear_urine(s, p):
    """Since when the albumin/creatinine ratio has been negative; one stray reading does not count."""
    if s.uacr_read <= p.negative_mg_per_mg:
        s.unclear_readings = 0
        s.clear_since = min(s.clear_since, s.now)
        return
    s.unclear_readings += 1
    if s.unclear_readings > _STRAY_READINGS or s.belief != Belief.REMISSION:
        s.clear_since = math.inf


@kernel
def test_or_discharge(s, x, p, clocks, log, count):
    """After years of clear urine without treatment: provocation tests, and then the end of follow-up."""
    untreated = s.agent == NO_AGENT and s.dose_mg == 0.0 and s.belief == Belief.REMISSION
    if p.stop_by_clear_urine == 0 or s.discharged == 1 or not untreated or s.now - s.clear_since < p.normal_days:
        return
    if s.provocations < p.provocation_tests:
        s.provocations += 1
        s.provoked = s.now
        write_event(log, count, x, s, Event.PROVOCATION_TEST, float(s.provocations))
        open_exertion_window(s, x, p, clocks)
    elif s.uacr_read <= p.negative_mg_per_mg:
        s.discharged = 1
        write_event(log, count, x, s, Event.DISCHARGED, NO_VALUE)
