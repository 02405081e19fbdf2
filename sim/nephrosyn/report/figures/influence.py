"""The figure of what the refractory share hangs on."""

from __future__ import annotations

from textwrap import fill

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import ACCENT, INK, LINES, MUTED, SMALL, SMALLEST, blank, percent_axis, row_axis
from nephrosyn.report.findings.influence import Influence

MOST = 10
LETTERS = 46
"""Letters in a line of a label."""
LINE_INCHES, GAP_INCHES = 0.125, 0.08
"""Height of a line of a label, and the gap between two labels."""


def shares_by_quarter(influence: Influence) -> Figure:
    """Draw the mean share in the draws with the lowest and the highest quarter of the values of the leading numbers."""
    numbers = influence.numbers[:MOST]
    labels = [fill(number.meaning, LETTERS) for number in numbers]
    lines = max((label.count("\n") + 1 for label in labels), default=1)
    figure = blank(1.0 + (GAP_INCHES + LINE_INCHES * lines) * len(numbers))
    axes = figure.subplots()
    rows = range(len(numbers))
    low, high = [number.lowest for number in numbers], [number.highest for number in numbers]
    axes.hlines(rows, low, high, color=MUTED, lw=2.4, zorder=1)
    axes.scatter(low, rows, s=34, color=LINES[0], zorder=2, label="lowest quarter of its values")
    axes.scatter(high, rows, s=34, color=ACCENT, marker="D", zorder=2, label="highest quarter")
    row_axis(axes, labels, fontsize=SMALLEST)
    axes.axvline(influence.mean, color=INK, lw=0.9, ls=(0, (1, 2)), zorder=0)
    axes.set_xlabel("mean expected refractory share")
    percent_axis(axes.xaxis, 0.0 if max(low + high) - min(low + high) < 0.03 else 1.0)
    axes.grid(axis="x")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.6, 1.0), ncols=2, fontsize=SMALL, handletextpad=0.3)
    return figure
