"""Frequent relapse: a number of relapses within a window of days."""

from __future__ import annotations

from typing import NamedTuple

from nephrosyn.criteria.codes import (
    ANCHOR_NOT_REACHED,
    DOSES,
    ENOUGH_RELAPSES,
    EPISODES,
    FEWER_RELAPSES,
    GAPS,
    INTERVALS,
    NEVER,
    NEVER_IN_REMISSION,
    NO_DAY,
    NO_URINE,
    NOT_YET_IN_REMISSION,
    RELAPSES_MAY_HIDE,
    WINDOW_OPEN,
    answer,
)
from nephrosyn.criteria.definition.compiled import BLOCKS, FIRST_WINDOW, PRESENTATION_ANCHOR, REMISSION_ANCHOR
from nephrosyn.criteria.record.episodes import AFTER, BEFORE, COUNTED, END, START, hidden_relapses
from nephrosyn.criteria.record.steroid_courses import DOSE_FIRST, last_day_of_treatment
from nephrosyn.kernels.compile import inline, kernel


class Frequency(NamedTuple):
    """A rule of frequent relapse: number of relapses, length (days) and kind of window, and its delay (days)."""

    needed: int
    length: int
    window: int
    begins: int


@kernel
def window_of(relapse, anchor, length, window):
    """First day (exclusive for blocks) and last day of the window that ends the count at a relapse."""
    if window == FIRST_WINDOW:
        return anchor, anchor + length
    if window == BLOCKS:
        block = max((relapse - anchor - 1) // length, 0)
        return anchor + block * length + (1 if block > 0 else 0), anchor + (block + 1) * length
    return relapse - length, relapse


@kernel
def counted_on(episodes, j, since, presenting):
    """Day on which an episode counts, or NO_DAY; the first counts in some sets only, on the day care begins."""
    if j == 0:
        return since if presenting == 1 else NO_DAY
    return episodes[j, START] if episodes[j, COUNTED] == 1 else NO_DAY


@kernel
def relapses_up_to(episodes, i, anchor, length, window, since, presenting):
    """Count relapses in the window of relapse `i`, up to and with it; 0 if it lies outside its window."""
    relapse = counted_on(episodes, i, since, presenting)
    first, last = window_of(relapse, anchor, length, window)
    if relapse < anchor or relapse > last:
        return 0
    seen = 0
    for j in range(i + 1):
        if counted_on(episodes, j, since, presenting) >= max(first, anchor):
            seen += 1
    return seen


@kernel
def anchor_of(episodes, doses, dose_count, since, anchor, end):
    """Day from which windows are counted, or NEVER if it is not reached."""
    if anchor == PRESENTATION_ANCHOR:
        return since
    if anchor == REMISSION_ANCHOR:
        return episodes[0, END]
    if dose_count == 0:
        return NEVER
    last = last_day_of_treatment(doses, dose_count, int(doses[0, DOSE_FIRST]))
    return last + 1 if last < end else NEVER


@kernel
def hidden_between(gaps, gap_count, first, last, max_gap):
    """Count the relapses that gaps overlapping [first, last] may hide."""
    hidden = 0
    for g in range(gap_count):
        if gaps[g, BEFORE] <= last and gaps[g, AFTER] >= first:
            hidden += hidden_relapses(gaps, g, max_gap)
    return hidden


@kernel
def seen_between(episodes, count, first, last):
    """Count the relapses within [first, last] that count."""
    seen = 0
    for i in range(1, count):
        if episodes[i, COUNTED] == 1 and first <= episodes[i, START] <= last:
            seen += 1
    return seen


@kernel
def most_possible(episodes, count, gaps, gap_count, anchor, earliest, length, window, max_gap):
    """Most relapses, seen and possibly hidden, that any window can hold, and the hidden part of it.

    The fullest window of a given length starts at a relapse, or where a gap ends. A gap before the first remission
    may have hidden an earlier one, so all gaps before the end of a window counted from there count. No window
    begins before `earliest`.
    """
    most = 0
    hidden = 0
    if window == FIRST_WINDOW:
        last = anchor + length if anchor < NEVER else NEVER
        hidden = hidden_between(gaps, gap_count, earliest, last, max_gap)
        return seen_between(episodes, count, earliest, last) + hidden, hidden
    for k in range(1, count + gap_count):
        start = max(episodes[k, START] if k < count else gaps[k - count, AFTER], earliest)
        here = hidden_between(gaps, gap_count, start, start + length, max_gap)
        total = here + seen_between(episodes, count, start, start + length)
        if here > 0 and total > most:
            most = total
            hidden = here
    return most, hidden


@kernel
def frequency_reason(interval_count, seen, hidden, possible, needed, remission, anchor, close, end, resistant):
    """Reason for a window that closes on day `close`."""
    if seen >= needed:
        return ENOUGH_RELAPSES
    if interval_count == 0:
        return NO_URINE
    if hidden > 0 and possible >= needed:
        return RELAPSES_MAY_HIDE
    if remission == NEVER:
        return NEVER_IN_REMISSION if resistant else NOT_YET_IN_REMISSION
    if anchor == NEVER:
        return ANCHOR_NOT_REACHED
    return WINDOW_OPEN if end < close else FEWER_RELAPSES


@inline
def evaluate_frequency(workspace, since, end, resistant, frequency, rule, out):
    """Write the answer of one rule of frequent relapse.

    The last two arguments of the answer are the window: that which met the rule, else the fullest, else the first.
    """
    episodes, gaps, doses, counts = workspace.episodes, workspace.gaps, workspace.doses, workspace.counts
    needed, length, window = frequency.needed, frequency.length, frequency.window
    count, gap_count, max_gap = counts[EPISODES], counts[GAPS], rule.max_gap_days
    anchor = anchor_of(episodes, doses, counts[DOSES], since, rule.anchor, end)
    if anchor < NEVER and frequency.begins > 0:
        anchor += frequency.begins + 1
    close = anchor + length if anchor < NEVER else NEVER
    start, stop = anchor, close
    most_seen = 0
    met_on = NEVER
    for i in range(count):
        day = counted_on(episodes, i, since, rule.presenting)
        if day == NO_DAY or anchor == NEVER:
            continue
        seen = relapses_up_to(episodes, i, anchor, length, window, since, rule.presenting)
        if seen > most_seen:
            most_seen = seen
            start, stop = window_of(day, anchor, length, window)
            # What lies before the anchor is not counted.
            start = max(start, anchor)
        if most_seen >= needed:
            met_on = day
            break
    possible, hidden = 0, 0
    if gap_count > 0 and met_on == NEVER:
        # What a gap hides may move the first remission, but neither the first dose nor the end of its course.
        earliest = -NEVER if rule.anchor == REMISSION_ANCHOR or anchor == NEVER else anchor
        possible, hidden = most_possible(episodes, count, gaps, gap_count, anchor, earliest, length, window, max_gap)
        possible += rule.presenting
    reason = frequency_reason(
        counts[INTERVALS], most_seen, hidden, possible, needed, episodes[0, END], anchor, close, end, resistant
    )
    if reason == WINDOW_OPEN:
        start, stop = anchor, close
    answer(out, reason, met_on, anchor, most_seen, needed, hidden, start, stop)
