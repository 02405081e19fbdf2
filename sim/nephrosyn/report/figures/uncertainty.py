"""The distribution of the refractory share over the draws of a scenario's uncertain numbers."""

from __future__ import annotations

from matplotlib.figure import Figure

from nephrosyn.report.figures.shares import mark_third
from nephrosyn.report.figures.style import ACCENT, INK, PAPER, SMALL, blank, percent_axis
from nephrosyn.report.findings.uncertainty import SetUncertainty

BIN_POINTS = (0.5, 1.0, 2.0, 5.0)
"""Widths of the bars, in percentage points; the narrowest is taken that needs at most `MOST_BARS`."""
MOST_BARS = 16


def bar_width(low: float, high: float) -> float:
    """Return the width of the bars between two shares, as a share.

    Examples
    --------
    >>> bar_width(0.4, 0.5), bar_width(0.1, 0.9)
    (0.01, 0.05)
    """
    fits = (points / 100 for points in BIN_POINTS if (high - low) / (points / 100) <= MOST_BARS)
    return next(fits, BIN_POINTS[-1] / 100)


def shares_of_draws(of_set: SetUncertainty) -> Figure:
    """Draw how often each expected share was drawn, with the uncertainty interval, and one third for comparison."""
    figure = blank(2.3)
    axes = figure.subplots()
    mark_third(axes)
    width = bar_width(min(of_set.shares), max(of_set.shares))
    first, last = (int(round(share / width, 9)) for share in (min(of_set.shares), max(of_set.shares)))
    axes.hist(of_set.shares, [width * place for place in range(first, last + 2)], color=ACCENT, edgecolor=PAPER, lw=0.6)
    top = axes.get_ylim()[1]
    axes.plot([of_set.low, of_set.high], [1.06 * top] * 2, color=INK, lw=3.2, solid_capstyle="butt")
    beside = (of_set.high, "left", " 95%") if of_set.high < 0.85 else (of_set.low, "right", "95% ")
    axes.text(beside[0], 1.06 * top, beside[2], ha=beside[1], va="center", fontsize=SMALL)
    axes.set(xlim=(0, min(1.0, max(0.5, 1.15 * max(of_set.shares)))), ylim=(0, 1.14 * top), ylabel="draws")
    axes.set_xlabel("expected refractory share")
    percent_axis(axes.xaxis)
    axes.grid(axis="y")
    return figure
