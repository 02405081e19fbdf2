"""Records that begin late or end early."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Floats, Removed, changed
from nephrosyn.bench.perturbations.indexed_rows import Prepared, Rows
from nephrosyn.bench.perturbations.severity import Level

DROPOUT = vocabulary.END_REASONS.index("dropout")
POINTS = {"readings": "taken_days", "conditions": "noted_days"}
RUNS = ("diary", "doses")


def truncated(record: Prepared, level: Level) -> list[Change]:
    """Some records without what came before a day."""
    found: list[Change] = []
    for name in ("visits", *POINTS, *RUNS):
        rows = record.rows(name)
        begins = np.minimum(_first_visit(record, rows) + level["lost"], _end(record, rows))
        begins = np.where(level.person("late", rows) < level["share"], begins, -np.inf)
        last = rows["last_days"] if name in RUNS else _day(rows)
        found.append(Removed(name, np.flatnonzero(last < begins)))
        if name in RUNS:
            cut = np.flatnonzero((last >= begins) & (rows["first_days"] < begins))
            found.append(changed(rows, "first_days", cut, begins[cut]))
    return found


def short(record: Prepared, level: Level) -> list[Change]:
    """Every record without what came after a day."""
    found: list[Change] = []
    for name in ("visits", *POINTS, *RUNS):
        rows = record.rows(name)
        ends = _first_visit(record, rows) + level["length"]
        first = rows["first_days"] if name in RUNS else _day(rows)
        found.append(Removed(name, np.flatnonzero(first > ends)))
        if name in RUNS:
            cut = np.flatnonzero((first <= ends) & (rows["last_days"] > ends))
            found.append(changed(rows, "last_days", cut, ends[cut]))
    return [*found, *_end_and_biopsy(record, level)]


def _end_and_biopsy(record: Prepared, level: Level) -> list[Change]:
    ends, people = record.rows("follow_up"), record.rows("patients")
    last = _first_visit(record, ends) + level["length"]
    early = np.flatnonzero(ends["end_days"] > last)
    later = np.flatnonzero(people["biopsy_days"] > _first_visit(record, people) + level["length"])
    return [
        changed(ends, "end_days", early, last[early]),
        changed(ends, "reason", early, float(DROPOUT)),
        changed(people, "biopsy_days", later, np.nan),
        changed(people, "lesion", later, np.nan),
    ]


def _day(rows: Rows) -> Floats:
    """Return the day of each row; of a visit the day it was planned for, if it did not take place."""
    if rows.name != "visits":
        return rows[POINTS[rows.name]]
    return np.where(np.isnan(rows["actual_days"]), rows["planned_days"], rows["actual_days"])


def _first_visit(record: Prepared, rows: Rows) -> Floats:
    """Return the day of the first visit of each row's patient, which stands first among the visits."""
    return rows.of_person(record.rows("visits"), "planned_days", 0.0)


def _end(record: Prepared, rows: Rows) -> Floats:
    return rows.of_person(record.rows("follow_up"), "end_days", np.inf)
