"""Where the scenario's numbers come from: what is assumed, what is backed by evidence, and the citations used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

ASSUMED = "assumed:"
EVIDENCE_ID = re.compile(r"\b[A-Z]{1,3}\d+(?:\.\d+)*\b")


@dataclass(frozen=True)
class Row:
    """One number of the scenario: dotted key, value, unit, and its source."""

    key: str
    value: str
    unit: str
    source: str


@dataclass(frozen=True)
class Sources:
    """The scenario's numbers by kind of source, and the citations behind them."""

    assumed: list[Row]
    evidenced: list[Row]
    unsourced: list[Row]
    citations: list[tuple[str, str]]


def evidence() -> dict[str, str]:
    """Return the citation of each evidence id."""
    text = resources.files("nephrosyn.evidence").joinpath("ids.json").read_text(encoding="utf-8")
    return {str(name): str(citation) for name, citation in json.loads(text).items()}


def sort(rows: Iterable[tuple[Any, Any, Any, Any]], known: dict[str, str]) -> Sources:
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
    found = Sources([], [], [], [])
    used: set[str] = set()
    for key, value, unit, source in rows:
        text = str(source or "").strip()
        if text.lower().startswith(ASSUMED):
            found.assumed.append(Row(str(key), str(value), str(unit or ""), text[len(ASSUMED) :].strip()))
        elif text:
            used.update(EVIDENCE_ID.findall(text))
            found.evidenced.append(Row(str(key), str(value), str(unit or ""), text))
        elif unit:
            found.unsourced.append(Row(str(key), str(value), str(unit), ""))
    found.citations.extend((name, known[name]) for name in sorted(used & set(known), key=natural))
    return found


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``C2`` before ``C10``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
