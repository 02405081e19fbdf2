"""A finished run as tables, checked against its manifest when read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.folder import manifest, reading
from nephrosyn.runs.folder.layout import MANIFEST, MEND, part_file, part_number, place, reason, sha256, write_manifest
from nephrosyn.runs.folder.location import LocalPlace, facts
from nephrosyn.runs.folder.part import encoded
from nephrosyn.runs.folder.tables import Manifest, counted


class Folder(Mapping[str, pl.DataFrame]):
    """The tables of a finished run; each is read, and checked against the manifest, when it is asked for.

    Parameters
    ----------
    path : Path
        The run folder.

    Raises
    ------
    RunFolderError
        If the folder is no run, is incomplete, or was changed.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            self.path = path
            self.where = str(path)
        self.manifest: dict[str, Any] = Manifest()
        self.refresh()

    def refresh(self) -> None:
        """Read the manifest again, as another process may have written a new one."""
        found = self._read_manifest()
        self.manifest.clear()
        self.manifest.update(found)
        self._files: dict[str, dict[str, Any]] = found["files"]
        self._sound: set[str] = set()
        self._tables: dict[str, list[str]] = {}
        for name, told in self._files.items():
            self._check_size(name, told)

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

    def _check_size(self, name: str, facts: Mapping[str, Any]) -> None:
        path = self.path / name
        if not path.is_file():
            raise RunFolderError(f"{self.path} is incomplete: {name} is missing; {MEND}")
        if path.stat().st_size != facts["bytes"]:
            raise RunFolderError(f"{self.path}: {name} was changed after the run; {MEND}")

    def _names(self, table: str) -> list[str]:
        """The files of a table, in order."""
        if not self._tables:
            for name in sorted(self._files, key=part_number):
                self._tables.setdefault(name.rpartition("/")[0], []).append(name)
        if place(table) not in self._tables:
            raise KeyError(table)
        return self._tables[place(table)]

    def _checked(self, name: str) -> Path:
        """A file, checked once."""
        if name not in self._sound and sha256(self.path / name) != self._files[name]["sha256"]:
            raise RunFolderError(f"{self.path}: {name} was changed after the run; {MEND}")
        self._sound.add(name)
        return self.path / name

    def lazy(self, table: str) -> pl.LazyFrame:
        """A table without reading it.

        Parameters
        ----------
        table : str
            Its name, as ``readings`` or ``truth/events``.

        Returns
        -------
        polars.LazyFrame
            Columns as in `SCHEMAS`.
        """
        return self._scan(table, self._names(table))

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Some parts of a table, one below the other; the parts of one number hold the same patients."""
        names = self._names(table)
        return self.collect(self._scan(table, [names[number] for number in numbers]))

    def _scan(self, table: str, names: list[str]) -> pl.LazyFrame:
        """Some files of a table, checked; their rows are counted, which Parquet files tell without being read."""
        files = [self._checked(name) for name in names]
        rows = reading.scan(files, self.manifest["format"], SCHEMAS[table])
        found, told = self.collect(rows.select(pl.len())).item(), sum(self._files[name]["rows"] for name in names)
        if found != told:
            raise RunFolderError(
                f"{self.path}: {MANIFEST} was changed: the files of {table} have {found:,} rows, not {told:,}; {MEND}"
            )
        return rows

    def collect(self, rows: pl.LazyFrame) -> pl.DataFrame:
        """Read rows of tables of this run.

        Raises
        ------
        RunFolderError
            If a file cannot be read, though it is the one that the manifest names.
        """
        with reading.refused(self.where):
            return rows.collect()

    def parts(self, table: str) -> int:
        """Number of parts of a table."""
        return len(self._names(table))

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.collect(self.lazy(table))

    def __iter__(self) -> Iterator[str]:
        return iter([table for table in SCHEMAS if any(name.startswith(f"{place(table)}/") for name in self._files)])

    def __len__(self) -> int:
        return len(list(iter(self)))

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table, by the manifest."""
        return {table: sum(self._files[name].get("rows", 0) for name in self._names(table)) for table in self}

    def __repr__(self) -> str:
        """The tables with their rows, in a line or two; nothing is read."""
        rows = self.rows
        return f"<{sum(rows.values()):,} rows in {len(rows)} tables of {self.where}: {counted(rows)}>"

    def replace_labels(self, parts: Iterable[pl.DataFrame], about: Mapping[str, Any]) -> None:
        """Write new labels in place of the old ones.

        The new files stand beside the old ones until the manifest names them, so that at no moment the folder is
        anything but whole.

        Parameters
        ----------
        parts : iterable of polars.DataFrame
            All labels of the run, part by part.
        about : mapping
            What changes in the manifest.
        """
        labels_folder = place("labels")
        old = {name for name in self._files if name.startswith(f"{labels_folder}/")}
        number = 1 + max(part_number(name) for name in old)
        fresh: dict[str, dict[str, Any]] = {}
        try:
            for labels in parts:
                name = part_file("labels", number + len(fresh), self.manifest["format"])
                content = encoded(labels, self.manifest["format"], f"{name} of {self.path}")
                LocalPlace(self.path).put(name, content)
                fresh[name] = facts(content, labels.height)
        except BaseException:
            self._clear(labels_folder)
            raise
        kept = {name: facts for name, facts in self._files.items() if name not in old}
        write_manifest(self.path, {**self.manifest, **about, "files": {**kept, **fresh}})
        self.refresh()
        self._clear(labels_folder)

    def _clear(self, place: str) -> None:
        """Remove the files of a table that the manifest does not name: replaced, or left by a process that died."""
        for path in (self.path / place).iterdir():
            if f"{place}/{path.name}" not in self._files:
                path.unlink(missing_ok=True)
