"""Files of definition sets: the shipped ones by name, any other by its path."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from nephrosyn.errors import CriteriaError, Problem
from nephrosyn.scenario.files.catalogue import shipped_sets
from nephrosyn.text_files import UnreadableError
from nephrosyn.toml_files import content, find, titles_of


def sets() -> tuple[str, ...]:
    """Return the names of the shipped definition sets, in alphabetical order.

    Examples
    --------
    >>> "source" in sets()
    True
    """
    return tuple(shipped_sets())


def titles() -> dict[str, str]:
    """Return the title of each shipped definition set, without checking the rest of it.

    Examples
    --------
    >>> bool(titles()["source"])
    True
    """
    return titles_of(shipped_sets())


def text(name_or_path: str | Path) -> str:
    """Return the text of the file of a definition set, to copy and edit.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, or the path of a file.

    Returns
    -------
    str
        TOML.

    Raises
    ------
    CriteriaError
        If there is no such set (with the nearest names), or it cannot be read.

    Examples
    --------
    >>> 'name = "source"' in text("source")
    True
    """
    requested = str(name_or_path)
    try:
        return content(locate(name_or_path))
    except UnreadableError as error:
        raise CriteriaError(requested, [Problem(requested, error.expected, error.actual)]) from None


def locate(name_or_path: str | Path) -> Traversable:
    """Find the file of a definition set by its shipped name or its path.

    Raises
    ------
    CriteriaError
        If there is none, with the nearest names.
    """
    file = find(name_or_path, shipped_sets(), "set")
    if isinstance(file, Problem):
        raise CriteriaError(str(name_or_path), [file])
    return file
