"""The export loads into PostgreSQL with every constraint of the model, which refuses a broken one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg import Rollback, errors

from . import model, quality

pytestmark = pytest.mark.usefixtures("constrained")

LARGEST = 2**31 - 1


@pytest.mark.parametrize("cohort", ["adults", "children"])
def test_every_key_and_index_of_the_model_holds(
    constrained: dict[str, dict[str, int]], loaded: dict[str, Any], exports: dict[str, Path], cohort: str
) -> None:
    connection = loaded[cohort]
    assert constrained[cohort] == {"primary keys": 28, "foreign keys": 176, "indices": 70}
    for table in model.by_table():
        rows = sum(pl.read_csv(path, infer_schema=False).height for path in model.files(exports[cohort], table))
        assert connection.execute(f"select count(*) from {table}").fetchone() == (rows,), table


@pytest.mark.parametrize("cohort", ["adults", "children"])
def test_the_columns_are_those_of_the_specification(exports: dict[str, Path], cohort: str) -> None:
    specified = {table: [column.name for column in columns] for table, columns in model.by_table().items()}
    for path in sorted(exports[cohort].glob("*/*.csv")):
        assert pl.read_csv(path, infer_schema=False, n_rows=0).columns == specified[path.parent.name], path


BROKEN: dict[str, tuple[str, pl.Expr, type[Exception]]] = {
    "a race without a concept": ("person", pl.lit("8515").alias("race_concept_id"), errors.ForeignKeyViolation),
    "no end of a drug": (
        "drug_exposure",
        pl.lit(None, pl.String).alias("drug_exposure_end_date"),
        errors.NotNullViolation,
    ),
    "an unknown unit": ("measurement", pl.lit("9999").alias("unit_concept_id"), errors.ForeignKeyViolation),
    "a source value too long": (
        "condition_occurrence",
        pl.lit("x" * 51).alias("condition_source_value"),
        errors.StringDataRightTruncation,
    ),
    "an id above 32 bits": ("person", pl.lit(str(LARGEST + 1)).alias("person_id"), errors.NumericValueOutOfRange),
    "a visit twice": ("visit_occurrence", pl.lit("1").alias("visit_occurrence_id"), errors.UniqueViolation),
    "a visit of nobody": ("visit_occurrence", pl.lit("999999").alias("person_id"), errors.ForeignKeyViolation),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_export_is_refused(
    loaded: dict[str, Any], exports: dict[str, Path], tmp_path: Path, fault: str
) -> None:
    table, change, refusal = BROKEN[fault]
    (tmp_path / table).mkdir()
    for path in model.files(exports["adults"], table):
        pl.read_csv(path, infer_schema=False).with_columns(change).write_csv(tmp_path / table / path.name)
    with pytest.raises(refusal):
        _load_again(loaded["adults"], tmp_path, table)
    _load_again(loaded["adults"], exports["adults"], table)  # the whole one is taken


def _load_again(connection: psycopg.Connection[Any], folder: Path, table: str) -> None:
    """Load one table again into a database with all constraints, and undo it."""
    with connection.transaction() as undone:
        connection.execute(f"truncate {table} cascade")
        model.load(connection, folder, only=table)
        raise Rollback(undone)


REASONS = {
    "no code": "words without a code from two public sources go out as concept 0, and are counted in README.md",
    "own words": "source values are words of nephrosyn, which are in no vocabulary",
    "not simulated": "nothing of this kind is simulated",
    "some only": "not every patient has one",
    "interval": "a row is an interval of the same dose, however long it lasts",
}
KNOWN = {
    "concept_record_completeness: condition_occurrence.condition_concept_id": "no code",
    "concept_record_completeness: death.cause_concept_id": "no code",
    "concept_record_completeness: drug_exposure.drug_concept_id": "no code",
    "concept_record_completeness: measurement.measurement_concept_id": "no code",
    "concept_record_completeness: measurement.unit_concept_id": "no code",
    "concept_record_completeness: observation.observation_concept_id": "no code",
    "source_value_completeness: condition_occurrence.condition_source_value": "no code",
    "source_value_completeness: death.cause_source_value": "no code",
    "source_value_completeness: drug_exposure.drug_source_value": "no code",
    "source_concept_record_completeness: condition_occurrence.condition_source_concept_id": "own words",
    "source_concept_record_completeness: death.cause_source_concept_id": "own words",
    "source_concept_record_completeness: drug_exposure.drug_source_concept_id": "own words",
    "source_concept_record_completeness: measurement.measurement_source_concept_id": "own words",
    "source_concept_record_completeness: observation.observation_source_concept_id": "own words",
    "source_concept_record_completeness: procedure_occurrence.procedure_source_concept_id": "own words",
    "person_completeness: visit_detail.person_id": "not simulated",
    "person_completeness: device_exposure.person_id": "not simulated",
    "person_completeness: note.person_id": "not simulated",
    "person_completeness: specimen.person_id": "not simulated",
    "person_completeness: payer_plan_period.person_id": "not simulated",
    "person_completeness: dose_era.person_id": "some only",
    "person_completeness: drug_era.person_id": "some only",
    "plausible_high: drug_exposure.days_supply": "interval",
}
"""Checks of the dashboard that the export of the adults fails, each with its reason."""


def test_the_quality_checks_fail_only_where_a_reason_is_given(loaded: dict[str, Any]) -> None:
    assert len(quality.checks()) == 1130
    assert set(KNOWN.values()) <= set(REASONS)
    assert set(quality.failing(loaded["adults"])) == set(KNOWN)


def test_the_quality_checks_of_children_fail_where_those_of_adults_do(loaded: dict[str, Any]) -> None:
    of_children = {"person_completeness: procedure_occurrence.person_id"}  # most children have no biopsy
    assert set(quality.failing(loaded["children"])) <= {*KNOWN, *of_children}


SPOILED: dict[str, str] = {
    "required: person.year_of_birth": "alter table person alter year_of_birth drop not null; "
    "update person set year_of_birth = null where person_id = 1",
    "domain: person.gender_concept_id": "update person set gender_concept_id = 8840 where person_id = 1",
    "domain: measurement.unit_concept_id": "update measurement set unit_concept_id = 8507 where measurement_id = 1",
    "concept_class: drug_era.drug_concept_id": "update drug_era set drug_concept_id = 8840 where drug_era_id = 1",
    "standard_valid_concept: visit_occurrence.visit_concept_id": "update concept set standard_concept = null "
    "where concept_id = 9202",
    "plausible_low: person.year_of_birth": "update person set year_of_birth = 1700 where person_id <= 10",
    "plausible_after_birth: measurement.measurement_date": "update measurement set measurement_date = '1901-01-01' "
    "where person_id <= 10",
    "plausible_before_death: drug_exposure.drug_exposure_start_date": "update death set death_date = '1990-01-01'",
    "plausible_start_before_end: observation_period.observation_period_start_date": "update observation_period "
    "set observation_period_start_date = observation_period_end_date + 1 where person_id <= 10",
    "plausible_temporal_after: drug_era.drug_era_end_date": "update drug_era set drug_era_end_date = "
    "drug_era_start_date - 1 where person_id <= 50",
    "within_visit_dates: condition_occurrence.condition_start_date": "update visit_occurrence set visit_start_date = "
    "visit_start_date - 30, visit_end_date = visit_end_date - 30",
    "person_completeness: measurement.person_id": "delete from measurement where person_id = 1",
    "condition_era_completeness: condition_occurrence.person_id": "delete from condition_era where person_id = 1",
    "observation_period_overlap: observation_period.person_id": "update observation_period set person_id = 1 "
    "where person_id = 2",
    "value_completeness: measurement.measurement_date": "alter table measurement alter measurement_date drop not null; "
    "update measurement set measurement_date = null where measurement_id = 1",
    "concept_record_completeness: visit_occurrence.visit_concept_id": "update visit_occurrence "
    "set visit_concept_id = 0",
}


@pytest.mark.parametrize("check", SPOILED)
def test_a_quality_check_can_fail(loaded: dict[str, Any], check: str) -> None:
    connection = loaded["adults"]
    chosen = next(known for known in quality.checks() if known.label == check)
    with connection.transaction() as undone:
        connection.execute(SPOILED[check])
        bad, rows = connection.execute(chosen.sql()).fetchone()
        raise Rollback(undone)
    assert 100.0 * bad / rows > chosen.threshold_percent


def test_an_implausible_unit_is_seen(loaded: dict[str, Any]) -> None:
    connection = loaded["adults"]
    chosen = next(known for known in quality.checks() if known.name == "plausible_units" and known.first == "3024561")
    with connection.transaction() as undone:
        connection.execute("update measurement set unit_concept_id = 9529 where measurement_concept_id = 3024561")
        bad, rows = connection.execute(chosen.sql()).fetchone()
        raise Rollback(undone)
    assert bad == rows > 0
