"""The dated rows on which an answer rests, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria.record.complete_record import Path, log_upcr
from nephrosyn.criteria.record.steroid_courses import STEROID

if TYPE_CHECKING:
    from nephrosyn.criteria.record.patient_arrays import Tables

STEROID_KINDS = ("contraindication", "toxicity")
"""Kinds of conditions because of which steroid may be changed."""
URINE = ("upcr", "dipstick")
SCHEDULES = {"alternate_day": "on alternate days"}


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """A row of the record, or of the truth, on which an answer rests.

    Attributes
    ----------
    first_days, last_days : int, days
        First and last day of the row.
    table : str
        Its table.
    text : str
        Its content in words.
    """

    first_days: int
    last_days: int
    table: str
    text: str


class SupportingRows:
    """Rows of one patient's tables, found by their days.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        The patient's rows.
    view : {"complete", "observed"}
        Whether to quote the truth or the observed record.
    """

    def __init__(self, tables: Tables, view: str) -> None:
        self.tables = tables
        self.observed = view == "observed"
        self.before = "" if self.observed else "truth/"
        self._read: dict[str, list[dict[str, Any]]] = {}

    def urine(self, day: int) -> list[Evidence]:
        """Return the rows on urine of a day."""
        return [*self._readings.get(day, ()), *self._diary(day)] if self.observed else self._truth(day)

    def latest(self, day: int) -> int:
        """Return the last day up to a given one on which urine was seen; in the truth, that day itself."""
        if not self.observed:
            return day
        home = [min(row["last_days"], day) for row in self._rows("diary") if row["first_days"] <= day]
        return max([*home, *(seen for seen in self._readings if seen <= day)], default=day)

    def doses(self, first: int, last: int) -> list[Evidence]:
        """Return the runs of steroid that overlap the days from `first` to `last`."""
        return self._runs(first, last, steroid=True)

    def agents(self, first: int | None, last: int | None) -> list[Evidence]:
        """Return the runs of other drugs against the disease that overlap the days from `first` to `last`."""
        return [] if first is None else self._runs(first, last or first, steroid=False)

    def conditions(self, kind: str) -> list[Evidence]:
        """Return the conditions of a kind."""
        table = f"{self.before}conditions"
        rows = (row for row in self._rows(table) if row["kind"] == kind)
        return [Evidence(row["noted_days"], row["noted_days"], table, _condition(row)) for row in rows]

    def _runs(self, first: int, last: int, *, steroid: bool) -> list[Evidence]:
        table = f"{self.before}doses"
        meet = (r for r in self._rows(table) if r["first_days"] <= last and r["last_days"] >= first)
        drugs = (vocabulary.DRUGS[STEROID],) if steroid else vocabulary.AGENTS
        selected = (r for r in meet if r["drug"] in drugs)
        return [Evidence(r["first_days"], r["last_days"], table, _dose(r)) for r in selected]

    def _rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table, read once for all clauses."""
        if table not in self._read:
            self._read[table] = self.tables[table].rows(named=True)
        return self._read[table]

    @cached_property
    def _readings(self) -> dict[int, list[Evidence]]:
        """Urine measured in the clinic, by day."""
        by_day: dict[int, list[Evidence]] = {}
        for row in self.tables["readings"].filter(pl.col("analyte").cast(pl.String).is_in(URINE)).iter_rows(named=True):
            day = row["taken_days"]
            by_day.setdefault(day, []).append(Evidence(day, day, "readings", _reading(row)))
        return by_day

    def _diary(self, day: int) -> list[Evidence]:
        return [
            Evidence(row["first_days"], row["last_days"], "diary", f"home dipstick {row['grade']}")
            for row in self._rows("diary")
            if row["first_days"] <= day <= row["last_days"]
        ]

    def _truth(self, day: int) -> list[Evidence]:
        rows = self.tables["truth/proteinuria"].filter(pl.col("start_days") <= day).sort("start_days")
        if rows.is_empty():
            return []
        row = rows.row(-1, named=True)
        start, target = math.log(row["upcr_start_mg_per_mg"]), math.log(row["upcr_target_mg_per_mg"])
        upcr = math.exp(log_upcr(day, Path(row["start_days"], start, row["log_slope_per_day"], target)))
        return [Evidence(day, day, "truth/proteinuria", f"true UPCR {upcr:.3g} mg/mg")]


def _reading(row: dict[str, Any]) -> str:
    if row["analyte"] == "upcr":
        return f"UPCR {'<' if row.get('below_limit') else ''}{row['value']:.3g} mg/mg"
    return f"dipstick {vocabulary.DIPSTICK_BANDS[int(row['value'])]}"


def _dose(row: dict[str, Any]) -> str:
    schedule = SCHEDULES.get(row["schedule"], row["schedule"].replace("_", " "))
    mean = row["mean_mg_per_day"]
    daily = row["schedule"] == "daily"
    # No clause needs the dose of a dosing day, so tables made by hand may lack it.
    amount = row.get("dose_mg") or (mean if daily else 2 * mean)
    return f"{row['drug']} {amount:g} mg {schedule}" + ("" if daily else f" (mean {mean:g} mg/day)")


def _condition(row: dict[str, Any]) -> str:
    name = str(vocabulary.PLAIN_NAMES.get(row["condition"], row["condition"].replace("_", " ")))
    if row["kind"] not in STEROID_KINDS:
        return name
    return f"{name}, steroid {'unchanged' if row['action'] == 'none' else vocabulary.ACTION_NAMES[row['action']]}"
