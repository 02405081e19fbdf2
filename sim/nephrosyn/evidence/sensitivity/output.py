"""A sensitivity analysis as tables and files."""

from __future__ import annotations

from pathlib import Path

from nephrosyn.evidence.sensitivity.analysis import Index, Sensitivity
from nephrosyn.report.figures import sensitivity_effects as figure
from nephrosyn.report.formatting import json_text
from nephrosyn.report.page.frame import plain_markdown
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.folder.output_folder import OutputFolder

VALUES = "sensitivity.json"
FILES = {VALUES, "sensitivity.md", "effects.svg"}
FOLDER = OutputFolder("a sensitivity analysis of nephrosyn", frozenset(FILES), VALUES, "morris_runs")
HEAD = ("number", "range", "effect (points)", "interaction", "Sobol first", "Sobol total")


def table(analysis: Sensitivity, name: str) -> Table:
    """Return the indices of one definition set, the greatest effect first."""
    rows = [
        (
            index.key,
            f"{index.low:g} to {index.high:g}",
            f"{100 * index.effect:.1f} ± {100 * index.effect_interval:.1f}",
            f"{100 * index.interaction:.1f}",
            _share(index.first, index.first_interval),
            _share(index.total, index.total_interval),
        )
        for index in analysis.of(name)
    ]
    inside = analysis.inside[name]
    of = f", of the {inside:,} of {analysis.patients:,} patients it is for" if inside < analysis.patients else ""
    return Table(f"Refractory under “{name}”{of}: what moves the share", HEAD, rows)


def _share(value: float | None, half: float | None) -> str:
    return "–" if value is None or half is None else f"{value:.2f} ± {half:.2f}"


def runs(analysis: Sensitivity) -> str:
    """Return the number of runs as a sentence."""
    return (
        f"{analysis.morris_runs} runs for Morris' effects and {analysis.sobol_runs} for Sobol's indices, "
        f"{analysis.patients:,} patients each, seed {analysis.seed}; ± is the half-width of a 95% interval."
    )


def files(analysis: Sensitivity) -> dict[str, str]:
    """Return the text of every file by name."""
    heading = f"What changes the refractory share of {analysis.scenario}"
    tables = [table(analysis, name).markdown() for name in analysis.criteria]
    return {
        "sensitivity.md": plain_markdown(heading, runs(analysis), *tables),
        VALUES: json_text(analysis.as_dict(), indent=2) + "\n",
        "effects.svg": figure.draw([_effect(index) for index in analysis.indices]),
    }


def _effect(index: Index) -> figure.Effect:
    return figure.Effect(index.criteria, index.key, 100 * index.effect, 100 * index.effect_interval)


def write(analysis: Sensitivity, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write an analysis into a folder of its own.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    FOLDER.write(files(analysis), Path(folder), overwrite=overwrite)
    return Path(folder)
