"""Storage of a run: a local folder, or `RemoteStorage` at a URL."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.layout import reason
from nephrosyn.runs.folder.lock import LOST, is_held
from nephrosyn.runs.folder.remote_storage import RemoteStorage

WRITERS = 8
"""Files that are written at the same time."""
UNFINISHED = ".unfinished"
"""Suffix of a file that is being written."""
_counter = count()


class Storage(Protocol):
    """Files by name; each is complete or absent."""

    @property
    def url(self) -> str:
        """Path or URL."""

    def where(self, name: str) -> Path | str:
        """Path or URL of a file."""

    def put(self, name: str, content: bytes) -> None:
        """Write or replace a file."""

    def get(self, name: str) -> bytes | None:
        """Read a file; return None if it does not exist."""

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""


class LocalStorage:
    """A local folder; files are written under a temporary name, synced and renamed.

    Parameters
    ----------
    path : Path
        The folder; it is created on the first write.
    holder : str, optional
        Token of the `FolderLock` of the run that writes; files are discarded once another run has locked the folder.
    """

    def __init__(self, path: Path, holder: str | None = None) -> None:
        self.path, self._holder = path, holder

    @property
    def url(self) -> str:
        """The path."""
        return str(self.path)

    def where(self, name: str) -> Path:
        """Path of a file."""
        return self.path / name

    def put(self, name: str, content: bytes) -> None:
        """Write or replace a file."""
        target = self.path / name
        partial = target.with_name(f".{target.name}-{os.getpid()}-{next(_counter)}{UNFINISHED}")
        try:
            self._refuse_lost()
            target.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._refuse_lost()
            partial.replace(target)
        except BaseException as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise RunFolderError(f"cannot write {name} of {self.url}: {reason(error)}") from None
            raise

    def _refuse_lost(self) -> None:
        if self._holder is not None and not is_held(self.path, self._holder):
            raise RunFolderError(LOST.format(self.url))

    def get(self, name: str) -> bytes | None:
        """Read a file; return None if it does not exist."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise RunFolderError(f"cannot read {name} of {self.url}: {reason(error)}") from None

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""
        files = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.path).as_posix() for path in files)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        self._refuse_lost()
        (self.path / name).unlink(missing_ok=True)


LOCAL_PROTOCOLS = ("file://", "local://")
THIS_MACHINE = "localhost"


def require_path(folder: object) -> None:
    """Refuse anything but a path or URL.

    Raises
    ------
    RunFolderError
        If it is neither a string nor a path.
    """
    if not isinstance(folder, str | os.PathLike):
        raise RunFolderError(f"expected the path or URL of a run folder; found {folder!r}")


def is_remote(folder: str | Path) -> bool:
    """Whether this is the URL of anything but a folder of this machine.

    Examples
    --------
    >>> is_remote("s3://bucket/run"), is_remote("file:///data/run"), is_remote("outputs/run")
    (True, False, False)
    """
    text = str(folder)
    return "://" in text and not text.startswith(LOCAL_PROTOCOLS)


def is_memory(folder: str | Path) -> bool:
    """Whether this is the URL of memory of this process, where no other process can write.

    Examples
    --------
    >>> is_memory("memory://run"), is_memory("s3://bucket/run")
    (True, False)
    """
    return str(folder).startswith("memory://")


def local(folder: str | Path) -> Path:
    """Return the folder of this machine that a path, or a URL with ``file://`` or ``local://``, names.

    Raises
    ------
    RunFolderError
        If the URL names a folder of another machine.

    Examples
    --------
    >>> local("file:///data/run").as_posix(), local("file://localhost/data/run").as_posix()
    ('/data/run', '/data/run')
    """
    protocol, separator, rest = str(folder).partition("://")
    if not separator or f"{protocol}://" not in LOCAL_PROTOCOLS:
        return Path(folder)
    host, slash, path = rest.partition("/")
    if host not in ("", THIS_MACHINE) or not path.strip("/"):
        raise RunFolderError(f"expected file:///PATH for a folder of this machine; found {str(folder)!r}")
    return Path(slash + path)


def storage_at(url: str, holder: str | None = None) -> Storage:
    """Return the storage at a path or URL, for a holder that writes there."""
    return RemoteStorage(url, holder) if is_remote(url) else LocalStorage(local(url), holder)


def put_all(storage: Storage, files: Mapping[str, bytes]) -> None:
    """Write or replace several files, at the same time: most of the time of each is a wait.

    Raises
    ------
    RunFolderError
        If one of them cannot be written.
    """
    with ThreadPoolExecutor(WRITERS) as writers:
        for written in [writers.submit(storage.put, name, content) for name, content in files.items()]:
            written.result()


def manifest_entry(content: bytes, rows: int) -> dict[str, Any]:
    """Return the entry of a file in a manifest."""
    return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def is_unchanged(storage: Storage, name: str, fact: dict[str, Any]) -> bool:
    """Whether a file exists and is unchanged."""
    content = storage.get(name)
    return content is not None and hashlib.sha256(content).hexdigest() == fact["sha256"]
