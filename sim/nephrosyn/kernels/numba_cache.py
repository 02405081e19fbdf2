"""Files of code that numba compiled: each ends with a checksum; a damaged file is removed and compiled again.

A crash, a full disk or a synchronised home folder may leave files that are empty, truncated or mixed up. numba would
fail at every later start, or run damaged machine code.
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

from nephrosyn.kernels.fallback import CacheWarning

CHECKSUM_BYTES = hashlib.sha256().digest_size
DAMAGED = "cached code of the model in {} was damaged; it is removed and compiled again (about a minute)"
NOT_WRITTEN = "code of the model cannot be cached in {}: {}; the next run compiles it again"


def is_sound(path: Path) -> bool:
    """Whether a file ends with the checksum of its content.

    Parameters
    ----------
    path : Path
        A cache file.

    Returns
    -------
    bool
        False also if it cannot be read; True if it does not exist.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return content[-CHECKSUM_BYTES:] == hashlib.sha256(content[:-CHECKSUM_BYTES]).digest()


def remove_damaged(folder: Path) -> bool:
    """Remove all damaged cache files below a folder; another process may be doing the same.

    Parameters
    ----------
    folder : Path
        The cache folder.

    Returns
    -------
    bool
        Whether there were any; then there is a `CacheWarning`, too.
    """
    damaged = [path for path in folder.rglob("*.nb[ic]") if not is_sound(path)]
    for path in damaged:
        _remove(path)
    if damaged:
        warnings.warn(DAMAGED.format(folder), CacheWarning, stacklevel=2)
    return bool(damaged)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # it stays, is never read, and is replaced when possible
        return


class NoCache(NullCache):  # type: ignore[misc]
    """A cache that stores nothing.

    Parameters
    ----------
    warn : callable
        Called after each compilation.
    """

    def __init__(self, warn: Callable[[], None]) -> None:
        self._warn = warn

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store nothing, and warn."""
        self._warn()


class CheckedFiles(IndexDataCacheFile):  # type: ignore[misc]
    """numba's two cache files of a function, its index and its code, with a checksum at the end of each."""

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
            remove_damaged(Path(path).parents[1])
        return sound


class CheckedCache(FunctionCache):  # type: ignore[misc]
    """numba's cache of a function's compiled code, in files with a checksum.

    Parameters
    ----------
    function : callable
        Plain function; its files go to numba's current cache folder.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        files: Any = self._cache_file
        self._cache_file: Any = CheckedFiles(files._cache_path, self._impl.filename_base, files._source_stamp)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store compiled code; if that is impossible, warn and go on."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            warnings.warn(NOT_WRITTEN.format(Path(self.cache_path).parent, reason), CacheWarning, stacklevel=2)

    def has_code(self, target: Any) -> bool:
        """Whether code for this processor is stored.

        Parameters
        ----------
        target : object
            numba's target context of the function.
        """
        processor = target.codegen().magic_tuple()
        names = [name for key, name in self._cache_file._load_index().items() if key[1] == processor]
        return any(os.path.exists(self._cache_file._data_path(name)) for name in names)  # noqa: PTH110
