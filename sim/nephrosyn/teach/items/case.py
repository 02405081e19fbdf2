"""Build one case of any kind from one record, in one system of units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nephrosyn.criteria import DefinitionSet, verdict
from nephrosyn.teach.display import sections as showing
from nephrosyn.teach.display import timelines
from nephrosyn.teach.display.definition_text import is_child
from nephrosyn.teach.display.narrative import facts, wording
from nephrosyn.teach.display.parse_back import parse
from nephrosyn.teach.display.record_tables import Frames
from nephrosyn.teach.display.spelling import listed, sentence, spelled, to_words
from nephrosyn.teach.items import questions
from nephrosyn.teach.items.difficulty import Edit, Margin, difficulty, margin
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY, ClassifiedRecord, clause_answer
from nephrosyn.teach.model import NOT_RATED, Case, ItemKind, Numeric, Question, Section, Spelling, Stage, UnitSystem

VERSION = 1
"""Raised when the content of a case changes under the same id, so that an outdated copy can be recognised."""


@dataclass(frozen=True)
class DisplayOptions:
    """How a case is displayed.

    Attributes
    ----------
    units : {"conventional", "si"}
        System of units.
    spelling : {"american", "british"}
        Spelling.
    figures : bool
        Whether to include pictures.
    margins : dict
        Margin of each case so far, by its id. A margin is slow to find and the same in both systems of units.
    classified : dict
        Classified record of each case so far, by its id and system of units.
    """

    units: UnitSystem
    spelling: Spelling = "american"
    figures: bool = True
    margins: dict[str, Margin] = field(default_factory=dict, compare=False, repr=False)
    classified: dict[tuple[str, str], ClassifiedRecord] = field(default_factory=dict, compare=False, repr=False)

    def margin(self, ident: str, classified: ClassifiedRecord) -> Margin:
        """Return the margin of a case; it is searched for only once."""
        if ident not in self.margins:
            self.margins[ident] = margin(classified.frames, classified.definition, classified.verdict.category)
        return self.margins[ident]


@dataclass(frozen=True)
class Shown:
    """A record as displayed, and its classification from the display.

    Attributes
    ----------
    sections : tuple of Section
        The sections, without pictures and definition sets.
    classified : ClassifiedRecord
        The record read back from these sections, with its verdict.
    """

    sections: tuple[Section, ...]
    classified: ClassifiedRecord


def show(record: Frames, definition: DefinitionSet, ident: str, display: DisplayOptions) -> Shown:
    """Display a record, read it back from the display and classify what was read.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        A patient's observed tables.
    definition : DefinitionSet
        The definition set.
    ident : str
        Id of the case.
    display : DisplayOptions
        How it is displayed.
    """
    shown = [
        showing.in_spelling(section, display.spelling) for section in showing.sections(record, ident, display.units)
    ]
    classified = classify_displayed(shown, definition, display.units)
    display.classified.setdefault((ident, display.units), classified)
    return Shown(tuple(shown), classified)


def classify_displayed(sections: Sequence[Section], definition: DefinitionSet, units: UnitSystem) -> ClassifiedRecord:
    """Classify a record from its displayed sections alone."""
    frames = parse(sections)
    return ClassifiedRecord(frames, verdict(frames, definition, 0, 0, "observed", keep_going=True), definition, units)


def cells(sections: Sequence[Section]) -> int:
    """Return the number of table cells that hold data."""
    return sum(bool(text) for section in sections for table in section.tables for row in table.rows for text in row)


@dataclass(frozen=True)
class Counterpart:
    """The other case of a near-miss pair.

    Attributes
    ----------
    ident : str
        Its id.
    edit : Edit
        The edit in which the two records differ.
    category : str
        Its category.
    """

    ident: str
    edit: Edit
    category: str


def margin_words(distance: Margin, counterpart: Counterpart | None = None, under: str = "") -> str:
    """Return the smallest edit that changes the category, in words.

    The edits tried leave results out but never add any. A record made by leaving a result out may therefore have no
    such edit, although the other case of its pair is one addition away: that difference is then named instead.

    Parameters
    ----------
    distance : Margin
        Margin of the record.
    counterpart : Counterpart, optional
        The other case, if this one belongs to a near-miss pair.
    under : str
        Name of the definition set, if the case has several.

    Examples
    --------
    >>> margin_words(Margin(4, 0, ()))
    'No single change of the record that was tried would change the category.'
    >>> other_case = Counterpart("c1", Edit("no urine test on day 60", 1, (), ""), "frequently_relapsing")
    >>> margin_words(Margin(4, 0, ()), other_case).partition(". ")[2]
    'One change turns it into this one: no urine test on day 60.'
    """
    if distance.changes:
        edit, after = distance.changes[0]
        which = f" under “{under}”" if under else ""
        return f"{sentence(edit.condition)}, the category{which} would have been “{to_words(after)}”."
    if counterpart:
        category = f"The other case of this pair is “{to_words(counterpart.category)}”."
        return f"{category} One change turns it into this one: {counterpart.edit.words}."
    which = f" under “{under}”" if under else ""
    return f"No single change of the record that was tried would change the category{which}."


def nearest_categories(distance: Margin) -> list[str]:
    """Return the categories that single edits lead to, the nearest first."""
    return list(dict.fromkeys(after for _, after in distance.changes))


def summary(record: ClassifiedRecord) -> str:
    """Return the full answer: the category and the clauses that decide it."""
    flag = FLAG_OF_CATEGORY.get(record.verdict.category)
    met = [clause for clause in record.clauses if clause.status == "met" and clause.flag == flag]
    why = " ".join(clause_answer(clause, record) for clause in met) or questions.episodes_text(record)
    name = to_words(record.verdict.category)
    return f"Under the definition set “{record.definition.name}” the category is “{name}”. {why}".strip()


def all_sections(
    shown: Shown, ident: str, display: DisplayOptions, definitions: Sequence[DefinitionSet]
) -> tuple[Section, ...]:
    """Return all sections of a case that is shown at once."""
    classified = shown.classified
    content = list(shown.sections)
    if display.figures:
        content.append(timeline(classified, ident, display))
    return (*content, *(definition_section(definition, classified, display) for definition in definitions))


def timeline(classified: ClassifiedRecord, ident: str, display: DisplayOptions) -> Section:
    """Return the section with the timeline, which is drawn when the case is complete."""
    return showing.in_spelling(timelines.blank(classified.frames, ident, display.units), display.spelling)


def definition_section(definition: DefinitionSet, classified: ClassifiedRecord, display: DisplayOptions) -> Section:
    """Return a definition set in words, with the thresholds for the patient's age."""
    child = is_child(classified.frames, definition)
    return showing.in_spelling(showing.definition_section(definition, display.units, child=child), display.spelling)


