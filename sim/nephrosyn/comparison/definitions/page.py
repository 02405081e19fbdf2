"""A reclassification as files: the page, the text, the figure, the values, and every patient."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.comparison.definitions import frames, tables
from nephrosyn.comparison.definitions import text as wording
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.figures import flows, growth, inline
from nephrosyn.report.page.page import environment
from nephrosyn.report.text import number
from nephrosyn.runs.folder import Documents

PAGE = "reclassify.html"
FILES = frozenset({PAGE, "reclassify.md", "reclassify.json", "flow.svg", "follow-up.svg", "patients.csv"})
KIND = Documents("a reclassification of nephrosyn", FILES, "reclassify.json", "flows")
EXPLAINED = 3
NOTES = (
    (
        "Moves",
        "the record is the same on both sides, so whoever changes category does so by the definition alone. Who cannot "
        "be judged is undetermined, a category like the others.",
    ),
    (
        "Who is compared",
        "the patients to whom both sets may apply. Who is outside either, by age or lesion, is left aside and counted. "
        "Two refractory shares are compared among the patients in both sets. Beside that stands the share of each set "
        "among its own patients; such shares have different denominators.",
    ),
    (
        "Clause responsible",
        "of a category, the clause that decides it is the one of its flag that was met first; of a patient who could "
        "not be judged, one that could not be. What is named are those of the two deciding clauses whose answers "
        "differ. Where none does, the sets differ in the order of their categories, in which flags count as "
        "refractory, or in how many relapses they see.",
    ),
    (
        "Cohen's kappa",
        "(agreement − agreement by chance) / (1 − agreement by chance); 1 is full agreement, 0 that of chance alone. "
        "Interval: ± 1.96 large-sample standard errors (Fleiss, Cohen and Everitt 1969). It depends on how common the "
        "categories are, so kappas of different cohorts are not comparable.",
    ),
    ("95% intervals", "of shares are Wilson intervals. They hold the play of chance in who falls ill, and no doubt "
     "about the numbers of the scenario."),
    (
        "Limits",
        "the patients do not exist. How many move is a consequence of the scenario and of both definition sets, not "
        "evidence about real patients. One third was not used to set any number of the scenario.",
    ),
)  # fmt: skip


def files(found: Findings) -> dict[str, str]:
    """Return every file of a reclassification, text by name.

    The same run and sets give the same bytes.

    Parameters
    ----------
    found : Findings
        What was found.

    Returns
    -------
    dict of str to str
        As many as `FILES`.
    """
    shown = context(found)
    drawn = {"flow": flows.draw(found.moves), "follow-up": growth.draw(found.growth)}
    made = environment()
    text = made.get_template("reclassify.md.j2").render(**shown)
    inlined = {name: inline(document, name) for name, document in drawn.items()}
    return {
        PAGE: made.get_template("reclassify.html.j2").render(**shown, figures=inlined),
        "reclassify.md": re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        "reclassify.json": frames.json_text(found) + "\n",
        **{f"{name}.svg": document for name, document in drawn.items()},
        "patients.csv": frames.patients(found).with_columns(notice=pl.lit(vocabulary.NOTICE)).write_csv(),
    }


def context(found: Findings) -> dict[str, Any]:
    """Return what both templates show."""
    about = found.manifest
    facts = [
        ("From", f"{found.before.name}: {found.before.definition.title}"),
        ("To", f"{found.after.name}: {found.after.definition.title}"),
        ("Record", found.view),
        ("Scenario", str(about["scenario"]["name"])),
        ("Patients", number(int(about["patients"]))),
        ("Replicates", str(about["replicates"])),
        ("Seed", str(about["seed"])),
        ("nephrosyn version", str(about["version"])),
    ]
    return {
        "notice": vocabulary.NOTICE,
        "title": f"From {found.before.name} to {found.after.name}",
        "sentence": wording.sentence(found),
        "facts": facts,
        "moves": [tables.flows(found), tables.matrix(found)],
        "agreement": tables.agreement(found),
        "reasons": [tables.reasons(found), tables.differences(found)] if found.reasons else [],
        "explain": [
            wording.explain_command(found, one, side)
            for one in found.reasons[:EXPLAINED]
            for side in (found.before, found.after)
        ],
        "refractory": tables.shares(found),
        "notes": NOTES,
    }
