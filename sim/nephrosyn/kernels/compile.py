"""How the model is compiled, and where compiled copies are kept: one place for both.

What compiled code calls is compiled without numba's reference counts: it gets its arrays from an entry point that holds
them, and makes none of its own. Counting took two fifths of a course's time.

Only entry points are kept on disk; what they call is compiled into them. numba looks at the file of an entry point
alone to tell whether its copy is stale, so copies are kept in a folder named for all sources they may be made of: after
a change of any of them there is another folder. It lies in the user's cache, or in ``NUMBA_CACHE_DIR`` where that is
set. Where neither can be written, nothing is kept and every process compiles for itself; a warning says so. What is
damaged among the copies is thrown away and made anew (`copies`); those of another processor stay beside this one's.
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

from nephrosyn.kernels.cache import CheckedCache, CopyWarning, NoCache, throw_away_damaged
from nephrosyn.kernels.numba_linking import EntryCompiler, KernelCompiler

COMPILED_ROOMS = (
    "vocabulary.py",
    "text_files.py",
    "errors.py",
    "user_input.py",
    "kernels",
    "scenario",
    "patients",
    "course",
    "engine",
    "record",
    "criteria",
)
"""Rooms of the package that compiled functions are made of; a change of any other leaves cached copies valid."""

FOLDERS_KEPT = 4
"""So many folders of copies stay, the latest used; a few, because several versions may be in use by turns."""


def sources_digest(package: Path) -> str:
    """Digest of all that compiled copies depend on.

    Parameters
    ----------
    package : Path
        Folder of the package.

    Returns
    -------
    str
        Another one after any change of a source, of numba or of Python.
    """
    digest = hashlib.sha256(f"{numba.__version__} {sys.implementation.cache_tag} {platform.machine()}".encode())
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] in COMPILED_ROOMS:
            digest.update(f"\n{name.as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _caches() -> Path:
    """Where a user's programs keep what can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


_not_kept: list[str] = []


def _folder() -> Path | None:
    """Make the folder of this version's copies; None where nothing can be kept, or nothing is compiled."""
    if config.DISABLE_JIT:
        return None
    home: Path | None = None
    try:
        home = (Path(config.CACHE_DIR) if config.CACHE_DIR else _caches()) / "nephrosyn"
        folder = home / sources_digest(Path(__file__).parents[1])
        fresh = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _not_kept.append(f"{f'{home}: ' if home else ''}{reason}")
        return None
    if fresh:
        remove_old(home)
    return folder


def remove_old(home: Path) -> None:
    """Remove all folders of copies but the latest used; another process may be doing the same.

    Parameters
    ----------
    home : Path
        Where they lie.
    """
    used = []
    for folder in home.iterdir():
        try:
            used.append((folder.stat().st_mtime, folder))
        except OSError:
            continue
    for _, folder in sorted(used, reverse=True)[FOLDERS_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


KEPT_IN = _folder()
"""Folder of compiled copies; None where none are kept."""


@contextmanager
def _copies_in(folder: Path) -> Iterator[None]:
    """Tell numba where copies go, for the functions decorated meanwhile; other packages' copies stay where they are."""
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def entry(function: Callable[..., Any]) -> Any:
    """Compile what is called from Python; its compiled copy is kept on disk.

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
    if KEPT_IN is None:
        compiled = njit(**options)(function)
        compiled._cache = NoCache(_say_that_nothing_is_kept)
        return compiled
    with _copies_in(KEPT_IN):
        compiled = njit(cache=True, **options)(function)
        compiled._cache = CheckedCache(function)
    return compiled


def is_kept(function: Any) -> bool:
    """Whether a compiled copy of an entry point lies on disk, whole and for this processor.

    Damaged copies, of whichever function, are removed at the first question; a `CopyWarning` says so, and also if
    nothing can be kept.

    Parameters
    ----------
    function : callable
        An entry point.

    Returns
    -------
    bool
        True also where compilation is switched off.
    """
    if config.DISABLE_JIT:
        return True
    if KEPT_IN is None:
        _say_that_nothing_is_kept()
        return False
    _look_through(KEPT_IN)
    on_disk: bool = function._cache.has_copy(function.targetctx)
    return on_disk


@cache
def _look_through(folder: Path) -> None:
    """Throw away what is damaged, once in a process."""
    throw_away_damaged(folder)


@cache
def _say_that_nothing_is_kept() -> None:
    """Warn once in a process."""
    where = f" ({_not_kept[0]})" if _not_kept else ""
    warnings.warn(
        f"there is no folder to keep the compiled model in{where}: every run compiles it anew, about a minute; "
        "name a folder that can be written in the environment variable NUMBA_CACHE_DIR",
        CopyWarning,
        stacklevel=2,
    )


_INNER = {"error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}

shared: Any = njit(**_INNER)
"""Called from compiled code and from Python."""

_PIECE = {"no_cpython_wrapper": True, "pipeline_class": KernelCompiler, **_INNER}

kernel: Any = njit(**_PIECE)
"""Called from compiled code only: no machine code is made of it by itself."""

inline: Any = njit(forceinline=True, **_PIECE)
"""Called from compiled code, often, and always inlined: calls that pass arrays are not free."""

once: Any = njit(inline="always", **_PIECE)
"""Called from one place of compiled code, and made part of it before it is compiled: each function between an entry
point and the rest would be compiled once more with all that it calls."""


def from_python(function: Any) -> Any:
    """Make what only compiled code calls callable from Python, to try it out or test it.

    Parameters
    ----------
    function : callable
        A kernel.

    Returns
    -------
    callable
        Takes the same arguments, gives the same answer.
    """
    if config.DISABLE_JIT:
        return function

    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return njit(error_model="numpy")(call)
