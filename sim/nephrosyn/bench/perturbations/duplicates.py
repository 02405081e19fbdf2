"""Rows entered twice, and results copied forward from the previous visit."""

from __future__ import annotations

import numpy as np

from nephrosyn.bench.perturbations.changes import Added, Change, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

REPEATED = ("readings", "diary", "doses", "conditions")


def duplicated(record: Prepared, level: Level) -> list[Change]:
    """Duplicate rows, each copy directly after the original."""
    changes: list[Change] = []
    for name in REPEATED:
        rows = record.rows(name)
        changes.append(Added(name, np.flatnonzero(level.uniform(f"twice {name}", rows) < level["share"])))
    return changes


def copied_forward(record: Prepared, level: Level) -> list[Change]:
    """Replace results by those of the previous visit."""
    readings = record.rows("readings")
    previous = readings.previous
    copied = np.flatnonzero((previous >= 0) & (level.per_result("copied", readings) < level["share"]))
    columns = ("value", "below_limit")  # a value below the limit of detection is copied with its flag
    return [change_values(readings, column, copied, readings[column][previous[copied]]) for column in columns]
