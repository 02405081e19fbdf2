"""One case of each kind from one record, in one system of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl

from nephrosyn.criteria import DefinitionSet, verdict
from nephrosyn.teach.display import sections as showing
from nephrosyn.teach.display import timelines
from nephrosyn.teach.display.narrative import facts, said
from nephrosyn.teach.display.parse_back import parse
from nephrosyn.teach.display.spelling import listed, sentence, spelled, spoken
from nephrosyn.teach.items import questions
from nephrosyn.teach.items.difficulty import Margin, difficulty, margin
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY, Judgement, told
from nephrosyn.teach.model import Case, ItemKind, Question, Section, Spelling, Stage, UnitSystem

Frames: TypeAlias = Mapping[str, pl.DataFrame]
VERSION = 1
"""Goes up when the content of a case of the same id changes, so that a learner's copy can be told to be old."""


@dataclass(frozen=True)
class Look:
    """How a case is displayed.

    Attributes
    ----------
    units : {"conventional", "si"}
        In which units.
    spelling : {"american", "british"}
        In which spelling.
    figures : bool
        Whether with pictures.
    margins, judged : dict
        What has been found of the records shown so far, by the id of the case and its units: displayed in other units a
        record has the same margin, which takes time to find.
    """

    units: UnitSystem
    spelling: Spelling = "american"
    figures: bool = True
    margins: dict[str, Margin] = field(default_factory=dict, compare=False, repr=False)
    judged: dict[tuple[str, str], Judgement] = field(default_factory=dict, compare=False, repr=False)

    def margin(self, ident: str, judged: Judgement) -> Margin:
        """Return the margin of a case, searched for once."""
        if ident not in self.margins:
            self.margins[ident] = margin(judged.frames, judged.definition, judged.verdict.category)
        return self.margins[ident]


@dataclass(frozen=True)
class Shown:
    """A record as displayed, and what the set says of it as displayed.

    Attributes
    ----------
    sections : tuple of Section
        What is shown, before pictures and definitions.
    judged : Judgement
        The verdict on what was parsed from them.
    """

    sections: tuple[Section, ...]
    judged: Judgement


def show(record: Frames, definition: DefinitionSet, ident: str, look: Look) -> Shown:
    """Display a record, read it back from the display, and judge that.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        A patient's observed tables.
    definition : DefinitionSet
        The set.
    ident : str
        Id of the case.
    look : Look
        How.
    """
    made = [showing.in_spelling(one, look.spelling) for one in showing.sections(record, ident, look.units)]
    judged = judge(made, definition, look.units)
    look.judged.setdefault((ident, look.units), judged)
    return Shown(tuple(made), judged)


def judge(sections: Sequence[Section], definition: DefinitionSet, units: UnitSystem) -> Judgement:
    """Return what a set says of what is displayed."""
    frames = parse(sections)
    return Judgement(frames, verdict(frames, definition, 0, 0, "observed", keep_going=True), definition, units)


def is_child(frames: Frames, definition: DefinitionSet) -> bool:
    """Whether the thresholds for children hold."""
    return bool(frames["patients"]["age_at_onset_years"][0] < definition.population.adult_from.of(True))


def cells(sections: Sequence[Section]) -> int:
    """Return how many cells of tables hold data."""
    return sum(bool(text) for one in sections for table in one.tables for row in table.rows for text in row)


def margin_words(found: Margin) -> str:
    """Return the smallest edit that changes the key, in words."""
    if not found.changes:
        return "No single change of the record that was tried changes the category."
    edit, after = found.changes[0]
    return f"{sentence(edit.words)} would make it “{spoken(after)}”."


def near_of(found: Margin) -> list[str]:
    """Return the categories that edits lead to, the nearest first."""
    return list(dict.fromkeys(after for _, after in found.changes))


def summary(case: Judgement) -> str:
    """Return the whole answer; how near another one is stands beside it."""
    flag = FLAG_OF_CATEGORY.get(case.verdict.category)
    met = [one for one in case.clauses if one.status == "met" and one.flag == flag]
    why = " ".join(told(one, case) for one in met) or questions.episodes_told(case)
    name = spoken(case.verdict.category)
    return f"By the definition set “{case.definition.name}” the category is “{name}”. {why}".strip()


def whole(shown: Shown, ident: str, look: Look, definitions: Sequence[DefinitionSet]) -> tuple[Section, ...]:
    """Return all sections of a case shown at once."""
    judged = shown.judged
    made = list(shown.sections)
    if look.figures:
        made.append(timeline(judged, ident, look))
    return (*made, *(definition_section(one, judged, look) for one in definitions))


def timeline(judged: Judgement, ident: str, look: Look) -> Section:
    """Return the picture of a displayed record, to be drawn when the case is made."""
    return showing.in_spelling(timelines.blank(judged.frames, ident, look.units), look.spelling)


