"""The answers of a case, to hold those of two cases against each other."""

from __future__ import annotations

from typing import Any

from nephrosyn.teach.model import Case, Choice, Matching


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
