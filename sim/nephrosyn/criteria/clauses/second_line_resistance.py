"""Resistance beyond steroid: to any treatment, to calcineurin inhibitors, or to drugs of several classes."""

from __future__ import annotations

from nephrosyn import vocabulary
from nephrosyn.criteria.clauses.resistance import copy, rank_of_episode
from nephrosyn.criteria.codes import (
    AGENT_FAILED,
    AGENT_RESPONSE,
    AGENT_TOO_SHORT,
    AGENTS_FAILED,
    AGENTS_GO_ON,
    COURSES,
    EPISODES,
    GIVEN_IN_REMISSION,
    INTERVALS,
    NEVER,
    NO_OTHER_AGENT,
    NO_TREATMENT,
    NO_URINE,
    NOT_GIVEN,
    NOT_SEEN_LONG_ENOUGH,
    REASON,
    REMISSION_IN_TIME,
    REMISSION_VAGUE,
    STILL_ILL_THEN,
    TOO_FEW_AGENTS,
    TREATED_TOO_LITTLE,
    TREATMENT_GOES_ON,
    answer,
)
from nephrosyn.criteria.record.episodes import END, LAST_DAY_NOT_IN_REMISSION, START
from nephrosyn.criteria.record.response import episode_on, response_from
from nephrosyn.criteria.record.steroid_courses import DOSE_FIRST, DOSE_LAST, STEROID
from nephrosyn.kernels.compile import inline, kernel

SINGLE = vocabulary.SCHEDULES.index("single")
CLASS_NAMES = tuple(dict.fromkeys(drug.drug_class for drug in vocabulary.DRUG_TABLE))
CLASS_OF = tuple(CLASS_NAMES.index(drug.drug_class) for drug in vocabulary.DRUG_TABLE)


@kernel
def last_day_of(row, prescribed, single_days):
    """Last day on which a row of doses counts as treatment."""
    if prescribed.schedule[row] == SINGLE:
        return int(prescribed.first[row]) + single_days - 1
    return int(prescribed.last[row])


@kernel
def verdict_by(due, response, without, met):
    """Reason by the day of response, and the last day seen before it without response, relative to the due day."""
    if response <= due:
        return AGENT_RESPONSE
    if without >= due:
        return met
    return REMISSION_VAGUE if response < NEVER else NOT_SEEN_LONG_ENOUGH


@inline
def treatment_answer(workspace, first, last, end, rule):
    """Write to `scratch` whether one treatment with a calcineurin inhibitor failed, from its first to its last day."""
    row = workspace.scratch[0]
    due = first + rule.calcineurin_days
    i = episode_on(workspace.episodes, workspace.counts[EPISODES], first)
    if i < 0:
        answer(row, GIVEN_IN_REMISSION, NEVER, first, due, NEVER, NEVER, last, NEVER)
        return
    response, without = response_from(workspace, i, first, rule.calcineurin_response, rule)
    reason = verdict_by(due, response, without, AGENT_FAILED)
    if reason != AGENT_RESPONSE and last < due - 1:
        reason = NOT_SEEN_LONG_ENOUGH if last >= end else AGENT_TOO_SHORT
    day = due if reason == AGENT_FAILED else NEVER
    answer(row, reason, day, first, due, without, response, last, NEVER)


@kernel
def rank_of_treatment(reason):
    """Rank the answers of several treatments; one given in remission counts least of those not met."""
    return 2 * rank_of_episode(reason) - (1 if reason == GIVEN_IN_REMISSION else 0)


