"""One part of a run: the files of its tables and a record of them, which is written last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.draws.counts import TABLES as DRAW_TABLES
from nephrosyn.runs.draws.draw_tables import PREFIX
from nephrosyn.runs.draws.draw_tables import TABLES as KEPT_TABLES
from nephrosyn.runs.folder.layout import Format, part_file, part_number, reason, table_folder
from nephrosyn.runs.folder.storage import WRITERS, Storage, is_unchanged, manifest_entry
from nephrosyn.text_files import parsed_json

COMPRESSION_LEVEL = 1
"""Files are 5% larger than at the usual level 3, and written in 25% less time."""
STATISTICS = {"min": False, "max": False, "distinct_count": False, "null_count": True}
"""Smallest and largest values of columns would take a fifth of the time; which part holds a patient is known."""
Record = dict[str, dict[str, Any]]
"""Files of a part by name, each with its entry in the manifest."""


def encoded(frame: pl.DataFrame, format: str, what: str) -> bytes:
    """Return the content of the file of a table."""
    buffer = BytesIO()
    try:
        if format == "csv":
            frame.write_csv(buffer)
        else:
            frame.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL, statistics=STATISTICS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunFolderError(f"cannot write {what}: {reason(error)}") from None
    return buffer.getvalue()


def record_file(number: int) -> str:
    """Return the file of a part's record within the run folder."""
    return f"parts/part-{number:05d}.json"


def write(storage: Storage, number: int, tables: Mapping[str, pl.DataFrame], format: Format, run: str) -> Record:
    """Write a part, and then its record.

    Parameters
    ----------
    storage : Storage
        The run folder.
    number : int
        Number of the part.
    tables : mapping of str to polars.DataFrame
        Tables of the part.
    format : {"parquet", "csv"}
        Format of the tables.
    run : str
        Digest of the run; the records of other runs are ignored.

    Returns
    -------
    dict
        The files of the part.

    Raises
    ------
    RunFolderError
        If a file cannot be written.
    """
    record: Record = {}
    with ThreadPoolExecutor(WRITERS) as writers:  # a file is written while the next is encoded
        writes = []
        for table, frame in tables.items():
            name = part_file(table, number, format)
            content = encoded(frame, format, f"{name} of {storage.url}")
            writes.append(writers.submit(storage.put, name, content))
            record[name] = manifest_entry(content, frame.height)
        for waiting in writes:
            waiting.result()
    storage.put(record_file(number), (json.dumps({"run": run, "files": record}, indent=1) + "\n").encode())
    return record


def finished(storage: Storage, number: int, run: str) -> Record | None:
    """Return the record of a part that is complete and unchanged; None if the part has to be made.

    Parameters
    ----------
    storage : Storage
        The run folder.
    number : int
        Number of the part.
    run : str
        Digest of the run.
    """
    content = recorded(storage, number)
    if content is None or content["run"] != run:
        return None
    record: Record = content["files"]
    return record if all(is_unchanged(storage, name, fact) for name, fact in record.items()) else None


def recorded(storage: Storage, number: int) -> dict[str, Any] | None:
    """Return the record of a part, of any run; None if it is missing or damaged."""
    content = storage.get(record_file(number))
    try:
        values = parsed_json(content) if content is not None else None
    except ValueError:
        return None
    if not isinstance(values, dict) or not isinstance(values.get("run"), str) or not values.get("files"):
        return None
    complete = isinstance(values["files"], dict) and all(
        isinstance(fact, dict) and "sha256" in fact for fact in values["files"].values()
    )
    return values if complete else None


def by_number(files: Record) -> dict[int, Record]:
    """Group the files of a manifest by part."""
    parts: dict[int, Record] = {}
    for name, fact in files.items():
        parts.setdefault(part_number(name), {})[name] = fact
    return parts


def verified(storage: Storage, files: Record) -> Record | None:
    """Return the files of a part in a manifest, if every table has one and all are unchanged."""
    tables = {name.rpartition("/")[0] for name in files}
    expected = {*map(table_folder, _expected(tables))}
    if not expected <= tables or not all(is_unchanged(storage, name, fact) for name, fact in files.items()):
        return None
    return files


def _expected(folders: set[str]) -> Iterable[str]:
    """Return the tables of a part of the cohort, or of a chunk of draws, with their tables if some are there."""
    if not folders & {*map(table_folder, DRAW_TABLES)}:
        return SCHEMAS
    return [*DRAW_TABLES, *(KEPT_TABLES if any(name.startswith(PREFIX) for name in folders) else ())]
