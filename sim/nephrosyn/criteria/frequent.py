"""Frequent relapse: so many relapses within so many days."""

# Compiled functions have the types that numba infers.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"

from __future__ import annotations

from nephrosyn.compiling import kernel
from nephrosyn.criteria.episodes import AFTER, BEFORE, END, START, hidden_relapses
from nephrosyn.criteria.reasons import (
    ENOUGH_RELAPSES,
    FEWER_RELAPSES,
    NEVER,
    NEVER_IN_REMISSION,
    NO_URINE,
    NOT_YET_IN_REMISSION,
    RELAPSES_MAY_HIDE,
    WINDOW_OPEN,
    answer,
)
from nephrosyn.criteria.rules import BLOCKS, FIRST


@kernel
def window_of(relapse, remission, length, window):
    """First day (exclusive for blocks) and last day of the window that ends the count at a relapse."""
    if window == FIRST:
        return remission, remission + length
    if window == BLOCKS:
        block = (relapse - remission - 1) // length
        return remission + block * length + 1, remission + (block + 1) * length
    return relapse - length, relapse


@kernel
def relapses_up_to(episodes, i, remission, length, window):
    """Count relapses in the window of relapse `i`, up to and with it; 0 if it lies outside its window."""
    relapse = episodes[i, START]
    first, last = window_of(relapse, remission, length, window)
    if relapse > last:
        return 0
    seen = 0
    for j in range(1, i + 1):
        if episodes[j, START] >= first:
            seen += 1
    return seen


@kernel
def hidden_between(gaps, gap_count, first, last, max_gap):
    """Count the relapses that gaps meeting [first, last] may hide."""
    hidden = 0
    for g in range(gap_count):
        if gaps[g, BEFORE] <= last and gaps[g, AFTER] >= first:
            hidden += hidden_relapses(gaps, g, max_gap)
    return hidden


@kernel
def seen_between(episodes, count, first, last):
    """Count relapses dated within [first, last]."""
    seen = 0
    for i in range(1, count):
        if first <= episodes[i, START] <= last:
            seen += 1
    return seen


@kernel
def most_possible(episodes, count, gaps, gap_count, remission, length, window, max_gap):
    """Most relapses, seen and possibly hidden, that any window can hold, and the hidden part of it.

    The fullest window of a given length starts where a relapse, or a gap, ends. A gap before the first remission
    may have hidden an earlier one; so in a window counted from there all gaps before its end count.
    """
    most = 0
    hidden = 0
    if window == FIRST:
        last = remission + length if remission < NEVER else NEVER
        hidden = hidden_between(gaps, gap_count, -NEVER, last, max_gap)
        return seen_between(episodes, count, -NEVER, last) + hidden, hidden
    for k in range(1, count + gap_count):
        start = episodes[k, START] if k < count else gaps[k - count, AFTER]
        here = hidden_between(gaps, gap_count, start, start + length, max_gap)
        total = here + seen_between(episodes, count, start, start + length)
        if total > most:
            most = total
            hidden = here
    return most, hidden


@kernel
def frequency_reason(stretch_count, seen, possible, needed, remission, close, end, resistant):
    """Judge a window that closes on day `close`."""
    if seen >= needed:
        return ENOUGH_RELAPSES
    if stretch_count == 0:
        return NO_URINE
    if possible >= needed:
        return RELAPSES_MAY_HIDE
    if remission == NEVER:
        return NEVER_IN_REMISSION if resistant else NOT_YET_IN_REMISSION
    return WINDOW_OPEN if end < close else FEWER_RELAPSES


@kernel
def judge_frequency(episodes, gaps, counts, end, resistant, max_gap, needed, length, window, out):
    """Write the answer of one rule: `needed` relapses within `length` days of a window of that kind.

    The last two marks are the window: the one that met the rule, else the fullest, else the first.
    """
    count, gap_count = counts[1], counts[2]
    remission = episodes[0, END]
    close = remission + length if remission < NEVER else NEVER
    start, stop = remission, close
    most_seen = 0
    met_on = NEVER
    for i in range(1, count):
        seen = relapses_up_to(episodes, i, remission, length, window)
        if seen > most_seen:
            most_seen = seen
            start, stop = window_of(episodes[i, START], remission, length, window)
            # What lies before the first remission holds no relapse.
            start = max(start, remission)
        if most_seen >= needed:
            met_on = episodes[i, START]
            break
    possible, hidden = 0, 0
    if gap_count > 0 and met_on == NEVER:
        possible, hidden = most_possible(episodes, count, gaps, gap_count, remission, length, window, max_gap)
    reason = frequency_reason(counts[0], most_seen, possible, needed, remission, close, end, resistant)
    if reason == WINDOW_OPEN:
        start, stop = remission, close
    answer(out, reason, met_on, remission, most_seen, needed, hidden, start, stop)
