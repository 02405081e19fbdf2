"""Dependence: a relapse in the taper, above the maintenance dose, that a higher dose clears again."""

from __future__ import annotations

from nephrosyn.criteria.clauses.resistance import copy
from nephrosyn.criteria.codes import (
    ARGUMENTS,
    AT_MAINTENANCE,
    CLEARED_BEFORE,
    COUNTS,
    DAY,
    DOSES,
    EPISODES,
    FIRST_UNKNOWN,
    FLARES,
    GAPS,
    IN_UNFINISHED_TAPER,
    INTERVALS,
    NEVER,
    NEVER_IN_REMISSION,
    NO_DAY,
    NO_HIGH_DOSE,
    NO_SUCH_RELAPSE,
    NO_URINE,
    NOT_CLEARED_IN_TIME,
    NOT_RAISED,
    NOT_REDUCED,
    NOT_YET_IN_REMISSION,
    OFF_STEROID,
    RAISE_PENDING,
    REASON,
    REDUCTION_VAGUE,
    RELAPSE_IN_TAPER,
    RELAPSE_MAY_HIDE,
    REMISSION_AGAIN_VAGUE,
    TAPER_UNFINISHED,
    answer,
)
from nephrosyn.criteria.record.episodes import AFTER, BEFORE, COUNTED, END, LAST_DAY_NOT_IN_REMISSION, START
from nephrosyn.criteria.record.steroid_courses import (
    DOSE_FIRST,
    DOSE_LAST,
    MEAN,
    SLACK,
    above_maintenance,
    is_step_down,
    run_on,
)
from nephrosyn.kernels.compile import entry, inline, kernel


