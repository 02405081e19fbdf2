"""Moodle XML: one question bank file, every question checked before it is written.

A staged case becomes one question a stage rather than one cloze question: each shows all that has been seen so far
and names its stage, a cloze question would show every stage at once and has no feedback with pictures. Wrong options
of a multiple choice take away as much as right ones give, so that ticking everything earns nothing.
"""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree as ET

from nephrosyn.errors import CasesError
from nephrosyn.teach.formats import xhtml
from nephrosyn.teach.formats.moodle.cdata import Held
from nephrosyn.teach.formats.moodle.check import NAME_LENGTH, PERCENT, check
from nephrosyn.teach.formats.questions import Item, answers, image_bytes, image_name, items, number_text, right_options
from nephrosyn.teach.model import CaseSet, Choice, Matching, Numeric, UnitSystem

_TYPES = {"single": "multichoice", "multiple": "multichoice", "numeric": "numerical", "matching": "matching"}
_MATCHING_ANSWERS = 3
"""Moodle refuses to save a matching question with fewer answers."""


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write ``cases-moodle.xml`` in the primary units.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units to write.
    folder : Path
        Where to.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    CasesError
        If Moodle would refuse or spoil a question, all findings at once.
    """
    text = document(sets[primary])
    if findings := check(text):
        raise CasesError("Moodle XML: " + "; ".join(str(finding) for finding in findings))
    path = folder / "cases-moodle.xml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return [path]


def document(cases: CaseSet) -> str:
    """Return the whole file as text."""
    held, quiz = Held(), ET.Element("quiz")
    category = xhtml.add(quiz, "question", type="category")
    # A slash parts categories; a doubled one stands for itself.
    title = xhtml.one_line(cases.title).replace("/", "//")
    xhtml.add(xhtml.add(category, "category"), "text", f"$course$/top/nephrosyn/{title}")
    info = xhtml.add(category, "info", format="html")
    _text(info, held, xhtml.html_paragraphs([cases.notice, f"Made from: {cases.made_from}"]))
    for item in items(cases):
        _question(quiz, held, item, cases.notice)
    ET.indent(quiz)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{held.written(quiz)}\n'


def _text(parent: ET.Element, held: Held, html: str) -> None:
    xhtml.add(parent, "text").text = held.mark(html)


def _name(item: Item) -> str:
    name = xhtml.one_line(item.name)
    if len(name) <= NAME_LENGTH:
        return name
    # The place at the end must stay; the title gives way.
    end = name[len(xhtml.one_line(item.case.title)) :]
    return f"{name[: NAME_LENGTH - len(end) - 1]}…{end}"


def _question(quiz: ET.Element, held: Held, item: Item, notice: str) -> None:
    element = xhtml.add(quiz, "question", type=_TYPES[item.question.kind])
    xhtml.add(xhtml.add(element, "name"), "text", _name(item))
    box = ET.Element("div")
    xhtml.shown(box, item, notice, lambda figure: f"@@PLUGINFILE@@/{image_name(figure)}")
    xhtml.question(box, item)
    shown = xhtml.add(element, "questiontext", format="html")
    _text(shown, held, xhtml.html(box))
    for figure in item.figures:
        file = xhtml.add(shown, "file", name=image_name(figure), path="/", encoding="base64")
        file.text = base64.b64encode(image_bytes(figure)).decode()
    _text(xhtml.add(element, "generalfeedback", format="html"), held, xhtml.html_paragraphs(item.closing()))
    for tag, value in (("defaultgrade", "1"), ("penalty", "0"), ("hidden", "0"), ("idnumber", f"nephrosyn-{item.id}")):
        xhtml.add(element, tag, value)
    _answers(element, held, item.question)
    tags = xhtml.add(element, "tags")
    for tag in item.tags:
        xhtml.add(xhtml.add(tags, "tag"), "text", tag)


def _answers(element: ET.Element, held: Held, question: Choice | Numeric | Matching) -> None:
    if isinstance(question, Choice):
        _choice(element, held, question)
    elif isinstance(question, Numeric):
        _numeric(element, held, question)
    else:
        _matching(element, held, question)


def _share(count: int) -> str:
    """Return the percentage that each of several options gets, as Moodle lists it."""
    for percent in PERCENT:
        if abs(float(percent) - 100 / count) < 1e-4:
            return percent
    raise CasesError(f"Moodle XML: {count} options cannot share the credit; Moodle knows no such fraction")


def _choice(element: ET.Element, held: Held, choice: Choice) -> None:
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
        _text(answer, held, xhtml.html_paragraphs([option.text]))
        _text(xhtml.add(answer, "feedback", format="html"), held, xhtml.html_paragraphs([option.feedback]))


def _numeric(element: ET.Element, held: Held, question: Numeric) -> None:
    rows = ((number_text(question.value), "100", question.feedback_right), ("*", "0", question.feedback_wrong))
    for value, fraction, feedback in rows:
        answer = xhtml.add(element, "answer", fraction=fraction, format="moodle_auto_format")
        xhtml.add(answer, "text", value)
        _text(xhtml.add(answer, "feedback", format="html"), held, xhtml.html_paragraphs([feedback]))
        xhtml.add(answer, "tolerance", number_text(question.tolerance) if value != "*" else "0")
    # The unit is told in the question; 3 is Moodle's "units are not used at all".
    xhtml.add(element, "showunits", "3")


def _matching(element: ET.Element, held: Held, question: Matching) -> None:
    xhtml.add(element, "shuffleanswers", "true")
    used = {pair.answer for pair in question.pairs}
    spare = [text for text in answers(question) if text not in used]
    if len(question.pairs) + len(spare) < _MATCHING_ANSWERS:
        raise CasesError(f"Moodle XML: matching needs {_MATCHING_ANSWERS} answers with the spare ones")
    for premise, answer in [*((pair.premise, pair.answer) for pair in question.pairs), *(("", text) for text in spare)]:
        part = xhtml.add(element, "subquestion", format="html")
        _text(part, held, xhtml.html_paragraphs([premise]) if premise else "")
        xhtml.add(xhtml.add(part, "answer"), "text", answer)
