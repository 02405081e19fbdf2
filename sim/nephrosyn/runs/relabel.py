"""Judge a finished run anew, part by part, and keep labels and definition sets with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import Folder
from nephrosyn.runs.folder.layout import reason
from nephrosyn.runs.folder.lock import Hold
from nephrosyn.runs.run import Chosen, Progress, by_patient, judge
from nephrosyn.text_files import is_readable

WHO = ["replicate", "patient"]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a run folder against every other process that would change it; the system lets go if this one dies.

    Raises
    ------
    RunFolderError
        If another process holds it.
    """
    try:
        hold = Hold(folder)
    except BlockingIOError:
        raise RunFolderError(f"{folder} is being changed by another nephrosyn; try again when that is done") from None
    except OSError as error:
        raise RunFolderError(f"cannot write to {folder}: {reason(error)}") from None
    try:
        yield
    finally:
        hold.release(folder)


def count_impossible(tables: Mapping[str, pl.DataFrame]) -> int:
    """Count the patients whose record holds impossible values."""
    return criteria.impossible(tables).select("replicate", "patient").n_unique()


def known(manifest: Mapping[str, Any], chosen: Sequence[Chosen], impossible: int = 0) -> dict[str, Any]:
    """Return what the manifest says of definition sets once these have judged, the old ones first."""
    old, new = manifest.get("sets", {}), {one.definition.name: one.kept() for one in chosen}
    replaced = {old[name]["asked"] for name in new if name in old}
    asked = [one.asked for one in chosen]
    before = [name for name in manifest["criteria"] if name not in replaced or name in asked]
    counted = {"impossible_patients": impossible} if impossible or "impossible_patients" in manifest else {}
    return {"criteria": list(dict.fromkeys([*before, *asked])), "sets": {**old, **new}, **counted}


def added_sets(manifest: Mapping[str, Any], asked: Sequence[str]) -> list[Chosen]:
    """Return the definition sets by which a run was classified later, beside those it was made with.

    Parameters
    ----------
    manifest : mapping
        Of a finished run, or what is known of an unfinished one.
    asked : sequence of str
        Names or files of the sets it is made with.
    """
    sets = manifest.get("sets")
    sound = [one for one in sets.values() if _is_sound(one)] if isinstance(sets, dict) else []
    return [
        Chosen(one["asked"], one["text"], criteria.parse(one["text"], one["asked"]))
        for one in sound
        if one["asked"] not in asked
    ]


def _is_sound(kept: Any) -> bool:
    """Whether this is a definition set as a manifest keeps it; a damaged one is left out, as a run is mended."""
    if not isinstance(kept, dict) or not all(isinstance(kept.get(key), str) for key in ("asked", "sha256", "text")):
        return False
    return bool(hashlib.sha256(kept["text"].encode("utf-8", "surrogatepass")).hexdigest() == kept["sha256"])


def merged(old: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return all labels: those of a set judged again stand where its old ones stood."""
    order = [name for frame in (old, fresh) for name in frame["criteria"].unique(maintain_order=True)]
    again = set(fresh["criteria"].unique())
    frames = [(fresh if name in again else old).filter(criteria=name) for name in dict.fromkeys(order)]
    return by_patient(pl.concat(frames)) if frames else fresh


def classify(folder: Folder, chosen: Sequence[Chosen], progress: Progress, *, keep_going: bool = False) -> None:
    """Judge a run folder by further definition sets, one part of the cohort at a time.

    Parameters
    ----------
    folder : Folder
        A finished run.
    chosen : sequence of Chosen
        The sets.
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
    with alone(folder.path):
        folder.refresh()
        parts = _parts(folder, chosen, progress, keep_going=keep_going)
        count = (
            sum(count_impossible(_tables(folder, number)) for number in range(folder.parts("patients")))
            if keep_going
            else 0
        )
        folder.replace_labels(parts, known(folder.manifest, chosen, count))


def _parts(folder: Folder, chosen: Sequence[Chosen], progress: Progress, *, keep_going: bool) -> Iterator[pl.DataFrame]:
    sets = [one.definition for one in chosen]
    total = folder.parts("patients")
    whole = folder["labels"] if folder.parts("labels") != total else None  # as older versions wrote them
    for number in range(total):
        progress("classify", number, total)
        part = _tables(folder, number)
        old = folder.part("labels", number) if whole is None else whole.join(part["patients"], on=WHO, how="semi")
        yield merged(old, judge(part, sets, keep_going=keep_going))
    progress("classify", total, total)


def _tables(folder: Folder, number: int) -> dict[str, pl.DataFrame]:
    names = [name for name in folder if name not in ("labels", "truth/events", "visits")]
    return {name: folder.part(name, number) for name in names}


def definition(manifest: Mapping[str, Any], name: str | None) -> criteria.DefinitionSet:
    """Return a definition set by name or path: as the run was judged by it, if it was.

    A path that still leads to a file is read anew: who names a file means what stands in it.

    Parameters
    ----------
    manifest : mapping
        Of the run.
    name : str or None
        A set's name or path; the first set of the run without one.

    Raises
    ------
    CriteriaError
        If there is no such set.
    RunFolderError
        If none is named, and the run names none either.
    """
    sets = manifest.get("sets", {})
    if not name and not manifest["criteria"]:
        raise RunFolderError("the manifest of the run names no definition set; name one with --criteria")
    wanted = name or manifest["criteria"][0]
    by_path = {} if name and is_readable(Path(name)) else {kept["asked"]: kept for kept in sets.values()}
    kept = sets.get(wanted) or by_path.get(wanted)
    return criteria.parse(kept["text"], wanted) if kept else criteria.load(wanted)
