"""Cohorts in SQL over OMOP tables, as a study on a research database would define them.

The statement is in ``omop_cohorts.sql``; it also runs in PostgreSQL and DuckDB on an export of the record, and its
cohorts are those of definitions in the JSON format of Circe. Its weaknesses are those of such definitions: windows of
the calendar stand for the course of steroid, a dose that was reduced or missed is not seen, dipsticks do not count, and
relapses are not separated from one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import polars as pl

from nephrosyn.bench.classifiers.heuristics import Rule
from nephrosyn.bench.task import ABSTAINED
from nephrosyn.interchange.codes import load_codes
from nephrosyn.record.schema import PATIENT_KEY

Tables = Mapping[str, pl.DataFrame]
CATEGORY = {
    "resistant": "steroid_resistant",
    "agent": "steroid_dependent",
    "relapse": "infrequently_relapsing",
    "treated": "non_relapsing",
}
"""Category of each cohort; a person in several has the first."""


@cache
def statement() -> str:
    """Return the SQL statement."""
    return files(__package__).joinpath("omop_cohorts.sql").read_text("utf-8")


def omop_tables(tables: Tables) -> dict[str, pl.DataFrame]:
    """Return the columns of ``drug_exposure`` and ``measurement`` that the statement reads.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables of one replicate.

    Returns
    -------
    dict of str to polars.DataFrame
        As an export has them; `person_id` is the number of the patient here.
    """
    codes = load_codes()
    onset = tables["patients"].select("patient", "onset_date").unique("patient", keep="first", maintain_order=True)

    def dated(rows: pl.DataFrame, day: str) -> pl.DataFrame:
        joined = rows.drop_nulls(day).join(onset, on="patient", how="inner", maintain_order="left")
        return joined.with_columns(date=pl.col("onset_date") + pl.duration(days=pl.col(day)))

    doses, readings = tables["doses"], tables["readings"].filter(analyte="upcr")
    drugs = {name: codes.of("drug", name).concept_id for name in doses["drug"].cast(pl.String).unique()}
    ratio = codes.of("analyte", "upcr")
    return {
        "drug_exposure": dated(doses, "first_days").select(
            person_id="patient",
            drug_concept_id=pl.col("drug").cast(pl.String).replace_strict(drugs, return_dtype=pl.Int64, default=0),
            drug_exposure_start_date="date",
        ),
        "measurement": dated(readings, "taken_days").select(
            person_id="patient",
            measurement_concept_id=pl.lit(ratio.concept_id, pl.Int64),
            measurement_date="date",
            value_as_number=pl.col("value") * ratio.factor,
        ),
    }


def cohorts(tables: Tables) -> pl.DataFrame:
    """Return who is in which cohort: `person_id` and `cohort`, each pair once."""
    with pl.SQLContext(omop_tables(tables)) as context:
        return context.execute(statement(), eager=True).unique().sort("person_id", "cohort")


def by_sql(tables: Tables) -> pl.DataFrame:
    """Return the category of the first cohort of each patient, and no answer without prednisone."""
    members = cohorts(tables)
    order = members.with_columns(pl.col("cohort").cast(pl.Enum(list(CATEGORY)))).sort("cohort")
    first = order.unique("person_id", keep="first", maintain_order=True)
    named = first.select(patient="person_id", predicted=pl.col("cohort").cast(pl.String).replace_strict(CATEGORY))
    people = tables["patients"].select(PATIENT_KEY).unique(maintain_order=True)
    given = people.join(named, on="patient", how="left", maintain_order="left")
    return given.with_columns(pl.col("predicted").fill_null(ABSTAINED))


OMOP_SQL = Rule("omop-sql", "cohorts in SQL over OMOP tables, as a study on a research database", by_sql)
