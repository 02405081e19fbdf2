"""A comparison of runs: the main result first, then every outcome and every change of category."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.comparison.care import Comparison
    from nephrosyn.report.page.tables import Table


def comparison(result: Comparison, page: Path | None) -> None:
    """Print a comparison.

    Parameters
    ----------
    result : Comparison
        The comparison.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.comparison.care import tables

    prose(result.sentence)
    say(vocabulary.NOTICE)
    if result.uncertainty is not None:
        say(result.uncertainty.sentence)
    for contrast in result.contrasts:
        _show(tables.outcomes(result, contrast))
        _show(tables.changes(result, contrast))
    if page is not None:
        say()
        say(f"page  {page}")


def _show(block: Table) -> None:
    say()
    heading(block.caption)
    table(block.head, block.rows, right=range(1, len(block.head)))
