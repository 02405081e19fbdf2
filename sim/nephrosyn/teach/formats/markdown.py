"""Cases as Markdown: a teacher's copy with the key, a student's copy without it, and the pictures as separate files.

Each system of units has ``cases-teacher-UNITS.md`` and ``cases-student-UNITS.md``. The student's copy is written from
the output of `shown`, so that it cannot contain anything that depends on the key.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from nephrosyn.teach.formats.learner_view import key, without_key
from nephrosyn.teach.formats.numeric_columns import are_numeric
from nephrosyn.teach.formats.unit_overlay import Tree, overlay, primary_first
from nephrosyn.teach.model import CaseSet, UnitSystem

IMAGES = "cases-images"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = re.compile(r"([\\`*_\[\]<>|&~$#])")
LIST = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write the teacher's and the student's copy in each system of units, and the pictures.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        Which of them comes first.
    folder : Path
        Folder to write to.

    Returns
    -------
    list of Path
        The files.
    """
    files = []
    (folder / IMAGES).mkdir(exist_ok=True)
    for units in primary_first(sets, primary):
        whole = overlay({units: sets[units]})
        for copy, text in (("teacher", teacher(whole, units)), ("student", student(whole, units))):
            path = folder / f"cases-{copy}-{units}.md"
            path.write_text(text, encoding="utf-8")
            files.append(path)
        for name, data in pictures(whole, units):
            (folder / name).write_bytes(data)
            files.append(folder / name)
    return files


def pictures(whole: Tree, units: str) -> Iterator[tuple[str, bytes]]:
    """Yield the path of each picture, built from the blinded id and the place, and the PNG."""
    for case in whole["cases"]:
        for number, stage in enumerate(case["stages"], 1):
            for path, figure in zip(_paths(case, number, stage, units), _figures(stage), strict=True):
                yield path, base64.b64decode(figure["png_base64"])


def student(whole: Tree, units: str) -> str:
    """Return the copy without the key.

    Parameters
    ----------
    whole : dict
        A set in one system of units, as `unit_overlay.overlay` gives it.
    units : {"conventional", "si"}
        System of units.
    """
    seen = without_key(whole)
    lines = _head(seen)
    for number, visible in enumerate(seen["cases"], 1):
        lines += case(visible, number, units)
    return _text(lines)


def teacher(whole: Tree, units: str) -> str:
    """Return the copy with the key after each question and the full answer after each case.

    Parameters
    ----------
    whole : dict
        A set in one system of units, as `unit_overlay.overlay` gives it.
    units : {"conventional", "si"}
        System of units.
    """
    seen, keys = without_key(whole), key(whole)
    lines = _head(seen)
    for number, (visible, keys_of_case) in enumerate(zip(seen["cases"], keys, strict=True), 1):
        lines += [*case(visible, number, units, keys_of_case), *answer(whole["cases"][number - 1])]
    return _text(lines)


def _head(seen: Tree) -> list[str]:
    return [f"# {escape_markdown(seen['title'])}", escape_markdown(seen["notice"])]


def _text(lines: list[str]) -> str:
    return "\n\n".join(lines) + "\n"


def escape_markdown(text: str) -> str:
    r"""Return a text with all special characters of Markdown and HTML escaped.

    Examples
    --------
    >>> print(escape_markdown("UPCR <0.05 | 3*"))
    UPCR \<0.05 \| 3\*
    >>> print(escape_markdown("1. not a list"))
    1\. not a list
    """
    one_line = SIGNS.sub(r"\\\1", " ".join(text.split()))
    return LIST.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", one_line)


def case(seen: Tree, number: int, units: str, keys: list[list[Tree]] | None = None) -> list[str]:
    """Return the blocks of a case.

    Parameters
    ----------
    seen : dict
        The case without its key, as `shown` gives it.
    number : int
        Its place in the set.
    units : {"conventional", "si"}
        System of units, for the paths of the pictures.
    keys : list of list of dict, optional
        The key by stage and question; if omitted, no key is written.
    """
    lines = [f"## {number}. {escape_markdown(seen['title'])}"]
    lines.append(f"Definition set: {escape_markdown(seen['criteria_title'])}. Case `{seen['id']}`.")
    for place, stage in enumerate(seen["stages"]):
        several = len(seen["stages"]) > 1
        which = f"Stage {place + 1} of {len(seen['stages'])}: " if several else ""
        lines.append(f"### {which}{escape_markdown(stage['title'])}")
        paths = _paths(seen, place + 1, stage, units)
        for section in stage["sections"]:
            lines += _section(section, paths)
        for at, question in enumerate(stage["questions"]):
            lines += _question(question, f"Question {at + 1}" if len(stage["questions"]) > 1 else "Question")
            if keys is not None:
                lines += _key(question, keys[place][at])
    return lines


