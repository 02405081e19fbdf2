"""The refractory share of every definition set by length of follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.figure import Figure

from nephrosyn import vocabulary
from nephrosyn.report.figures.shares import denominator_text, mark_third
from nephrosyn.report.figures.style import DASHES, LINES, MARKERS, MUTED, PAPER, SMALL, blank, document, percent_axis
from nephrosyn.report.findings.verdicts.by_follow_up import SharesOverTime
from nephrosyn.report.findings.verdicts.refractory_share import MARGIN, ONE_THIRD

LABEL_INCHES = 0.145
"""Height of a label."""


def draw(shares_over_time: SharesOverTime) -> str:
    """Draw the share of every set by length of follow-up, as an SVG document."""
    return document(lambda: lines(shares_over_time), "Refractory share of every definition set by length of follow-up")


def lines(shares_over_time: SharesOverTime) -> Figure:
    """Draw a line for each definition set, with its name at the end, and one third for comparison.

    Parameters
    ----------
    shares_over_time : SharesOverTime
        Sets that apply to nobody have no line.

    Returns
    -------
    matplotlib.figure.Figure
        As high as the names need.
    """
    years = [day / vocabulary.DAYS_PER_YEAR for day in shares_over_time.days]
    curves = {name: curve for name, curve in shares_over_time.sets.items() if curve.moments[-1].refractory.patients}
    panel = max(2.3, LABEL_INCHES * len(curves) * 1.25)
    figure = blank(panel + 0.75)
    axes = figure.subplots()
    mark_third(axes, along="y", label=False)
    ends = [curve.moments[-1].refractory.share.share for curve in curves.values()]
    shares = [[moment.refractory.share.share for moment in curve.moments] for curve in curves.values()]
    high = min(1.02, 1.08 * max([0.5, *(max(row) for row in shares)]))
    axes.set(xlim=(0, max(years) * 1.03), ylim=(0, high), xlabel="follow-up (years from onset)")
    verdicts = [curve.moments[-1].refractory for curve in shares_over_time.sets.values()]
    axes.set_ylabel(f"refractory share of {denominator_text(verdicts)}")
    places = spread(ends, high * LABEL_INCHES / panel, high)
    for n, (name, row, place) in enumerate(zip(curves, shares, places, strict=True)):
        colour = LINES[n % len(LINES)]
        dash, marker = DASHES[n // len(LINES) % len(DASHES)], MARKERS[n % len(MARKERS)]
        axes.plot(years, row, marker, ls=dash, color=colour, lw=1.5, ms=4, mec=PAPER, mew=0.5)
        axes.annotate(name, (years[-1], row[-1]), (1.06, place), textcoords=("axes fraction", "data"), va="center",
                      fontsize=SMALL, annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.7, "relpos": (0, 0.5), "shrinkA": 1,
                                  "shrinkB": 3})  # fmt: skip
    if not curves:
        axes.text(max(years) / 2, 0.2, "all patients are outside the sets", ha="center", color=MUTED)
    axes.text(0, ONE_THIRD - MARGIN, " one third ± 5 points", va="bottom", fontsize=SMALL, color=MUTED)
    axes.set_xticks(years, [f"{year:.1f}".removesuffix(".0") for year in years])
    percent_axis(axes.yaxis)
    axes.grid(axis="y")
    return figure


def spread(values: Sequence[float], least: float, high: float) -> list[float]:
    """Return places as close to some values as possible, but at least `least` apart and not above `high`.

    Examples
    --------
    >>> [round(place, 2) for place in spread([0.5, 0.5, 0.1], 0.1, 1.0)]
    [0.45, 0.55, 0.1]
    >>> [round(place, 2) for place in spread([0.95, 1.0], 0.1, 1.0)]
    [0.9, 1.0]
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    up, down = [*values], [*values]
    for below, above in pairwise(order):
        up[above] = max(up[above], up[below] + least)
    for above, below in pairwise(reversed(order)):
        down[below] = min(down[below], down[above] - least)
    places = [(upper + lower) / 2 for upper, lower in zip(up, down, strict=True)]  # far enough apart, as both are
    highest = high
    for n in reversed(order):
        places[n] = min(places[n], highest)
        highest = places[n] - least
    return places
