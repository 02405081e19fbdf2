"""Figures of time: Kaplan-Meier curves with the numbers at risk, and relapses per patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.figure import Figure

from nephrosyn import vocabulary
from nephrosyn.report.figures.style import DASHES, LINES, MUTED, PAPER, SECOND, SMALL, blank, percent_axis
from nephrosyn.report.findings.course.disease_states import STATE_NAMES, States
from nephrosyn.report.formatting import number, percent
from nephrosyn.statistics.kaplan_meier import Curve
from nephrosyn.vocabulary import DAYS_PER_MONTH, DAYS_PER_WEEK, plain_name

STATE_COLOURS = ("#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#b4bac2")


def remission(curves: Sequence[Curve]) -> Figure:
    """Draw the share that has reached complete remission by week from onset."""
    return kaplan_meier(
        curves,
        float(DAYS_PER_WEEK),
        (0, 4, 8, 12, 16, 26, 39, 52),
        "weeks from onset",
        "in remission by then",
        rising=True,
    )


def relapse(curves: Sequence[Curve]) -> Figure:
    """Draw the share still free of relapse by month from first remission."""
    ticks = (0, 3, 6, 9, 12, 18, 24, 36, 48, 60, 72, 84, 96, 108, 120)
    return kaplan_meier(curves, DAYS_PER_MONTH, ticks, "months from first remission", "free of relapse", rising=False)


def kaplan_meier(
    curves: Sequence[Curve], unit_days: float, ticks: Sequence[int], xlabel: str, ylabel: str, *, rising: bool
) -> Figure:
    """Draw a curve with its band for each group, and the numbers at risk below the axis."""
    figure = blank(3.0 + 0.2 * len(curves))
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 0.22 * len(curves) + 0.15])
    side: Callable[[Any], Any] = (lambda free: 1 - free) if rising else (lambda free: free)
    end = max((float(curve.days[-1]) for curve in curves), default=1.0) / unit_days
    shown_ticks = thin([tick for tick in ticks if tick <= end + 0.1], end)
    for place, curve in enumerate(curves):
        followed = curve.days <= curve.last_day
        colour, times = LINES[place % len(LINES)], curve.days[followed] / unit_days
        low, high, free = (side(values[followed]) for values in (curve.low, curve.high, curve.free))
        axes.fill_between(times, low, high, step="post", color=colour, alpha=0.18, lw=0)
        axes.step(
            times,
            free,
            where="post",
            color=colour,
            ls=DASHES[place % len(DASHES)],
            lw=1.8,
            label=plain_name(curve.group),
        )
        for tick in shown_ticks:
            at_risk = curve.at_risk(tick * unit_days)
            below.text(tick, place, number(at_risk), ha="center", va="center", fontsize=SMALL)
    axes.set(xlim=(0, max([end, *shown_ticks])), ylim=(0, 1.02), ylabel=ylabel)
    axes.set_xticks(shown_ticks, [str(mark) for mark in shown_ticks])
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(xlabel)
    percent_axis(axes.yaxis)
    axes.grid(axis="y")
    if curves:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
    else:
        axes.text(end / 2, 0.5, "no patients at risk", ha="center", va="center", color=MUTED)
    at_risk_labels(below, curves)
    return figure


def thin(ticks: list[int], end: float) -> list[int]:
    """Leave out ticks whose numbers at risk would overlap those of their neighbour."""
    spaced: list[int] = []
    for tick in ticks:
        if not spaced or tick - spaced[-1] >= end * 0.07:
            spaced.append(tick)
    return spaced


def at_risk_labels(axes: Any, curves: Sequence[Curve]) -> None:
    """Turn the lower axes into a small table: a row of numbers at risk for each group."""
    axes.set_ylim(len(curves) - 0.5, -0.9)
    axes.set_yticks([-0.75, *range(len(curves))], ["at risk", *[plain_name(curve.group) for curve in curves]])
    for place, tick in enumerate(axes.get_yticklabels()):
        tick.set(fontsize=SMALL, fontweight="bold" if not place else "normal")
        if place:
            tick.set_color(LINES[(place - 1) % len(LINES)])
    axes.tick_params(axis="both", length=0, labelbottom=False, pad=16)
    for spine in axes.spines.values():
        spine.set_visible(False)


def relapses(histogram: Sequence[int]) -> Figure:
    """Draw how many patients had 0, 1, 2 ... relapses."""
    figure = blank(2.6)
    axes = figure.subplots()
    total = sum(histogram) or 1
    labels = [*[str(count) for count in range(len(histogram) - 1)], f"{len(histogram) - 1}+"]
    axes.bar(range(len(histogram)), histogram, width=0.72, color=SECOND)
    for place, patients in enumerate(histogram):
        axes.text(place, patients, percent(patients / total, 0), ha="center", va="bottom", fontsize=SMALL)
    axes.set_xticks(range(len(histogram)), labels)
    axes.set(xlabel="relapses during follow-up", ylabel="patients who reached remission")
    axes.margins(y=0.12)
    axes.grid(axis="y")
    axes.tick_params(axis="x", length=0)
    return figure


def course_states(states: States) -> Figure:
    """Draw the share of patients in each state over the years, stacked."""
    figure = blank(3.0)
    axes = figure.subplots()
    years = states.days / vocabulary.DAYS_PER_YEAR
    axes.stackplot(
        years, states.shares.T, colors=STATE_COLOURS, labels=list(STATE_NAMES.values()), edgecolor=PAPER, lw=0.6
    )
    axes.set(xlim=(0, years[-1]), ylim=(0, 1), xlabel="years from onset", ylabel="share of all patients")
    step = 1 if years[-1] <= 12 else 5
    axes.set_xticks(range(0, int(years[-1] + 0.01) + 1, step))
    percent_axis(axes.yaxis)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, handlelength=1, columnspacing=1.2)
    return figure
