"""The files that an export writes, each with its entry in the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import polars as pl

COMPRESSION_LEVEL = 1


class Output:
    """A folder that files are written into.

    Parameters
    ----------
    folder : Path
        The folder of the export.

    Attributes
    ----------
    files : dict of str to dict
        Rows, bytes and SHA-256 of each file written, by name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, dict[str, Any]] = {}

    def put(self, name: str, content: bytes, rows: int | None = None) -> None:
        """Write a file.

        Parameters
        ----------
        name : str
            Name within the folder of the export, with ``/``.
        content : bytes
            Content.
        rows : int, optional
            Rows or lines of data in it.
        """
        with self.stream(name) as (file, entry):
            file.write(content)
            if rows is not None:
                entry["rows"] = rows

    def remove(self, names: Iterable[str]) -> None:
        """Remove files that were written for a while only, and their folders if these are then empty."""
        for name in names:
            path = self.folder / name
            path.unlink()
            del self.files[name]
            if not any(path.parent.iterdir()):
                path.parent.rmdir()

    def parquet(self, name: str, frame: pl.DataFrame) -> None:
        """Write a frame as a Parquet file."""
        buffer = BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL)
        self.put(name, buffer.getvalue(), frame.height)

    def csv(self, name: str, frame: pl.DataFrame) -> None:
        """Write a frame as a CSV file with a header."""
        buffer = BytesIO()
        frame.write_csv(buffer)
        self.put(name, buffer.getvalue(), frame.height)

    @contextmanager
    def stream(self, name: str) -> Iterator[tuple[IO[bytes], dict[str, Any]]]:
        """Open a file to write it bit by bit, for content that is too large for memory.

        Yields
        ------
        file : binary file
            To write to.
        entry : dict
            Entry of the file in the manifest; ``rows`` may be set.
        """
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        entry: dict[str, Any] = {}
        with path.open("wb") as opened:
            file = _Hashed(opened)
            yield file, entry  # type: ignore[misc]
        self.files[name] = {**entry, "bytes": file.size, "sha256": file.digest.hexdigest()}


class _Hashed:
    """A file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest, self.size = file, hashlib.sha256(), 0

    def write(self, content: bytes) -> int:
        """Write bytes."""
        self.digest.update(content)
        self.size += len(content)
        return self._file.write(content)
