"""From history to tables: the observed record, with missing and rounded values, and the truth.

The course does not depend on what is missing. When a patient is lost to follow-up the record ends, but the truth goes
on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record import schema
from nephrosyn.record.bodies import growth_curves, write_bodies
from nephrosyn.record.chart import ChartRules, survey, write_chart
from nephrosyn.record.columns import TABLES, Chart, Doses, People, Place, Visits, new_columns
from nephrosyn.record.truth import segments, traits_of
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.scenario import Scenario


def build_tables(
    scenario: Scenario, seed: int, replicate: int, traits: NDArray[np.void], rows: NDArray[np.void]
) -> dict[str, pl.DataFrame]:
    """Turn the history of some patients into tables.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Key of the random numbers for missing data.
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    rows : ndarray of ROW, shape (rows,)
        What happened to them, by patient.

    Returns
    -------
    dict of str to polars.DataFrame
        The observed tables and those of the truth, as `nephrosyn.record.schema` describes them.
    """
    traits = np.asarray(traits)
    people, chart = fill_chart(chart_rules(scenario, seed, replicate), int(traits["patient"][0]), len(traits), rows)
    patient = traits["patient"].astype(np.int32)
    columns: dict[str, Mapping[str, Any]] = {
        "patients": {"patient": patient, **_patients(scenario, traits, people)},
        "visits": _visits(chart.visits),
        "readings": chart.readings._asdict(),
        "diary": chart.diary._asdict(),
        "doses": _doses(chart.doses),
        "conditions": chart.conditions._asdict(),
        "follow_up": {"patient": patient, "end_days": people.end_days, "reason": people.reason},
        "truth/traits": {"patient": patient, **traits_of(scenario, traits)},
        "truth/events": {**chart.events._asdict(), "value": pl.Series(chart.events.value, nan_to_null=True)},
        "truth/proteinuria": segments(chart.proteinuria),
        "truth/doses": _doses(chart.true_doses),
        "truth/conditions": chart.true_conditions._asdict(),
        "truth/follow_up": {"patient": patient, "end_days": people.true_end_days, "reason": people.true_reason},
    }
    replicates = np.full(max(len(table["patient"]) for table in columns.values()), replicate, np.int32)
    return {name: _frame(name, replicates, table) for name, table in columns.items()}


def chart_rules(scenario: Scenario, seed: int, replicate: int) -> ChartRules:
    """Return what the chart of a scenario depends on, besides the log.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Key of the random numbers for missing data.
    """
    chart, names = scenario.chart, vocabulary.ANALYTES
    reference = np.array([scenario.readings.reference[name] for name in names])  # type: ignore[index]
    return ChartRules(
        seed,
        replicate,
        chart.missed_visit_probability,
        chart.missed_diary_day_probability,
        np.array([chart.lost_result_probability[name] for name in names]),  # type: ignore[index]
        10.0 ** np.array([chart.decimals[name] for name in names]),  # type: ignore[index]
        np.ascontiguousarray(reference[:, 0]),
        np.ascontiguousarray(reference[:, 1]),
        np.array([schema.UNIT.categories.to_list().index(vocabulary.UNITS[name]) for name in names], np.uint8),
    )


def fill_chart(rules: ChartRules, first_patient: int, patients: int, rows: NDArray[np.void]) -> tuple[People, Chart]:
    """Return the columns of the tables of some patients.

    Parameters
    ----------
    rules : ChartRules
        From `chart_rules`.
    first_patient, patients : int
        The first patient, and their number.
    rows : ndarray of ROW, shape (rows,)
        Their log, by patient.

    Returns
    -------
    tuple of People and Chart
        What is derived for each patient, and the tables that have any number of rows for each.
    """
    people, counts = new_columns(People, patients), np.empty(len(Place), np.int64)
    survey(rows, first_patient, people, counts)
    room = Chart._make(new_columns(columns, int(most)) for columns, most in zip(TABLES, counts, strict=True))
    order = np.empty(counts[Place.TRUE_DOSES], np.int64)
    write_chart(rows, first_patient, rules, people, room, order, counts)
    written = (type(table)(*(column[:n] for column in table)) for table, n in zip(room, counts.tolist(), strict=True))
    return people, Chart._make(written)


def _frame(name: str, replicates: NDArray[np.int32], columns: Mapping[str, Any]) -> pl.DataFrame:
    """Return a table; polars takes the memory of the arrays."""
    columns = {"replicate": replicates[: len(columns["patient"])], **columns}
    return pl.DataFrame([_series(column, kind, columns[column]) for column, kind in schema.SCHEMAS[name].items()])


def _series(name: str, kind: schema.ColumnType, values: NDArray[Any] | pl.Series) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name)
    return _decoded(values, kind).alias(name) if isinstance(kind, pl.Enum) else pl.Series(name, values)


def _visits(visits: Visits) -> dict[str, Any]:
    """Return the columns of visits; one that was missed has no day."""
    actual_days = pl.Series(visits.actual_days).set(pl.Series(visits.missed), None)
    return {**visits._asdict(), "actual_days": actual_days}


@cache
def route_codes() -> NDArray[np.uint8]:
    """Return the code of the route of each drug on each schedule, shape (drugs, schedules)."""
    routes = [[vocabulary.route_of(drug, name) for name in vocabulary.SCHEDULES] for drug in vocabulary.DRUG_TABLE]
    return np.array([[vocabulary.ROUTES.index(route) for route in row] for row in routes], np.uint8)


def _doses(doses: Doses) -> dict[str, Any]:
    """Return the columns of doses; the route follows from drug and schedule."""
    return {**doses._asdict(), "route": route_codes()[doses.drug, doses.schedule]}


@cache
def _terms(enum: pl.Enum) -> pl.Series:
    return pl.Series(enum.categories, dtype=enum)


def _decoded(codes: NDArray[np.uint8], enum: pl.Enum) -> pl.Series:
    """Return the terms that codes stand for."""
    return _terms(enum)[codes]  # three times as fast as gather


def _patients(scenario: Scenario, traits: NDArray[np.void], people: People) -> dict[str, Any]:
    """Return the columns of the patients, as they presented."""
    weight_kg, height_cm = np.empty(len(traits)), np.empty(len(traits))
    write_bodies(traits, growth_curves(scenario.population.growth), weight_kg, height_cm)
    not_biopsied = pl.Series(~people.biopsied)
    not_seen = pl.Series(traits["presentation_days"] > people.last_days)
    day_zero = np.datetime64(scenario.calendar.day_zero, "D")
    bands = pl.Series(list(scenario.population.bands))
    return {
        "site": traits["site"],
        "band": bands.gather(pl.Series(traits["band"])),
        "sex": traits["sex"].astype(np.uint8),
        "onset_date": pl.Series(day_zero + _days(traits["entry_days"])),
        "birth_days": -np.round(traits["age_years"] * DAYS_PER_YEAR).astype(np.int32),
        "age_at_onset_years": traits["age_years"],
        "weight_kg": weight_kg,
        "height_cm": height_cm,
        "measured_days": pl.Series(_days(traits["presentation_days"])).set(not_seen, None),
        "lesion": _decoded(traits["lesion"].astype(np.uint8), schema.LESION).set(not_biopsied, None),
        "biopsy_days": pl.Series(people.biopsy_days).set(not_biopsied, None),
    }


def _days(times: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the number of the day that a time falls in."""
    return np.floor(times).astype(np.int32)
