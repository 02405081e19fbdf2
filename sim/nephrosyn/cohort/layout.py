"""Where the files of a run lie, and how each is written and checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from nephrosyn.tables import OBSERVED, TRUTH
from nephrosyn.terms import NOTICE
from nephrosyn.texts import UnreadableError, parsed_json

Format = Literal["parquet", "csv"]
MANIFEST = "manifest.json"
JOURNAL = "run.json"
"""What is being run, until the manifest stands."""
LAYOUT = 2
FILE = re.compile(r"(observed|truth|derived)/[a-z_]+/part-[0-9]{5,}\.(parquet|csv)")
RECORD = re.compile(r"parts/part-[0-9]{5,}\.json")
CONTENT = {MANIFEST, "parts", ".lock", "observed", "truth", "derived", "figures", "report.html", "report.md"}


class RunFolderError(ValueError):
    """A run folder that cannot be read or written, with the reason in words for the user."""


def place(table: str) -> str:
    """Folder of a table within the run folder."""
    if table in OBSERVED:
        return f"observed/{table}"
    return table if table in TRUTH else f"derived/{table}"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: Exception) -> str:
    """What the system said; polars wraps it in an error of its own."""
    return getattr(error, "strerror", None) or str(error)


def refuse_taken(folder: Path, *, overwrite: bool, replaceable: Callable[[Path], bool], kind: str) -> None:
    """Refuse a name that is taken by anything but an empty folder, or one that may be replaced.

    Parameters
    ----------
    folder : Path
        Resolved.
    overwrite : bool
        Replace what may be replaced.
    replaceable : callable
        Whether a folder that is not empty holds what may be replaced, and nothing else.
    kind : str
        What that is, and what else is never overwritten, for the message.

    Raises
    ------
    RunFolderError
        If it is taken.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is a file; name another folder with --out")
    if folder == Path.cwd() or folder.is_mount():
        raise RunFolderError(f"{folder} cannot be replaced; name a folder inside it with --out")
    if not any(folder.iterdir()):
        return
    if not overwrite:
        raise RunFolderError(f"{folder} exists and is not empty; choose another --out, or --overwrite it")
    if not replaceable(folder):
        raise RunFolderError(f"{folder} is not {kind}; it is never overwritten")


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run and nothing else."""
    try:
        manifest = parsed_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    ours = isinstance(manifest, dict) and manifest.get("notice") == NOTICE and isinstance(manifest.get("files"), dict)
    return ours and {path.name for path in folder.iterdir()} <= CONTENT


def part_file(table: str, number: int, format: str) -> str:
    """File of one part of a table within the run folder."""
    return f"{place(table)}/part-{number:05d}.{format}"


def part_number(name: str | Path) -> int:
    """Return the number of the part that a file belongs to.

    Examples
    --------
    >>> part_number("observed/visits/part-00012.parquet")
    12
    """
    return int(Path(name).stem.removeprefix("part-"))


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest so that at every moment a whole one stands there."""
    partial = folder / f".{MANIFEST}"
    try:
        with partial.open("w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=1, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / MANIFEST)
        sync(folder)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise RunFolderError(f"cannot write {MANIFEST} of {folder}: {error.strerror}") from None


def sync(folder: Path) -> None:
    """Have the names in a folder kept by the disk, where the system can be asked to."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folder
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def is_sound(manifest: Any) -> bool:
    """Whether a manifest has what is read of it, and names no file outside the run."""
    if not isinstance(manifest, dict) or manifest.get("format") not in ("parquet", "csv"):
        return False
    kinds = {
        "files": dict,
        "sets": dict,
        "scenario": dict,
        "criteria": list,
        "patients": int,
        "replicates": int,
        "seed": int,
    }
    if not all(isinstance(manifest.get(key), kind) for key, kind in kinds.items()):
        return False
    if not manifest["sets"] or not all(map(_is_kept_set, manifest["sets"].values())):
        return False
    facts = manifest["files"].values()
    return all(FILE.fullmatch(name) for name in manifest["files"]) and all(
        isinstance(fact, dict) and isinstance(fact.get("bytes"), int) and isinstance(fact.get("sha256"), str)
        for fact in facts
    )


def _is_kept_set(kept: Any) -> bool:
    """Whether this is what a manifest keeps of a definition set."""
    return isinstance(kept, dict) and all(isinstance(kept.get(key), str) for key in ("asked", "sha256", "text"))


def refuse_unsound(content: bytes, where: str) -> dict[str, Any]:
    """Return what a manifest says.

    Parameters
    ----------
    content : bytes
        Of its file.
    where : str
        The run, for messages.

    Raises
    ------
    RunFolderError
        If it is damaged, or of another layout.
    """
    try:
        manifest = parsed_json(content)
    except UnreadableError as error:
        raise RunFolderError(f"{where}: {MANIFEST} is damaged ({error}); make the run again") from None
    if not is_sound(manifest):
        raise RunFolderError(f"{where}: {MANIFEST} is damaged; make the run again")
    if manifest.get("layout") != LAYOUT:
        raise RunFolderError(f"{where} has another layout ({manifest.get('layout')}); make the run again")
    return dict(manifest)
