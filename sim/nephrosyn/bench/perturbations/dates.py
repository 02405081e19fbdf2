"""Dates rounded down to the first day of a period (date heaping)."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Floats, Removed, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

SINGLE = vocabulary.SCHEDULES.index("single")


def rounded(record: Prepared, level: Level) -> list[Change]:
    """Round dates of visits with their results, of conditions, and of the doses of some patients."""
    share, grid = level["share"], level["grid"]
    changes: list[Change] = []
    for name, column in (("visits", "actual_days"), ("readings", "taken_days"), ("conditions", "noted_days")):
        rows = record.rows(name)
        what, place = ("condition", None) if name == "conditions" else ("visit", rows["visit"])
        places = np.flatnonzero(level.uniform(what, rows, place) < share)
        changes.append(change_values(rows, column, places, _down(rows[column][places], grid)))
    return [*changes, *_doses(record, level)]


def _doses(record: Prepared, level: Level) -> list[Change]:
    """Round the first day of a run and the day after its last, so that runs never overlap."""
    doses, grid = record.rows("doses"), level["grid"]
    rounds = (level.per_patient("doses", doses) < level["share"]) & (doses["schedule"] != SINGLE)
    first, last = _down(doses["first_days"], grid), _down(doses["last_days"] + 1, grid) - 1
    longer = np.flatnonzero(rounds & (last >= first))
    return [
        Removed("doses", np.flatnonzero(rounds & (last < first))),
        change_values(doses, "first_days", longer, first[longer]),
        change_values(doses, "last_days", longer, last[longer]),
    ]


def _down(days: Floats, grid: float) -> Floats:
    return np.asarray(np.floor(days / grid) * grid)
