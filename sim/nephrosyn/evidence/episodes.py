"""Episodes of disease in a record, as a definition set sees them: the one place that asks `criteria` for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import criteria

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

WHO = ["replicate", "patient"]


def episodes(tables: Mapping[str, pl.DataFrame], definition: DefinitionSet, view: str) -> pl.DataFrame:
    """Return one row for each episode of each patient.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables.
    definition : DefinitionSet
        The set.
    view : {"observed"}
        Which record is read.

    Returns
    -------
    polars.DataFrame
        ``replicate, patient, episode, start_days, last_ill_days, remission_days``.
    """
    ask = getattr(criteria, "episodes", None)
    if callable(ask):
        found: pl.DataFrame = ask(tables, definition, view)
        return found
    return _from_readings(tables, definition)


def _from_readings(tables: Mapping[str, pl.DataFrame], definition: DefinitionSet) -> pl.DataFrame:
    """Episodes by single readings of the ratio: each at one of the two levels turns the state."""
    urine = definition.urine
    adult = pl.col("age_at_onset_years") >= definition.population.adult_from.of(child=False)
    ages = tables["patients"].select(*WHO, adult=adult.fill_null(value=True))
    limits = {name: {side: getattr(urine, name).of(child=side) for side in (True, False)} for name in LEVELS}
    low, high = (pl.when("adult").then(limits[name][False]).otherwise(limits[name][True]) for name in LEVELS)
    rows = (
        tables["readings"]
        .filter(pl.col("analyte") == "upcr", pl.col("value").is_not_null())
        .group_by(*WHO, "taken_days")
        .agg(pl.col("value").max())
        .join(ages, on=WHO)
        .sort(*WHO, "taken_days")
        .with_columns(ill=pl.when(pl.col("value") <= low).then(False).when(pl.col("value") >= high).then(True))
    )
    not_clear = pl.when(pl.col("ill").ne_missing(False)).then(pl.col("taken_days"))
    rows = rows.with_columns(last_ill_days=not_clear.forward_fill().shift(1).over(WHO))
    turns = rows.filter(pl.col("ill").is_not_null())
    turns = turns.filter(pl.col("ill") != pl.col("ill").shift(1).over(WHO).fill_null(value=True))
    turns = turns.with_columns(episode=pl.col("ill").cast(pl.Int32).cum_sum().over(WHO))
    starts = turns.filter("ill").select(*WHO, "episode", start_days="taken_days")
    ends = turns.filter(~pl.col("ill")).select(*WHO, "episode", "last_ill_days", remission_days="taken_days")
    first = tables["patients"].select(*WHO, episode=pl.lit(0, pl.Int32), start_days=pl.lit(None, pl.Int32))
    every = pl.concat([first, starts]).join(ends, on=[*WHO, "episode"], how="left").sort(*WHO, "episode")
    return every.select(*WHO, "episode", "start_days", "last_ill_days", "remission_days")


LEVELS = ("remission_upcr", "relapse_upcr")
