"""Standard output and error of any kind: what they cannot show is written so that it still reads well.

A terminal or pipe has an encoding; many, above all on Windows, have no typographic quotes, arrows or minus signs. A
stream may also be closed, or its reader may leave before everything is written.
"""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from typing import Any, TextIO

from nephrosyn.text_files import visible

ERRORS = "nephrosyn.readable"
"""Name of the error handler that puts plain characters for those an encoding does not have."""

PLAIN = {
    **dict.fromkeys("“”„«»″", '"'),
    **dict.fromkeys("‘’‚‹›′", "'"),
    **dict.fromkeys("‐‑‒–—−━─", "-"),
    **dict.fromkeys("•·", "*"),
    "→": "->",
    "←": "<-",
    "↔": "<->",
    "↑": "^",
    "↓": "v",
    "±": "+/-",
    "×": "x",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "⁄": "/",
    "°": " degrees",
    "μ": "u",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ı": "i",
}
KEPT_CHOICES = ("ignore", "replace", "xmlcharrefreplace", "namereplace")
"""What a user may have asked for in ``PYTHONIOENCODING``; it stays."""


def readable(character: str) -> str:
    r"""Return plain characters that read like one that cannot be shown.

    Parameters
    ----------
    character : str
        One character.

    Returns
    -------
    str
        ASCII; its number where nothing reads like it.

    Examples
    --------
    >>> "".join(map(readable, "“é → ⅓…”")), readable("\u4e2d")
    ('"e -> 1/3..."', '\\u4e2d')
    """
    parts = character if character in PLAIN else unicodedata.normalize("NFKD", character)
    plain = "".join(_plain(part) for part in parts if not unicodedata.combining(part))
    return plain if plain.isascii() and plain else visible(character).encode("ascii", "backslashreplace").decode()


def _plain(part: str) -> str:
    return PLAIN[part.lower()].upper() if part.isupper() and part.lower() in PLAIN else PLAIN.get(part, part)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(readable, error.object[error.start : error.end])), error.end


codecs.register_error(ERRORS, _replace)


def prepare() -> None:
    """Make standard output and error take any text; one that is closed takes it and shows nothing."""
    _occupy()
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif hasattr(stream, "reconfigure") and stream.errors not in KEPT_CHOICES:
            stream.reconfigure(errors=ERRORS)


def _occupy() -> None:
    """Open what is closed of the first three descriptors: the next file opened would be taken for such a stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def shown(text: str) -> str:
    """Return a text as standard output will show it, to align it.

    Parameters
    ----------
    text : str
        What is to be printed.

    Returns
    -------
    str
        The same where the encoding has all of it.
    """
    encoding, errors = getattr(sys.stdout, "encoding", None), getattr(sys.stdout, "errors", None)
    if not encoding or errors != ERRORS or is_unicode(sys.stdout):
        return text
    return text.encode(encoding, ERRORS).decode(encoding)


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream can show every character."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").replace("_", "").startswith("utf")


def give_up(stream: TextIO) -> None:
    """Discard what a stream still holds, if its reader has left or it is full: Python would try again at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream without a descriptor
        return
