"""A section of the page."""

from __future__ import annotations

from dataclasses import dataclass

from nephrosyn.report.page.tables import Table


@dataclass(frozen=True)
class Section:
    """One section: a heading, sentences, figures by name with captions, tables, and tables that are folded."""

    anchor: str
    title: str
    lead: list[str]
    figures: list[tuple[str, str]]
    tables: list[Table]
    folded: list[Table]
