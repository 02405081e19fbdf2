"""How well the numbers of a scenario are known: the entries of the table ``[uncertainty]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from nephrosyn.scenario.schema.units import Counted, IntervalEnd, Section

Pair = Annotated[tuple[IntervalEnd, IntervalEnd], Strict(False)]
IntervalDistribution = Literal["lognormal", "logit_normal", "normal"]
FEWEST_ROWS, MOST_ROWS = 20, 10_000
"""Least and largest number of rows of a table of draws."""


class Counts(Section):
    """Known from counts: ``[met, of]`` of a share, or the count of each member of a mix."""

    counts: Annotated[list[Counted], Field(min_length=2)]
    source: str


class Interval(Section):
    """Known from a 95% interval, with the value of the scenario as the median.

    Without ``law`` it is logit-normal for a share, normal where the number may be negative, else lognormal.
    """

    interval: Pair
    law: IntervalDistribution | None = None
    source: str


class Range(Section):
    """Only a range is assumed: uniform."""

    range: Pair
    source: str


class Posterior(Section):
    """Known from a calibration: a column of its table of draws. A row of the table is one draw of all its columns.

    A file names the table and, where several columns have the key, the column. ``draws`` are the values in it and
    ``source`` is that of the number; both are filled in when the file is read, so that a manifest holds them.
    """

    posterior: Annotated[str, Field(min_length=1)]
    column: str | None = None
    draws: Annotated[list[IntervalEnd], Field(min_length=FEWEST_ROWS, max_length=MOST_ROWS)] | None = None
    source: str | None = None


class Fixed(Section):
    """Not uncertain, or not known to be, with the reason."""

    fixed: Annotated[str, Field(min_length=1)]


Entry = Counts | Interval | Range | Posterior | Fixed
ENTRIES: dict[str, type[Entry]] = {
    "counts": Counts,
    "interval": Interval,
    "range": Range,
    "posterior": Posterior,
    "fixed": Fixed,
}
"""Kinds of entries, by the key that only they have."""
