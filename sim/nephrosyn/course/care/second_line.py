"""Second-line care: when second agents are started, which, and when they are stopped or replaced.

A start rule is a row of numbers: the event it waits for, the number of the relapse, the delay, the lesions, the overlap
with steroid, whether steroid is withdrawn, the least proteinuria, and the entries of its sequence to try in turn (0
after the last). An entry is a bit mask over regimens: those of one entry are given together.
"""

from __future__ import annotations

import math

from nephrosyn.course.care.second_agents import (
    cystitis_is_noted,
    known_against,
    may_be_given,
    may_be_given_from,
    start_agent,
    stop_agent,
    stop_agents,
)
from nephrosyn.course.care.steroid import (
    WITHDRAWN_BY_RULE,
    WITHDRAWN_UNDER_REGIMEN,
    withdraw_if_sooner,
)
from nephrosyn.course.disease.triggers import open_exertion_window
from nephrosyn.course.state.codes import Drug, Event, Start
from nephrosyn.course.state.events import NO_VALUE, write_event
from nephrosyn.course.state.state import DUE, RELAPSES_KEPT, Assessment, Clock, Plan, Treatment
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.vocabulary import LESIONS

WHEN, NUMBER, DELAY_DAYS, LESION_MASK, OVERLAP_DAYS, WITHDRAW, ABOVE, FIRST_ENTRY = 0, 1, 2, 3, 4, 5, 6, 7
NO_RULE = -1
UNKNOWN_LESION = len(LESIONS)


@inline
def _lesion_known(state, traits):
    """Lesion that the clinic knows."""
    return traits.lesion if state.biopsied == 1 else UNKNOWN_LESION


@inline
def _in_remission(state):
    return state.assessment == Assessment.REMISSION or state.assessment == Assessment.PARTIAL


@inline
def _waits_for_remission(when):
    """Whether a rule is for disease that does not remit: it is dropped if remission comes before the first dose."""
    return (
        when == Start.SLOW_RESPONSE
        or when == Start.CONSERVATIVE
        or when == Start.RESISTANCE
        or when == Start.INTOLERANCE
    )


@inline
def lesion_bit(state, traits):
    """Bit of the lesion that the clinic knows, or of an unknown one."""
    return 1 << _lesion_known(state, traits)


@kernel
def consider_start(state, traits, params, clocks, starts, when):
    """Follow the first rule that waits for this event and fits the patient, if none is followed yet.

    A rule of which nothing may be given is not followed again until the known contraindications change.
    """
    if state.rule != NO_RULE:
        return
    if state.rules_used_up != 0 and known_against(state) != state.against_when_used_up:
        state.rules_used_up = 0
    for r in range(params.first_start, params.last_start):
        row = starts[r]
        if int(row[WHEN]) != when or int(row[LESION_MASK]) >> _lesion_known(state, traits) & 1 == 0:
            continue
        if when == Start.RELAPSE and state.relapses_declared < row[NUMBER]:
            continue
        if state.upcr_read < row[ABOVE] or state.rules_used_up >> int(r - params.first_start) & 1 == 1:
            continue
        state.rule = r
        state.place = 0
        state.entry = 0
        _plan_start(state, clocks, Plan.FIRST, state.now + row[DELAY_DAYS])
        return


@kernel
def _plan_start(state, clocks, plan, when):
    state.plan = plan
    clocks[DUE, Clock.AGENT_START] = when


@kernel
def _drop_rule(state, clocks):
    state.rule = NO_RULE
    state.entry = 0
    clocks[DUE, Clock.AGENT_START] = math.inf


@kernel
def turn_to_resistance(state, traits, params, clocks, starts):
    """Follow the rule for resistance instead of one for relapses: what prevents relapse does not bring remission."""
    if state.rule == NO_RULE:
        return
    when = int(starts[state.rule][WHEN])
    if when != Start.RELAPSE and when != Start.FREQUENT_RELAPSE and when != Start.DEPENDENCE:
        return
    rule, place, entry, due = state.rule, state.place, state.entry, clocks[DUE, Clock.AGENT_START]
    state.rule = NO_RULE
    consider_start(state, traits, params, clocks, starts, Start.RESISTANCE)
    if state.rule == NO_RULE:
        state.rule, state.place, state.entry = rule, place, entry
        clocks[DUE, Clock.AGENT_START] = due
    else:
        state.steroid_held_until = state.now
        state.withdraw_steroid = 0


