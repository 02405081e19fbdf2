"""The figure of a sensitivity analysis: effect of each number on the refractory share, a panel for each set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import MUTED, SECOND, SMALL, SMALLEST, blank, document, row_axis

MOST = 12


@dataclass(frozen=True)
class Effect:
    """Effect of a number on the share, in percentage points, with the half-width of its interval."""

    criteria: str
    name: str
    points: float
    half: float


def draw(effects: Sequence[Effect]) -> str:
    """Draw the effects, the largest first, a panel for each definition set.

    Returns
    -------
    str
        A complete SVG document.
    """
    title = "Effect of each number on the refractory share over its range, in percentage points"
    return document(lambda: panels(effects), title)


def panels(effects: Sequence[Effect]) -> Figure:
    """Return the panels."""
    names = list(dict.fromkeys(mark.criteria for mark in effects))
    largest_first = sorted(effects, key=lambda effect: -effect.points)
    by_set = [[effect for effect in largest_first if effect.criteria == name][:MOST] for name in names]
    figure = blank(0.7 + sum(0.5 + 0.17 * len(of_set) for of_set in by_set))
    ratios = [len(of_set) + 1 for of_set in by_set]
    axes = figure.subplots(len(by_set), 1, height_ratios=ratios, squeeze=False, sharex=True)[:, 0]
    for panel, name, of_set in zip(axes, names, by_set, strict=True):
        _panel(panel, name, of_set)
    axes[-1].set_xlabel("mean effect over the range (percentage points of refractory share), 95% interval")
    return figure


def _panel(axes: Any, name: str, effects: Sequence[Effect]) -> None:
    rows = range(len(effects))
    axes.barh(rows, [m.points for m in effects], height=0.6, color=SECOND)
    axes.errorbar([m.points for m in effects], rows, xerr=[m.half for m in effects], fmt="none", ecolor=MUTED, lw=1.2)
    row_axis(axes, [m.name for m in effects], fontsize=SMALLEST)
    axes.set_title(name, loc="left", fontsize=SMALL)
    axes.grid(axis="x")
