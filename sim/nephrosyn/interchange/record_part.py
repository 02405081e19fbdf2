"""The observed record of a part of a run, as formats take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from nephrosyn.interchange.dates import date_of
from nephrosyn.interchange.identifiers import person_id
from nephrosyn.record.schema import OBSERVED, PATIENT_KEY

if TYPE_CHECKING:
    from nephrosyn.interchange.codes import Codes
    from nephrosyn.scenario import Resolved


class Source(Protocol):
    """A finished run: a folder, or a cohort in memory."""

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Return some parts of a table."""

    def part_rows(self, table: str) -> list[int]:
        """Return the rows of each part of a table."""


@dataclass(frozen=True)
class ExportedRun:
    """What a format knows of the run it exports.

    Attributes
    ----------
    resolved : Resolved
        The scenario.
    manifest : mapping
        Manifest of the run.
    rows : mapping of str to list of int
        Rows of each part, by observed table.
    codes : Codes
        The codes of every word, standard ones or nephrosyn's own.
    labels : tuple of str
        Names of the definition sets whose labels are exported.
    split : tuple of (str, float)
        Names and shares of the parts into which persons are divided; empty if they are not.
    """

    resolved: Resolved
    manifest: Mapping[str, Any]
    rows: Mapping[str, list[int]]
    codes: Codes
    labels: tuple[str, ...]
    split: tuple[tuple[str, float], ...] = ()

    @property
    def patients(self) -> int:
        """Patients in each replicate."""
        return int(self.manifest["patients"])

    @property
    def persons(self) -> int:
        """Persons in all replicates."""
        return self.patients * int(self.manifest["replicates"])

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self.manifest["seed"])

    @property
    def name(self) -> str:
        """Name of the scenario and digest, as of a run folder."""
        return f"{self.resolved.name}-{self.resolved.digest()}"

    @property
    def parts(self) -> int:
        """Number of parts."""
        return len(self.rows["patients"])


@dataclass(frozen=True)
class RecordPart:
    """The observed record of some patients.

    Attributes
    ----------
    number : int
        Number of the part, from 0.
    run : ExportedRun
        The run.
    tables : mapping of str to polars.DataFrame
        The observed tables as they are in the run.
    labels : polars.DataFrame
        Labels of the definition sets that are exported, both views.
    """

    number: int
    run: ExportedRun
    tables: Mapping[str, pl.DataFrame]
    labels: pl.DataFrame

    @classmethod
    def read(cls, run: ExportedRun, source: Source, number: int) -> RecordPart:
        """Read a part of a run; the truth is not read."""
        tables = {table: source.part(table, number) for table in OBSERVED}
        labels = source.part("labels", number).filter(pl.col("criteria").is_in(run.labels))
        return cls(number, run, tables, labels)

    def rows_before(self, table: str) -> int:
        """Return the rows of a table in all parts before this one, to number rows from."""
        return sum(self.run.rows[table][: self.number])

    @cached_property
    def persons(self) -> pl.DataFrame:
        """`person_id` (Int64) and `onset_date` of each patient, with `replicate` and `patient`."""
        return self.tables["patients"].select(*PATIENT_KEY, person_id(self.run.patients), "onset_date")

    def dated(self, table: str, *columns: str) -> pl.DataFrame:
        """Return a table with dates.

        Parameters
        ----------
        table : str
            An observed table, or ``labels``.
        *columns : str
            Columns of days, as ``taken_days``.

        Returns
        -------
        polars.DataFrame
            `person_id` first, then the columns of the table in its order of rows, then for each of the columns named
            its date: ``taken_date`` for ``taken_days``. A day that is null has no date.
        """
        frame = self.labels if table == "labels" else self.tables[table]
        rows = frame.with_columns(person_id(self.run.patients))
        rows = rows.with_columns(self._onset_dates(rows["person_id"]))
        dates = [date_of(pl.col("onset_date"), pl.col(name)).alias(_date_name(name)) for name in columns]
        columns_left = [name for name in frame.columns if name != "onset_date" or table == "patients"]
        return rows.select("person_id", *columns_left, *dates)

    def _onset_dates(self, person_ids: pl.Series) -> pl.Series:
        """Return the date of day 0 of each row's person."""
        known = self.persons
        first = known["person_id"][0] if known.height else 1
        if known.height and known["person_id"][-1] - first + 1 == known.height:  # the usual case: numbered in sequence
            return known["onset_date"].gather(person_ids - first).alias("onset_date")
        return person_ids.to_frame().join(known, on="person_id", how="left", maintain_order="left")["onset_date"]


def _date_name(column: str) -> str:
    """Return the name of the date of a column of days."""
    return f"{column.removesuffix('_days')}_date"


class InMemory:
    """The tables of a cohort in memory, as a run of one part.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        All tables.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self._tables = tables

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Return a table."""
        return self._tables[table]

    def part_rows(self, table: str) -> list[int]:
        """Return the rows of a table as those of its only part."""
        return [self._tables[table].height]
