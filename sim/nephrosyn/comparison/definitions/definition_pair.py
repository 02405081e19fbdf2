"""The two definition sets: by which the run was judged, shipped, or in a file; and the labels they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria, vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.record.sorted_columns import sources
from nephrosyn.errors import CriteriaError, ReclassificationError
from nephrosyn.report.findings.verdicts.refractory_share import ID, of
from nephrosyn.runs import relabel
from nephrosyn.runs.folder import Folder

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Chosen:
    """A definition set as it was asked for, under a name that the other does not have."""

    name: str
    asked: str
    definition: DefinitionSet


def choose(manifest: Mapping[str, Any], before: str | Path, after: str | Path, view: str) -> tuple[Chosen, Chosen]:
    """Return the two definition sets.

    Parameters
    ----------
    manifest : mapping
        Of the run; the text of a set that it keeps wins over the shipped one of that name.
    before, after : str or path
        A set of the run, a shipped one, or a TOML file.
    view : str
        Which record.

    Returns
    -------
    tuple of Chosen
        Both.

    Raises
    ------
    CriteriaError
        If there is no such set, or it is wrong; what is wrong with either.
    ReclassificationError
        If the two are one and the same, or the view is none.
    """
    if view not in vocabulary.VIEWS:
        raise ReclassificationError(f"unknown view {view!r}: one of {', '.join(vocabulary.VIEWS)}")
    found: list[tuple[str, DefinitionSet]] = []
    problems: list[CriteriaError] = []
    for asked in (str(before), str(after)):
        try:
            found.append((asked, relabel.definition(manifest, asked)))
        except CriteriaError as error:
            problems.append(error)
    if problems:
        wrong = {problem: None for error in problems for problem in error.problems}
        raise CriteriaError(", ".join(dict.fromkeys(error.what for error in problems)), wrong)
    (asked, first), (also, second) = found
    if first == second:
        raise ReclassificationError(
            f"{asked} and {also} are the same definition set, under which nobody moves; name two sets"
        )
    alike = first.name == second.name
    names = [f"{one.name} ({text})" if alike else one.name for text, one in found]
    return Chosen(names[0], asked, first), Chosen(names[1], also, second)


def labels(tables: Tables, manifest: Mapping[str, Any], chosen: Chosen, view: str) -> pl.DataFrame:
    """Return the labels of a set and view: those of the run if it was judged by this very text, else made now.

    Raises
    ------
    ReclassificationError
        If the labels of the run do not have every patient once.
    """
    kept = manifest.get("sets", {}).get(chosen.definition.name)
    stored = kept is not None and criteria.parse(kept["text"], chosen.asked) == chosen.definition
    if stored:
        found = of(tables["labels"], chosen.definition.name, view)
    else:
        on = bool(manifest.get("impossible_patients"))
        parts = _parts(tables, view)
        found = pl.concat([criteria.classify(part, chosen.definition, view, keep_going=on) for part in parts])
    size = int(manifest["patients"]) * int(manifest["replicates"])
    if not found.height == size == found.select(ID).n_unique():
        raise ReclassificationError(f"the labels of {chosen.name}, {view} record, do not have every patient once")
    return found


def clause_answers(tables: Tables, chosen: Chosen, view: str, who: pl.DataFrame) -> pl.DataFrame:
    """Return the clause answers of a set about some patients; `who` has their ``replicate`` and ``patient``."""
    found: list[pl.DataFrame] = []
    for part in _parts(tables, view):
        cut = {name: frame.join(who, on=ID, how="semi", maintain_order="left") for name, frame in part.items()}
        if cut["patients"].height or not found:  # of nobody too: the columns are then there
            found.append(criteria.answers(cut, [chosen.definition], view, keep_going=True))
    return pl.concat(found)


def _parts(tables: Tables, view: str) -> Iterator[Tables]:
    """What is judged, part by part where the run lies on disk, so that memory does not grow with it."""
    names = [name for name in sources(view, albumin=True) if name in tables]
    if not isinstance(tables, Folder):
        yield {name: tables[name] for name in names}
        return
    for number in range(tables.parts("patients")):
        yield {name: tables.part(name, number) for name in names}
