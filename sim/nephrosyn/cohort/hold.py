"""Hold a folder against every other process; the system lets go when this one ends, however it ends."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

LOCK = ".lock"


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

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._handle, self.held = -1, True
        if not HAS_LOCKS:
            return
        self._handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise
        except OSError:  # a file system without locks: better unguarded than not at all
            return
        if not self._still_there(folder):  # whoever held it has given the folder its name, or removed it
            os.close(self._handle)
            raise BlockingIOError

    def _still_there(self, folder: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle), (folder / LOCK).stat())
        except OSError:
            return False

    def release(self, folder: Path) -> None:
        """Let go, and remove the file from where the folder is now."""
        self.held = False
        if self._handle >= 0:
            if self._still_there(folder):  # else it is the lock of whoever came after
                (folder / LOCK).unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1
