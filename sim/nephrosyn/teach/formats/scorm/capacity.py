"""The limits of SCORM 1.2 for the answers to a set: 4,096 characters of suspend data, and responses of single letters.

The counts here follow ``attempt.js``, which writes the answers.
"""

from __future__ import annotations

from nephrosyn.errors import CasesError
from nephrosyn.teach.formats.learner_view import DIGEST_DIGITS
from nephrosyn.teach.formats.questions import items, possible_answers
from nephrosyn.teach.model import Case, CaseSet, Choice, Matching, Question

MOST_CHARACTERS = 4096
"""Longest ``cmi.suspend_data`` (CMIString4096)."""
MOST_IN_IDENTIFIER = 255
"""Longest id of an interaction (CMIIdentifier)."""
MOST_LETTERS = 26
"""Most options or answers, because a response names each by one letter."""
MOST_PREMISES = 35
"""Most premises, because a response names each by one digit or letter, from 1 on."""
HEAD = len("1:") + DIGEST_DIGITS + len(":c:")
NUMBER = len("c-1234567.8")
"""The longest number that ``state.js`` reads: a system of units, a sign, eight digits and a point."""
BASE = 36


def check(cases: CaseSet) -> None:
    """Check that a learning management system can store the answers to a set.

    Parameters
    ----------
    cases : CaseSet
        The set.

    Raises
    ------
    CasesError
        If anything is too large; the message lists all of it and says what to do.
    """
    wrong = [text for item in items(cases) for text in _too_large(item.id, item.question)]
    most = characters(cases)
    if most > MOST_CHARACTERS:
        wrong.append(
            f"format scorm: the answers to these {len(cases.cases):,} cases can take {most:,} characters, and SCORM "
            f"1.2 stores {MOST_CHARACTERS:,} for each attempt; make several sets, each with its own seed and "
            f"count {fitting(cases)} or less"
        )
    if wrong:
        raise CasesError("\n".join(wrong))


def characters(cases: CaseSet) -> int:
    """Return the largest number of characters that the answers to a set can take.

    Parameters
    ----------
    cases : CaseSet
        The set.
    """
    return HEAD + sum(_of_case(case) for case in cases.cases) - 1


def fitting(cases: CaseSet) -> int:
    """Return the number of cases of a set that fit, counted from the first.

    Parameters
    ----------
    cases : CaseSet
        The set.
    """
    taken = HEAD - 1
    for place, case in enumerate(cases.cases):
        taken += _of_case(case)
        if taken > MOST_CHARACTERS:
            return place
    return len(cases.cases)


def _of_case(case: Case) -> int:
    """Return the number of characters of the answers to a case, with a separator after each."""
    return sum(_of_question(question) + 1 for stage in case.stages for question in stage.questions)


def _of_question(question: Question) -> int:
    if isinstance(question, Matching):
        return len(question.pairs)
    if not isinstance(question, Choice):
        return NUMBER
    most = 2 ** len(question.options) - 1 if question.kind == "multiple" else len(question.options) - 1
    digits = 1
    while most >= BASE**digits:
        digits += 1
    return digits


def _too_large(ident: str, question: Question) -> list[str]:
    problems = []
    if len(ident) > MOST_IN_IDENTIFIER:
        problems.append(
            f"case {ident[:40]}…: expected an id of at most {MOST_IN_IDENTIFIER - 10} characters for SCORM 1.2"
        )
    choices = len(question.options) if isinstance(question, Choice) else 0
    if isinstance(question, Matching):
        choices = len(possible_answers(question))
        if len(question.pairs) > MOST_PREMISES:
            problems.append(f"question {ident}: {len(question.pairs)} pairs, and SCORM 1.2 can name {MOST_PREMISES}")
    if choices > MOST_LETTERS:
        problems.append(f"question {ident}: {choices} answers to choose from, and SCORM 1.2 can name {MOST_LETTERS}")
    return problems
