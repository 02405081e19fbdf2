"""Labels of MEDS: for each definition set and view the category, and whether the patient is refractory."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.record_part import RecordPart
from nephrosyn.vocabulary import UNDETERMINED


def label_frames(part: RecordPart, counts: Counts) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the labels of a part, each with its folder.

    The time of a prediction is the end of the observed record. Undetermined patients are left out and counted.

    Yields
    ------
    name : str
        ``SET/VIEW/category`` or ``SET/VIEW/refractory``.
    frame : polars.DataFrame
        `subject_id`, `prediction_time`, and `categorical_value` or `boolean_value`.
    """
    if not part.run.labels:
        return
    ends = part.dated("follow_up", "end_days").select("person_id", "end_date")
    labels = part.dated("labels").join(ends, on="person_id", how="left", maintain_order="left")
    time = pl.col("end_date").cast(pl.Datetime("us")).alias("prediction_time")
    key = [pl.col("person_id").alias("subject_id"), time]
    for name in part.run.labels:
        for view in vocabulary.VIEWS:
            rows = labels.filter(criteria=name, view=view)
            determined = rows.filter(pl.col("category").cast(pl.String) != UNDETERMINED)
            counts.left_out[f"categories by {name} ({view} record) that are undetermined"] += (
                rows.height - determined.height
            )
            yield (
                f"{name}/{view}/category",
                determined.select(*key, pl.col("category").cast(pl.String).alias("categorical_value")),
            )
            known = rows.filter(pl.col("refractory").is_not_null())
            counts.left_out[f"refractory by {name} ({view} record) that is undetermined"] += rows.height - known.height
            yield f"{name}/{view}/refractory", known.select(*key, pl.col("refractory").alias("boolean_value"))
            counts.written["labels"] += determined.height + known.height
