"""Differences as plain sentences and short texts."""

from __future__ import annotations

import math

from nephrosyn.comparison.care.findings import Contrast, Findings, Row
from nephrosyn.comparison.care.outcomes import Outcome
from nephrosyn.report.text import number, percent, points

DIGITS = {"per year": 2, "mg/kg": 1, "mg/kg per year": 1}
FINE_DIGITS = {**DIGITS, "per year": 3}
"""Of differences: twins differ by less than they vary."""
HEADLINE = "relapses_per_year"


def value(outcome: Outcome, amount: float) -> str:
    """Return a mean of an outcome, with a dash where there is none.

    Examples
    --------
    >>> value(Outcome("death", "death", "harms", "share", yes_no=True), 0.031)
    '3.1%'
    """
    if outcome.unit == "share":
        return percent(amount)
    return "–" if math.isnan(amount) else f"{amount:,.{DIGITS[outcome.unit]}f}"


def signed(outcome: Outcome, amount: float) -> str:
    """Return a difference with its sign; of shares in percentage points.

    Examples
    --------
    >>> signed(Outcome("relapses_per_year", "relapses", "disease", "per year"), -0.254)
    '−0.254'
    """
    if outcome.unit == "share":
        return unsigned_zero(points(amount))
    if math.isnan(amount):
        return "–"
    return unsigned_zero(f"{amount:+,.{FINE_DIGITS[outcome.unit]}f}".replace("-", "−"))


def unsigned_zero(text: str) -> str:
    """Return a signed text without the sign if it shows nothing but 0.

    Examples
    --------
    >>> unsigned_zero("+0.00"), unsigned_zero("−0.01")
    ('0.00', '−0.01')
    """
    return text if any(digit in text for digit in "123456789") else text.lstrip("+−")


def difference(row: Row) -> str:
    """Return a difference with its interval."""
    found = row.paired
    if math.isnan(found.low):
        return signed(row.outcome, found.difference)
    ends = " to ".join(signed(row.outcome, end) for end in (found.low, found.high))
    return f"{signed(row.outcome, found.difference)} ({ends})"


def unit(outcome: Outcome) -> str:
    """Return the unit of an outcome as a table names it."""
    return "%, points" if outcome.unit == "share" else outcome.unit


def saved(row: Row) -> str:
    """Return the share of variance that pairing saves."""
    return percent(row.paired.saved_fraction, 0)


def times(row: Row) -> str:
    """Return how many times more patients unpaired runs would need; a dash where no number says it."""
    factor = row.paired.times_more_patients
    return f"×{factor:,.1f}" if math.isfinite(factor) else "–"


def sentence(found: Findings) -> str:
    """Return the answer, in a sentence or two for each run."""
    return " ".join(headline(found, contrast) for contrast in found.contrasts)


def headline(found: Findings, contrast: Contrast) -> str:
    """Return what a run does to relapses, in one sentence."""
    many = found.patients > 1
    who = f"the same {number(found.patients)} patients" if many else "the same patient"
    if contrast.identical:
        return f"Under “{contrast.name}” as under “{found.reference}”, nothing differs for {who}."
    row = next(row for row in contrast.rows if row.outcome.name == HEADLINE)
    verb = "changes" if contrast.moved == 1 else "change"
    inside = found.patients - contrast.outside
    of = f" of the {number(inside)} in the “{found.criteria}” set in both runs" if contrast.outside else ""
    moved = f"{number(contrast.moved)}{of} {verb} category"
    if not inside:
        moved = f"the “{found.criteria}” set is for none of them in both runs, so nobody has a category to compare"
    has = f"{'have' if many else 'has'} {_relapses(row)}"
    start = f"Under “{contrast.name}” instead of “{found.reference}”, {who} {has}; {moved}."
    factor = row.paired.times_more_patients
    if math.isfinite(factor) and row.paired.saved_fraction > 0:
        start += f" Unpaired runs would need {factor:,.1f} times as many patients to see this as clearly."
    return start


def outside(contrast: Contrast) -> str:
    """Return who is outside the definition set, for the end of a caption; nothing if nobody is."""
    many = contrast.outside
    return f" ({number(many)} outside this set: age or lesion)" if many else ""


def _relapses(row: Row) -> str:
    found = row.paired
    if math.isnan(found.difference):
        return "no time in which to relapse"
    if not found.lower + found.higher:
        return "exactly as many relapses"
    said = f"{_size(found.difference)} {_word(found.difference)} relapses a year{_interval(row)}"
    counts = (number(count) for count in (row.better, found.same, row.worse))
    return f"{said}: fewer in {{}}, as many in {{}}, more in {{}}".format(*counts)


def _interval(row: Row) -> str:
    found = row.paired
    if math.isnan(found.low):
        return ""
    low, high = _size(found.low), _size(found.high)
    if found.low <= 0 <= found.high:
        return f" (95% interval {low} fewer to {high} more, which leaves the direction open)"
    near, far = (high, low) if found.high < 0 else (low, high)
    return f" (95% interval {near} to {far} {_word(found.difference)})"


def _size(amount: float) -> str:
    return f"{abs(amount):.3f}"


def _word(amount: float) -> str:
    return "fewer" if amount < 0 else "more"
