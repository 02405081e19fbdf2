"""Dipsticks misread, and protein/creatinine ratios replaced by dipsticks."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Changed, Removed, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level
from nephrosyn.record.schema import UNIT

HIGHEST = len(vocabulary.DIPSTICK_BANDS) - 1
UPCR, DIPSTICK, UACR = (vocabulary.ANALYTES.index(name) for name in ("upcr", "dipstick", "uacr"))
DIPSTICK_REFERENCE = (0.0, 1.0)
"""From negative to trace."""


def misread(record: Prepared, level: Level) -> list[Change]:
    """Read dipsticks of the clinic and the home diary one band too high or too low."""
    return [
        _shifted(record, level, "readings", "value", record.rows("readings")["analyte"] == DIPSTICK),
        _shifted(record, level, "diary", "grade", np.ones(len(record.rows("diary")), np.bool_)),
    ]


def _shifted(record: Prepared, level: Level, name: str, column: str, dipsticks: np.ndarray) -> Changed:
    rows = record.rows(name)
    place = rows["visit"] if name == "readings" else rows["first_days"] - rows["first_days"].min(initial=0)
    wrong = dipsticks & (level.uniform(f"misread {name}", rows, place) < level["share"])
    places = np.flatnonzero(wrong)
    step = np.where(level.uniform(f"way {name}", rows, place)[places] < 0.5, -1.0, 1.0)
    return change_values(rows, column, places, np.clip(rows[column][places] + step, 0, HIGHEST))


def coarsened(record: Prepared, level: Level) -> list[Change]:
    """Replace ratios of some visits by dipstick readings."""
    readings = record.rows("readings")
    analyte = readings["analyte"]
    coarse = level.uniform("coarse", readings, readings["visit"]) < level["share"]
    visits, place = readings.visits
    with_dipstick = (np.bincount(place[analyte == DIPSTICK], minlength=len(visits)) > 0)[place]
    ratio = coarse & (analyte == UPCR) & ~np.isnan(readings["value"])
    dropped = (ratio & with_dipstick) | (coarse & (analyte == UACR))
    places = np.flatnonzero(ratio & ~with_dipstick)
    concentration = readings["value"][places] * level["urine_creatinine"]
    band = np.searchsorted(np.asarray(level["cuts"], np.float64), concentration, side="right")
    low, high = DIPSTICK_REFERENCE
    new_values = {
        "analyte": DIPSTICK,
        "value": band.astype(np.float64),
        "below_limit": 0.0,
        "unit": UNIT.categories.to_list().index(vocabulary.UNITS["dipstick"]),
        "reference_low": low,
        "reference_high": high,
    }
    return [
        Removed("readings", np.flatnonzero(dropped)),
        *(change_values(readings, column, places, value) for column, value in new_values.items()),
    ]
