"""The sections of the report, and the values of its two templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nephrosyn import vocabulary
from nephrosyn.report import formatting
from nephrosyn.report import text as wording
from nephrosyn.report.findings import provenance
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement
from nephrosyn.report.findings.verdicts.refractory_share import MARGIN
from nephrosyn.report.formatting import interval, number, patients, percent
from nephrosyn.report.page import tables
from nephrosyn.report.page.course_sections import end_section, pseudo_refractory_section, treatment_section
from nephrosyn.report.page.definition_sections import (
    FIGURE,
    named_section,
    sets_section,
    shares_over_time_figure,
    shares_over_time_table,
    shares_over_time_text,
)
from nephrosyn.report.page.section import Section
from nephrosyn.report.page.uncertainty_section import known_section


def sections(findings: Findings) -> list[Section]:
    """Return the sections with results, in the order of the page."""
    known = findings.uncertainty
    return [
        *([known_section(known, findings.summary.refractory)] if known is not None else []),
        category_section(findings),
        *([sets_section(findings, findings.sets)] if findings.sets else []),
        *([pseudo_refractory_section(findings)] if findings.pseudo_refractory else []),
        follow_up_section(findings),
        group_section(findings),
        overlap_section(findings),
        *([named_section(findings)] if any(findings.named.values()) else []),
        remission_section(findings),
        relapse_section(findings),
        count_section(findings),
        end_section(findings),
        treatment_section(findings),
        *([view_section(findings, findings.agreement)] if findings.agreement else []),
    ]


def category_section(findings: Findings) -> Section:
    """Return the categories, and for a single definition set its share compared with one third."""
    first, verdicts = findings.headline, findings.summary.refractory
    who = "Every patient to whom the set may apply" if first.outside else "Every patient"
    lead = [
        f"{who} has exactly one category; patients who cannot be classified are undetermined.",
        wording.kind_sentence(first),
    ]
    shown, *folded = [
        tables.categories(findings.categories[verdict.criteria, verdict.view], verdict) for verdict in verdicts
    ]
    alone = [] if findings.sets else [tables.against_third(verdicts)]
    figures = [] if findings.sets else [FIGURE]
    return Section("categories", "Categories", [text for text in lead if text], figures, [shown, *alone], folded)


def follow_up_section(findings: Findings) -> Section:
    """Return the share by length of follow-up."""
    curve = findings.follow_up
    how = (
        "At each time the record was cut off and classified again, as if follow-up had ended then."
        if curve.reclassified
        else "Counted from the day on which each patient first met the definition."
    )
    few = curve.patients < findings.headline.cohort
    limit = f"For speed this curve uses the first {number(curve.patients)} patients." if few else ""
    lead = ["The longer patients are followed, the more of them have had time to meet the definition.", how, limit]
    if curve.outside and curve.reclassified:
        lead.append("Whether the set applies to a patient is decided at each time by what was known then.")
    figures = [("follow-up", "Bands: 95% Wilson intervals. Grey: one third ± 5 percentage points.")]
    shown = [tables.follow_up(curve)]
    if findings.shares_over_time is not None:
        lead.append(shares_over_time_text(findings.shares_over_time, findings.headline.cohort))
        figures.append(shares_over_time_figure())
        shown.append(shares_over_time_table(findings.shares_over_time))
    return Section("follow-up", "By length of follow-up", [text for text in lead if text], figures, shown, [])


def group_section(findings: Findings) -> Section:
    """Return the share by age band and lesion."""
    lead = [
        "The true lesion is known only to the simulation. The lesion at biopsy is what the record shows, and biopsied "
        "patients are a selected group: they are biopsied because of their age or their course."
    ]
    bands = tables.groups("By age band", findings.bands, "none")
    lesion_tables = [
        tables.groups("By true lesion", findings.lesions["true"], "unknown"),
        tables.groups("By lesion at biopsy", findings.lesions["biopsy"], "not biopsied"),
    ]
    figure = (
        "groups",
        "Right: share, and patients in the group. Lines: 95% interval. Grey: one third ± 5 percentage points.",
    )
    shown, folded = [bands, tables.by_band(findings.by_band)], [table for table in lesion_tables if table.rows]
    return Section("groups", "By age band and lesion", lead, [figure], shown, folded)


def overlap_section(findings: Findings) -> Section:
    """Return the combinations of flags."""
    lead = [
        "A patient can be, for example, both steroid-dependent and frequently relapsing. The category is the first "
        "that applies in the order of the definition set; the flags keep all of them. If a patient has any flag, flags "
        "that could not be judged count as absent. Patients without any flag, for whom some flag could not be judged, "
        "are undetermined and have a bar of their own."
    ]
    figure = (
        "overlap",
        "Each column is one combination of flags: filled dots are present. “?”: no flag is present, and not all could "
        "be judged. Bars: patients, with their share.",
    )
    return Section("overlap", "Overlap of flags", lead, [figure], [tables.combinations(findings.combinations)], [])


def remission_section(findings: Findings) -> Section:
    """Return time to remission."""
    lead = [
        "From onset to the first true complete remission (not the visit at which it was found), with or without "
        "treatment. Patients are censored at loss to follow-up, death or the end of follow-up."
    ]
    figure = (
        "remission",
        "Kaplan-Meier estimate with 95% band; below, patients still followed and not yet in remission.",
    )
    return Section("remission", "Time to remission", lead, [figure], [tables.remission(findings.remission)], [])


def relapse_section(findings: Findings) -> Section:
    """Return time to first relapse."""
    lead = ["From the first complete remission to the first true relapse, among patients who reached remission."]
    figure = ("relapse", "Kaplan-Meier estimate with 95% band; below, patients still followed and free of relapse.")
    return Section("relapse", "Time to first relapse", lead, [figure], [tables.relapse(findings.relapse)], [])


def count_section(findings: Findings) -> Section:
    """Return relapses per patient."""
    lead = [
        "True relapses of patients who reached remission. The interval of the rate allows for differences between "
        "patients, so it is wider than a Poisson interval."
    ]
    figure = ("relapses", "Bars: patients, with their share of those who reached remission.")
    return Section(
        "relapses",
        "Relapses per patient",
        lead,
        [figure],
        [tables.rates(findings.rates)],
        [tables.histogram(findings.histogram)],
    )


def view_section(findings: Findings, first: Agreement) -> Section:
    """Return the agreement of the complete and the observed record."""
    total = number(first.same.total)
    lead = [
        "The complete record has every day, without error or loss; the observed record is what the clinic wrote down. "
        f"Both give {number(first.same.count)} of {total} patients ({percent(first.same.share)}) the "
        f"same category, and agree on refractory or not for {percent(first.same_refractory.share)}.",
        f"Undetermined in the observed record only: {patients(first.lost)}, because their results are missing, "
        "too few or too late.",
    ]
    figure = (
        "views",
        "Left: complete record. Right: the same patients in the observed record. Strong ribbons change category.",
    )
    if first.outside:
        lead.append(f"{wording.outside_text(first.outside, first.same.total + first.outside)}, by one record or both.")
    others = [tables.views(agreement) for agreement in findings.agreements if agreement is not first]
    return Section("views", "Complete and observed record", lead, [figure], [tables.views(first)], others)


def facts(resolved: Any, manifest: Mapping[str, Any], findings: Findings) -> list[tuple[str, str]]:
    """Return how the run was made, as name and value."""
    scenario = resolved.scenario
    first = findings.headline
    years = float(scenario.population.follow_up_days) / vocabulary.DAYS_PER_YEAR
    sets = ", ".join(dict.fromkeys(verdict.criteria for verdict in findings.summary.refractory))
    replicates = findings.replicates
    return [
        ("Scenario", str(resolved.name)),
        ("Patients", number(first.cohort // replicates)),
        *([("Replicates", str(replicates))] if replicates > 1 else []),
        ("Planned follow-up", f"{years:.1f} years from onset"),
        ("Definition sets", sets),
        ("Seed", str(manifest.get("seed", "–"))),
        ("Engine", str(manifest.get("engine", "–"))),
        ("nephrosyn version", str(manifest.get("version", "–"))),
    ]


def context(findings: Findings, resolved: Any, manifest: Mapping[str, Any], rows: Iterable[Any]) -> dict[str, Any]:
    """Return the values for both templates."""
    first = findings.headline
    digits = wording.digits_for(first.known)
    of_set = [verdict for verdict in findings.summary.refractory if verdict.criteria == first.criteria]
    complete = next((verdict for verdict in of_set if verdict.view == "complete"), None)
    return {
        "title": resolved.scenario.title,
        "description": resolved.scenario.description,
        "sentence": findings.summary.sentence,
        "first": first,
        "complete": complete if complete is not first else None,
        "comparison": first.comparison,
        "margin": round(100 * MARGIN),
        "big": percent(first.share.share, digits),
        "big_interval": interval(first.known.low, first.known.high, digits),
        "of_what": wording.interval_of(first),
        "margin_answer": wording.margin_answer(first.comparison),
        "undetermined": wording.undetermined_sentence(first),
        "outside": wording.outside_sentence(first),
        "sections": sections(findings),
        "facts": facts(resolved, manifest, findings),
        "sources": provenance.sort(rows),
        "wording": wording,
        "formatting": formatting,
    }
