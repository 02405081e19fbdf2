"""The figure of a comparison of runs: paired differences with their intervals, a panel for each unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import INK, LINES, PAPER, blank, document, row_axis

LABELS = {"share": "difference in percentage points"}
LONGEST_NAME = 60
CHANCE_WIDTH, NUMBERS_WIDTH = 2.6, 0.9
"""Widths of the lines of the two intervals: of chance alone, and with the uncertain numbers."""


@dataclass(frozen=True)
class Difference:
    """A mean difference with its 95% interval, in its unit; shares as fractions.

    ``known`` is the interval that also covers the uncertain numbers of the scenarios, if they were drawn.
    """

    unit: str
    outcome: str
    run: str
    value: float
    low: float
    high: float
    known: tuple[float, float] | None = None


def draw(differences: Sequence[Difference], reference: str) -> str:
    """Draw paired differences against the reference.

    Parameters
    ----------
    differences : sequence of Difference
        In the order to show.
    reference : str
        Name of the run that the differences are from.

    Returns
    -------
    str
        A complete SVG document.
    """
    known = any(mark.known is not None for mark in differences)
    intervals = f"95% intervals{', by chance alone and with the uncertain numbers' if known else ''}"
    title = f"Paired differences from {reference}, with {intervals}"
    return document(lambda: panels(differences, reference), title)


def panels(differences: Sequence[Difference], reference: str) -> Figure:
    """Return a panel for each unit, with a row for each outcome and a mark for each run."""
    runs = list(dict.fromkeys(mark.run for mark in differences))
    units = list(dict.fromkeys(mark.unit for mark in differences))
    heights = [len({mark.outcome for mark in differences if mark.unit == unit}) for unit in units]
    row_inches = 0.17 + 0.09 * len(runs)
    margins = 0.6 + 0.55 * len(units) + 0.2 * len(runs)  # notice and title, an axis for each panel, the legend
    figure = blank(margins + row_inches * sum(height + 0.8 for height in heights))
    axes = figure.subplots(len(units), 1, height_ratios=[height + 0.8 for height in heights], squeeze=False)[:, 0]
    for panel, unit in zip(axes, units, strict=True):
        _panel(panel, [mark for mark in differences if mark.unit == unit], runs)
        panel.set_xlabel(LABELS.get(unit, f"difference, {unit}"))
    handles, names = [_dot(axes[0], place, [], []) for place in range(len(runs))], map(shortened, runs)
    title = f"against {shortened(reference)}"
    figure.legend(handles, names, title=title, loc="outside upper left", alignment="left", handlelength=1)
    return figure


def shortened(name: str) -> str:
    """Return a name that fits the figure: the end of a long one, which is a path.

    Examples
    --------
    >>> shortened("before"), len(shortened("run/" * 40))
    ('before', 60)
    """
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]


def _panel(axes: Any, differences: Sequence[Difference], runs: Sequence[str]) -> None:
    names = list(dict.fromkeys(mark.outcome for mark in differences))
    scale = 100.0 if differences[0].unit == "share" else 1.0
    axes.axvline(0.0, color=INK, lw=1.1, ls=(0, (4, 2)), zorder=1)
    for mark in differences:
        if math.isnan(mark.value):
            continue
        run = runs.index(mark.run)
        y = names.index(mark.outcome) + 0.6 * ((run + 0.5) / len(runs) - 0.5)
        if not math.isnan(mark.low):
            _line(axes, run, y, (scale * mark.low, scale * mark.high), CHANCE_WIDTH)
        if mark.known is not None:
            low, high = mark.known
            _line(axes, run, y, (scale * low, scale * high), NUMBERS_WIDTH)
        _dot(axes, run, [scale * mark.value], [y])
    row_axis(axes, names)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _line(axes: Any, run: int, y: float, ends: tuple[float, float], width: float) -> None:
    axes.plot(ends, [y, y], color=LINES[run % len(LINES)], lw=width, solid_capstyle="butt")


def _dot(axes: Any, run: int, values: list[float], places: list[float]) -> Any:
    (dot,) = axes.plot(values, places, "o", color=LINES[run % len(LINES)], ms=4.5, mec=PAPER, mew=0.6)
    return dot
