"""What is always kept of the patients of a draw: counts by definition set and view, and by site."""

from __future__ import annotations

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import SCHEMAS, Schema

COUNTS, SITE_COUNTS = "uncertainty", "uncertainty_sites"
FLAGS = (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)
_SET = {name: SCHEMAS["labels"][name] for name in ("criteria", "view")}
_KEY: Schema = {"draw": pl.Int32, "mix": pl.Int32, "number": pl.Int32, **_SET}
_COUNTED = (
    *("patients", "met", "unmet", "unknown", "outside", "treated", "treated_met"),
    *(f"category_{name}" for name in vocabulary.CATEGORIES),
    *(f"flag_{name}" for name in FLAGS),
)
SCHEMA: Schema = {**_KEY, **dict.fromkeys(_COUNTED, pl.Int32)}
"""Columns of the counts. All but `outside` are among patients to whom the set applies or may apply; `treated` is those
whose response to steroid could be judged."""
SITE_SCHEMA: Schema = {
    **{key: _KEY[key] for key in ("draw", "criteria", "view")},
    **dict.fromkeys(("site", "patients", "met", "unknown"), pl.Int32),
}
"""Columns of the counts by site."""
TABLES: dict[str, Schema] = {COUNTS: SCHEMA, SITE_COUNTS: SITE_SCHEMA}
"""Tables of a run with draws, and their columns."""
_INSIDE = pl.col("applies").ne_missing(pl.lit(value=False))


def count(labels: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Count the labels of some draws.

    Parameters
    ----------
    labels : polars.DataFrame
        Labels of all patients, with the columns `draw`, `mix`, `number` and `site` in addition.

    Returns
    -------
    dict of str to polars.DataFrame
        The tables of `TABLES`, one row for each draw, set and view, and one for each site of these.
    """
    met, unknown = pl.col("refractory").fill_null(value=False), pl.col("refractory").is_null()
    treated = pl.col("resistant").is_not_null()
    sums = {
        "patients": pl.lit(value=True),
        "met": met,
        "unmet": ~met & ~unknown,
        "unknown": unknown,
        "treated": treated,
        "treated_met": treated & met,
        **{f"category_{name}": pl.col("category") == name for name in vocabulary.CATEGORIES},
        **{f"flag_{name}": pl.col(name).fill_null(value=False) for name in FLAGS},
    }
    inside = [(_INSIDE & value).sum().alias(name) for name, value in sums.items()]
    outside = (~_INSIDE).sum().alias("outside")
    counted = labels.group_by([*_KEY], maintain_order=True).agg(*inside, outside)
    by_site = labels.group_by(["draw", "criteria", "view", "site"], maintain_order=True).agg(
        [(_INSIDE & sums[name]).sum().alias(name) for name in ("patients", "met", "unknown")]
    )
    return {COUNTS: _typed(counted, SCHEMA), SITE_COUNTS: _typed(by_site, SITE_SCHEMA)}


def add_up(tables: list[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """Add up the counts of several parts of the same draws."""
    if len(tables) == 1:
        return tables[0]
    keys = {COUNTS: [*_KEY], SITE_COUNTS: ["draw", "criteria", "view", "site"]}
    joined = {name: pl.concat([table[name] for table in tables]) for name in TABLES}
    return {
        name: _typed(frame.group_by(keys[name], maintain_order=True).sum(), TABLES[name])
        for name, frame in joined.items()
    }


def _typed(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
