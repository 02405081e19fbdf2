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

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import OBSERVED, TRUTH
from nephrosyn.text_files import parsed_json
from nephrosyn.vocabulary import NOTICE

Format = Literal["parquet", "csv"]
MANIFEST = "manifest.json"
JOURNAL = "run.json"
"""What is being run, until the manifest stands."""
LAYOUT = 2
FILE = re.compile(r"(observed|truth|derived)/[a-z_]+/part-[0-9]{5,}\.(parquet|csv)")
RECORD = re.compile(r"parts/part-[0-9]{5,}\.json")
CONTENT = {MANIFEST, "parts", ".lock", "observed", "truth", "derived", "figures", "report.html", "report.md"}


MEND = "make the run again, or mend it with --resume"


def place(table: str) -> str:
    """Folder of a table within the run folder."""
    if table in OBSERVED:
        return f"observed/{table}"
    return table if table in TRUTH else f"derived/{table}"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: BaseException) -> str:
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


def as_json(values: Mapping[str, Any]) -> bytes:
    r"""Return values as the text of a JSON file.

    A file name need not be Unicode; what is not is escaped, as JSON does it.

    Examples
    --------
    >>> json.loads(as_json({"asked": "set \udcff.toml"})) == {"asked": "set \udcff.toml"}
    True
    """
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest so that at every moment a whole one stands there."""
    partial = folder / f".{MANIFEST}"
    try:
        with partial.open("wb") as file:
            file.write(as_json(manifest))
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
