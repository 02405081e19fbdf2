"""Doses of a record that was made elsewhere: from starts and ends to intervals of days on the same dose."""

from __future__ import annotations

import polars as pl

from nephrosyn.vocabulary import DRUG_TABLE

KEY = ["patient", "drug"]
BY_VEIN = [drug.name for drug in DRUG_TABLE if drug.routes[0] == "intravenous"]


def intervals(starts: pl.DataFrame, ends: pl.DataFrame, record_ends: pl.DataFrame) -> pl.DataFrame:
    """Return intervals of days on the same dose.

    A dose lasts to its end, if there is one before the next dose of the drug; else to the day before that, or to the
    end of the record. A drug that is given by vein only, without an end, is a single dose.

    Parameters
    ----------
    starts : polars.DataFrame
        `patient`, `drug`, `first_days`, `dose_mg`, and `schedule` or null.
    ends : polars.DataFrame
        `patient`, `drug`, `last_days`.
    record_ends : polars.DataFrame
        `patient`, `end_days`.

    Returns
    -------
    polars.DataFrame
        The starts in order of time, with `last_days`, `schedule`, `route` and `mean_mg_per_day`.
    """
    rows = starts.unique([*KEY, "first_days", "dose_mg"], maintain_order=True).sort(*KEY, "first_days")
    rows = rows.with_columns(next=pl.col("first_days").shift(-1).over(KEY))
    rows = _next_known(rows, ends.select(*KEY, day="last_days", last_days="last_days"), KEY, "last_days")
    rows = rows.join(record_ends, on="patient", how="left", maintain_order="left").sort(*KEY, "first_days")
    by_vein = pl.col("drug").cast(pl.String).is_in(BY_VEIN)
    has_end = pl.col("last_days").is_not_null() & (pl.col("next").is_null() | (pl.col("last_days") < pl.col("next")))
    last = (
        pl.when(has_end)
        .then("last_days")
        .when(by_vein)
        .then("first_days")
        .otherwise(pl.min_horizontal(pl.col("next") - 1, "end_days"))
    )
    rows = rows.with_columns(last_days=last)
    one_day = by_vein & (pl.col("first_days") == pl.col("last_days"))
    schedule = pl.coalesce("schedule", pl.when(one_day).then(pl.lit("single")).otherwise(pl.lit("daily")))
    rows = rows.with_columns(schedule=schedule)
    single = pl.col("schedule") == "single"
    share = pl.when(pl.col("schedule") == "alternate_day").then(0.5).otherwise(1.0)
    return rows.with_columns(
        mean_mg_per_day=share * pl.col("dose_mg"),
        route=pl.when(by_vein | single).then(pl.lit("intravenous")).otherwise(pl.lit("oral")),
    )


def with_weights(doses: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Fill missing dosing weights with the latest weight before the dose, or else the first after it.

    Parameters
    ----------
    doses : polars.DataFrame
        With `patient`, `first_days` and `dosing_weight_kg`.
    weights : polars.DataFrame
        `patient`, `day` and `kg`.
    """
    known = weights.select("patient", "day", dosing_weight_kg="kg")
    before = _latest_known(doses, known, ["patient"], "dosing_weight_kg")
    return _next_known(before, known, ["patient"], "dosing_weight_kg")


def _next_known(rows: pl.DataFrame, known: pl.DataFrame, key: list[str], value: str) -> pl.DataFrame:
    """Fill a missing value of each row with the first one known on its first day or later."""
    return _filled(rows, known, key, value, pl.col(value).backward_fill().over(key), after=True)


def _latest_known(rows: pl.DataFrame, known: pl.DataFrame, key: list[str], value: str) -> pl.DataFrame:
    """Fill a missing value of each row with the latest one known on its first day or earlier."""
    return _filled(rows, known, key, value, pl.col(value).forward_fill().over(key), after=False)


def _filled(
    rows: pl.DataFrame, known: pl.DataFrame, key: list[str], value: str, filled: pl.Expr, *, after: bool
) -> pl.DataFrame:
    """Return the rows in their order, with a value from the rows of `known` that follow or precede them."""
    numbered = rows.with_columns(number=pl.int_range(pl.len()))
    asking = numbered.select(*key, day="first_days", number="number").with_columns(
        pl.lit(None, pl.Float64).alias(value)
    )
    telling = known.select(*key, "day", pl.lit(None, pl.Int64).alias("number"), pl.col(value).cast(pl.Float64))
    both = [asking, telling] if after else [telling, asking]
    order = pl.concat([frame.with_columns(turn=pl.lit(turn)) for turn, frame in enumerate(both)])
    sorted_rows = order.sort(*key, "day", "turn", maintain_order=True).with_columns(filled)
    values = sorted_rows.filter(pl.col("number").is_not_null()).sort("number")[value]
    stated = rows[value] if value in rows.columns else pl.Series([None] * rows.height, dtype=pl.Float64)
    return rows.with_columns(stated.fill_null(values).alias(value))
