"""Values measured or recorded wrongly: noise, bias, units, weights."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

UPCR, ALBUMIN, WEIGHT = (vocabulary.ANALYTES.index(name) for name in ("upcr", "albumin", "weight"))
WEIGHT_DECIMALS = 1


def upcr_noise(record: Prepared, level: Level) -> list[Change]:
    """Add noise to ratios; values below the limit of detection stay, as their size is unknown."""
    readings = record.rows("readings")
    places = np.flatnonzero((readings["analyte"] == UPCR) & (readings["below_limit"] != 1.0))
    z = ndtri(level.uniform("noise", readings, readings["visit"])[places])
    values = np.round(readings["value"][places] * np.exp(level["sd_log"] * z), level["decimals"])
    below = (values < level["limit"]) & (readings["value"][places] >= level["limit"])
    return [
        change_values(readings, "value", places, np.where(below, level["limit"], values)),
        change_values(readings, "below_limit", places[below], 1.0),
    ]


def albumin_bcg(record: Prepared, level: Level) -> list[Change]:
    """Bias albumin upwards, most where it is low, in patients whose laboratory uses bromocresol green."""
    readings = record.rows("readings")
    biased = (readings["analyte"] == ALBUMIN) & (level.per_patient("laboratory", readings) < level["share"])
    places = np.flatnonzero(biased)
    before = readings["value"][places]
    part = np.clip((level["high"] - before) / (level["high"] - level["low"]), 0.0, 1.0)
    z = ndtri(level.uniform("bias", readings, readings["visit"])[places])
    values = before + part * (level["bias_low"] + level["sd"] * z)
    return [change_values(readings, "value", places, np.round(np.maximum(values, 0.0), level["decimals"]))]


def units_mixed(record: Prepared, level: Level) -> list[Change]:
    """Record values in a unit other than the one stated in the table."""
    readings = record.rows("readings")
    mixed = level.per_result("unit", readings) < level["share"]
    changes: list[Change] = []
    for analyte, factor in ((UPCR, level["upcr_factor"]), (ALBUMIN, level["albumin_factor"])):
        places = np.flatnonzero(mixed & (readings["analyte"] == analyte))
        changes.append(change_values(readings, "value", places, np.round(readings["value"][places] * factor, 1)))
    return changes


def weight_errors(record: Prepared, level: Level) -> list[Change]:
    """Record weights in pounds, or with the decimal point one place off."""
    readings = record.rows("readings")
    columns = {
        "patients": ("weight_kg", None),
        "readings": ("value", readings["analyte"] == WEIGHT),
        "doses": ("dosing_weight_kg", None),
    }
    changes: list[Change] = []
    for name, (column, of_weight) in columns.items():
        rows = record.rows(name)
        place = rows["visit"] if name == "readings" else None
        wrong = level.uniform(f"wrong {name}", rows, place) < level["share"]
        places = np.flatnonzero(wrong if of_weight is None else wrong & of_weight)
        kind = level.uniform(f"kind {name}", rows, place)[places]
        tenfold = level["pounds"] + level["tenfold"]
        factor = np.where(kind < level["pounds"], level["pounds_factor"], np.where(kind < tenfold, 10.0, 0.1))
        changes.append(change_values(rows, column, places, np.round(rows[column][places] * factor, WEIGHT_DECIMALS)))
    return changes
