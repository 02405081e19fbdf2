"""Text from outside the package: reading files, checking their characters, and escaping what is shown.

All text files of a user are read here, with or without a byte-order mark, from a file or a pipe, up to a size limit.
Invisible characters (control characters, changes of writing direction, characters that XML does not allow) can change
what a terminal or a page displays. They are rejected where a text is read, and escaped where one is shown.
"""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MEGABYTE = 1 << 20
DEEPEST = 50
"""Deepest nesting of tables and lists that is accepted; a scenario has nine levels."""
LINE_BREAKS = "\n\t"
UTF16_SIGNATURES = (b"\xff\xfe", b"\xfe\xff")

_BEYOND_CONTROLS = (
    "\x7f-\x9f"  # more controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u2028\u2029\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # separators, byte-order mark, notes, tags
    "\ud800-\udfff"  # halves of characters
    "\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
)
HIDDEN = re.compile(f"[\x00-\x1f{_BEYOND_CONTROLS}]")
"""An invisible or invalid character."""
SUSPECT_JSON = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_BEYOND_CONTROLS}]|\\\\[bfru]")
"""JSON text without a match contains no such character, which saves walking through long manifests."""


class UnreadableError(ValueError):
    """A file that cannot be used as text.

    Attributes
    ----------
    expected : str
        What should be there.
    actual : str
        What is there.
    """

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(f"expected {expected}; found {actual}")


