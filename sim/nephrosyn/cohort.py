"""A run folder as tables: written whole or not at all, checked against its manifest when read.

``observed/<table>/part-00000.parquet``, ``truth/<table>/...``, ``derived/labels/...`` and, written last,
``manifest.json`` with the version, the resolved scenario, and for each file its rows and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl

from nephrosyn.tables import OBSERVED, SCHEMAS, TRUTH
from nephrosyn.terms import NOTICE

__all__ = ["SCHEMAS", "Folder", "RunFolderError", "Writer"]

Format = Literal["parquet", "csv"]
MANIFEST = "manifest.json"
LAYOUT = 1
FILE = re.compile(r"(observed|truth|derived)/[a-z_]+/part-[0-9]{5}\.(parquet|csv)")
CONTENT = {MANIFEST, "observed", "truth", "derived", "figures", "report.html", "report.md"}


class RunFolderError(ValueError):
    """A run folder that cannot be read or written, with the reason in words for the user."""


def _place(table: str) -> str:
    """Folder of a table within the run folder."""
    if table in OBSERVED:
        return f"observed/{table}"
    return table if table in TRUTH else f"derived/{table}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: Exception) -> str:
    """What the system said; polars wraps it in an error of its own."""
    return getattr(error, "strerror", None) or str(error)


def _is_run(folder: Path) -> bool:
    """Whether a folder holds a run and nothing else."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = isinstance(manifest, dict) and manifest.get("notice") == NOTICE and isinstance(manifest.get("files"), dict)
    return ours and {path.name for path in folder.iterdir()} <= CONTENT


class Writer:
    """Writes a run into a folder that gets its name only when it is complete.

    Parameters
    ----------
    folder : Path
        The final name.
    format : {"parquet", "csv"}
        Of the tables.
    overwrite : bool
        Replace a run that stands there. Anything that is not a run is never replaced.

    Raises
    ------
    RunFolderError
        If the folder is in use, or there is no right or no room to write.
    """

    def __init__(self, folder: Path, format: Format = "parquet", *, overwrite: bool = False) -> None:
        self.folder, self.format, self._overwrite = folder.resolve(), format, overwrite
        folder = self.folder
        self._files: dict[str, dict[str, Any]] = {}
        self._check()
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.partial = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:12]}.partial")
            self.partial.mkdir()  # with the user's umask, which tempfile would not heed
        except OSError as error:
            raise RunFolderError(f"cannot write to {folder.parent}: {error.strerror}") from None

    def _check(self) -> None:
        """Refuse a name that is taken by anything but an empty folder, or a run that may be replaced."""
        folder = self.folder
        if not folder.exists():
            return
        if not folder.is_dir():
            raise RunFolderError(f"{folder} is a file; name another folder with --out")
        if folder == Path.cwd() or folder.is_mount():
            raise RunFolderError(f"{folder} cannot be replaced; name a folder inside it with --out")
        if not any(folder.iterdir()):
            return
        if not self._overwrite:
            raise RunFolderError(f"{folder} exists and is not empty; choose another --out, or --overwrite it")
        if not _is_run(folder):
            raise RunFolderError(f"{folder} is not a run of nephrosyn, or holds more than one; it is never overwritten")

    def write(self, table: str, part: int, frame: pl.DataFrame) -> None:
        """Write one part of a table."""
        name = f"{_place(table)}/part-{part:05d}.{self.format}"
        path = self.partial / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.format == "csv":
                frame.write_csv(path)
            else:
                frame.write_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise RunFolderError(f"cannot write {table} of {self.folder}: {_reason(error)}") from None
        self._files[name] = {"rows": frame.height, "bytes": path.stat().st_size, "sha256": _sha256(path)}

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest and give the folder its name.

        Parameters
        ----------
        about : mapping
            What the manifest tells of the run beside its files.
        """
        _write_manifest(self.partial, {"notice": NOTICE, "layout": LAYOUT, **about, "files": self._files})
        self._check()  # what stands there may have come since
        old = self.partial.with_suffix(".old")
        replaces = self.folder.exists()
        try:
            if replaces:
                self.folder.rename(old)
            try:
                self.partial.rename(self.folder)
            except BaseException:
                if replaces:
                    old.rename(self.folder)
                raise
        except OSError as error:
            raise RunFolderError(f"cannot give {self.folder} its name: {_reason(error)}") from None
        shutil.rmtree(old, ignore_errors=True)

    def discard(self) -> None:
        """Remove what was written, if it has not got its name."""
        shutil.rmtree(self.partial, ignore_errors=True)


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    partial = folder / f".{MANIFEST}"
    try:
        with partial.open("w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=1, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / MANIFEST)
    except OSError as error:
        raise RunFolderError(f"cannot write {MANIFEST} of {folder}: {error.strerror}") from None


def _is_sound(manifest: Any) -> bool:
    """Whether a manifest has what is read of it, and names no file outside the run."""
    if not isinstance(manifest, dict) or manifest.get("format") not in ("parquet", "csv"):
        return False
    kinds = {"files": dict, "scenario": dict, "criteria": list, "patients": int, "replicates": int, "seed": int}
    if not all(isinstance(manifest.get(key), kind) for key, kind in kinds.items()):
        return False
    facts = manifest["files"].values()
    return all(FILE.fullmatch(name) for name in manifest["files"]) and all(
        isinstance(fact, dict) and isinstance(fact.get("bytes"), int) and isinstance(fact.get("sha256"), str)
        for fact in facts
    )


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
        self.manifest = self._read_manifest()
        self._files: dict[str, dict[str, Any]] = self.manifest["files"]
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
            raise RunFolderError(f"cannot read {MANIFEST} of {self.path}: {_reason(error)}") from None
        except ValueError:
            manifest = None
        if not _is_sound(manifest):
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
        prefix = f"{_place(table)}/"
        names = sorted(name for name in self._files if name.startswith(prefix))
        if not names:
            raise KeyError(table)
        for name in names:
            if name not in self._sound and _sha256(self.path / name) != self._files[name]["sha256"]:
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
        parts = self._parts(table)
        if self.manifest["format"] == "csv":
            return pl.scan_csv(parts, schema=pl.Schema(SCHEMAS[table]))
        return pl.scan_parquet(parts, schema=pl.Schema(SCHEMAS[table]))

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.lazy(table).collect()

    def __iter__(self) -> Iterator[str]:
        return iter([table for table in SCHEMAS if any(name.startswith(f"{_place(table)}/") for name in self._files)])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def replace_labels(self, labels: pl.DataFrame, about: Mapping[str, Any]) -> None:
        """Write new labels in place of the old ones.

        The new file stands beside the old one until the manifest names it, so that at no moment the folder is
        anything but whole.

        Parameters
        ----------
        labels : polars.DataFrame
            All labels of the run.
        about : mapping
            What changes in the manifest.
        """
        place = _place("labels")
        old = [name for name in self._files if name.startswith(f"{place}/")]
        number = 1 + max(int(Path(name).stem.removeprefix("part-")) for name in old)
        name = f"{place}/part-{number:05d}.{self.manifest['format']}"
        path = self.path / name
        try:
            if self.manifest["format"] == "csv":
                labels.write_csv(path)
            else:
                labels.write_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            path.unlink(missing_ok=True)
            raise RunFolderError(f"cannot write {name} of {self.path}: {_reason(error)}") from None
        for other in old:
            del self._files[other]
        self._files[name] = {"rows": labels.height, "bytes": path.stat().st_size, "sha256": _sha256(path)}
        self.manifest.update(about)
        _write_manifest(self.path, self.manifest)
        for other in old:
            (self.path / other).unlink(missing_ok=True)
