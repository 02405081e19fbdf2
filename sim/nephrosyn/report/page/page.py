"""The report as a page: findings, tables and figures put into the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from nephrosyn import vocabulary
from nephrosyn.report import text as wording
from nephrosyn.report.findings import provenance
from nephrosyn.report.findings.summary import Findings
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement
from nephrosyn.report.findings.verdicts.refractory_share import MARGIN
from nephrosyn.report.page import tables
from nephrosyn.report.page.course_sections import end_section, provoking_section, treatment_section
from nephrosyn.report.page.definition_sections import (
    FIGURE,
    growth_figure,
    growth_table,
    growth_text,
    named_section,
    sets_section,
)
from nephrosyn.report.page.section import Section


def sections(found: Findings) -> list[Section]:
    """Return the sections of results, in the order of the page."""
    return [
        category_section(found),
        *([sets_section(found, found.sets)] if found.sets else []),
        *([provoking_section(found)] if found.falsely else []),
        follow_up_section(found),
        group_section(found),
        overlap_section(found),
        *([named_section(found)] if any(found.named.values()) else []),
        remission_section(found),
        relapse_section(found),
        count_section(found),
        end_section(found),
        treatment_section(found),
        *([view_section(found, found.agreement)] if found.agreement else []),
    ]


def category_section(found: Findings) -> Section:
    """Return the categories, and every definition set against one third."""
    first = found.headline
    lead = [
        "Every patient to whom the set may apply has one category. Nobody of them is left out: who cannot be judged is "
        "undetermined."
        if first.outside
        else "Every patient has one category. Nobody is left out: who cannot be judged is undetermined.",
        wording.kind_sentence(first),
    ]
    each = [tables.categories(found.categories[item.criteria, item.view], item) for item in found.summary.refractory]
    alone = [] if found.sets else [tables.against_third(found.summary.refractory)]
    figures = [] if found.sets else [FIGURE]
    return Section("categories", "Categories", [text for text in lead if text], figures, [each[0], *alone], each[1:])


def follow_up_section(found: Findings) -> Section:
    """Return the share by length of follow-up."""
    curve = found.follow_up
    how = (
        "The record was cut at each time and judged again, as if follow-up had ended then."
        if curve.rejudged
        else "Counted from the day on which each patient first met the definition."
    )
    few = curve.patients < found.headline.cohort
    limit = f"For speed this curve uses the first {wording.number(curve.patients)} patients." if few else ""
    lead = ["The longer patients are followed, the more of them have had the time to show what they are.", how, limit]
    if curve.outside and curve.rejudged:
        lead.append("To whom the set may apply is told at each time by what was known then.")
    figures = [("follow-up", "Bands: 95% Wilson intervals. Grey: one third ± 5 percentage points.")]
    shown = [tables.follow_up(curve)]
    if found.growth is not None:
        lead.append(growth_text(found.growth, found.headline.cohort))
        figures.append(growth_figure())
        shown.append(growth_table(found.growth))
    return Section("follow-up", "By length of follow-up", [text for text in lead if text], figures, shown, [])


def group_section(found: Findings) -> Section:
    """Return the share by age band and lesion."""
    lead = [
        "The true lesion is what the simulated patient has, known only to the simulation. The lesion at biopsy is what "
        "the record shows, and it is a selection: patients are biopsied because of their age or their course."
    ]
    bands = tables.groups("By age band", found.bands, "none")
    each = [
        tables.groups("By true lesion", found.lesions["true"], "unknown"),
        tables.groups("By lesion at biopsy", found.lesions["biopsy"], "not biopsied"),
    ]
    figure = (
        "groups",
        "Right: share, and patients in the group. Lines: 95% interval. Grey: one third ± 5 percentage points.",
    )
    shown = [bands, tables.by_band(found.by_band)]
    return Section("groups", "By age band and lesion", lead, [figure], shown, [table for table in each if table.rows])


def overlap_section(found: Findings) -> Section:
    """Return the combinations of flags."""
    lead = [
        "A patient can be, say, both steroid-dependent and frequently relapsing. The category takes the first that "
        "applies in the order of the definition set; the flags keep all. Beside a flag that is carried, one that could "
        "not be judged counts as absent; patients who carry none and could not be judged by all are undetermined, "
        "and have a bar of their own."
    ]
    figure = (
        "overlap",
        "Each column is one combination of flags: filled dots are carried. “?”: none is carried, and not all could be "
        "judged. Bars: patients, with their share.",
    )
    return Section("overlap", "Overlap of flags", lead, [figure], [tables.combinations(found.combinations)], [])


def sampled(found: Findings) -> list[str]:
    """Return of whom the curves of a cohort are that is too large to hold; nothing of any other."""
    return [f"The curves are of the first {wording.number(found.sampled)} patients."] if found.sampled else []


def remission_section(found: Findings) -> Section:
    """Return time to remission."""
    lead = [
        "From onset to the first complete remission in the truth (not its day of discovery at a visit), with or "
        "without "
        "treatment. Patients leave the curve at dropout, death or the end of follow-up."
    ]
    lead += sampled(found)
    figure = (
        "remission",
        "Kaplan-Meier estimate with 95% band; below, the patients still followed and not yet in remission.",
    )
    return Section("remission", "Time to remission", lead, [figure], [tables.remission(found.remission)], [])


def relapse_section(found: Findings) -> Section:
    """Return time to first relapse."""
    lead = [
        "From the first complete remission to the first relapse in the truth, among patients who reached remission."
    ]
    lead += sampled(found)
    figure = ("relapse", "Kaplan-Meier estimate with 95% band; below, the patients still followed and free of relapse.")
    return Section("relapse", "Time to first relapse", lead, [figure], [tables.relapse(found.relapse)], [])


def count_section(found: Findings) -> Section:
    """Return relapses per patient."""
    lead = [
        "True relapses of patients who reached remission. The interval of the rate allows for patients who differ from "
        "each other, so it is wider than a Poisson interval."
    ]
    figure = ("relapses", "Bars: patients, with their share of those who reached remission.")
    return Section(
        "relapses",
        "Relapses per patient",
        lead,
        [figure],
        [tables.rates(found.rates)],
        [tables.histogram(found.histogram)],
    )


def view_section(found: Findings, first: Agreement) -> Section:
    """Return the complete against the observed record."""
    total = wording.number(first.same.total)
    lead = [
        "The complete record has every day, without error or loss; the observed record is what the clinic wrote down. "
        f"Both put {wording.number(first.same.count)} of {total} patients ({wording.percent(first.same.share)}) into "
        "the "
        f"same category, and agree on refractory or not for {wording.percent(first.same_refractory.share)}.",
        f"{wording.number(first.lost)} patients have a category in the complete record but are undetermined as "
        "recorded: "
        "their results are missing, too few or too late.",
    ]
    figure = ("views", "Left: complete record. Right: the same patients as recorded. Strong ribbons changed category.")
    if first.outside:
        lead.append(f"{wording.outside_text(first.outside, first.same.total + first.outside)}, by one record or both.")
    others = [tables.views(item) for item in found.agreements if item is not first]
    return Section("views", "Complete against observed record", lead, [figure], [tables.views(first)], others)


def facts(resolved: Any, manifest: Mapping[str, Any], found: Findings) -> list[tuple[str, str]]:
    """Return what was run, as name and value."""
    scenario = resolved.scenario
    first = found.headline
    years = float(scenario.population.follow_up_days) / vocabulary.DAYS_PER_YEAR
    sets = ", ".join(dict.fromkeys(item.criteria for item in found.summary.refractory))
    replicates = found.replicates
    named = [
        ("Scenario", str(resolved.name)),
        ("Patients", wording.number(first.cohort // replicates)),
        ("Replicates", str(replicates)),
        ("Planned follow-up", f"{years:.1f} years from onset"),
        ("Definition sets", sets),
        ("Seed", str(manifest.get("seed", "–"))),
        ("Engine", str(manifest.get("engine", "–"))),
        ("nephrosyn version", str(manifest.get("version", "–"))),
    ]
    return named if replicates > 1 else [item for item in named if item[0] != "Replicates"]


def context(found: Findings, resolved: Any, manifest: Mapping[str, Any], rows: Iterable[Any]) -> dict[str, Any]:
    """Return what both templates show."""
    first = found.headline
    digits = wording.digits_for(first.share)
    complete = next((r for r in found.summary.refractory if (r.criteria, r.view) == (first.criteria, "complete")), None)
    return {
        "notice": vocabulary.NOTICE,
        "title": resolved.scenario.title,
        "description": resolved.scenario.description,
        "sentence": found.summary.sentence,
        "first": first,
        "complete": complete if complete is not first else None,
        "comparison": first.comparison,
        "margin": round(100 * MARGIN),
        "big": wording.percent(first.share.share, digits),
        "big_interval": wording.interval(first.share.low, first.share.high, digits),
        "margin_answer": wording.margin_answer(first.comparison),
        "unjudged": wording.unjudged_sentence(first),
        "outside": wording.outside_sentence(first),
        "sections": sections(found),
        "facts": facts(resolved, manifest, found),
        "sources": provenance.sort(rows),
        "w": wording,
    }


def environment() -> Environment:
    """Return the template environment: HTML escaped, Markdown as it stands; every missing name is an error."""
    made = Environment(
        loader=PackageLoader("nephrosyn.report.page"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["md"] = wording.harmless
    return made


def html(shown: Mapping[str, Any], figures: Mapping[str, str]) -> str:
    """Return the page; ``figures`` are the inline SVG elements by name, the one thing the template does not escape."""
    return environment().get_template("page.html.j2").render(**shown, figures=figures)


def markdown(shown: Mapping[str, Any]) -> str:
    """Return the short report that links to the figure files."""
    text = environment().get_template("report.md.j2").render(**shown)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
