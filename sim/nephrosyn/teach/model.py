"""A practice case as data: the source of every format, and the content of the JSON format.

All text is as displayed: a case has one system of units and one spelling, and its key is computed from the displayed
text. The same case in the other units is another object with the same id and structure.
"""

from __future__ import annotations

import base64
import binascii
from html import escape
from typing import Annotated, Any, Literal

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
    """Base of all models: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __str__(self) -> str:
        """Return the representation."""
        return repr(self)


class Column(Model):
    """A column of a table: name, unit (empty if there is none) and reference range as displayed."""

    name: str
    unit: str = ""
    reference: str = ""


class Table(Model):
    """A table as displayed; every row has one text for each column, empty if nothing was measured."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


class Figure(Model):
    """A picture as PNG and SVG, both base64; ``alt`` describes what it shows, but never the category."""

    name: Ident
    alt: str
    png_base64: Base64
    svg_base64: Base64OfText

    def __repr__(self) -> str:
        """The name, in one line."""
        return f"<Figure {self.name}>"


class Section(Model):
    """A section of the record; ``distractor`` marks content that no clause needs, included on purpose."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    distractor: bool = False

    def __repr__(self) -> str:
        """The heading and the numbers of tables and figures, in one line."""
        return f"<Section {self.heading!r}: {len(self.tables)} tables, {len(self.figures)} figures>"


class Option(Model):
    """One option of a choice: ``credit`` is 1 if it is right and 0 otherwise; several right options share it."""

    id: Ident
    text: str
    credit: float = Field(ge=-1, le=1)
    feedback: str


class Choice(Model):
    """Choose one option (``single``) or all that apply (``multiple``)."""

    kind: Literal["single", "multiple"]
    id: Ident
    stem: str
    options: tuple[Option, ...] = Field(min_length=2)
    feedback: str = ""


class Numeric(Model):
    """A number, which is right within ``tolerance`` of ``value``."""

    kind: Literal["numeric"] = "numeric"
    id: Ident
    stem: str
    value: float
    tolerance: float = Field(ge=0)
    unit: str = ""
    feedback_right: str
    feedback_wrong: str


class Pair(Model):
    """A premise with its right answer, and why it is right."""

    premise: str
    answer: str
    feedback: str


class Matching(Model):
    """Match each premise with an answer; an answer may match several premises, and ``spare`` ones match none."""

    kind: Literal["matching"] = "matching"
    id: Ident
    stem: str
    pairs: tuple[Pair, ...] = Field(min_length=2)
    spare: tuple[str, ...] = ()


Question = Annotated[Choice | Numeric | Matching, Field(discriminator="kind")]


class Stage(Model):
    """Sections shown together with questions, which can be answered from all sections up to this stage."""

    title: str
    sections: tuple[Section, ...]
    questions: tuple[Question, ...] = Field(min_length=1)

    def __repr__(self) -> str:
        """The title and the numbers of sections and questions, in one line."""
        return f"<Stage {self.title!r}: {len(self.sections)} sections, {len(self.questions)} questions>"


NOT_RATED = ("numeric",)
"""Kinds that do not ask for the category, on which margin and difficulty rest."""


class Case(Model):
    """One case. ``id`` is blinded: it gives away neither the patient nor the category.

    ``margin`` is the smallest edit of the record that changes the key, in words; ``difficulty`` is predicted from it.
    Both are about the category: for the kinds in `NOT_RATED` the margin is empty and the difficulty is not displayed.
    ``pair`` is the id of the other case of a near-miss pair. ``tags`` may name the kind and the difficulty, but never
    the category.
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
    """The full answer, for the teacher and after the last question."""

    def __repr__(self) -> str:
        """The id, kind, difficulty and title, in one line."""
        return f"<Case {self.id}: {self.kind}, difficulty {self.difficulty}, {self.title!r}>"


class CaseSet(Model):
    """A set of cases built together."""

    title: str
    notice: str = NOTICE
    units: UnitSystem
    spelling: Spelling
    seed: int
    made_from: str
    """Scenario and digest of the run."""
    notes: tuple[str, ...] = ()
    """Where the set departs from the request: categories without their equal share, and why."""
    cases: tuple[Case, ...]

    def __repr__(self) -> str:
        """The number of cases and their run, in one line."""
        count = f"{len(self.cases)} case{'' if len(self.cases) == 1 else 's'}"
        return f"<CaseSet of {count} in {self.units} units, from {self.made_from}>"

    def _repr_html_(self) -> str:
        """A table of the cases without their answers, and the notes, for a notebook."""
        from nephrosyn.report.page.tables import Table

        rows = [(case.id, case.kind, case.title, case.criteria, str(case.difficulty)) for case in self.cases]
        head = ("case", "kind", "title", "definition set", "predicted difficulty")
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return Table(repr(self).strip("<>"), head, rows, words=4).html() + notes


def keys_of(case: Case) -> list[Any]:
    """Return the key of each question: right options, the number, or the pairs.

    Parameters
    ----------
    case : Case
        Any case.
    """
    keys: list[Any] = []
    for stage in case.stages:
        for question in stage.questions:
            if isinstance(question, Choice):
                keys.append(tuple(sorted(option.text for option in question.options if option.credit > 0)))
            elif isinstance(question, Matching):
                keys.append(tuple(sorted((pair.premise, pair.answer) for pair in question.pairs)))
            else:
                keys.append(question.value)
    return keys
