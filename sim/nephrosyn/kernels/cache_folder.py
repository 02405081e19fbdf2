"""The folder where code compiled on this machine is cached.

It is named after a digest of all sources: any change of a source leads to another folder. It lies in the user's cache
folder, or in ``NUMBA_CACHE_DIR`` if that is set.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

from nephrosyn.kernels.fallback import CacheWarning
from nephrosyn.kernels.sources import PACKAGE, sources_digest

CACHED_VERSIONS = 4
"""Number of cache folders to keep, the latest used; several, because versions may be used in turn."""

_obstacles: list[str] = []


def _user_cache_folder() -> Path:
    """Return the folder where programs of this user cache files."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


@cache
def cache_folder(compiler: str = "") -> Path | None:
    """Create the cache folder of these sources.

    Parameters
    ----------
    compiler : str
        What the cached code depends on apart from the sources.

    Returns
    -------
    Path or None
        None if it cannot be written.
    """
    home: Path | None = None
    try:
        named = os.environ.get("NUMBA_CACHE_DIR", "")
        home = (Path(named) if named else _user_cache_folder()) / "nephrosyn"
        folder = home / f"{sources_digest(PACKAGE)}{compiler}"
        fresh = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home folder
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _obstacles.append(f"{f'{home}: ' if home else ''}{reason}")
        return None
    if fresh:
        remove_old(home)
    return folder


def remove_old(home: Path) -> None:
    """Remove all cache folders but the latest used; another process may be doing the same.

    Parameters
    ----------
    home : Path
        Folder of the cache folders.
    """
    used = []
    for folder in home.iterdir():
        try:
            used.append((folder.stat().st_mtime, folder))
        except OSError:
            continue
    for _, folder in sorted(used, reverse=True)[CACHED_VERSIONS:]:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def warn_without_cache(duration: str) -> None:
    """Give a `CacheWarning` that nothing can be cached, once per process.

    Parameters
    ----------
    duration : str
        How long every run takes to compile the model.
    """
    where = f" ({_obstacles[0]})" if _obstacles else ""
    warnings.warn(
        f"no folder to cache the compiled model can be written{where}: every run compiles it again, {duration}; "
        "set the environment variable NUMBA_CACHE_DIR to a folder that can be written",
        CacheWarning,
        stacklevel=2,
    )
