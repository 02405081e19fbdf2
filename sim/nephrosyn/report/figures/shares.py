"""Figures of shares: categories in one bar, groups with intervals, length of follow-up, overlap of flags."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from nephrosyn.report.figures.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    PAPER,
    SECOND,
    SMALL,
    blank,
    colour_of,
    ink_on,
    percent_axis,
)
from nephrosyn.report.findings.verdicts.flag_overlap import Combination
from nephrosyn.report.findings.verdicts.refractory_share import MARGIN, ONE_THIRD, Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group
from nephrosyn.report.formatting import number, percent
from nephrosyn.report.text import FLAG_NAMES
from nephrosyn.statistics.proportions import Share
from nephrosyn.vocabulary import DAYS_PER_MONTH, plain_name

Segment = tuple[str, int]
NOBODY = "all patients are outside the set"


def segments(rows: Sequence[Category]) -> list[Segment]:
    """Return categories and patients from left to right: refractory, then not refractory, then not judged."""
    met = [(row.category, row.refractory) for row in rows]
    unmet = [(row.category, row.share.count - row.refractory - row.undetermined) for row in rows]
    unknown = [(row.category, row.undetermined) for row in rows]
    return [(name, count) for name, count in [*met, *unmet, *unknown] if count]


def mark_third(axes: Any, *, label: bool = True, along: str = "x") -> None:
    """Draw the line of one third and the margin about it."""
    span, line = (axes.axvspan, axes.axvline) if along == "x" else (axes.axhspan, axes.axhline)
    span(ONE_THIRD - MARGIN, ONE_THIRD + MARGIN, color=GRID, alpha=0.55, lw=0, zorder=0)
    line(ONE_THIRD, color=INK, lw=1.1, ls=(0, (4, 2)), zorder=1)
    if label and along == "x":
        axes.annotate("one third ± 5 points", (ONE_THIRD, 1.0), (0, 3), xycoords=("data", "axes fraction"),
                      textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color=MUTED)  # fmt: skip


def category_bar(refractory: Refractory, rows: Sequence[Category]) -> Figure:
    """Draw the cohort as one bar of categories, refractory ones on the left, with one third for comparison."""
    figure = blank(2.0)
    axes = figure.subplots()
    left = 0.0
    for name, count in segments(rows):
        width = count / refractory.patients
        colour = colour_of(name)
        axes.barh(0, width, left=left, height=0.8, color=colour, edgecolor=PAPER, lw=1)
        if width >= 0.035:
            axes.text(
                left + width / 2, 0, percent(width, 0), ha="center", va="center", fontsize=9, color=ink_on(colour)
            )
        left += width
    axes.plot([ONE_THIRD] * 2, [-0.62, 0.62], color=INK, lw=1.4, ls=(0, (3, 1.5)))
    axes.text(ONE_THIRD, 0.68, "one third", ha="center", va="bottom", fontsize=9)
    if refractory.patients:
        mark_interval(axes, refractory.known)
    else:
        axes.text(0.5, 0, NOBODY, ha="center", va="center", color=MUTED)
    axes.set(xlim=(0, 1), ylim=(-1.2, 1.0), yticks=[], xticks=[0, 0.25, 0.5, 0.75, 1])
    percent_axis(axes.xaxis)
    axes.spines["left"].set_visible(False)
    handles = [Patch(color=colour_of(name), label=plain_name(name)) for name in dict(segments(rows))]
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3, handlelength=1, columnspacing=1.2
    )
    return figure


def mark_interval(axes: Any, share: Share) -> None:
    """Draw the interval of the refractory share under the bar."""
    y = -0.68
    axes.plot([0, share.share], [y, y], color=INK, lw=0.8)
    axes.plot([share.low, share.high], [y, y], color=INK, lw=3.2, solid_capstyle="butt")
    beside = share.high < 0.6
    axes.text(share.high + 0.012 if beside else 0.012, y if beside else y - 0.08, "refractory, 95% interval",
              va="center" if beside else "top", fontsize=SMALL)  # fmt: skip


def forest(sections: Sequence[tuple[str, Sequence[tuple[str, Share]]]], label: str) -> Figure:
    """Draw shares with intervals in titled sections, one row each, with one third for comparison."""
    lines: list[tuple[str, Share | None]] = []
    for title, rows in sections:
        if rows:
            lines += [(title, None)] if title else []
            lines += list(rows)
    figure = blank(0.95 + 0.25 * max(len(lines), 1))
    axes = figure.subplots()
    mark_third(axes)
    for place, (_, share) in enumerate(lines):
        if share is None or math.isnan(share.share):
            if share is not None:
                beside_row(axes, place, "outside the set")
            continue
        axes.plot([share.low, share.high], [place, place], color=SECOND, lw=2, solid_capstyle="butt")
        axes.plot(share.share, place, "o", color=SECOND, ms=5.5, mec=PAPER, mew=0.6)
        beside_row(axes, place, f"{percent(share.share, 0)} of {number(share.total)}")
    high = max([share.high for _, share in lines if share is not None and not math.isnan(share.high)], default=0.5)
    axes.set(xlim=(0, min(1.0, max(0.5, 1.06 * high))), ylim=(len(lines) - 0.4, -0.6), xlabel=label)
    axes.set_yticks(range(len(lines)), [name for name, _ in lines])
    for tick, (_, share) in zip(axes.get_yticklabels(), lines, strict=True):
        tick.set(fontweight="bold" if share is None else "normal", color=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    percent_axis(axes.xaxis)
    return figure


def beside_row(axes: Any, y: float, text: str) -> None:
    """Write to the right of a row."""
    axes.annotate(text, (1, y), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
                  fontsize=SMALL, color=MUTED)  # fmt: skip


def definitions(verdicts: Sequence[Refractory]) -> Figure:
    """Draw the refractory share under every definition set, a row each, with a mark for each record."""
    sets = list(dict.fromkeys(item.criteria for item in verdicts))
    views = list(dict.fromkeys(item.view for item in verdicts))
    figure = blank(1.15 + 0.3 * len(sets))
    axes = figure.subplots()
    mark_third(axes)
    for item in verdicts:
        share, view = item.share, views.index(item.view)
        if math.isnan(share.share):
            if not view:
                beside_row(axes, sets.index(item.criteria), "applies to nobody")
            continue
        y = sets.index(item.criteria) + 0.32 * ((view + 0.5) / len(views) - 0.5)
        colour, marker, face = ((SECOND, "o", SECOND), (ACCENT, "D", PAPER))[view % 2]
        axes.plot([share.low, share.high], [y, y], color=colour, lw=1.6, solid_capstyle="butt")
        axes.plot(share.share, y, marker, color=colour, mfc=face, ms=4.5, mew=1)
        if not view:
            beside_row(axes, y, f"{percent(share.share, 0)} of {number(share.total)}")
    for view, name in enumerate(views):
        colour, marker, face = ((SECOND, "o", SECOND), (ACCENT, "D", PAPER))[view % 2]
        axes.plot([], [], marker, color=colour, mfc=face, ms=4.5, label=f"{name} record")
    high = max([item.share.high for item in verdicts if not math.isnan(item.share.high)], default=0.5)
    axes.set(xlim=(0, min(1.0, max(0.5, 1.06 * high))), ylim=(len(sets) - 0.5, -0.5))
    axes.set_xlabel(f"refractory share of {denominator_text(verdicts)}")
    axes.set_yticks(range(len(sets)), sets)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    percent_axis(axes.xaxis)
    figure.legend(loc="outside upper left", ncols=2, handlelength=1)
    return figure


def denominator_text(verdicts: Iterable[Refractory]) -> str:
    """Return the patients that shares refer to."""
    return "the patients in the set" if any(item.outside for item in verdicts) else "all patients"


def group_forest(bands: Sequence[Group], lesions: Sequence[Group]) -> Figure:
    """Draw the refractory share by age band and true lesion."""
    sections = [
        (title, [(plain_name(item.name), item.refractory.share) for item in groups])
        for title, groups in (("Age band", bands), ("True lesion", lesions))
    ]
    some = any(item.refractory.outside for item in [*bands, *lesions])
    return forest(
        sections, f"refractory share of {'the group’s patients in the set' if some else 'all patients in the group'}"
    )


def follow_up_curve(follow_up: FollowUp) -> Figure:
    """Draw the refractory share, and the share that could not be judged, by length of follow-up."""
    figure = blank(2.9)
    axes = figure.subplots()
    mark_third(axes, along="y", label=False)
    months = [moment.days / DAYS_PER_MONTH for moment in follow_up.moments]
    band_line(axes, months, [moment.refractory.share for moment in follow_up.moments], ACCENT, "o-", "refractory")
    if follow_up.reclassified:
        shares = [moment.refractory.undetermined for moment in follow_up.moments]
        band_line(axes, months, shares, MUTED, "s:", "undetermined so far")
    axes.set(
        xlim=(0, max(months) * 1.03),
        ylim=(0, None),
        xlabel="follow-up (months from onset)",
        ylabel=f"share of {denominator_text(moment.refractory for moment in follow_up.moments)}",
    )
    axes.set_ylim(0, min(1.02, max(0.5, axes.get_ylim()[1])))
    if not any(moment.refractory.patients for moment in follow_up.moments):
        axes.text(max(months) / 2, 0.2, NOBODY, ha="center", color=MUTED)
    axes.text(0, ONE_THIRD, " one third", ha="left", va="bottom", fontsize=SMALL, color=MUTED)
    axes.set_xticks(months, [f"{month:.0f}" for month in months])
    percent_axis(axes.yaxis)
    axes.grid(axis="y")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return figure


def band_line(axes: Any, times: Sequence[float], shares: Sequence[Share], colour: str, style: str, label: str) -> None:
    """Draw shares as a line, with intervals as a band."""
    low, high = [share.low for share in shares], [share.high for share in shares]
    axes.fill_between(times, low, high, color=colour, alpha=0.18, lw=0)
    axes.plot(times, [share.share for share in shares], style, color=colour, lw=1.8, ms=4.5, label=label)


def overlap(combinations: Sequence[Combination], flags: Sequence[str], most: int = 10) -> Figure:
    """Draw the combinations of flags: bars of patients over a matrix of the flags that are present."""
    shown = combinations[:most]
    total = sum(item.patients for item in combinations) or 1
    figure = blank(2.2 + 0.225 * len(flags))
    bars, matrix = figure.subplots(2, 1, sharex=True, height_ratios=[1.7, 0.25 * len(flags)])
    for place, item in enumerate(shown):
        colour = (ACCENT if item.flags else SECOND) if item.determined else colour_of("undetermined")
        bars.bar(place, item.patients, width=0.62, color=colour)
        bars.text(place, item.patients, percent(item.patients / total), ha="center", va="bottom", fontsize=SMALL)
        if not item.determined:
            for row in range(len(flags)):
                matrix.text(place, row, "?", ha="center", va="center", fontsize=9, color=MUTED)
            continue
        rows = [row for row, name in enumerate(flags) if name in item.flags]
        matrix.plot([place] * len(flags), range(len(flags)), "o", color=GRID, ms=7)
        matrix.plot([place] * len(rows), rows, "o-", color=INK, ms=7, lw=1.6)
    if not shown:
        bars.text(0.5, 0.5, NOBODY, ha="center", va="center", color=MUTED, transform=bars.transAxes)
    bars.set_ylabel("patients")
    bars.margins(y=0.14)
    bars.tick_params(axis="x", length=0, labelbottom=False)
    matrix.set(xlim=(-0.6, max(len(shown), 4) - 0.4), ylim=(len(flags) - 0.5, -0.5), xticks=[])
    matrix.set_yticks(range(len(flags)), [FLAG_NAMES[name] for name in flags])
    matrix.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        matrix.spines[side].set_visible(False)
    bars.spines["bottom"].set_visible(False)
    return figure
