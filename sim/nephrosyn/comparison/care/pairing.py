"""Check which runs can be compared: finished ones of the same patients, classified by the same definition set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.errors import ComparisonError, RunFolderError, nearest
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.runs.folder import Folder, storage
from nephrosyn.scenario.describe import value_text
from nephrosyn.scenario.tree import MISSING, dotted, leaves

PERSON = ("population", "disease")
"""Scenario sections that decide who falls ill, with what, and for how long. Runs may differ in all others."""

DRAWS = ("version", "seed", "patients", "replicates")
"""What else decides who patient i is; distributions and random numbers depend on the version."""

NOT_SETTINGS = ("title", "description", "engine", "criteria", *DRAWS)
TRAITS = ("lesion", "response", "age_at_onset_years", "never_relapses", "frailty")
MOST_SHOWN = 5


class Run(Protocol):
    """What a comparison needs of a run: a cohort in memory or on disk."""

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """All tables by name."""

    @property
    def manifest(self) -> dict[str, Any]:
        """How the run was made."""

    @property
    def folder(self) -> Path | None:
        """Run folder, if the run was written."""


@dataclass(frozen=True)
class Side:
    """One run of a comparison, under a unique name."""

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
        """Every value of the scenario by dotted key, except its name, its size and its definition sets."""
        tree = self.manifest["scenario"].get("scenario")
        if not isinstance(tree, dict):
            raise RunFolderError(f"{self.name}: manifest.json is damaged; make the run again")
        return {dotted(path): value for path, value in leaves(tree) if path[0] not in NOT_SETTINGS}


def sides(runs: Sequence[Run | str | Path]) -> list[Side]:
    """Return the runs under unique names, the reference first.

    Parameters
    ----------
    runs : sequence of Cohort or path
        At least two.

    Returns
    -------
    list of Side
        Named by folder, or by scenario if the run is in memory.

    Raises
    ------
    ComparisonError
        If there are fewer than two, a folder is given twice, or the patients are not the same.
    RunFolderError
        If a folder is not a run, is incomplete, or was changed.
    """
    if len(runs) < 2:
        raise ComparisonError("give at least two runs: the reference, and one to compare with it")
    folders = [Path(run).resolve() for run in runs if isinstance(run, str | Path)]
    twice = next((folder for place, folder in enumerate(folders) if folder in folders[:place]), None)
    if twice is not None:
        raise ComparisonError(f"{twice.name} is given twice; a run does not differ from itself")
    opened = [open_run(run) for run in runs]
    names = _names([place or manifest["scenario"]["name"] for _, manifest, place in opened])
    named_sides = [Side(name, tables, manifest) for name, (tables, manifest, _) in zip(names, opened, strict=True)]
    for side in named_sides[1:]:
        _same_people(named_sides[0], side)
    return named_sides


def open_run(run: Run | str | Path) -> tuple[Mapping[str, pl.DataFrame], Mapping[str, Any], str]:
    """Return tables, manifest and folder of a run; the folder of a run in memory is empty.

    Raises
    ------
    RunFolderError
        If it is not a run, is incomplete, or was changed.
    """
    if isinstance(run, str | Path):
        if storage.is_remote(run):
            raise RunFolderError(f"expected the path of a run folder on this machine; found the URL {str(run)!r}")
        folder = Folder(storage.local(run))
        return folder, folder.manifest, str(run)
    if not (hasattr(run, "tables") and hasattr(run, "manifest")):
        raise RunFolderError(f"expected a run: a cohort, or the path of a run folder; found {run!r}")
    return run.tables, run.manifest, str(run.folder or "")


def _names(places: Sequence[str]) -> list[str]:
    """Return the shortest unique names of the runs: the folder's, its path, or path and position.

    Examples
    --------
    >>> _names(["outputs/before", "outputs/after"]), _names(["a/run", "b/run"]), _names(["a", "a"])
    (['before', 'after'], ['a/run', 'b/run'], ['a (1)', 'a (2)'])
    >>> _names(["a", "b", "a"])
    ['a (1)', 'b', 'a (3)']
    """
    short = [Path(place).name or place for place in places]
    numbered = [f"{place} ({n})" if places.count(place) > 1 else place for n, place in enumerate(places, 1)]
    return next(names for names in (short, [*places], numbered) if len({*names}) == len(names))


def _same_people(reference: Side, alternative: Side) -> None:
    """Refuse runs in which patient i is not the same patient.

    The manifests say what the patients were drawn from; their traits show that the draws gave the same patients.
    """
    differences = [f"{key} {a} and {b}" for key, a, b in _different_people(reference, alternative)]
    if not differences:
        columns = [*PATIENT_KEY, *TRAITS]
        first, second = (side.tables["truth/traits"].select(columns) for side in (reference, alternative))
        differences = [] if first.equals(second) else ["different traits of the same patients in truth/traits"]
    if differences:
        more = f"; and {len(differences) - MOST_SHOWN} more" if len(differences) > MOST_SHOWN else ""
        raise ComparisonError(
            f"{reference.name} and {alternative.name} do not have the same patients: "
            f"{'; '.join(differences[:MOST_SHOWN])}{more}. Runs can be compared if they have the same seed, size, "
            f"version, {' and '.join(PERSON)}"
        )


def _different_people(reference: Side, alternative: Side) -> Iterator[tuple[str, str, str]]:
    for key in DRAWS:
        reference_value, other_value = (side.manifest.get(key) for side in (reference, alternative))
        if reference_value != other_value:
            yield key, str(reference_value), str(other_value)
    yield from (row for row in differing(reference, alternative) if row[0].partition(".")[0] in PERSON)


def differing(reference: Side, alternative: Side) -> list[tuple[str, str, str]]:
    """Return the settings in which two runs differ.

    Parameters
    ----------
    reference, alternative : Side
        Two runs.

    Returns
    -------
    list of (str, str, str)
        Dotted key, and the value in each; a dash if a run has no such key.
    """
    reference_settings, alternative_settings = reference.settings, alternative.settings
    keys = [*reference_settings, *(key for key in alternative_settings if key not in reference_settings)]
    pairs = ((key, reference_settings.get(key, MISSING), alternative_settings.get(key, MISSING)) for key in keys)
    return [(key, _shown(a), _shown(b)) for key, a, b in pairs if a != b]


def _shown(value: Any) -> str:
    return "–" if value is MISSING else value_text(value)


def common_criteria(compared: Sequence[Side], criteria: str | None, view: str) -> str:
    """Return the definition set to compare by, after checking that every run has labels of it for every patient.

    Parameters
    ----------
    compared : sequence of Side
        The runs.
    criteria : str or None
        Name of a definition set; None for the first one of the reference.
    view : {"complete", "observed"}
        Record that was classified.

    Returns
    -------
    str
        Its name.

    Raises
    ------
    ComparisonError
        If there is no such view, or a run has no labels of the set.
    """
    if view not in vocabulary.VIEWS:
        raise ComparisonError(f"unknown view {view!r}: one of {', '.join(vocabulary.VIEWS)}")
    known = [side.tables["labels"]["criteria"].unique(maintain_order=True).to_list() for side in compared]
    name = criteria if criteria is not None else str(known[0][0])
    for side, names in zip(compared, known, strict=True):
        if name not in names:
            like = nearest(name, names)
            raise ComparisonError(
                f"{side.name} has no labels of the definition set {name!r}; it has {', '.join(names)}"
                f"{f' (nearest: {like})' if like and like != ', '.join(names) else ''}. To add them: "
                f"nephrosyn classify RUN --criteria {name}"
            )
        if side.tables["labels"].filter(criteria=name, view=view).height != side.size:
            raise ComparisonError(f"{side.name}: the labels of {name!r}, {view} record, do not have every patient once")
    return name
