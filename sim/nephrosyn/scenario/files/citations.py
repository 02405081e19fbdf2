"""Evidence ids as citations: authors, journal, year and identifier, as far as the evidence has them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from nephrosyn.scenario.files.provenance import evidence

GRADES = {"D": "derived", "G": "not verified", "R2": "as restated elsewhere"}
STATEMENT = re.compile(r"S\d+")
# Notes on how a source was read, which are not part of the citation.
_NOTE = re.compile(r"\s*\([^()]*(?:not shown|index page|abstract page|abstract;|states )[^()]*\)")
_BRACKET = re.compile(r"\s*\[([^\]]*)\]")
_PUBLISHED = re.compile(r"\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)")
_CLAUSE = re.compile(r",\s(?![^()]*\))")
_ID = re.compile(r"\b[A-H]\d\d(?:-[A-H]\d\d)?\b")


def listed(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Return the citations of some evidence ids, one for each publication.

    Parameters
    ----------
    ids : iterable of str
        Evidence ids; unknown ids are left out.

    Returns
    -------
    list of (str, str)
        Ids, separated by commas, and their citation, in natural order of the ids.

    Examples
    --------
    >>> listed(["A12", "B10", "unknown"])
    [('A12, B10', 'Szeto, AJKD 2015, PMID 25465164')]
    """
    ids_by_citation: dict[str, list[str]] = {}
    for name in sorted(set(ids) & set(citations()), key=natural):
        ids_by_citation.setdefault(citations()[name], []).append(name)
    return [(", ".join(names), text) for text, names in ids_by_citation.items()]


@cache
def citations() -> dict[str, str]:
    """Return the citation of each evidence id.

    Examples
    --------
    >>> citations()["A03"]
    'Peking Univ First Hosp series 1993-2012'
    """
    published = files("nephrosyn.evidence.published").joinpath("collected_estimates.csv").read_text("utf-8")
    rows = {row["id"]: row for row in csv.DictReader(published.splitlines())}
    return {
        name: _publication(rows[name]) if name in rows else _other_citation(name, line)
        for name, line in evidence().items()
    }


def _publication(row: dict[str, str]) -> str:
    text = _NOTE.sub("", row["citation"]).replace(" + ", "; ")
    text = re.sub(r"(?<=[a-z])/(?=[A-Z])", ", ", text)
    grade = GRADES.get(row["confidence"], "")
    return ", ".join(filter(None, ("no citation" if text == "-" else text, grade)))


def _other_citation(name: str, line: str) -> str:
    text = _BRACKET.sub("", line)
    if STATEMENT.fullmatch(name):
        return f"source text, statement {name[1:]}: {text}"
    if name.startswith("DEF:"):
        return f"definition: {re.split(r'[:;] ', text)[0]}"
    return _model_statement(text, line)


def _title(text: str) -> str:
    """Return the title of a line: the text up to its first colon, and the next clause if that is very short."""
    title, *rest = re.split(r"[:;]\s", text)
    if len(title.split()) > 2 or not rest:
        return title
    return f"{title}: {_CLAUSE.split(rest[0])[0]}"


def _model_statement(text: str, line: str) -> str:
    published, behind = _PUBLISHED.findall(line), _ID.findall(line)
    title = _title(_PUBLISHED.sub("", re.sub(r"\s*\([A-H]\d\d\)", "", text)))
    names = list(dict.fromkeys([*published, *behind]))
    after = [f"after {', '.join(names)}"] if names else []
    graded = [GRADES["G"]] if re.match(r"G\b(?!/)", " ".join(_BRACKET.findall(line))) else []
    return "; ".join([f"this project's reading: {' '.join(title.split()).replace(' ,', ',')}", *after, *graded])


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``C2`` before ``C10``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