@kernel
def drop_rule_of_intolerance(state, clocks, starts):
    """Drop a planned agent in place of steroid: the contraindication has been treated, and steroid is given."""
    planned = state.rule != NO_RULE and state.entry == 0 and clocks[DUE, Clock.AGENT_START] < math.inf
    if planned and int(starts[state.rule][WHEN]) == Start.INTOLERANCE:
        _drop_rule(state, clocks)


@inline
def _waits_for_steroid(state, when):
    """Whether an agent that is to prevent relapses waits until steroid has brought remission."""
    prevents = when == Start.RELAPSE or when == Start.FREQUENT_RELAPSE or when == Start.DEPENDENCE
    return prevents and state.assessment == Assessment.NEPHROTIC and state.treatment == Treatment.FULL_DOSE


@kernel
def begin_planned_agents(state, traits, params, clocks, prepared, log):
    """Start the agents of a rule after their delay, if they are still needed and the patient accepts them."""
    clocks[DUE, Clock.AGENT_START] = math.inf
    row = prepared.starts[state.rule]
    if state.plan == Plan.FIRST and _waits_for_remission(int(row[WHEN])):
        if _in_remission(state):
            _drop_rule(state, clocks)
            return
        if state.upcr_read < row[ABOVE]:
            clocks[DUE, Clock.AGENT_START] = state.now + params.review_days
            return
    if _waits_for_steroid(state, int(row[WHEN])):
        clocks[DUE, Clock.AGENT_START] = state.now + params.visit_full_dose_days
        return
    if state.plan == Plan.IF_NEEDED and _in_remission(state) and state.dose_mg == 0.0:
        return
    if traits.reluctant == 1 and state.accepts_agents == 0:
        if state.refused == math.inf:
            state.refused = state.now
            write_event(log, traits, state, Event.AGENT_REFUSED, NO_VALUE)
        if state.now < state.refused + params.accepted_after_days:
            if not _waits_for_remission(int(row[WHEN])):
                state.plan = Plan.IF_NEEDED
            clocks[DUE, Clock.AGENT_START] = state.refused + params.accepted_after_days
            return
        state.accepts_agents = 1
    _start_next(state, traits, params, clocks, prepared, log)


@kernel
def _startable(state, traits, params, agents, entry):
    """The regimens of an entry that may be given; none if they have all failed."""
    mask = 0
    for k in range(params.agents):
        if entry >> k & 1 == 1 and may_be_given(state, traits, params, agents, k):
            mask |= 1 << k
    return mask if mask & ~state.agents_failed != 0 else 0


@kernel
def _start_next(state, traits, params, clocks, prepared, log):
    """Start the next entry of the sequence of which something may be given; after the last, look from the first again.

    What is given already and not part of it is stopped. If nothing may be given, the rule is followed no longer.
    """
    row = prepared.starts[state.rule]
    entries = 0
    while FIRST_ENTRY + entries < len(row) and row[FIRST_ENTRY + entries] > 0.0:
        entries += 1
    for _ in range(entries):
        mask = _startable(state, traits, params, prepared.agents, int(row[FIRST_ENTRY + state.place]))
        if mask != 0:
            when = _may_start_from(state, params, prepared.agents, mask)
            if when > state.now:
                clocks[DUE, Clock.AGENT_START] = when
            else:
                _start_entry(state, traits, params, clocks, prepared, log, mask)
            return
        state.place = (state.place + 1) % entries
    state.rules_used_up |= 1 << int(state.rule - params.first_start)
    state.against_when_used_up = known_against(state)
    stop_agents(state, traits, params, clocks, prepared, log, state.agents_given)
    _drop_rule(state, clocks)


@kernel
def _may_start_from(state, params, agents, mask):
    """Time from which an entry may start: after the pauses for toxicity and infection, and between courses."""
    when = max(
        state.not_tolerated + params.wait_after_toxicity_days,
        state.serious_infection_treated + params.wait_after_infection_days,
    )
    for k in range(params.agents):
        if mask >> k & 1 == 1:
            when = max(when, may_be_given_from(state, params, agents, k))
    return when


