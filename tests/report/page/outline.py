"""What is wrong with the outline of a page, from its text alone: headings, tables, forms, pictures, names."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
FIELDS = frozenset({"input", "select", "textarea"})
CALLED = ("aria-label", "aria-labelledby", "title")
REFERENCES = ("aria-labelledby", "aria-describedby", "for")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    line: int
    inside: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = [one if isinstance(one, str) else one.attributes.get("alt", one.text) for one in self.inside]
        return " ".join("".join(parts).split())

    def every(self) -> list[Element]:
        below = [one for one in self.inside if isinstance(one, Element)]
        return [self, *(each for one in below for each in one.every())]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {}, 0)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.getpos()[0])
        self.open[-1].inside.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, one in enumerate(self.open) if one.tag == tag]
        if places:
            del self.open[places[-1] :]

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def problems(text: str) -> list[str]:
    """Return what is wrong with a page, each with its line.

    Parameters
    ----------
    text : str
        The page as HTML.
    """
    reader = _Reader()
    reader.feed(text)
    elements = reader.open[0].every()[1:]
    return [*_page(elements), *_headings(elements), *_tables(elements), *_named(elements), *_ids(elements)]


def _page(elements: list[Element]) -> list[str]:
    (root,) = [one for one in elements if one.tag == "html"]
    found = [] if root.attributes.get("lang") else ["html: no lang"]
    titles = [one.text for one in elements if one.tag == "title"]
    return found if any(titles) else [*found, "no title"]


def _headings(elements: list[Element]) -> list[str]:
    found, before = [], 0
    for one in elements:
        if len(one.tag) != 2 or one.tag[0] != "h" or not one.tag[1].isdigit():
            continue
        level = int(one.tag[1])
        if level > before + 1:
            found.append(f"line {one.line}: {one.tag} after h{before}: {one.text[:40]}")
        if level == 1 and before:
            found.append(f"line {one.line}: h1 that is not the first heading: {one.text[:40]}")
        if not one.text:
            found.append(f"line {one.line}: empty {one.tag}")
        before = level
    return found if before else [*found, "no heading"]


def _tables(elements: list[Element]) -> list[str]:
    found = [f"line {one.line}: empty th" for one in elements if one.tag == "th" and not one.text]
    found += [
        f"line {one.line}: th without scope" for one in elements if one.tag == "th" and "scope" not in one.attributes
    ]
    for table in (one for one in elements if one.tag == "table"):
        if not any(one.tag == "caption" and one.text for one in table.every()):
            found.append(f"line {table.line}: table without a caption")
    return found


def _named(elements: list[Element]) -> list[str]:
    labels = {one.attributes["for"] for one in elements if one.tag == "label" and one.text and "for" in one.attributes}
    wrapped = {id(each) for one in elements if one.tag == "label" and one.text for each in one.every()}
    found = []
    for one in elements:
        called = any(one.attributes.get(name) for name in CALLED)
        if one.tag in FIELDS and not (called or id(one) in wrapped or one.attributes.get("id") in labels):
            found.append(f"line {one.line}: {one.tag} without a label")
        if one.tag in {"a", "button"} and not (called or one.text):
            found.append(f"line {one.line}: {one.tag} without words")
        if one.tag == "img" and "alt" not in one.attributes:
            found.append(f"line {one.line}: img without alt")
        titled = any(isinstance(each, Element) and each.tag == "title" and each.text for each in one.inside)
        if one.tag == "svg" and one.attributes.get("role") == "img" and not (called or titled):
            found.append(f"line {one.line}: svg without a name")
    return found


def _ids(elements: list[Element]) -> list[str]:
    names = [one.attributes["id"] for one in elements if "id" in one.attributes]
    found = [f"id {name} stands {names.count(name)} times" for name in sorted(set(names)) if names.count(name) > 1]
    known = set(names)
    for one in elements:
        asked = {name for key in REFERENCES for name in one.attributes.get(key, "").split()}
        link = one.attributes.get("href", "") if one.tag == "a" else ""
        asked |= {link[1:]} if link.startswith("#") else set()
        found += [f"line {one.line}: {one.tag} names {name}, which is not there" for name in sorted(asked - known)]
    return found