Asker: TypeAlias = Callable[[ClassifiedRecord, str, Margin], "list[Question]"]


def _single(classified: ClassifiedRecord, ident: str, distance: Margin) -> list[Question]:
    return [questions.category(classified, ident, nearest_categories(distance))]


def _numeric(classified: ClassifiedRecord, ident: str, distance: Margin) -> list[Question]:
    question = questions.numeric(classified, ident)
    return [question] if question else []


def _matching(classified: ClassifiedRecord, ident: str, distance: Margin) -> list[Question]:
    question = questions.matching(classified, ident)
    return [question] if question else []


def _key_features(classified: ClassifiedRecord, ident: str, distance: Margin) -> list[Question]:
    """Ask for the disease state, for the decisive clause and for the category."""
    if not classified.verdict.episodes:
        return []
    name = questions.pivotal(classified, nearest_categories(distance))
    return [
        questions.state(classified, ident, "state"),
        questions.clause(classified, name, ident, "clause"),
        questions.category(classified, ident, nearest_categories(distance)),
    ]


ASKERS: dict[str, Asker] = {
    "single": _single,
    "near-miss": _single,
    "numeric": _numeric,
    "matching": _matching,
    "key-features": _key_features,
}
"""The kinds that show the whole record at once, and the function that asks their questions."""


