"""A finished run as tables, checked against its manifest when read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.draws.counts import TABLES as DRAW_TABLES
from nephrosyn.runs.draws.draw_tables import TABLES as KEPT_TABLES
from nephrosyn.runs.folder import manifest, reading
from nephrosyn.runs.folder.descriptions import describe
from nephrosyn.runs.folder.layout import (
    MANIFEST,
    REPAIR,
    part_file,
    part_number,
    reason,
    sha256,
    table_folder,
    write_manifest,
)
from nephrosyn.runs.folder.part import encoded
from nephrosyn.runs.folder.storage import LocalStorage, manifest_entry
from nephrosyn.runs.folder.tables import Manifest, counted

COLUMNS = {**SCHEMAS, **DRAW_TABLES, **KEPT_TABLES}


class Folder(Mapping[str, pl.DataFrame]):
    """The tables of a finished run; each is read and checked against the manifest on access.

    The counts of draws, and their tables if they are kept, are read by name like the others, but are not listed among
    the tables of the run.

    Parameters
    ----------
    path : Path
        The run folder.

    Raises
    ------
    RunFolderError
        If the folder is not a run, is incomplete, or was changed.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            self.path = path
            self.where = str(path)
        self.manifest: dict[str, Any] = Manifest()
        self.refresh()

    def refresh(self) -> None:
        """Read the manifest again: another process may have replaced it."""
        content = self._read_manifest()
        self.manifest.clear()
        self.manifest.update(content)
        self._files: dict[str, dict[str, Any]] = content["files"]
        self._verified: set[str] = set()
        self._tables: dict[str, list[str]] = {}
        for name, fact in self._files.items():
            self._check_size(name, fact)

    def _read_manifest(self) -> dict[str, Any]:
        if not self.path.is_dir():
            raise RunFolderError(f"{self.path}: no such run folder")
        try:
            content = (self.path / MANIFEST).read_bytes()
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} is not a finished run of nephrosyn: it has no {MANIFEST}") from None
        except OSError as error:
            raise RunFolderError(f"cannot read {MANIFEST} of {self.path}: {reason(error)}") from None
        return manifest.read(content, str(self.path))

    def _check_size(self, name: str, fact: Mapping[str, Any]) -> None:
        path = self.path / name
        if not path.is_file():
            raise RunFolderError(f"{self.path} is incomplete: {name} is missing; {REPAIR}")
        if path.stat().st_size != fact["bytes"]:
            raise RunFolderError(f"{self.path}: {name} was changed after the run; {REPAIR}")

    def _names(self, table: str) -> list[str]:
        """Return the files of a table, in order."""
        if not self._tables:
            for name in sorted(self._files, key=part_number):
                self._tables.setdefault(name.rpartition("/")[0], []).append(name)
        if table_folder(table) not in self._tables:
            raise KeyError(table)
        return self._tables[table_folder(table)]

    def _checked(self, name: str) -> Path:
        """Return the path of a file, which is verified once."""
        if name not in self._verified and sha256(self.path / name) != self._files[name]["sha256"]:
            raise RunFolderError(f"{self.path}: {name} was changed after the run; {REPAIR}")
        self._verified.add(name)
        return self.path / name

    def lazy(self, table: str) -> pl.LazyFrame:
        """Return a table as a lazy frame.

        Parameters
        ----------
        table : str
            Name of the table, for example ``readings`` or ``truth/events``.

        Returns
        -------
        polars.LazyFrame
            Columns as in `COLUMNS`.
        """
        return self._scan(table, self._names(table))

    def part(self, table: str, *numbers: int, patients: tuple[int, int] | None = None) -> pl.DataFrame:
        """Return some parts of a table, concatenated; parts with the same number hold the same patients.

        Parameters
        ----------
        table : str
            Name of the table.
        *numbers : int
            Numbers of the parts.
        patients : tuple of (int, int), optional
            Least and largest number of the patients whose rows are returned.

        Returns
        -------
        polars.DataFrame
            The rows in their order.
        """
        names = self._names(table)
        rows = self._scan(table, [names[number] for number in numbers])
        return self.collect(rows if patients is None else rows.filter(pl.col("patient").is_between(*patients)))

    def _scan(self, table: str, names: list[str]) -> pl.LazyFrame:
        """Return some files of a table, after a check of their hashes and of their number of rows."""
        files = [self._checked(name) for name in names]
        rows = reading.scan(files, self.manifest["format"], COLUMNS[table])
        count = self.collect(rows.select(pl.len())).item()  # Parquet files store it
        expected = sum(self._files[name]["rows"] for name in names)
        if count != expected:
            raise RunFolderError(
                f"{self.path}: {MANIFEST} was changed: the files of {table} have {count:,} rows, not {expected:,}; "
                f"{REPAIR}"
            )
        return rows

    def collect(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """Collect a lazy frame of this run.

        Raises
        ------
        RunFolderError
            If a file cannot be read although its hash is right.
        """
        with reading.refused(self.where):
            return rows.collect()

    def parts(self, table: str) -> int:
        """Return the number of parts of a table."""
        return len(self._names(table))

    def part_rows(self, table: str) -> list[int]:
        """Return the rows of each part of a table, from the manifest."""
        return [self._files[name]["rows"] for name in self._names(table)]

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.collect(self.lazy(table))

    def __iter__(self) -> Iterator[str]:
        return iter(
            [table for table in SCHEMAS if any(name.startswith(f"{table_folder(table)}/") for name in self._files)]
        )

    def __contains__(self, table: object) -> bool:
        """Whether there is a table of this name; nothing is read."""
        try:
            return bool(self._names(str(table)))
        except KeyError:
            return False

    def __len__(self) -> int:
        return len(list(iter(self)))

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table, from the manifest."""
        return {table: sum(self._files[name].get("rows", 0) for name in self._names(table)) for table in self}

    def __repr__(self) -> str:
        """Return the tables with their numbers of rows; no table is read."""
        rows = self.rows
        return f"<{sum(rows.values()):,} rows in {len(rows)} tables of {self.where}: {counted(rows)}>"

    def replace_labels(self, parts: Iterable[pl.DataFrame], about: Mapping[str, Any]) -> None:
        """Replace the labels, and the descriptions of the run.

        The old files stay until the manifest names the new ones, so that the folder is complete at every moment.

        Parameters
        ----------
        parts : iterable of polars.DataFrame
            All labels of the run, one frame for each part.
        about : mapping
            Entries of the manifest that change.
        """
        labels_folder = table_folder("labels")
        old = {name for name in self._files if name.startswith(f"{labels_folder}/")}
        number = 1 + max(part_number(name) for name in old)
        fresh: dict[str, dict[str, Any]] = {}
        try:
            for labels in parts:
                name = part_file("labels", number + len(fresh), self.manifest["format"])
                content = encoded(labels, self.manifest["format"], f"{name} of {self.path}")
                LocalStorage(self.path).put(name, content)
                fresh[name] = manifest_entry(content, labels.height)
        except BaseException:
            self._clear(labels_folder)
            raise
        unchanged = {name: fact for name, fact in self._files.items() if name not in old}
        changed = {**self.manifest, **about, "files": {**unchanged, **fresh}}
        write_manifest(self.path, changed)
        self.refresh()
        for name, content in describe(changed).items():
            LocalStorage(self.path).put(name, content)
        self._clear(labels_folder)

    def _clear(self, folder: str) -> None:
        """Remove files that the manifest does not name: replaced ones, and remains of a killed process."""
        for path in (self.path / folder).iterdir():
            if f"{folder}/{path.name}" not in self._files:
                path.unlink(missing_ok=True)
