"""Dependence on withdrawal, as most sets define it: relapses on steroid, or soon after its last dose."""

from __future__ import annotations

from nephrosyn.criteria.codes import (
    DOSES,
    EPISODES,
    FEWER_ON_STEROID,
    GAPS,
    INTERVALS,
    NEVER,
    NEVER_IN_REMISSION,
    NO_STEROID_AT_ALL,
    NO_URINE,
    NOT_YET_IN_REMISSION,
    ON_STEROID_MAY_HIDE,
    RELAPSES_ON_STEROID,
    WITHDRAWAL_UNSEEN,
    answer,
)
from nephrosyn.criteria.record.episodes import AFTER, BEFORE, COUNTED, END, START, hidden_relapses
from nephrosyn.criteria.record.steroid_courses import (
    DOSE_FIRST,
    DOSE_LAST,
    has_schedule,
    last_day_of_treatment,
    on_steroid,
)
from nephrosyn.kernels.compile import entry, inline, kernel

OFF, ON, UNCOUNTED = 0, 1, 2


@kernel
def kind_of(episodes, i, doses, dose_count, schedules, days_before, off_days):
    """Whether relapse `i` came on steroid or soon after it, or does not count (in an unfinished taper)."""
    if episodes[i, COUNTED] == 0:
        return UNCOUNTED
    return ON if on_steroid(doses, dose_count, episodes[i, START], schedules, days_before, off_days) else OFF


@entry
def kinds_of(episodes, count, doses, dose_count, schedules, days_before, off_days, out):
    """Write the kind of each relapse, shape (relapses,)."""
    for i in range(1, count):
        out[i - 1] = kind_of(episodes, i, doses, dose_count, schedules, days_before, off_days)


@kernel
def hidden_on_steroid(gaps, gap_count, doses, count, rule):
    """Return how many relapses may hide in gaps that hold a day on steroid or soon after it, and the first such gap."""
    hidden, gap = 0, -1
    for g in range(gap_count):
        for k in range(count):
            first = doses[k, DOSE_FIRST] if has_schedule(doses, k, rule.schedules) else doses[k, DOSE_LAST]
            if first < gaps[g, AFTER] and doses[k, DOSE_LAST] + max(rule.off_days, 1) > gaps[g, BEFORE]:
                hidden += hidden_relapses(gaps, g, rule.max_gap_days)
                gap = g if gap < 0 else gap
                break
    return hidden, gap


@kernel
def absence_reason(episodes, doses, dose_count, end, resistant, off_days):
    """Reason for too few such relapses."""
    remission = episodes[0, END]
    if dose_count == 0:
        return NO_STEROID_AT_ALL
    if remission == NEVER:
        return NEVER_IN_REMISSION if resistant else NOT_YET_IN_REMISSION
    stopped = last_day_of_treatment(doses, dose_count, int(doses[0, DOSE_FIRST]))
    return WITHDRAWAL_UNSEEN if end <= stopped + off_days else FEWER_ON_STEROID


@inline
def evaluate_withdrawal(workspace, end, resistant, rule, out):
    """Write the answer of the clause; `resistant` says whether the resistance clause is met."""
    episodes, gaps, doses, counts = workspace.episodes, workspace.gaps, workspace.doses, workspace.counts
    needed, off_days = rule.dependent_relapses, rule.off_days
    in_row, most, latest = 0, 0, NEVER
    for i in range(1, counts[EPISODES]):
        kind = kind_of(episodes, i, doses, counts[DOSES], rule.schedules, rule.days_before, off_days)
        if kind == ON:
            in_row += 1
            most = max(most, in_row)
            latest = episodes[i, START]
        elif kind == OFF and rule.consecutive == 1:
            in_row = 0
        if most >= needed:
            answer(out, RELAPSES_ON_STEROID, latest, latest, most, needed, NEVER, NEVER, NEVER)
            return
    hidden, g = hidden_on_steroid(gaps, counts[GAPS], doses, counts[DOSES], rule)
    if counts[INTERVALS] == 0:
        answer(out, NO_URINE, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER)
    elif g >= 0 and most + hidden >= needed:
        answer(out, ON_STEROID_MAY_HIDE, NEVER, latest, most, needed, gaps[g, BEFORE], gaps[g, AFTER], hidden)
    else:
        reason = absence_reason(episodes, doses, counts[DOSES], end, resistant, off_days)
        answer(out, reason, NEVER, latest, most, needed, NEVER, NEVER, NEVER)
