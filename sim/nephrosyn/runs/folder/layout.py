"""Names of the files of a run, and the checks of a folder before it is written or replaced."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import OBSERVED, TRUTH
from nephrosyn.runs.draws.draw_tables import PREFIX

Format = Literal["parquet", "csv"]
MANIFEST = "manifest.json"
JOURNAL = "run.json"
"""Description of a run until its manifest is written."""
DATA_PACKAGE, CROISSANT, RO_CRATE = "datapackage.json", "croissant.json", "ro-crate-metadata.json"
DESCRIPTIONS = {DATA_PACKAGE, CROISSANT, RO_CRATE}
"""Descriptions of a run for other software, made from the manifest; the manifest does not name them."""
LAYOUT = 2
FILE = re.compile(r"(draws/)?(observed|truth|derived)/[a-z_]+/part-[0-9]{5,}\.(parquet|csv)")
RECORD = re.compile(r"parts/part-[0-9]{5,}\.json")
FOLDERS = {"parts", "observed", "truth", "derived", "draws", "figures"}
CONTENT = {MANIFEST, *DESCRIPTIONS, ".lock", *FOLDERS, "report.html", "report.md"}


REPAIR = "make the run again, or repair it with --resume (in Python: resume)"


def table_folder(table: str) -> str:
    """Return the folder of a table within the run folder.

    Examples
    --------
    >>> table_folder("visits"), table_folder("truth/events"), table_folder("draws/labels")
    ('observed/visits', 'truth/events', 'draws/derived/labels')
    """
    if table.startswith(PREFIX):
        return f"{PREFIX}{table_folder(table.removeprefix(PREFIX))}"
    if table in OBSERVED:
        return f"observed/{table}"
    return table if table in TRUTH else f"derived/{table}"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: BaseException) -> str:
    """Return the message of the operating system, which polars wraps in an error of its own."""
    return getattr(error, "strerror", None) or str(error)


def part_file(table: str, number: int, format: str) -> str:
    """Return the file of one part of a table within the run folder."""
    return f"{table_folder(table)}/part-{number:05d}.{format}"


def part_number(name: str | Path) -> int:
    """Return the part number of a file.

    Examples
    --------
    >>> part_number("observed/visits/part-00012.parquet")
    12
    """
    return int(Path(name).stem.removeprefix("part-"))


def as_json(values: Mapping[str, Any]) -> bytes:
    r"""Return values as the content of a JSON file.

    File names may hold characters that are not Unicode; JSON escapes stand for them.

    Examples
    --------
    >>> json.loads(as_json({"asked": "set \udcff.toml"})) == {"asked": "set \udcff.toml"}
    True
    """
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Replace the manifest atomically."""
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


def rename_folder(partial: Path, folder: Path) -> None:
    """Rename a finished folder to its final name; a folder that it replaces comes back if that fails.

    Raises
    ------
    OSError
        If it cannot be renamed.
    """
    old = partial.with_suffix(".old")
    replaces = folder.exists()
    if replaces:
        shutil.rmtree(old, ignore_errors=True)  # left by a process that died here
        folder.rename(old)
    try:
        partial.rename(folder)
    except BaseException:
        if replaces:
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sync(folder: Path) -> None:
    """Flush the entries of a folder to disk, where the system supports it."""
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