def visible(text: str, keep: str = "") -> str:
    r"""Return a text with invisible characters escaped.

    Parameters
    ----------
    text : str
        Any text.
    keep : str
        Characters to leave as they are, such as line breaks.

    Returns
    -------
    str
        Text that is safe on a terminal and in XML.

    Examples
    --------
    >>> print(visible("a\x1b[31m\u202e\n"))
    a\x1b[31m\u202e\n
    """
    return HIDDEN.sub(lambda match: match[0] if match[0] in keep else _escaped(match[0]), text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not valid text
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("ascii", "backslashreplace").decode() if code > 0x7E else repr(character)[1:-1]


def hidden(text: str, keep: str = "") -> str:
    r"""Return the first invisible character of a text, escaped; empty if there is none.

    Examples
    --------
    >>> hidden("plain"), hidden("two\nlines", keep=LINE_BREAKS), hidden("a\x07")
    ('', '', '\\x07')
    """
    return next((_escaped(match[0]) for match in HIDDEN.finditer(text) if match[0] not in keep), "")


def hidden_in(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    r"""Yield path and text of every text in a tree, including keys, that contains an invisible character.

    Line breaks are allowed in texts, but not in keys.

    Parameters
    ----------
    tree : table, list or value
        As read from TOML or JSON; not deeper than `DEEPEST`.

    Examples
    --------
    >>> list(hidden_in({"title": "a\x07", "text": "two\nlines", "more": [{"b\x07": 1}]}))
    [(('title',), 'a\x07'), (('more', '0', 'b\x07'), 'b\x07')]
    """
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if HIDDEN.search(key):
                yield (*path, key), key
            yield from hidden_in(value, (*path, key))
    elif isinstance(tree, list | tuple):
        for place, value in enumerate(tree):
            yield from hidden_in(value, (*path, str(place)))
    elif isinstance(tree, str) and hidden(tree, keep=LINE_BREAKS):
        yield path, tree


def is_too_deep(tree: Any, deepest: int = DEEPEST) -> bool:
    """Whether tables and lists are nested deeper than a limit.

    Examples
    --------
    >>> is_too_deep([[[1]]], 2), is_too_deep([[[1]]], 3)
    (True, False)
    """
    level = [tree]
    for _ in range(deepest + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: Any) -> Iterator[Any]:
    inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else ()
    yield from inner


def is_readable(path: Path) -> bool:
    """Whether there is something readable at a path: a file, a pipe or a device, but not a folder."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


_pipe_contents: list[dict[tuple[int, int], bytes]] = []


@contextmanager
def remember_pipes() -> Iterator[None]:
    """Remember the content of pipes inside the block: a pipe can be read only once, and a command may read it twice."""
    _pipe_contents.append({})
    try:
        yield
    finally:
        _pipe_contents.pop()


def read_bytes(path: Path, most: int) -> bytes:
    """Read a file or a pipe.

    Parameters
    ----------
    path : Path
        The file. A pipe can be read only once, except within `remember_pipes`.
    most : int, bytes
        Largest size accepted.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    UnreadableError
        If it cannot be read, or is too long.
    """
    try:
        status = path.stat()
        remembered = _pipe_contents[-1] if _pipe_contents and not stat.S_ISREG(status.st_mode) else {}
        content = remembered.get((status.st_dev, status.st_ino))
        if content is None:
            with path.open("rb") as file:
                content = remembered[status.st_dev, status.st_ino] = file.read(most + 1)
    except OSError as error:
        raise UnreadableError("a readable file", error.strerror or "an error while reading") from None
    if len(content) > most:
        raise UnreadableError(f"a file of at most {most / MEGABYTE:g} MB", "a longer one")
    return content


def decoded(content: bytes) -> str:
    """Return bytes as text, without a byte-order mark.

    Parameters
    ----------
    content : bytes
        UTF-8, or UTF-16 with a byte-order mark, as some Windows editors write.

    Returns
    -------
    str
        The text.

    Raises
    ------
    UnreadableError
        If it is neither.

    Examples
    --------
    >>> decoded("a".encode("utf-8-sig")), decoded("a".encode("utf-16"))
    ('a', 'a')
    """
    utf16 = content.startswith(UTF16_SIGNATURES)
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("UTF-8 text", f"a byte that is none, at position {error.start}") from None


def read_text(path: Path, most: int = MEGABYTE) -> str:
    """Read a text file or a pipe.

    Parameters
    ----------
    path : Path
        The file.
    most : int, bytes
        Largest size accepted.

    Returns
    -------
    str
        The text, without a byte-order mark.

    Raises
    ------
    UnreadableError
        If it cannot be read, is too long, or is not text.
    """
    return decoded(read_bytes(path, most))


def parsed_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Parameters
    ----------
    text : str
        The content of a file.

    Returns
    -------
    dict
        Tables, nested at most `DEEPEST` deep.

    Raises
    ------
    UnreadableError
        If it is not TOML (with line and column), or is nested too deeply.

    Examples
    --------
    >>> parsed_toml("a.b = 1")
    {'a': {'b': 1}}
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError("TOML", f"a syntax error: {error}") from None
    except RecursionError:
        raise UnreadableError("TOML", "lists or tables nested too deeply") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise UnreadableError("TOML", str(error)) from None
    if is_too_deep(tree):
        raise UnreadableError("TOML", "lists or tables nested too deeply")
    return tree


def parsed_json(content: str | bytes) -> Any:
    """Parse JSON.

    Parameters
    ----------
    content : str or bytes
        The text, or UTF-8 with or without a byte-order mark.

    Returns
    -------
    object
        Tables, lists, texts and numbers, nested at most `DEEPEST` deep, without invisible characters.

    Raises
    ------
    UnreadableError
        If it is not JSON, is nested too deeply, or contains invisible characters.

    Examples
    --------
    >>> parsed_json(b"[1, 2]")
    [1, 2]
    """
    text = content if isinstance(content, str) else decoded(content)
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise UnreadableError("JSON", str(error)) from None
    except RecursionError:
        raise UnreadableError("JSON", "lists or tables nested too deeply") from None
    if is_too_deep(tree):
        raise UnreadableError("JSON", "lists or tables nested too deeply")
    for path, wrong in hidden_in(tree) if SUSPECT_JSON.search(text) else ():
        first = hidden(wrong, keep=LINE_BREAKS) or hidden(wrong)
        raise UnreadableError("text without control characters", f"{first} at {visible('.'.join(path))}")
    return tree
