"""A specification curve: shares in order, and below them which choices each combination stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nephrosyn.report.figures.shares import mark_third
from nephrosyn.report.figures.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    PAPER,
    SECOND,
    SMALL,
    SMALLEST,
    blank,
    document,
    percent_axis,
    row_axis,
)
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD

MOST_COLUMNS = 120
"""More combinations than this share columns: a narrower column could not be seen."""
SEPARATE = 60
"""Up to this number, combinations are drawn as separate dots."""
WIDTH_INCHES, HEIGHT_OF_CURVE, HEIGHT_OF_ROW = 7.6, 2.3, 0.155
BAR = 0.8
"""Height of a full bar, in rows."""


@dataclass(frozen=True)
class Panel:
    """A choice: its title, and for each level its title and whether each combination has it.

    Attributes
    ----------
    title : str
        Title of the choice.
    levels : sequence of (str, ndarray of bool, shape (combinations,))
        Its levels.
    """

    title: str
    levels: Sequence[tuple[str, NDArray[np.bool_]]]


def draw(shares: NDArray[np.float64], panels: Sequence[Panel], title: str) -> str:
    """Draw a specification curve.

    Parameters
    ----------
    shares : ndarray, shape (combinations, 3)
        Share, lower and upper end of its interval; the lowest share first.
    panels : sequence of Panel
        The choices, with combinations in the same order.
    title : str
        What the figure shows, for screen readers.

    Returns
    -------
    str
        A complete SVG document.
    """
    return document(lambda: curve(shares, panels), title)


def curve(shares: NDArray[np.float64], panels: Sequence[Panel]) -> Figure:
    """Return the figure."""
    rows = sum(1 + len(panel.levels) for panel in panels)
    heights = (HEIGHT_OF_CURVE, HEIGHT_OF_ROW * rows)
    figure = blank(sum(heights) + 0.5, WIDTH_INCHES)
    upper, lower = figure.subplots(2, 1, height_ratios=heights, sharex=True)
    edges = column_edges(len(shares))
    _shares(upper, shares, edges)
    _levels(lower, panels, edges)
    crossing = int((shares[:, 0] < ONE_THIRD).sum())
    if 0 < crossing < len(shares):
        for axes in (upper, lower):
            axes.axvline(crossing, color=INK, lw=0.8, ls=(0, (4, 2)), zorder=3)
    return figure


def column_edges(combinations: int) -> NDArray[np.int64]:
    """Return the edges of the columns: one for each combination, or columns of several where there are too many.

    Examples
    --------
    >>> column_edges(3).tolist()
    [0, 1, 2, 3]
    >>> len(column_edges(5000)) - 1
    120
    """
    columns = min(combinations, MOST_COLUMNS)
    return np.rint(np.linspace(0, combinations, columns + 1)).astype(np.int64)


def column_means(values: NDArray[Any], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of the values in each column.

    Examples
    --------
    >>> column_means(np.array([True, False, True, True]), np.array([0, 2, 4])).tolist()
    [0.5, 1.0]
    """
    sums = np.add.reduceat(np.asarray(values, np.float64), edges[:-1])
    return np.asarray(sums / np.diff(edges))


def _shares(axes: Any, shares: NDArray[np.float64], edges: NDArray[np.int64]) -> None:
    middles = (edges[:-1] + edges[1:]) / 2
    share, low, high = (column_means(column, edges) for column in shares.T)
    mark_third(axes, label=False, along="y")
    if len(shares) <= SEPARATE:
        axes.vlines(middles, low, high, color=SECOND, lw=1.0)
        axes.plot(middles, share, "o", color=SECOND, ms=3.5, mec=PAPER, mew=0.4)
    else:
        axes.stairs(high, edges, baseline=low, fill=True, color=SECOND, alpha=0.3, lw=0)
        axes.stairs(share, edges, baseline=None, color=SECOND, lw=1.6)
    axes.text(0.995 * edges[-1], ONE_THIRD - 0.01, "one third ± 5 points", fontsize=SMALL, color=MUTED,
              ha="right", va="top")  # fmt: skip
    top = min(1.0, 1.08 * float(high.max()))
    axes.set(xlim=(0, edges[-1]), ylim=(0, max(top, 0.5)), ylabel="refractory share")
    axes.tick_params(axis="x", length=0, labelbottom=False)
    percent_axis(axes.yaxis)
    axes.grid(axis="y")


def _levels(axes: Any, panels: Sequence[Panel], edges: NDArray[np.int64]) -> None:
    names: list[str] = []
    headings = []
    for place, panel in enumerate(panels):
        headings.append(len(names))
        names.append(panel.title)
        for title, members in panel.levels:
            _bars(axes, members, edges, len(names), (SECOND, ACCENT)[place % 2])
            names.append(title)
    row_axis(axes, names, fontsize=SMALLEST)
    for row in headings:
        label = axes.get_yticklabels()[row]
        label.set(color=MUTED, fontstyle="italic")
    axes.hlines([row - 0.5 for row in headings], 0, edges[-1], color=GRID, lw=0.8)
    axes.set_xlim(0, edges[-1])
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("combinations of choices, the lowest share first")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _bars(axes: Any, members: NDArray[np.bool_], edges: NDArray[np.int64], row: int, colour: str) -> None:
    """Draw a bar for each column, as high as the share of its combinations that have the level."""
    bottom = row + BAR / 2
    heights = bottom - BAR * column_means(members, edges)
    axes.hlines(bottom, 0, edges[-1], color=GRID, lw=0.5)
    axes.stairs(heights, edges, baseline=bottom, fill=True, color=colour, lw=0)
