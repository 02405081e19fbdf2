"""From history to record: what the chart keeps, misses and rounds; and the truth beside it.

Losses are keyed draws, so that a lost result moves no other, and nothing here reaches back into the course. A patient
who leaves the clinic goes on in truth; the record ends there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nephrosyn import tables, terms
from nephrosyn.compiling import entry
from nephrosyn.course.codes import Event
from nephrosyn.course.log import Kind
from nephrosyn.patients import DAYS_PER_YEAR
from nephrosyn.streams import Purpose, lanes_at, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema import Scenario

_PLACES_PER_VISIT = 8


def record(
    scenario: Scenario, seed: int, replicate: int, traits: NDArray[np.void], rows: NDArray[np.void]
) -> dict[str, pl.DataFrame]:
    """Turn the history of some patients into tables.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Address of the losses.
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    rows : ndarray of ROW, shape (rows,)
        What happened to them, by patient.

    Returns
    -------
    dict of str to polars.DataFrame
        The observed tables and those of the truth, as `nephrosyn.tables` describes them.
    """
    history = _History(scenario, seed, replicate, traits, rows)
    frames = {
        "patients": _patients(history),
        "visits": _visits(history),
        "readings": _readings(history),
        "diary": _diary(history),
        "doses": _doses(history, observed=True),
        "conditions": _conditions(history, observed=True),
        "follow_up": _follow_up(history, observed=True),
        "truth/traits": _traits(history),
        "truth/events": _events(history),
        "truth/proteinuria": _proteinuria(history),
        "truth/doses": _doses(history, observed=False),
        "truth/conditions": _conditions(history, observed=False),
        "truth/follow_up": _follow_up(history, observed=False),
    }
    return {name: frame.select(_typed(name, frame)) for name, frame in frames.items()}


def _typed(name: str, frame: pl.DataFrame) -> list[pl.Expr]:
    """Give a table its columns in order, each with its type."""
    return [pl.col(column).cast(kind) for column, kind in tables.SCHEMAS[name].items()]


class _History:
    """Rows by kind, and the day on which each patient's record ends."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        replicate: int,
        traits: NDArray[np.void],
        rows: NDArray[np.void],
    ) -> None:
        self.scenario, self.seed, self.replicate, self.traits = scenario, seed, replicate, np.asarray(traits)
        self._rows = np.asarray(rows)
        self._order = np.argsort(self._rows["kind"], kind="stable")
        self._edges = np.searchsorted(self._rows["kind"][self._order], np.arange(len(Kind) + 1))
        self.first_patient = int(self.traits["patient"][0])
        self.last_day = self._ends(("dropout", "death", "end_of_study"))
        self.last_true_day = self._ends(("death", "end_of_study"))

    def of(self, kind: Kind) -> NDArray[np.void]:
        """Rows of one kind, by patient."""
        return self._rows[self._order[self._edges[kind] : self._edges[kind + 1]]]

    def _ends(self, reasons: tuple[str, ...]) -> NDArray[np.float64]:
        """Time at which the first of these ends each patient's follow-up."""
        events = self.of(Kind.EVENT)
        last = np.full(len(self.traits), np.inf)
        for reason in reasons:
            ends = events[events["code"] == terms.EVENTS.index(reason)]
            place = ends["patient"] - self.first_patient
            last[place] = np.minimum(last[place], ends["time"])
        return last

    def within(self, patients: NDArray[Any], times: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of these times lie within the patient's record."""
        kept: NDArray[np.bool_] = times <= self.last_day[patients - self.first_patient]
        return kept

    def frame(self, patients: NDArray[Any], columns: dict[str, Any]) -> pl.DataFrame:
        """A table with the key columns in front."""
        return pl.DataFrame({"replicate": np.full(len(patients), self.replicate), "patient": patients, **columns})


def _words(codes: NDArray[Any], vocabulary: pl.Enum) -> pl.Series:
    """Codes as words."""
    return pl.Series(vocabulary.categories, dtype=vocabulary).gather(np.asarray(codes, dtype=np.uint32))


def _days(times: NDArray[Any]) -> NDArray[np.int32]:
    """Number of the day in which a time falls."""
    return np.asarray(np.floor(times), dtype=np.int32)


def _patients(history: _History) -> pl.DataFrame:
    traits, growth = history.traits, history.scenario.population.growth
    age = traits["age_years"] + traits["presentation_days"] / DAYS_PER_YEAR
    male = traits["sex"] == terms.SEXES.index("male")

    def by_sex(boys: list[float], girls: list[float]) -> NDArray[np.float64]:
        return np.where(male, np.interp(age, growth.age_years, boys), np.interp(age, growth.age_years, girls))

    events = history.of(Kind.EVENT)
    biopsies = events[events["code"] == Event.BIOPSY]
    biopsies = biopsies[history.within(biopsies["patient"], biopsies["time"])]
    biopsied = pl.DataFrame({"patient": biopsies["patient"], "biopsy_days": _days(biopsies["time"])})
    bands = np.array(list(history.scenario.population.bands))
    people = history.frame(
        traits["patient"].astype(np.int32),
        {
            "site": traits["site"],
            "band": bands[traits["band"]],
            "sex": _words(traits["sex"], tables.SEX),
            "birth_days": -np.round(traits["age_years"] * DAYS_PER_YEAR).astype(np.int32),
            "age_at_onset_years": traits["age_years"],
            "weight_kg": np.round(by_sex(growth.male_weight_kg, growth.female_weight_kg) * traits["size_factor"], 1),
            "height_cm": np.round(by_sex(growth.male_height_cm, growth.female_height_cm) * traits["height_factor"], 1),
            "lesion": _words(traits["lesion"], tables.LESION),
        },
    ).join(biopsied, on="patient", how="left", maintain_order="left")
    return people.with_columns(lesion=pl.when(pl.col("biopsy_days").is_not_null()).then("lesion"))


def _missed(history: _History, patients: NDArray[Any], visits: NDArray[Any]) -> NDArray[np.bool_]:
    """Which visits left nothing in the chart; the first visit, which opens it, always did."""
    share = history.scenario.chart.missed_visit_probability
    if share == 0.0:
        return np.zeros(len(patients), np.bool_)
    u = lanes_at(
        history.seed,
        history.replicate,
        int(Purpose.CHART_VISIT),
        patients.astype(np.int64),
        visits.astype(np.int64),
    )
    missed: NDArray[np.bool_] = (u < share) & (visits > 0)
    return missed


def _visits(history: _History) -> pl.DataFrame:
    rows = history.of(Kind.VISIT)
    rows = rows[history.within(rows["patient"], rows["time"])]
    missed = _missed(history, rows["patient"], rows["number"])
    frame = history.frame(
        rows["patient"],
        {
            "visit": rows["number"],
            "planned_days": rows["value"].astype(np.int32),
            "actual_days": _days(rows["time"]),
            "kind": _words(rows["code"], tables.VISIT_KIND),
            "missed": missed,
            "waited_days": rows["other"],
        },
    )
    return frame.with_columns(actual_days=pl.when(~pl.col("missed")).then("actual_days"))


def _lost(history: _History, rows: NDArray[np.void]) -> NDArray[np.bool_]:
    chart = history.scenario.chart
    share = np.array([chart.lost_result_probability[analyte] for analyte in terms.ANALYTES])  # type: ignore[index]
    if not share.any():
        return np.zeros(len(rows), np.bool_)
    places = rows["number"].astype(np.int64) * _PLACES_PER_VISIT + rows["code"]
    patients = rows["patient"].astype(np.int64)
    u = lanes_at(history.seed, history.replicate, int(Purpose.CHART_RESULT), patients, places)
    lost: NDArray[np.bool_] = u < share[rows["code"]]
    return lost


def _readings(history: _History) -> pl.DataFrame:
    rows = history.of(Kind.READING)
    gone = _missed(history, rows["patient"], rows["number"]) | _lost(history, rows)
    rows = rows[~gone & history.within(rows["patient"], rows["time"])]
    scenario, code = history.scenario, rows["code"]
    scale = 10.0 ** np.array([scenario.chart.decimals[analyte] for analyte in terms.ANALYTES])  # type: ignore[index]
    reference = np.array([scenario.readings.reference[analyte] for analyte in terms.ANALYTES])  # type: ignore[index]
    units = list(tables.UNIT.categories)
    unit = np.array([units.index(terms.UNITS[analyte]) for analyte in terms.ANALYTES])
    return history.frame(
        rows["patient"],
        {
            "visit": rows["number"],
            "taken_days": _days(rows["time"]),
            "analyte": _words(code, tables.ANALYTE),
            "value": np.round(rows["value"] * scale[code]) / scale[code],
            "unit": _words(unit[code], tables.UNIT),
            "below_limit": rows["aside"] == 1,
            "reference_low": reference[code, 0],
            "reference_high": reference[code, 1],
        },
    )


@entry
def _kept_runs(seed, replicate, patients, first, last, share):
    """Split runs of diary days where a day was not written down.

    Returns
    -------
    tuple of ndarray, shape (runs,)
        Which run each piece is of, its first day and its last.
    """
    purpose = Purpose.CHART_DIARY
    which, starts, ends = [0 for _ in range(0)], [0 for _ in range(0)], [0 for _ in range(0)]
    for i in range(len(patients)):
        start = -1
        for day in range(first[i], last[i] + 1):
            kept = uniforms(seed, replicate, patients[i], purpose, day)[0] >= share
            if kept and start < 0:
                start = day
            if start >= 0 and (not kept or day == last[i]):
                which.append(i)
                starts.append(start)
                ends.append(day if kept else day - 1)
                start = -1
    return np.array(which), np.array(starts), np.array(ends)


def _diary(history: _History) -> pl.DataFrame:
    rows = history.of(Kind.DIARY)
    rows = rows[history.within(rows["patient"], rows["time"])]
    end = _days(history.last_day)[rows["patient"] - history.first_patient]
    first, last = rows["time"].astype(np.int32), np.minimum(rows["value"].astype(np.int32), end)
    which = np.arange(len(rows))
    if len(rows):
        share = history.scenario.chart.missed_diary_day_probability
        which, first, last = _kept_runs(
            history.seed, history.replicate, rows["patient"].astype(np.int64), first, last, share
        )
    return history.frame(
        rows["patient"][which],
        {"first_days": first, "last_days": last, "grade": _words(rows["code"][which], tables.BAND)},
    )


def _doses(history: _History, *, observed: bool) -> pl.DataFrame:
    rows = history.of(Kind.DOSE)
    last = rows["value"]
    if observed:
        rows = rows[history.within(rows["patient"], rows["time"])]
        last = np.minimum(rows["value"], np.floor(history.last_day[rows["patient"] - history.first_patient]))
    alternate = rows["aside"] == terms.SCHEDULES.index("alternate_day")
    return history.frame(
        rows["patient"],
        {
            "drug": _words(rows["code"], tables.DRUG),
            "first_days": rows["time"].astype(np.int32),
            "last_days": last.astype(np.int32),
            "dose_mg": rows["other"],
            "schedule": _words(rows["aside"], tables.SCHEDULE),
            "mean_mg_per_day": np.where(alternate, 0.5, 1.0) * rows["other"],
            "dosing_weight_kg": np.round(rows["more"], 1),
        },
    )


def _conditions(history: _History, *, observed: bool) -> pl.DataFrame:
    rows = history.of(Kind.NOTE)
    if observed:
        rows = rows[history.within(rows["patient"], rows["time"])]
    return history.frame(
        rows["patient"],
        {
            "noted_days": _days(rows["time"]),
            "condition": _words(rows["code"], tables.CONDITION),
            "kind": _words(rows["aside"], tables.CONDITION_KIND),
            "action": _words(rows["number"], tables.ACTION),
        },
    )


def _follow_up(history: _History, *, observed: bool) -> pl.DataFrame:
    events = history.of(Kind.EVENT)
    died = np.zeros(len(history.traits), np.bool_)
    died[events["patient"][events["code"] == Event.DEATH] - history.first_patient] = True
    last = history.last_day if observed else history.last_true_day
    left = last < history.last_true_day
    reason = np.where(left, terms.END_REASONS.index("dropout"), np.where(died, terms.END_REASONS.index("death"), 0))
    return history.frame(
        history.traits["patient"].astype(np.int32),
        {"end_days": _days(last), "reason": _words(reason, tables.END_REASON)},
    )


def _traits(history: _History) -> pl.DataFrame:
    traits = history.traits
    return history.frame(
        traits["patient"].astype(np.int32),
        {
            "lesion": _words(traits["lesion"], tables.LESION),
            "response": _words(traits["response"], tables.RESPONSE),
            "age_at_onset_years": traits["age_years"],
            "entry_days": traits["entry_days"],
            "presentation_days": traits["presentation_days"],
            "never_relapses": traits["never_relapses"] == 1,
            "frailty": traits["frailty"],
            "relapse_rate_per_year": traits["relapse_per_day"] * DAYS_PER_YEAR,
            "threshold_mg_per_kg_per_day": traits["threshold_mg_per_kg_per_day"],
            "spontaneous_days": traits["spontaneous_days"],
            "nephrotic_upcr_mg_per_mg": np.exp(traits["nephrotic_log_upcr"]),
            "partial_upcr_mg_per_mg": np.exp(traits["partial_log_upcr"]),
            "remission_upcr_mg_per_mg": np.exp(traits["remission_log_upcr"]),
            "albumin_g_per_dl": traits["albumin_g_per_dl"],
            "cholesterol_mg_per_dl": traits["cholesterol_mg_per_dl"],
            "gfr_ml_per_min_per_1_73_m2": traits["gfr_ml_per_min"],
            "taken_fraction": traits["taken_fraction"],
        },
    ).with_columns(spontaneous_days=pl.when(pl.col("spontaneous_days").is_finite()).then("spontaneous_days"))


def _events(history: _History) -> pl.DataFrame:
    rows = history.of(Kind.EVENT)
    frame = history.frame(
        rows["patient"],
        {"time_days": rows["time"], "event": _words(rows["code"], tables.EVENT), "value": rows["value"]},
    )
    return frame.with_columns(pl.col("value").fill_nan(None))


def _proteinuria(history: _History) -> pl.DataFrame:
    rows = history.of(Kind.PATH)
    return history.frame(
        rows["patient"],
        {
            "start_days": rows["time"],
            "upcr_start_mg_per_mg": np.exp(rows["value"]),
            "log_slope_per_day": rows["other"],
            "upcr_target_mg_per_mg": np.exp(rows["more"]),
        },
    )
