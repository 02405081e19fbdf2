"""The formats cases are written in: each a module of this room with one function, imported when asked for.

``write(sets, primary, folder)`` gets the same cases in one system of units or in both, which of them comes first, and
an existing folder; it returns the files written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from nephrosyn.errors import CasesError
from nephrosyn.teach.model import CaseSet, UnitSystem

Writer: TypeAlias = Callable[[dict[UnitSystem, CaseSet], UnitSystem, Path], list[Path]]

FORMATS: Mapping[str, str] = {
    "html": "nephrosyn.teach.formats.html",
    "markdown": "nephrosyn.teach.formats.markdown",
    "moodle": "nephrosyn.teach.formats.moodle",
    "anki": "nephrosyn.teach.formats.anki",
    "qti": "nephrosyn.teach.formats.qti",
    "scorm": "nephrosyn.teach.formats.scorm",
    "rexams": "nephrosyn.teach.formats.rexams",
    "json": "nephrosyn.teach.formats.json_format",
}
"""Name of each format and the module that writes it."""


def chosen(asked: Sequence[str]) -> list[str]:
    """Return the formats asked for, each once, in the order asked; every unknown one is told at once.

    Parameters
    ----------
    asked : sequence of str
        Names, or several in one text with commas between.

    Raises
    ------
    CasesError
        If one is unknown, or none is named.

    Examples
    --------
    >>> chosen(["json,html", "json"])
    ['json', 'html']
    """
    names = list(dict.fromkeys(name.strip() for text in asked for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise CasesError(f"--format: expected some of {', '.join(FORMATS)}; got {', '.join(unknown) or 'none'}")
    return names


def writer(name: str) -> Writer:
    """Return the function that writes a format.

    Parameters
    ----------
    name : str
        One of `FORMATS`.

    Raises
    ------
    CasesError
        If the format is unknown, or what it needs is not installed.
    """
    module = FORMATS[chosen([name])[0]]
    try:
        write: Writer = import_module(module).write
    except ModuleNotFoundError as error:
        raise CasesError(
            f"--format {name}: {error.name} is not installed; install it with: pip install {error.name}"
        ) from None
    return write
