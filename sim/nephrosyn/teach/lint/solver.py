"""Answer a question from what is displayed alone, as a careful reader would: the key, computed anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.teach.display.definition_text import clause_name
from nephrosyn.teach.display.spelling import sentence, spelled, spoken
from nephrosyn.teach.items.case import judge
from nephrosyn.teach.items.feedback import Judgement, quoted
from nephrosyn.teach.items.questions import STATES, STATUSES, state_of
from nephrosyn.teach.model import Case, Choice, Matching, Numeric, Question, Section, Spelling, UnitSystem

CATEGORY_TEXTS = {sentence(spoken(name)): name for name in vocabulary.CATEGORIES}
Key = Any


def answers(case: Case, units: UnitSystem, definitions: Mapping[str, DefinitionSet]) -> list[Key]:
    """Return the key of each question of a case, from its displayed record up to that stage.

    Parameters
    ----------
    case : Case
        Its keys are not looked at.
    units : {"conventional", "si"}
        As displayed.
    definitions : mapping of str to DefinitionSet
        The sets it names.

    Returns
    -------
    list
        As `answer_keys.keys_of` gives them.
    """
    shown: list[Section] = []
    found: list[Key] = []
    for stage in case.stages:
        shown += stage.sections
        judged = [judge(shown, definitions[name], units) for name in case.criteria.split(", ")]
        found += [answer(question, judged) for question in stage.questions]
    return found


def answer(question: Question, judged: Sequence[Judgement]) -> Key:
    """Return the key of one question."""
    if isinstance(question, Matching):
        return _matched(question, judged[0])
    if isinstance(question, Numeric):
        return _number(question, judged[0])
    return _chosen(question, judged)


def _chosen(question: Choice, judged: Sequence[Judgement]) -> Key:
    texts = {option.text for option in question.options}
    case = judged[0]
    if question.kind == "multiple":
        return tuple(sorted(one.definition.name for one in judged if one.verdict.refractory))
    if texts <= set(CATEGORY_TEXTS):
        return (sentence(spoken(case.verdict.category)),)
    if texts <= set(STATES):
        return (state_of(case),)
    if texts <= set(STATUSES.values()):
        one = next(one for one in case.clauses if quoted(one.name) in question.stem)
        return (STATUSES[one.status],)
    return None


def _matched(question: Matching, case: Judgement) -> Key:
    asked = {pair.premise for pair in question.pairs}
    pairs = [(clause_name(one.name), STATUSES[one.status]) for one in case.clauses]
    return tuple(sorted(pair for pair in pairs if pair[0] in asked))


def _number(question: Numeric, case: Judgement) -> Key:
    days = [int(text) for text in re.findall(r"\bday (\d+)", question.stem)]
    if question.unit == "mg/kg":
        drug = next(
            name
            for name in vocabulary.DRUGS
            if any(spelled(spoken(name), each) in question.stem for each in BOTH_SPELLINGS)
        )
        rows = case.frames["doses"].filter(drug=drug, first_days=days[0])
        return round(rows["dose_mg"][0] / rows["dosing_weight_kg"][0], 2)
    if question.id == "met-day":
        one = next(one for one in case.clauses if quoted(one.name) in question.stem)
        return None if one.days is None else float(one.days)
    return float(sum(days[0] <= day <= days[1] for day in case.relapses))


BOTH_SPELLINGS: tuple[Spelling, ...] = ("american", "british")
