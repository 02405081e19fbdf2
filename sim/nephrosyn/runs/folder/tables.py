"""Tables and manifest as their user holds them: mappings that say what they hold, and do not print all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError


def counted(rows: Mapping[str, int]) -> str:
    """Return tables with their rows in words.

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
        """The tables with their rows, in a line or two."""
        rows = self.rows
        tables = f"{len(rows)} table{'' if len(rows) == 1 else 's'}"
        return f"<{sum(rows.values()):,} rows in {tables}: {counted(rows)}>"


class Manifest(dict[str, Any]):
    """What a run says of itself.

    Examples
    --------
    >>> Manifest(version="0.1.0", seed=1)
    <Manifest with version, seed>
    """

    def __repr__(self) -> str:
        """The keys, in a line or two."""
        return f"<Manifest with {', '.join(self)}>"


MAY_LACK = {
    "patients": {"lesion", "biopsy_days"},
    "visits": {"actual_days"},
    "truth/traits": {"spontaneous_days"},
    "truth/events": {"value"},
}
"""Columns in which a run leaves values out; labels aside, which have their own."""


def refuse_gaps(tables: Mapping[str, pl.DataFrame], where: str) -> None:
    """Refuse a patient's tables if values are missing where a run leaves none out.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        As they were read from a run.
    where : str
        The run, for the message.

    Raises
    ------
    RunFolderError
        With every such column.
    """
    gaps = [
        f"{table}.{column}"
        for table, frame in tables.items()
        if table != "labels"
        for column, count in frame.null_count().row(0, named=True).items()
        if count and column not in MAY_LACK.get(table, ())
    ]
    if gaps:
        raise RunFolderError(f"{where} is damaged: values are missing in {', '.join(gaps)}; make the run again")
