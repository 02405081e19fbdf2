"""Compare both implementations, patient by patient and clause by clause."""

from __future__ import annotations

from typing import NamedTuple

from nephrosyn import criteria

from .record import charts
from .verdict import CLAUSES_OF, judge

LABELS = (*CLAUSES_OF, "applies", "category", "refractory", "first_met_days")


class Difference(NamedTuple):
    """One thing on which they do not agree."""

    patient: tuple[int, int]
    criteria: str
    what: str
    twin: object
    compiled: object


def differences(tables, definitions, view="observed", until=None):
    """Return everything on which they do not agree."""
    by_name = {one.name: one for one in definitions}
    read = charts(tables, view, until)
    twin = {(name, *key): judge(chart, one) for name, one in by_name.items() for key, chart in read.items()}
    found = []
    compiled = criteria.answers(tables, definitions, view, until)
    assert compiled.height == 13 * len(twin)
    for row in compiled.select("replicate", "patient", "criteria", "clause", "status", "days").iter_rows():
        replicate, patient, name, clause, status, day = row
        mine = twin[name, replicate, patient][0][clause]
        if mine != (status, day):
            found.append(Difference((replicate, patient), name, clause, mine, (status, day)))
    labels = criteria.classify(tables, definitions, view, until)
    assert labels.height == len(twin)
    for row in labels.iter_rows(named=True):
        mine = twin[row["criteria"], row["replicate"], row["patient"]][1]
        theirs = {what: row[what] for what in LABELS}
        found += [
            Difference((row["replicate"], row["patient"]), row["criteria"], what, mine[what], theirs[what])
            for what in LABELS
            if mine[what] != theirs[what]
        ]
    return found
