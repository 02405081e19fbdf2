"""Where the files of a run lie: a folder of this machine, or a place that fsspec reaches, as ``s3://bucket/run``."""

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
"""End of the name of a file that is being written."""
LOST = "{} was taken by another nephrosyn that writes there; this one has stopped"
_turn = count()


class Place(Protocol):
    """Files by name; each is there whole or not at all."""

    @property
    def url(self) -> str:
        """How it is called."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, in place of one that stands there."""

    def get(self, name: str) -> bytes | None:
        """Read a file; None if there is none."""

    def names(self) -> list[str]:
        """All files, sorted."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""


class LocalPlace:
    """A folder of this machine: a file is written under another name, synced and renamed.

    Parameters
    ----------
    path : Path
        The folder; made when something is written.
    holder : str, optional
        Token of the `Hold` for which files are written; none is given its name once the folder is held by another one.
    """

    def __init__(self, path: Path, holder: str | None = None) -> None:
        self.path, self._holder = path, holder

    @property
    def url(self) -> str:
        """The folder."""
        return str(self.path)

    def put(self, name: str, content: bytes) -> None:
        """Write a file, in place of one that stands there."""
        target = self.path / name
        partial = target.with_name(f".{target.name}-{os.getpid()}-{next(_turn)}{UNFINISHED}")
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
        """Read a file; None if there is none."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise RunFolderError(f"cannot read {name} of {self.url}: {reason(error)}") from None

    def names(self) -> list[str]:
        """All files, sorted."""
        found = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.path).as_posix() for path in found)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._refuse_lost()
        (self.path / name).unlink(missing_ok=True)


class RemotePlace:
    """A place that fsspec reaches; an object store shows an object only when all of it has come.

    Parameters
    ----------
    url : str
        With its protocol, as ``s3://bucket/run``.
    holder : str, optional
        What stands in the lock file of the run for which files are written; none is written once another run has put
        its own there.

    Raises
    ------
    RunFolderError
        If there is no such protocol, or the package that speaks it is not installed.
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
        except Exception as error:  # each store has errors of its own
            raise RunFolderError(f"cannot {what} {self.url}: {error}") from None

    def put(self, name: str, content: bytes) -> None:
        """Write a file, in place of one that stands there."""
        self._refuse_lost()
        self._write(name, content)

    def take(self, holder: str) -> None:
        """Take the place for a run, from any other one that writes there."""
        self._write(LOCK, holder.encode())
        self._holder = holder

    def let_go(self) -> None:
        """Let go of the place, if no other run has taken it."""
        with suppress(RunFolderError):  # a lock that is left is no hindrance
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
        """Read a file; None if there is none."""
        try:
            return bytes(self._try(f"read {name} of", self._files.cat_file, f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """All files, sorted."""
        self._files.invalidate_cache()
        try:
            found = self._try("list", self._files.find, self._root)
        except FileNotFoundError:
            return []
        root = self._files._strip_protocol(self._root)
        return sorted(str(name).removeprefix(root).lstrip("/") for name in found)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._refuse_lost()
        try:
            self._try(f"remove {name} of", self._files.rm_file, f"{self._root}/{name}")
        except FileNotFoundError:
            return


def is_remote(folder: str | Path) -> bool:
    """Whether a name is the URL of another place than a folder of this machine.

    Examples
    --------
    >>> is_remote("s3://bucket/run"), is_remote("file:///data/run"), is_remote("outputs/run")
    (True, False, False)
    """
    text = str(folder)
    return "://" in text and not text.startswith("file://")


def local(folder: str | Path) -> Path:
    """Return the folder of a path, or of a ``file://`` URL."""
    text = str(folder)
    return Path(text.removeprefix("file://")) if text.startswith("file://") else Path(folder)


def at(url: str, holder: str | None = None) -> Place:
    """Return the place of a path or URL, to write there for a holder."""
    return RemotePlace(url, holder) if is_remote(url) else LocalPlace(local(url), holder)


def facts(content: bytes, rows: int) -> dict[str, Any]:
    """Return what a manifest tells of a file."""
    return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def is_whole(place: Place, name: str, told: dict[str, Any]) -> bool:
    """Whether a file is there as it was written."""
    content = place.get(name)
    return content is not None and hashlib.sha256(content).hexdigest() == told["sha256"]
