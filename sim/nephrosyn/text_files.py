"""Text that comes from outside: how a file of it is read, which characters it may hold, how it is shown.

One reader for all text files of a user: with or without a byte-order mark, from a file or from a pipe, up to a size.
Characters that do not show themselves (controls, changes of writing direction, what XML cannot hold) may rearrange what
a terminal or a page shows; they are refused where a text is read, and escaped where one is shown.
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
"""So many tables or lists may stand inside one another; a scenario has nine."""
LINE_BREAKS = "\n\t"
UTF16_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")

_BEYOND_CONTROLS = (
    "\x7f-\x9f"  # more controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u2028\u2029\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # separators, byte-order mark, notes, tags
    "\ud800-\udfff"  # halves of characters
    "\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
)
HIDDEN = re.compile(f"[\x00-\x1f{_BEYOND_CONTROLS}]")
"""A character that does not show itself, or that is none."""
SUSPECT_JSON = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_BEYOND_CONTROLS}]|\\\\[bfru]")
"""JSON without it holds no text with such a character; a manifest of many parts is long to walk through."""


class UnreadableError(ValueError):
    """A file that cannot be used as text.

    Attributes
    ----------
    expected : str
        What should be there.
    found : str
        What is.
    """

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(f"expected {expected}; found {actual}")


def visible(text: str, keep: str = "") -> str:
    r"""Return a text with every character escaped that does not show itself.

    Parameters
    ----------
    text : str
        Any text.
    keep : str
        Characters that may stand as they are, as line breaks.

    Returns
    -------
    str
        Harmless on a terminal and in XML.

    Examples
    --------
    >>> print(visible("a\x1b[31m\u202e\n"))
    a\x1b[31m\u202e\n
    """
    return HIDDEN.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no text
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("ascii", "backslashreplace").decode() if code > 0x7E else repr(character)[1:-1]


def hidden(text: str, keep: str = "") -> str:
    r"""Return the first character of a text that does not show itself, escaped; empty if there is none.

    Examples
    --------
    >>> hidden("plain"), hidden("two\nlines", keep=LINE_BREAKS), hidden("a\x07")
    ('', '', '\\x07')
    """
    return next((_escaped(match[0]) for match in HIDDEN.finditer(text) if match[0] not in keep), "")


def hidden_in(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    r"""Yield place and text of every text in a tree, keys too, with a character that does not show itself.

    A text may have several lines, a key may not.

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
    """Whether more than so many tables and lists stand inside one another.

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
    """Whether something that can be read stands at a path: a file, a pipe or a device, but no folder."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


_pipe_contents: list[dict[tuple[int, int], bytes]] = []


@contextmanager
def remember_pipes() -> Iterator[None]:
    """Keep what comes through pipes meanwhile: they can be read once only, and a command may look twice."""
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
        Where; a pipe can be read once only, but within `remember_pipes`.
    most : int, bytes
        Refuse more than that.

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
        facts = path.stat()
        remembered = _pipe_contents[-1] if _pipe_contents and not stat.S_ISREG(facts.st_mode) else {}
        content = remembered.get((facts.st_dev, facts.st_ino))
        if content is None:
            with path.open("rb") as file:
                content = remembered[facts.st_dev, facts.st_ino] = file.read(most + 1)
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
        UTF-8, or UTF-16 with a byte-order mark, as some Windows editors save.

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
    utf16 = content.startswith(UTF16_BYTE_ORDER_MARKS)
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("UTF-8 text", f"a byte that is none, at position {error.start}") from None


def read_text(path: Path, most: int = MEGABYTE) -> str:
    """Read a text file of a user, or a pipe.

    Parameters
    ----------
    path : Path
        Where.
    most : int, bytes
        Refuse more than that.

    Returns
    -------
    str
        Its text, without a byte-order mark.

    Raises
    ------
    UnreadableError
        If it cannot be read, is too long, or is no text.
    """
    return decoded(read_bytes(path, most))


def parsed_toml(text: str) -> dict[str, Any]:
    """Return TOML as tables.

    Parameters
    ----------
    text : str
        As it stands in a file.

    Returns
    -------
    dict
        Not nested deeper than `DEEPEST`.

    Raises
    ------
    UnreadableError
        If it is no TOML, with line and column, or is nested too deeply.

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
    """Return JSON as plain values.

    Parameters
    ----------
    content : str or bytes
        The text, or UTF-8 with or without a byte-order mark.

    Returns
    -------
    object
        Of tables, lists, texts and numbers, not nested deeper than `DEEPEST`, and without characters that do not show
        themselves.

    Raises
    ------
    UnreadableError
        Whatever is wrong with it.

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
