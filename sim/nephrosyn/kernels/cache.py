"""The files of compiled copies: each ends with a checksum, and one that is damaged is thrown away and made anew.

A crash, a full disk or a synchronised home folder leaves files that are empty, cut off or mixed up. numba would end
with an error at every later start, or run what the machine code has become.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache

CHECKSUM_BYTES = hashlib.sha256().digest_size
THROWN_AWAY = "compiled copies of the model in {} were damaged; they are thrown away and made anew (about a minute)"
NOT_WRITTEN = "compiled copies of the model cannot be written to {}: {}; the next run compiles it once more"


class CopyWarning(UserWarning):
    """Compiled copies of the model are of no use, or cannot be kept; results are the same, only later."""


def is_sound(path: Path) -> bool:
    """Whether a file ends with the checksum of what stands before it.

    Parameters
    ----------
    path : Path
        A file of a copy.

    Returns
    -------
    bool
        False also where it cannot be read; True where there is none.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return content[-CHECKSUM_BYTES:] == hashlib.sha256(content[:-CHECKSUM_BYTES]).digest()


def throw_away_damaged(folder: Path) -> bool:
    """Remove all damaged files of copies below a folder; another process may be doing the same.

    Parameters
    ----------
    folder : Path
        Where the copies lie.

    Returns
    -------
    bool
        Whether there were any; then a `CopyWarning` says so.
    """
    damaged = [path for path in folder.rglob("*.nb[ic]") if not is_sound(path)]
    for path in damaged:
        _remove(path)
    if damaged:
        warnings.warn(THROWN_AWAY.format(folder), CopyWarning, stacklevel=2)
    return bool(damaged)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # it stays, is never read, and is replaced if that can be done
        return


class NoCache(NullCache):  # type: ignore[misc]
    """Keeps nothing, and says so when something is compiled.

    Parameters
    ----------
    say : callable
        Called after each function that was compiled in vain.
    """

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep nothing."""
        self._say()


class CheckedFiles(IndexDataCacheFile):  # type: ignore[misc]
    """numba's two files of a function's copies, its index and its code, with a checksum at the end of each."""

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[Any]:
        with super()._open_for_write(filepath) as file:
            content = BytesIO()
            yield content
            file.write(content.getvalue() + hashlib.sha256(content.getvalue()).digest())

    def _load_index(self) -> dict[Any, str]:
        if not self._checked(self._index_path):
            return {}
        index: dict[Any, str] = super()._load_index()
        return index

    def _load_data(self, name: str) -> Any:
        return super()._load_data(name) if self._checked(self._data_path(name)) else None

    def _checked(self, path: str) -> bool:
        sound = is_sound(Path(path))
        if not sound:
            throw_away_damaged(Path(path).parents[1])
        return sound


class CheckedCache(FunctionCache):  # type: ignore[misc]
    """numba's cache of a function's compiled copies, in files with a checksum.

    Parameters
    ----------
    function : callable
        Plain function; its files lie where numba is set to keep them at this moment.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        files: Any = self._cache_file
        self._cache_file: Any = CheckedFiles(files._cache_path, self._impl.filename_base, files._source_stamp)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a copy; where that is impossible the function serves all the same."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            warnings.warn(NOT_WRITTEN.format(Path(self.cache_path).parent, reason), CopyWarning, stacklevel=2)

    def has_copy(self, target: Any) -> bool:
        """Whether a copy for this processor lies on disk.

        Parameters
        ----------
        target : object
            numba's target context of the function.
        """
        processor = target.codegen().magic_tuple()
        names = [name for key, name in self._cache_file._load_index().items() if key[1] == processor]
        return any(os.path.exists(self._cache_file._data_path(name)) for name in names)  # noqa: PTH110
