"""Dependence: a relapse in the taper, above the maintenance dose, that a higher dose clears again."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn.compiling import kernel
from nephrosyn.criteria.episodes import AFTER, BEFORE, END, LAST_ILL, START
from nephrosyn.criteria.reasons import (
    DAY,
    MARKS,
    MET,
    NEVER,
    NEVER_IN_REMISSION,
    NO_DAY,
    NO_HIGH_DOSE,
    NO_SUCH_RELAPSE,
    NO_URINE,
    NOT_MET,
    NOT_YET_IN_REMISSION,
    RAISE_PENDING,
    REASON,
    REDUCTION_VAGUE,
    RELAPSE_IN_TAPER,
    RELAPSE_MAY_HIDE,
    REMISSION_AGAIN_VAGUE,
    STATUS,
    TAPER_UNFINISHED,
    UNKNOWN,
)
from nephrosyn.criteria.resistance import copy
from nephrosyn.criteria.steroid import FIRST, LAST, MEAN, SLACK, above_maintenance, is_step_down, run_on


@kernel
def say(row, status, reason, day, remission, reduced, relapse, raised, again, last_ill):
    """Write an answer with its marks."""
    row[STATUS] = status
    row[REASON] = reason
    row[DAY] = day
    row[MARKS] = remission
    row[MARKS + 1] = reduced
    row[MARKS + 2] = relapse
    row[MARKS + 3] = raised
    row[MARKS + 4] = again
    row[MARKS + 5] = last_ill


@kernel
def dose_at(doses, count, relapse):
    """Return the run whose dose the patient relapsed on: the lower of that day and the day before; -1 if none.

    A visit that finds the relapse raises the dose the same day, so that day's dose may be the answer already.
    """
    today = run_on(doses, count, relapse)
    eve = run_on(doses, count, relapse - 1)
    if today < 0 or eve < 0:
        return -1
    return today if doses[today, MEAN] <= doses[eve, MEAN] else eve


@kernel
def last_reduction(doses, at, since, until):
    """Latest day of (since, until] on which the dose stepped down, in the treatment that run `at` belongs to."""
    k = at
    while k > 0 and doses[k, FIRST] == doses[k - 1, LAST] + 1:
        if doses[k, FIRST] <= since:
            break
        if doses[k, FIRST] <= until and is_step_down(doses, k):
            return int(doses[k, FIRST])
        k -= 1
    return NO_DAY


@kernel
def day_raised(doses, count, at, relapse, until):
    """First day of [relapse, until] on a dose above that of run `at`, or NEVER."""
    for k in range(count):
        first = max(int(doses[k, FIRST]), relapse)
        if first > until:
            break
        higher = doses[k, MEAN] > doses[at, MEAN] * (1.0 + SLACK)
        if higher and doses[k, LAST] >= relapse:
            return first
    return NEVER


@kernel
def judge_relapse(episodes, i, doses, count, end, raise_within, effective_within, row):
    """Judge relapse `i`; NOT_MET says that it is none of this kind."""
    relapse, again, last_ill = episodes[i, START], episodes[i, END], episodes[i, LAST_ILL]
    remission = episodes[i - 1, END]
    row[STATUS] = NOT_MET
    at = dose_at(doses, count, relapse)
    if at < 0 or not above_maintenance(doses, at):
        return
    reduced = last_reduction(doses, at, episodes[i - 1, LAST_ILL], relapse)
    if reduced == NO_DAY:
        return
    limit = relapse + raise_within
    raised = day_raised(doses, count, at, relapse, limit)
    judged = raised + effective_within
    if raised < NEVER:
        if again <= raised or last_ill >= judged:
            return
    elif again < NEVER or end >= limit:
        return
    if reduced < remission:
        say(row, UNKNOWN, REDUCTION_VAGUE, NEVER, remission, reduced, relapse, raised, again, last_ill)
    elif raised == NEVER or again == NEVER:
        say(row, UNKNOWN, RAISE_PENDING, NEVER, remission, reduced, relapse, raised, again, last_ill)
    elif again > judged:
        say(row, UNKNOWN, REMISSION_AGAIN_VAGUE, NEVER, remission, reduced, relapse, raised, again, last_ill)
    else:
        say(row, MET, RELAPSE_IN_TAPER, again, remission, reduced, relapse, raised, again, last_ill)


@kernel
def taper_finished(doses, count, remission, end):
    """Whether, from the first remission on, some day's dose was the maintenance dose or less."""
    covered = remission
    for k in range(count):
        if doses[k, LAST] < remission:
            continue
        if doses[k, FIRST] > covered or not above_maintenance(doses, k):
            return True
        covered = int(doses[k, LAST]) + 1
    return covered <= end


@kernel
def gap_above_maintenance(gaps, gap_count, doses, count):
    """Return a gap that meets a day above the maintenance dose, or -1."""
    for g in range(gap_count):
        for k in range(count):
            meets = doses[k, FIRST] <= gaps[g, AFTER] and doses[k, LAST] >= gaps[g, BEFORE]
            if meets and above_maintenance(doses, k):
                return g
    return -1


@kernel
def judge_absence(episodes, episode_count, gaps, gap_count, doses, count, end, resistant, out):
    """Write the answer when no relapse is, or may be, of this kind."""
    remission = episodes[0, END]
    high = False
    for k in range(count):
        high = high or above_maintenance(doses, k)
    g = gap_above_maintenance(gaps, gap_count, doses, count)
    if not high:
        say(out, UNKNOWN, NO_HIGH_DOSE, NEVER, remission, NEVER, NEVER, NEVER, NEVER, NEVER)
    elif g >= 0:
        say(out, UNKNOWN, RELAPSE_MAY_HIDE, NEVER, remission, NEVER, NEVER, NEVER, gaps[g, AFTER], gaps[g, BEFORE])
    elif remission == NEVER:
        reason = NEVER_IN_REMISSION if resistant == MET else NOT_YET_IN_REMISSION
        status = NOT_MET if resistant == MET else UNKNOWN
        say(out, status, reason, NEVER, remission, NEVER, NEVER, NEVER, NEVER, NEVER)
    elif not taper_finished(doses, count, remission, end):
        say(out, UNKNOWN, TAPER_UNFINISHED, NEVER, remission, NEVER, NEVER, NEVER, NEVER, NEVER)
    else:
        latest = episodes[episode_count - 1, START]
        say(out, NOT_MET, NO_SUCH_RELAPSE, NEVER, remission, NEVER, latest, NEVER, NEVER, NEVER)


@kernel
def judge_dependence(sheet, counts, end, resistant, needed, raise_within, effective_within, out):
    """Write the answer of the clause; `resistant` is the status of the resistance clause."""
    stretch_count, episode_count, gap_count, dose_count, _courses = counts
    episodes, doses = sheet.episodes, sheet.doses
    row, open_row = sheet.scratch[0], sheet.scratch[1]
    met = 0
    possible = 0
    for i in range(1, episode_count):
        judge_relapse(episodes, i, doses, dose_count, end, raise_within, effective_within, row)
        if row[STATUS] == MET:
            met += 1
            if met == needed:
                copy(row, out)
                return
        elif row[STATUS] == UNKNOWN:
            if possible == 0:
                copy(row, open_row)
            possible += 1
    if stretch_count == 0:
        say(out, UNKNOWN, NO_URINE, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER)
    elif possible > 0 and met + possible >= needed:
        copy(open_row, out)
    else:
        judge_absence(episodes, episode_count, sheet.gaps, gap_count, doses, dose_count, end, resistant, out)