@inline
def evaluate_calcineurin(workspace, first_row, stop_row, prescribed, end, rule, out):
    """Write the answer of the clause: a treatment given in an episode, long enough, without response."""
    row, episodes, counts = workspace.scratch[0], workspace.episodes, workspace.counts
    first, last = NEVER, NEVER
    answer(out, NOT_GIVEN, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER)
    treatments = 0
    for r in range(first_row, stop_row + 1):
        here = r < stop_row and prescribed.first[r] <= end
        if here and rule.calcineurin_drugs >> int(prescribed.drug[r]) & 1 == 0:
            continue
        if here and first < NEVER and prescribed.first[r] <= last + rule.break_days:
            last = max(last, last_day_of(r, prescribed, rule.single_days))
            continue
        if first < NEVER:
            # The treatment itself, then each relapse that begins in it, if the set evaluates them.
            for i in range(counts[EPISODES] if rule.calcineurin_relapses == 1 else 1):
                since = first if i == 0 else episodes[i, START]
                if not first <= since <= last or (i > 0 and since == first):
                    continue
                treatment_answer(workspace, since, min(last, end), end, rule)
                if treatments == 0 or rank_of_treatment(row[REASON]) > rank_of_treatment(out[REASON]):
                    copy(row, out)
                treatments += 1
            first = NEVER
        if here:
            first, last = int(prescribed.first[r]), last_day_of(r, prescribed, rule.single_days)
    if counts[INTERVALS] == 0 and treatments > 0:
        out[REASON] = NO_URINE


@kernel
def day_treated(needed, kind, since, until, first_row, stop_row, prescribed, single_days):
    """Day of [since, until] on which treatment with a class of drugs (-1: with any but steroid) reaches some days."""
    total, covered = 0, since - 1
    for r in range(first_row, stop_row):
        if prescribed.drug[r] == STEROID or (kind >= 0 and CLASS_OF[prescribed.drug[r]] != kind):
            continue
        first = max(int(prescribed.first[r]), covered + 1)
        last = min(last_day_of(r, prescribed, single_days), until)
        if last < first:
            continue
        if total + last - first + 1 >= needed:
            return first + needed - total - 1
        total += last - first + 1
        covered = last
    return NEVER


@kernel
def day_of_classes(rule, since, until, first_row, stop_row, prescribed):
    """Day by which enough classes have each been given for long enough."""
    needed, single_days, day = rule.multidrug_each_days, rule.single_days, NEVER
    for kind in range(len(CLASS_NAMES)):
        reached = day_treated(needed, kind, since, until, first_row, stop_row, prescribed, single_days)
        if reached == NEVER:
            continue
        classes = 0
        for any_class in range(len(CLASS_NAMES)):
            if day_treated(needed, any_class, since, until, first_row, stop_row, prescribed, single_days) <= reached:
                classes += 1
        if classes >= rule.multidrug_classes:
            day = min(day, reached)
    return day


@inline
def multidrug_answer(workspace, i, first_row, stop_row, prescribed, end, rule):
    """Write to `scratch` whether drugs of several classes failed in an episode."""
    episodes = workspace.episodes
    row = workspace.scratch[0]
    since, until, single_days = episodes[i, START], min(episodes[i, END], end), rule.single_days
    begun = day_treated(1, -1, since, until, first_row, stop_row, prescribed, single_days)
    due = NEVER
    if begun < NEVER:
        months = day_treated(rule.multidrug_days, -1, since, until, first_row, stop_row, prescribed, single_days)
        due = max(months, day_of_classes(rule, since, until, first_row, stop_row, prescribed))
    if due == NEVER:
        goes_on = day_treated(1, -1, end, end, first_row, stop_row, prescribed, single_days)
        reason = AGENTS_GO_ON if episodes[i, END] > end and goes_on == end else TOO_FEW_AGENTS
        answer(row, reason, NEVER, begun, NEVER, NEVER, NEVER, NEVER, NEVER)
        return
    response, without = response_from(workspace, i, begun, rule.multidrug_response, rule)
    reason = verdict_by(due, response, without, AGENTS_FAILED)
    day = due if reason == AGENTS_FAILED else NEVER
    answer(row, reason, day, begun, due, without, response, NEVER, NEVER)


@inline
def evaluate_multidrug(workspace, first_row, stop_row, prescribed, end, rule, out):
    """Write the answer of the clause: months of treatment with several classes in one episode, without response."""
    row, counts = workspace.scratch[0], workspace.counts
    for i in range(counts[EPISODES]):
        multidrug_answer(workspace, i, first_row, stop_row, prescribed, end, rule)
        if i == 0 or rank_of_episode(row[REASON]) > rank_of_episode(out[REASON]):
            copy(row, out)
    if counts[INTERVALS] == 0 and out[REASON] != TOO_FEW_AGENTS:
        out[REASON] = NO_URINE


