"""An Anki package with a note for each question, written with genanki.

Anki identifies a note by its guid and replaces it only by one with a later modification time. The guid is made from the
item's id, so that the same item is never added twice; the time follows from the version of the case, so that a
corrected answer replaces the old one. A learner's own later edits stay, unless Anki is set to update always. No clock
is read.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import genanki

from nephrosyn.teach.formats import xhtml
from nephrosyn.teach.formats.questions import (
    Item,
    image_bytes,
    image_name,
    items,
    number_text,
    possible_answers,
    right_options,
)
from nephrosyn.teach.formats.zip import packed
from nephrosyn.teach.model import CaseSet, Choice, Matching, UnitSystem

_FIRST_SECOND = 1_704_067_200
"""2024-01-01 UTC; version n of a case has a modification time n seconds later."""
_FIELDS = ("Item", "Case", "Question", "Answer", "Explanation")
_FRONT = "{{Case}}\n<hr>\n{{Question}}"
_BACK = "{{FrontSide}}\n<hr id=answer>\n{{Answer}}\n{{Explanation}}"
_STYLE = """.card { font-family: sans-serif; text-align: left; max-width: 50em; margin: auto; }
table { border-collapse: collapse; } th, td { border: 1px solid; padding: 0.2em 0.5em; } img { max-width: 100%; }
"""


def _number(*parts: str) -> int:
    """Return a number from 2**30 to 2**31, the range of Anki's ids, that depends on the parts only."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return (1 << 30) + int.from_bytes(digest[:8], "big") % (1 << 30)


_MODEL_ID = _number("nephrosyn", "practice case", *_FIELDS)
"""The same as long as the fields are: Anki does not update a note whose type has changed."""


class _Note(genanki.Note):  # type: ignore[misc]
    """A note with its own modification time; genanki gives all notes of a package the same one."""

    def __init__(self, version: int, **fields: Any) -> None:
        super().__init__(**fields)
        self._changed = _FIRST_SECOND + version

    def write_to_db(self, cursor: sqlite3.Cursor, timestamp: float, deck_id: int, id_gen: Iterator[int]) -> None:
        """Write the note with the modification time of its version."""
        super().write_to_db(cursor, float(self._changed), deck_id, id_gen)


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write ``cases.apkg`` in the primary units.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units to write.
    folder : Path
        Folder to write to.

    Returns
    -------
    list of Path
        The file.
    """
    path = folder / "cases.apkg"
    path.write_bytes(package(sets[primary]))
    return [path]


def package(cases: CaseSet) -> bytes:
    """Return the package as bytes."""
    model = genanki.Model(
        _MODEL_ID,
        "nephrosyn practice case",
        fields=[{"name": name} for name in _FIELDS],
        templates=[{"name": "Question", "qfmt": _FRONT, "afmt": _BACK}],
        css=_STYLE,
    )
    identity = (cases.title, cases.made_from, str(cases.seed), cases.units)
    deck = genanki.Deck(_number("deck", *identity), f"nephrosyn::{xhtml.one_line(cases.title)}", cases.notice)
    pictures: dict[str, bytes] = {}
    for item in items(cases):
        deck.add_note(_note(model, item, cases))
        pictures |= {image_name(figure): image_bytes(figure) for figure in item.figures}
    # Ids of notes are milliseconds; each deck starts at its own, so that ids of two decks rarely coincide.
    numbers = itertools.count(_FIRST_SECOND * 1000 + _number("notes", *identity))
    files = {"collection.anki2": _collection(genanki.Package(deck), numbers)}
    names = sorted(pictures)
    files |= {str(place): pictures[name] for place, name in enumerate(names)}
    files["media"] = json.dumps({str(place): name for place, name in enumerate(names)}).encode()
    return packed(files)


def _collection(package: genanki.Package, numbers: Iterator[int]) -> bytes:
    # genanki's own write_to_file leaves its database behind and writes the current time into the archive.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "collection.anki2"
        connection = sqlite3.connect(path)
        try:
            package.write_to_db(connection.cursor(), float(_FIRST_SECOND), numbers)
            connection.commit()
        finally:
            connection.close()
        return path.read_bytes()


def _note(model: genanki.Model, item: Item, cases: CaseSet) -> _Note:
    shown, question = ET.Element("div"), ET.Element("div")
    xhtml.record_and_notice(shown, item, cases.notice, image_name)
    xhtml.question(question, item)
    _choices(question, item)
    closing = xhtml.html_paragraphs(item.closing())
    fields = [xhtml.html(xhtml.add(ET.Element("div"), "span", item.name))]
    fields += [xhtml.html(shown), xhtml.html(question), _answer(item), closing]
    guid = genanki.guid_for("nephrosyn", cases.units, item.id)
    return _Note(item.case.version, model=model, fields=fields, tags=list(item.tags), guid=guid, sort_field=item.id)


def _choices(parent: ET.Element, item: Item) -> None:
    question = item.question
    if isinstance(question, Choice):
        listed = xhtml.add(parent, "ol", type="A")
        for option in question.options:
            xhtml.add(listed, "li", option.text)
    elif isinstance(question, Matching):
        for texts in ([pair.premise for pair in question.pairs], possible_answers(question)):
            listed = xhtml.add(parent, "ul")
            for text in texts:
                xhtml.add(listed, "li", text)


def _answer(item: Item) -> str:
    question, box = item.question, ET.Element("div")
    if isinstance(question, Choice):
        listed = xhtml.add(box, "ol", type="A")
        for option, right in zip(question.options, right_options(question), strict=True):
            entry = xhtml.add(listed, "li")
            xhtml.add(entry, "strong", f"{'Right' if right else 'Wrong'}: {option.text}").tail = " "
            xhtml.add(entry, "span", option.feedback)
    elif isinstance(question, Matching):
        listed = xhtml.add(box, "ul")
        for pair in question.pairs:
            xhtml.add(xhtml.add(listed, "li"), "strong", f"{pair.premise}: {pair.answer}")
    else:
        margin = f" (within {number_text(question.tolerance)})" if question.tolerance else ""
        value = f"{number_text(question.value)} {question.unit}".strip() + margin
        xhtml.add(xhtml.add(box, "p"), "strong", value)
        xhtml.paragraphs(box, [question.feedback_right, question.feedback_wrong])
    return xhtml.html(box)
