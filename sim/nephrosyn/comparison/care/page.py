"""A comparison as files: the page, the text, the figure, the values, and the differences by patient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.comparison.care import as_json, tables
from nephrosyn.comparison.care import text as wording
from nephrosyn.comparison.care.findings import Findings
from nephrosyn.report.figures import differences as figure
from nephrosyn.report.figures import inline
from nephrosyn.report.page.page import environment
from nephrosyn.report.text import number
from nephrosyn.runs.folder import Documents

FIGURE = "differences"
FILES = frozenset({"compare.html", "compare.md", "compare.json", f"{FIGURE}.svg", "paired.csv"})
KIND = Documents("a comparison of nephrosyn", FILES, "compare.json", "comparisons")
DRAWN = ("per year", "share", "mg/kg per year")
"""Units that have a panel; sums over the whole course follow from those per year."""
NOTES = (
    (
        "Twins",
        "patient i of one run is patient i of the other: the same age, lesion, frailty and chance, under other care. "
        "What the difference between the runs does not touch is the same to the digit.",
    ),
    (
        "Difference",
        "the mean over patients of run minus reference, with a 95% interval: of quantities Student's t on the "
        "differences, of yes/no outcomes Tango's score interval. It holds the play of chance in who falls ill, and no "
        "doubt about the numbers of the scenario.",
    ),
    (
        "Better, same, worse",
        "counts of patients. Fewer relapses, less of a drug, fewer harms, more time in remission and a milder verdict "
        "count as better. Of a yes/no outcome, better and worse are the discordant pairs.",
    ),
    (
        "Variance saved",
        "1 − var(difference) / (var(reference) + var(run)); beside it, how many times as many patients unpaired runs "
        "would need for as narrow an interval.",
    ),
    (
        "Outside the set",
        "a definition set may be for some ages and lesions only. Verdicts and changes of category are of the patients "
        "to whom it may apply in both runs; what comes from the truth is of all.",
    ),
    (
        "Truth and record",
        "relapses, remission, drugs (as prescribed, to the end of the course) and harms come from the truth; only the "
        "verdict comes from the record named.",
    ),
    (
        "Limits",
        "the patients do not exist. A difference is a consequence of the assumptions of both scenarios, not evidence "
        "about treatment. Many rows are shown: some intervals miss 0 by chance.",
    ),
)


def files(found: Findings) -> dict[str, str]:
    """Return every file of a comparison, text by name.

    The same runs give the same bytes.

    Parameters
    ----------
    found : Findings
        What was found.

    Returns
    -------
    dict of str to str
        ``compare.html``, ``compare.md``, ``compare.json``, ``differences.svg`` and ``paired.csv``.
    """
    shown, drawn = context(found), figure.draw([*marks(found)], found.reference)
    made = environment()
    text = made.get_template("compare.md.j2").render(**shown)
    return {
        "compare.html": made.get_template("compare.html.j2").render(**shown, figure=inline(drawn, FIGURE)),
        "compare.md": re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        "compare.json": as_json.json_text(found) + "\n",
        f"{FIGURE}.svg": drawn,
        "paired.csv": found.differences.with_columns(notice=pl.lit(vocabulary.NOTICE)).write_csv(),
    }


def marks(found: Findings) -> Iterator[figure.Difference]:
    """Yield what the figure shows, panel by panel."""
    for unit in DRAWN:
        for contrast in found.contrasts:
            for row in contrast.rows:
                if row.outcome.unit == unit:
                    span = row.paired
                    yield figure.Difference(
                        unit, row.outcome.title, contrast.name, span.difference, span.low, span.high
                    )


def context(found: Findings) -> dict[str, Any]:
    """Return what both templates show."""
    about = found.manifest
    facts = [
        ("Reference", found.reference),
        ("Compared with it", ", ".join(contrast.name for contrast in found.contrasts)),
        ("Patients", number(int(about["patients"]))),
        ("Replicates", str(about["replicates"])),
        ("Seed", str(about["seed"])),
        ("Definition set and record", f"{found.criteria}, {found.view}"),
        ("nephrosyn version", str(about["version"])),
    ]
    each = [
        {
            "name": contrast.name,
            "tables": [tables.outcomes(found, contrast), tables.changes(found, contrast)],
            "settings": tables.settings(found, contrast) if contrast.settings else None,
        }
        for contrast in found.contrasts
    ]
    return {
        "notice": vocabulary.NOTICE,
        "title": f"{', '.join(contrast.name for contrast in found.contrasts)} against {found.reference}",
        "sentence": wording.sentence(found),
        "reference": found.reference,
        "contrasts": each,
        "facts": facts,
        "notes": NOTES,
    }
