"""The values of a scenario with units and sources: all, those of some keys, or those that differ."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import groupby
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, say, table

if TYPE_CHECKING:
    from nephrosyn.scenario import Resolved

Rows = list[tuple[str, str, str, str, str]]
"""Key, value, unit, how well it is known, and source."""


def scenario(resolved: Resolved, requested: str, only: str | None = None, changed: bool = False) -> None:
    """Print a resolved scenario: a row for each key with value, unit, how well it is known, and source.

    After the rows come the citations of the sources, and the reasons why numbers are fixed.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    requested : str
        Name or path that it was loaded by.
    only : str, optional
        Print only keys that match this pattern.
    changed : bool
        Print only values that differ from the scenario it extends.

    Raises
    ------
    ScenarioError
        If no key matches the pattern.
    """
    from nephrosyn.scenario.describe import fixed_because

    shown = _rows(resolved)
    if only is not None:
        shown = matching(shown, only, requested)
    if changed:
        shown = differing(shown, resolved)
    say(resolved.scenario.title)
    say(vocabulary.NOTICE)
    if shown:
        values(shown)
        legend(text for *_, uncertainty, source in shown for text in (source, _ids(uncertainty)))
        _print_reasons(fixed_because(resolved, (key for key, *_ in shown)))
    else:
        say("nothing differs")


def _rows(resolved: Resolved) -> Rows:
    from nephrosyn.scenario import rows
    from nephrosyn.scenario.describe import uncertainty

    texts = uncertainty(resolved)
    return [(key, value, unit, texts.get(key, ""), source) for key, value, unit, source in rows(resolved)]


def _ids(uncertainty: str) -> str:
    """Return the sources at the end of a text on how well a number is known."""
    return uncertainty.rpartition("(")[2].removesuffix(")").removesuffix("assumed").rstrip(", ")


def _print_reasons(reasons: Sequence[tuple[str, str]]) -> None:
    if reasons:
        say()
        heading("fixed, because")
        table(("key", "reason"), reasons)


def matching(rows: Rows, pattern: str, requested: str) -> Rows:
    """Return the rows whose key matches a pattern; the name of a section matches all its keys."""
    from nephrosyn.errors import Problem, ScenarioError, nearest

    matches = [row for row in rows if fnmatchcase(row[0], pattern) or row[0].startswith(f"{pattern}.")]
    if not matches:
        keys = [key for key, *_ in rows]
        raise ScenarioError(requested, [Problem("--only", "a pattern of dotted keys", pattern, nearest(pattern, keys))])
    return matches


def differing(shown: Rows, resolved: Resolved) -> Rows:
    """Return the rows that differ from the scenario that this one extends, or from itself if it extends none.

    Values set on the command line count as differences.
    """
    before = set(_rows(resolved.extended()))
    return [row for row in shown if row not in before]


def values(rows: Sequence[Sequence[str]]) -> None:
    """Print a row for each key.

    On a terminal keys are grouped by section; in a pipe each row has the full key, so that it can be searched.
    """
    if not sys.stdout.isatty():
        say()
        table(("key", "value", "unit", "known", "source"), rows)
        return
    for section, members in groupby(rows, lambda row: row[0].rpartition(".")[0]):
        say()
        heading(section or "the run")
        table(("", "", "", "", ""), [(key.rpartition(".")[2], *rest) for key, *rest in members])


def legend(sources: Iterable[str]) -> None:
    """Print the citations of the evidence ids in some sources."""
    from nephrosyn.scenario.files.citations import listed
    from nephrosyn.scenario.files.provenance import ids

    cited = listed(name for source in sources for name in ids(source))
    if cited:
        say()
        heading("evidence")
        table(("id", "citation"), cited)
