"""Frequent relapse (9)."""

from __future__ import annotations

from math import inf

from .answer import NOT_MET, OPEN, met
from .dependence import unremitted


def frequent(case, rule, resistance):
    anchor = _anchor(case)
    if anchor is not None and rule.begins:
        anchor += rule.begins + 1
    days = [] if anchor is None else [day for day in _relapse_days(case) if day >= anchor]
    full = [window[rule.count - 1] for window in _windows(days, anchor, rule) if len(window) >= rule.count]
    if full:
        return met(min(full))
    if not case.seen or _gaps_may_hide(case, anchor, rule):
        return OPEN
    if case.never_remitted:
        return unremitted(resistance)
    return OPEN if anchor is None or case.end < anchor + rule.length else NOT_MET


def _relapse_days(case):
    days = [one.start for one in case.relapses]
    presenting = case.rules.frequent.presenting == "counts" and case.care is not None
    return [case.care, *days] if presenting else days


def _anchor(case):
    what = case.rules.frequent.anchor
    if what == "remission":
        return case.episodes[0].remission
    if what == "presentation":
        return case.care
    over = bool(case.treatments) and case.treatments[0].last < case.end
    return case.treatments[0].last + 1 if over else None


def _windows(days, anchor, rule):
    """The relapses of each window."""
    if rule.window == "first":
        return [[day for day in days if day - anchor <= rule.length]]
    if rule.window == "sliding":
        return [[day for day in days if last - rule.length <= day <= last] for last in days]
    blocks: dict[int, list[int]] = {}
    for day in days:
        blocks.setdefault(max(day - anchor - 1, 0) // rule.length, []).append(day)
    return list(blocks.values())


def _gaps_may_hide(case, anchor, rule):
    days, gaps = [one.start for one in case.relapses], case.gaps
    if case.rules.frequent.anchor != "remission" and anchor is not None:
        days, gaps = [day for day in days if day >= anchor], [gap for gap in gaps if gap.last >= anchor]
    needed = rule.count - (case.rules.frequent.presenting == "counts")
    if rule.window == "first":
        close = inf if anchor is None else anchor + rule.length
        hidden = sum(gap.hidden for gap in gaps if gap.first <= close)
        return bool(hidden) and hidden + len([day for day in days if day <= close]) >= needed
    for first in [*days, *(gap.last for gap in gaps)]:
        last = first + rule.length
        hidden = sum(gap.hidden for gap in gaps if gap.last >= first and gap.first <= last)
        if hidden and hidden + len([day for day in days if first <= day <= last]) >= needed:
            return True
    return False