@kernel
def dose_at(doses, count, relapse):
    """Return the run on whose dose the patient relapsed: the lower dose of that day and the day before; -1 if none.

    The visit that finds the relapse may raise the dose on the same day.
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
    while k > 0 and doses[k, DOSE_FIRST] == doses[k - 1, DOSE_LAST] + 1:
        if doses[k, DOSE_FIRST] <= since:
            break
        if doses[k, DOSE_FIRST] <= until and is_step_down(doses, k):
            return int(doses[k, DOSE_FIRST])
        k -= 1
    return NO_DAY


@kernel
def day_raised(doses, count, at, relapse, until):
    """First day of [relapse, until] on a dose above that of run `at`, or NEVER."""
    for k in range(count):
        first = max(int(doses[k, DOSE_FIRST]), relapse)
        if first > until:
            break
        higher = doses[k, MEAN] > doses[at, MEAN] * (1.0 + SLACK)
        if higher and doses[k, DOSE_LAST] >= relapse:
            return first
    return NEVER


@kernel
def relapse_reason(
    relapse, remission, reduced, raised, again, last_day_not_in_remission, end, raise_within, effective_within
):
    """Reason for a relapse above the maintenance dose after a reduction; NO_SUCH_RELAPSE if it does not count."""
    if raised == NEVER:
        if again < NEVER or end >= relapse + raise_within:
            return NO_SUCH_RELAPSE
    elif again <= raised or last_day_not_in_remission >= raised + effective_within:
        return NO_SUCH_RELAPSE
    if reduced < remission:
        return REDUCTION_VAGUE
    if again == NEVER:
        return RAISE_PENDING
    return RELAPSE_IN_TAPER if again <= raised + effective_within else REMISSION_AGAIN_VAGUE


@kernel
def reason_not_counted(raised, again):
    """Why a relapse in the taper, above the maintenance dose, does not count."""
    if raised == NEVER:
        return NOT_RAISED
    return CLEARED_BEFORE if again <= raised else NOT_CLEARED_IN_TIME


@kernel
def evaluate_relapse(episodes, i, doses, count, end, raise_within, effective_within, row):
    """Evaluate relapse `i`. If it does not count, the arguments are why not, and the run it came on or -1."""
    remission, relapse, again = episodes[i - 1, END], episodes[i, START], episodes[i, END]
    at = dose_at(doses, count, relapse)
    row[REASON] = NO_SUCH_RELAPSE
    row[ARGUMENTS] = IN_UNFINISHED_TAPER
    row[ARGUMENTS + 1] = at
    if episodes[i, COUNTED] == 0:
        return
    row[ARGUMENTS] = OFF_STEROID
    if at < 0:
        return
    row[ARGUMENTS] = AT_MAINTENANCE
    if not above_maintenance(doses, at):
        return
    row[ARGUMENTS] = NOT_REDUCED
    reduced = last_reduction(doses, at, episodes[i - 1, LAST_DAY_NOT_IN_REMISSION], relapse)
    if reduced == NO_DAY:
        return
    raised = day_raised(doses, count, at, relapse, relapse + raise_within)
    row[ARGUMENTS] = reason_not_counted(raised, again)
    last_day_not_in_remission = episodes[i, LAST_DAY_NOT_IN_REMISSION]
    reason = relapse_reason(
        relapse, remission, reduced, raised, again, last_day_not_in_remission, end, raise_within, effective_within
    )
    if reason == NO_SUCH_RELAPSE:
        return
    day = again if reason == RELAPSE_IN_TAPER else NEVER
    answer(row, reason, day, remission, reduced, relapse, raised, again, last_day_not_in_remission)


@kernel
def same_as(flares, i, episodes, k):
    """Whether a relapse of the flares is the same as one of the episodes in all that its evaluation looks at."""
    same = episodes[k - 1, END] == flares[i - 1, END] and episodes[k, END] == flares[i, END]
    same = same and episodes[k, COUNTED] == flares[i, COUNTED]
    return (
        same
        and episodes[k - 1, LAST_DAY_NOT_IN_REMISSION] == flares[i - 1, LAST_DAY_NOT_IN_REMISSION]
        and episodes[k, LAST_DAY_NOT_IN_REMISSION] == flares[i, LAST_DAY_NOT_IN_REMISSION]
    )


@kernel
def evaluate_flare(flares, i, episodes, k, doses, count, end, raise_within, effective_within, row):
    """Evaluate relapse `i` of the flares as such or, if that says more, as relapse `k` of the episodes, of that day."""
    evaluate_relapse(flares, i, doses, count, end, raise_within, effective_within, row)
    if row[REASON] == RELAPSE_IN_TAPER or k < 0 or episodes[k, START] != flares[i, START]:
        return
    if same_as(flares, i, episodes, k):
        return
    counts_not = row[REASON] == NO_SUCH_RELAPSE
    evaluate_relapse(episodes, k, doses, count, end, raise_within, effective_within, row)
    if row[REASON] == NO_SUCH_RELAPSE or (row[REASON] != RELAPSE_IN_TAPER and not counts_not):
        evaluate_relapse(flares, i, doses, count, end, raise_within, effective_within, row)


@kernel
def relapse_from(episodes, count, k, day):
    """First relapse of the episodes, from the one after `k` on, that is no earlier than a day; -1 without one."""
    if k < 0:
        return -1
    k = max(k, 1)
    while k < count and episodes[k, START] < day:
        k += 1
    return k if k < count else -1


@entry
def evaluate_each_flare(
    flares, flare_count, episodes, episode_count, doses, dose_count, end, raise_within, effective_within, row, out
):
    """Write for each flare, shape (flares, 2), why it does not count, and the run it came on or -1."""
    k = 0
    for i in range(1, flare_count):
        k = relapse_from(episodes, episode_count, k, flares[i, START])
        evaluate_flare(flares, i, episodes, k, doses, dose_count, end, raise_within, effective_within, row)
        not_counted = row[REASON] == NO_SUCH_RELAPSE
        out[i - 1, 0] = row[ARGUMENTS] if not_counted else COUNTS
        out[i - 1, 1] = row[ARGUMENTS + 1] if not_counted else -1


@kernel
def taper_finished(doses, count, remission, end):
    """Whether the dose was the maintenance dose or less on some day from the first remission on."""
    covered = remission
    for k in range(count):
        if doses[k, DOSE_LAST] < remission:
            continue
        if doses[k, DOSE_FIRST] > covered or not above_maintenance(doses, k):
            return True
        covered = int(doses[k, DOSE_LAST]) + 1
    return covered <= end


@kernel
def gap_above_maintenance(gaps, gap_count, doses, count):
    """Return a gap with a day above the maintenance dose strictly inside it, on which a relapse may hide, or -1."""
    for g in range(gap_count):
        for k in range(count):
            meets = doses[k, DOSE_FIRST] < gaps[g, AFTER] and doses[k, DOSE_LAST] > gaps[g, BEFORE]
            if meets and above_maintenance(doses, k):
                return g
    return -1


@kernel
def evaluate_absence(episodes, gaps, gap_count, doses, count, end, resistant, out):
    """Write the answer when no relapse counts, or may count."""
    remission = episodes[0, END]
    high = False
    for k in range(count):
        high = high or above_maintenance(doses, k)
    g = gap_above_maintenance(gaps, gap_count, doses, count)
    if not high:
        reason = NO_HIGH_DOSE
    elif g >= 0:
        reason = RELAPSE_MAY_HIDE
    elif remission == NEVER:
        reason = NEVER_IN_REMISSION if resistant else NOT_YET_IN_REMISSION
    else:
        reason = NO_SUCH_RELAPSE if taper_finished(doses, count, remission, end) else TAPER_UNFINISHED
    answer(out, reason, NEVER, remission, NEVER, NEVER, NEVER, NEVER, NEVER)
    if reason == RELAPSE_MAY_HIDE:
        out[ARGUMENTS + 4] = gaps[g, AFTER]
        out[ARGUMENTS + 5] = gaps[g, BEFORE]


@kernel
def flares_by(
    day, flares, flare_count, episodes, episode_count, doses, count, end, raise_within, effective_within, row
):
    """Count the flares that count by a day."""
    by_then, k = 0, 0
    for i in range(1, flare_count):
        k = relapse_from(episodes, episode_count, k, flares[i, START])
        evaluate_flare(flares, i, episodes, k, doses, count, end, raise_within, effective_within, row)
        if row[REASON] == RELAPSE_IN_TAPER and row[DAY] <= day:
            by_then += 1
    return by_then


@inline
def evaluate_dependence(workspace, end, resistant, rule, out):
    """Write the answer of the clause; `resistant` says whether the resistance clause is met."""
    episodes, gaps, doses, counts = workspace.episodes, workspace.gaps, workspace.doses, workspace.counts
    dose_count = counts[DOSES]
    flares, flare_count, episode_count = episodes, counts[EPISODES], 0
    if rule.flares == 1:
        flares, flare_count, episode_count = workspace.flares, counts[FLARES], counts[EPISODES]
    row, open_row = workspace.scratch[0], workspace.scratch[1]
    needed, raise_within, effective_within = rule.dependent_relapses, rule.raise_within_days, rule.effective_within_days
    met, possible, first, k = 0, 0, NEVER, 0
    for i in range(1, flare_count):
        if needed == 1 and flares[i, START] >= first:
            break
        k = relapse_from(episodes, episode_count, k, flares[i, START])
        evaluate_flare(flares, i, episodes, k, doses, dose_count, end, raise_within, effective_within, row)
        if row[REASON] == RELAPSE_IN_TAPER:
            met += 1
            if needed == 1 and row[DAY] < first:
                first = row[DAY]
                copy(row, out)
        elif row[REASON] >= FIRST_UNKNOWN:
            if possible == 0:
                copy(row, open_row)
            possible += 1
    k = 0
    for i in range(1, flare_count if needed > 1 and met >= needed else 0):
        # A relapse may be cleared later than one that came after it: the clause is met once enough have been.
        k = relapse_from(episodes, episode_count, k, flares[i, START])
        evaluate_flare(flares, i, episodes, k, doses, dose_count, end, raise_within, effective_within, row)
        if row[REASON] != RELAPSE_IN_TAPER or row[DAY] >= first:
            continue
        copy(row, open_row)
        by_then = flares_by(
            row[DAY], flares, flare_count, episodes, episode_count, doses, dose_count, end, raise_within,
            effective_within, row,
        )  # fmt: skip
        if by_then >= needed:
            copy(open_row, out)
            first = out[DAY]
    if first < NEVER:
        return
    if possible > 0 and met + possible >= needed:
        copy(open_row, out)
        return
    evaluate_absence(flares, gaps, counts[GAPS], doses, dose_count, end, resistant, out)
    if counts[INTERVALS] == 0:
        out[REASON] = NO_URINE
