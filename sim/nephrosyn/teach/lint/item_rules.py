"""Rules on one question: how it is worded, and whether its options give the key away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from nephrosyn.teach.items.questions import STATES, STATUSES
from nephrosyn.teach.lint.grammar import slips
from nephrosyn.teach.lint.solver import CATEGORY_TEXTS
from nephrosyn.teach.model import Case, Choice, Matching, Question

ABSOLUTES = re.compile(r"\b(always|never|all|none|only|every|completely|certainly|impossible)\b", re.IGNORECASE)
NEGATIVES = re.compile(r"\b(not|except|least|never|false|incorrect|wrong|unlikely)\b", re.IGNORECASE)
LONGER = 1.6
LONGER_LETTERS = 12
"""A key that is longer than the longest wrong option by this factor and this number of letters stands out."""
LETTERS_THAT_CLANG = 5
"""Shortest word that gives the key away if only the stem and the key contain it."""
CREDIT_SLACK = 1e-9
Rule = Callable[[Case, Question], Iterator[str]]


def one_right(case: Case, question: Question) -> Iterator[str]:
    """A single choice has one right option; a multiple choice has some, but not only, right options."""
    if not isinstance(question, Choice):
        return
    right = [option for option in question.options if option.credit > 0]
    total = sum(option.credit for option in right)
    if question.kind == "single" and len(right) != 1:
        yield f"{len(right)} right options"
    if question.kind == "multiple" and not 0 < len(right) < len(question.options):
        yield f"{len(right)} of {len(question.options)} options are right"
    if right and abs(total - 1) > CREDIT_SLACK:
        yield f"the credit adds up to {total:g}"


def homogeneous(case: Case, question: Question) -> Iterator[str]:
    """All options are of the same kind and no two are the same."""
    if not isinstance(question, Choice):
        return
    texts = [option.text for option in question.options]
    if len({text.casefold() for text in texts}) < len(texts):
        yield "two options say the same"
    families = (set(CATEGORY_TEXTS), set(STATES), set(STATUSES.values()), set(case.criteria.split(", ")))
    if not any(set(texts) <= allowed for allowed in families):
        yield f"options of several kinds: {', '.join(texts)}"
    if len({option.id for option in question.options}) < len(texts):
        yield "two options have the same id"


def length_cue(case: Case, question: Question) -> Iterator[str]:
    """The key cannot be recognised by its length."""
    if isinstance(question, Choice) and question.kind == "single":
        key = max((len(option.text) for option in question.options if option.credit > 0), default=0)
        longest_wrong = max((len(option.text) for option in question.options if option.credit <= 0), default=0)
        if key > longest_wrong * LONGER and key > longest_wrong + LONGER_LETTERS:
            yield f"the key has {key} letters, the longest wrong option {longest_wrong}"


def absolutes(case: Case, question: Question) -> Iterator[str]:
    """No option contains an absolute term."""
    if isinstance(question, Choice):
        for option in question.options:
            if option.text not in STATES and (hit := ABSOLUTES.search(option.text)):
                yield f"“{hit[0]}” in option {option.id}"


def grammar_cue(case: Case, question: Question) -> Iterator[str]:
    """The stem is a complete sentence, so that every option follows it equally well."""
    if not question.stem.rstrip().endswith((".", "?")):
        yield f"the stem is not a complete sentence: {question.stem[-20:]!r}"
    if re.search(r"\b(a|an)\s*$", question.stem):
        yield "the stem ends with an article"


def clang(case: Case, question: Question) -> Iterator[str]:
    """No word of the stem is repeated in the key only."""
    if not isinstance(question, Choice) or question.kind == "multiple":
        return
    stem = _words(question.stem)
    right = [_words(option.text) for option in question.options if option.credit > 0]
    wrong = [_words(option.text) for option in question.options if option.credit <= 0]
    for word in {word for words in right for word in words} - {word for words in wrong for word in words}:
        if word in stem:
            yield f"“{word}” is repeated from the stem in the key only"


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) >= LETTERS_THAT_CLANG}


def negative(case: Case, question: Question) -> Iterator[str]:
    """The stem is not negative."""
    if hit := NEGATIVES.search(question.stem):
        yield f"“{hit[0]}” in the stem"


def feedback_cites(case: Case, question: Question) -> Iterator[str]:
    """The feedback on every answer cites a day of the record."""
    for name, text in _feedbacks(question):
        if not re.search(r"\bdays? \d", text):
            yield f"no day in the feedback of {name}: {text[:60]!r}"


def _feedbacks(question: Question) -> list[tuple[str, str]]:
    if isinstance(question, Choice):
        return [(f"option {option.id}", option.feedback) for option in question.options]
    if isinstance(question, Matching):
        return [(pair.premise, pair.feedback) for pair in question.pairs]
    return [("the right number", question.feedback_right), ("a wrong number", question.feedback_wrong)]


def definition_named(case: Case, question: Question) -> Iterator[str]:
    """The definition set is named in the stem or in the options."""
    offered = {option.text for option in question.options} if isinstance(question, Choice) else set()
    dose = question.id == "dose" or getattr(question, "unit", "") == "mg/kg"
    as_options = bool(offered) and offered <= set(case.criteria.split(", "))
    if not dose and case.criteria not in question.stem and not as_options:
        yield f"“{case.criteria}” is named neither in the stem nor in the options"


def language(case: Case, question: Question) -> Iterator[str]:
    """Stem and feedback have no mechanical slips of language."""
    for text in (question.stem, *(text for _, text in _feedbacks(question))):
        yield from slips(text)


ITEM_RULES: dict[str, Rule] = {
    "one-right": one_right,
    "homogeneous": homogeneous,
    "length-cue": length_cue,
    "absolutes": absolutes,
    "grammar-cue": grammar_cue,
    "clang": clang,
    "negative-stem": negative,
    "feedback-cites": feedback_cites,
    "definition-named": definition_named,
    "language": language,
}
"""Rules on one question, by id."""
