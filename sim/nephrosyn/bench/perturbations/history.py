"""Records that begin late or end early."""

from __future__ import annotations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.bench.perturbations.changes import Change, Floats, Removed, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared, Rows
from nephrosyn.bench.perturbations.severity import Level

DROPOUT = vocabulary.END_REASONS.index("dropout")
POINTS = {"readings": "taken_days", "conditions": "noted_days"}
RUNS = ("diary", "doses")


def truncated(record: Prepared, level: Level) -> list[Change]:
    """Cut off the beginning of some records."""
    changes: list[Change] = []
    for name in ("visits", *POINTS, *RUNS):
        rows = record.rows(name)
        begins = np.minimum(_first_visit(record, rows) + level["lost"], _end(record, rows))
        begins = np.where(level.per_patient("late", rows) < level["share"], begins, -np.inf)
        last = rows["last_days"] if name in RUNS else _day(rows)
        changes.append(Removed(name, np.flatnonzero(last < begins)))
        if name in RUNS:
            cut = np.flatnonzero((last >= begins) & (rows["first_days"] < begins))
            changes.append(change_values(rows, "first_days", cut, begins[cut]))
    return changes


def end_early(record: Prepared, level: Level) -> list[Change]:
    """Cut off the end of every record."""
    changes: list[Change] = []
    for name in ("visits", *POINTS, *RUNS):
        rows = record.rows(name)
        ends = _first_visit(record, rows) + level["length"]
        first = rows["first_days"] if name in RUNS else _day(rows)
        changes.append(Removed(name, np.flatnonzero(first > ends)))
        if name in RUNS:
            cut = np.flatnonzero((first <= ends) & (rows["last_days"] > ends))
            changes.append(change_values(rows, "last_days", cut, ends[cut]))
    return [*changes, *_end_and_biopsy(record, level)]


def _end_and_biopsy(record: Prepared, level: Level) -> list[Change]:
    ends, patients = record.rows("follow_up"), record.rows("patients")
    last = _first_visit(record, ends) + level["length"]
    early = np.flatnonzero(ends["end_days"] > last)
    later = np.flatnonzero(patients["biopsy_days"] > _first_visit(record, patients) + level["length"])
    return [
        change_values(ends, "end_days", early, last[early]),
        change_values(ends, "reason", early, float(DROPOUT)),
        change_values(patients, "biopsy_days", later, np.nan),
        change_values(patients, "lesion", later, np.nan),
    ]


def _day(rows: Rows) -> Floats:
    """Return the day of each row; for a missed visit the planned day."""
    if rows.name != "visits":
        return rows[POINTS[rows.name]]
    return np.where(np.isnan(rows["actual_days"]), rows["planned_days"], rows["actual_days"])


def _first_visit(record: Prepared, rows: Rows) -> Floats:
    """Return, for each row, the day of its patient's first visit."""
    return rows.value_of_patient(record.rows("visits"), "planned_days", 0.0)


def _end(record: Prepared, rows: Rows) -> Floats:
    return rows.value_of_patient(record.rows("follow_up"), "end_days", np.inf)
