"""The report of a cohort: one page that compares its refractory share with one third.

`summarise` and `answers` compute the main result and the categories; `write` also draws and writes ``report.html``,
``report.md`` and ``figures/*.svg``. Findings are computed in `findings`, drawn in `figures`, and laid out in `page`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.report.findings.summary import Answers, Summary
    from nephrosyn.report.findings.uncertainty import Uncertainty

__all__ = ["answers", "summarise", "write"]


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
        Tables of a cohort; a large one is read part by part.
    manifest : mapping
        Manifest of the run.
    uncertainty : Uncertainty, optional
        What draws of the scenario's uncertain numbers say.

    Returns
    -------
    Answers
        A pair: the summary, and the categories by definition set and view.
    """
    from nephrosyn.report.findings import out_of_core, summary
    from nephrosyn.report.findings.verdicts import refractory_share

    requested, stored = manifest.get("criteria", ()), manifest.get("sets", {})
    scenario = manifest.get("scenario", {}).get("scenario")
    if out_of_core.is_large(tables, manifest):
        whole = out_of_core.answers(tables, requested, stored)  # type: ignore[arg-type]
        return summary.answers_with(whole, uncertainty, scenario, stored)
    labels = tables["labels"]
    defined = summary.defined_by(labels, requested, stored)
    main = summary.summarise(labels, defined)
    keys = [(verdict.criteria, verdict.view) for verdict in main.refractory]
    categories = {key: refractory_share.categories(labels, *key, defined[key[0]]) for key in keys}
    return summary.answers_with(summary.Answers(main, categories), uncertainty, scenario, stored)


def write(
    tables: Mapping[str, pl.DataFrame],
    resolved: Any,
    manifest: Mapping[str, Any],
    folder: Path,
    uncertainty: Uncertainty | None = None,
) -> Answers:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg``; the same input gives the same bytes.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, including ``labels`` and the truth.
    resolved : Resolved
        The resolved scenario.
    manifest : mapping
        ``version``, ``seed``, ``engine``, ``criteria`` (names or paths), ``sets`` (their text) and ``scenario`` (plain
        values, without which the shipped analysis is not quoted) of the run.
    folder : Path
        Output folder; created if missing. Files of an earlier report are replaced.
    uncertainty : Uncertainty, optional
        What draws of the scenario's uncertain numbers say.

    Returns
    -------
    Answers
        As from `answers`; ``page`` of the summary is the path of ``report.html``.

    Raises
    ------
    RunFolderError
        If there are no labels.
    OSError
        If the folder cannot be written.
    """
    from nephrosyn import scenario
    from nephrosyn.report import drawing_process, inline_svg
    from nephrosyn.report.findings import out_of_core, summary
    from nephrosyn.report.page import frame, page

    requested, stored = manifest.get("criteria", ()), manifest.get("sets", {})
    if out_of_core.is_large(tables, manifest):
        findings = out_of_core.find(tables, resolved, requested, stored)  # type: ignore[arg-type]
    else:
        findings = summary.find(tables, resolved, requested, stored)
    values = manifest.get("scenario", {}).get("scenario")
    findings = summary.findings_with(findings, uncertainty, values, stored)
    figures = drawing_process.draw(findings)
    shown = page.context(findings, resolved, manifest, scenario.rows(resolved))
    markdown = frame.markdown("report.md.j2", **shown)
    frame.prepare("page.html.j2")
    drawn = figures()
    drawings = folder / "figures"
    drawings.mkdir(parents=True, exist_ok=True)
    for name, document in drawn.items():
        (drawings / f"{name}.svg").write_text(document, encoding="utf-8", newline="\n")
    (folder / "report.md").write_text(markdown, encoding="utf-8", newline="\n")
    inlined = {name: inline_svg.inline(document, name) for name, document in drawn.items()}
    target = folder / "report.html"
    target.write_text(frame.html("page.html.j2", **shown, figures=inlined), encoding="utf-8", newline="\n")
    return summary.Answers(replace(findings.summary, page=target), findings.categories)
