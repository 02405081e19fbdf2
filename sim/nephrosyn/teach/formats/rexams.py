"""R/exams: one ``.Rmd`` file for each question, with its pictures in the same folder.

A matching question becomes a cloze question: each premise is a choice among all answers. All text is escaped for
pandoc's Markdown and for knitr, which would run R code found in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from nephrosyn.teach.formats.questions import (
    Item,
    hint,
    image_bytes,
    image_name,
    items,
    number_text,
    possible_answers,
    right_options,
)
from nephrosyn.teach.formats.xhtml import one_line
from nephrosyn.teach.model import CaseSet, Choice, Column, Figure, Matching, Numeric, Section, Table, UnitSystem

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "&#96;", "\\": "&#92;"}
"""R/exams would interpret a backslash, and knitr a backtick, even if escaped."""
_SPECIAL = re.compile(r"[&<>`\\*_{}\[\]#+\-!|$~^@:=%'\"]")
STOP = 'stop("picture not found: give the files by their bare names, and their folder as edir")'
"""R/exams only warns of a picture that it does not find; this stops it."""
_NUMBERED = re.compile(r"^(\(?\w+)([.)])")
"""Matches text that would begin a list."""


def escaped(text: str) -> str:
    r"""Return a text as one line of Markdown that shows exactly this text.

    Examples
    --------
    >>> escaped("2 * 3 < 7 `r 1`")
    '2 \\* 3 &lt; 7 &#96;r 1&#96;'
    """
    line = _SPECIAL.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), one_line(text))
    return _NUMBERED.sub(r"\1\\\2", line)


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write a folder ``rexams`` in the primary units.

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
        The files.
    """
    place = folder / "rexams"
    place.mkdir(exist_ok=True)
    paths = []
    for item in items(sets[primary]):
        paths.append(place / f"nephrosyn-{item.id}.Rmd")
        paths[-1].write_text(exercise(item, sets[primary].notice), encoding="utf-8", newline="\n")
        for figure in item.figures:
            picture = place / image_name(figure)
            if picture not in paths:
                picture.write_bytes(image_bytes(figure))
                paths.append(picture)
    return paths


def exercise(item: Item, notice: str) -> str:
    """Return a question as the text of its file."""
    blocks = [*_supplements(item.figures), "Question\n========", *_shown(item, notice), *_question(item)]
    blocks += ["Solution\n========", *_solution(item), "Meta-information\n================", _meta(item)]
    return "\n\n".join(blocks) + "\n"


def _supplements(figures: Iterable[Figure]) -> list[str]:
    names = [image_name(figure) for figure in figures]
    calls = [
        call for name in names for call in (f'include_supplement("{name}")', f'if (!file.exists("{name}")) {STOP}')
    ]
    return ["\n".join(['```{r, echo = FALSE, results = "hide", error = FALSE}', *calls, "```"])] if calls else []


def _shown(item: Item, notice: str) -> list[str]:
    blocks = []
    for stage in item.shown:
        blocks += [f"**{escaped(stage.title)}**"] if stage.title else []
        for section in stage.sections:
            blocks += _section(section)
    return [*blocks, f"*{escaped(notice)}*"]


def _section(section: Section) -> list[str]:
    blocks = [f"**{escaped(section.heading)}**"] if section.heading else []
    blocks += [escaped(text) for text in section.paragraphs]
    for table in section.tables:
        blocks += [f"{escaped(table.caption)}:", _table(table)]
    # The backslash keeps pandoc from making a figure whose caption is the alternative text.
    return blocks + [f"![{escaped(figure.alt)}]({image_name(figure)})\\" for figure in section.figures]


def _heading(column: Column) -> str:
    reference = f"reference {column.reference}" if column.reference else ""
    return escaped(", ".join(filter(None, (column.name, column.unit, reference))))


def _table(table: Table) -> str:
    rows = [[_heading(column) for column in table.columns], ["---"] * len(table.columns)]
    rows += [[escaped(text) for text in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _question(item: Item) -> list[str]:
    blocks = [f"**{escaped(item.question.stem)}**"]
    if how := hint(item.question):
        blocks.append(f"*{escaped(how)}*")
    if isinstance(item.question, Choice):
        return [*blocks, _answer_list(option.text for option in item.question.options)]
    if isinstance(item.question, Matching):
        replies = possible_answers(item.question)
        blocks += [f"{escaped(pair.premise)} ##ANSWER{place}##" for place, pair in enumerate(item.question.pairs, 1)]
        return [*blocks, _answer_list(reply for _ in item.question.pairs for reply in replies)]
    return blocks


def _answer_list(texts: Iterable[str]) -> str:
    return "\n".join(["Answerlist", "----------", *(f"* {escaped(text)}" for text in texts)])


def _solution(item: Item) -> list[str]:
    question, blocks = item.question, [escaped(text) for text in item.closing()]
    if isinstance(question, Numeric):
        return [escaped(question.feedback_right), escaped(question.feedback_wrong), *blocks]
    if isinstance(question, Choice):
        options = zip(question.options, right_options(question), strict=True)
        return [*blocks, _answer_list(f"{_truth(right)} {option.feedback}" for option, right in options)]
    replies = possible_answers(question)
    return [*blocks, _answer_list(_truth(reply == pair.answer) for pair in question.pairs for reply in replies)]


def _truth(right: bool) -> str:
    return "True." if right else "False."


def _bits(right: Iterable[bool]) -> str:
    return "".join("1" if holds else "0" for holds in right)


def _meta(item: Item) -> str:
    question = item.question
    meta = {"exname": f"nephrosyn {item.id}", "extype": "num", "exsection": f"nephrosyn/{item.case.id}"}
    meta["exversion"] = str(item.case.version)
    if isinstance(question, Choice):
        meta |= {"extype": "schoice" if question.kind == "single" else "mchoice", "exshuffle": "TRUE"}
        meta["exsolution"] = _bits(right_options(question))
    elif isinstance(question, Numeric):
        meta |= {"exsolution": number_text(question.value), "extol": number_text(question.tolerance)}
    else:
        replies = possible_answers(question)
        keys = [_bits(reply == pair.answer for reply in replies) for pair in question.pairs]
        meta |= {"extype": "cloze", "exsolution": "|".join(keys), "exshuffle": "FALSE"}
        meta["exclozetype"] = "|".join(["schoice"] * len(keys))
    return "\n".join(f"{name}: {value}" for name, value in meta.items())
