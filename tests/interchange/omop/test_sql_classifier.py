"""The classifier in SQL finds the persons of Circe's cohorts in PostgreSQL, and its weaknesses show."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.bench.classifiers.omop_sql import by_sql, omop_tables, statement
from nephrosyn.bench.classifiers.omop_sql import cohorts as members_of_cohorts

from .circe import RULES, statements


def _persons(tables: Any) -> dict[str, list[int]]:
    members = members_of_cohorts(tables)
    return {name: sorted(members.filter(cohort=name)["person_id"] + 1) for name in RULES}


@pytest.mark.usefixtures("constrained")
@pytest.mark.parametrize("cohort", RULES)
def test_cohorts_are_those_of_circe_in_postgresql(
    cohort: str, cohorts: dict[str, ns.Cohort], loaded: dict[str, Any]
) -> None:
    connection, expected = loaded["adults"], _persons(cohorts["adults"].tables)[cohort]
    assert len(expected) > 5
    try:
        connection.execute("delete from cohort")
        for sql in statements(RULES[cohort], "postgresql", "public"):
            connection.execute(sql)
        found = connection.execute("select subject_id from cohort order by 1").fetchall()
    finally:
        connection.rollback()
    assert [subject for (subject,) in found] == expected


def test_the_statement_finds_the_same_in_postgresql(cohorts: dict[str, ns.Cohort], loaded: dict[str, Any]) -> None:
    rows = loaded["adults"].execute(f"select distinct person_id, cohort from ({statement()}) as s").fetchall()
    found = {name: sorted(person for person, of in rows if of == name) for name in RULES}
    assert found == _persons(cohorts["adults"].tables)


def test_its_tables_are_those_of_the_export(cohorts: dict[str, ns.Cohort], loaded: dict[str, Any]) -> None:
    tables = omop_tables(cohorts["adults"].tables)
    columns = "select person_id - 1, measurement_date, value_as_number from measurement"
    rows = loaded["adults"].execute(f"{columns} where measurement_concept_id = 3001582").fetchall()
    exported = pl.DataFrame(rows, schema=["person_id", "measurement_date", "value_as_number"], orient="row")
    ours = tables["measurement"].drop_nulls("value_as_number").select(exported.columns)
    key = ["person_id", "measurement_date"]
    assert exported.select(key).cast(pl.String).sort(key).equals(ours.select(key).cast(pl.String).sort(key))
    assert sorted(map(float, exported["value_as_number"])) == pytest.approx(sorted(ours["value_as_number"]))


def test_known_weaknesses_show() -> None:
    """A relapse that only a home diary or a dipstick shows, and dependence without a further agent, are not seen."""
    cohort = ns.run("baseline", patients=400, seed=5)
    given = by_sql(cohort.tables).with_columns(pl.col("predicted").cast(pl.String))
    right = cohort.labels.filter(view="complete", criteria="source").filter(pl.col("applies"))
    both = right.select("patient", category=pl.col("category").cast(pl.String)).join(given, on="patient")
    dependent = both.filter(category="steroid_dependent")
    agents = set(members_of_cohorts(cohort.tables).filter(cohort="agent")["person_id"])
    without = dependent.filter(~pl.col("patient").is_in(agents))
    assert without.height and not (without["predicted"] == "steroid_dependent").any()
    assert "frequently_relapsing" not in set(given["predicted"])
    assert "steroid_intolerant" not in set(given["predicted"])
    assert both.filter(category="steroid_resistant", predicted="steroid_resistant").height > 20
