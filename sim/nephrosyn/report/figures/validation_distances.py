"""The figure of a validation: distance of each simulated number from the published one, on a common scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import ACCENT, GRID, INK, PAPER, SECOND, SMALL, SMALLEST, blank, document, row_axis
from nephrosyn.statistics.proportions import NORMAL_QUANTILE

FARTHEST = 6.0
INSIDE = round(NORMAL_QUANTILE, 2)
"""Distance up to which a value lies within the 95% interval."""
HEIGHT_OF_ROW = 0.15


@dataclass(frozen=True)
class Predicted:
    """The prediction interval on the scale of the distances, and whether the published value lies outside it."""

    low: float
    high: float
    misses: bool


@dataclass(frozen=True)
class Distance:
    """Simulated minus published, with its Monte-Carlo interval, in standard errors of the published estimate."""

    panel: str
    name: str
    value: float
    low: float
    high: float
    outside: bool
    predicted: Predicted | None = None


def draw(distances: Sequence[Distance]) -> str:
    """Draw the distances, a panel for each kind of row.

    Parameters
    ----------
    distances : sequence of Distance
        In the order to show.

    Returns
    -------
    str
        A complete SVG document.
    """
    return document(
        lambda: panels(distances), "Simulated minus published, in standard errors of the published estimate"
    )


def panels(distances: Sequence[Distance]) -> Figure:
    """Return the panels."""
    names = list(dict.fromkeys(mark.panel for mark in distances))
    by_panel = [[mark for mark in distances if mark.panel == name] for name in names]
    figure = blank(0.9 + sum(0.55 + HEIGHT_OF_ROW * len(of_panel) for of_panel in by_panel))
    ratios = [len(of_panel) + 1 for of_panel in by_panel]
    axes = figure.subplots(len(by_panel), 1, height_ratios=ratios, squeeze=False, sharex=True)[:, 0]
    for panel, name, of_panel in zip(axes, names, by_panel, strict=True):
        _panel(panel, name, of_panel)
    axes[-1].set_xlabel("simulated minus published, in its standard errors")
    return figure


def _panel(axes: Any, name: str, distances: Sequence[Distance]) -> None:
    axes.axvspan(-INSIDE, INSIDE, color=GRID, alpha=0.55, lw=0, zorder=0)
    axes.axvline(0.0, color=INK, lw=1.0, ls=(0, (4, 2)), zorder=1)
    for place, mark in enumerate(distances):
        colour = ACCENT if mark.outside else SECOND
        if mark.predicted is not None:
            ends = [_on_scale(end) for end in (mark.predicted.low, mark.predicted.high)]
            of_bar = ACCENT if mark.predicted.misses else SECOND
            axes.barh([place], [ends[1] - ends[0]], left=[ends[0]], height=0.62, color=of_bar, alpha=0.3, lw=0)
            axes.plot([0.0], [place], "|", color=INK, ms=4.6, mew=1.2)
        ends = [_on_scale(end) for end in (mark.low, mark.high)]
        axes.plot(ends, [place, place], color=colour, lw=1.6, solid_capstyle="butt")
        far = abs(mark.value) > FARTHEST
        shape = (">" if mark.value > 0 else "<") if far else "o"
        shown = _on_scale(mark.value)
        axes.plot([shown], [place], shape, color=colour, ms=4.2, mec=PAPER, mew=0.5)
    axes.set_title(name, loc="left", fontsize=SMALL)
    axes.set_xlim(-FARTHEST - 0.4, FARTHEST + 0.4)
    row_axis(axes, [mark.name for mark in distances], fontsize=SMALLEST)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _on_scale(distance: float) -> float:
    return max(min(distance, FARTHEST), -FARTHEST)
