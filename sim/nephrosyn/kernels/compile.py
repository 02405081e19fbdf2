"""How the model is compiled, and where compiled code is cached.

Functions called by compiled code are compiled without numba's reference counts: an entry point holds their arrays, and
they create none. Counting took two fifths of a course's time.

Only entry points are cached on disk; the functions they call are compiled into them. numba checks only the file of an
entry point to see whether its cache is stale, so the cache folder is named after a digest of all sources: any change of
a source leads to another folder. It lies in the user's cache folder, or in ``NUMBA_CACHE_DIR`` if that is set. Where
neither can be written, nothing is cached and every process compiles for itself, with a warning. Damaged files are
removed and compiled again (`nephrosyn.kernels.cache`); code for several processors may lie in one folder.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import config, njit

from nephrosyn.kernels.cache import CacheWarning, CheckedCache, NoCache, remove_damaged
from nephrosyn.kernels.numba_linking import EntryCompiler, KernelCompiler

COMPILED_ROOMS = (
    "vocabulary.py",
    "text_files.py",
    "errors.py",
    "toml_files.py",
    "kernels",
    "scenario",
    "patients",
    "course",
    "engine",
    "record",
    "criteria",
)
"""Parts of the package that contain compiled functions; a change of any other part leaves the cache valid."""

CACHED_VERSIONS = 4
"""Number of cache folders to keep, the latest used; several, because versions may be used in turn."""


def sources_digest(package: Path) -> str:
    """Digest of everything that compiled code depends on.

    Parameters
    ----------
    package : Path
        Folder of the package.

    Returns
    -------
    str
        Start of a SHA-256; it changes with any source, with numba and with Python.
    """
    digest = hashlib.sha256(f"{numba.__version__} {sys.implementation.cache_tag} {platform.machine()}".encode())
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] in COMPILED_ROOMS:
            digest.update(f"\n{name.as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache_folder() -> Path:
    """Return the folder where programs of this user cache files."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


_no_cache_reasons: list[str] = []


def _make_cache_folder() -> Path | None:
    """Create the cache folder of this version; None if nothing can be cached, or nothing is compiled."""
    if config.DISABLE_JIT:
        return None
    home: Path | None = None
    try:
        home = (Path(config.CACHE_DIR) if config.CACHE_DIR else _user_cache_folder()) / "nephrosyn"
        folder = home / sources_digest(Path(__file__).parents[1])
        fresh = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home folder
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _no_cache_reasons.append(f"{f'{home}: ' if home else ''}{reason}")
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


CACHE_FOLDER = _make_cache_folder()
"""Folder of cached code; None if nothing is cached."""


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Set numba's cache folder for the functions decorated meanwhile; caches of other packages stay where they are."""
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def entry(function: Callable[..., Any]) -> Any:
    """Compile a function that is called from Python, and cache its code on disk.

    Parameters
    ----------
    function : callable
        Plain function.

    Returns
    -------
    callable
        The function, compiled at its first call.
    """
    options = {"error_model": "numpy", "no_cfunc_wrapper": True, "pipeline_class": EntryCompiler}
    if config.DISABLE_JIT:
        return function
    if CACHE_FOLDER is None:
        compiled = njit(**options)(function)
        compiled._cache = NoCache(_warn_without_cache)
        return compiled
    with _cache_in(CACHE_FOLDER):
        compiled = njit(cache=True, **options)(function)
        compiled._cache = CheckedCache(function)
    return compiled


def is_cached(function: Any) -> bool:
    """Whether the code of an entry point is cached for this processor and undamaged.

    The first call removes damaged files of all functions. It gives a `CacheWarning` if there are any, or if nothing
    can be cached.

    Parameters
    ----------
    function : callable
        An entry point.

    Returns
    -------
    bool
        True also if compilation is switched off.
    """
    if config.DISABLE_JIT:
        return True
    if CACHE_FOLDER is None:
        _warn_without_cache()
        return False
    _check_once(CACHE_FOLDER)
    on_disk: bool = function._cache.has_code(function.targetctx)
    return on_disk


@cache
def _check_once(folder: Path) -> None:
    """Remove damaged files, once per process."""
    remove_damaged(folder)


@cache
def _warn_without_cache() -> None:
    """Warn once per process."""
    where = f" ({_no_cache_reasons[0]})" if _no_cache_reasons else ""
    warnings.warn(
        f"no folder to cache the compiled model can be written{where}: every run compiles it again, about a minute; "
        "set the environment variable NUMBA_CACHE_DIR to a folder that can be written",
        CacheWarning,
        stacklevel=2,
    )


_INNER_OPTIONS = {"error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}

shared: Any = njit(**_INNER_OPTIONS)
"""Decorator of functions called from compiled code and from Python."""

_KERNEL_OPTIONS = {"no_cpython_wrapper": True, "pipeline_class": KernelCompiler, **_INNER_OPTIONS}

kernel: Any = njit(**_KERNEL_OPTIONS)
"""Decorator of functions called from compiled code only: they have no machine code of their own."""

inline: Any = njit(forceinline=True, **_KERNEL_OPTIONS)
"""Decorator of functions always inlined: those called often, or from one place; calls that pass arrays cost time."""

once: Any = njit(inline="always", **_KERNEL_OPTIONS)
"""Decorator of functions called from one place of compiled code, and inlined before it is compiled: each function
between an entry point and the rest would be compiled once more together with all that it calls."""


def from_python(function: Any) -> Any:
    """Make a kernel callable from Python, to try it out or test it.

    Parameters
    ----------
    function : callable
        A kernel.

    Returns
    -------
    callable
        A function of the same arguments and result.
    """
    if config.DISABLE_JIT:
        return function

    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return njit(error_model="numpy")(call)