@kernel
def day_adequate(needed, courses, count, since, until):
    """Day of [since, until] on which adequate steroid reaches some days; NEVER if it does not."""
    total = 0
    for k in range(count):
        first, last = max(courses[k, DOSE_FIRST], since), min(courses[k, DOSE_LAST], until)
        if last < first:
            continue
        if total + last - first + 1 >= needed:
            return first + needed - total - 1
        total += last - first + 1
    return NEVER


@inline
def day_complete(workspace, i, first_row, stop_row, prescribed, end, rule):
    """Day by which an episode has been treated as persistence requires, or NEVER; its start if nothing is required."""
    since, until = workspace.episodes[i, START], min(workspace.episodes[i, END], end)
    day = since
    if rule.persists_agent_days > 0:
        day = max(
            day,
            day_treated(rule.persists_agent_days, -1, since, until, first_row, stop_row, prescribed, rule.single_days),
        )
    if rule.persists_adequate_days > 0:
        courses, count = workspace.courses, workspace.counts[COURSES]
        day = max(day, day_adequate(rule.persists_adequate_days, courses, count, since, until))
    return day


@inline
def why_incomplete(workspace, i, first_row, stop_row, prescribed, end, rule):
    """Reason for an episode treated less than persistence requires: whether what falls short goes on at the end."""
    since, remission = workspace.episodes[i, START], workspace.episodes[i, END]
    until, single_days = min(remission, end), rule.single_days
    courses, count = workspace.courses, workspace.counts[COURSES]
    goes_on = remission == NEVER
    agents = rule.persists_agent_days
    if agents > 0 and day_treated(agents, -1, since, until, first_row, stop_row, prescribed, single_days) == NEVER:
        goes_on = goes_on and day_treated(1, -1, end, end, first_row, stop_row, prescribed, single_days) == end
    adequate = rule.persists_adequate_days
    if adequate > 0 and day_adequate(adequate, courses, count, since, until) == NEVER:
        goes_on = goes_on and day_adequate(1, courses, count, end, end) == end
    if goes_on:
        return TREATMENT_GOES_ON
    if agents > 0 and day_treated(1, -1, since, until, first_row, stop_row, prescribed, single_days) == NEVER:
        return NO_OTHER_AGENT
    return TREATED_TOO_LITTLE


@inline
def evaluate_persistence(workspace, first_row, stop_row, prescribed, end, rule, out):
    """Write the answer of the clause: no response a number of days after treatment with any drug began."""
    episodes, counts = workspace.episodes, workspace.counts
    row = workspace.scratch[0]
    for i in range(counts[EPISODES] if rule.persists_in_any == 1 else 1):
        start, remission = episodes[i, START], episodes[i, END]
        first = NEVER
        for r in range(first_row, stop_row):
            if prescribed.last[r] < start or prescribed.first[r] > end or prescribed.first[r] >= remission:
                continue
            first = min(first, max(int(prescribed.first[r]), start))
        if first == NEVER:
            answer(
                row, NO_TREATMENT, NEVER, NEVER, NEVER, episodes[i, LAST_DAY_NOT_IN_REMISSION], remission, NEVER, NEVER
            )
        else:
            due = first + rule.persistence_days
            response, without = response_from(workspace, i, first, rule.persistence_response, rule)
            reason = verdict_by(due, response, without, STILL_ILL_THEN)
            if reason == STILL_ILL_THEN:
                complete = day_complete(workspace, i, first_row, stop_row, prescribed, end, rule)
                if complete < NEVER:
                    due = max(due, complete)
                    reason = verdict_by(due, response, without, STILL_ILL_THEN)
                else:
                    reason = why_incomplete(workspace, i, first_row, stop_row, prescribed, end, rule)
            if reason == AGENT_RESPONSE:
                reason = REMISSION_IN_TIME
            day = due if reason == STILL_ILL_THEN else NEVER
            answer(row, reason, day, first, due, without, response, NEVER, NEVER)
        if i == 0 or rank_of_episode(row[REASON]) > rank_of_episode(out[REASON]):
            copy(row, out)
    if counts[INTERVALS] == 0:
        out[REASON] = NO_URINE