@kernel
def _start_entry(state, traits, params, clocks, prepared, log, mask):
    """Start the regimens of an entry together; steroid overlaps with them."""
    stop_agents(state, traits, params, clocks, prepared, log, state.agents_given & ~mask)
    if mask & state.agents_in_effect == 0:
        state.entry_relapses = 0
    state.entry = mask
    state.entry_since = state.now
    state.entry_upcr = state.upcr_read
    row = prepared.starts[state.rule]
    withdraw = WITHDRAWN_BY_RULE if row[WITHDRAW] == 1.0 else 0
    for k in range(params.agents):
        if mask >> k & 1 == 1:
            if withdraw == 0 and prepared.agents[k].withdraw_steroid == 1:
                withdraw = WITHDRAWN_UNDER_REGIMEN
            if state.agents_given >> k & 1 == 0:
                start_agent(state, traits, params, clocks, prepared, log, k)
    _overlap(state, params, clocks, prepared.steps, row[OVERLAP_DAYS], withdraw)


@kernel
def _overlap(state, params, clocks, steps, days, withdraw):
    """Keep steroid during the overlap: held, and then tapered as planned, or tapered, and then withdrawn."""
    state.steroid_held_until = state.now + days
    state.withdraw_steroid = withdraw
    if state.treatment != Treatment.TAPER:
        return
    if withdraw == WITHDRAWN_BY_RULE:
        clocks[DUE, Clock.DOSE_STEP] = min(clocks[DUE, Clock.DOSE_STEP], state.steroid_held_until)
    elif withdraw == WITHDRAWN_UNDER_REGIMEN:
        withdraw_if_sooner(state, params, clocks, steps)


@kernel
def _replace(state, traits, params, clocks, prepared, log):
    """Replace the latest entry, which has failed, by the next of the sequence that may be given."""
    for k in range(params.agents):
        if state.entry >> k & 1 == 1:
            state.agents_failed |= 1 << k
            write_event(log, traits, state, Event.AGENT_FAILED, float(prepared.agents[k].drug))
    state.entry = 0
    _plan_start(state, clocks, Plan.NEXT, math.inf)
    _start_next(state, traits, params, clocks, prepared, log)
    if clocks[DUE, Clock.AGENT_START] < math.inf:
        stop_agents(state, traits, params, clocks, prepared, log, state.agents_given)


@kernel
def stop_for_toxicity(state, traits, params, clocks, prepared, log, k):
    """Stop regimen k for good because of an adverse event; what is given with it goes on.

    If nothing is left, the next of the sequence waits until the adverse event is over, and for the next relapse if the
    patient is in remission without steroid.
    """
    state.agents_not_tolerated |= 1 << k
    state.not_tolerated = state.now
    stop_agent(state, traits, params, clocks, prepared, log, k)
    state.entry &= ~(1 << k)
    if state.entry & (state.agents_given | state.agents_in_effect) == 0:
        state.entry = 0
        _plan_start(state, clocks, Plan.IF_NEEDED, state.now + params.wait_after_toxicity_days)


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
    """Whether, at a relapse just declared, the patient needs the long course of steroid for frequent relapses.

    That is in dependence or frequent relapse, unless steroid is withdrawn under a second agent.
    """
    if state.agents_given != 0 and state.withdraw_steroid != 0:
        return False
    return _is_dependent(state, params) or _relapses_frequently(state, params)


@kernel
def respond_to_relapse(state, traits, params, clocks, prepared, log):
    """Respond to a declared relapse: count it, and start, continue or replace second agents.

    A relapse during the overlap, while an agent is built up, does not count against it.
    """
    state.relapse_times[state.relapses_declared % RELAPSES_KEPT] = state.now
    state.relapses_declared += 1
    state.discharged = 0
    state.provocations = 0
    on_steroid = state.dose_mg > 0.0 or state.now - state.steroid_ended <= params.dependence_within_days
    state.relapses_on_steroid = state.relapses_on_steroid + 1 if on_steroid else 0
    if state.refused < math.inf and params.accepted_at_next_relapse == 1:
        state.accepts_agents = 1
    waiting = clocks[DUE, Clock.AGENT_START] < math.inf
    if state.rule != NO_RULE and waiting and state.plan == Plan.FIRST:
        when = int(prepared.starts[state.rule][WHEN])
        if _waits_for_remission(when):
            _drop_rule(state, clocks)
    if state.rule == NO_RULE:
        if _is_dependent(state, params):
            consider_start(state, traits, params, clocks, prepared.starts, Start.DEPENDENCE)
        if _relapses_frequently(state, params):
            consider_start(state, traits, params, clocks, prepared.starts, Start.FREQUENT_RELAPSE)
        consider_start(state, traits, params, clocks, prepared.starts, Start.RELAPSE)
        return
    in_effect = state.entry & (state.agents_given | state.agents_in_effect) != 0
    if in_effect and state.now >= state.steroid_held_until:
        state.entry_relapses += 1
        if state.entry_relapses >= _fails_at_relapses(state, params, prepared.agents):
            _replace(state, traits, params, clocks, prepared, log)
            return
    if state.agents_given == 0 and (not waiting or state.plan == Plan.IF_NEEDED):
        accepts = traits.reluctant == 0 or state.accepts_agents == 1
        if not waiting or accepts:
            plan = Plan.IF_NEEDED if in_effect else Plan.NEXT
            _plan_start(state, clocks, plan, state.now + prepared.starts[state.rule][DELAY_DAYS])


