"""Scores as curves with their intervals, in panels: by severity, or by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import DASHES, LINES, MARKERS, PAPER, SMALL, SMALLEST, blank, document, percent_axis

ACROSS = 3
PANEL_INCHES = 1.35
TITLE_CHARACTERS = 32

Curve = Sequence[tuple[float, float, float | None, float | None]]
"""Place on the horizontal axis, score, and the ends of its interval if there is one."""
Panels = Mapping[str, Mapping[str, Curve]]
"""Title of the panel to name of the curve to its points."""


def score_curves(panels: Panels, across: str, label: str, ticks: Mapping[float, str] | None = None) -> str:
    """Draw curves with their intervals as an SVG document.

    Parameters
    ----------
    panels : mapping
        The curves of each panel, shares between 0 and 1.
    across, label : str
        What the axes show.
    ticks : mapping of float to str, optional
        Places and labels of the ticks of the horizontal axis.
    """
    title = f"{label.capitalize()} by {across}, with 95% intervals"
    return document(lambda: _score_curves(panels, across, label, ticks), title)


def _score_curves(panels: Panels, across: str, label: str, ticks: Mapping[float, str] | None) -> Figure:
    columns = min(ACROSS, len(panels))
    rows = -(-len(panels) // columns)
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    height = PANEL_INCHES if columns == ACROSS else 2 * PANEL_INCHES
    figure = blank(1.1 + height * rows + 0.18 * -(-len(names) // 2), 7.2)
    every = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, (title, curves) in zip(every, panels.items(), strict=False):
        for name, points in curves.items():
            _curve(axes, name, points, names.index(name))
        axes.set_title(fill(title, TITLE_CHARACTERS), loc="left", fontsize=SMALL)
        axes.set_ylim(0, 1.03)
        if ticks is not None:
            axes.set_xticks(list(ticks), list(ticks.values()))
        percent_axis(axes.yaxis)
        axes.tick_params(labelsize=SMALLEST)
        axes.grid(axis="y")
    for axes in every[max(0, len(panels) - columns) : len(panels)]:
        axes.set_xlabel(across, fontsize=SMALLEST)
        axes.tick_params(labelbottom=True)
    for axes in every[len(panels) :]:
        axes.set_visible(False)
    handles: dict[str, Any] = {}
    for axes in every[: len(panels)]:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    figure.legend(list(handles.values()), list(handles), loc="outside upper left", ncols=2, fontsize=SMALL)
    figure.supylabel(label, fontsize=SMALL)
    return figure


def _curve(axes: Any, name: str, points: Curve, place: int) -> None:
    """Draw one curve over the band of its intervals."""
    colour = LINES[place % len(LINES)]
    band = [(across, low, high) for across, _, low, high in points if low is not None and high is not None]
    if band:
        axes.fill_between(*zip(*band, strict=True), color=colour, alpha=0.15, lw=0)
    axes.plot(
        [point[0] for point in points],
        [point[1] for point in points],
        MARKERS[place % len(MARKERS)],
        ls=DASHES[place // len(LINES) % len(DASHES)],
        color=colour,
        lw=1.2,
        ms=3,
        mec=PAPER,
        mew=0.4,
        label=name,
    )
