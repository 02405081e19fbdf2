"""A practice case as data: what every format is written from, and what the JSON format holds.

All text is as displayed: a case is made in one system of units and one spelling, and its key is computed from these
very words and figures. The case in the other units is another object of the same id and structure.
"""

from __future__ import annotations

import base64
import binascii
from html import escape
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nephrosyn.vocabulary import NOTICE

UnitSystem = Literal["conventional", "si"]
Spelling = Literal["american", "british"]
ItemKind = Literal["single", "numeric", "key-features", "staged", "matching", "near-miss", "disagreement"]


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("Input should be base64") from None
    return text


def _base64_of_text(text: str) -> str:
    try:
        base64.b64decode(_base64(text)).decode()
    except UnicodeDecodeError:
        raise ValueError("Input should be base64 of UTF-8") from None
    return text


Base64 = Annotated[str, AfterValidator(_base64)]
Base64OfText = Annotated[str, AfterValidator(_base64_of_text)]
Ident = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class Model(BaseModel):
    """Frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __str__(self) -> str:
        """The same as its representation."""
        return repr(self)


class Column(Model):
    """A column of a table of results: what, in which unit (empty: none), and the reference range as displayed."""

    name: str
    unit: str = ""
    reference: str = ""


class Table(Model):
    """A table as displayed; every row has one text a column, empty where nothing was measured."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


class Figure(Model):
    """A picture; ``alt`` says what can be read from it, never the label. Both files are base64 text."""

    name: Ident
    alt: str
    png_base64: Base64
    svg_base64: Base64OfText

    def __repr__(self) -> str:
        """Which picture, in a line."""
        return f"<Figure {self.name}>"


class Section(Model):
    """Part of what is shown, in the order clinicians use; ``distractor`` where no clause needs it, on purpose."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    distractor: bool = False

    def __repr__(self) -> str:
        """Which section, in a line."""
        return f"<Section {self.heading!r}: {len(self.tables)} tables, {len(self.figures)} figures>"


class Option(Model):
    """One answer of a choice: ``credit`` is 1 for the key and 0 else; with several right ones they share it."""

    id: Ident
    text: str
    credit: float = Field(ge=-1, le=1)
    feedback: str


class Choice(Model):
    """Choose one (``single``) or all that hold."""

    kind: Literal["single", "multiple"]
    id: Ident
    stem: str
    options: tuple[Option, ...] = Field(min_length=2)
    feedback: str = ""


class Numeric(Model):
    """A number; right within ``tolerance`` of ``value``."""

    kind: Literal["numeric"] = "numeric"
    id: Ident
    stem: str
    value: float
    tolerance: float = Field(ge=0)
    unit: str = ""
    feedback_right: str
    feedback_wrong: str


class Pair(Model):
    """Two that belong together, and why."""

    premise: str
    answer: str
    feedback: str


class Matching(Model):
    """Match each premise with one of the answers; ``spare`` answers belong to none. Answers may repeat."""

    kind: Literal["matching"] = "matching"
    id: Ident
    stem: str
    pairs: tuple[Pair, ...] = Field(min_length=2)
    spare: tuple[str, ...] = ()


Question = Annotated[Choice | Numeric | Matching, Field(discriminator="kind")]


class Stage(Model):
    """What is shown at once, and what is asked of it. Each can be solved from what has been shown up to here."""

    title: str
    sections: tuple[Section, ...]
    questions: tuple[Question, ...] = Field(min_length=1)

    def __repr__(self) -> str:
        """Which stage, in a line."""
        return f"<Stage {self.title!r}: {len(self.sections)} sections, {len(self.questions)} questions>"


class Case(Model):
    """One item. ``id`` is blinded: it says nothing of patient or label.

    ``margin`` is the smallest edit of the record that changes the key, in words; ``difficulty`` is predicted from it.
    ``pair`` is the id of the other one of a near-miss pair. ``tags`` may tell the kind and the difficulty, never the
    label.
    """

    id: Ident
    version: int = Field(ge=1)
    kind: ItemKind
    title: str
    criteria: str
    criteria_title: str
    difficulty: int = Field(ge=1, le=5)
    margin: str
    pair: Ident | None = None
    tags: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = Field(min_length=1)
    summary: str
    """The whole answer, for the teacher and after the last question."""

    def __repr__(self) -> str:
        """Which case, in a line."""
        return f"<Case {self.id}: {self.kind}, difficulty {self.difficulty}, {self.title!r}>"


class CaseSet(Model):
    """Cases made together."""

    title: str
    notice: str = NOTICE
    units: UnitSystem
    spelling: Spelling
    seed: int
    made_from: str
    """Scenario and digest of the run."""
    notes: tuple[str, ...] = ()
    """What was not as asked: where categories could not be had in equal numbers, and why."""
    cases: tuple[Case, ...]

    def __repr__(self) -> str:
        """How many cases from which run, in a line."""
        count = f"{len(self.cases)} case{'' if len(self.cases) == 1 else 's'}"
        return f"<CaseSet of {count} in {self.units} units, from {self.made_from}>"

    def _repr_html_(self) -> str:
        """A row for each case, without its answer, and what was not as asked, for a notebook."""
        from nephrosyn.report.page.tables import Table

        rows = [(case.id, case.kind, case.title, case.criteria, str(case.difficulty)) for case in self.cases]
        head = ("case", "kind", "title", "definition set", "predicted difficulty")
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return Table(repr(self).strip("<>"), head, rows, words=4).html() + notes
