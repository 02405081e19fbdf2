"""Doses missing from the medication list, and prescriptions that are listed for too long."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Floats, Removed, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

SINGLE = vocabulary.SCHEDULES.index("single")


def lost(record: Prepared, level: Level) -> list[Change]:
    """Remove rows of the medication list."""
    doses = record.rows("doses")
    return [Removed("doses", np.flatnonzero(level.uniform("lost", doses) < level["share"]))]


def as_prescribed(record: Prepared, level: Level) -> list[Change]:
    """Extend runs of a drug, up to the next run of it or the end of follow-up."""
    doses = record.rows("doses")
    room = np.maximum(_next_first(record) - 1 - doses["last_days"], 0.0)
    extended = (level.uniform("goes on", doses) < level["share"]) & (doses["schedule"] != SINGLE) & (room > 0)
    places = np.flatnonzero(extended & (doses["dose_mg"] > 0))
    days = np.minimum(room[places], level["longest"])
    return [change_values(doses, "last_days", places, doses["last_days"][places] + days)]


def _next_first(record: Prepared) -> Floats:
    """Return the first day of the next run of the same drug, or the day after follow-up; shape (rows,)."""
    doses = record.rows("doses")
    order = np.lexsort((doses["first_days"], doses["drug"], doses.patient_key))
    patient, drug, first = doses.patient_key[order], doses["drug"][order], doses["first_days"][order]
    after = doses.value_of_patient(record.rows("follow_up"), "end_days", -np.inf)[order] + 1
    follows = np.zeros(len(doses), np.bool_)
    follows[:-1] = (patient[1:] == patient[:-1]) & (drug[1:] == drug[:-1])
    following = np.append(first[1:], 0.0)[: len(doses)]
    next_first = np.empty(len(doses))
    next_first[order] = np.where(follows, following, after)
    return next_first
