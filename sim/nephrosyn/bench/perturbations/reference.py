"""Reference labels that are wrong or of another definition, and cohorts with more or less refractory disease.

What these read is the table of reference labels, as scoring does; never the truth behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nephrosyn import terms
from nephrosyn.bench.perturbations.changes import Change, LeftOut, PerturbationError, changed
from nephrosyn.bench.perturbations.level import Level
from nephrosyn.bench.perturbations.rows import Prepared, Rows

ASKED: Mapping[str, tuple[str, ...]] = {
    "label_noise": ("labels",),
    "definition_shift": ("labels", "labels_other"),
    "prevalence_lowered": ("labels",),
    "prevalence_raised": ("labels",),
}
"""Tables that a perturbation asks for beside the record."""
ANSWER = ("category", "refractory", "first_met_days")


def label_noise(record: Prepared, level: Level) -> list[Change]:
    """Labels that are those of a neighbour in the confusion matrix."""
    labels = _labels(record, "labels")
    wrong = level.person("wrong", labels) < level["share"]
    u, category = level.person("which", labels), labels["category"]
    becomes = category.copy()
    for name, row in level["matrix"].items():
        mine = category == terms.CATEGORIES.index(name)
        edges = np.cumsum(list(row.values()))
        codes = np.array([terms.CATEGORIES.index(other) for other in row], np.float64)
        becomes[mine] = codes[np.minimum(np.searchsorted(edges, u[mine], side="right"), len(codes) - 1)]
    places = np.flatnonzero(wrong & (becomes != category))
    refractory = np.isin(becomes[places], [terms.CATEGORIES.index(name) for name in level["refractory"]])
    return [
        changed(labels, "category", places, becomes[places]),
        changed(labels, "refractory", places, refractory.astype(np.float64)),
    ]


def definition_shift(record: Prepared, level: Level) -> list[Change]:
    """Labels that are those of the other definition set."""
    labels, other = _labels(record, "labels"), _labels(record, "labels_other")
    rows = other.find(labels.who, np.zeros(len(labels), np.int64))
    places = np.flatnonzero((level.person("other", labels) < level["share"]) & (rows >= 0))
    return [changed(labels, column, places, other[column][rows[places]]) for column in ANSWER]


def prevalence_lowered(record: Prepared, level: Level) -> list[Change]:
    """Refractory patients left out."""
    return _left_out(record, level, refractory=True)


def prevalence_raised(record: Prepared, level: Level) -> list[Change]:
    """Patients known not to be refractory left out."""
    return _left_out(record, level, refractory=False)


def _left_out(record: Prepared, level: Level, *, refractory: bool) -> list[Change]:
    people = record.rows("patients")
    label = people.of_person(_labels(record, "labels"), "refractory", np.nan)
    mine = label == float(refractory)
    return [LeftOut(np.flatnonzero(mine & (level.person("left out", people) < level["share"])))]


def _labels(record: Prepared, name: str) -> Rows:
    labels = record.rows(name)
    if (labels.number > 0).any():
        raise PerturbationError(f"{name}: expected one row per patient: the reference, of one definition set and view")
    return labels
