"""Numbers of persons and rows in exported records."""

from __future__ import annotations

import polars as pl

from nephrosyn.errors import ExportError

LARGEST_32_BITS = 2**31 - 1
"""Largest number of an integer column in most formats."""


def person_id(patients: int) -> pl.Expr:
    """Return the number of each person, from 1, as an expression on `replicate` and `patient`.

    Parameters
    ----------
    patients : int
        Patients in each replicate.

    Examples
    --------
    >>> frame = pl.DataFrame({"replicate": [0, 1], "patient": [0, 4]})
    >>> frame.select(person_id(10)).to_series().to_list()
    [1, 15]
    """
    of_replicates = pl.col("replicate").cast(pl.Int64) * patients
    return (of_replicates + pl.col("patient").cast(pl.Int64) + 1).alias("person_id")


def refuse_beyond_32_bits(table: str, rows: int) -> None:
    """Refuse a table with more rows than 32 bits can number.

    Parameters
    ----------
    table : str
        Name for the message.
    rows : int
        Number of rows, or the largest id.

    Raises
    ------
    ExportError
        With the number.

    Examples
    --------
    >>> refuse_beyond_32_bits("measurement", 4_000_000)
    """
    if rows > LARGEST_32_BITS:
        raise ExportError(
            f"{table}: expected at most {LARGEST_32_BITS:,} rows, which is what ids of 32 bits allow; found {rows:,}; "
            "export a run with fewer patients"
        )
