"""The history of some patients, sorted by kind of row, and the tables that the record and the truth share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.course.state.events import Kind
from nephrosyn.kernels.compile import entry
from nephrosyn.record import schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.scenario import Scenario

_ENDS = ("death", "kidney_failure", "end_of_study")
_READING = int(Kind.READING)


@entry
def count_kinds(rows, edges):
    """Count readings, and lay out the other rows by kind: rows of kind k go from ``edges[k]`` to ``edges[k + 1]``."""
    for i in range(len(rows)):
        edges[rows[i].kind + 1] += 1
    readings = edges[_READING + 1]
    edges[_READING + 1] = 0
    for k in range(len(edges) - 1):
        edges[k + 1] += edges[k]
    return readings


@entry
def sort_by_kind(rows, places, others):
    """Copy all rows but readings to the places of their kind, in their order."""
    for i in range(len(rows)):
        kind = rows[i].kind
        if kind != _READING:
            others[places[kind]] = rows[i]
            places[kind] += 1


class SortedHistory:
    """The rows of a history by kind, and the day on which each patient's record ends."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        replicate: int,
        traits: NDArray[np.void],
        rows: NDArray[np.void],
    ) -> None:
        self.scenario, self.seed, self.replicate, self.traits = scenario, seed, replicate, np.asarray(traits)
        self.rows = rows
        self._edges = np.zeros(len(Kind) + 1, np.int64)
        self.count_readings = count_kinds(rows, self._edges)
        self._others = np.empty(self._edges[-1], rows.dtype)
        sort_by_kind(rows, self._edges[:-1].copy(), self._others)
        self.first_patient = int(self.traits["patient"][0])
        self.last_true_day = self._ends(_ENDS)
        self.discharge_day = self._discharges()
        self.last_day = np.minimum(self._ends(("dropout", *_ENDS)), self.discharge_day)

    def of(self, kind: Kind) -> NDArray[np.void]:
        """Return the rows of one kind other than readings, by patient."""
        return self._others[self._edges[kind] : self._edges[kind + 1]]

    def _ends(self, reasons: tuple[str, ...]) -> NDArray[np.float64]:
        """Return the time of the first of these events of each patient; infinite without one."""
        events = self.of(Kind.EVENT)
        last = np.full(len(self.traits), np.inf)
        for reason in reasons:
            ends = events[events["code"] == vocabulary.EVENTS.index(reason)]
            place = ends["patient"] - self.first_patient
            last[place] = np.minimum(last[place], ends["time"])
        return last

    def _discharges(self) -> NDArray[np.float64]:
        """Return the time of each patient's discharge, infinite without one; a later visit cancels a discharge."""
        events, visits = self.of(Kind.EVENT), self.of(Kind.VISIT)
        discharges = events[events["code"] == vocabulary.EVENTS.index("discharged")]
        last = np.full(len(self.traits), np.inf)
        last[discharges["patient"] - self.first_patient] = discharges["time"]  # the last one counts
        visited = np.full(len(self.traits), -np.inf)
        np.maximum.at(visited, visits["patient"] - self.first_patient, visits["time"])
        final: NDArray[np.float64] = np.where(last >= visited, last, np.inf)
        return final

    def within(self, patients: NDArray[Any], times: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which of these times lie within the patient's record."""
        inside: NDArray[np.bool_] = times <= self.last_day[patients - self.first_patient]
        return inside

    def frame(self, patients: NDArray[Any], columns: dict[str, Any]) -> pl.DataFrame:
        """Return a table with the key columns first."""
        replicates = np.full(len(patients), self.replicate, np.int32)
        return pl.DataFrame({"replicate": replicates, "patient": patients, **columns})


@cache
def _categories(enum: pl.Enum) -> pl.Series:
    return pl.Series(enum.categories, dtype=enum)


def decode(codes: NDArray[Any], enum: pl.Enum) -> pl.Series:
    """Return the terms that codes stand for."""
    return _categories(enum)[np.asarray(codes, dtype=np.uint32)]  # three times as fast as gather


def days(times: NDArray[Any]) -> NDArray[np.int32]:
    """Return the number of the day that a time falls in."""
    return np.asarray(np.floor(times), dtype=np.int32)


def onset_dates(history: SortedHistory) -> pl.Series:
    """Return the date of day 0 of each patient."""
    day_zero = np.datetime64(history.scenario.calendar.day_zero, "D")
    return pl.Series(day_zero + days(history.traits["entry_days"]))


@cache
def _route_codes() -> NDArray[np.uint8]:
    """Return the code of the route of each drug on each schedule, shape (drugs, schedules)."""
    routes = [[vocabulary.route_of(drug, name) for name in vocabulary.SCHEDULES] for drug in vocabulary.DRUG_TABLE]
    return np.array([[vocabulary.ROUTES.index(route) for route in row] for row in routes], np.uint8)


def doses(history: SortedHistory, *, observed: bool) -> pl.DataFrame:
    """Return the dosing intervals: those of the record, or all to the end of the course."""
    rows = history.of(Kind.DOSE)  # ordered by their ends; the table is ordered by their beginnings
    rows = rows.take(np.lexsort((rows["code"], rows["time"], rows["patient"])))
    last = rows["value"]
    if observed:
        rows = rows.compress(history.within(rows["patient"], rows["time"]))
        last = np.minimum(rows["value"], np.floor(history.last_day[rows["patient"] - history.first_patient]))
    alternate = rows["detail"] == vocabulary.SCHEDULES.index("alternate_day")
    return history.frame(
        rows["patient"],
        {
            "drug": decode(rows["code"], schema.DRUG),
            "first_days": rows["time"].astype(np.int32),
            "last_days": last.astype(np.int32),
            "dose_mg": rows["second_value"],
            "schedule": decode(rows["detail"], schema.SCHEDULE),
            "route": decode(_route_codes()[rows["code"], rows["detail"]], schema.ROUTE),
            "mean_mg_per_day": np.where(alternate, 0.5, 1.0) * rows["second_value"],
            "dosing_weight_kg": np.round(rows["third_value"], 1),
        },
    )


def conditions(history: SortedHistory, *, observed: bool) -> pl.DataFrame:
    """Return the conditions noted in the record, or all to the end of the course."""
    rows = history.of(Kind.NOTE)
    if observed:
        rows = rows.compress(history.within(rows["patient"], rows["time"]))
    return history.frame(
        rows["patient"],
        {
            "noted_days": days(rows["time"]),
            "condition": decode(rows["code"], schema.CONDITION),
            "kind": decode(rows["detail"], schema.CONDITION_KIND),
            "action": decode(rows["number"], schema.ACTION),
        },
    )


def follow_up(history: SortedHistory, *, observed: bool) -> pl.DataFrame:
    """Return the end of the record, or of the course, and its reason."""
    last = history.last_day if observed else history.last_true_day
    reason = np.zeros(len(history.traits), np.int64)
    events = history.of(Kind.EVENT)
    for name in ("death", "kidney_failure"):
        ended = events["patient"][events["code"] == vocabulary.EVENTS.index(name)] - history.first_patient
        reason[ended] = vocabulary.END_REASONS.index(name)
    left = last < history.last_true_day
    reason[left] = vocabulary.END_REASONS.index("dropout")
    reason[left & (last == history.discharge_day)] = vocabulary.END_REASONS.index("discharged")
    return history.frame(
        history.traits["patient"].astype(np.int32),
        {"end_days": days(last), "reason": decode(reason, schema.END_REASON)},
    )
