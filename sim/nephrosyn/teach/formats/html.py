"""Cases as pages of one file each that open from disk, offline: to teach with, to hand out, to learn alone.

``cases-teacher.html`` has every key. ``cases-student.html`` has none: answers are chosen in it, printed, or sent as a
code that the teacher's page marks. ``cases-quiz.html`` answers at once; it has to carry the key, so that who reads its
source can find it. Whenever the score of the quiz changes it calls ``window.nephrosynScore({raw, max, complete})`` if
that function exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nephrosyn.teach.formats.learner_view import digest, island, key, pool, shown
from nephrosyn.teach.formats.numeric_columns import of_figures
from nephrosyn.teach.formats.unit_overlay import Tree, in_units, overlay, variants
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
        Where to.

    Returns
    -------
    list of Path
        The files.
    """
    made = []
    for copy in SCRIPTS:
        path = folder / f"cases-{copy}.html"
        path.write_text(_page(sets, primary, copy), encoding="utf-8")
        made.append(path)
    return made


def page(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem, *, teacher: bool, scripts: Sequence[str] = ()) -> str:
    """Return the teacher's copy, or the quiz for learning alone; both hold the key.

    Parameters
    ----------
    sets : mapping of str to CaseSet
        The same cases by system of units; with both, the page has a switch.
    primary : {"conventional", "si"}
        The units the page opens with.
    teacher : bool
        The teacher's copy, else the quiz.
    scripts : sequence of str, optional
        JavaScript to run among the page's own, after what they define and before the page begins.
    """
    return _page(sets, primary, "teacher" if teacher else "quiz", scripts)


def student_page(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem) -> str:
    """Return the copy that holds no key; sets that differ in nothing but their keys give the same bytes."""
    return _page(sets, primary, "student")


def _page(sets: Mapping[UnitSystem, CaseSet], primary: UnitSystem, copy: Copy, scripts: Sequence[str] = ()) -> str:
    if primary not in sets:
        raise ValueError(f"expected the cases in {primary} units, got them in {', '.join(sorted(sets)) or 'none'}")
    whole = overlay(sets)
    seen = shown(whole)
    *before, last = (_packed(name) for name in SCRIPTS[copy])
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
            units=sorted(sets, key=lambda one: (one != primary, one)),
            # The quiz forgets its answers when a key is corrected. A student's code names what was asked.
            digest=digest(whole if copy == "quiz" else seen),
            style=Markup("\n".join(_packed(name) for name in STYLES)),  # noqa: S704 - files of this package
            script=Markup("\n".join([*before, *scripts, last])),  # noqa: S704 - files of this package
            # The template is given the key only where it may show it.
            **({} if copy == "student" else _with_key(whole)),
        )
    )


def _with_key(whole: Tree) -> Tree:
    cases = whole["cases"]
    told = {
        "key": key(whole),
        "summaries": [case["summary"] for case in cases],
        "margins": [case["margin"] for case in cases],
    }
    return {"whole": whole, "key": told["key"], "island": Markup(island(told))}  # noqa: S704 - escaped by island


def _packed(name: str) -> str:
    return files("nephrosyn.teach.formats").joinpath("page", name).read_text(encoding="utf-8").strip()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("nephrosyn.teach.formats", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(variants=variants, sides=_sides, pool=pool, KINDS=KINDS)
    return made


def _sides(table: Tree) -> list[str]:
    """Return the class of each column of a table."""
    return ["n" if figures else "" for figures in of_figures(table)]
