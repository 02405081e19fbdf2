"""The HTML and the files within a question, read without trusting them."""

from __future__ import annotations

import base64
import binascii
import math
from functools import lru_cache
from html.parser import HTMLParser

from nephrosyn.teach.lint.png import png_size

PLUGIN_FILE = "@@PLUGINFILE@@/"
"""Prefix by which Moodle's texts refer to their files."""
_ACTIVE = {"script", "iframe", "object", "embed", "link", "style", "form"}


class Seen(HTMLParser):
    """The content of an HTML text.

    Attributes
    ----------
    words : list of str
        Texts.
    pictures : list of str
        Address of each picture.
    without_words : int
        Number of pictures without alternative text.
    foreign : list of str
        What would be loaded from elsewhere or executed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.pictures: list[str] = []
        self.without_words = 0
        self.foreign: list[str] = []

    def handle_data(self, data: str) -> None:
        """Store a text."""
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check an element's addresses and handlers."""
        attributes = {name: value or "" for name, value in attrs}
        if tag in _ACTIVE or any(name.startswith("on") for name in attributes):
            self.foreign.append(f"element {tag}")
        if tag == "img":
            self.pictures.append(attributes.get("src", ""))
            self.without_words += not attributes.get("alt", "").strip()
        address = attributes.get("src", attributes.get("href", ""))
        if (tag == "img" or address) and not is_plugin_file(address):
            self.foreign.append(f"address {address!r}")


@lru_cache(maxsize=64)
def read(html: str) -> Seen:
    """Return the content of an HTML text, cached because several rules read the same text in turn."""
    seen = Seen()
    seen.feed(html)
    seen.close()
    return seen


def plain_text(html: str) -> str:
    """Return the words of an HTML text; a text with only a picture is not empty.

    Examples
    --------
    >>> plain_text("<p>1 &lt; 2</p>")
    '1 < 2'
    """
    seen = read(html)
    return " ".join(" ".join([*seen.words, *seen.pictures]).split())


def is_plugin_file(address: str) -> bool:
    """Whether an address refers to a file of the question."""
    name = address.removeprefix(PLUGIN_FILE)
    return name != address and bool(name) and "/" not in name


def picture_fault(text: str, encoding: str | None) -> str:
    """Return what is wrong with the content of a file element; empty if nothing is."""
    if encoding != "base64":
        return f"encoding {encoding}"
    try:
        png_size(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        return str(error)
    return ""


def number(text: str) -> float | None:
    """Return a text as a finite number; None if it is not one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
