"""The files of a comparison: page, text, figure, values, and differences by patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.comparison.care import as_json, tables
from nephrosyn.comparison.care import text as wording
from nephrosyn.comparison.care.findings import Findings, Row
from nephrosyn.report.figures import inline
from nephrosyn.report.figures import paired_differences as figure
from nephrosyn.report.page import frame
from nephrosyn.runs.folder import OutputFolder

FIGURE = "differences"
FILES = frozenset({"compare.html", "compare.md", "compare.json", f"{FIGURE}.svg", "paired.csv"})
KIND = OutputFolder("a comparison of nephrosyn", FILES, "compare.json", "comparisons")
DRAWN = ("per year", "share", "mg/kg per year")
"""Units that have a panel in the figure; sums over the whole course follow from those per year."""
INTERVALS = {False: "Lines: 95% interval.", True: "Thick lines: 95% interval by chance alone; thin: with the numbers."}
CHANCE_ALONE = (
    "The interval covers the chance of which patients were drawn, not uncertainty about the numbers of the scenarios."
)
WITH_NUMBERS = (
    "The first interval covers the chance of which patients were drawn. The second is that of the expected difference "
    "and also covers what the sources of the scenarios leave open: each draw gives the uncertain numbers other values, "
    "and all runs are played again with these values and with patients and random numbers in common. Chance is taken "
    "out of the spread of the draws, and this spread is added to the interval of chance, as independent variances are. "
    "It says what is known if the scenarios are right apart from these numbers."
)
NOTES = (
    (
        "Counterfactual pairs",
        "patient i of one run is patient i of the other: the same age, lesion, frailty and random numbers, under "
        "different care. Whatever the change in care does not affect is exactly equal in both runs.",
    ),
    (
        "Difference",
        "the mean over patients of run minus reference, with a 95% interval: Student's t on the differences for "
        "quantities, Tango's score interval for yes/no outcomes. Rates per year are sums over the follow-up of all "
        "patients, so that a course cut short by death counts for little; the interval of their difference comes from "
        "the delta method over pairs. {}",
    ),
    (
        "Better, same, worse",
        "counts of patients. Fewer relapses, less of a drug, fewer adverse events, more time in remission and a milder "
        "verdict count as better. For a yes/no outcome, better and worse are the discordant pairs.",
    ),
    (
        "Variance saved",
        "1 − var(difference) / (var(reference) + var(run)). The next column says how many times as many patients "
        "unpaired runs would need for an equally narrow interval.",
    ),
    (
        "Outside the set",
        "a definition set may be limited to some ages and lesions. Verdicts and changes of category include only the "
        "patients to whom it may apply in both runs; outcomes from the truth include all patients.",
    ),
    (
        "Truth and record",
        "relapses, remission, drugs (as prescribed, to the end of the course) and adverse events come from the truth; "
        "only the verdict comes from the record named above.",
    ),
    (
        "Limits",
        "the patients do not exist. A difference follows from the assumptions of both scenarios; it is not evidence "
        "about treatment. With many rows, some intervals miss 0 by chance.",
    ),
)


def files(findings: Findings) -> dict[str, str]:
    """Return every file of a comparison, text by file name; the same runs give the same bytes.

    Parameters
    ----------
    findings : Findings
        The comparison.

    Returns
    -------
    dict of str to str
        ``compare.html``, ``compare.md``, ``compare.json``, ``differences.svg`` and ``paired.csv``.
    """
    shown, drawn = context(findings), figure.draw([*differences(findings)], findings.reference)
    return {
        "compare.html": frame.html("compare.html.j2", **shown, figure=inline(drawn, FIGURE)),
        "compare.md": frame.markdown("compare.md.j2", **shown),
        "compare.json": as_json.json_text(findings) + "\n",
        f"{FIGURE}.svg": drawn,
        "paired.csv": findings.differences.with_columns(notice=pl.lit(vocabulary.NOTICE)).write_csv(),
    }


def differences(findings: Findings) -> Iterator[figure.Difference]:
    """Yield the differences that the figure shows, panel by panel."""
    for unit in DRAWN:
        for contrast in findings.contrasts:
            for row in contrast.rows:
                if row.outcome.unit == unit:
                    yield difference(row, contrast.name)


def difference(row: Row, run: str) -> figure.Difference:
    """Return an outcome for the figure, under the name of its run."""
    paired, known = row.paired, row.numbers
    ends = (known.low, known.high) if known is not None else None
    return figure.Difference(row.outcome.unit, row.outcome.title, run, paired.difference, paired.low, paired.high, ends)


def notes(findings: Findings) -> list[tuple[str, str]]:
    """Return the notes of the page, by title."""
    intervals = WITH_NUMBERS if findings.uncertainty else CHANCE_ALONE
    return [(title, note.format(intervals)) for title, note in NOTES]


def context(findings: Findings) -> dict[str, Any]:
    """Return the values for both templates."""
    facts = [
        ("Reference", findings.reference),
        ("Compared with it", ", ".join(contrast.name for contrast in findings.contrasts)),
        ("Definition set and record", f"{findings.criteria}, {findings.view}"),
        *frame.run_facts(findings.manifest),
        *(findings.uncertainty.facts if findings.uncertainty else []),
    ]
    contrasts = [
        {
            "name": contrast.name,
            "tables": [tables.outcomes(findings, contrast), tables.changes(findings, contrast)],
            "settings": tables.settings(findings, contrast) if contrast.settings else None,
        }
        for contrast in findings.contrasts
    ]
    return {
        "notice": vocabulary.NOTICE,
        "title": f"{', '.join(contrast.name for contrast in findings.contrasts)} against {findings.reference}",
        "sentence": wording.sentence(findings),
        "reference": findings.reference,
        "intervals": INTERVALS[findings.uncertainty is not None],
        "contrasts": contrasts,
        "facts": facts,
        "notes": notes(findings),
    }
