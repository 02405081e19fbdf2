"""From history to tables: the observed record, with missing and rounded values, and the truth.

The course does not depend on what is missing. When a patient is lost to follow-up the record ends, but the truth goes
on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.course.state.codes import Event
from nephrosyn.course.state.events import Kind
from nephrosyn.record import schema
from nephrosyn.record.history import SortedHistory, conditions, days, decode, doses, follow_up, onset_dates
from nephrosyn.record.missing_data import copy_recorded_readings, missed_visits, recorded_diary_days
from nephrosyn.record.truth import truth
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
    history = SortedHistory(scenario, seed, replicate, traits, rows)
    frames = {
        "patients": _patients(history),
        "visits": _visits(history),
        "readings": _readings(history),
        "diary": _diary(history),
        "doses": doses(history, observed=True),
        "conditions": conditions(history, observed=True),
        "follow_up": follow_up(history, observed=True),
        **truth(history),
    }
    return {name: frame.select(_typed(name)) for name, frame in frames.items()}


def _typed(name: str) -> list[pl.Expr]:
    """Return the columns of a table in order, each cast to its type."""
    return [pl.col(column).cast(kind) for column, kind in schema.SCHEMAS[name].items()]


def _patients(history: SortedHistory) -> pl.DataFrame:
    from scipy.special import inv_boxcox

    traits, growth = history.traits, history.scenario.population.growth
    age = traits["age_years"] + traits["presentation_days"] / DAYS_PER_YEAR
    male = traits["sex"] == vocabulary.SEXES.index("male")

    def by_sex(curve: str) -> NDArray[np.float64]:
        boys, girls = (np.interp(age, growth.age_years, getattr(growth, f"{sex}_{curve}")) for sex in vocabulary.SEXES)
        values: NDArray[np.float64] = np.where(male, boys, girls)
        return values

    weight_kg = by_sex("weight_kg") * inv_boxcox(
        by_sex("weight_spread") * traits["weight_score"], by_sex("weight_power")
    )
    height_cm = by_sex("height_cm") * (1.0 + by_sex("height_spread") * traits["height_score"])

    events = history.of(Kind.EVENT)
    biopsies = events[events["code"] == Event.BIOPSY]
    biopsies = biopsies[history.within(biopsies["patient"], biopsies["time"])]
    biopsied = pl.DataFrame({"patient": biopsies["patient"], "biopsy_days": days(biopsies["time"])})
    bands = pl.Series(list(history.scenario.population.bands))
    people = history.frame(
        traits["patient"].astype(np.int32),
        {
            "site": traits["site"],
            "band": bands.gather(pl.Series(traits["band"])),
            "sex": decode(traits["sex"], schema.SEX),
            "onset_date": onset_dates(history),
            "birth_days": -np.round(traits["age_years"] * DAYS_PER_YEAR).astype(np.int32),
            "age_at_onset_years": traits["age_years"],
            "weight_kg": np.round(weight_kg, 1),
            "height_cm": np.round(height_cm, 1),
            "measured_days": days(traits["presentation_days"]),
            "lesion": decode(traits["lesion"], schema.LESION),
        },
    ).join(biopsied, on="patient", how="left", maintain_order="left")
    seen = pl.Series(history.within(traits["patient"], traits["presentation_days"]))
    return people.with_columns(
        lesion=pl.when(pl.col("biopsy_days").is_not_null()).then("lesion"),
        measured_days=pl.when(seen).then("measured_days"),
    )


def _visits(history: SortedHistory) -> pl.DataFrame:
    rows = history.of(Kind.VISIT)
    rows = rows.compress(history.within(rows["patient"], rows["time"]))
    missed = missed_visits(history, rows["patient"], rows["number"])
    frame = history.frame(
        rows["patient"],
        {
            "visit": rows["number"],
            "planned_days": rows["value"].astype(np.int32),
            "actual_days": days(rows["time"]),
            "kind": decode(rows["code"], schema.VISIT_KIND),
            "missed": missed,
            "waited_days": rows["second_value"],
        },
    )
    return frame.with_columns(actual_days=pl.when(~pl.col("missed")).then("actual_days"))


def _readings(history: SortedHistory) -> pl.DataFrame:
    chart, names = history.scenario.chart, vocabulary.ANALYTES
    reference = np.array([history.scenario.readings.reference[name] for name in names])  # type: ignore[index]
    units = pl.Series([vocabulary.UNITS[name] for name in names], dtype=schema.UNIT)
    columns = tuple(np.empty(history.count_readings, kind) for kind in ("i4", "i4", "i4", "u4", "f8", "?"))
    n = copy_recorded_readings(
        history.rows,
        history.last_day,
        history.seed,
        history.replicate,
        chart.missed_visit_probability,
        np.array([chart.lost_result_probability[name] for name in names]),  # type: ignore[index]
        10.0 ** np.array([chart.decimals[name] for name in names]),  # type: ignore[index]
        columns,
    )
    patients, visits, days, codes, values, limits = (column[:n] for column in columns)
    return history.frame(
        patients,
        {
            "visit": visits,
            "taken_days": days,
            "analyte": decode(codes, schema.ANALYTE),
            "value": values,
            "unit": units[codes],
            "below_limit": limits,
            "reference_low": reference[codes, 0],
            "reference_high": reference[codes, 1],
        },
    )


def _diary(history: SortedHistory) -> pl.DataFrame:
    rows = history.of(Kind.DIARY)
    rows = rows.compress(history.within(rows["patient"], rows["time"]))
    end = days(history.last_day)[rows["patient"] - history.first_patient]
    first, last = rows["time"].astype(np.int32), np.minimum(rows["value"].astype(np.int32), end)
    which = np.arange(len(rows))
    if len(rows):
        share = history.scenario.chart.missed_diary_day_probability
        which, first, last = recorded_diary_days(
            history.seed, history.replicate, rows["patient"].astype(np.int64), first, last, share
        )
    return history.frame(
        rows["patient"][which],
        {"first_days": first, "last_days": last, "grade": decode(rows["code"][which], schema.BAND)},
    )
