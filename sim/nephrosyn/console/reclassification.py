"""Two definition sets on the same patients: the answer first, then moves, agreement, clauses, refractory shares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import terms
from nephrosyn.console.screen import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.reclassification import Reclassification
    from nephrosyn.report.tables import Table


def reclassification(told: Reclassification, page: Path | None) -> None:
    """Print a reclassification.

    Parameters
    ----------
    told : Reclassification
        What was found.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.reclassification import tables, wording

    found = told.found
    prose(told.sentence)
    say(terms.NOTICE)
    _show(tables.flows(found), 2)
    _show(tables.agreement(found), 2)
    if found.reasons:
        _show(tables.reasons(found), 3)
    _show(tables.refractory(found), 1)
    _show(tables.growth(found), 1)
    say()
    if page is not None:
        say(f"page  {page}")
    for one in found.reasons[:1]:
        for word, side in (("next", found.before), ("", found.after)):
            say(f"{word:4}  {wording.explain_command(found, one, side)}")


def _show(shown: Table, words: int) -> None:
    """Print a table of which so many columns are words, the others numbers."""
    say()
    heading(shown.caption)
    table(shown.head, shown.rows, right=range(words, len(shown.head)))
