"""The index of code built ahead: its functions, the types of their arguments, and its files with their checksums."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nephrosyn.kernels.sources import PACKAGE, digest_of

BUILT = PACKAGE / "kernels" / "built_ahead"
"""Folder of code built ahead."""
CONTENT = ("functions", "needs", "files", "sources")
FORMAT = 2
"""Version of the index and of how code takes its arguments."""


class UnusableError(Exception):
    """Code built ahead is damaged or cannot be loaded; the message says why."""


class ForeignError(UnusableError):
    """Code built ahead is for other machines."""


@dataclass(frozen=True)
class Index:
    """What was built.

    Attributes
    ----------
    folder : Path
        Folder of the files.
    digest : str
        Digest of its sources, after which the files are named.
    functions : dict
        For each entry point the variants: ``symbol``, layouts of the ``arguments``, and ``result``.
    needs : list of str
        Functions of the C library that the code calls, in the order of its table.
    files : dict
        For each kind of machine, and ``"bitcode"``: ``name``, ``sha256`` and required processor ``features``.
    sources : list of str
        Files of the package from which it was built.
    """

    folder: Path
    digest: str
    functions: dict[str, list[dict[str, Any]]]
    needs: list[str]
    files: dict[str, dict[str, Any]]
    sources: list[str]

    def checked(self, machine: str) -> Path:
        """Return the path of a file, after checking its content.

        Raises
        ------
        UnusableError
            If it is missing or damaged.
        """
        path = self.folder / str(self.files[machine]["name"])
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise UnusableError(f"{path.name} cannot be read ({error.strerror})") from None
        if digest != self.files[machine]["sha256"]:
            raise UnusableError(f"{path} is damaged")
        return path


def checksum(content: dict[str, Any]) -> str:
    """Return the checksum of an index without its own."""
    rest = {name: value for name, value in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_index(folder: Path, package: Path = PACKAGE) -> Index | None:
    """Read the index of code that was built from the sources of this package.

    Parameters
    ----------
    folder : Path
        Folder of code built ahead.
    package : Path
        Folder of the package.

    Returns
    -------
    Index or None
        None if there is none, or the code is of other sources.

    Raises
    ------
    UnusableError
        If it is damaged.
    """
    for path in sorted(folder.glob("*.json")):
        content = _checked_content(path)
        if _is_of_these_sources(content["sources"], package, path.stem):
            return Index(folder, path.stem, **{name: content[name] for name in CONTENT})
    return None


def _checked_content(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        if content["sha256"] != checksum(content) or content["format"] != FORMAT:
            raise UnusableError(f"{path} is damaged")
    except (OSError, ValueError, KeyError, TypeError):
        raise UnusableError(f"{path} is damaged") from None
    return content


def _is_of_these_sources(names: list[str], package: Path, digest: str) -> bool:
    try:
        return digest_of(package, names) == digest
    except OSError:  # a file was removed
        return False
