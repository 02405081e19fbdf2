"""Dates rounded down to the first day of a period, where they heap."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Floats, Removed, changed
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

SINGLE = vocabulary.SCHEDULES.index("single")


def rounded(record: Prepared, level: Level) -> list[Change]:
    """Dates of visits and their results, of conditions, and of the doses of some patients."""
    share, grid = level["share"], level["grid"]
    found: list[Change] = []
    for name, column in (("visits", "actual_days"), ("readings", "taken_days"), ("conditions", "noted_days")):
        rows = record.rows(name)
        what, place = ("condition", None) if name == "conditions" else ("visit", rows["visit"])
        places = np.flatnonzero(level.uniform(what, rows, place) < share)
        found.append(changed(rows, column, places, _down(rows[column][places], grid)))
    return [*found, *_doses(record, level)]


def _doses(record: Prepared, level: Level) -> list[Change]:
    """Round where a run begins and where the next one could begin, so that no two runs come to overlap."""
    doses, grid = record.rows("doses"), level["grid"]
    mine = (level.person("doses", doses) < level["share"]) & (doses["schedule"] != SINGLE)
    first, last = _down(doses["first_days"], grid), _down(doses["last_days"] + 1, grid) - 1
    kept = np.flatnonzero(mine & (last >= first))
    return [
        Removed("doses", np.flatnonzero(mine & (last < first))),
        changed(doses, "first_days", kept, first[kept]),
        changed(doses, "last_days", kept, last[kept]),
    ]


def _down(days: Floats, grid: float) -> Floats:
    return np.asarray(np.floor(days / grid) * grid)
