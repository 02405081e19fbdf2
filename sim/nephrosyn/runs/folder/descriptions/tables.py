"""The tables of a run as the descriptions see them: files, rows, key, and the meaning of every column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from nephrosyn.record.schema import OBSERVED, PATIENT_KEY, SCHEMAS, TABLES, TRUTH, Column, Table
from nephrosyn.runs.draws.counts import COUNTS, SITE_COUNTS
from nephrosyn.runs.draws.counts import TABLES as DRAW_TABLES
from nephrosyn.runs.draws.draw_tables import PREFIX
from nephrosyn.runs.folder.layout import part_number, table_folder
from nephrosyn.runs.folder.tables import NULLABLE

KEYS: dict[str, list[str]] = {
    "patients": PATIENT_KEY,
    "follow_up": PATIENT_KEY,
    "visits": [*PATIENT_KEY, "visit"],
    "labels": [*PATIENT_KEY, "criteria", "view"],
    "truth/traits": PATIENT_KEY,
    "truth/follow_up": PATIENT_KEY,
    COUNTS: ["draw", "criteria", "view"],
    SITE_COUNTS: ["draw", "criteria", "view", "site"],
}
"""Columns that identify a row, for the tables that have such columns."""
COUNT_TEXTS = {
    "draw": "number of the draw of the scenario's uncertain numbers, from 0",
    "mix": "number of the drawn mix of lesions",
    "number": "number of the drawn values of the other uncertain numbers",
    "criteria": "name of the definition set",
    "view": "record that was classified: complete or observed",
    "site": "clinic",
    "patients": "patients to whom the set applies or may apply",
    "met": "refractory patients",
    "unmet": "patients who are not refractory",
    "unknown": "patients who cannot be classified",
    "outside": "patients to whom the set does not apply",
    "treated": "patients whose response to steroid could be judged",
    "treated_met": "refractory patients among these",
}
"""Meaning of the columns of the counts of draws; the others count the patients of a category or with a flag."""
SIDES = {
    "observed": "Observed: what the clinic, and the family at home, recorded.",
    "truth": "Truth: what really happened in the simulation; withhold it from whoever is being tested.",
    "derived": "Derived from the other tables.",
}


@dataclass(frozen=True)
class DescribedTable:
    """One table of a run.

    Attributes
    ----------
    name : str
        Name of the table, for example ``truth/events``.
    table : Table
        What one row is, and the columns.
    files : list of str
        Its files within the run folder, in order.
    rows : int
        Rows of all files.
    """

    name: str
    table: Table
    files: list[str]
    rows: int

    @property
    def identifier(self) -> str:
        """Name without a slash, for example ``truth-events``."""
        return self.name.replace("/", "-")

    @property
    def folder(self) -> str:
        """Folder of its files within the run folder."""
        return table_folder(self.name)

    @property
    def base(self) -> str:
        """Name without the prefix of the tables of draws."""
        return self.name.removeprefix(PREFIX)

    @property
    def key(self) -> list[str]:
        """Columns that identify a row; empty if there are none."""
        return KEYS.get(self.base, [])

    @property
    def patients(self) -> str:
        """Name of the table of the patients that its rows belong to; empty for counts, and for that table itself."""
        if self.base not in SCHEMAS or self.base == "patients":
            return ""
        return f"{PREFIX if self.base != self.name else ''}patients".replace("/", "-")

    @property
    def text(self) -> str:
        """What the table is, in sentences."""
        side = "observed" if self.base in OBSERVED else "truth" if self.base in TRUTH else "derived"
        draws = " Of draws of the uncertain numbers: `replicate` is the draw." if self.base != self.name else ""
        return f"One row is {self.table.row}. {SIDES[side]}{draws}"

    def is_nullable(self, column: str) -> bool:
        """Whether a column may hold nulls."""
        if self.base == "labels":
            return column not in (*self.key, "category")
        return column in NULLABLE.get(self.base, ())


def words(column: Column) -> list[str]:
    """Return the words that a column may hold; empty if it does not hold words of a vocabulary.

    Examples
    --------
    >>> words(TABLES["patients"].columns["sex"])
    ['male', 'female']
    """
    return column.type.categories.to_list() if isinstance(column.type, pl.Enum) else []


def in_words(column: Column) -> str:
    """Return the meaning of a column with its unit and words, for formats without a place for these.

    Examples
    --------
    >>> in_words(TABLES["patients"].columns["height_cm"])
    'height at presentation; unit: cm'
    """
    unit = f"; unit: {column.unit}" if column.unit else ""
    listed = f"; one of {', '.join(words(column))}" if words(column) else ""
    return f"{column.text}{unit}{listed}"


def described(manifest: Mapping[str, Any]) -> list[DescribedTable]:
    """Return the tables of a run, in the order of the reference.

    Parameters
    ----------
    manifest : mapping
        The manifest of the run.
    """
    by_folder: dict[str, list[str]] = {}
    for name in manifest["files"]:
        by_folder.setdefault(name.rpartition("/")[0], []).append(name)
    every = {**TABLES, **_of_draws()}
    tables = []
    for name, table in every.items():
        files = sorted(by_folder.get(table_folder(name), ()), key=part_number)
        if files:
            rows = sum(int(manifest["files"][file].get("rows", 0)) for file in files)
            tables.append(DescribedTable(name, table, files, rows))
    return tables


def _of_draws() -> dict[str, Table]:
    """Return the tables of the draws of a run: their counts, and the tables that are kept."""
    counts = {name: Table(_counted(name), _columns(schema)) for name, schema in DRAW_TABLES.items()}
    return {**counts, **{f"{PREFIX}{name}": replace(table) for name, table in TABLES.items()}}


def _counted(name: str) -> str:
    return f"the counts of a draw by one definition set and one view{' at one site' if name == SITE_COUNTS else ''}"


def _columns(schema: Mapping[str, Any]) -> dict[str, Column]:
    return {name: Column(kind, COUNT_TEXTS.get(name) or _meaning(name)) for name, kind in schema.items()}


def _meaning(name: str) -> str:
    kind, _, term = name.partition("_")
    return f"patients of the category {term}" if kind == "category" else f"patients with the flag {term}"