def definition_section(definition: DefinitionSet, judged: Judgement, look: Look) -> Section:
    """Return a definition set in words, for the age of the patient."""
    child = is_child(judged.frames, definition)
    return showing.in_spelling(showing.definition_section(definition, look.units, child=child), look.spelling)


Asker: TypeAlias = Callable[[Judgement, str, Margin], "list[Question]"]


def _single(judged: Judgement, ident: str, found: Margin) -> list[Question]:
    return [questions.category(judged, ident, near_of(found))]


def _numeric(judged: Judgement, ident: str, found: Margin) -> list[Question]:
    asked = questions.numeric(judged, ident)
    return [asked] if asked else []


def _matching(judged: Judgement, ident: str, found: Margin) -> list[Question]:
    asked = questions.matching(judged, ident)
    return [asked] if asked else []


def _key_features(judged: Judgement, ident: str, found: Margin) -> list[Question]:
    """Ask for the state, the clause on which the key hangs, and the category."""
    if not judged.verdict.episodes:
        return []
    name = questions.pivotal(judged, near_of(found))
    return [
        questions.state(judged, ident, "state"),
        questions.clause(judged, name, ident, "clause"),
        questions.category(judged, ident, near_of(found)),
    ]


ASKERS: dict[str, Asker] = {
    "single": _single,
    "near-miss": _single,
    "numeric": _numeric,
    "matching": _matching,
    "key-features": _key_features,
}
"""Kinds that show a record at once, and what they ask of it."""


def case_of(
    kind: ItemKind,
    shown: Shown,
    found: Margin,
    stages: Sequence[Stage],
    ident: str,
    look: Look,
    *,
    pair: str | None = None,
    criteria: str | None = None,
    criteria_title: str | None = None,
    answer: str | None = None,
) -> Case:
    """Put a case together."""
    judged = shown.judged
    level = difficulty(found, cells(shown.sections), judged.verdict.category)
    made = Case(
        id=ident,
        version=VERSION,
        kind=kind,
        title=said("title", ident, **facts(judged.frames)),
        criteria=criteria or judged.definition.name,
        criteria_title=criteria_title or judged.definition.title,
        difficulty=level,
        margin=margin_words(found),
        pair=pair,
        tags=(kind, f"difficulty-{level}"),
        stages=tuple(stages),
        summary=answer or summary(judged),
    )
    return in_spelling(made, look.spelling)


def in_spelling(case: Case, spelling: Spelling) -> Case:
    """Return a case with all it says in a spelling; pictures and ids are left alone."""
    fixed = {"id", "pair", "kind", "png_base64", "svg_base64", "name", "criteria"}

    def walk(node: object, key: str = "") -> object:
        if isinstance(node, str):
            return node if key in fixed else spelled(node, spelling)
        if isinstance(node, dict):
            return {name: walk(one, name) for name, one in node.items()}
        if isinstance(node, list | tuple):
            return [walk(one, key) for one in node]
        return node

    return Case.model_validate(walk(case.model_dump()))


def at_once(
    kind: ItemKind, record: Frames, definition: DefinitionSet, ident: str, look: Look, pair: str | None = None
) -> Case | None:
    """Make a case that is shown at once.

    Returns
    -------
    Case or None
        None where the record offers nothing to ask.
    """
    shown = show(record, definition, ident, look)
    judged = shown.judged
    found = look.margin(ident, judged)
    asked = ASKERS[kind](judged, ident, found)
    if not asked:
        return None
    stage = Stage(title="Record", sections=whole(shown, ident, look, [definition]), questions=tuple(asked))
    return case_of(kind, shown, found, [stage], ident, look, pair=pair)


def disagreeing(record: Frames, definitions: Sequence[DefinitionSet], ident: str, look: Look) -> Case | None:
    """Make a case on which the definition sets disagree; None where they do not, once displayed."""
    shown = show(record, definitions[0], ident, look)
    judged = [shown.judged, *(judge(shown.sections, one, look.units) for one in definitions[1:])]
    if {one.verdict.refractory for one in judged} != {True, False}:
        return None
    found = look.margin(ident, judged[0])
    question = questions.disagreement(judged, ident)
    stage = Stage(title="Record", sections=whole(shown, ident, look, definitions), questions=(question,))
    yes = [one.definition.name for one in judged if one.verdict.refractory]
    no = [one.definition.name for one in judged if not one.verdict.refractory]
    answer = f"Refractory by {listed(yes)}; not by {listed(no)}."
    names = ", ".join(one.name for one in definitions)
    titles = "; ".join(one.title for one in definitions)
    return case_of("disagreement", shown, found, [stage], ident, look, criteria=names, criteria_title=titles,
                   answer=answer)  # fmt: skip
