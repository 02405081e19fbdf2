"""The displayed part of a case as elements that are both XHTML and HTML, for all formats that need them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from xml.etree import ElementTree as ET

from nephrosyn.teach.formats.questions import Item, hint
from nephrosyn.teach.model import Column, Figure, Section, Table

_FORBIDDEN = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that are not allowed in an XML 1.0 document, even escaped."""

_VOID = re.compile("></(?:br|img)>")
"""The end of void elements; any other empty element needs its end tag in HTML."""


def clean(text: str) -> str:
    r"""Return a text without characters that XML forbids, and with line feeds as line ends.

    Examples
    --------
    >>> clean("3 \x00<\r\n4")
    '3 <\n4'
    """
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return a text for an attribute or a name: cleaned, with white space collapsed to single spaces."""
    return " ".join(clean(text).split())


def add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """Append an element with cleaned text, and return it."""
    child = ET.SubElement(parent, tag, {name.rstrip("_"): one_line(value) for name, value in attributes.items()})
    child.text = clean(text) or None
    return child


def paragraphs(parent: ET.Element, texts: Iterable[str]) -> None:
    """Append each text as a paragraph."""
    for text in texts:
        add(parent, "p", text)


def _heading(row: ET.Element, column: Column) -> None:
    cell = add(row, "th", column.name, scope="col")
    for line in (column.unit, column.reference and f"reference {column.reference}"):
        if line:
            add(cell, "br").tail = clean(line)


def table(parent: ET.Element, content: Table) -> None:
    """Append a table as displayed: name, unit and reference range above each column."""
    element = add(parent, "table", class_="results")
    add(element, "caption", content.caption)
    row = add(add(element, "thead"), "tr")
    for column in content.columns:
        _heading(row, column)
    body = add(element, "tbody")
    for texts in content.rows:
        row = add(body, "tr")
        for text in texts:
            add(row, "td", text)


def section(parent: ET.Element, content: Section, source: Callable[[Figure], str]) -> None:
    """Append a section: heading, paragraphs, tables, figures.

    Parameters
    ----------
    parent : Element
        Element to append to.
    content : Section
        The section.
    source : callable
        Returns the address of a figure's file.
    """
    if content.heading:
        add(parent, "h4", content.heading)
    paragraphs(parent, content.paragraphs)
    for shown in content.tables:
        table(parent, shown)
    for figure in content.figures:
        add(add(parent, "p"), "img", src=source(figure), alt=figure.alt)


def record_and_notice(parent: ET.Element, item: Item, notice: str, source: Callable[[Figure], str]) -> None:
    """Append everything that is shown with a question, and the notice, but not the question itself."""
    for stage in item.shown:
        if stage.title:
            add(parent, "h3", stage.title)
        for part in stage.sections:
            section(parent, part, source)
    add(add(parent, "p"), "em", notice)


def question(parent: ET.Element, item: Item) -> None:
    """Append the question and how to answer it."""
    add(add(parent, "p"), "strong", item.question.stem)
    if how := hint(item.question):
        add(add(parent, "p"), "em", how)


def html(element: ET.Element) -> str:
    """Return an element as text that is HTML and XML at once."""
    # ElementTree's own HTML does not escape "<" in attributes, which other software takes for an element.
    text = ET.tostring(element, encoding="unicode", short_empty_elements=False)
    return _VOID.sub("/>", text)


def html_paragraphs(texts: Iterable[str]) -> str:
    """Return texts as HTML paragraphs in one ``div``."""
    box = ET.Element("div")
    paragraphs(box, texts)
    return html(box)
