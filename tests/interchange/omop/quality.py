"""The checks of the Data Quality Dashboard, as SQL that counts the rows that fail and all rows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Any

from .model import HERE, columns

TODAY = "(select cdm_release_date from cdm_source)"
"""In place of today: the dates of a simulation do not depend on the day on which it is exported."""
DATES = {"DATEADD(dd,1,GETDATE())": f"({TODAY} + 1)", "YEAR(GETDATE())+1": f"(extract(year from {TODAY}) + 1)"}
GRACE_DAYS, NEAR_VISIT_DAYS = 60, 7
BORN = (
    "coalesce(p.birth_datetime::date, "
    "make_date(p.year_of_birth, coalesce(p.month_of_birth, 1), coalesce(p.day_of_birth, 1)))"
)


@dataclass(frozen=True)
class Check:
    """One check: of a column, with the share of rows that may fail."""

    name: str
    table: str
    column: str
    first: str = ""
    second: str = ""
    threshold_percent: float = 0.0

    @property
    def label(self) -> str:
        concept = f" of {self.first}" if self.name == "plausible_units" else ""
        return f"{self.name}: {self.table}.{self.column}{concept}"

    def sql(self) -> str:
        """A query for the number of rows that fail and the number of rows."""
        return globals()[f"_{self.name}"](self)


def _of_rows(check: Check, failing: str, joined: str = "", among: str = "true") -> str:
    return (
        f"select count(*) filter (where {failing}), count(*) from {check.table} t {joined} "
        f"where {among} and t.{check.column} is not null"
    )


def _required(check: Check) -> str:
    return f"select count(*) filter (where {check.column} is null), count(*) from {check.table}"


_value_completeness = _required


def _unique(check: Check) -> str:
    return f"select count(*) - count(distinct {check.column}), count(*) from {check.table}"


def _foreign_key(check: Check) -> str:
    return _of_rows(check, f"not exists (select from {check.first} o where o.{check.second} = t.{check.column})")


def _domain(check: Check) -> str:
    allowed = ", ".join(f"'{domain.strip()}'" for domain in check.first.split(","))
    return _of_rows(
        check,
        f"c.concept_id != 0 and c.domain_id not in ({allowed})",
        f"join concept c on c.concept_id = t.{check.column}",
    )


def _concept_class(check: Check) -> str:
    return _of_rows(
        check,
        f"c.concept_id != 0 and c.concept_class_id != '{check.first}'",
        f"join concept c on c.concept_id = t.{check.column}",
    )


def _standard_valid_concept(check: Check) -> str:
    return _of_rows(
        check,
        "c.concept_id != 0 and (c.standard_concept is distinct from 'S' or c.invalid_reason is not null)",
        f"join concept c on c.concept_id = t.{check.column}",
    )


def _concept_record_completeness(check: Check) -> str:
    return _of_rows(check, f"t.{check.column} = 0")


_source_concept_record_completeness = _concept_record_completeness


def _source_value_completeness(check: Check) -> str:
    return (
        f"select count(distinct {check.column}) filter (where {check.first} = 0), count(distinct {check.column}) "
        f"from {check.table}"
    )


def _person_completeness(check: Check) -> str:
    return (
        f"select count(*) filter (where not exists (select from {check.table} t where t.person_id = p.person_id)), "
        "count(*) from person p"
    )


def _observation_period_overlap(check: Check) -> str:
    return (
        "select count(*), (select count(*) from observation_period) from observation_period a "
        "join observation_period b "
        "on a.person_id = b.person_id and a.observation_period_id < b.observation_period_id and "
        "a.observation_period_start_date <= b.observation_period_end_date + 1 and "
        "b.observation_period_start_date <= a.observation_period_end_date + 1"
    )


def _condition_era_completeness(check: Check) -> str:
    return (
        "select count(distinct o.person_id) filter (where e.person_id is null), count(distinct o.person_id) "
        "from condition_occurrence o left join condition_era e using (person_id) where o.condition_concept_id != 0"
    )


def _limit(value: str) -> str:
    return DATES.get(value) or (f"date {value}" if value.startswith("'") else value)


def _plausible_low(check: Check) -> str:
    return _of_rows(check, f"t.{check.column} < {_limit(check.first)}")


def _plausible_high(check: Check) -> str:
    return _of_rows(check, f"t.{check.column} > {_limit(check.first)}")


def _plausible_temporal_after(check: Check) -> str:
    if check.first == "person":
        return _of_rows(check, f"t.{check.column} < {BORN}", "join person p using (person_id)")
    if check.first == check.table:
        return _of_rows(check, f"t.{check.column} < t.{check.second}")
    return _of_rows(check, f"t.{check.column} < o.{check.second}", f"join {check.first} o using (person_id)")


def _plausible_during_life(check: Check) -> str:
    return _of_rows(check, f"t.{check.column}::date > d.death_date + {GRACE_DAYS}", "join death d using (person_id)")


_plausible_before_death = _plausible_during_life


def _plausible_after_birth(check: Check) -> str:
    person = (
        "join person p using (person_id)" if check.table != "person" else "join person p on p.person_id = t.person_id"
    )
    return _of_rows(check, f"t.{check.column}::date < {BORN}", person)


def _plausible_start_before_end(check: Check) -> str:
    return _of_rows(check, f"t.{check.column} > t.{check.first}")


def _within_visit_dates(check: Check) -> str:
    return _of_rows(
        check,
        f"t.{check.column}::date < v.visit_start_date - {NEAR_VISIT_DAYS} or "
        f"t.{check.column}::date > v.visit_end_date + {NEAR_VISIT_DAYS}",
        "join visit_occurrence v on v.visit_occurrence_id = t.visit_occurrence_id",
    )


def _plausible_units(check: Check) -> str:
    units = ", ".join(check.second.split())
    return _of_rows(
        check,
        f"t.unit_concept_id is null or t.unit_concept_id not in ({units})",
        among=f"t.measurement_concept_id = {check.first} and t.value_as_number is not null",
    )


@cache
def checks() -> tuple[Check, ...]:
    """Every check: those of the specification of the model first, then the dashboard's own."""
    found = []
    for column in columns():
        if column.required:
            found.append(Check("required", column.table, column.name))
        if column.key:
            found.append(Check("unique", column.table, column.name))
        if column.references:
            found.append(Check("foreign_key", column.table, column.name, *column.references.split(".")))
        if column.domain:
            found.append(Check("domain", column.table, column.name, column.domain))
        if column.concept_class:
            found.append(Check("concept_class", column.table, column.name, column.concept_class))
    with (HERE / "checks.csv").open(encoding="utf-8", newline="") as file:
        for name, table, column, first, second, _, threshold in list(csv.reader(file))[1:]:
            found.append(Check(name, table, column or "person_id", first, second, float(threshold or 0)))
    found.append(Check("observation_period_overlap", "observation_period", "person_id"))
    found.append(Check("condition_era_completeness", "condition_occurrence", "person_id"))
    return tuple(found)


def failing(connection: Any) -> dict[str, float]:
    """The checks that fail, with the share of rows in percent."""
    shares = {}
    for check in checks():
        bad, rows = connection.execute(check.sql()).fetchone()
        if rows and 100.0 * bad / rows > check.threshold_percent:
            shares[check.label] = 100.0 * bad / rows
    return shares
