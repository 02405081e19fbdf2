"""The figures of the bench: scores by severity, confusion matrices, subgroups, predictive value, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from textwrap import fill
from typing import Any

from matplotlib.figure import Figure

from nephrosyn.report.figures.style import (
    DASHES,
    INK,
    LINES,
    MARKERS,
    PAPER,
    SECOND,
    SMALL,
    SMALLEST,
    blank,
    document,
    ink_on,
    percent_axis,
)

ACROSS = 3
PANEL_INCHES = 1.25
ROW_INCHES = 0.2
SEVERITIES = 5
TITLE_CHARACTERS = 30
"""Characters that fit above a panel; longer titles take a second line."""

Curves = Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]
"""Panel to classifier to (severity, value)."""


@dataclass(frozen=True)
class Mark:
    """A share with its interval, in a row of a group."""

    classifier: str
    axis: str
    group: str
    n: int
    value: float
    low: float
    high: float


def degradation(curves: Curves, label: str) -> str:
    """Draw a panel for each perturbation, a line for each classifier, as an SVG document."""
    title = f"{label.capitalize()} by severity, for each perturbation and classifier"
    return document(lambda: _degradation(curves, label), title)


def _degradation(curves: Curves, label: str) -> Figure:
    rows = -(-len(curves) // ACROSS)
    names = list(dict.fromkeys(name for panel in curves.values() for name in panel))
    figure = blank(0.9 + PANEL_INCHES * rows + 0.18 * -(-len(names) // 2), 7.2)
    panels = figure.subplots(rows, ACROSS, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, (title, lines) in zip(panels, curves.items(), strict=False):
        for name, points in lines.items():
            place = names.index(name)
            axes.plot(
                *zip(*points, strict=True),
                MARKERS[place % len(MARKERS)],
                ls=DASHES[place // len(LINES) % len(DASHES)],
                color=LINES[place % len(LINES)],
                lw=1.2,
                ms=3,
                mec=PAPER,
                mew=0.4,
                label=name,
            )
        axes.set_title(fill(title, TITLE_CHARACTERS), loc="left", fontsize=SMALL)
        axes.set(xlim=(-0.2, SEVERITIES + 0.2), ylim=(0, 1.03), xticks=range(SEVERITIES + 1))
        percent_axis(axes.yaxis)
        axes.tick_params(labelsize=SMALLEST)
        axes.grid(axis="y")
    for axes in panels[len(curves) :]:
        axes.set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, fontsize=SMALL)
    figure.supylabel(label, fontsize=SMALL)
    return figure


def confusion(matrices: Mapping[str, Mapping[tuple[str, str], int]], right: Sequence[str], given: Sequence[str]) -> str:
    """Draw a matrix for each classifier, shares of each right answer, as an SVG document.

    Parameters
    ----------
    matrices : mapping of str to mapping
        Classifier to patients by (right answer, given answer).
    right, given : sequence of str
        Rows and columns, in plain words.
    """
    title = "Right and given answers on the unperturbed record, by classifier"
    return document(lambda: _confusion(matrices, right, given), title)


def _confusion(
    matrices: Mapping[str, Mapping[tuple[str, str], int]], right: Sequence[str], given: Sequence[str]
) -> Figure:
    figure = blank(0.8 + (0.9 + ROW_INCHES * len(right)) * len(matrices), 6.4)
    panels = figure.subplots(len(matrices), 1, squeeze=False, sharex=True)[:, 0]
    for axes, (name, cells) in zip(panels, matrices.items(), strict=True):
        _matrix(axes, cells, right, given)
        axes.set_title(name, loc="left", fontsize=SMALL)
    middles = [place + 0.5 for place in range(len(given))]
    panels[-1].set_xticks(middles, given, rotation=35, ha="right", fontsize=SMALLEST)
    figure.supylabel("right answer", fontsize=SMALL)
    return figure


def _matrix(axes: Any, cells: Mapping[tuple[str, str], int], right: Sequence[str], given: Sequence[str]) -> None:
    """Draw counts over shades that are the share of each right answer."""
    counts = [[cells.get((row, column), 0) for column in given] for row in right]
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors=PAPER, lw=0.8)
    for row, column in product(range(len(right)), range(len(given))):
        if count := counts[row][column]:
            ink = ink_on("#08306b" if shares[row][column] > 0.5 else "#ffffff")
            place = (column + 0.5, row + 0.5)
            axes.text(*place, f"{count:,}", ha="center", va="center", fontsize=SMALLEST, color=ink)
    axes.set_yticks([row + 0.5 for row in range(len(right))], right, fontsize=SMALLEST)
    axes.invert_yaxis()
    axes.tick_params(length=0)


def slices(shares: Sequence[Mark]) -> str:
    """Draw the accuracy of every classifier by group, with 95% intervals, as an SVG document."""
    return document(lambda: _slices(shares), "Accuracy on the unperturbed record by group, with 95% intervals")


def _slices(shares: Sequence[Mark]) -> Figure:
    names = list(dict.fromkeys(mark.classifier for mark in shares))
    axes_names = list(dict.fromkeys(mark.axis for mark in shares))
    groups = {axis: list(dict.fromkeys(m.group for m in shares if m.axis == axis)) for axis in axes_names}
    height = ROW_INCHES * max(1.0, 0.55 * len(names))
    total = sum(map(len, groups.values()))
    figure = blank(1.1 + height * total + 0.25 * len(groups), 6.4)
    panels = figure.subplots(
        len(groups), 1, squeeze=False, sharex=True, height_ratios=[len(g) + 0.6 for g in groups.values()]
    )[:, 0]
    for axes, (axis, names_of_groups) in zip(panels, groups.items(), strict=True):
        for mark in (m for m in shares if m.axis == axis):
            k = names.index(mark.classifier)
            y = names_of_groups.index(mark.group) + 0.75 * ((k + 0.5) / len(names) - 0.5)
            colour = LINES[k % len(LINES)]
            axes.plot([mark.low, mark.high], [y, y], color=colour, lw=1.2, solid_capstyle="butt")
            axes.plot([mark.value], [y], MARKERS[k % len(MARKERS)], color=colour, ms=3.2, mec=PAPER, mew=0.4)
        count = {m.group: m.n for m in shares if m.axis == axis}
        labels = [f"{name} (n = {count[name]:,})" for name in names_of_groups]
        axes.set_yticks(range(len(labels)), labels, fontsize=SMALLEST)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_title(axis, loc="left", fontsize=SMALL)
        axes.set_xlim(0, 1.02)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
    percent_axis(panels[-1].xaxis)
    panels[-1].set_xlabel("accuracy")
    keys = [
        panels[0].plot([], [], MARKERS[k % len(MARKERS)], color=LINES[k % len(LINES)], label=name)[0]
        for k, name in enumerate(names)
    ]
    figure.legend(handles=keys, loc="outside upper left", ncols=2, fontsize=SMALL)
    return figure


def prevalence(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Draw the PPV of refractory disease against its prevalence, a line for each classifier, as an SVG document."""
    return document(lambda: _prevalence(curves), "Positive predictive value for refractory disease by its prevalence")


