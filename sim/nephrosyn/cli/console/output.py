"""Standard output and error with any encoding: characters that they cannot show are replaced by readable ones.

Many encodings, mostly on Windows, have no typographic quotes, arrows or minus signs. A stream may also be closed, and
its reader may close it before everything is written.
"""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from typing import Any, TextIO

from nephrosyn.text_files import visible

ERRORS = "nephrosyn.readable"
"""Name of the error handler that replaces characters missing from an encoding by plain ones."""

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
USER_HANDLERS = ("ignore", "replace", "xmlcharrefreplace", "namereplace")
"""Error handlers that a user may have set in ``PYTHONIOENCODING``; they are not replaced."""


def readable(character: str) -> str:
    r"""Return readable ASCII characters in place of one that cannot be shown.

    Parameters
    ----------
    character : str
        One character.

    Returns
    -------
    str
        ASCII characters, or an escape with the code point.

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
    """Let standard output and error accept any text; a closed stream discards it."""
    _occupy()
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif hasattr(stream, "reconfigure") and stream.errors not in USER_HANDLERS:
            stream.reconfigure(errors=ERRORS)


def _occupy() -> None:
    """Open the standard descriptors that are closed, or the next opened file would take the place of a stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def as_printed(text: str) -> str:
    """Return a text as standard output will show it, for alignment.

    Parameters
    ----------
    text : str
        Text to print.

    Returns
    -------
    str
        The text with missing characters replaced.
    """
    encoding, errors = getattr(sys.stdout, "encoding", None), getattr(sys.stdout, "errors", None)
    if not encoding or errors != ERRORS or is_unicode(sys.stdout):
        return text
    return text.encode(encoding, ERRORS).decode(encoding)


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream can show every character."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").replace("_", "").startswith("utf")


def give_up(stream: TextIO) -> None:
    """Discard the buffer of a stream that cannot be written, or Python would try again at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream without a descriptor
        return
