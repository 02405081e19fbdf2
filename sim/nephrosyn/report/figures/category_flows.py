"""Flow diagrams: where patients of each category on the left end up on the right."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from nephrosyn.report.figures.style import SMALL, blank, colour_of, document
from nephrosyn.report.findings.verdicts.cross_classification import Moves, in_order
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement
from nephrosyn.report.formatting import number, percent
from nephrosyn.vocabulary import plain_name

GAP = 0.03
LEAST = 0.03
"""Minimum height of a category, as a share of all patients, so that its label fits."""
INCHES_PER_SHARE = 2.35
LONGEST_TITLE = 34


def view_flow(agreement: Agreement) -> Figure:
    """Draw where patients of each category of the complete record end up in the observed record."""
    return flow(agreement.counts, "complete record", "observed record")


def draw(moves: Moves) -> str:
    """Draw how patients change category between two definition sets.

    Parameters
    ----------
    moves : Moves
        Counts of patients.

    Returns
    -------
    str
        A complete SVG document.
    """
    title = f"Categories under {moves.before} and, of the same patients, under {moves.after}"
    return document(lambda: flow(moves.categories, moves.before, moves.after), title)


def flow(counts: Mapping[tuple[str, str], int], before: str, after: str) -> Figure:
    """Draw ribbons from the categories on the left to those on the right; ribbons without change are pale.

    Parameters
    ----------
    counts : mapping of (str, str) to int
        Patients by category on the left and on the right.
    before, after : str
        Titles of the sides.

    Returns
    -------
    matplotlib.figure.Figure
        As high as the labels need.
    """
    total = sum(counts.values()) or 1
    names = in_order(name for pair in counts for name in pair)
    cells = {(a, b): counts[a, b] / total for a, b in product(names, names) if counts.get((a, b))}  # in one order only
    sides = [_stacked(cells, side) for side in (0, 1)]
    bottom = max((top + max(size, LEAST) for tops in sides for top, size in tops.values()), default=GAP)
    figure = blank(0.4 + INCHES_PER_SHARE * (bottom + 0.12))
    axes = figure.subplots()
    layout = ((before, sides[0], -0.03, "right", -1), (after, sides[1], 1.03, "left", 1))
    for name, tops, edge, align, outwards in layout:
        for category, (top, size) in tops.items():
            axes.bar(edge, size, bottom=top, width=0.06, color=colour_of(category), lw=0)
            text = f"{plain_name(category)} {percent(size)}"
            middle = top + max(size, LEAST) / 2 if size < LEAST else top + size / 2
            axes.text(edge + 0.05 * outwards, middle, text, ha=align, va="center", fontsize=SMALL)
        title = name if len(name) <= LONGEST_TITLE else "…" + name[1 - LONGEST_TITLE :]
        axes.text(edge - 0.03 * outwards, -0.03, title, ha=align, fontweight="bold", va="bottom")
    text = f"{number(sum(counts.values()))} patients" if counts else "no patient in both"
    axes.text(0.5, -0.03, text, ha="center", va="bottom", fontsize=SMALL)
    _ribbons(axes, cells, *sides)
    axes.set(xlim=(-0.75, 1.75), ylim=(bottom, -0.12))
    axes.set_axis_off()
    return figure


def _stacked(cells: Mapping[tuple[str, str], float], side: int) -> dict[str, tuple[float, float]]:
    """Stack the categories of one side, with room for a label even where one is small: name to (top, size)."""
    sizes: dict[str, float] = {}
    for pair, size in cells.items():
        sizes[pair[side]] = sizes.get(pair[side], 0.0) + size
    top, stacked = 0.0, {}
    for name in in_order(sizes):
        stacked[name] = (top, sizes[name])
        top += max(sizes[name], LEAST) + GAP
    return stacked


def _ribbons(
    axes: Any,
    cells: Mapping[tuple[str, str], float],
    left: Mapping[str, tuple[float, float]],
    right: Mapping[str, tuple[float, float]],
) -> None:
    """Draw one ribbon for each pair of categories, in the colour of the left one; changes are drawn on top."""
    reached = [{name: top for name, (top, _) in side.items()} for side in (left, right)]
    for start, end in product(left, right):
        size = cells.get((start, end), 0.0)
        if not size:
            continue
        a, b = reached[0][start], reached[1][end]
        reached[0][start], reached[1][end] = a + size, b + size
        upper, lower = [(0, a), (0.5, a), (0.5, b), (1, b)], [(1, b), (0.5, b), (0.5, a), (0, a)]
        outline = [*upper, *((across, height + size) for across, height in lower)]
        curve = [Outline.MOVETO, *[Outline.CURVE4] * 3, Outline.LINETO, *[Outline.CURVE4] * 3]
        colour, stays = colour_of(start), start == end
        # The edge keeps one patient in thousands visible.
        look = {"alpha": 0.35, "lw": 0} if stays else {"alpha": 0.8, "lw": 0.5}
        axes.add_patch(PathPatch(Outline(outline, curve), color=colour, zorder=1 if stays else 2, **look))
