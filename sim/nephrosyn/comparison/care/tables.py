"""The tables of a comparison: the same for the console, the page and the text."""

from __future__ import annotations

from itertools import groupby

from nephrosyn.comparison.care import text
from nephrosyn.comparison.care.findings import Contrast, Findings, Row
from nephrosyn.report.formatting import number, patients
from nephrosyn.report.page.tables import Table, cross_table

GROUPS = {
    "disease": "disease",
    "treatment": "treatment, as prescribed",
    "adverse_events": "adverse events",
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

CHANCE, NUMBERS = "difference (chance alone, 95%)", "with the numbers (95%)"
"""Columns of a comparison with draws: in place of the difference with its interval, and after it."""


def head(findings: Findings) -> tuple[str, ...]:
    """Return the column names after title and unit."""
    return (*HEAD[:2], CHANCE, NUMBERS, *HEAD[3:]) if findings.uncertainty else HEAD


def outcomes(findings: Findings, contrast: Contrast) -> Table:
    """Return every outcome of a run against the reference, group by group.

    Parameters
    ----------
    findings : Findings
        The comparison.
    contrast : Contrast
        The run.

    Returns
    -------
    Table
        Rows that name a group are strong and have no values.
    """
    rows: list[tuple[str, ...]] = []
    names, strong = head(findings), set()
    for group, members in groupby(contrast.rows, lambda row: row.outcome.group):
        strong.add(len(rows))
        title = GROUPS[group].format(criteria=findings.criteria, view=findings.view)
        drawn = findings.uncertainty is not None
        rows += [(title, *("",) * (len(names) + 1)), *(line(row, drawn=drawn) for row in members)]
    caption = f"{contrast.name} against {findings.reference}, {patients(findings.patients)}"
    return Table(caption, ("outcome", "unit", *names), rows, frozenset(strong))


def line(row: Row, *, drawn: bool = False) -> tuple[str, ...]:
    """Return the cells of one outcome: title, unit, then those of `HEAD`; if drawn, with the interval of the draws."""
    paired, outcome = row.paired, row.outcome
    means = (text.value(outcome, mean) for mean in (paired.reference, paired.alternative))
    counts = (number(count) for count in (row.better, paired.same, row.worse))
    end = (text.saved(row), text.times(row))
    differences = (text.difference(row), *[text.with_numbers(row)] * drawn)
    return (outcome.title, text.unit(outcome), *means, *differences, *counts, *end)


def changes(findings: Findings, contrast: Contrast) -> Table:
    """Return the patients by category in the reference (rows) and in the run (columns)."""
    caption = f"Patients by category, “{findings.criteria}” criteria, {findings.view} record{text.outside(contrast)}"
    return cross_table(caption, findings.reference, contrast.name, contrast.changes)


def settings(findings: Findings, contrast: Contrast) -> Table:
    """Return the settings in which a run differs from the reference."""
    return Table("What differs in the scenarios", ("key", findings.reference, contrast.name), contrast.settings)
