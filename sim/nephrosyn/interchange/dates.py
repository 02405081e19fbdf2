"""From day numbers to dates, the same for every format."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from nephrosyn.errors import ExportError
from nephrosyn.scenario.schema.calendar import FIRST_DATE, LAST_DATE
from nephrosyn.scenario.schema.scenario import Scenario
from nephrosyn.vocabulary import DAYS_PER_YEAR


def date_of(onset: pl.Expr, days: pl.Expr) -> pl.Expr:
    """Return the date of a day.

    Parameters
    ----------
    onset : polars.Expr of Date
        Date of day 0 of the patient.
    days : polars.Expr of Int32, days
        Day number; null gives null.

    Examples
    --------
    >>> frame = pl.DataFrame({"onset": [date(2020, 1, 1)], "days": [31]})
    >>> frame.select(date_of(pl.col("onset"), pl.col("days"))).item()
    datetime.date(2020, 2, 1)
    """
    return (onset.cast(pl.Int32) + days.cast(pl.Int32)).cast(pl.Date)


def check_range(scenario: Scenario) -> None:
    """Refuse a scenario whose record may hold a date that no format accepts.

    Parameters
    ----------
    scenario : Scenario
        The day zero, the oldest patient and the longest record in it give the first and the last date.

    Raises
    ------
    ExportError
        If a birth may be before 1900, or the end of follow-up after 2200.
    """
    day_zero, population = date.fromisoformat(scenario.calendar.day_zero), scenario.population
    oldest_days = max(band.to_years for band in population.bands.values()) * DAYS_PER_YEAR
    longest_days = population.accrual_days + population.follow_up_days
    first, last = _moved(day_zero, -oldest_days), _moved(day_zero, longest_days)
    problems = []
    if first is None or first < FIRST_DATE:
        problems.append(f"the oldest patients would be born before {FIRST_DATE.year}")
    if last is None or last > LAST_DATE:
        problems.append(f"records would end after {LAST_DATE.year}")
    if problems:
        raise ExportError(
            f"calendar.day_zero: expected a day zero that keeps all dates from {FIRST_DATE} to {LAST_DATE}; found "
            f"{day_zero}, with which {' and '.join(problems)}"
        )


def _moved(start: date, days: float) -> date | None:
    """Return the date some days later or earlier; None if there is no such date."""
    try:
        return start + timedelta(days=round(days))
    except OverflowError:
        return None
