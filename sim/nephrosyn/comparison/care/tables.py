"""The tables of a comparison: the same rows for the console, the page and the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from nephrosyn.comparison.care import text
from nephrosyn.comparison.care.findings import Contrast, Findings, Row
from nephrosyn.report.findings.verdicts.eligibility import CATEGORY_ORDER
from nephrosyn.report.page.tables import Table
from nephrosyn.report.text import number, plain

GROUPS = {
    "disease": "disease",
    "treatment": "treatment, as prescribed",
    "harms": "harms",
    "verdict": "verdict, “{criteria}” criteria, {view} record",
}
HEAD = (
    "reference",
    "run",
    "difference (95% interval)",
    "better",
    "same",
    "worse",
    "variance saved",
    "patients if unpaired",
)


def outcomes(found: Findings, contrast: Contrast) -> Table:
    """Return every outcome of a run against the reference, group by group.

    Parameters
    ----------
    found : Findings
        All of it.
    contrast : Contrast
        One of its runs.

    Returns
    -------
    Table
        The rows that name a group are strong and hold no values.
    """
    rows: list[tuple[str, ...]] = []
    strong = set()
    for group, members in groupby(contrast.rows, lambda row: row.outcome.group):
        strong.add(len(rows))
        title = GROUPS[group].format(criteria=found.criteria, view=found.view)
        rows += [(title, *("",) * (len(HEAD) + 1)), *map(line, members)]
    caption = f"{contrast.name} against {found.reference}, {number(found.patients)} patients"
    return Table(caption, ("outcome", "unit", *HEAD), rows, frozenset(strong))


def line(row: Row) -> tuple[str, ...]:
    """Return the cells of one outcome: its title, its unit, then those of `HEAD`."""
    found, outcome = row.paired, row.outcome
    means = (text.value(outcome, mean) for mean in (found.reference, found.other))
    counts = (number(count) for count in (row.better, found.same, row.worse))
    end = (text.saved(row), text.times(row))
    return (outcome.title, text.unit(outcome), *means, text.difference(row), *counts, *end)


def changes(found: Findings, contrast: Contrast) -> Table:
    """Return the patients by category in the reference (rows) and in the run (columns)."""
    seen = [name for name in CATEGORY_ORDER if any(name in pair for pair in contrast.changes)]
    count = contrast.changes.get
    lines = [[count((row, column), 0) for column in seen] for row in seen]
    lines.append([sum(column) for column in zip(*lines, strict=True)])
    head = (f"{found.reference} ↓ {contrast.name} →", *map(plain, seen), "all")
    rows = [_counts(name, line) for name, line in zip([*map(plain, seen), "all"], lines, strict=True)]
    caption = f"Patients by category, “{found.criteria}” criteria, {found.view} record{text.outside(contrast)}"
    return Table(caption, head, rows, frozenset({len(seen)}))


def _counts(name: str, line: Sequence[int]) -> tuple[str, ...]:
    return (name, *[number(count) if count else "·" for count in line], number(sum(line)))


def settings(found: Findings, contrast: Contrast) -> Table:
    """Return the settings in which a run differs from the reference."""
    return Table("What differs in the scenarios", ("key", found.reference, contrast.name), contrast.settings)
