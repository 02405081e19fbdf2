"""Diagnoses, lesions, toxicities and biopsies, and what of them is an observation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.interchange.omop.concepts import NO_CONCEPT, NOT_DISEASES, TYPE_EHR
from nephrosyn.interchange.omop.eras import eras
from nephrosyn.interchange.omop.people import at_visits
from nephrosyn.interchange.omop.tables import table

if TYPE_CHECKING:
    from nephrosyn.interchange.omop.concepts import Concepts
    from nephrosyn.interchange.omop.people import Visits
    from nephrosyn.interchange.record_part import RecordPart

PER_PATIENT = 3
"""Conditions that a patient can have besides the noted ones: the disease, its lesion, kidney failure."""
DISEASE, FAILURE, LESION = "nephrotic_syndrome", "kidney_failure", pl.lit("lesion/")
CAUSE = "cause_of_death"
STEROID_ACTION, FOLLOW_UP_END, AGE = "action on steroid", "end of follow-up", "age at onset"
"""Source values of observations that are no condition."""


def rows_before(part: RecordPart) -> int:
    """Return an upper bound of the conditions of the parts before this one."""
    return part.rows_before("conditions") + PER_PATIENT * part.rows_before("patients")


def noted(part: RecordPart, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    """Return the conditions noted, each with its number, visit and concept, and whether it is an observation.

    The cause of a death is part of the death.
    """
    rows = part.dated("conditions", "noted_days").with_columns(date="noted_date")
    rows = at_visits(rows.filter(pl.col("kind") != CAUSE), visits)
    return rows.with_row_index("row", rows_before(part) + 1).with_columns(
        concept=concepts.ids("condition", "condition"),
        observed=pl.col("condition").cast(pl.String).is_in(NOT_DISEASES),
        source=pl.format("{}/{}", pl.col("kind").cast(pl.String), pl.col("condition").cast(pl.String)),
    )


def condition_occurrence(part: RecordPart, rows: pl.DataFrame, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    """Return the table ``condition_occurrence``.

    Parameters
    ----------
    part : RecordPart
        A part of a run.
    rows : polars.DataFrame
        What `noted` returned.
    visits, concepts
        Of the part.
    """
    of_patients = at_visits(_of_patients(part, concepts), visits)
    conditions = rows.filter(~pl.col("observed"))
    after = rows_before(part) + part.tables["conditions"].height
    of_patients = of_patients.with_row_index("row", after + 1)
    columns = ["row", "person_id", "concept", "date", "visit_occurrence_id", "source"]
    every = pl.concat([conditions.select(columns), of_patients.select(columns)], how="vertical_relaxed")
    return table(
        "condition_occurrence",
        every.select(
            "person_id",
            "visit_occurrence_id",
            condition_occurrence_id="row",
            condition_concept_id="concept",
            condition_start_date="date",
            condition_type_concept_id=TYPE_EHR,
            condition_source_value="source",
            condition_source_concept_id=NO_CONCEPT,
        ),
    )


def _of_patients(part: RecordPart, concepts: Concepts) -> pl.DataFrame:
    """Return the disease of every patient, the lesions found and the failures of the kidney."""
    lesion = pl.col("lesion").cast(pl.String)
    biopsied = part.dated("patients", "biopsy_days").filter(pl.col("lesion").is_not_null())
    failed = part.dated("follow_up", "end_days").filter(pl.col("reason") == FAILURE)
    frames = [
        part.persons.select(
            "person_id", date="onset_date", source=pl.lit(DISEASE), concept=concepts.id_of("disease", DISEASE)
        ),
        biopsied.select(
            "person_id", date="biopsy_date", source=LESION + lesion, concept=concepts.ids("lesion", "lesion")
        ),
        failed.select("person_id", date="end_date", source=pl.lit(FAILURE), concept=concepts.id_of("end", FAILURE)),
    ]
    return pl.concat(frames, how="vertical_relaxed")


def condition_era(part: RecordPart, occurrences: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``condition_era``: occurrences of a condition with gaps of at most 30 days."""
    date = pl.col("condition_start_date")
    rows = occurrences.select("person_id", concept="condition_concept_id", start=date, end=date)
    names = {
        "id": "condition_era_id",
        "concept": "condition_concept_id",
        "start": "condition_era_start_date",
        "end": "condition_era_end_date",
        "count": "condition_occurrence_count",
    }
    return table("condition_era", eras(rows, rows_before(part)).rename(names))


def observation(part: RecordPart, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``observation``: what was noted and is no disease, actions on steroid, ends of follow-up, ages.

    The qualifier of an action is the condition because of which it was taken.
    """
    not_diseases = rows.filter("observed").select("person_id", "date", "visit_occurrence_id", "source", "concept")
    acted = rows.filter(pl.col("action") != "none").select(
        "person_id",
        "date",
        "visit_occurrence_id",
        source=pl.lit(STEROID_ACTION),
        text=pl.col("action").cast(pl.String),
        because="source",
    )
    ended = part.dated("follow_up", "end_days").filter(pl.col("reason") != "death")
    ended = ended.select(
        "person_id", date="end_date", source=pl.lit(FOLLOW_UP_END), text=pl.col("reason").cast(pl.String)
    )
    aged = part.dated("patients").select(
        "person_id", date="onset_date", source=pl.lit(AGE), number="age_at_onset_years", unit=pl.lit("years")
    )
    every = pl.concat([not_diseases, acted, ended, aged], how="diagonal_relaxed")
    before = 2 * part.rows_before("conditions") + part.rows_before("follow_up") + part.rows_before("patients")
    return table(
        "observation",
        every.with_row_index("row", before + 1).select(
            "person_id",
            "visit_occurrence_id",
            observation_id="row",
            observation_concept_id=pl.col("concept").fill_null(NO_CONCEPT),
            observation_date="date",
            observation_type_concept_id=TYPE_EHR,
            value_as_number="number",
            value_as_string="text",
            observation_source_value="source",
            observation_source_concept_id=NO_CONCEPT,
            unit_source_value="unit",
            value_source_value="text",
            qualifier_source_value="because",
        ),
    )


def procedure_occurrence(part: RecordPart, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    """Return the table ``procedure_occurrence``: the biopsies."""
    rows = part.dated("patients", "biopsy_days").with_row_index("row", part.rows_before("patients") + 1)
    biopsied = at_visits(rows.filter(pl.col("biopsy_days").is_not_null()).with_columns(date="biopsy_date"), visits)
    return table(
        "procedure_occurrence",
        biopsied.select(
            "person_id",
            "visit_occurrence_id",
            procedure_occurrence_id="row",
            procedure_concept_id=concepts.id_of("procedure", "kidney_biopsy"),
            procedure_date="biopsy_date",
            procedure_type_concept_id=TYPE_EHR,
            procedure_source_value=pl.lit("kidney biopsy"),
            procedure_source_concept_id=NO_CONCEPT,
        ),
    )
