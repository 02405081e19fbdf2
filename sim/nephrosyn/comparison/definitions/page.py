"""The files of a reclassification: page, text, figures, values, and every patient."""

from __future__ import annotations

from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.comparison.definitions import frames, tables
from nephrosyn.comparison.definitions import text as wording
from nephrosyn.comparison.definitions.findings import Findings
from nephrosyn.report.figures import category_flows, inline, refractory_share_by_follow_up
from nephrosyn.report.page import frame
from nephrosyn.runs.folder import OutputFolder

PAGE = "reclassify.html"
FILES = frozenset({PAGE, "reclassify.md", "reclassify.json", "flow.svg", "follow-up.svg", "patients.csv"})
KIND = OutputFolder("a reclassification of nephrosyn", FILES, "reclassify.json", "flows")
EXPLAINED = 3
WITH_NUMBERS = (
    "With the numbers",
    "the interval of the expected value, which also covers what the sources of the scenario leave open. In each draw, "
    "patients are simulated with other values of the uncertain numbers and classified by both sets. Chance is taken "
    "out of the spread of the draws, and this spread is added to the interval of chance, as independent variances are. "
    "It says what is known if the scenario is right apart from these numbers.",
)
NOTES = (
    (
        "Changes of category",
        "both sets classify the same record, so every change of category is due to the definition alone. Patients who "
        "cannot be classified are undetermined, a category like the others.",
    ),
    (
        "Who is compared",
        "the patients to whom both sets may apply. Patients outside either set, by age or lesion, are excluded and "
        "counted. The two refractory shares are compared among the patients in both sets. The share of each set among "
        "its own patients is given as well; these shares have different denominators.",
    ),
    (
        "Clause responsible",
        "a category is decided by the clause of its flag that was met first; for an undetermined patient, by a clause "
        "that could not be judged. Of the two deciding clauses, those whose answers differ are named. If neither "
        "differs, the sets differ in the order of their categories, in which flags count as refractory, or in how many "
        "relapses they count.",
    ),
    (
        "Cohen's kappa",
        "(agreement − agreement by chance) / (1 − agreement by chance); 1 is full agreement, 0 is chance alone. "
        "Interval: ± 1.96 large-sample standard errors (Fleiss, Cohen and Everitt 1969). Kappa depends on how common "
        "the categories are, so kappas of different cohorts are not comparable.",
    ),
    (
        "95% intervals",
        "of shares are Wilson intervals; that of a difference of shares is Tango's. They cover the chance of which "
        "patients were drawn, not uncertainty about the numbers of the scenario.",
    ),
    (
        "Limits",
        "the patients do not exist. How many patients change category follows from the scenario and both definition "
        "sets; it is not evidence about real patients. One third was not used to set any parameter of the scenario.",
    ),
)


def files(findings: Findings) -> dict[str, str]:
    """Return every file of a reclassification, text by file name; the same run and sets give the same bytes.

    Parameters
    ----------
    findings : Findings
        The reclassification.

    Returns
    -------
    dict of str to str
        The files named in `FILES`.
    """
    shown = context(findings)
    drawn = {
        "flow": category_flows.draw(findings.moves),
        "follow-up": refractory_share_by_follow_up.draw(findings.shares_over_time),
    }
    inlined = {name: inline(document, name) for name, document in drawn.items()}
    return {
        PAGE: frame.html("reclassify.html.j2", **shown, figures=inlined),
        "reclassify.md": frame.markdown("reclassify.md.j2", **shown),
        "reclassify.json": frames.json_text(findings) + "\n",
        **{f"{name}.svg": document for name, document in drawn.items()},
        "patients.csv": frames.patients(findings).with_columns(notice=pl.lit(vocabulary.NOTICE)).write_csv(),
    }


def context(findings: Findings) -> dict[str, Any]:
    """Return the values for both templates."""
    facts = [
        ("From", f"{findings.before.name}: {findings.before.definition.title}"),
        ("To", f"{findings.after.name}: {findings.after.definition.title}"),
        ("Record", findings.view),
        ("Scenario", str(findings.manifest["scenario"]["name"])),
        *frame.run_facts(findings.manifest),
        *(findings.uncertainty.about.facts if findings.uncertainty else []),
    ]
    return {
        "notice": vocabulary.NOTICE,
        "title": f"From {findings.before.name} to {findings.after.name}",
        "sentence": wording.sentence(findings),
        "facts": facts,
        "moves": [tables.flows(findings), tables.matrix(findings)],
        "agreement": tables.agreement(findings),
        "with_numbers": tables.with_numbers(findings),
        "reasons": [tables.reasons(findings), tables.differences(findings)] if findings.reasons else [],
        "explain": [
            wording.explain_command(findings, reason, side)
            for reason in findings.reasons[:EXPLAINED]
            for side in (findings.before, findings.after)
        ],
        "refractory": tables.shares(findings),
        "notes": (*NOTES[:-1], *[WITH_NUMBERS] * (findings.uncertainty is not None), NOTES[-1]),
    }
