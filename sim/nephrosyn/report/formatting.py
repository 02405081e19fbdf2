"""Numbers, shares and intervals as text, and text that is safe in Markdown and HTML."""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.statistics.proportions import Share

MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")

NO_VALUE = "–"


def number(count: int) -> str:
    """Return a count with thousands separated."""
    return f"{count:,}"


def patients(count: int) -> str:
    """Return a number of patients.

    Examples
    --------
    >>> patients(1), patients(1200)
    ('1 patient', '1,200 patients')
    """
    return f"{number(count)} patient{'' if count == 1 else 's'}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as per cent, halves rounded up; a dash if there is no value.

    Examples
    --------
    >>> percent(0.0625), percent(0.125, 0)
    ('6.3%', '13%')
    """
    return NO_VALUE if fraction is None or math.isnan(fraction) else f"{_percentage(fraction, digits)}%"


def _percentage(fraction: float, digits: int, sign: str = "") -> str:
    """Round a fraction to per cent, halves up, as readers round the numbers of a table."""
    step = Decimal(1).scaleb(-digits)
    return format((100 * Decimal(repr(float(fraction)))).quantize(step, ROUND_HALF_UP), f"{sign}f")


def interval(low: float, high: float, digits: int = 1) -> str:
    """Return an interval of fractions as per cent, halves rounded up; a dash if there is none.

    Examples
    --------
    >>> interval(0.38, 0.4405), interval(0.0625, 0.1875, 1)
    ('38.0 to 44.1%', '6.3 to 18.8%')
    """
    return NO_VALUE if math.isnan(low) else f"{_percentage(low, digits)} to {_percentage(high, digits)}%"


def points(fraction: float | None, digits: int = 1) -> str:
    """Return a signed difference of fractions in percentage points, halves rounded up; a dash if there is none.

    Examples
    --------
    >>> points(0.0625), points(-0.04)
    ('+6.3', '−4.0')
    """
    return NO_VALUE if fraction is None or math.isnan(fraction) else minus(_percentage(fraction, digits, "+"))


def minus(number_text: str) -> str:
    """Return a number with minus signs in place of hyphens."""
    return number_text.replace("-", "−")


def share_with_interval(share: Share, digits: int = 1) -> str:
    """Return a share with its interval; a dash if its total is 0.

    Examples
    --------
    >>> from nephrosyn.statistics.proportions import wilson
    >>> share_with_interval(wilson(100, 300))
    '33.3% (28.2 to 38.8%)'
    """
    return f"{percent(share.share, digits)} ({interval(share.low, share.high, digits)})" if share.total else NO_VALUE


def decimal(value: float | None, digits: int = 2) -> str:
    """Return a number with a fixed number of decimals; a dash if there is no value."""
    return NO_VALUE if value is None or math.isnan(value) else minus(f"{value:.{digits}f}")


def json_text(values: Any, indent: int = 1) -> str:
    """Return values as indented JSON; raises ValueError for infinite and missing floats."""
    return json.dumps(values, indent=indent, ensure_ascii=False, allow_nan=False)


def days(value: float) -> str:
    """Return a number of days; a dash if there is none."""
    return NO_VALUE if math.isnan(value) else f"{value:.0f}"


def rate_text(rate: Rate) -> str:
    """Return a relapse rate with its interval; a dash if there is none."""
    if math.isnan(rate.per_year):
        return NO_VALUE
    return f"{rate.per_year:.2f} ({rate.low:.2f} to {rate.high:.2f})"


def escape_markup(text: object) -> str:
    r"""Return text on one line, with the special characters of Markdown and HTML escaped.

    Examples
    --------
    >>> escape_markup("a <b> | c")
    'a \\<b\\> \\| c'
    """
    return MARKDOWN_SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
