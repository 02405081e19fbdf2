"""The figure of a validation: how far each simulated number lies from the published one, on one scale for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import ACCENT, GRID, INK, PAPER, SECOND, SMALL, SMALLEST, blank, drawing, svg

FARTHEST = 6.0
INSIDE = 1.96
HEIGHT_OF_ROW = 0.15


@dataclass(frozen=True)
class Distance:
    """A figure's simulated number, with the ends of its Monte-Carlo interval, in standard errors of the published."""

    panel: str
    name: str
    value: float
    low: float
    high: float
    outside: bool


def draw(found: Sequence[Distance]) -> str:
    """Draw the distances, a panel for each kind of row.

    Parameters
    ----------
    found : sequence of Distance
        In the order to show.

    Returns
    -------
    str
        A complete SVG document.
    """
    with drawing():
        figure = panels(found)
    return svg(figure, "Simulated less published, in standard errors of the published figure")


def panels(found: Sequence[Distance]) -> Figure:
    """Return the panels."""
    names = list(dict.fromkeys(mark.panel for mark in found))
    each = [[mark for mark in found if mark.panel == name] for name in names]
    figure = blank(0.9 + sum(0.55 + HEIGHT_OF_ROW * len(marks) for marks in each))
    ratios = [len(marks) + 1 for marks in each]
    axes = figure.subplots(len(each), 1, height_ratios=ratios, squeeze=False, sharex=True)[:, 0]
    for panel, name, marks in zip(axes, names, each, strict=True):
        _panel(panel, name, marks)
    axes[-1].set_xlabel("simulated less published, standard errors of the published figure")
    return figure


def _panel(axes: Any, name: str, marks: Sequence[Distance]) -> None:
    axes.axvspan(-INSIDE, INSIDE, color=GRID, alpha=0.55, lw=0, zorder=0)
    axes.axvline(0.0, color=INK, lw=1.0, ls=(0, (4, 2)), zorder=1)
    for place, mark in enumerate(marks):
        colour = ACCENT if mark.outside else SECOND
        ends = [max(min(end, FARTHEST), -FARTHEST) for end in (mark.low, mark.high)]
        axes.plot(ends, [place, place], color=colour, lw=1.6, solid_capstyle="butt")
        far = abs(mark.value) > FARTHEST
        shape = (">" if mark.value > 0 else "<") if far else "o"
        x = max(min(mark.value, FARTHEST), -FARTHEST)
        axes.plot([x], [place], shape, color=colour, ms=4.2, mec=PAPER, mew=0.5)
    axes.set_title(name, loc="left", fontsize=SMALL)
    axes.set_xlim(-FARTHEST - 0.4, FARTHEST + 0.4)
    axes.set_ylim(len(marks) - 0.4, -0.6)
    axes.set_yticks(range(len(marks)), [mark.name for mark in marks], fontsize=SMALLEST)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
