"""The two definition sets of a reclassification, from the run, the package or a file, and their labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria, vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.record.patient_arrays import sources
from nephrosyn.errors import CriteriaError, ReclassificationError
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.refractory_share import of
from nephrosyn.runs import relabel
from nephrosyn.runs.folder import Folder

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class SelectedSet:
    """A definition set as it was requested, with its text, under a name that differs from the other set's."""

    name: str
    requested: str
    definition: DefinitionSet
    text: str


def select(
    manifest: Mapping[str, Any], before: str | Path, after: str | Path, view: str
) -> tuple[SelectedSet, SelectedSet]:
    """Load the two definition sets.

    Parameters
    ----------
    manifest : mapping
        Manifest of the run; a set stored in it takes precedence over the shipped set of that name.
    before, after : str or path
        A set of the run, a shipped one, or a TOML file.
    view : {"observed", "complete"}
        Record that is classified.

    Returns
    -------
    tuple of SelectedSet
        Both sets.

    Raises
    ------
    CriteriaError
        If there is no such set, or it is invalid; lists the problems of both.
    ReclassificationError
        If the two sets are the same, or there is no such view.
    """
    if view not in vocabulary.VIEWS:
        raise ReclassificationError(f"unknown view {view!r}: one of {', '.join(vocabulary.VIEWS)}")
    loaded: list[tuple[str, DefinitionSet, str]] = []
    problems: list[CriteriaError] = []
    for requested in (str(before), str(after)):
        try:
            name, text = relabel.definition_text(manifest, requested)
            loaded.append((requested, criteria.parse(text, name), text))
        except CriteriaError as error:
            problems.append(error)
    if problems:
        of_both = {problem: None for error in problems for problem in error.problems}
        raise CriteriaError(", ".join(dict.fromkeys(error.what for error in problems)), of_both)
    (first_request, first, first_text), (second_request, second, second_text) = loaded
    if first == second:
        raise ReclassificationError(
            f"{first_request} and {second_request} are the same definition set, so nobody changes category; "
            "name two different sets"
        )
    alike = first.name == second.name
    names = [f"{definition.name} ({request})" if alike else definition.name for request, definition, _ in loaded]
    selected = SelectedSet(names[0], first_request, first, first_text)
    return selected, SelectedSet(names[1], second_request, second, second_text)


def labels(tables: Tables, manifest: Mapping[str, Any], selected: SelectedSet, view: str) -> pl.DataFrame:
    """Return the labels of a set and view: those of the run if they were made with exactly this set, else new ones.

    Raises
    ------
    ReclassificationError
        If the labels of the run do not have every patient once.
    """
    stored_set = manifest.get("sets", {}).get(selected.definition.name)
    stored = stored_set is not None and criteria.parse(stored_set["text"], selected.requested) == selected.definition
    if stored:
        labels_of_set = of(tables["labels"], selected.definition.name, view)
    else:
        on = bool(manifest.get("impossible_patients"))
        parts = _parts(tables, view)
        labels_of_set = pl.concat([criteria.classify(part, selected.definition, view, keep_going=on) for part in parts])
    size = int(manifest["patients"]) * int(manifest["replicates"])
    if not labels_of_set.height == size == labels_of_set.select(PATIENT_KEY).n_unique():
        raise ReclassificationError(f"the labels of {selected.name}, {view} record, do not have every patient once")
    return labels_of_set


def clause_answers(tables: Tables, selected: SelectedSet, view: str, who: pl.DataFrame) -> pl.DataFrame:
    """Return the clause answers of a set for some patients; `who` has their ``replicate`` and ``patient``."""
    frames: list[pl.DataFrame] = []
    for part in _parts(tables, view):
        cut = {name: frame.join(who, on=PATIENT_KEY, how="semi", maintain_order="left") for name, frame in part.items()}
        if cut["patients"].height or not frames:  # without patients too, for the columns
            frames.append(criteria.clause_answers(cut, [selected.definition], view, keep_going=True))
    return pl.concat(frames)


def _parts(tables: Tables, view: str) -> Iterator[Tables]:
    """Yield the tables to classify; part by part if the run is on disk, so that memory does not grow with its size."""
    names = [name for name in sources(view, albumin=True) if name in tables]
    if not isinstance(tables, Folder):
        yield {name: tables[name] for name in names}
        return
    for number in range(tables.parts("patients")):
        yield {name: tables.part(name, number) for name in names}
