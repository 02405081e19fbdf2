"""Missed visits, late visits and lost results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Places, Removed, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

UPCR, DIPSTICK = (vocabulary.ANALYTES.index(name) for name in ("upcr", "dipstick"))
MOST_MISSED = 0.95
"""Highest probability of missing a visit."""


def missing(record: Prepared, level: Level) -> list[Change]:
    """Miss visits completely at random."""
    return _missed(record, level, dict.fromkeys(("visits", "readings"), level["share"]))


def missing_by_age(record: Prepared, level: Level) -> list[Change]:
    """Miss visits, more often in adolescents and young adults."""
    shares = {}
    for name in ("visits", "readings"):
        age = record.rows(name).value_of_patient(record.rows("patients"), "age_at_onset_years", 0.0)
        young = (age >= level["young_from"]) & (age < level["young_until"])
        adult = age >= level["young_until"]
        factor = np.where(young, level["young_factor"], np.where(adult, level["adult_factor"], 1.0))
        shares[name] = np.minimum(level["share"] * factor, MOST_MISSED)
    return _missed(record, level, shares)


def missing_by_distance(record: Prepared, level: Level) -> list[Change]:
    """Miss visits, more often in patients who live far away."""
    shares = {}
    for name in ("visits", "readings"):
        log_distance = level["spread"] * ndtri(level.per_patient("distance", record.rows(name)))
        shares[name] = np.minimum(level["share"] * np.exp(level["power"] * log_distance), MOST_MISSED)
    return _missed(record, level, shares)


def missing_when_mild(record: Prepared, level: Level) -> list[Change]:
    """Miss visits at which the urine would have been clear, by its ratio or, without one, by its dipstick."""
    readings = record.rows("readings")
    visits, place = readings.visits

    def any_of(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.bincount(place[rows], minlength=len(visits)) > 0

    value, analyte = readings["value"], readings["analyte"]
    ratio, dipstick = analyte == UPCR, analyte == DIPSTICK
    by_band = any_of(dipstick & (value <= level["mild_band"])) & ~any_of(ratio)
    mild = visits[any_of(ratio & (value <= level["mild_upcr"])) | by_band]
    names = ("visits", "readings")
    shares = {name: np.where(_among(record.rows(name).visit, mild), level["share"], 0.0) for name in names}
    return _missed(record, level, shares)


def _among(keys: NDArray[np.int64], sorted_keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each key is in a sorted array."""
    if not len(sorted_keys):
        return np.zeros(len(keys), np.bool_)
    return np.asarray(sorted_keys[np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)] == keys)


def _missed(record: Prepared, level: Level, shares: dict[str, Any]) -> list[Change]:
    """Miss visits with the given probabilities; a visit and its results share one draw."""
    places = {}
    for name, share in shares.items():
        rows = record.rows(name)
        visit = rows["visit"]
        places[name] = np.flatnonzero((level.uniform("missed", rows, visit) < share) & (visit > 0))
    visits = record.rows("visits")
    return [
        change_values(visits, "missed", places["visits"], 1.0),
        change_values(visits, "actual_days", places["visits"], np.nan),
        Removed("readings", places["readings"]),
    ]


def results_lost(record: Prepared, level: Level) -> list[Change]:
    """Remove single results."""
    readings = record.rows("readings")
    return [Removed("readings", np.flatnonzero(level.per_result("lost", readings) < level["share"]))]


def late(record: Prepared, level: Level) -> list[Change]:
    """Delay visits and their results by some days, within follow-up."""
    changes: list[Change] = []
    for name, column in (("visits", "actual_days"), ("readings", "taken_days")):
        rows = record.rows(name)
        visit = rows["visit"]
        places: Places = np.flatnonzero((level.uniform("late", rows, visit) < level["share"]) & (visit > 0))
        days = np.ceil(-level["mean_delay"] * np.log(level.uniform("delay", rows, visit)[places]))
        before = rows[column][places]
        end = rows.value_of_patient(record.rows("follow_up"), "end_days", np.inf)[places]
        changes.append(
            change_values(rows, column, places, np.where(before < end, np.minimum(before + days, end), before))
        )
    return changes
