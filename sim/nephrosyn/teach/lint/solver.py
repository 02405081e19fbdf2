"""Answers questions from the displayed record alone, as a careful reader would, to check the keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.teach.display.definition_text import clause_name
from nephrosyn.teach.display.spelling import sentence, spelled, to_words
from nephrosyn.teach.items.case import classify_displayed
from nephrosyn.teach.items.feedback import ClassifiedRecord, quoted
from nephrosyn.teach.items.questions import STATES, STATUSES, state_of
from nephrosyn.teach.model import Case, Choice, Matching, Numeric, Question, Section, Spelling, UnitSystem

CATEGORY_TEXTS = {sentence(to_words(name)): name for name in vocabulary.CATEGORIES}
Key = Any


def expected_keys(case: Case, units: UnitSystem, definitions: Mapping[str, DefinitionSet]) -> list[Key]:
    """Return the answer to each question of a case, from the record displayed up to its stage.

    Parameters
    ----------
    case : Case
        The case; its keys are not used.
    units : {"conventional", "si"}
        System of units of the display.
    definitions : mapping of str to DefinitionSet
        The definition sets of the case.

    Returns
    -------
    list
        The answers in the form of `model.keys_of`.
    """
    shown: list[Section] = []
    keys: list[Key] = []
    for stage in case.stages:
        shown += stage.sections
        classified = [classify_displayed(shown, definitions[name], units) for name in case.criteria.split(", ")]
        keys += [answer(question, classified) for question in stage.questions]
    return keys


def answer(question: Question, classified: Sequence[ClassifiedRecord]) -> Key:
    """Return the answer to one question."""
    if isinstance(question, Matching):
        return _matched(question, classified[0])
    if isinstance(question, Numeric):
        return _number(question, classified[0])
    return _choice(question, classified)


def _choice(question: Choice, classified: Sequence[ClassifiedRecord]) -> Key:
    texts = {option.text for option in question.options}
    first = classified[0]
    if question.kind == "multiple":
        return tuple(sorted(record.definition.name for record in classified if record.verdict.refractory))
    if texts <= set(CATEGORY_TEXTS):
        return (sentence(to_words(first.verdict.category)),)
    if texts <= set(STATES):
        return (state_of(first),)
    if texts <= set(STATUSES.values()):
        clause = next(clause for clause in first.clauses if quoted(clause.name) in question.stem)
        return (STATUSES[clause.status],)
    return None


def _matched(question: Matching, record: ClassifiedRecord) -> Key:
    premises = {pair.premise for pair in question.pairs}
    pairs = [(clause_name(clause.name), STATUSES[clause.status]) for clause in record.clauses]
    return tuple(sorted(pair for pair in pairs if pair[0] in premises))


def _number(question: Numeric, record: ClassifiedRecord) -> Key:
    days = [int(text) for text in re.findall(r"\bday (\d+)", question.stem)]
    if question.unit == "mg/kg":
        drug = next(
            name
            for name in vocabulary.DRUGS
            if any(spelled(to_words(name), spelling) in question.stem for spelling in BOTH_SPELLINGS)
        )
        rows = record.frames["doses"].filter(drug=drug, first_days=days[0])
        return round(rows["dose_mg"][0] / rows["dosing_weight_kg"][0], 2)
    if question.id == "met-day":
        clause = next(clause for clause in record.clauses if quoted(clause.name) in question.stem)
        return None if clause.days is None else float(clause.days)
    return float(sum(days[0] <= day <= days[1] for day in record.relapses))


BOTH_SPELLINGS: tuple[Spelling, ...] = ("american", "british")
