"""A sensitivity analysis as tables and files."""

from __future__ import annotations

import json
from pathlib import Path

from nephrosyn import vocabulary
from nephrosyn.evidence.sensitivity.analysis import Index, Sensitivity
from nephrosyn.report.figures import indices as figure
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.folder.output_folder import Documents

VALUES = "sensitivity.json"
FILES = {VALUES, "sensitivity.md", "effects.svg"}
FOLDER = Documents("a sensitivity analysis of nephrosyn", frozenset(FILES), VALUES, "morris_runs")
HEAD = ("number", "range", "effect (points)", "interaction", "Sobol first", "Sobol total")


def table(found: Sensitivity, name: str) -> Table:
    """Return the indices under one definition set, the greatest effect first."""
    rows = [
        (
            one.key,
            f"{one.low:g} to {one.high:g}",
            f"{100 * one.effect:.1f} ± {100 * one.effect_interval:.1f}",
            f"{100 * one.interaction:.1f}",
            _share(one.first, one.first_interval),
            _share(one.total, one.total_interval),
        )
        for one in found.of(name)
    ]
    inside = found.inside[name]
    of = f", of the {inside:,} of {found.patients:,} patients it is for" if inside < found.patients else ""
    return Table(f"Refractory under “{name}”{of}: what moves the share", HEAD, rows)


def _share(value: float | None, half: float | None) -> str:
    return "–" if value is None or half is None else f"{value:.2f} ± {half:.2f}"


def runs(found: Sensitivity) -> str:
    """Return how many runs it took."""
    return (
        f"{found.morris_runs} runs for Morris' effects and {found.sobol_runs} for Sobol's indices, {found.patients:,} "
        f"patients each, seed {found.seed}; ± is the half-width of a 95% interval."
    )


def files(found: Sensitivity) -> dict[str, str]:
    """Return every file, text by name."""
    parts = [f"# What moves the refractory share of {found.scenario}", f"> {vocabulary.NOTICE}", runs(found)]
    parts += [table(found, name).markdown() for name in found.criteria]
    return {
        "sensitivity.md": "\n\n".join(parts) + "\n",
        VALUES: json.dumps(found.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "effects.svg": figure.draw([_effect(one) for one in found.indices]),
    }


def _effect(one: Index) -> figure.Effect:
    return figure.Effect(one.criteria, one.key, 100 * one.effect, 100 * one.effect_interval)


def write(found: Sensitivity, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write an analysis into a folder of its own.

    Raises
    ------
    RunFolderError
        If the folder is in use, or cannot be written.
    """
    FOLDER.write(files(found), Path(folder), overwrite=overwrite)
    return Path(folder)
