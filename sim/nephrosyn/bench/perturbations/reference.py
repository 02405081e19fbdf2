"""Reference labels that are wrong or follow another definition, and cohorts with more or less refractory disease.

These read the table of reference labels, as scoring does, but never the truth.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from nephrosyn import criteria, vocabulary
from nephrosyn.bench.perturbations.changes import Change, LeftOut, change_values
from nephrosyn.bench.perturbations.indexed_rows import Prepared, Rows
from nephrosyn.bench.perturbations.severity import Level
from nephrosyn.bench.task import categories, category_tells_refractory, refractory_categories
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import PerturbationError

CODES = {name: code for code, name in enumerate(vocabulary.CATEGORIES)}

REQUIRED_TABLES: Mapping[str, tuple[str, ...]] = {
    "label_noise": ("labels",),
    "definition_shift": ("labels", "labels_other"),
    "prevalence_lowered": ("labels",),
    "prevalence_raised": ("labels",),
}
"""Tables that a perturbation needs beside the observed ones."""
ANSWER = (
    "category",
    *vocabulary.FLAGS,
    *vocabulary.COURSE_FLAGS,
    "refractory",
    "refractory_kind",
    "first_met_days",
)
"""Columns that hold the verdict of a definition set."""


OTHER_SETS = ("ipna-2022", "source")
"""Sets of another clinic: the first that differs from the one of the labels."""


def with_reference(
    record: Mapping[str, pl.DataFrame], name: str, definition: DefinitionSet | None
) -> Mapping[str, pl.DataFrame]:
    """Return a record with the reference labels that a perturbation needs, one row per patient.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        A record, or all tables of a cohort, whose labels are of several sets and views.
    name : str
        The perturbation.
    definition : DefinitionSet, optional
        The set of the labels; by default the first of the table.

    Returns
    -------
    mapping of str to polars.DataFrame
        With ``labels`` by that set on the complete record, or on the observed one if there are no others; and
        ``labels_other`` by the next set of the table, or else by the first of `OTHER_SETS` that differs.
    """
    if name not in REQUIRED_TABLES or "labels" not in record:
        return record
    labels = record["labels"]
    sets, views = (labels[column].cast(pl.String).unique(maintain_order=True) for column in ("criteria", "view"))
    complete = all(table in record for table in REQUIRED_TABLES[name])
    if labels.is_empty() or (complete and len(sets) * len(views) == 1):
        return record
    first = definition.name if definition is not None else sets[0]
    view = "complete" if "complete" in views else "observed"
    of_view = labels.filter(pl.col("view").cast(pl.String) == view)
    result = {**{table: record[table] for table in record}, "labels": of_view.filter(criteria=first)}
    if "labels_other" in REQUIRED_TABLES[name] and "labels_other" not in record:
        second = next((known for known in sets if known != first), None)
        if second is not None:
            result["labels_other"] = of_view.filter(criteria=second)
        else:
            alternative = criteria.load(next(known for known in OTHER_SETS if known != first))
            result["labels_other"] = criteria.classify(record, alternative, view)
    return result


def label_noise(record: Prepared, level: Level) -> list[Change]:
    """Replace labels by others drawn from a confusion matrix, among those that the definition set can give.

    ``refractory`` follows the new category, or is negated where the category does not decide it; where it is missing it
    stays so. The kind and the day first met become missing, as a wrong label has neither.
    """
    labels = _labels(record, "labels")
    if not len(labels):
        return []
    definition = level.definition or _set_of(labels)
    wrong = level.per_patient("wrong", labels) < level["share"]
    uniforms, category = level.per_patient("which", labels), labels["category"]
    possible = set(categories(definition))
    becomes = category.copy()
    for name, row in level["matrix"].items():
        of_category = category == CODES[name]
        shares = {neighbour: share for neighbour, share in row.items() if neighbour in possible}
        codes = np.array([CODES[neighbour] for neighbour in shares], np.float64)
        edges = np.cumsum(list(shares.values()))
        place = np.searchsorted(edges, uniforms[of_category] * edges[-1], side="right")
        becomes[of_category] = codes[np.minimum(place, len(codes) - 1)]
    places = np.flatnonzero(wrong & (becomes != category))
    classified = places[~np.isnan(labels["refractory"][places])]
    if category_tells_refractory(definition):
        of_refractory = [CODES[name] for name in refractory_categories(definition)]
        refractory = np.isin(becomes[classified], of_refractory).astype(np.float64)
    else:  # the category does not decide it: a wrong label is wrong in both
        refractory = 1.0 - labels["refractory"][classified]
    return [
        change_values(labels, "category", places, becomes[places]),
        change_values(labels, "refractory", classified, refractory),
        change_values(labels, "refractory_kind", places, np.nan),
        change_values(labels, "first_met_days", places, np.nan),
    ]


def _set_of(labels: Rows) -> DefinitionSet:
    """Return the shipped definition set that gave the labels."""
    names = labels.frame["criteria"].unique().to_list()
    if len(names) != 1 or names[0] not in criteria.sets():
        listed = ", ".join(map(str, names))
        raise PerturbationError(
            f"label_noise needs the definition set that gave the labels ({listed}): use definition="
        )
    return criteria.load(names[0])


def definition_shift(record: Prepared, level: Level) -> list[Change]:
    """Replace labels by those of the other definition set, for patients eligible under both sets."""
    labels, alternative = _labels(record, "labels"), _labels(record, "labels_other")
    rows = alternative.find(labels.patient_key, np.zeros(len(labels), np.int64))
    both = (rows >= 0) & (labels["applies"] == 1.0)
    both[both] = alternative["applies"][rows[both]] == 1.0
    places = np.flatnonzero((level.per_patient("other", labels) < level["share"]) & both)
    return [change_values(labels, column, places, alternative[column][rows[places]]) for column in ANSWER]


def prevalence_lowered(record: Prepared, level: Level) -> list[Change]:
    """Leave out refractory patients."""
    return _left_out(record, level, refractory=True)


def prevalence_raised(record: Prepared, level: Level) -> list[Change]:
    """Leave out patients known not to be refractory."""
    return _left_out(record, level, refractory=False)


def _left_out(record: Prepared, level: Level, *, refractory: bool) -> list[Change]:
    patients = record.rows("patients")
    label = patients.value_of_patient(_labels(record, "labels"), "refractory", np.nan)
    candidates = label == float(refractory)
    return [LeftOut(np.flatnonzero(candidates & (level.per_patient("left out", patients) < level["share"])))]


def _labels(record: Prepared, name: str) -> Rows:
    labels = record.rows(name)
    if (labels.number > 0).any():
        raise PerturbationError(f"{name}: expected one row per patient, of one definition set and view")
    return labels
