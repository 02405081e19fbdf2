"""Reference labels that are wrong or of another definition, and cohorts with more or less refractory disease.

What these read is the table of reference labels, as scoring does; never the truth behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nephrosyn import criteria, vocabulary
from nephrosyn.bench.perturbations.changes import Change, LeftOut, changed
from nephrosyn.bench.perturbations.indexed_rows import Prepared, Rows
from nephrosyn.bench.perturbations.severity import Level
from nephrosyn.bench.task import categories, category_tells_refractory, refractory_categories
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import PerturbationError

CODES = {name: code for code, name in enumerate(vocabulary.CATEGORIES)}

ASKED: Mapping[str, tuple[str, ...]] = {
    "label_noise": ("labels",),
    "definition_shift": ("labels", "labels_other"),
    "prevalence_lowered": ("labels",),
    "prevalence_raised": ("labels",),
}
"""Tables that a perturbation asks for beside the record."""
ANSWER = (
    "category",
    *vocabulary.FLAGS,
    *vocabulary.COURSE_FLAGS,
    "refractory",
    "refractory_kind",
    "first_met_days",
)
"""What a definition set says of a patient."""


def label_noise(record: Prepared, level: Level) -> list[Change]:
    """Labels that are those of a neighbour in the confusion matrix, among those that the set can give.

    Whether such a label is refractory is as the set has it, or the opposite of what it was where the category does not
    say; where it could not be judged it stays so. When it was
    first met, and of which kind it is, nobody knows of a wrong label.
    """
    labels = _labels(record, "labels")
    if not len(labels):
        return []
    definition = level.definition or _set_of(labels)
    wrong = level.person("wrong", labels) < level["share"]
    u, category = level.person("which", labels), labels["category"]
    can_give, counted = ([CODES[name] for name in names(definition)] for names in (categories, refractory_categories))
    becomes = category.copy()
    for name, row in level["matrix"].items():
        mine = category == CODES[name]
        codes = np.array([CODES[other] for other in row if CODES[other] in can_give], np.float64)
        edges = np.cumsum([share for other, share in row.items() if CODES[other] in can_give])
        place = np.searchsorted(edges, u[mine] * edges[-1], side="right")
        becomes[mine] = codes[np.minimum(place, len(codes) - 1)]
    places = np.flatnonzero(wrong & (becomes != category))
    judged = places[~np.isnan(labels["refractory"][places])]
    if category_tells_refractory(definition):
        refractory = np.isin(becomes[judged], counted).astype(np.float64)
    else:  # the category says nothing of it: a wrong label is wrong in both
        refractory = 1.0 - labels["refractory"][judged]
    return [
        changed(labels, "category", places, becomes[places]),
        changed(labels, "refractory", judged, refractory),
        changed(labels, "refractory_kind", places, np.nan),
        changed(labels, "first_met_days", places, np.nan),
    ]


def _set_of(labels: Rows) -> DefinitionSet:
    """Return the shipped set that gave the labels."""
    names = labels.frame["criteria"].unique().to_list()
    if len(names) != 1 or names[0] not in criteria.sets():
        told = ", ".join(map(str, names))
        raise PerturbationError(f"label_noise asks which set gave the labels ({told}): give it as definition=")
    return criteria.load(names[0])


def definition_shift(record: Prepared, level: Level) -> list[Change]:
    """Labels that are those of the other definition set, of patients whom both sets are for."""
    labels, other = _labels(record, "labels"), _labels(record, "labels_other")
    rows = other.find(labels.who, np.zeros(len(labels), np.int64))
    both = (rows >= 0) & (labels["applies"] == 1.0)
    both[both] = other["applies"][rows[both]] == 1.0
    places = np.flatnonzero((level.person("other", labels) < level["share"]) & both)
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
