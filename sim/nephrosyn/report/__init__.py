"""The report of a cohort: one page that compares its refractory share with one third.

`summarise` and `answers` compute the main result and the categories; `write` also draws and writes ``report.html``,
``report.md`` and ``figures/*.svg``. Findings are computed in `findings`, drawn in `figures`, and laid out in `page`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.report.findings.summary import Answers, Summary
    from nephrosyn.report.findings.uncertainty import Uncertainty
    from nephrosyn.runs.folder.storage import Storage

__all__ = ["answers", "summarise", "write"]
PAGE = "report.html"


def summarise(labels: pl.DataFrame) -> Summary:
    """Return the main result and the categories of a classified cohort; nothing is drawn or written.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table; its first definition set gives the headline.

    Returns
    -------
    Summary
        The sentence, the refractory counts and the categories.

    Raises
    ------
    RunFolderError
        If there are no labels.
    """
    from nephrosyn.report.findings import summary

    return summary.summarise(labels)


def answers(
    tables: Mapping[str, pl.DataFrame], manifest: Mapping[str, Any], uncertainty: Uncertainty | None = None
) -> Answers:
    """Return the summary of a classified cohort, and the categories of every definition set and view.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort; those of a run folder are read part by part.
    manifest : mapping
        Manifest of the run.
    uncertainty : Uncertainty, optional
        What draws of the scenario's uncertain numbers say.

    Returns
    -------
    Answers
        A pair: the summary, and the categories by definition set and view.
    """
    from nephrosyn.report.findings import summary

    stored, scenario = manifest.get("sets", {}), manifest.get("scenario", {}).get("scenario")
    counted = summary.answers(tables, manifest.get("criteria", ()), stored)
    return summary.answers_with(counted, uncertainty, scenario, stored)


def write(
    tables: Mapping[str, pl.DataFrame],
    resolved: Any,
    manifest: Mapping[str, Any],
    place: Storage,
    uncertainty: Uncertainty | None = None,
) -> Answers:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg``; the same input gives the same bytes.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, including ``labels`` and the truth; those of a run folder are read part by part.
    resolved : Resolved
        The resolved scenario.
    manifest : mapping
        ``version``, ``seed``, ``engine``, ``criteria`` (names or paths), ``sets`` (their text) and ``scenario`` (plain
        values, without which the shipped analysis is not quoted) of the run.
    place : Storage
        A folder, which is created if missing, or a URL. Files of an earlier report are replaced, the page last.
    uncertainty : Uncertainty, optional
        What draws of the scenario's uncertain numbers say.

    Returns
    -------
    Answers
        As from `answers`; ``page`` of the summary is the path or URL of ``report.html``.

    Raises
    ------
    RunFolderError
        If there are no labels, or the report cannot be written.
    """
    from nephrosyn import scenario
    from nephrosyn.report import drawing_process, inline_svg
    from nephrosyn.report.findings import summary
    from nephrosyn.report.page import frame, page
    from nephrosyn.runs.folder import storage

    requested, stored = manifest.get("criteria", ()), manifest.get("sets", {})
    findings = summary.find(tables, resolved, requested, stored)
    values = manifest.get("scenario", {}).get("scenario")
    findings = summary.findings_with(findings, uncertainty, values, stored)
    figures = drawing_process.draw(findings)
    shown = page.context(findings, resolved, manifest, scenario.rows(resolved))
    markdown = frame.markdown("report.md.j2", **shown)
    frame.prepare("page.html.j2")
    drawn = figures()
    inlined = {name: inline_svg.inline(document, name) for name, document in drawn.items()}
    files = {**{f"figures/{name}.svg": document for name, document in drawn.items()}, "report.md": markdown}
    storage.put_all(place, {name: text.encode() for name, text in files.items()})
    place.put(PAGE, frame.html("page.html.j2", **shown, figures=inlined).encode())
    return summary.Answers(replace(findings.summary, page=place.where(PAGE)), findings.categories)
