"""Tools of OHDSI take the export: Achilles describes it, and a cohort of Circe has the persons that we find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from duckcdm.achilles import REPORT_ANALYSES, run_achilles
from duckcdm.omop import create_parquet_views

import nephrosyn as ns

from .circe import FIRST_DAY, LAST_DAY, NEPHROTIC_MG_PER_G, RULES, statements


@pytest.fixture(scope="module")
def parquet(cohorts: dict[str, ns.Cohort], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cohorts["adults"].export("omop-parquet", tmp_path_factory.mktemp("parquet") / "adults")


def _duckdb(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    create_parquet_views(connection, str(folder), log=None, materialize=True)
    return connection


def _expected(cohort: ns.Cohort) -> list[int]:
    """The same persons, from the observed tables."""
    doses = cohort.tables["doses"].filter(drug="prednisone").group_by("patient").agg(start=pl.col("first_days").min())
    ratios = cohort.tables["readings"].filter(analyte="upcr").join(doses, on="patient")
    since = pl.col("taken_days") - pl.col("start")
    nephrotic = ratios.filter(since.is_between(FIRST_DAY, LAST_DAY) & (pl.col("value") >= NEPHROTIC_MG_PER_G / 1000.0))
    return [patient + 1 for patient in nephrotic["patient"].unique().sort()]


def test_achilles_describes_the_export(cohorts: dict[str, ns.Cohort], parquet: Path) -> None:
    connection = _duckdb(parquet)
    done, failed = run_achilles(connection, cdm_version="5.4", small_cell_count=0, log=None)
    assert failed == []
    assert len(done) == len(set(REPORT_ANALYSES))
    counted = "select sum(count_value) from results.achilles_results where analysis_id = {}"
    tables = cohorts["adults"].tables
    held = tables["visits"]["actual_days"].count()
    for analysis, expected in (
        (1, tables["patients"].height),
        (200, None),
        (201, held),
        (501, tables["follow_up"].filter(reason="death").height),
        (701, tables["doses"].height),
    ):
        (found,) = connection.execute(counted.format(analysis)).fetchone()
        assert expected is None or found == expected, analysis


def test_a_cohort_definition_finds_the_same_persons_in_duckdb(cohorts: dict[str, ns.Cohort], parquet: Path) -> None:
    connection = _duckdb(parquet)
    connection.execute(
        "create table cohort (cohort_definition_id int, subject_id int, cohort_start_date date, cohort_end_date date)"
    )
    for statement in statements(RULES["resistant"], "duckdb", "main"):
        connection.execute(statement)
    found = connection.execute("select subject_id from cohort order by 1").fetchall()
    assert [subject for (subject,) in found] == _expected(cohorts["adults"])


@pytest.mark.usefixtures("constrained")
def test_a_cohort_definition_finds_the_same_persons_in_postgresql(
    cohorts: dict[str, ns.Cohort], loaded: dict[str, Any]
) -> None:
    connection, expected = loaded["adults"], _expected(cohorts["adults"])
    assert len(expected) > 5
    try:
        connection.execute("delete from cohort")
        for statement in statements(RULES["resistant"], "postgresql", "public"):
            connection.execute(statement)
        found = connection.execute("select subject_id from cohort order by 1").fetchall()
    finally:
        connection.rollback()
    assert [subject for (subject,) in found] == expected


def test_the_cohorts_of_an_export_are_the_labels(cohorts: dict[str, ns.Cohort], loaded: dict[str, Any]) -> None:
    connection, labels = loaded["adults"], cohorts["adults"].labels
    counted = dict(
        connection.execute(
            "select cohort_definition_name, count(*) from cohort join cohort_definition using (cohort_definition_id) "
            "group by 1"
        ).fetchall()
    )
    assert sum(rows for name, rows in counted.items() if ": refractory" not in name) == labels.height
    for criteria, view, refractory in labels.group_by("criteria", "view").agg(pl.col("refractory").sum()).iter_rows():
        assert counted.get(f"{criteria}: refractory ({view} record)", 0) == refractory
