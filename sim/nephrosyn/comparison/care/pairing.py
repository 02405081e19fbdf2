"""Which runs may be compared: finished ones, of the same people, all judged by the same definition set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.errors import ComparisonError, RunFolderError
from nephrosyn.runs.folder import Folder
from nephrosyn.scenario.describe import value_text
from nephrosyn.scenario.messages import nearest
from nephrosyn.scenario.tree import MISSING, dotted, leaves

PERSON = ("population", "disease")
"""Sections of a scenario that say who falls ill, of what, and for how long. All others are what twins may differ in."""

DRAWS = ("version", "seed", "patients", "replicates")
"""What else decides who patient i is; laws and draws belong to a version."""

TOLD_APART = ("title", "description", "engine", "criteria", *DRAWS)
TRAITS = ("lesion", "response", "age_at_onset_years", "never_relapses", "frailty")
MOST_TOLD = 5


class Run(Protocol):
    """What is asked of a run: a cohort in memory or on disk."""

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """All tables by name."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What was run."""

    @property
    def folder(self) -> Path | None:
        """Where it lies, if it was written."""


@dataclass(frozen=True)
class Side:
    """One run of a comparison, under a name that no other has."""

    name: str
    tables: Mapping[str, pl.DataFrame]
    manifest: Mapping[str, Any]

    @property
    def patients(self) -> int:
        """Patients in each replicate."""
        return int(self.manifest["patients"])

    @property
    def size(self) -> int:
        """Patients in all replicates."""
        return self.patients * int(self.manifest["replicates"])

    @property
    def settings(self) -> dict[str, Any]:
        """Every value of the scenario by dotted key, but its name, its size and how it is judged."""
        tree = self.manifest["scenario"].get("scenario")
        if not isinstance(tree, dict):
            raise RunFolderError(f"{self.name}: manifest.json is damaged; make the run again")
        return {dotted(path): value for path, value in leaves(tree) if path[0] not in TOLD_APART}


def sides(runs: Sequence[Run | str | Path]) -> list[Side]:
    """Return the runs under names of their own, the reference first.

    Parameters
    ----------
    runs : sequence of Cohort or path
        At least two.

    Returns
    -------
    list of Side
        Named by folder, or by scenario where a run is in memory.

    Raises
    ------
    ComparisonError
        If there are fewer than two, one folder is named twice, or they do not hold the same people.
    RunFolderError
        If a folder is no run, is incomplete, or was changed.
    """
    if len(runs) < 2:
        raise ComparisonError("name at least two runs: the reference, and one to compare with it")
    folders = [Path(run).resolve() for run in runs if isinstance(run, str | Path)]
    twice = next((folder for place, folder in enumerate(folders) if folder in folders[:place]), None)
    if twice is not None:
        raise ComparisonError(f"{twice.name} is named twice; a run compared with itself differs in nothing")
    opened = [_opened(run) for run in runs]
    found = [
        Side(name, tables, about)
        for name, (tables, about, _) in zip(_names([place for *_, place in opened]), opened, strict=True)
    ]
    for other in found[1:]:
        _same_people(found[0], other)
    return found


def _opened(run: Run | str | Path) -> tuple[Mapping[str, pl.DataFrame], Mapping[str, Any], str]:
    if isinstance(run, str | Path):
        folder = Folder(Path(run))
        return folder, folder.manifest, str(run)
    return run.tables, run.manifest, str(run.folder or run.manifest["scenario"]["name"])


def _names(places: Sequence[str]) -> list[str]:
    """Shortest names that tell the runs apart: the folder's, its path, or path and position.

    Examples
    --------
    >>> _names(["outputs/before", "outputs/after"]), _names(["a/run", "b/run"]), _names(["a", "a"])
    (['before', 'after'], ['a/run', 'b/run'], ['a (1)', 'a (2)'])
    >>> _names(["a", "b", "a"])
    ['a (1)', 'b', 'a (3)']
    """
    short = [Path(place).name or place for place in places]
    told = [f"{place} ({n})" if places.count(place) > 1 else place for n, place in enumerate(places, 1)]
    return next(names for names in (short, [*places], told) if len({*names}) == len(names))


def _same_people(reference: Side, other: Side) -> None:
    """Refuse runs whose patient i is not one person.

    The manifests say what the people were drawn from; that they came out the same is seen in their traits.
    """
    apart = [f"{key} {a} and {b}" for key, a, b in _different_people(reference, other)]
    if not apart:
        columns = ["replicate", "patient", *TRAITS]
        mine, theirs = (side.tables["truth/traits"].select(columns) for side in (reference, other))
        apart = [] if mine.equals(theirs) else ["other traits of the same patients in truth/traits"]
    if apart:
        more = f"; and {len(apart) - MOST_TOLD} more" if len(apart) > MOST_TOLD else ""
        raise ComparisonError(
            f"{reference.name} and {other.name} do not hold the same people: {'; '.join(apart[:MOST_TOLD])}{more}. "
            f"Twins have one seed and size, one version, and the same {' and '.join(PERSON)}"
        )


def _different_people(reference: Side, other: Side) -> Iterator[tuple[str, str, str]]:
    for key in DRAWS:
        mine, theirs = (side.manifest.get(key) for side in (reference, other))
        if mine != theirs:
            yield key, str(mine), str(theirs)
    yield from (row for row in differing(reference, other) if row[0].partition(".")[0] in PERSON)


def differing(reference: Side, other: Side) -> list[tuple[str, str, str]]:
    """Return the settings in which two runs differ.

    Parameters
    ----------
    reference, other : Side
        Two runs.

    Returns
    -------
    list of (str, str, str)
        Dotted key, and the value in each; a dash where a run has no such key.
    """
    mine, theirs = reference.settings, other.settings
    keys = [*mine, *(key for key in theirs if key not in mine)]
    pairs = ((key, mine.get(key, MISSING), theirs.get(key, MISSING)) for key in keys)
    return [(key, _shown(a), _shown(b)) for key, a, b in pairs if a != b]


def _shown(value: Any) -> str:
    return "–" if value is MISSING else value_text(value)


def judged_by(found: Sequence[Side], criteria: str | None, view: str) -> str:
    """Return the definition set to compare by, known to have judged every patient of every run.

    Parameters
    ----------
    found : sequence of Side
        The runs.
    criteria : str or None
        Name of a definition set; None for the first of the reference.
    view : {"complete", "observed"}
        Record judged.

    Returns
    -------
    str
        Its name.

    Raises
    ------
    ComparisonError
        If the view is none, or a run has not been judged by the set.
    """
    if view not in vocabulary.VIEWS:
        raise ComparisonError(f"unknown view {view!r}: one of {', '.join(vocabulary.VIEWS)}")
    known = [side.tables["labels"]["criteria"].unique(maintain_order=True).to_list() for side in found]
    name = criteria if criteria is not None else str(known[0][0])
    for side, names in zip(found, known, strict=True):
        if name not in names:
            like = nearest(name, names)
            raise ComparisonError(
                f"{side.name} has not been judged by the definition set {name!r}; it has {', '.join(names)}"
                f"{f' (nearest: {like})' if like and like != ', '.join(names) else ''}. To judge it: "
                f"nephrosyn classify RUN --criteria {name}"
            )
        if side.tables["labels"].filter(criteria=name, view=view).height != side.size:
            raise ComparisonError(f"{side.name}: the labels of {name!r}, {view} record, do not have every patient once")
    return name
