"""The values of a scenario, each with its unit and source: all, those of some keys, or those that differ."""

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

Rows = list[tuple[str, str, str, str]]


def scenario(resolved: Resolved, asked: str, only: str | None = None, changed: bool = False) -> None:
    """Print a resolved scenario: a row for each key with its value, unit and source, and what the sources are.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    asked : str
        The name or path it was loaded by.
    only : str, optional
        Print the keys of this pattern only.
    changed : bool
        Print what differs from the scenario it extends only.

    Raises
    ------
    ScenarioError
        If no key is like the pattern.
    """
    from nephrosyn.scenario import rows

    shown = rows(resolved)
    if only is not None:
        shown = matching(shown, only, asked)
    if changed:
        shown = differing(shown, resolved)
    say(resolved.scenario.title)
    say(vocabulary.NOTICE)
    if shown:
        values(shown)
        legend(source for *_, source in shown)
    else:
        say("nothing differs")


def matching(found: Rows, pattern: str, asked: str) -> Rows:
    """Return the rows whose key is like a pattern; a section stands for all keys in it."""
    from nephrosyn.errors import Problem, ScenarioError
    from nephrosyn.scenario.messages import nearest

    kept = [row for row in found if fnmatchcase(row[0], pattern) or row[0].startswith(f"{pattern}.")]
    if not kept:
        keys = [key for key, *_ in found]
        raise ScenarioError(asked, [Problem("--only", "a pattern of dotted keys", pattern, nearest(pattern, keys))])
    return kept


def differing(found: Rows, resolved: Resolved) -> Rows:
    """Return the rows that are not in the scenario this one extends; one that extends none is held against itself.

    What the command line sets differs too, as nothing is set in what it is held against.
    """
    from nephrosyn.scenario import rows

    before = set(rows(resolved.extended()))
    return [row for row in found if row not in before]


def values(rows: Sequence[Sequence[str]]) -> None:
    """Print a row for each key.

    On a terminal the keys stand below their sections; in a pipe each row has its whole key, to be searched for.
    """
    if not sys.stdout.isatty():
        say()
        table(("key", "value", "unit", "source"), rows)
        return
    for section, members in groupby(rows, lambda row: row[0].rpartition(".")[0]):
        say()
        heading(section or "the run")
        table(("", "", "", ""), [(key.rpartition(".")[2], *rest) for key, *rest in members])


def legend(sources: Iterable[str]) -> None:
    """Print what the evidence ids of some sources stand for."""
    from nephrosyn.scenario.files.citations import listed
    from nephrosyn.scenario.files.provenance import ids

    cited = listed(name for source in sources for name in ids(source))
    if cited:
        say()
        heading("evidence")
        table(("id", "citation"), cited)
