"""How well the numbers of a scenario are known: the entries of the table ``[uncertainty]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from nephrosyn.scenario.schema.units import Counted, IntervalEnd, Section

Pair = Annotated[tuple[IntervalEnd, IntervalEnd], Strict(False)]
IntervalDistribution = Literal["lognormal", "logit_normal", "normal"]


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


class Fixed(Section):
    """Not uncertain, or not known to be, with the reason."""

    fixed: Annotated[str, Field(min_length=1)]


Entry = Counts | Interval | Range | Fixed
ENTRIES: dict[str, type[Entry]] = {"counts": Counts, "interval": Interval, "range": Range, "fixed": Fixed}
"""Kinds of entries, by the key that only they have."""
