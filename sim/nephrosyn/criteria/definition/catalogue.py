"""Files of definition sets: the shipped ones by name, any other by its path."""

from __future__ import annotations

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path

from nephrosyn.errors import CriteriaError, Problem
from nephrosyn.scenario.files.catalogue import SUFFIX, content, is_path, shipped_sets
from nephrosyn.text_files import UnreadableError, is_readable
from nephrosyn.user_input import nearest


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
    return {name: str(tomllib.loads(file.read_text("utf-8")).get("title", "")) for name, file in shipped_sets().items()}


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
    requested = str(name_or_path)
    names = shipped_sets()
    if isinstance(name_or_path, str) and requested in names:
        return names[requested]
    path = Path(name_or_path)
    if is_readable(path):
        return path
    meant_as_path = isinstance(name_or_path, Path) or is_path(requested)
    expected = "a file" if meant_as_path else f"a file or one of the shipped sets ({', '.join(names)})"
    a_folder = "\0" not in requested and path.is_dir()
    got = "a folder" if a_folder else "no such file" if meant_as_path else "no set of this name"
    raise CriteriaError(requested, [Problem(requested, expected, got, nearest(path.name.removesuffix(SUFFIX), names))])
