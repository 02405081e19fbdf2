"""QTI 2.1 response declarations, and the processing of responses into a score and feedback.

``SCORE`` is from 0 to 1; ``FEEDBACK`` names the chosen option, so that its feedback is shown; ``SOLUTION`` is set after
any answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

from nephrosyn.teach.formats.questions import number_text
from nephrosyn.teach.formats.xhtml import add


def response(root: ET.Element, cardinality: str, base: str) -> ET.Element:
    """Append the declaration of the response, and return it."""
    return add(root, "responseDeclaration", identifier="RESPONSE", cardinality=cardinality, baseType=base)


def correct(declaration: ET.Element, values: Iterable[str]) -> None:
    """Append the key to a declaration."""
    held = add(declaration, "correctResponse")
    for value in values:
        add(held, "value", value)


def mapping(declaration: ET.Element, scores: Mapping[str, float]) -> None:
    """Append the score of each answer; the sum is limited to the range from 0 to 1."""
    held = add(declaration, "mapping", defaultValue="0", lowerBound="0", upperBound="1")
    for key, value in scores.items():
        add(held, "mapEntry", mapKey=key, mappedValue=number_text(value))


def outcomes(root: ET.Element, feedback: str) -> None:
    """Append the outcomes; ``feedback`` is the cardinality of ``FEEDBACK``."""
    for name, value in (("SCORE", "0"), ("MAXSCORE", "1")):
        declaration = add(root, "outcomeDeclaration", identifier=name, cardinality="single", baseType="float")
        add(add(declaration, "defaultValue"), "value", value)
    for name, cardinality in (("FEEDBACK", feedback), ("SOLUTION", "single")):
        add(root, "outcomeDeclaration", identifier=name, cardinality=cardinality, baseType="identifier")


def _set(parent: ET.Element, outcome: str, base: str, value: str) -> None:
    add(add(parent, "setOutcomeValue", identifier=outcome), "baseValue", value, baseType=base)


def _set_feedback(rules: ET.Element) -> None:
    add(add(rules, "setOutcomeValue", identifier="FEEDBACK"), "variable", identifier="RESPONSE")


def _unanswered(root: ET.Element) -> tuple[ET.Element, ET.Element]:
    """Append processing that scores 0 without an answer; return it and its condition, to be continued."""
    rules = add(root, "responseProcessing")
    condition = add(rules, "responseCondition")
    empty = add(condition, "responseIf")
    add(add(empty, "isNull"), "variable", identifier="RESPONSE")
    _set(empty, "SCORE", "float", "0")
    return rules, condition


def by_correct(root: ET.Element) -> None:
    """Append processing that scores 1 for the key and 0 otherwise."""
    _, condition = _unanswered(root)
    met = add(condition, "responseElseIf")
    match = add(met, "match")
    add(match, "variable", identifier="RESPONSE")
    add(match, "correct", identifier="RESPONSE")
    for rules, score in ((met, "1"), (add(condition, "responseElse"), "0")):
        _set(rules, "SCORE", "float", score)
        _set_feedback(rules)


def by_mapping(root: ET.Element, *, choices: bool = True) -> None:
    """Append processing that adds the scores of the answers; for choices it also sets their feedback."""
    rules, condition = _unanswered(root)
    given = add(condition, "responseElse")
    add(add(given, "setOutcomeValue", identifier="SCORE"), "mapResponse", identifier="RESPONSE")
    if choices:
        _set_feedback(given)
    _set(rules, "SOLUTION", "identifier", "shown")


def by_range(root: ET.Element, low: str, high: str) -> None:
    """Append processing that scores 1 from ``low`` to ``high``, both included, and 0 otherwise."""
    condition = add(add(root, "responseProcessing"), "responseCondition")
    met = add(condition, "responseIf")
    both = add(met, "and")
    for bound, value in (("gte", low), ("lte", high)):
        held = add(both, bound)
        add(held, "variable", identifier="RESPONSE")
        add(held, "baseValue", value, baseType="float")
    _set(met, "SCORE", "float", "1")
    _set(met, "FEEDBACK", "identifier", "right")
    missed = add(condition, "responseElse")
    _set(missed, "SCORE", "float", "0")
    _set(missed, "FEEDBACK", "identifier", "wrong")
