"""Sources of the scenario's numbers: assumed, from evidence, and the citations used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nephrosyn.scenario.files import citations
from nephrosyn.scenario.files.provenance import ASSUMED, NEED_NONE, ids
from nephrosyn.scenario.tree import split


@dataclass(frozen=True)
class Row:
    """One number of the scenario: dotted key, value, unit and source."""

    key: str
    value: str
    unit: str
    source: str


@dataclass(frozen=True)
class Sources:
    """The scenario's numbers by kind of source (mixed: evidence and an assumption), and the citations."""

    assumed: list[Row]
    mixed: list[Row]
    evidenced: list[Row]
    unsourced: list[Row]
    citations: list[tuple[str, str]]


def sort(rows: Iterable[tuple[Any, Any, Any, Any]]) -> Sources:
    """Sort a scenario's rows by kind of source, and collect the citations they use.

    Parameters
    ----------
    rows : iterable of (key, value, unit, source)
        From ``scenario.rows``.

    Returns
    -------
    Sources
        Texts without unit and source, such as the title, are left out, and so is the size of the run, which needs no
        source.

    Examples
    --------
    >>> found = sort([("a.b", 2, "days", "A22"), ("a.c", 3, "days", "assumed: a guess")])
    >>> [row.source for row in found.assumed], found.citations
    (['a guess'], [('A22', 'Polanco, JASN 2010')])
    """
    sources = Sources([], [], [], [], [])
    used: set[str] = set()
    for key, value, unit, source in rows:
        text = str(source or "").strip()
        if split(str(key)) in NEED_NONE:
            continue
        if text.lower().startswith(ASSUMED):
            sources.assumed.append(Row(str(key), str(value), str(unit or ""), text[len(ASSUMED) :].strip()))
        elif text:
            used.update(ids(text))
            kind = sources.mixed if ASSUMED in text else sources.evidenced
            kind.append(Row(str(key), str(value), str(unit or ""), text))
        elif unit:
            sources.unsourced.append(Row(str(key), str(value), str(unit), ""))
    sources.citations.extend(citations.listed(used))
    return sources
