"""Storage of a run: a local folder, or a URL that fsspec can open, as ``s3://bucket/run``."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.layout import reason
from nephrosyn.runs.folder.lock import LOCK, is_held

UNFINISHED = ".unfinished"
"""Suffix of a file that is being written."""
LOST = "{} was taken over by another nephrosyn process that writes there; this one has stopped"
_counter = count()


class Storage(Protocol):
    """Files by name; each is complete or absent."""

    @property
    def url(self) -> str:
        """Path or URL."""

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


class RemoteStorage:
    """A URL that fsspec can open; an object store shows an object only when it is complete.

    Parameters
    ----------
    url : str
        With its protocol, as ``s3://bucket/run``.
    holder : str, optional
        Token of the run that writes, as in its lock file; nothing is written once another run has put its own there.

    Raises
    ------
    RunFolderError
        If the protocol is unknown, or the package that implements it is not installed.
    """

    def __init__(self, url: str, holder: str | None = None) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise RunFolderError(f"{url} needs fsspec, which is not installed: pip install fsspec s3fs") from None
        self.url, self._holder = url.rstrip("/"), holder
        try:
            self._files, self._root = url_to_fs(self.url)
        except (ImportError, ValueError, OSError) as error:
            raise RunFolderError(f"cannot use {url}: {error}") from None

    def _try(self, what: str, work: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return work(*arguments, **options)
        except FileNotFoundError:
            raise
        except Exception as error:  # every store raises errors of its own
            raise RunFolderError(f"cannot {what} {self.url}: {error}") from None

    def put(self, name: str, content: bytes) -> None:
        """Write or replace a file."""
        self._refuse_lost()
        self._write(name, content)

    def take(self, holder: str) -> None:
        """Take over the URL for a run, from any other run that writes there."""
        self._write(LOCK, holder.encode())
        self._holder = holder

    def release(self) -> None:
        """Release the URL, unless another run has taken it over."""
        with suppress(RunFolderError):  # a remaining lock does no damage
            self.remove(LOCK)

    def _refuse_lost(self) -> None:
        if self._holder is not None and self.get(LOCK) != self._holder.encode():
            raise RunFolderError(LOST.format(self.url))

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._try(f"write {name} of", self._files.pipe_file, f"{self._root}/{name}", content)
        except FileNotFoundError as error:
            raise RunFolderError(f"cannot write {name} of {self.url}: no such bucket or folder ({error})") from None

    def get(self, name: str) -> bytes | None:
        """Read a file; return None if it does not exist."""
        try:
            return bytes(self._try(f"read {name} of", self._files.cat_file, f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""
        self._files.invalidate_cache()
        try:
            paths = self._try("list", self._files.find, self._root)
        except FileNotFoundError:
            return []
        root = self._files._strip_protocol(self._root)
        return sorted(str(path).removeprefix(root).lstrip("/") for path in paths)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        self._refuse_lost()
        try:
            self._try(f"remove {name} of", self._files.rm_file, f"{self._root}/{name}")
        except FileNotFoundError:
            return


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
    """Whether this is the URL of anything but a local folder.

    Examples
    --------
    >>> is_remote("s3://bucket/run"), is_remote("file:///data/run"), is_remote("outputs/run")
    (True, False, False)
    """
    text = str(folder)
    return "://" in text and not text.startswith("file://")


def local(folder: str | Path) -> Path:
    """Return the local folder of a path or ``file://`` URL."""
    text = str(folder)
    return Path(text.removeprefix("file://")) if text.startswith("file://") else Path(folder)


def storage_at(url: str, holder: str | None = None) -> Storage:
    """Return the storage at a path or URL, for a holder that writes there."""
    return RemoteStorage(url, holder) if is_remote(url) else LocalStorage(local(url), holder)


def manifest_entry(content: bytes, rows: int) -> dict[str, Any]:
    """Return the entry of a file in a manifest."""
    return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def is_unchanged(storage: Storage, name: str, fact: dict[str, Any]) -> bool:
    """Whether a file exists and is unchanged."""
    content = storage.get(name)
    return content is not None and hashlib.sha256(content).hexdigest() == fact["sha256"]