@kernel
def _fails_at_relapses(state, params, agents):
    """Number of relapses at which the latest entry has failed."""
    relapses = 0
    for k in range(params.agents):
        if state.entry >> k & 1 == 1:
            relapses = max(relapses, agents[k].fails_at_relapses)
    return relapses


@kernel
def _days_to_fail(state, traits, params, agents):
    """Days after which the latest entry has failed in disease that does not remit; slow lesions are given longer."""
    days = 0.0
    for k in range(params.agents):
        if state.entry >> k & 1 == 1:
            days = max(days, agents[k].fails_after_days)
    return days * params.fails_after_factor[_lesion_known(state, traits)]


@kernel
def _in_effect_until(state, params):
    """When the effect of the latest entry ends (inf while it is given)."""
    until = 0.0
    for k in range(params.agents):
        if state.entry >> k & 1 == 1:
            until = max(until, state.effect_until[k])
    return until


@kernel
def _review_without_remission(state, traits, params, clocks, prepared, log):
    """Review the latest entry in disease that does not remit, once it has had its time.

    It has failed if urine is in the range of relapse and not clearly better than at the start, unless that comes after
    its effect has ended. Then another course follows.
    """
    since = max(state.entry_since, state.nephrotic_since)
    allowed_until = since + _days_to_fail(state, traits, params, prepared.agents)
    if state.high_readings < params.relapse_readings or state.now < allowed_until:
        return
    before = state.entry_upcr if state.entry_since >= state.nephrotic_since else state.episode_first_reading
    until = _in_effect_until(state, params)
    ended = until <= state.now
    if state.upcr_read > params.improving_fraction * before and not (ended and until >= allowed_until):
        _replace(state, traits, params, clocks, prepared, log)
    elif ended:
        _plan_start(state, clocks, Plan.IF_NEEDED, state.now)


@kernel
def review_agents(state, traits, params, clocks, prepared, log):
    """Review second agents at a visit: replace them if they have failed, or stop them after long clear urine."""
    if state.agents_given != 0 and cystitis_is_noted(state):
        for k in range(params.agents):
            if state.agents_given >> k & 1 == 1 and prepared.agents[k].drug == Drug.CYCLOPHOSPHAMIDE:
                stop_for_toxicity(state, traits, params, clocks, prepared, log, k)
    if state.entry == 0 or clocks[DUE, Clock.AGENT_START] < math.inf or state.genetic_found == 1:
        return
    without_steroid = state.assessment == Assessment.NEPHROTIC and state.treatment == Treatment.NONE
    if state.assessment == Assessment.RESISTANT or without_steroid:
        _review_without_remission(state, traits, params, clocks, prepared, log)
    elif params.stop_by_clear_urine == 1 and state.now - state.clear_since >= params.negative_days:
        stop_agents(state, traits, params, clocks, prepared, log, state.agents_given)


@kernel
def count_clear_urine(state, params):
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
    untreated = state.agents_given == 0 and state.dose_mg == 0.0 and state.assessment == Assessment.REMISSION
    if state.discharged == 1 or not untreated or state.now - state.clear_since < params.normal_days:
        return
    if state.provocations < params.provocation_tests:
        state.provocations += 1
        state.provoked = state.now
        write_event(log, traits, state, Event.PROVOCATION_TEST, float(state.provocations))
        open_exertion_window(state, traits, params, clocks)
    elif state.uacr_read <= params.negative_mg_per_mg:
        state.discharged = 1
        write_event(log, traits, state, Event.DISCHARGED, NO_VALUE)
