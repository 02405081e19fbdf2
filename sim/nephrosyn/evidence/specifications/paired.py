"""How far each choice moves the refractory share by itself: combinations that differ in nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from nephrosyn.evidence.specifications.choices import Choice


@dataclass(frozen=True)
class LevelEffect:
    """The share at one level of a choice, and paired with the share at its reference level.

    Attributes
    ----------
    column : str
        The choice, by its column.
    level : str or float
        The level.
    combinations : int
        Number of combinations at this level.
    lowest, middle, highest : float
        Lowest, median and highest share of these.
    pairs : int
        Number of these for which the reference has a combination that agrees in every other choice.
    difference, least, most : float or None
        Median, lowest and highest difference from the share at the reference over the pairs; None without pairs.
    """

    column: str
    level: Any
    combinations: int
    lowest: float
    middle: float
    highest: float
    pairs: int
    difference: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True)
class ChoiceEffect:
    """How far a choice moves the share by itself.

    Attributes
    ----------
    column : str
        The choice, by its column.
    groups : int
        Groups of combinations that differ in this choice only.
    median_range : float or None
        Median over the groups of the highest minus the lowest share; None without groups.
    levels : list of LevelEffect
        Its levels that some combination has.
    """

    column: str
    groups: int
    median_range: float | None
    levels: list[LevelEffect]


def effects(table: pl.DataFrame, of: Sequence[Choice]) -> list[ChoiceEffect]:
    """Return the effect of each choice that the combinations have, the largest first.

    Parameters
    ----------
    table : polars.DataFrame
        The combinations.
    of : sequence of Choice
        The choices.
    """
    columns = [choice.column for choice in of]
    every = [_effect(table, choice, [name for name in columns if name != choice.column]) for choice in of]
    return sorted(
        (effect for effect in every if effect.levels),
        key=lambda effect: -1.0 if effect.median_range is None else effect.median_range,
        reverse=True,
    )


def _effect(table: pl.DataFrame, choice: Choice, remaining: list[str]) -> ChoiceEffect:
    known = table.filter(pl.col(choice.column).is_not_null())
    share = pl.col("share")
    groups = known.group_by(remaining).agg(pl.len().alias("levels"), range=share.max() - share.min())
    several = groups.filter(pl.col("levels") > 1)
    base = known.filter(pl.col(choice.column) == choice.reference).select(*remaining, reference_share="share")
    levels = [
        _level_effect(rows, choice.column, level, base, remaining, is_reference=level == choice.reference)
        for level in choice.levels
        if (rows := known.filter(pl.col(choice.column) == level)).height
    ]
    return ChoiceEffect(choice.column, several.height, _number(several["range"].median()), levels)


def _level_effect(
    rows: pl.DataFrame, column: str, level: Any, base: pl.DataFrame, remaining: list[str], *, is_reference: bool
) -> LevelEffect:
    pairs = (
        rows.join(base, on=remaining, nulls_equal=True) if not is_reference else base.clear().with_columns(share=0.0)
    )
    difference = pairs["share"] - pairs["reference_share"]
    shares = rows["share"]
    spread = (float(shares.min()), float(shares.median()), float(shares.max()))  # type: ignore[arg-type]
    ends = (_number(difference.median()), _number(difference.min()), _number(difference.max()))
    return LevelEffect(column, level, rows.height, *spread, pairs.height, *ends)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
