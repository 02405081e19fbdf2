"""Mappings of tables and manifest entries that print as a summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError


def counted(rows: Mapping[str, int]) -> str:
    """Return table names with their numbers of rows, as text.

    Examples
    --------
    >>> counted({"patients": 200, "visits": 3411})
    'patients 200, visits 3,411'
    """
    return ", ".join(f"{name} {height:,}" for name, height in rows.items())


class Tables(dict[str, pl.DataFrame]):
    """Frames by table name.

    Examples
    --------
    >>> Tables(patients=pl.DataFrame({"patient": [0, 1]}))
    <2 rows in 1 table: patients 2>
    """

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        return {name: frame.height for name, frame in self.items()}

    def __repr__(self) -> str:
        """Return the tables with their numbers of rows."""
        rows = self.rows
        tables = f"{len(rows)} table{'' if len(rows) == 1 else 's'}"
        return f"<{sum(rows.values()):,} rows in {tables}: {counted(rows)}>"


class Manifest(dict[str, Any]):
    """The manifest of a run.

    Examples
    --------
    >>> Manifest(version="0.1.0", seed=1)
    <Manifest with version, seed>
    """

    def __repr__(self) -> str:
        """Return the keys."""
        return f"<Manifest with {', '.join(self)}>"


NULLABLE = {
    "patients": {"measured_days", "lesion", "biopsy_days"},
    "visits": {"actual_days"},
    "truth/traits": {"cured_days", "resistant_days", "spontaneous_days"},
    "truth/events": {"value"},
}
"""Columns that may hold nulls, by table; labels are not checked. A visit without a day must be a missed one."""


def refuse_gaps(tables: Mapping[str, pl.DataFrame], where: str) -> None:
    """Refuse the tables of a patient if a column holds nulls where a run never writes any.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables that were read from a run.
    where : str
        Path or URL of the run, for the message.

    Raises
    ------
    RunFolderError
        If there are such columns; the message lists them.
    """
    gaps = [
        f"{table}.{column}"
        for table, frame in tables.items()
        if table != "labels"
        for column, count in frame.null_count().row(0, named=True).items()
        if count and column not in NULLABLE.get(table, ())
    ]
    visits = tables["visits"]
    if not visits.filter(pl.col("actual_days").is_null() & ~pl.col("missed")).is_empty():
        gaps.append("visits.actual_days")
    if gaps:
        raise RunFolderError(f"{where} is damaged: values are missing in {', '.join(gaps)}; make the run again")
