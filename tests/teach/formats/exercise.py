"""An R/exams exercise, read strictly by the rules of R/exams 2.4 for Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPES = {"schoice", "mchoice", "num", "string", "cloze"}


@dataclass(frozen=True)
class Exercise:
    question: list[str]
    options: list[str]
    solution: list[str]
    told: list[str]
    meta: dict[str, str]


def _environment(lines: list[str], name: str) -> list[str]:
    """The lines of a section or, within one, of its list; a blank line must part it from the next heading."""
    marks = [place for place, line in enumerate(lines) if re.match("====|----", line)]
    begins = [place for place in marks if lines[place - 1].lower().replace("-", "") == name]
    assert len(begins) == 1, f"{len(begins)} environments {name}"
    underline = lines[begins[0]][0]
    ends = [place for place in marks if place > begins[0] and (underline == "-" or lines[place].startswith("="))]
    if not ends:
        return lines[begins[0] + 1 :]
    assert not lines[min(ends) - 2], "no blank line before a heading"
    return lines[begins[0] + 1 : min(ends) - 2]


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    if "Answerlist" not in lines:
        return lines, []
    place = lines.index("Answerlist")
    items = [line for line in lines[place + 2 :] if line]
    assert all(item.startswith("* ") and "\\item" not in item for item in items)
    return lines[:place], [item[2:] for item in items]


def _meta(lines: list[str]) -> dict[str, str]:
    """R/exams looks for each name anywhere in the file and takes the last place; here it must be the only one."""
    told = dict(line.split(": ", 1) for line in _environment(lines, "metainformation") if line)
    for name in told:
        assert sum(f"{name}:" in line for line in lines) == 1, f"{name} stands elsewhere too"
    return told


def _checked(exercise: Exercise) -> Exercise:
    meta, kind = exercise.meta, exercise.meta["extype"]
    assert kind in TYPES
    keys = meta["exsolution"].split("|")
    if kind == "num":
        assert len(keys) == 1
        assert float(keys[0]) == float(keys[0])
        assert float(meta["extol"]) >= 0
        assert not exercise.options
        return exercise
    assert all(re.fullmatch("[01]{2,}", key) for key in keys)
    assert sum(len(key) for key in keys) == len(exercise.options) == len(exercise.told)
    if kind == "cloze":
        assert meta["exclozetype"].split("|") == ["schoice"] * len(keys)
        assert [f"##ANSWER{place}##" in "\n".join(exercise.question) for place in range(1, len(keys) + 2)] == [
            *[True] * len(keys),
            False,
        ]
    if kind != "mchoice":
        assert all(key.count("1") == 1 for key in keys)
    assert len(keys) == 1 or kind == "cloze"
    return exercise


def read(text: str) -> Exercise:
    """Read an exercise; whatever is wrong raises."""
    lines = text.split("\n")
    question, options = _split(_environment(lines, "question"))
    solution, told = _split(_environment(lines, "solution"))
    return _checked(Exercise(question, options, solution, told, _meta(lines)))
