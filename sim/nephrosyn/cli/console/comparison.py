"""Twins compared: the answer first, then every outcome and every change of category."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.comparison.care import Comparison
    from nephrosyn.report.page.tables import Table


def comparison(found: Comparison, page: Path | None) -> None:
    """Print a comparison.

    Parameters
    ----------
    found : Comparison
        What was found.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.comparison.care import tables

    prose(found.sentence)
    say(vocabulary.NOTICE)
    for contrast in found.contrasts:
        _show(tables.outcomes(found, contrast))
        _show(tables.changes(found, contrast))
    if page is not None:
        say()
        say(f"page  {page}")


def _show(shown: Table) -> None:
    say()
    heading(shown.caption)
    table(shown.head, shown.rows, right=range(1, len(shown.head)))
