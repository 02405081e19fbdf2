"""Doses lost from the list, and prescriptions that run on in it."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Floats, Removed, changed
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

SINGLE = vocabulary.SCHEDULES.index("single")


def lost(record: Prepared, level: Level) -> list[Change]:
    """Rows of doses gone."""
    doses = record.rows("doses")
    return [Removed("doses", np.flatnonzero(level.uniform("lost", doses) < level["share"]))]


def as_prescribed(record: Prepared, level: Level) -> list[Change]:
    """Runs of a drug that go on in the list, up to the next run of it or the end of follow-up."""
    doses = record.rows("doses")
    room = np.maximum(_next_first(record) - 1 - doses["last_days"], 0.0)
    goes_on = (level.uniform("goes on", doses) < level["share"]) & (doses["schedule"] != SINGLE) & (room > 0)
    places = np.flatnonzero(goes_on & (doses["dose_mg"] > 0))
    days = np.minimum(room[places], level["longest"])
    return [changed(doses, "last_days", places, doses["last_days"][places] + days)]


def _next_first(record: Prepared) -> Floats:
    """Return the first day of the next run of the same drug, or the day after follow-up; shape (rows,)."""
    doses = record.rows("doses")
    order = np.lexsort((doses["first_days"], doses["drug"], doses.who))
    who, drug, first = doses.who[order], doses["drug"][order], doses["first_days"][order]
    after = doses.of_person(record.rows("follow_up"), "end_days", -np.inf)[order] + 1
    follows = np.zeros(len(doses), np.bool_)
    follows[:-1] = (who[1:] == who[:-1]) & (drug[1:] == drug[:-1])
    following = np.append(first[1:], 0.0)[: len(doses)]
    found = np.empty(len(doses))
    found[order] = np.where(follows, following, after)
    return found
