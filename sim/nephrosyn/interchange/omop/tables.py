"""The tables of OMOP CDM 5.4 that an export fills: their columns in order, with the type of each."""

from __future__ import annotations

import polars as pl

from nephrosyn.record.schema import Schema

ID, NUMBER, TEXT, DATE, TIME = pl.Int32, pl.Float64, pl.String, pl.Date, pl.Datetime("us")
LARGEST_ID = 2**31 - 1
"""Keys of the model are 32-bit integers."""

TYPES: Schema = {"id": ID, "number": NUMBER, "text": TEXT, "date": DATE, "datetime": TIME}
LAYOUT = {
    "person": """
        person_id:id gender_concept_id:id year_of_birth:id month_of_birth:id day_of_birth:id birth_datetime:datetime
        race_concept_id:id ethnicity_concept_id:id location_id:id provider_id:id care_site_id:id
        person_source_value:text gender_source_value:text gender_source_concept_id:id race_source_value:text
        race_source_concept_id:id ethnicity_source_value:text ethnicity_source_concept_id:id""",
    "observation_period": """
        observation_period_id:id person_id:id observation_period_start_date:date observation_period_end_date:date
        period_type_concept_id:id""",
    "visit_occurrence": """
        visit_occurrence_id:id person_id:id visit_concept_id:id visit_start_date:date visit_start_datetime:datetime
        visit_end_date:date visit_end_datetime:datetime visit_type_concept_id:id provider_id:id care_site_id:id
        visit_source_value:text visit_source_concept_id:id admitted_from_concept_id:id
        admitted_from_source_value:text discharged_to_concept_id:id discharged_to_source_value:text
        preceding_visit_occurrence_id:id""",
    "condition_occurrence": """
        condition_occurrence_id:id person_id:id condition_concept_id:id condition_start_date:date
        condition_start_datetime:datetime condition_end_date:date condition_end_datetime:datetime
        condition_type_concept_id:id condition_status_concept_id:id stop_reason:text provider_id:id
        visit_occurrence_id:id visit_detail_id:id condition_source_value:text condition_source_concept_id:id
        condition_status_source_value:text""",
    "drug_exposure": """
        drug_exposure_id:id person_id:id drug_concept_id:id drug_exposure_start_date:date
        drug_exposure_start_datetime:datetime drug_exposure_end_date:date drug_exposure_end_datetime:datetime
        verbatim_end_date:date drug_type_concept_id:id stop_reason:text refills:id quantity:number days_supply:id
        sig:text route_concept_id:id lot_number:text provider_id:id visit_occurrence_id:id visit_detail_id:id
        drug_source_value:text drug_source_concept_id:id route_source_value:text dose_unit_source_value:text""",
    "procedure_occurrence": """
        procedure_occurrence_id:id person_id:id procedure_concept_id:id procedure_date:date
        procedure_datetime:datetime procedure_end_date:date procedure_end_datetime:datetime
        procedure_type_concept_id:id modifier_concept_id:id quantity:id provider_id:id visit_occurrence_id:id
        visit_detail_id:id procedure_source_value:text procedure_source_concept_id:id modifier_source_value:text""",
    "measurement": """
        measurement_id:id person_id:id measurement_concept_id:id measurement_date:date measurement_datetime:datetime
        measurement_time:text measurement_type_concept_id:id operator_concept_id:id value_as_number:number
        value_as_concept_id:id unit_concept_id:id range_low:number range_high:number provider_id:id
        visit_occurrence_id:id visit_detail_id:id measurement_source_value:text measurement_source_concept_id:id
        unit_source_value:text unit_source_concept_id:id value_source_value:text measurement_event_id:id
        meas_event_field_concept_id:id""",
    "observation": """
        observation_id:id person_id:id observation_concept_id:id observation_date:date observation_datetime:datetime
        observation_type_concept_id:id value_as_number:number value_as_string:text value_as_concept_id:id
        qualifier_concept_id:id unit_concept_id:id provider_id:id visit_occurrence_id:id visit_detail_id:id
        observation_source_value:text observation_source_concept_id:id unit_source_value:text
        qualifier_source_value:text value_source_value:text observation_event_id:id obs_event_field_concept_id:id""",
    "death": """
        person_id:id death_date:date death_datetime:datetime death_type_concept_id:id cause_concept_id:id
        cause_source_value:text cause_source_concept_id:id""",
    "condition_era": """
        condition_era_id:id person_id:id condition_concept_id:id condition_era_start_date:date
        condition_era_end_date:date condition_occurrence_count:id""",
    "drug_era": """
        drug_era_id:id person_id:id drug_concept_id:id drug_era_start_date:date drug_era_end_date:date
        drug_exposure_count:id gap_days:id""",
    "dose_era": """
        dose_era_id:id person_id:id drug_concept_id:id unit_concept_id:id dose_value:number dose_era_start_date:date
        dose_era_end_date:date""",
    "care_site": """
        care_site_id:id care_site_name:text place_of_service_concept_id:id location_id:id
        care_site_source_value:text place_of_service_source_value:text""",
    "cohort": "cohort_definition_id:id subject_id:id cohort_start_date:date cohort_end_date:date",
    "cohort_definition": """
        cohort_definition_id:id cohort_definition_name:text cohort_definition_description:text
        definition_type_concept_id:id cohort_definition_syntax:text subject_concept_id:id
        cohort_initiation_date:date""",
    "cdm_source": """
        cdm_source_name:text cdm_source_abbreviation:text cdm_holder:text source_description:text
        source_documentation_reference:text cdm_etl_reference:text source_release_date:date cdm_release_date:date
        cdm_version:text cdm_version_concept_id:id vocabulary_version:text""",
    "metadata": """
        metadata_id:id metadata_concept_id:id metadata_type_concept_id:id name:text value_as_string:text
        value_as_concept_id:id value_as_number:number metadata_date:date metadata_datetime:datetime""",
    "concept": """
        concept_id:id concept_name:text domain_id:text vocabulary_id:text concept_class_id:text
        standard_concept:text concept_code:text valid_start_date:date valid_end_date:date invalid_reason:text""",
    "vocabulary": """
        vocabulary_id:text vocabulary_name:text vocabulary_reference:text vocabulary_version:text
        vocabulary_concept_id:id""",
    "domain": "domain_id:text domain_name:text domain_concept_id:id",
    "concept_class": "concept_class_id:text concept_class_name:text concept_class_concept_id:id",
    "relationship": """
        relationship_id:text relationship_name:text is_hierarchical:text defines_ancestry:text
        reverse_relationship_id:text relationship_concept_id:id""",
    "concept_relationship": """
        concept_id_1:id concept_id_2:id relationship_id:text valid_start_date:date valid_end_date:date
        invalid_reason:text""",
    "concept_ancestor": """
        ancestor_concept_id:id descendant_concept_id:id min_levels_of_separation:id max_levels_of_separation:id""",
    "drug_strength": """
        drug_concept_id:id ingredient_concept_id:id amount_value:number amount_unit_concept_id:id
        numerator_value:number numerator_unit_concept_id:id denominator_value:number
        denominator_unit_concept_id:id box_size:id valid_start_date:date valid_end_date:date invalid_reason:text""",
}
"""Columns of each table as ``name:type``."""

TABLES: dict[str, Schema] = {
    table: {name: TYPES[kind] for name, _, kind in (field.partition(":") for field in fields.split())}
    for table, fields in LAYOUT.items()
}
"""Type of each column, by table."""

PART_TABLES = (
    "person",
    "observation_period",
    "visit_occurrence",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "measurement",
    "observation",
    "death",
    "condition_era",
    "drug_era",
    "dose_era",
    "cohort",
)
"""Tables with rows of patients: one file for each part of the run."""


def table(name: str, columns: pl.DataFrame) -> pl.DataFrame:
    """Return a table of the model: its columns in order, null where a frame has none.

    Parameters
    ----------
    name : str
        Name of the table.
    columns : polars.DataFrame
        The columns that have values.

    Returns
    -------
    polars.DataFrame
        Every column of the table, of its type.

    Examples
    --------
    >>> table("death", pl.DataFrame({"person_id": [1]})).columns[:2]
    ['person_id', 'death_date']
    """
    schema = TABLES[name]
    return columns.select(
        pl.col(column).cast(kind) if column in columns.columns else pl.lit(None, kind).alias(column)
        for column, kind in schema.items()
    )
