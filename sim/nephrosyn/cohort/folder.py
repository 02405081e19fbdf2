"""A finished run as tables, checked against its manifest when read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.cohort.layout import (
    LAYOUT,
    MANIFEST,
    RunFolderError,
    is_sound,
    part_file,
    part_number,
    place,
    reason,
    sha256,
    write_manifest,
)
from nephrosyn.cohort.part import encoded
from nephrosyn.cohort.place import LocalPlace, facts
from nephrosyn.tables import SCHEMAS


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

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest: dict[str, Any] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the manifest again, as another process may have written a new one."""
        found = self._read_manifest()
        self.manifest.clear()
        self.manifest.update(found)
        self._files: dict[str, dict[str, Any]] = found["files"]
        self._sound: set[str] = set()
        for name, facts in self._files.items():
            self._check_size(name, facts)

    def _read_manifest(self) -> dict[str, Any]:
        if not self.path.is_dir():
            raise RunFolderError(f"{self.path}: no such run folder")
        try:
            manifest = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} is not a finished run of nephrosyn: it has no {MANIFEST}") from None
        except OSError as error:
            raise RunFolderError(f"cannot read {MANIFEST} of {self.path}: {reason(error)}") from None
        except ValueError:
            manifest = None
        if not is_sound(manifest):
            raise RunFolderError(f"{self.path}: {MANIFEST} is damaged; make the run again")
        if manifest.get("layout") != LAYOUT:
            raise RunFolderError(f"{self.path} has another layout ({manifest.get('layout')}); make the run again")
        return dict(manifest)

    def _check_size(self, name: str, facts: Mapping[str, Any]) -> None:
        path = self.path / name
        if not path.is_file():
            raise RunFolderError(f"{self.path} is incomplete: {name} is missing; make the run again")
        if path.stat().st_size != facts["bytes"]:
            raise RunFolderError(f"{self.path}: {name} was changed after the run; make the run again")

    def _parts(self, table: str) -> list[Path]:
        """The files of a table, in order, each checked once."""
        prefix = f"{place(table)}/"
        names = sorted((name for name in self._files if name.startswith(prefix)), key=part_number)
        if not names:
            raise KeyError(table)
        for name in names:
            if name not in self._sound and sha256(self.path / name) != self._files[name]["sha256"]:
                raise RunFolderError(f"{self.path}: {name} was changed after the run; make the run again")
            self._sound.add(name)
        return [self.path / name for name in names]

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
        return self._scan(table, self._parts(table))

    def part(self, table: str, number: int) -> pl.DataFrame:
        """One part of a table; the parts of one number hold the same patients."""
        return self._scan(table, self._parts(table)[number : number + 1]).collect()

    def _scan(self, table: str, parts: list[Path]) -> pl.LazyFrame:
        if self.manifest["format"] == "csv":
            return pl.scan_csv(parts, schema=pl.Schema(SCHEMAS[table]))
        return pl.scan_parquet(parts, schema=pl.Schema(SCHEMAS[table]))

    def parts(self, table: str) -> int:
        """Number of parts of a table."""
        return len(self._parts(table))

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.lazy(table).collect()

    def __iter__(self) -> Iterator[str]:
        return iter([table for table in SCHEMAS if any(name.startswith(f"{place(table)}/") for name in self._files)])

    def __len__(self) -> int:
        return len(list(iter(self)))

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
