"""Values measured or noted wrongly: noise, bias, units, weights."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, changed
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

UPCR, ALBUMIN, WEIGHT = (vocabulary.ANALYTES.index(name) for name in ("upcr", "albumin", "weight"))
WEIGHT_DECIMALS = 1


def upcr_noise(record: Prepared, level: Level) -> list[Change]:
    """Ratios with more noise; of one below the limit of detection nothing is known that could vary."""
    readings = record.rows("readings")
    places = np.flatnonzero((readings["analyte"] == UPCR) & (readings["below_limit"] != 1.0))
    z = ndtri(level.uniform("noise", readings, readings["visit"])[places])
    values = np.round(readings["value"][places] * np.exp(level["sd_log"] * z), level["decimals"])
    below = (values < level["limit"]) & (readings["value"][places] >= level["limit"])
    return [
        changed(readings, "value", places, np.where(below, level["limit"], values)),
        changed(readings, "below_limit", places[below], 1.0),
    ]


def albumin_bcg(record: Prepared, level: Level) -> list[Change]:
    """Albumin of some patients from a laboratory whose method reads high where albumin is low."""
    readings = record.rows("readings")
    mine = (readings["analyte"] == ALBUMIN) & (level.person("laboratory", readings) < level["share"])
    places = np.flatnonzero(mine)
    before = readings["value"][places]
    part = np.clip((level["high"] - before) / (level["high"] - level["low"]), 0.0, 1.0)
    z = ndtri(level.uniform("bias", readings, readings["visit"])[places])
    values = before + part * (level["bias_low"] + level["sd"] * z)
    return [changed(readings, "value", places, np.round(np.maximum(values, 0.0), level["decimals"]))]


def units_mixed(record: Prepared, level: Level) -> list[Change]:
    """Values in another unit than the table says."""
    readings = record.rows("readings")
    mixed = level.result("unit", readings) < level["share"]
    found: list[Change] = []
    for analyte, factor in ((UPCR, level["upcr_factor"]), (ALBUMIN, level["albumin_factor"])):
        places = np.flatnonzero(mixed & (readings["analyte"] == analyte))
        found.append(changed(readings, "value", places, np.round(readings["value"][places] * factor, 1)))
    return found


def weight_errors(record: Prepared, level: Level) -> list[Change]:
    """Weights in pounds, or with the decimal point one place off."""
    readings = record.rows("readings")
    asked = {
        "patients": ("weight_kg", None),
        "readings": ("value", readings["analyte"] == WEIGHT),
        "doses": ("dosing_weight_kg", None),
    }
    found: list[Change] = []
    for name, (column, mine) in asked.items():
        rows = record.rows(name)
        place = rows["visit"] if name == "readings" else None
        wrong = level.uniform(f"wrong {name}", rows, place) < level["share"]
        places = np.flatnonzero(wrong if mine is None else wrong & mine)
        kind = level.uniform(f"kind {name}", rows, place)[places]
        tenfold = level["pounds"] + level["tenfold"]
        factor = np.where(kind < level["pounds"], level["pounds_factor"], np.where(kind < tenfold, 10.0, 0.1))
        found.append(changed(rows, column, places, np.round(rows[column][places] * factor, WEIGHT_DECIMALS)))
    return found
