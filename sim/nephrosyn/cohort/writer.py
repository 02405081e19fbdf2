"""A run folder as it is written: whole or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.cohort.layout import (
    LAYOUT,
    Format,
    RunFolderError,
    is_run,
    part_file,
    reason,
    refuse_taken,
    write_manifest,
    written,
)
from nephrosyn.terms import NOTICE


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
        kind = "a run of nephrosyn, or holds more than one"
        refuse_taken(self.folder, overwrite=self._overwrite, replaceable=is_run, kind=kind)

    def write(self, table: str, part: int, frame: pl.DataFrame) -> None:
        """Write one part of a table."""
        name = part_file(table, part, self.format)
        self._files[name] = written(self.partial / name, frame, f"{table} of {self.folder}")

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest and give the folder its name.

        Parameters
        ----------
        about : mapping
            What the manifest tells of the run beside its files.
        """
        write_manifest(self.partial, {"notice": NOTICE, "layout": LAYOUT, **about, "files": self._files})
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
            raise RunFolderError(f"cannot give {self.folder} its name: {reason(error)}") from None
        shutil.rmtree(old, ignore_errors=True)

    def discard(self) -> None:
        """Remove what was written, if it has not got its name."""
        shutil.rmtree(self.partial, ignore_errors=True)
