"""A simulated cohort as a study sees it: the observed record, one row for each person or episode of disease."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import STEROID

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

Tables = Mapping[str, pl.DataFrame]
VIEW = "observed"


class Study:
    """The observed tables of some patients, with the episodes and labels that definition sets derive from them.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort or of a part of it.
    definition : callable
        Function from the name of a definition set to the set.
    """

    def __init__(self, tables: Tables, definition: Callable[[str], DefinitionSet]) -> None:
        self.tables, self._definition = tables, definition
        self._episodes: dict[str, pl.DataFrame] = {}
        self._labels: dict[tuple[str, int | None], pl.DataFrame] = {}

    @cached_property
    def people(self) -> pl.DataFrame:
        """Return one row for each person: ``end_days`` of the record and ``start_days`` of steroid (null: never)."""
        steroid = self.doses(STEROID).group_by(PATIENT_KEY).agg(start_days=pl.col("first_days").min())
        ends = self.tables["follow_up"].select(*PATIENT_KEY, "end_days")
        people = self.tables["patients"].select(*PATIENT_KEY, "age_at_onset_years", "sex", "lesion")
        return people.join(ends, on=PATIENT_KEY, how="left").join(steroid, on=PATIENT_KEY, how="left").sort(PATIENT_KEY)

    def doses(self, drug: str) -> pl.DataFrame:
        """Return the doses of one drug."""
        return self.tables["doses"].filter(pl.col("drug") == drug)

    def readings(self, analyte: str) -> pl.DataFrame:
        """Return the results of one analyte: ``taken_days`` and ``value``, sorted by time."""
        rows = self.tables["readings"].filter(pl.col("analyte") == analyte, pl.col("value").is_not_null())
        return rows.select(*PATIENT_KEY, "taken_days", "value").sort(*PATIENT_KEY, "taken_days")

    def episodes(self, definition: str) -> pl.DataFrame:
        """Return the episodes of disease as a definition set sees them in the observed record.

        Returns
        -------
        polars.DataFrame
            ``episode`` (0 is the first, then the relapses), ``start_days`` (null for the first), ``last_ill_days``,
            ``remission_days`` (null if none).
        """
        if definition not in self._episodes:
            from nephrosyn import criteria

            self._episodes[definition] = criteria.episodes(self.tables, self._definition(definition), VIEW)
        return self._episodes[definition]

    def labels(self, definition: str, until_days: int | None = None) -> pl.DataFrame:
        """Return the labels of a definition set, by the record up to some day."""
        key = definition, until_days
        if key not in self._labels:
            from nephrosyn import criteria

            self._labels[key] = criteria.classify(self.tables, self._definition(definition), VIEW, until_days)
        return self._labels[key]

    def relapses(self, definition: str) -> pl.DataFrame:
        """Return one row for each relapse: ``start_days`` and ``number`` from 1."""
        rows = self.episodes(definition).filter(pl.col("episode") > 0)
        return rows.select(*PATIENT_KEY, "start_days", "remission_days", number=pl.col("episode"))

    def responders(self, definition: str, within_days: float | None = None) -> pl.DataFrame:
        """Return the responders to steroid, with ``remission_days``, ``relapse_days`` and ``count``.

        Parameters
        ----------
        definition : str
            Name of the set that defines remission and relapse.
        within_days : float, days, optional
            From the start of steroid; later remissions do not count.
        """
        first = self.episodes(definition).filter(pl.col("episode") == 0).select(*PATIENT_KEY, "remission_days")
        relapses = self.relapses(definition)
        relapsed = relapses.group_by(PATIENT_KEY).agg(relapse_days=pl.col("start_days").min(), count=pl.len())
        rows = self.people.join(first, on=PATIENT_KEY, how="left").join(relapsed, on=PATIENT_KEY, how="left")
        rows = rows.filter(pl.col("start_days").is_not_null(), pl.col("remission_days") >= pl.col("start_days"))
        if within_days is not None:
            rows = rows.filter(pl.col("remission_days") - pl.col("start_days") <= within_days)
        return rows.with_columns(pl.col("count").fill_null(0)).sort(PATIENT_KEY)
