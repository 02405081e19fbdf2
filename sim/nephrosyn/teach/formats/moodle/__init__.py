"""Moodle XML: one question bank file, every question checked before it is written.

A staged case becomes one question for each stage, which shows the record so far and names its stage; a single cloze
question would show all stages at once and has no feedback with pictures. Wrong options of a multiple choice subtract as
much in total as right ones add, so that ticking everything scores nothing.
"""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree as ET

from nephrosyn.errors import CasesError
from nephrosyn.teach.formats import xhtml
from nephrosyn.teach.formats.moodle.cdata import CData
from nephrosyn.teach.formats.moodle.check import NAME_LENGTH, PERCENT, check
from nephrosyn.teach.formats.questions import (
    Item,
    image_bytes,
    image_name,
    items,
    number_text,
    possible_answers,
    right_options,
)
from nephrosyn.teach.model import CaseSet, Choice, Matching, Numeric, UnitSystem

_TYPES = {"single": "multichoice", "multiple": "multichoice", "numeric": "numerical", "matching": "matching"}
_MATCHING_ANSWERS = 3
"""Fewest answers with which Moodle saves a matching question."""


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write ``cases-moodle.xml`` in the primary units.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units to write.
    folder : Path
        Folder to write to.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    CasesError
        If Moodle would reject or damage a question; the message lists all findings.
    """
    text = document(sets[primary])
    if findings := check(text):
        raise CasesError("Moodle XML: " + "; ".join(str(finding) for finding in findings))
    path = folder / "cases-moodle.xml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return [path]


def document(cases: CaseSet) -> str:
    """Return the whole file as text."""
    cdata, quiz = CData(), ET.Element("quiz")
    category = xhtml.add(quiz, "question", type="category")
    # A slash separates categories; a doubled slash is a literal one.
    title = xhtml.one_line(cases.title).replace("/", "//")
    xhtml.add(xhtml.add(category, "category"), "text", f"$course$/top/nephrosyn/{title}")
    info = xhtml.add(category, "info", format="html")
    _text(info, cdata, xhtml.html_paragraphs([cases.notice, f"Made from: {cases.made_from}"]))
    for item in items(cases):
        _question(quiz, cdata, item, cases.notice)
    ET.indent(quiz)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{cdata.written(quiz)}\n'


def _text(parent: ET.Element, cdata: CData, html: str) -> None:
    xhtml.add(parent, "text").text = cdata.mark(html)


def _name(item: Item) -> str:
    name = xhtml.one_line(item.name)
    if len(name) <= NAME_LENGTH:
        return name
    # The place in the case, at the end, must stay; the title is cut.
    end = name[len(xhtml.one_line(item.case.title)) :]
    return f"{name[: NAME_LENGTH - len(end) - 1]}…{end}"


def _question(quiz: ET.Element, cdata: CData, item: Item, notice: str) -> None:
    element = xhtml.add(quiz, "question", type=_TYPES[item.question.kind])
    xhtml.add(xhtml.add(element, "name"), "text", _name(item))
    box = ET.Element("div")
    xhtml.record_and_notice(box, item, notice, lambda figure: f"@@PLUGINFILE@@/{image_name(figure)}")
    xhtml.question(box, item)
    shown = xhtml.add(element, "questiontext", format="html")
    _text(shown, cdata, xhtml.html(box))
    for figure in item.figures:
        file = xhtml.add(shown, "file", name=image_name(figure), path="/", encoding="base64")
        file.text = base64.b64encode(image_bytes(figure)).decode()
    _text(xhtml.add(element, "generalfeedback", format="html"), cdata, xhtml.html_paragraphs(item.closing()))
    for tag, value in (("defaultgrade", "1"), ("penalty", "0"), ("hidden", "0"), ("idnumber", f"nephrosyn-{item.id}")):
        xhtml.add(element, tag, value)
    _answers(element, cdata, item.question)
    tags = xhtml.add(element, "tags")
    for tag in item.tags:
        xhtml.add(xhtml.add(tags, "tag"), "text", tag)


def _answers(element: ET.Element, cdata: CData, question: Choice | Numeric | Matching) -> None:
    if isinstance(question, Choice):
        _choice(element, cdata, question)
    elif isinstance(question, Numeric):
        _numeric(element, cdata, question)
    else:
        _matching(element, cdata, question)


def _share(count: int) -> str:
    """Return the percentage for each of several options, as Moodle lists it."""
    for percent in PERCENT:
        if abs(float(percent) - 100 / count) < 1e-4:
            return percent
    raise CasesError(f"Moodle XML: {count} options cannot share the credit; Moodle has no such fraction")


def _choice(element: ET.Element, cdata: CData, choice: Choice) -> None:
    right = right_options(choice)
    single = choice.kind == "single"
    gain, loss = _share(sum(right)), "0"
    if not single and not all(right):
        loss = f"-{_share(len(right) - sum(right))}"
    for tag, value in (("single", str(single).lower()), ("shuffleanswers", "true"), ("answernumbering", "abc")):
        xhtml.add(element, tag, value)
    xhtml.add(element, "showstandardinstruction", "0")
    for option, holds in zip(choice.options, right, strict=True):
        answer = xhtml.add(element, "answer", fraction=gain if holds else loss, format="html")
        _text(answer, cdata, xhtml.html_paragraphs([option.text]))
        _text(xhtml.add(answer, "feedback", format="html"), cdata, xhtml.html_paragraphs([option.feedback]))


def _numeric(element: ET.Element, cdata: CData, question: Numeric) -> None:
    rows = ((number_text(question.value), "100", question.feedback_right), ("*", "0", question.feedback_wrong))
    for value, fraction, feedback in rows:
        answer = xhtml.add(element, "answer", fraction=fraction, format="moodle_auto_format")
        xhtml.add(answer, "text", value)
        _text(xhtml.add(answer, "feedback", format="html"), cdata, xhtml.html_paragraphs([feedback]))
        xhtml.add(answer, "tolerance", number_text(question.tolerance) if value != "*" else "0")
    # The question names the unit; 3 is Moodle's "units are not used at all".
    xhtml.add(element, "showunits", "3")


def _matching(element: ET.Element, cdata: CData, question: Matching) -> None:
    xhtml.add(element, "shuffleanswers", "true")
    used = {pair.answer for pair in question.pairs}
    spare = [text for text in possible_answers(question) if text not in used]
    if len(question.pairs) + len(spare) < _MATCHING_ANSWERS:
        raise CasesError(
            f"Moodle XML: a matching question needs at least {_MATCHING_ANSWERS} answers, including spare ones"
        )
    for premise, answer in [*((pair.premise, pair.answer) for pair in question.pairs), *(("", text) for text in spare)]:
        part = xhtml.add(element, "subquestion", format="html")
        _text(part, cdata, xhtml.html_paragraphs([premise]) if premise else "")
        xhtml.add(xhtml.add(part, "answer"), "text", answer)
