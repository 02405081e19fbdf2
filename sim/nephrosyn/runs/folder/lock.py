"""An exclusive lock on a folder; the system releases it when this process ends, however it ends.

The lock file holds the token of its holder, so that a worker can check before each file whether the folder still
belongs to its run. The workers of a run share its lock: while one of them lives, no other process can take the folder.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

LOCK = ".lock"
LOST = "{} was taken over by another nephrosyn process that writes there; this one has stopped"
ENDING_SECONDS = 10.0
"""Longest wait for the workers of a process that has died: they end by themselves."""
POLL_SECONDS = 0.05


def new_token(run: str = "") -> str:
    """Return a token that no other holder has: process, random characters, host, time, and the run that it is for."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"{os.getpid()} {os.urandom(8).hex()} {platform.node() or '-'} {since} {run}".rstrip()


def described(token: str) -> str:
    """Return whose a token is, and since when, for messages.

    Examples
    --------
    >>> described("17 0123 node-4 2026-03-01T08:30:00Z baseline (seed 1, 20 patients)")
    'another nephrosyn process: baseline (seed 1, 20 patients), process 17 on node-4, since 2026-03-01 08:30:00 UTC'
    >>> described("17 0123")
    'another nephrosyn process'
    """
    try:
        process, _, host, since, *run = token.split(" ", 4)
    except ValueError:  # of an older version
        return "another nephrosyn process"
    when = since.replace("T", " ").replace("Z", " UTC")
    which = f"{run[0]}, " if run else ""
    return f"another nephrosyn process: {which}process {process} on {host}, since {when}"


class FolderLock:
    """An exclusive lock on a folder, held by a lock file in it.

    Parameters
    ----------
    folder : Path
        An existing folder.
    run : str
        What it is held for, for the messages of other processes.

    Attributes
    ----------
    held : bool
        Whether it has not been released.
    token : str
        Content of the lock file while the lock is held.

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """

    def __init__(self, folder: Path, run: str = "") -> None:
        self.held, self.token = True, new_token(run)
        self._handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._lock(folder)
            os.ftruncate(self._handle, 0)
            os.write(self._handle, self.token.encode())
        except BaseException:
            self._close()
            raise
        if not HAS_LOCKS:  # Windows removes no folder in which a file is open
            self._close()

    def _lock(self, folder: Path) -> None:
        if not HAS_LOCKS:
            return
        until = time.monotonic() + ENDING_SECONDS
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if _is_alive(holder(folder)) or time.monotonic() > until:
                    raise
                time.sleep(POLL_SECONDS)
            except OSError:  # a file system without locks: work without one
                return
        if not self._still_there(folder):  # the last holder has renamed or removed the folder
            raise BlockingIOError

    @property
    def shared(self) -> tuple[int, ...]:
        """File descriptors that a child process inherits to share the lock until it ends."""
        return (self._handle,) if self._handle >= 0 else ()

    def _still_there(self, folder: Path) -> bool:
        if self._handle < 0:
            return is_held(folder, self.token)
        try:
            return os.path.samestat(os.fstat(self._handle), (folder / LOCK).stat())
        except OSError:
            return False

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def release(self, folder: Path) -> None:
        """Release the lock, and remove its file from the folder, which may have been renamed."""
        if self.held and self._still_there(folder):  # else it is the lock of a later holder
            (folder / LOCK).unlink(missing_ok=True)
        self.held = False
        self._close()


def is_held(folder: Path, token: str) -> bool:
    """Whether a folder is still locked by the holder of a token."""
    return holder(folder) == token


def holder(folder: Path) -> str:
    """Return the token of the holder of a folder; empty if it has none."""
    try:
        return (folder / LOCK).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _is_alive(token: str) -> bool:
    """Whether the process of a token is running; true if that cannot be determined."""
    try:
        os.kill(int(token.partition(" ")[0]), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True
