"""Eras: spans of the same drug or condition, with short gaps closed."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

LONGEST_GAP_DAYS = 30
"""Persistence window of eras, as the convention of the model is."""


def eras(rows: pl.DataFrame, rows_before: int, *, by: Sequence[str] = ()) -> pl.DataFrame:
    """Return the eras of each person and concept.

    Parameters
    ----------
    rows : polars.DataFrame
        `person_id`, `concept`, and the dates `start` and `end` of each occurrence. Rows without a concept make no era.
    rows_before : int
        Number after which the eras are numbered.
    by : sequence of str
        Further columns whose values tell eras apart, as the dose.

    Returns
    -------
    polars.DataFrame
        `id`, `person_id`, `concept`, `start`, `end`, `count` of occurrences, `gap_days` without any, and the further
        columns, by person, concept, these and start.

    Examples
    --------
    >>> from datetime import date
    >>> days = [date(2020, 1, 1), date(2020, 1, 20), date(2020, 6, 1)]
    >>> rows = pl.DataFrame({"person_id": 1, "concept": 8640, "start": days, "end": days})
    >>> eras(rows, 0).select("id", "start", "count", "gap_days").rows()
    [(1, datetime.date(2020, 1, 1), 2, 18), (2, datetime.date(2020, 6, 1), 1, 0)]
    """
    key = ["person_id", "concept", *by]
    ordered = rows.filter(pl.col("concept") != 0).sort(*key, "start", "end")
    start = pl.col("start").cast(pl.Int32)
    latest = pl.col("end").cast(pl.Int32).cum_max().shift(1).over(key)
    ordered = ordered.with_columns(free=(start - latest - 1).clip(0))
    begins = (pl.col("free").is_null() | (pl.col("free") > LONGEST_GAP_DAYS)).alias("begins")
    ordered = ordered.with_columns(begins).with_columns(era=pl.col("begins").cum_sum())
    spans = ordered.group_by("era", maintain_order=True).agg(
        pl.col("person_id").first(),
        pl.col("concept").first(),
        pl.col("start").first(),
        pl.col("end").max(),
        pl.len().cast(pl.Int32).alias("count"),
        pl.when(~pl.col("begins")).then("free").sum().cast(pl.Int32).alias("gap_days"),
        *[pl.col(name).first() for name in by],
    )
    return spans.select((pl.col("era") + rows_before).cast(pl.Int32).alias("id"), pl.exclude("era"))
