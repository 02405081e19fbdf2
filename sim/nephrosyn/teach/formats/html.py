"""Cases as HTML pages, one file each, that open from disk without a network: for teachers, students and self-study.

``cases-teacher.html`` has every key. ``cases-student.html`` has none: its answers are printed, or sent as a code that
the teacher's page marks. ``cases-quiz.html`` gives feedback at once; it must contain the key, so anyone who reads its
source can find it. When the score of the quiz changes, it calls ``window.nephrosynScore({raw, max, complete})`` if that
function exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nephrosyn.teach.formats.learner_view import digest, island, key, pool, without_key
from nephrosyn.teach.formats.numeric_columns import are_numeric
from nephrosyn.teach.formats.unit_overlay import Tree, in_units, overlay, primary_first, variants
from nephrosyn.teach.model import CaseSet, UnitSystem

Copy: TypeAlias = Literal["teacher", "student", "quiz"]
LANGUAGES = {"american": "en-US", "british": "en-GB"}
STYLES = ("base.css", "record.css", "question.css", "print.css")
SCRIPTS: Mapping[Copy, tuple[str, ...]] = {
    "teacher": ("state.js", "marking.js", "codes.js", "views.js", "teacher.js"),
    "student": ("state.js", "codes.js", "views.js", "answers.js", "student.js"),
    "quiz": ("state.js", "marking.js", "views.js", "answers.js", "feedback.js", "quiz.js"),
}
KINDS = {
    "single": "one best answer",
    "numeric": "number",
    "key-features": "key features",
    "staged": "staged",
    "matching": "matching",
    "near-miss": "near-miss pair",
    "disagreement": "definitions disagree",
}


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write the teacher's copy, the student's copy and the quiz.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units a page opens with.
    folder : Path
        Folder to write to.

    Returns
    -------
    list of Path
        The files.
    """
    paths = []
    for copy in SCRIPTS:
        path = folder / f"cases-{copy}.html"
        path.write_text(_page(sets, primary, copy), encoding="utf-8")
        paths.append(path)
    return paths


def page(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem, *, teacher: bool, scripts: Sequence[str] = ()) -> str:
    """Return the teacher's copy or the quiz; both contain the key.

    Parameters
    ----------
    sets : mapping of str to CaseSet
        The same cases by system of units; with both, the page has a switch.
    primary : {"conventional", "si"}
        The units the page opens with.
    teacher : bool
        The teacher's copy if true, otherwise the quiz.
    scripts : sequence of str, optional
        Additional JavaScript, run after the page's own definitions and before the page starts.
    """
    return _page(sets, primary, "teacher" if teacher else "quiz", scripts)


def student_page(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem) -> str:
    """Return the copy without the key; sets that differ only in their keys give the same bytes."""
    return _page(sets, primary, "student")


def _page(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem, copy: Copy, scripts: Sequence[str] = ()) -> str:
    if primary not in sets:
        raise ValueError(f"expected the cases in {primary} units, got them in {', '.join(sorted(sets)) or 'none'}")
    whole = overlay(sets)
    seen = without_key(whole)
    *before, last = (_page_file(name) for name in SCRIPTS[copy])
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            set=seen,
            plain=in_units(seen, primary),
            plain_text=lambda text: in_units(text, primary),
            read=in_units,
            copy=copy,
            language=LANGUAGES[seen["spelling"]],
            units=primary_first(sets, primary),
            # The quiz drops its answers when a key is corrected. A student's code identifies the questions.
            digest=digest(whole if copy == "quiz" else seen),
            style=Markup("\n".join(_page_file(name) for name in STYLES)),  # noqa: S704 - files of this package
            script=Markup("\n".join([*before, *scripts, last])),  # noqa: S704 - files of this package
            # The template gets the key only for the copies that may show it.
            **({} if copy == "student" else _with_key(whole)),
        )
    )


def _with_key(whole: Tree) -> Tree:
    cases = whole["cases"]
    content = {
        "key": key(whole),
        "summaries": [case["summary"] for case in cases],
        "margins": [case["margin"] for case in cases],
    }
    return {"whole": whole, "key": content["key"], "island": Markup(island(content))}  # noqa: S704 - escaped by island


def _page_file(name: str) -> str:
    return files("nephrosyn.teach.formats").joinpath("page", name).read_text(encoding="utf-8").strip()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nephrosyn.teach.formats", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(variants=variants, sides=_sides, pool=pool, KINDS=KINDS)
    return environment


def _sides(table: Tree) -> list[str]:
    """Return the CSS class of each column of a table."""
    return ["n" if numeric else "" for numeric in are_numeric(table)]
