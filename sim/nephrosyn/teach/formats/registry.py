"""The export formats: each is a module with one function, imported when the format is requested.

``write(sets, primary, folder)`` takes the same cases in one or both systems of units, the primary system and an
existing folder; it returns the files written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from nephrosyn.errors import CasesError
from nephrosyn.teach.model import CaseSet, UnitSystem

Writer: TypeAlias = Callable[[dict[UnitSystem, CaseSet], UnitSystem, Path], list[Path]]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    module : str
        Module with the function `write`.
    files : str
        Regular expression for the names it writes into the folder of the cases; such files may be overwritten.
    """

    module: str
    files: str


FORMATS: Mapping[str, Format] = {
    "html": Format("nephrosyn.teach.formats.html", r"cases[-a-z]*\.html"),
    "markdown": Format("nephrosyn.teach.formats.markdown", r"cases[-a-z]*(\.md)?"),
    "moodle": Format("nephrosyn.teach.formats.moodle", r"cases[-a-z]*\.xml"),
    "anki": Format("nephrosyn.teach.formats.anki", r"cases[-a-z]*\.apkg"),
    "qti": Format("nephrosyn.teach.formats.qti", r"cases[-a-z]*\.zip"),
    "scorm": Format("nephrosyn.teach.formats.scorm", r"cases[-a-z]*\.zip"),
    "rexams": Format("nephrosyn.teach.formats.rexams", r"rexams"),
    "json": Format("nephrosyn.teach.formats.json_format", r"cases[-a-z]*\.json"),
}
"""Every format by its name."""


def selected(requested: Sequence[str]) -> list[str]:
    """Return the requested formats, each once and in order; all unknown names are reported together.

    Parameters
    ----------
    requested : sequence of str
        Names; one text may hold several, separated by commas.

    Raises
    ------
    CasesError
        If a format is unknown, or none is given.

    Examples
    --------
    >>> selected(["json,html", "json"])
    ['json', 'html']
    """
    names = list(dict.fromkeys(name.strip() for text in requested for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise CasesError(f"format: expected some of {', '.join(FORMATS)}; got {', '.join(unknown) or 'none'}")
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
        If the format is unknown, or a package that it needs is not installed.
    """
    module = FORMATS[selected([name])[0]].module
    try:
        write: Writer = import_module(module).write
    except ModuleNotFoundError as error:
        raise CasesError(
            f"format {name}: {error.name} is not installed; install it with: pip install {error.name}"
        ) from None
    return write
