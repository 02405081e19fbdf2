"""Classify a finished run by further definition sets, part by part, and store labels and sets with the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria
from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.runs.folder import Folder
from nephrosyn.runs.folder.layout import reason
from nephrosyn.runs.folder.lock import FolderLock
from nephrosyn.runs.labels import by_patient, classify_tables
from nephrosyn.runs.run import LoadedSet, Progress
from nephrosyn.text_files import is_readable


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a run folder against changes by other processes; the lock ends with this process.

    Raises
    ------
    RunFolderError
        If another process has locked it, or it cannot be written.
    """
    try:
        lock = FolderLock(folder)
    except BlockingIOError:
        raise RunFolderError(
            f"{folder} is being changed by another nephrosyn process; try again when it is done"
        ) from None
    except OSError as error:
        raise RunFolderError(f"cannot write to {folder}: {reason(error)}") from None
    try:
        yield
    finally:
        lock.release(folder)


def count_impossible(tables: Mapping[str, pl.DataFrame]) -> int:
    """Count the patients whose record holds impossible values."""
    return criteria.impossible(tables).select("replicate", "patient").n_unique()


def updated_manifest(manifest: Mapping[str, Any], sets: Sequence[LoadedSet], impossible: int = 0) -> dict[str, Any]:
    """Return the entries of the manifest on definition sets after a classification, the old sets first."""
    old, new = manifest.get("sets", {}), {loaded.definition.name: loaded.manifest_entry() for loaded in sets}
    replaced = {old[name]["asked"] for name in new if name in old}
    requested = [loaded.requested for loaded in sets]
    before = [name for name in manifest["criteria"] if name not in replaced or name in requested]
    counted = {"impossible_patients": impossible} if impossible or "impossible_patients" in manifest else {}
    return {"criteria": list(dict.fromkeys([*before, *requested])), "sets": {**old, **new}, **counted}


def added_sets(manifest: Mapping[str, Any], requested: Sequence[str]) -> list[LoadedSet]:
    """Return the definition sets by which a run was classified after it was made.

    Parameters
    ----------
    manifest : mapping
        Manifest of a finished run, or the description of an unfinished one.
    requested : sequence of str
        Names or files of the sets it was made with.
    """
    sets = manifest.get("sets")
    entries = [entry for entry in sets.values() if _is_intact(entry)] if isinstance(sets, dict) else []
    return [
        LoadedSet(entry["asked"], entry["text"], criteria.parse(entry["text"], entry["asked"]))
        for entry in entries
        if entry["asked"] not in requested
    ]


def _is_intact(entry: Any) -> bool:
    """Whether this is the undamaged entry of a definition set in a manifest; repairing a run drops damaged ones."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("asked", "sha256", "text")):
        return False
    return bool(hashlib.sha256(entry["text"].encode("utf-8", "surrogatepass")).hexdigest() == entry["sha256"])


def merge_labels(old: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return old and new labels; new labels of a set replace its old ones in place."""
    order = [name for frame in (old, fresh) for name in frame["criteria"].unique(maintain_order=True)]
    replaced = set(fresh["criteria"].unique())
    frames = [(fresh if name in replaced else old).filter(criteria=name) for name in dict.fromkeys(order)]
    return by_patient(pl.concat(frames)) if frames else fresh


def classify(folder: Folder, sets: Sequence[LoadedSet], progress: Progress, *, keep_going: bool = False) -> None:
    """Classify a run folder by further definition sets, one part of the cohort at a time.

    Parameters
    ----------
    folder : Folder
        A finished run.
    sets : sequence of LoadedSet
        The definition sets.
    progress : callable
        Called with (stage, done, total).
    keep_going : bool
        Leave patients with impossible values undetermined, and count them.

    Raises
    ------
    CriteriaError
        If the record holds impossible values.
    RunFolderError
        If another process is changing the run, or it cannot be read or written.
    """
    with locked(folder.path):
        folder.refresh()
        parts = _parts(folder, sets, progress, keep_going=keep_going)
        count = (
            sum(count_impossible(_tables(folder, number)) for number in range(folder.parts("patients")))
            if keep_going
            else 0
        )
        folder.replace_labels(parts, updated_manifest(folder.manifest, sets, count))


def _parts(
    folder: Folder, sets: Sequence[LoadedSet], progress: Progress, *, keep_going: bool
) -> Iterator[pl.DataFrame]:
    definitions = [loaded.definition for loaded in sets]
    total = folder.parts("patients")
    whole = folder["labels"] if folder.parts("labels") != total else None  # written by an older version
    for number in range(total):
        progress("classify", number, total)
        part = _tables(folder, number)
        old = (
            folder.part("labels", number) if whole is None else whole.join(part["patients"], on=PATIENT_KEY, how="semi")
        )
        yield merge_labels(old, classify_tables(part, definitions, keep_going=keep_going))
    progress("classify", total, total)


def _tables(folder: Folder, number: int) -> dict[str, pl.DataFrame]:
    names = [name for name in folder if name not in ("labels", "truth/events", "visits")]
    return {name: folder.part(name, number) for name in names}


def definition(manifest: Mapping[str, Any], name: str | None) -> criteria.DefinitionSet:
    """Return a definition set by name or path, in the version that the run was classified by, if it was.

    Parameters
    ----------
    manifest : mapping
        Manifest of the run.
    name : str or None
        A set's name or path; the first set of the run without one.

    Raises
    ------
    CriteriaError
        If there is no such set.
    RunFolderError
        If no set is named and the manifest has none.
    """
    wanted, text = definition_text(manifest, name)
    return criteria.parse(text, wanted)


def definition_text(manifest: Mapping[str, Any], name: str | None) -> tuple[str, str]:
    """Return the name or path of a definition set, and its text in the version that the run was classified by.

    A path to an existing file always means the current content of the file. Parameters and errors are those of
    `definition`.
    """
    sets = manifest.get("sets", {})
    if not name and not manifest["criteria"]:
        raise RunFolderError("the manifest of the run names no definition set; name one (criteria)")
    wanted = name or manifest["criteria"][0]
    by_path = {} if name and is_readable(Path(name)) else {entry["asked"]: entry for entry in sets.values()}
    entry = sets.get(wanted) or by_path.get(wanted)
    return wanted, entry["text"] if entry else criteria.text(wanted)