def _figures(stage: Tree) -> list[Tree]:
    return [figure for section in stage["sections"] for figure in section["figures"]]


def _paths(case: Tree, number: int, stage: Tree, units: str) -> list[str]:
    return [f"{IMAGES}/{case['id']}-{number}-{i}-{units}.png" for i, _ in enumerate(_figures(stage), 1)]


def _section(section: Tree, paths: list[str]) -> list[str]:
    lines = [f"#### {escape_markdown(section['heading'])}", *map(escape_markdown, section["paragraphs"])]
    for table in section["tables"]:
        lines += [f"*{escape_markdown(table['caption'])}*", _table(table)]
    for figure in section["figures"]:
        lines.append(f"![{escape_markdown(figure['alt'])}]({paths.pop(0)})")
    return lines


def _table(table: Tree) -> str:
    heads = [_column(column) for column in table["columns"]]
    rule = ["---:" if numeric else ":---" for numeric in are_numeric(table)]
    rows = [[escape_markdown(cell) or "–" for cell in row] for row in table["rows"]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def _column(column: Tree) -> str:
    unit = f", {escape_markdown(column['unit'])}" if column["unit"] else ""
    reference = f" (reference {escape_markdown(column['reference'])})" if column["reference"] else ""
    return f"{escape_markdown(column['name'])}{unit}{reference}"


def _question(question: Tree, name: str) -> list[str]:
    lines = [f"**{name}.** {escape_markdown(question['stem'])}"]
    if question["kind"] == "numeric":
        return [*lines, f"Answer: ________ {escape_markdown(question['unit'])}".rstrip()]
    if question["kind"] == "matching":
        lines.append(_items([f"{escape_markdown(premise)}: ____" for premise in question["premises"]]))
        return [*lines, _items(_lettered(question["answers"]))]
    how = ["Choose all that apply."] if question["kind"] == "multiple" else []
    return [*lines, *how, _items(_lettered(question["options"]))]


def _lettered(texts: list[str]) -> list[str]:
    return [f"{LETTERS[i]}. {escape_markdown(text)}" for i, text in enumerate(texts)]


def _items(texts: list[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _key(question: Tree, key: Tree) -> list[str]:
    if key["kind"] == "numeric":
        unit = f" {escape_markdown(key['unit'])}" if key["unit"] else ""
        within = f", within ± {key['tolerance']:g}" if key["tolerance"] else ""
        lines = [f"**Key.** {key['value']:g}{unit}{within}."]
        return [
            *lines,
            _items(
                [f"Right: {escape_markdown(key['feedback_right'])}", f"Wrong: {escape_markdown(key['feedback_wrong'])}"]
            ),
        ]
    if key["kind"] == "matching":
        rows = zip(question["premises"], key["right"], key["feedback"], strict=True)
        return [
            "**Key.**",
            _items(
                [f"{escape_markdown(premise)}: **{LETTERS[at]}**. {escape_markdown(why)}" for premise, at, why in rows]
            ),
        ]
    right = [LETTERS[i] for i, credit in enumerate(key["credits"]) if credit > 0]
    reasons = _items([f"{LETTERS[i]}. {escape_markdown(why)}" for i, why in enumerate(key["options"])])
    more = [escape_markdown(key["feedback"])] if key["feedback"] else []
    return [f"**Key.** {', '.join(right) or 'none of them'}", reasons, *more]


def answer(whole: Tree) -> list[str]:
    """Return the blocks of the full answer of a case, as `unit_overlay.overlay` gives it."""
    lines = ["### Full answer", escape_markdown(whole["summary"])]
    if not whole["margin"]:
        return lines
    lines.append(f"What would change the answer: {escape_markdown(whole['margin'])}")
    pair = f" The other case of its pair is `{whole['pair']}`." if whole["pair"] else ""
    return [*lines, f"Predicted difficulty {whole['difficulty']} of 5.{pair}"]
