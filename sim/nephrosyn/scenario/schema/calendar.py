"""The calendar: which date the simulated days are counted from."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from nephrosyn.scenario.schema.units import Section

FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2200, 12, 31)
"""First and last date that a record may hold."""


def _as_text(value: Any) -> Any:
    """Accept a date of TOML, which needs no quotes, as its text."""
    return value.isoformat() if type(value) is date else value


def _refuse_other(text: str) -> str:
    try:
        inside = FIRST_DATE <= date.fromisoformat(text) <= LAST_DATE and len(text) == len("2020-01-01")
    except ValueError:
        inside = False
    if not inside:
        raise PydanticCustomError("date", "no date of the calendar")
    return text


CalendarDate = Annotated[
    str,
    BeforeValidator(_as_text),
    AfterValidator(_refuse_other),
    Field(json_schema_extra={"format": "date"}),
]
"""A date as ``YYYY-MM-DD``."""


class Calendar(Section):
    """The dates of a record; courses do not depend on them.

    Each patient's day 0 is the day of onset, between ``day_zero`` and the end of ``population.accrual_days`` after it.
    """

    day_zero: CalendarDate
