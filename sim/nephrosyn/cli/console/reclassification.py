"""A reclassification: the main result first, then changes of category, agreement, reasons and refractory shares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.comparison.definitions import Reclassification


def reclassification(result: Reclassification, page: Path | None) -> None:
    """Print a reclassification.

    Parameters
    ----------
    result : Reclassification
        The reclassification.
    page : Path or None
        The page, if one was written.
    """
    from nephrosyn.comparison.definitions import tables, text

    findings = result.findings
    prose(result.sentence)
    say(vocabulary.NOTICE)
    shown = [tables.flows(findings), tables.agreement(findings), *tables.shares(findings)]
    drawn = [table for table in [tables.with_numbers(findings)] if table is not None]
    for block in [*shown[:2], *drawn, *([tables.reasons(findings)] if findings.reasons else []), *shown[2:]]:
        say()
        heading(block.caption)
        table(block.head, block.rows, right=range(block.words, len(block.head)))
    say()
    if page is not None:
        say(f"page  {page}")
    for reason in findings.reasons[:1]:
        for word, side in (("next", findings.before), ("", findings.after)):
            say(f"{word:4}  {text.explain_command(findings, reason, side)}")
