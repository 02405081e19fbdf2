"""The report of a cohort: one page that holds its refractory share against one third.

`summarise` gives the answer and the category table without drawing; `write` makes ``report.html``,
``report.md`` and ``figures/*.svg``; `patient_timeline` draws one patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from nephrosyn.report.findings.summary import Answers, Summary

__all__ = ["answers", "patient_timeline", "summarise", "write"]


def summarise(labels: pl.DataFrame) -> Summary:
    """Return the answer and the category table of a judged cohort; nothing is drawn or written.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table; the first definition set in it makes the headline.

    Returns
    -------
    Summary
        The sentence, the refractory counts and the categories.

    Raises
    ------
    RunFolderError
        If nobody was judged.
    """
    from nephrosyn.report.findings import summary

    return summary.summarise(labels)


def answers(tables: Mapping[str, pl.DataFrame], manifest: Mapping[str, Any]) -> Answers:
    """Return the answer of a judged cohort, and the categories of every definition set and view.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort; of a large one in parts, some are held at a time.
    manifest : mapping
        Of the run.

    Returns
    -------
    Answers
        A pair: the summary, and the categories by definition set and view.
    """
    from nephrosyn.report.findings import out_of_core, summary
    from nephrosyn.report.findings.verdicts import refractory_share

    asked, kept = manifest.get("criteria", ()), manifest.get("sets", {})
    if out_of_core.is_large(tables, manifest):
        return out_of_core.answers(tables, asked, kept)  # type: ignore[arg-type]
    labels = tables["labels"]
    defined = summary.defined_by(labels, asked, kept)
    found = summary.summarise(labels, defined)
    keys = [(one.criteria, one.view) for one in found.refractory]
    return summary.Answers(found, {key: refractory_share.categories(labels, *key, defined[key[0]]) for key in keys})


def write(tables: Mapping[str, pl.DataFrame], resolved: Any, manifest: Mapping[str, Any], folder: Path) -> Answers:
    """Write ``report.html``, ``report.md`` and ``figures/*.svg`` into a folder.

    The same input gives the same bytes.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, ``labels`` and the truth among them.
    resolved : Resolved
        The resolved scenario.
    manifest : mapping
        ``version``, ``seed``, ``engine``, ``criteria`` (names or paths) and ``sets`` (their text) of the run.
    folder : Path
        Where to write; made if missing. Files of an earlier report are replaced.

    Returns
    -------
    Answers
        What `answers` returns; ``page`` of the summary is the path of ``report.html``.

    Raises
    ------
    RunFolderError
        If nobody was judged.
    OSError
        If the folder cannot be written.
    """
    from nephrosyn import scenario
    from nephrosyn.report import figures
    from nephrosyn.report.findings import out_of_core, summary
    from nephrosyn.report.page import page

    asked, kept = manifest.get("criteria", ()), manifest.get("sets", {})
    if out_of_core.is_large(tables, manifest):
        found = out_of_core.find(tables, resolved, asked, kept)  # type: ignore[arg-type]
    else:
        found = summary.find(tables, resolved, asked, kept)
    drawn = figures.draw(found)
    shown = page.context(found, resolved, manifest, scenario.rows(resolved))
    drawings = folder / "figures"
    drawings.mkdir(parents=True, exist_ok=True)
    for name, document in drawn.items():
        (drawings / f"{name}.svg").write_text(document, encoding="utf-8", newline="\n")
    (folder / "report.md").write_text(page.markdown(shown), encoding="utf-8", newline="\n")
    inlined = {name: figures.inline(document, name) for name, document in drawn.items()}
    target = folder / "report.html"
    target.write_text(page.html(shown, inlined), encoding="utf-8", newline="\n")
    return summary.Answers(replace(found.summary, page=target), found.categories)


def patient_timeline(tables: Mapping[str, Any], replicate: int, patient: int) -> Figure:
    """Draw one patient's course and record; see `nephrosyn.report.figures.patient_timeline`."""
    from nephrosyn.report import figures

    return figures.patient_timeline(tables, replicate, patient)
