"""The sources that compiled code depends on, and their digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).absolute().parents[1]
"""Folder of this package."""
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
"""Parts of the package that contain compiled functions; compiled code does not depend on any other part."""
DIGITS = 16


@cache
def sources_digest(package: Path) -> str:
    """Digest of all sources that compiled code may depend on; line ends do not count.

    Code that numba compiles is cached under this name.

    Parameters
    ----------
    package : Path
        Folder of the package.

    Returns
    -------
    str
        Start of a SHA-256, the same on every platform.

    Examples
    --------
    >>> len(sources_digest(PACKAGE))
    16
    """
    return digest_of(package, _source_files(str(package)))


def digest_of(package: Path, names: Sequence[str]) -> str:
    """Digest of some sources; line ends do not count.

    Parameters
    ----------
    package : Path
        Folder of the package.
    names : sequence of str
        Files, relative to it.

    Returns
    -------
    str
        Start of a SHA-256, the same on every platform.

    Raises
    ------
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> digest_of(PACKAGE, ["vocabulary.py"]) == digest_of(PACKAGE, ["errors.py"])
    False
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        with open(f"{package}/{name}", "rb") as file:  # noqa: PTH123 - objects for so many paths would take longer
            digest.update(f"\n{name}\n".encode() + file.read().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:DIGITS]


def _source_files(package: str) -> list[str]:
    """Return the names of the Python files of the compiled rooms, relative to the package."""
    names = [room for room in COMPILED_ROOMS if room.endswith(".py")]
    for room in COMPILED_ROOMS:
        for folder, _, files in os.walk(f"{package}/{room}"):
            inside = folder[len(package) + 1 :].replace(os.sep, "/")
            names += [f"{inside}/{file}" for file in files if file.endswith(".py")]
    return names
