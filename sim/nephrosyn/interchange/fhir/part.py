"""A part of the record as the resources are made from it: with ids of resources, texts of dates, and codes."""

from __future__ import annotations

from functools import cached_property

import polars as pl

from nephrosyn.interchange.codes import Code
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.fhir.text import by_word, concept, iso_dates
from nephrosyn.interchange.record_part import RecordPart


class FhirPart:
    """The observed record of a part.

    Parameters
    ----------
    record : RecordPart
        The record.

    Attributes
    ----------
    record : RecordPart
        The record.
    counts : Counts
        Rows written, left out, and under codes of nephrosyn's own.
    """

    def __init__(self, record: RecordPart) -> None:
        self.record, self.counts = record, Counts()
        self._codes = record.run.codes

    @cached_property
    def people(self) -> pl.DataFrame:
        """The patients, as `table` returns them, with `end_date` and `reason` of the end of follow-up."""
        patients = self.table("patients", "birth_days", "measured_days", "biopsy_days")
        ends = self.table("follow_up", "end_days").select("person_id", "end_date", "reason")
        return patients.with_columns(iso_dates(patients["onset_date"])).join(
            ends, on="person_id", how="left", maintain_order="left"
        )

    def table(self, name: str, *days: str) -> pl.DataFrame:
        """Return a table with ids and dates.

        Parameters
        ----------
        name : str
            An observed table, or ``labels``.
        *days : str
            Columns of days, as ``taken_days``.

        Returns
        -------
        polars.DataFrame
            The table, with `key` (``replicate-patient``, of which ids are made) and `row` (number of the row in the
            run), both texts, and a text for each date: ``taken_date`` for ``taken_days``.
        """
        frame = self.record.dated(name, *days)
        dates = [iso_dates(frame[f"{day.removesuffix('_days')}_date"]) for day in days]
        before = 0 if name == "labels" else self.record.rows_before(name)
        rows = pl.int_range(before, before + frame.height, eager=True).cast(pl.String).alias("row")
        return frame.with_columns(self._keys(frame), rows, *dates)

    def _keys(self, frame: pl.DataFrame) -> pl.Series:
        persons = self.record.persons
        keys = persons.select(pl.concat_str("replicate", pl.lit("-"), "patient")).to_series()
        first = persons["person_id"][0] if persons.height else 1
        if persons.height and persons["person_id"][-1] - first + 1 == persons.height:  # numbered in sequence
            return keys.gather(frame["person_id"] - first).alias("key")
        return frame.select(pl.concat_str("replicate", pl.lit("-"), "patient").alias("key")).to_series()

    def concepts(self, frame: pl.DataFrame, group: str, column: str) -> pl.Series:
        """Return the CodeableConcept of each row of a column of words, and count the rows with local codes."""
        for word, rows in frame.group_by(column).len().iter_rows():
            if word is not None:
                self._count(self._codes.of(group, word), rows)
        return by_word(frame[column], lambda word: concept(self._codes.of(group, word)))

    def concept(self, group: str, word: str, rows: int) -> str:
        """Return the CodeableConcept of a word that some rows have, which are counted if the code is local."""
        code = self._codes.of(group, word)
        self._count(code, rows)
        return concept(code)

    def code(self, group: str, word: str) -> Code:
        """Return the code of a word."""
        return self._codes.of(group, word)

    def _count(self, code: Code, rows: int) -> None:
        if code.is_local:
            self.counts.local[f"{code.group}.{code.word}"] += rows
