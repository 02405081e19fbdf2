"""CDATA for `xml.etree`, which has none: marks stand for the texts and are replaced after writing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_MARK = re.compile("\ue000([0-9]+)\ue001")


class CData:
    """Texts to be written as CDATA, each with a mark in the tree.

    Examples
    --------
    >>> cdata, root = CData(), ET.Element("text")
    >>> root.text = cdata.mark("<p>1 < 2]]></p>")
    >>> cdata.written(root)
    '<text><![CDATA[<p>1 < 2]]]]><![CDATA[></p>]]></text>'
    """

    def __init__(self) -> None:
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        """Store a text and return its mark."""
        self._texts.append(text)
        return f"\ue000{len(self._texts) - 1}\ue001"

    def written(self, root: ET.Element) -> str:
        """Return a tree as XML text with every mark replaced.

        Raises
        ------
        ValueError
            If a mark is missing, occurs twice or has no text: a text of the tree then looks like a mark.
        """
        plain = ET.tostring(root, encoding="unicode")
        numbers = [int(number) for number in _MARK.findall(plain)]
        if sorted(numbers) != list(range(len(self._texts))):
            raise ValueError("a text contains the characters that mark CDATA")
        return _MARK.sub(lambda mark: _section(self._texts[int(mark[1])]), plain)


def _section(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