def _prevalence(curves: Mapping[str, Sequence[tuple[float, float]]]) -> Figure:
    figure = blank(3.0)
    axes = figure.subplots()
    for k, (name, points) in enumerate(curves.items()):
        dash = DASHES[k // len(LINES) % len(DASHES)]
        if points:
            axes.plot(*zip(*points, strict=True), ls=dash, color=LINES[k % len(LINES)], lw=1.4, label=name)
    _unit_square(figure, axes, "prevalence of refractory disease", "positive predictive value")
    return figure


def _unit_square(figure: Figure, axes: Any, xlabel: str, ylabel: str) -> None:
    """Finish axes of two fractions: the line of equality, labels in per cent, the legend."""
    axes.plot([0, 1], [0, 1], color=INK, lw=0.7, ls=(0, (4, 2)), zorder=0)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=xlabel, ylabel=ylabel)
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
    axes.grid()
    figure.legend(loc="outside upper left", ncols=2, fontsize=SMALL)


def reliability(curves: Mapping[str, Sequence[tuple[float, float, float, float]]]) -> str:
    """Draw observed against predicted share of refractory patients, with intervals, as an SVG document."""
    return document(lambda: _reliability(curves), "Observed share of refractory patients by predicted probability")


def _reliability(curves: Mapping[str, Sequence[tuple[float, float, float, float]]]) -> Figure:
    figure = blank(3.2)
    axes = figure.subplots()
    for k, (name, points) in enumerate(curves.items()):
        colour = LINES[k % len(LINES)] if name else SECOND
        predicted, observed = [point[0] for point in points], [point[1] for point in points]
        axes.plot(predicted, observed, "o-", color=colour, ms=3.5, lw=1.2, label=name)
        for probability, _, low, high in points:
            axes.plot([probability, probability], [low, high], color=colour, lw=0.9)
    _unit_square(figure, axes, "predicted probability of refractory", "observed share")
    return figure
