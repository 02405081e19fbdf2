"""Two definition sets on the same patients: the answer first, then moves, agreement, clauses, refractory shares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.comparison.definitions import Reclassification


def reclassification(told: Reclassification, page: Path | None) -> None:
    """Print a reclassification.

    Parameters
    ----------
    told : Reclassification
        What was found.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.comparison.definitions import tables, text

    found = told.found
    prose(told.sentence)
    say(vocabulary.NOTICE)
    shown = [tables.flows(found), tables.agreement(found), *tables.shares(found)]
    for each in [*shown[:2], *([tables.reasons(found)] if found.reasons else []), *shown[2:]]:
        say()
        heading(each.caption)
        table(each.head, each.rows, right=range(each.words, len(each.head)))
    say()
    if page is not None:
        say(f"page  {page}")
    for one in found.reasons[:1]:
        for word, side in (("next", found.before), ("", found.after)):
            say(f"{word:4}  {text.explain_command(found, one, side)}")
