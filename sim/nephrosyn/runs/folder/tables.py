"""Tables and manifest as their user holds them: mappings that say what they hold, and do not print all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl


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
