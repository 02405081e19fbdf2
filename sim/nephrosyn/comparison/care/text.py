"""Differences between runs in words."""

from __future__ import annotations

import math

from nephrosyn.comparison.care.findings import Contrast, Findings, Row
from nephrosyn.comparison.care.outcomes import Outcome
from nephrosyn.report.formatting import minus, number, percent, points

DIGITS = {"per year": 2, "mg/kg": 1, "mg/kg per year": 1}
FINE_DIGITS = {**DIGITS, "per year": 3}
"""Decimals of differences, which within pairs are smaller than the values."""
HEADLINE = "relapses_per_year"


def value(outcome: Outcome, amount: float) -> str:
    """Return the mean of an outcome; a dash if there is none.

    Examples
    --------
    >>> value(Outcome("death", "death", "adverse_events", "share", yes_no=True), 0.031)
    '3.1%'
    """
    if outcome.unit == "share":
        return percent(amount)
    return "–" if math.isnan(amount) else f"{amount:,.{DIGITS[outcome.unit]}f}"


def signed(outcome: Outcome, amount: float) -> str:
    """Return a difference with its sign; for shares in percentage points.

    Examples
    --------
    >>> signed(Outcome("relapses_per_year", "relapses", "disease", "per year"), -0.254)
    '−0.254'
    """
    if outcome.unit == "share":
        return unsigned_zero(points(amount))
    if math.isnan(amount):
        return "–"
    return unsigned_zero(minus(f"{amount:+,.{FINE_DIGITS[outcome.unit]}f}"))


def unsigned_zero(text: str) -> str:
    """Return a signed number without its sign if it is 0 as displayed.

    Examples
    --------
    >>> unsigned_zero("+0.00"), unsigned_zero("−0.01")
    ('0.00', '−0.01')
    """
    return text if any(digit in text for digit in "123456789") else text.lstrip("+−")


def difference(row: Row) -> str:
    """Return a difference with its interval."""
    paired = row.paired
    if math.isnan(paired.low):
        return signed(row.outcome, paired.difference)
    return f"{signed(row.outcome, paired.difference)} ({_span(row.outcome, paired.low, paired.high)})"


def with_numbers(row: Row) -> str:
    """Return the interval that also covers the uncertain numbers; a dash if there is none."""
    return "–" if row.numbers is None else _span(row.outcome, row.numbers.low, row.numbers.high)


def _span(outcome: Outcome, low: float, high: float) -> str:
    return " to ".join(signed(outcome, end) for end in (low, high))


def unit(outcome: Outcome) -> str:
    """Return the unit of an outcome for a table."""
    return "%, points" if outcome.unit == "share" else outcome.unit


def saved(row: Row) -> str:
    """Return the share of variance that pairing saves."""
    return percent(row.paired.saved_fraction, 0)


def times(row: Row) -> str:
    """Return how many times as many patients unpaired runs would need; a dash if not finite."""
    factor = row.paired.times_more_patients
    return f"×{factor:,.1f}" if math.isfinite(factor) else "–"


def sentence(findings: Findings) -> str:
    """Return the result, in one or two sentences for each run."""
    return " ".join(headline(findings, contrast) for contrast in findings.contrasts)


def headline(findings: Findings, contrast: Contrast) -> str:
    """Return how relapses and categories differ between a run and the reference."""
    many = findings.patients > 1
    patients = f"the same {number(findings.patients)} patients" if many else "the same patient"
    if contrast.identical:
        return f"Between “{findings.reference}” and “{contrast.name}”, nothing differs for {patients}."
    row = next(row for row in contrast.rows if row.outcome.name == HEADLINE)
    changes = "changes" if contrast.moved == 1 else "change"
    inside = findings.patients - contrast.outside
    of = f" of the {number(inside)} in the “{findings.criteria}” set in both runs" if contrast.outside else ""
    moved = f"{number(contrast.moved)}{of} {changes} category"
    if not inside:
        moved = f"the “{findings.criteria}” set applies to none of them in both runs, so no categories can be compared"
    has = f"{'have' if many else 'has'} {_relapses(row)}"
    start = f"Under “{contrast.name}” instead of “{findings.reference}”, {patients} {has}; {moved}."
    factor = row.paired.times_more_patients
    if math.isfinite(factor) and row.paired.saved_fraction > 0:
        start += f" Unpaired runs would need {factor:,.1f} times as many patients to see this as clearly."
    return start


def outside(contrast: Contrast) -> str:
    """Return the number of patients outside the definition set, for the end of a caption; empty if there are none."""
    return f" ({number(contrast.outside)} outside this set by age or lesion)" if contrast.outside else ""


def _relapses(row: Row) -> str:
    paired = row.paired
    if math.isnan(paired.difference):
        return "no follow-up in which to relapse"
    if not paired.lower + paired.higher:
        return "exactly as many relapses"
    said = f"{_size(paired.difference)} {_word(paired.difference)} relapses a year{_interval(row)}"
    counts = (number(count) for count in (row.better, paired.same, row.worse))
    return f"{said}: fewer in {{}}, the same in {{}}, more in {{}}".format(*counts)


def _interval(row: Row) -> str:
    paired = row.paired
    if math.isnan(paired.low):
        return ""
    if row.numbers is None:
        return f" (95% interval {_ends(paired.low, paired.high)})"
    known = _ends(row.numbers.low, row.numbers.high)
    return f" (95% interval {_ends(paired.low, paired.high)} by chance alone; with the scenarios’ numbers {known})"


def _ends(low: float, high: float) -> str:
    """Return an interval in words.

    Examples
    --------
    >>> _ends(-0.2, -0.1), _ends(-0.2, 0.1)
    ('0.100 to 0.200 fewer', '0.200 fewer to 0.100 more, which leaves the direction open')
    """
    if low <= 0 <= high:
        return f"{_size(low)} fewer to {_size(high)} more, which leaves the direction open"
    near, far = (high, low) if high < 0 else (low, high)
    return f"{_size(near)} to {_size(far)} {_word(near)}"


def _size(amount: float) -> str:
    return f"{abs(amount):.3f}"


def _word(amount: float) -> str:
    return "fewer" if amount < 0 else "more"
