"""Hold a folder against every other process; the system lets go when this one ends, however it ends.

Who holds it stands in the lock file, so that whatever writes for a holder can tell before each file whether the folder
is still that holder's. The workers of a run share its lock: while one of them lives, nobody else can have the folder.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

LOCK = ".lock"
ENDING_SECONDS = 10.0
"""How long to wait for the workers of a process that has ended: they end by themselves."""
LOOK_SECONDS = 0.05


class Hold:
    """An exclusive lock on a folder, by a file in it.

    Parameters
    ----------
    folder : Path
        It exists.

    Attributes
    ----------
    held : bool
        Whether it has not been released.
    token : str
        What stands in the file while the folder is held by this one.

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.held, self.token = True, f"{os.getpid()} {os.urandom(8).hex()}"
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
                if _is_alive(_holder(folder)) or time.monotonic() > until:
                    raise
                time.sleep(LOOK_SECONDS)
            except OSError:  # a file system without locks: better unguarded than not at all
                return
        if not self._still_there(folder):  # whoever held it has given the folder its name, or removed it
            raise BlockingIOError

    @property
    def shared(self) -> tuple[int, ...]:
        """File descriptors by which a process that is started shares the lock, until it ends."""
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
        """Let go, and remove the file from where the folder is now."""
        if self.held and self._still_there(folder):  # else it is the lock of whoever came after
            (folder / LOCK).unlink(missing_ok=True)
        self.held = False
        self._close()


def is_held(folder: Path, token: str) -> bool:
    """Whether a folder is still held by whom a token was given to."""
    return _holder(folder) == token


def _holder(folder: Path) -> str:
    try:
        return (folder / LOCK).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _is_alive(token: str) -> bool:
    """Whether the process of a token runs; if it cannot be known, it does."""
    try:
        os.kill(int(token.partition(" ")[0]), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True
