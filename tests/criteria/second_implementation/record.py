"""The tables of a cohort as plain lists, patient by patient (1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import polars as pl

from .truth import true_albumin, true_ratios

KEY = ("replicate", "patient")
SUPPORTIVE = ("ramipril",)
URINE_AND_ALBUMIN = ("upcr", "dipstick", "albumin")
BANDS = ("negative", "trace", "1+", "2+", "3+", "4+")


class Run(NamedTuple):
    """Days on one drug."""

    drug: str
    first: int
    last: int
    mean: float
    schedule: str
    weight: float


@dataclass
class Chart:
    """What is known of one patient up to `end`."""

    at_clinic = True

    age: float | None
    lesion: str | None
    end: int
    runs: list[Run] = field(default_factory=list)
    notes: list[tuple] = field(default_factory=list)
    home: dict[int, int] = field(default_factory=dict)
    readings: dict[int, dict[str, float]] = field(default_factory=dict)

    def clinic(self, with_albumin):
        return self.readings


@dataclass
class TrueChart(Chart):
    """The complete record (13): days in a row, no readings of a clinic."""

    at_clinic = False

    path: list[tuple] = field(default_factory=list)
    traits: dict[str, float] = field(default_factory=dict)

    @cached_property
    def ratios(self):
        return true_ratios(self.path, self.end)

    @cached_property
    def albumin(self):
        return true_albumin(self.path, self.traits, self.end)

    def clinic(self, with_albumin):
        if not with_albumin:
            return {day: {"upcr": ratio} for day, ratio in self.ratios.items()}
        return {day: {"upcr": ratio, "albumin": self.albumin[day]} for day, ratio in self.ratios.items()}


def charts(tables, view, until=None):
    """Return the chart of each (replicate, patient)."""
    side, kind = ("truth/", TrueChart) if view == "complete" else ("", Chart)
    ends = {row[:2]: row[2] for row in _rows(tables[f"{side}follow_up"], "end_days")}
    made = {}
    for *key, age, lesion in _rows(tables["patients"], "age_at_onset_years", "lesion"):
        end = ends[tuple(key)]
        made[tuple(key)] = kind(age, lesion, end if until is None else min(end, until))
    _doses(made, tables[f"{side}doses"])
    _notes(made, tables[f"{side}conditions"])
    if view == "complete":
        _truth(made, tables)
    else:
        _readings(made, tables["readings"])
        _diary(made, tables["diary"])
    return made


def _rows(table, *columns):
    return table.select(*KEY, *columns).iter_rows()


def _of(made, table, *columns):
    """The chart each row belongs to, and the row."""
    for row in _rows(table, *columns):
        if (chart := made.get(row[:2])) is not None:
            yield chart, row[2:]


def _doses(made, table):
    columns = ("drug", "first_days", "last_days", "mean_mg_per_day", "schedule", "dosing_weight_kg")
    for chart, (drug, first, last, mean, schedule, weight) in _of(made, table, *columns):
        if first <= chart.end and mean != 0 and drug not in (*SUPPORTIVE, "methylprednisolone"):
            chart.runs.append(Run(drug, first, min(last, chart.end), mean, schedule, weight))
    for chart in made.values():
        chart.runs = sorted(set(chart.runs), key=lambda run: (run.first, run.last, run.drug))


def _notes(made, table):
    for chart, note in _of(made, table, "noted_days", "condition", "kind", "action"):
        if note[0] <= chart.end:
            chart.notes.append(note)


def _readings(made, table):
    wanted = table.filter(pl.col("analyte").cast(pl.String).is_in(URINE_AND_ALBUMIN), pl.col("value").is_not_null())
    for chart, (day, analyte, value) in _of(made, wanted, "taken_days", "analyte", "value"):
        if day <= chart.end:
            here = chart.readings.setdefault(day, {})
            worse = min if analyte == "albumin" else max
            here[analyte] = worse(here.get(analyte, value), value)


def _diary(made, table):
    for chart, (first, last, grade) in _of(made, table, "first_days", "last_days", "grade"):
        if grade is not None:
            chart.home.update(dict.fromkeys(range(first, min(last, chart.end) + 1), BANDS.index(grade)))


def _truth(made, tables):
    columns = ("start_days", "upcr_start_mg_per_mg", "log_slope_per_day", "upcr_target_mg_per_mg")
    for chart, piece in _of(made, tables["truth/proteinuria"], *columns):
        chart.path.append(piece)
    for chart in made.values():
        chart.path.sort(key=lambda piece: piece[0])  # of two that begin at once the later row holds
    if "truth/traits" in tables:
        for row in tables["truth/traits"].iter_rows(named=True):
            if (chart := made.get((row["replicate"], row["patient"]))) is not None:
                chart.traits = row
