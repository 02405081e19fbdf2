"""The history of some patients, sorted for the tables that are made of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nephrosyn import vocabulary as terms
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
    """Count readings, and lay out the other rows by kind: those of kind k go from ``edges[k]`` to ``edges[k + 1]``."""
    for i in range(len(rows)):
        edges[rows[i].kind + 1] += 1
    readings = edges[_READING + 1]
    edges[_READING + 1] = 0
    for k in range(len(edges) - 1):
        edges[k + 1] += edges[k]
    return readings


@entry
def sort_by_kind(rows, places, others):
    """Copy the rows that are not readings to where their kind goes on, each kind in the order of the rows."""
    for i in range(len(rows)):
        kind = rows[i].kind
        if kind != _READING:
            others[places[kind]] = rows[i]
            places[kind] += 1


class SortedHistory:
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
        """Rows of one kind other than readings, by patient."""
        return self._others[self._edges[kind] : self._edges[kind + 1]]

    def _ends(self, reasons: tuple[str, ...]) -> NDArray[np.float64]:
        """Time at which the first of these ends each patient's follow-up."""
        events = self.of(Kind.EVENT)
        last = np.full(len(self.traits), np.inf)
        for reason in reasons:
            ends = events[events["code"] == terms.EVENTS.index(reason)]
            place = ends["patient"] - self.first_patient
            last[place] = np.minimum(last[place], ends["time"])
        return last

    def _discharges(self) -> NDArray[np.float64]:
        """Time at which the clinic ended each patient's follow-up for good; a patient who comes back undoes it."""
        events, visits = self.of(Kind.EVENT), self.of(Kind.VISIT)
        discharges = events[events["code"] == terms.EVENTS.index("discharged")]
        last = np.full(len(self.traits), np.inf)
        last[discharges["patient"] - self.first_patient] = discharges["time"]  # the latest stands
        visited = np.full(len(self.traits), -np.inf)
        np.maximum.at(visited, visits["patient"] - self.first_patient, visits["time"])
        kept: NDArray[np.float64] = np.where(last >= visited, last, np.inf)
        return kept

    def within(self, patients: NDArray[Any], times: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of these times lie within the patient's record."""
        kept: NDArray[np.bool_] = times <= self.last_day[patients - self.first_patient]
        return kept

    def frame(self, patients: NDArray[Any], columns: dict[str, Any]) -> pl.DataFrame:
        """A table with the key columns in front."""
        replicates = np.full(len(patients), self.replicate, np.int32)
        return pl.DataFrame({"replicate": replicates, "patient": patients, **columns})


@cache
def _listed(vocabulary: pl.Enum) -> pl.Series:
    return pl.Series(vocabulary.categories, dtype=vocabulary)


def decode(codes: NDArray[Any], vocabulary: pl.Enum) -> pl.Series:
    """Codes as words."""
    return _listed(vocabulary)[np.asarray(codes, dtype=np.uint32)]  # three times as quick as gather


def days(times: NDArray[Any]) -> NDArray[np.int32]:
    """Number of the day in which a time falls."""
    return np.asarray(np.floor(times), dtype=np.int32)


def doses(history: SortedHistory, *, observed: bool) -> pl.DataFrame:
    """Runs of days on a dose: as the record holds them, or to the end of the course."""
    rows = history.of(Kind.DOSE)  # as they ended; the table has them as they began
    rows = rows.take(np.lexsort((rows["code"], rows["time"], rows["patient"])))
    last = rows["value"]
    if observed:
        rows = rows.compress(history.within(rows["patient"], rows["time"]))
        last = np.minimum(rows["value"], np.floor(history.last_day[rows["patient"] - history.first_patient]))
    alternate = rows["detail"] == terms.SCHEDULES.index("alternate_day")
    return history.frame(
        rows["patient"],
        {
            "drug": decode(rows["code"], schema.DRUG),
            "first_days": rows["time"].astype(np.int32),
            "last_days": last.astype(np.int32),
            "dose_mg": rows["second_value"],
            "schedule": decode(rows["detail"], schema.SCHEDULE),
            "mean_mg_per_day": np.where(alternate, 0.5, 1.0) * rows["second_value"],
            "dosing_weight_kg": np.round(rows["third_value"], 1),
        },
    )


def conditions(history: SortedHistory, *, observed: bool) -> pl.DataFrame:
    """Conditions noted: within the record, or to the end of the course."""
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
    """End of the record, or of the course, and why."""
    last = history.last_day if observed else history.last_true_day
    reason = np.zeros(len(history.traits), np.int64)
    events = history.of(Kind.EVENT)
    for name in ("death", "kidney_failure"):
        ended = events["patient"][events["code"] == terms.EVENTS.index(name)] - history.first_patient
        reason[ended] = terms.END_REASONS.index(name)
    left = last < history.last_true_day
    reason[left] = terms.END_REASONS.index("dropout")
    reason[left & (last == history.discharge_day)] = terms.END_REASONS.index("discharged")
    return history.frame(
        history.traits["patient"].astype(np.int32),
        {"end_days": days(last), "reason": decode(reason, schema.END_REASON)},
    )
