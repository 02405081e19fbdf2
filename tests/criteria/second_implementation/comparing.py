"""Compare both implementations, patient by patient and clause by clause."""

from __future__ import annotations

from typing import NamedTuple

from nephrosyn import criteria

from .record import charts
from .verdict import CLAUSES_OF, evaluate

LABELS = (*CLAUSES_OF, "applies", "category", "refractory", "first_met_days")


class Difference(NamedTuple):
    """One thing on which they do not agree."""

    patient: tuple[int, int]
    criteria: str
    what: str
    second: object
    compiled: object


def differences(tables, definitions, view="observed", until=None):
    """Return everything on which they do not agree."""
    by_name = {definition.name: definition for definition in definitions}
    read = charts(tables, view, until)
    second = {
        (name, *key): evaluate(chart, definition) for name, definition in by_name.items() for key, chart in read.items()
    }
    disagreements = []
    compiled = criteria.clause_answers(tables, definitions, view, until)
    assert compiled.height == 13 * len(second)
    for row in compiled.select("replicate", "patient", "criteria", "clause", "status", "days").iter_rows():
        replicate, patient, name, clause, status, day = row
        expected = second[name, replicate, patient][0][clause]
        if expected != (status, day):
            disagreements.append(Difference((replicate, patient), name, clause, expected, (status, day)))
    labels = criteria.classify(tables, definitions, view, until)
    assert labels.height == len(second)
    for row in labels.iter_rows(named=True):
        expected = second[row["criteria"], row["replicate"], row["patient"]][1]
        actual = {what: row[what] for what in LABELS}
        disagreements += [
            Difference((row["replicate"], row["patient"]), row["criteria"], what, expected[what], actual[what])
            for what in LABELS
            if expected[what] != actual[what]
        ]
    return disagreements
