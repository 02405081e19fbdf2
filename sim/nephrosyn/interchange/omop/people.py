"""Persons, the time in which they are observed, visits, deaths and clinics."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.interchange.omop.concepts import NO_CONCEPT, OF_SEX, OUTPATIENT_VISIT, TYPE_EHR
from nephrosyn.interchange.omop.tables import table
from nephrosyn.record.schema import PATIENT_KEY

if TYPE_CHECKING:
    from nephrosyn.interchange.omop.concepts import Concepts
    from nephrosyn.interchange.record_part import RecordPart

CARE_SITE = (pl.col("site") + 1).alias("care_site_id")


def person(part: RecordPart) -> pl.DataFrame:
    """Return one row for each patient; race and ethnicity are not simulated and have no concept."""
    born = pl.col("birth_date")
    return table(
        "person",
        part.dated("patients", "birth_days").select(
            "person_id",
            CARE_SITE,
            gender_concept_id=pl.col("sex").cast(pl.String).replace_strict(OF_SEX, return_dtype=pl.Int32),
            year_of_birth=born.dt.year(),
            month_of_birth=born.dt.month(),
            day_of_birth=born.dt.day(),
            birth_datetime=born.cast(pl.Datetime("us")),
            race_concept_id=NO_CONCEPT,
            ethnicity_concept_id=NO_CONCEPT,
            person_source_value=pl.format("{}-{}", "replicate", "patient"),
            gender_source_value=pl.col("sex"),
            gender_source_concept_id=NO_CONCEPT,
        ),
    )


def observation_period(part: RecordPart) -> pl.DataFrame:
    """Return one period for each patient, from day 0 to the last day of follow-up.

    It begins at onset, which the history taken at the first visit tells: an event outside the period does not count
    in the cohorts of OHDSI tools, and the diagnosis is dated at onset.
    """
    ends = part.dated("follow_up", "end_days").select("person_id", "end_date")
    return table(
        "observation_period",
        part.persons.join(ends, on="person_id", how="left", maintain_order="left").select(
            "person_id",
            observation_period_id="person_id",
            observation_period_start_date="onset_date",
            observation_period_end_date="end_date",
            period_type_concept_id=TYPE_EHR,
        ),
    )


class Visits:
    """The visits of a part that took place.

    Parameters
    ----------
    part : RecordPart
        A part of a run.

    Attributes
    ----------
    missed : int
        Visits that did not take place; the model has no place for them.
    """

    def __init__(self, part: RecordPart) -> None:
        rows = part.dated("visits", "actual_days").with_row_index("row", part.rows_before("visits") + 1)
        sites = part.dated("patients").select("person_id", "site")
        self._held = rows.filter(pl.col("actual_days").is_not_null()).join(
            sites, on="person_id", how="left", maintain_order="left"
        )
        self.missed = rows.height - self._held.height

    def table(self) -> pl.DataFrame:
        """Return the table ``visit_occurrence``, with each person's visits in a chain."""
        return table(
            "visit_occurrence",
            self._held.select(
                "person_id",
                CARE_SITE,
                visit_occurrence_id="row",
                visit_concept_id=OUTPATIENT_VISIT,
                visit_start_date="actual_date",
                visit_end_date="actual_date",
                visit_type_concept_id=TYPE_EHR,
                visit_source_value="kind",
                visit_source_concept_id=NO_CONCEPT,
                preceding_visit_occurrence_id=pl.col("row").shift(1).over("person_id"),
            ),
        )

    def by_number(self) -> pl.DataFrame:
        """Return the id of each visit by person and number of the visit."""
        return self._held.select("person_id", "visit", visit_occurrence_id="row")

    @cached_property
    def by_date(self) -> pl.DataFrame:
        """The id of the first visit of each person on each date."""
        by_date = self._held.select("person_id", date="actual_date", visit_occurrence_id="row")
        return by_date.unique(["person_id", "date"], keep="first", maintain_order=True)


def at_visits(rows: pl.DataFrame, visits: Visits) -> pl.DataFrame:
    """Add the visit of each row's `date`, null if there was none."""
    return rows.join(visits.by_date, on=["person_id", "date"], how="left", maintain_order="left")


def death(part: RecordPart, concepts: Concepts) -> pl.DataFrame:
    """Return the deaths, with their recorded cause."""
    died = part.dated("follow_up", "end_days").filter(pl.col("reason") == "death")
    causes = part.tables["conditions"].filter(pl.col("kind") == "cause_of_death")
    causes = causes.select(*PATIENT_KEY, "condition").unique(PATIENT_KEY, keep="last", maintain_order=True)
    rows = died.join(causes, on=PATIENT_KEY, how="left", maintain_order="left")
    return table(
        "death",
        rows.select(
            "person_id",
            death_date="end_date",
            death_type_concept_id=TYPE_EHR,
            cause_concept_id=concepts.ids("condition", "condition"),
            cause_source_value="condition",
            cause_source_concept_id=NO_CONCEPT,
        ),
    )


def care_sites(sites: int) -> pl.DataFrame:
    """Return the clinics.

    Parameters
    ----------
    sites : int
        Number of clinics.

    Examples
    --------
    >>> care_sites(2)["care_site_name"].to_list()
    ['Simulated clinic 1', 'Simulated clinic 2']
    """
    numbers = pl.DataFrame({"care_site_id": range(1, sites + 1)}, schema={"care_site_id": pl.Int32})
    return table(
        "care_site",
        numbers.with_columns(
            care_site_name=pl.format("Simulated clinic {}", "care_site_id"),
            place_of_service_concept_id=NO_CONCEPT,
            care_site_source_value=(pl.col("care_site_id") - 1).cast(pl.String),
        ),
    )
