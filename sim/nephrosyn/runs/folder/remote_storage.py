"""Storage of a run at a URL that fsspec can open, as ``s3://bucket/run``, and who may write there.

A URL is held by the run whose token is in its lock file. That file is created by a conditional write, which the store
itself refuses if the file exists: of two runs that begin at once, one gets the URL. A store without conditional writes
leaves the lock to whoever writes it last, so there a run waits, and looks again whether the lock is still its own.
"""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.lock import LOCK, LOST, described, new_token

SETTLE_SECONDS = 1.0
"""Time between writing a lock and reading it again, at a store without conditional writes."""
ATTEMPTS = 3
"""Attempts to create a lock that another run releases meanwhile."""
HELD = (
    "{} is being written by {}; wait, or choose another URL with --out; if that run is no longer alive, continue it "
    "with --resume, or replace it with --overwrite (in Python: out, resume, overwrite)"
)


class StorageWarning(UserWarning):
    """A store cannot do what a run relies on."""


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
            raise RunFolderError(f"cannot {what} {self.url}: {_first_line(error)}") from None

    def where(self, name: str) -> str:
        """URL of a file."""
        return f"{self.url}/{name}"

    def put(self, name: str, content: bytes) -> None:
        """Write or replace a file."""
        self._refuse_lost()
        self._write(name, content)

    def claim(self, holder: str, *, careful: bool = True) -> None:
        """Take the URL for a run, unless another run holds it.

        Parameters
        ----------
        holder : str
            Token of the run, from `lock.new_token`.
        careful : bool
            At a store without conditional writes, wait and look again, and warn that this is less certain.

        Raises
        ------
        RunFolderError
            If another run holds it; the message says which, and since when.
        """
        content = holder.encode()
        self._refuse_held(content)
        for _ in range(ATTEMPTS if self._has_conditions else 0):
            if self._create(content):
                self._holder = holder
                return
            self._refuse_held(content)
        self._write(LOCK, content)
        if careful:
            warnings.warn(
                f"{self.url}: this store has no conditional writes: two runs that begin there at the same moment are "
                "told apart by their lock files only; do not begin two",
                StorageWarning,
                stacklevel=2,
            )
            time.sleep(SETTLE_SECONDS)
            self._refuse_held(content)
        self._holder = holder

    @property
    def _has_conditions(self) -> bool:
        """Whether fsspec's class for the store implements a write on the condition that there is no such file."""
        from fsspec.spec import AbstractFileSystem

        write = getattr(self._files, "_pipe_file" if self._files.async_impl else "pipe_file")
        is_own = getattr(write, "__func__", None) is not AbstractFileSystem.pipe_file
        return is_own and "mode" in inspect.signature(write).parameters

    def _create(self, content: bytes) -> bool:
        """Create the lock if there is none; false if it was not created, or the store ignores the condition."""
        lock = f"{self._root}/{LOCK}"
        with suppress(Exception):  # of the store, which is asked below what it holds
            self._files.pipe_file(lock, content, mode="create")
        if self.get(LOCK) != content:
            return False
        try:
            self._files.pipe_file(lock, content, mode="create")
        except Exception:
            return True
        return False  # a file that exists was created again

    def refuse_held(self, holder: str) -> None:
        """Refuse a URL that is held by another run than that of a token.

        Raises
        ------
        RunFolderError
            If it is; the message says by which, and since when.
        """
        self._refuse_held(holder.encode())

    def _refuse_held(self, content: bytes) -> None:
        there = self.get(LOCK)
        if there is not None and there != content:
            raise RunFolderError(HELD.format(self.url, described(there.decode("utf-8", "replace"))))

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


@contextmanager
def claimed(url: str, purpose: str) -> Iterator[RemoteStorage]:
    """Hold a URL while something is added to a finished run.

    Parameters
    ----------
    url : str
        URL of the run.
    purpose : str
        What it is held for, for the messages of other processes.

    Raises
    ------
    RunFolderError
        If a run holds it.
    """
    storage = RemoteStorage(url)
    storage.claim(new_token(purpose), careful=False)
    try:
        yield storage
    finally:
        storage.release()


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
