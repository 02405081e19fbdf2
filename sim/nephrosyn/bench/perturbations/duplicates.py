"""Rows entered twice, and results copied from the visit before."""

from __future__ import annotations

import numpy as np

from nephrosyn.bench.perturbations.changes import Added, Change, changed
from nephrosyn.bench.perturbations.indexed_rows import Prepared
from nephrosyn.bench.perturbations.severity import Level

REPEATED = ("readings", "diary", "doses", "conditions")


def duplicated(record: Prepared, level: Level) -> list[Change]:
    """Rows once more, each after itself."""
    found: list[Change] = []
    for name in REPEATED:
        rows = record.rows(name)
        found.append(Added(name, np.flatnonzero(level.uniform(f"twice {name}", rows) < level["share"])))
    return found


def copied_forward(record: Prepared, level: Level) -> list[Change]:
    """Results that are those of the visit before."""
    readings = record.rows("readings")
    before = readings.previous
    copied = np.flatnonzero((before >= 0) & (level.result("copied", readings) < level["share"]))
    columns = ("value", "below_limit")  # a limit of detection stands as the value, and is copied as such
    return [changed(readings, column, copied, readings[column][before[copied]]) for column in columns]
