"""Compilation by numba, where no code built ahead serves.

Functions called by compiled code are compiled without numba's reference counts: an entry point holds their arrays, and
they create none. Counting took two fifths of a course's time.

Only entry points are cached on disk; the functions they call are compiled into them. numba checks only the file of an
entry point to see whether its cache is stale, so the cache folder is named after a digest of all sources
(`nephrosyn.kernels.cache_folder`). Where it cannot be written, nothing is cached and every process compiles for itself,
with a warning. Damaged files are removed and compiled again (`nephrosyn.kernels.numba_cache`); code for several
processors may lie in one folder.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import config, njit, typeof

from nephrosyn.kernels.cache_folder import cache_folder, warn_without_cache
from nephrosyn.kernels.numba_cache import CheckedCache, NoCache, remove_damaged
from nephrosyn.kernels.numba_linking import EntryCompiler, KernelCompiler

DURATION = "about a minute"

_INNER_OPTIONS = {"error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
_KERNEL_OPTIONS = {"no_cpython_wrapper": True, "pipeline_class": KernelCompiler, **_INNER_OPTIONS}
_ENTRY_OPTIONS = {"error_model": "numpy", "no_cfunc_wrapper": True, "pipeline_class": EntryCompiler}
OPTIONS = {
    "shared": _INNER_OPTIONS,
    "kernel": _KERNEL_OPTIONS,
    "inline": {"forceinline": True, **_KERNEL_OPTIONS},
    "once": {"inline": "always", **_KERNEL_OPTIONS},
}
"""numba's options by the decorator of `nephrosyn.kernels.compile`."""


@cache
def numba_cache_folder() -> Path | None:
    """Return the folder of code that numba compiles; it depends on numba, Python and the kind of processor, too."""
    return cache_folder(f"-numba-{numba.__version__}-{sys.implementation.cache_tag}-{platform.machine()}")


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Set numba's cache folder for the functions decorated meanwhile; caches of other packages stay where they are."""
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def compiled_kernel(function: Callable[..., Any], decorator: str) -> Any:
    """Return numba's function for one that other compiled functions call.

    Parameters
    ----------
    function : callable
        Plain function.
    decorator : str
        Key of `OPTIONS`.
    """
    return njit(**OPTIONS[decorator])(function)


def compiled_entry(function: Callable[..., Any]) -> Any:
    """Return numba's function for one that is called from Python; its code is cached on disk.

    Parameters
    ----------
    function : callable
        Plain function.
    """
    folder = numba_cache_folder()
    if folder is None:
        compiled = njit(**_ENTRY_OPTIONS)(function)
        compiled._cache = NoCache(_warn_without_cache)
        return compiled
    with _cache_in(folder):
        compiled = njit(cache=True, **_ENTRY_OPTIONS)(function)
        compiled._cache = CheckedCache(function)
    return compiled


def _warn_without_cache() -> None:
    warn_without_cache(DURATION)


def is_cached(compiled: Any) -> bool:
    """Whether the code of an entry point is cached for this processor and undamaged.

    The first call removes damaged files of all functions. It gives a `CacheWarning` if there are any, or if nothing
    can be cached.

    Parameters
    ----------
    compiled : callable
        What `compiled_entry` returned.
    """
    folder = numba_cache_folder()
    if folder is None:
        _warn_without_cache()
        return False
    _check_once(folder)
    on_disk: bool = compiled._cache.has_code(compiled.targetctx)
    return on_disk


@cache
def _check_once(folder: Path) -> None:
    """Remove damaged files, once per process."""
    remove_damaged(folder)


def bound(compiled: Any, leading: int, arrays: tuple[Any, ...]) -> Callable[..., Any]:
    """Return the code for integers followed by these arrays; calling it directly saves numba's search by type.

    Parameters
    ----------
    compiled : callable
        What `compiled_entry` returned.
    leading : int
        Number of the integers.
    arrays : tuple
        The other arguments.

    Returns
    -------
    callable
        A function of the integers.
    """
    types = tuple(typeof(argument) for argument in (*[0] * leading, *arrays))
    compiled.compile(types)
    code = compiled.get_overload(types)
    return lambda *integers: code(*integers, *arrays)
