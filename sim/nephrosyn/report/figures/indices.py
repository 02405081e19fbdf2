"""The figure of a sensitivity analysis: how far each number moves the refractory share, a panel for each set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import MUTED, SECOND, SMALL, SMALLEST, blank, drawing, svg

MOST = 12


@dataclass(frozen=True)
class Effect:
    """How far a number moves the share, in percentage points, with the half-width of its interval."""

    criteria: str
    name: str
    points: float
    half: float


def draw(found: Sequence[Effect]) -> str:
    """Draw the effects, the greatest first, a panel for each definition set.

    Returns
    -------
    str
        A complete SVG document.
    """
    with drawing():
        figure = panels(found)
    return svg(figure, "How far each number moves the refractory share over its range, in percentage points")


def panels(found: Sequence[Effect]) -> Figure:
    """Return the panels."""
    names = list(dict.fromkeys(mark.criteria for mark in found))
    each = [sorted((m for m in found if m.criteria == name), key=lambda m: -m.points)[:MOST] for name in names]
    figure = blank(0.7 + sum(0.5 + 0.17 * len(marks) for marks in each))
    axes = figure.subplots(len(each), 1, height_ratios=[len(m) + 1 for m in each], squeeze=False, sharex=True)[:, 0]
    for panel, name, marks in zip(axes, names, each, strict=True):
        _panel(panel, name, marks)
    axes[-1].set_xlabel("mean effect over the range (percentage points of refractory share), 95% interval")
    return figure


def _panel(axes: Any, name: str, marks: Sequence[Effect]) -> None:
    rows = range(len(marks))
    axes.barh(rows, [m.points for m in marks], height=0.6, color=SECOND)
    axes.errorbar([m.points for m in marks], rows, xerr=[m.half for m in marks], fmt="none", ecolor=MUTED, lw=1.2)
    axes.set_yticks(rows, [m.name for m in marks], fontsize=SMALLEST)
    axes.set_ylim(len(marks) - 0.4, -0.6)
    axes.set_title(name, loc="left", fontsize=SMALL)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
