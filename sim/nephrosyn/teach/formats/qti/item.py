"""A question as a QTI 2.1 assessment item: the record, the possible answers and the feedback.

Identifiers of choices are their places, so that they give nothing away. A right answer scores 1; in a multiple choice
the right options share 1 and the wrong options share -1, and the score is never below 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from nephrosyn.teach.formats import xhtml
from nephrosyn.teach.formats.qti import processing
from nephrosyn.teach.formats.questions import Item, hint, image_name, number_text, possible_answers, right_options
from nephrosyn.teach.model import Choice, Matching, Numeric

RESPONSE = "RESPONSE"


def identifier(item: Item) -> str:
    """Return the item's identifier: an XML name, which may not begin with a digit."""
    return f"item-{item.id}"


def assessment_item(item: Item, notice: str) -> ET.Element:
    """Return the item as an element.

    Parameters
    ----------
    item : Item
        The question.
    notice : str
        Notice that every output carries.
    """
    root = ET.Element("assessmentItem", xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1", identifier=identifier(item))
    for name, value in (("title", xhtml.one_line(item.name)), ("adaptive", "false"), ("timeDependent", "false")):
        root.set(name, value)
    question = item.question
    if isinstance(question, Choice):
        _choice(root, item, question, notice)
    elif isinstance(question, Numeric):
        _numeric(root, item, question, notice)
    else:
        _matching(root, item, question, notice)
    return root


def _body(root: ET.Element, item: Item, notice: str) -> ET.Element:
    body = xhtml.add(root, "itemBody")
    xhtml.record_and_notice(xhtml.add(body, "div"), item, notice, lambda figure: f"../images/{image_name(figure)}")
    return body


def _prompt(interaction: ET.Element, item: Item) -> None:
    prompt = xhtml.add(interaction, "prompt", item.question.stem)
    if how := hint(item.question):
        xhtml.add(prompt, "br")
        xhtml.add(prompt, "em", how)


def _feedback(root: ET.Element, outcome: str, ident: str, texts: Iterable[str]) -> None:
    feedback = xhtml.add(root, "modalFeedback", outcomeIdentifier=outcome, identifier=ident, showHide="show")
    xhtml.paragraphs(feedback, texts)


def _choice(root: ET.Element, item: Item, choice: Choice, notice: str) -> None:
    right = right_options(choice)
    names = [f"choice-{place}" for place in range(1, len(right) + 1)]
    single = choice.kind == "single"
    response = processing.response(root, choice.kind, "identifier")
    processing.correct(response, [name for name, holds in zip(names, right, strict=True) if holds])
    shares = [1 / sum(right) if holds else -1 / (len(right) - sum(right)) for holds in right]
    if not single:
        processing.mapping(response, dict(zip(names, shares, strict=True)))
    processing.outcomes(root, choice.kind)
    interaction = xhtml.add(_body(root, item, notice), "choiceInteraction", responseIdentifier=RESPONSE)
    interaction.set("shuffle", "false")
    interaction.set("maxChoices", "1" if single else "0")
    _prompt(interaction, item)
    for name, option in zip(names, choice.options, strict=True):
        xhtml.add(interaction, "simpleChoice", option.text, identifier=name)
    (processing.by_correct if single else processing.by_mapping)(root)
    for name, option in zip(names, choice.options, strict=True):
        _feedback(root, "FEEDBACK", name, [option.feedback, *(item.closing() if single else [])])
    if not single:
        _feedback(root, "SOLUTION", "shown", item.closing())


def _numeric(root: ET.Element, item: Item, question: Numeric, notice: str) -> None:
    processing.correct(processing.response(root, "single", "float"), [number_text(question.value)])
    processing.outcomes(root, "single")
    body = _body(root, item, notice)
    xhtml.question(body, item)
    line = xhtml.add(body, "p")
    entry = xhtml.add(line, "textEntryInteraction", responseIdentifier=RESPONSE, expectedLength="12")
    entry.tail = f" {xhtml.clean(question.unit)}"
    low, high = question.value - question.tolerance, question.value + question.tolerance
    processing.by_range(root, number_text(low), number_text(high))
    _feedback(root, "FEEDBACK", "right", [question.feedback_right, *item.closing()])
    _feedback(root, "FEEDBACK", "wrong", [question.feedback_wrong, *item.closing()])


def _matching(root: ET.Element, item: Item, question: Matching, notice: str) -> None:
    replies = possible_answers(question)
    names = {text: f"answer-{place}" for place, text in enumerate(replies, 1)}
    pairs = [f"premise-{place:02} {names[pair.answer]}" for place, pair in enumerate(question.pairs, 1)]
    response = processing.response(root, "multiple", "directedPair")
    processing.correct(response, pairs)
    processing.mapping(response, dict.fromkeys(pairs, 1 / len(pairs)))
    processing.outcomes(root, "single")
    interaction = xhtml.add(_body(root, item, notice), "matchInteraction", responseIdentifier=RESPONSE)
    interaction.set("shuffle", "false")
    interaction.set("maxAssociations", str(len(pairs)))
    # Players of QTI 3 then show a table of buttons, which needs no dragging.
    interaction.set("class", "qti-match-tabular")
    _prompt(interaction, item)
    premises, offered = (xhtml.add(interaction, "simpleMatchSet") for _ in range(2))
    for place, pair in enumerate(question.pairs, 1):
        xhtml.add(premises, "simpleAssociableChoice", pair.premise, identifier=f"premise-{place:02}", matchMax="1")
    for text in replies:
        xhtml.add(offered, "simpleAssociableChoice", text, identifier=names[text], matchMax="0")
    processing.by_mapping(root, choices=False)
    _feedback(root, "SOLUTION", "shown", item.closing())
