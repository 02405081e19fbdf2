"""One part of a run: its tables in files, and a record that tells of them, written last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.folder.layout import Format, part_file, part_number, reason
from nephrosyn.runs.folder.location import Place, facts, is_whole
from nephrosyn.text_files import parsed_json

COMPRESSION_LEVEL = 1
"""A twentieth more bytes than at the usual level 3, for a quarter less of the time to write them."""
Record = dict[str, dict[str, Any]]
"""Files of a part, by name, as the manifest tells of them."""


def encoded(frame: pl.DataFrame, format: str, what: str) -> bytes:
    """Return a table as the bytes of its file."""
    buffer = BytesIO()
    try:
        if format == "csv":
            frame.write_csv(buffer)
        else:
            frame.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunFolderError(f"cannot write {what}: {reason(error)}") from None
    return buffer.getvalue()


def record_file(number: int) -> str:
    """File of a part's record within the run folder."""
    return f"parts/part-{number:05d}.json"


def write(place: Place, number: int, tables: Mapping[str, pl.DataFrame], format: Format, run: str) -> Record:
    """Write a part, and its record when all of it stands.

    Parameters
    ----------
    place : Place
        The run folder.
    number : int
        Of the part.
    tables : mapping of str to polars.DataFrame
        What to write.
    format : {"parquet", "csv"}
        Of the tables.
    run : str
        Of which run; a record of another one counts for nothing.

    Returns
    -------
    dict
        The files.

    Raises
    ------
    RunFolderError
        If anything cannot be written.
    """
    record: Record = {}
    for table, frame in tables.items():
        name = part_file(table, number, format)
        content = encoded(frame, format, f"{name} of {place.url}")
        place.put(name, content)
        record[name] = facts(content, frame.height)
    place.put(record_file(number), (json.dumps({"run": run, "files": record}, indent=1) + "\n").encode())
    return record


def finished(place: Place, number: int, run: str) -> Record | None:
    """Return the record of a part if all of it stands as it was written; None if it has to be made.

    Parameters
    ----------
    place : Place
        The run folder.
    number : int
        Of the part.
    run : str
        Of which run.
    """
    found = recorded(place, number)
    if found is None or found["run"] != run:
        return None
    record: Record = found["files"]
    return record if all(is_whole(place, name, fact) for name, fact in record.items()) else None


def recorded(place: Place, number: int) -> dict[str, Any] | None:
    """Return what the record of a part says, of whichever run; None if it is missing or damaged."""
    content = place.get(record_file(number))
    try:
        found = parsed_json(content) if content is not None else None
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("run"), str) or not found.get("files"):
        return None
    sound = isinstance(found["files"], dict) and all(
        isinstance(fact, dict) and "sha256" in fact for fact in found["files"].values()
    )
    return found if sound else None


def by_number(files: Record) -> dict[int, Record]:
    """Return the files of a manifest part by part."""
    found: dict[int, Record] = {}
    for name, fact in files.items():
        found.setdefault(part_number(name), {})[name] = fact
    return found


def told(place: Place, files: Record) -> Record | None:
    """Return the files that a manifest names of a part, if they are all of it and stand as they were written."""
    tables = {name.rpartition("/")[0] for name in files}
    if len(tables) < len(SCHEMAS) or not all(is_whole(place, name, fact) for name, fact in files.items()):
        return None
    return files