def assemble_case(
    kind: ItemKind,
    shown: Shown,
    distance: Margin,
    stages: Sequence[Stage],
    ident: str,
    display: DisplayOptions,
    *,
    counterpart: Counterpart | None = None,
    criteria: str | None = None,
    criteria_title: str | None = None,
    answer: str | None = None,
) -> Case:
    """Put a case together.

    Difficulty and margin are about the category. A numeric question asks for something else: its difficulty only serves
    the choice of cases, and it has no margin.
    """
    classified = shown.classified
    level = difficulty(distance, cells(shown.sections), classified.verdict.category)
    about_category = kind not in NOT_RATED
    under = classified.definition.name if criteria else ""
    case = Case(
        id=ident,
        version=VERSION,
        kind=kind,
        title=wording("title", ident, **facts(classified.frames)),
        criteria=criteria or classified.definition.name,
        criteria_title=criteria_title or classified.definition.title,
        difficulty=level,
        margin=margin_words(distance, counterpart, under) if about_category else "",
        pair=counterpart.ident if counterpart else None,
        tags=(kind, f"difficulty-{level}") if about_category else (kind,),
        stages=tuple(stages),
        summary=answer or summary(classified),
    )
    return in_spelling(case, display.spelling)


def in_spelling(case: Case, spelling: Spelling) -> Case:
    """Return a case in a spelling; pictures and ids stay as they are."""
    fixed = {"id", "pair", "kind", "png_base64", "svg_base64", "name", "criteria"}

    def walk(node: object, key: str = "") -> object:
        if isinstance(node, str):
            return node if key in fixed else spelled(node, spelling)
        if isinstance(node, dict):
            return {name: walk(child, name) for name, child in node.items()}
        if isinstance(node, list | tuple):
            return [walk(child, key) for child in node]
        return node

    return Case.model_validate(walk(case.model_dump()))


def single_stage_case(
    kind: ItemKind,
    record: Frames,
    definition: DefinitionSet,
    ident: str,
    display: DisplayOptions,
    counterpart: Counterpart | None = None,
) -> Case | None:
    """Build a case that is shown at once.

    Returns
    -------
    Case or None
        None if there is no question to ask on the record.
    """
    shown = show(record, definition, ident, display)
    classified = shown.classified
    distance = display.margin(ident, classified)
    stage_questions = ASKERS[kind](classified, ident, distance)
    if not stage_questions:
        return None
    stage = Stage(
        title="Record", sections=all_sections(shown, ident, display, [definition]), questions=tuple(stage_questions)
    )
    answer = questions.numeric_answer(stage_questions[0]) if isinstance(stage_questions[0], Numeric) else None
    return assemble_case(kind, shown, distance, [stage], ident, display, counterpart=counterpart, answer=answer)


def disagreement_case(
    record: Frames, definitions: Sequence[DefinitionSet], ident: str, display: DisplayOptions
) -> Case | None:
    """Build a case on which the definition sets disagree; None if they agree on the displayed record."""
    shown = show(record, definitions[0], ident, display)
    others = (classify_displayed(shown.sections, definition, display.units) for definition in definitions[1:])
    by_set = [shown.classified, *others]
    if {classified.verdict.refractory for classified in by_set} != {True, False}:
        return None
    distance = display.margin(ident, shown.classified)
    question = questions.disagreement(by_set, ident)
    stage = Stage(title="Record", sections=all_sections(shown, ident, display, definitions), questions=(question,))
    yes = [classified.definition.name for classified in by_set if classified.verdict.refractory]
    no = [classified.definition.name for classified in by_set if not classified.verdict.refractory]
    answer = f"Refractory under {listed(yes)}; not under {listed(no)}."
    names = ", ".join(definition.name for definition in definitions)
    titles = "; ".join(definition.title for definition in definitions)
    return assemble_case(
        "disagreement",
        shown,
        distance,
        [stage],
        ident,
        display,
        criteria=names,
        criteria_title=titles,
        answer=answer,
    )
