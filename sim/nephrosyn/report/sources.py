"""Where the scenario's numbers come from: what is assumed, what is backed by evidence, and the citations used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nephrosyn.scenario.sources import ASSUMED, evidence, ids

__all__ = ["Row", "Sources", "evidence", "sort"]


@dataclass(frozen=True)
class Row:
    """One number of the scenario: dotted key, value, unit, and its source."""

    key: str
    value: str
    unit: str
    source: str


@dataclass(frozen=True)
class Sources:
    """The scenario's numbers by kind of source (mixed: evidence completed by an assumption), and the citations."""

    assumed: list[Row]
    mixed: list[Row]
    evidenced: list[Row]
    unsourced: list[Row]
    citations: list[tuple[str, str]]


def sort(rows: Iterable[tuple[Any, Any, Any, Any]], known: Mapping[str, str]) -> Sources:
    """Sort a scenario's rows by kind of source, and collect the citations they use.

    Parameters
    ----------
    rows : iterable of (key, value, unit, source)
        From ``scenario.rows``.
    known : dict of str to str
        Evidence id to citation.

    Returns
    -------
    Sources
        Texts such as the title, which have neither unit nor source, are left out.

    Examples
    --------
    >>> found = sort([("a.b", 2, "days", "C01"), ("a.c", 3, "days", "assumed: a guess")], {"C01": "A trial"})
    >>> [row.source for row in found.assumed], found.citations
    (['a guess'], [('C01', 'A trial')])
    """
    found = Sources([], [], [], [], [])
    used: set[str] = set()
    for key, value, unit, source in rows:
        text = str(source or "").strip()
        if text.lower().startswith(ASSUMED):
            found.assumed.append(Row(str(key), str(value), str(unit or ""), text[len(ASSUMED) :].strip()))
        elif text:
            used.update(ids(text))
            kind = found.mixed if ASSUMED in text else found.evidenced
            kind.append(Row(str(key), str(value), str(unit or ""), text))
        elif unit:
            found.unsourced.append(Row(str(key), str(value), str(unit), ""))
    found.citations.extend((name, known[name]) for name in sorted(used & set(known), key=natural))
    return found


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``C2`` before ``C10``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
