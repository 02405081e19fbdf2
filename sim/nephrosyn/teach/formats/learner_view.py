"""What a learner without the key may see, and the key separately.

The learner's view lists what is included, not what is left out: a field added to the model later stays out until it is
named here. So nothing that depends on the key reaches a student's copy, not even the order of the answers to match.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from nephrosyn.teach.formats.unit_overlay import Both, Tree, variants

DIGEST_DIGITS = 12


def without_key(tree: Tree) -> Tree:
    """Return a set without its key.

    Parameters
    ----------
    tree : dict
        A set as `unit_overlay.overlay` gives it.

    Returns
    -------
    dict
        Title, notice, spelling and cases, with their sections and questions.
    """
    return {
        "title": tree["title"],
        "notice": tree["notice"],
        "spelling": tree["spelling"],
        "cases": [_case(case) for case in tree["cases"]],
    }


def _case(case: Tree) -> Tree:
    return {
        **{name: case[name] for name in ("id", "version", "title", "criteria_title")},
        "stages": [_stage(stage) for stage in case["stages"]],
    }


def _stage(stage: Tree) -> Tree:
    sections = [
        {
            **{name: section[name] for name in ("heading", "paragraphs", "tables")},
            "figures": [
                {name: figure[name] for name in ("alt", "png_base64", "svg_base64")} for figure in section["figures"]
            ],
        }
        for section in stage["sections"]
    ]
    return {
        "title": stage["title"],
        "sections": sections,
        "questions": [_question(question) for question in stage["questions"]],
    }


def _question(question: Tree) -> Tree:
    view = {"kind": question["kind"], "stem": question["stem"]}
    if question["kind"] == "numeric":
        return {**view, "unit": question["unit"]}
    if question["kind"] == "matching":
        return {**view, "premises": [pair["premise"] for pair in question["pairs"]], "answers": pool(question)}
    return {**view, "options": [option["text"] for option in question["options"]]}


def pool(question: Tree) -> list[Any]:
    """Return the answers to match with, each once and in alphabetical order, which gives nothing away."""
    all_answers = [pair["answer"] for pair in question["pairs"]] + list(question["spare"])
    return [answer for _, answer in sorted({_sorting(answer): answer for answer in all_answers}.items())]


def _sorting(answer: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(_natural(text) for _, text in variants(answer))


def _natural(text: str) -> tuple[str, ...]:
    parts = re.findall(r"\d+|\D+", text.casefold())
    return (*(part.zfill(12) if part.isdecimal() else part for part in parts), text)


def key(tree: Tree) -> list[list[list[Tree]]]:
    """Return the key of every question, by case, stage and place."""
    return [[[_key(question) for question in stage["questions"]] for stage in case["stages"]] for case in tree["cases"]]


def _key(question: Tree) -> Tree:
    if question["kind"] == "numeric":
        return {
            name: question[name] for name in ("kind", "value", "tolerance", "unit", "feedback_right", "feedback_wrong")
        }
    if question["kind"] == "matching":
        answers = [_sorting(answer) for answer in pool(question)]
        pairs = question["pairs"]
        return {
            "kind": "matching",
            "right": [answers.index(_sorting(pair["answer"])) for pair in pairs],
            "feedback": [pair["feedback"] for pair in pairs],
        }
    return {
        "kind": question["kind"],
        "credits": credits([option["credit"] for option in question["options"]], question["kind"]),
        "options": [option["feedback"] for option in question["options"]],
        "feedback": question["feedback"],
    }


def credits(given: list[float], kind: str) -> list[float]:
    """Return what choosing each option adds to the score of a question, which is at most 1.

    In a multiple choice, the right options share 1. If no wrong option has a penalty, the wrong options share -1, as in
    Moodle and QTI, so that choosing all options scores nothing.

    Examples
    --------
    >>> credits([0.5, 0.5, 0.0, 0.0, 0.0, 0.0], "multiple")
    [0.5, 0.5, -0.25, -0.25, -0.25, -0.25]
    >>> credits([1.0, 0.0], "single")
    [1.0, 0.0]
    """
    right = [credit for credit in given if credit > 0]
    if kind == "single" or not right:
        return given
    whole, wrong = sum(right), len(given) - len(right)
    free = min(given) >= 0
    return [credit / whole if credit or not free else -1 / wrong for credit in given]


def digest(tree: Any) -> str:
    """Return the first digits of the SHA-256 of a tree's JSON, which identify its content."""
    text = json.dumps(tree, default=_plain, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]


def _plain(value: Any) -> Any:
    if isinstance(value, Both):
        return dict(value.by)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def island(tree: Any) -> str:
    """Return a tree as JSON for a script element, escaped so that it cannot end the element or begin a comment."""
    text = json.dumps(tree, default=_plain, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
