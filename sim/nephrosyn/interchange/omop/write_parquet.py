"""Writes a run as OMOP CDM 5.4 in Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nephrosyn.interchange.omop import write

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.interchange.output import Output


class Format(write.Format):
    """OMOP CDM 5.4, with tables as Parquet: the same tables as those of the CSV files."""

    title = "OMOP CDM 5.4 (Parquet)"

    def _put(self, output: Output, name: str, frame: pl.DataFrame) -> None:
        output.parquet(f"{name}.parquet", frame)
