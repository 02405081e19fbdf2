"""The timeline of a practice case: what its tables say and nothing else, as PNG and SVG, the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nephrosyn import terms
from nephrosyn.report.figures.style import ACCENT, INK, LINES, MUTED, PAPER, SECOND, SMALLEST, drawing, svg

DPI = 100
STEROID = "prednisone"
NO_SOFTWARE = {"Software": None}
LEFT, RIGHT, BOTTOM, TOP, GAP = 0.11, 0.985, 0.12, 0.96, 0.02


class Axis(NamedTuple):
    """How an analyte is drawn: unit, and what one inner unit is in it."""

    unit: str
    factor: float


def case_timeline(frames: Mapping[str, pl.DataFrame], upcr: Axis, albumin: Axis, title: str) -> tuple[bytes, str]:
    """Draw urine protein, albumin and steroid of one displayed record.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        The observed tables of one patient, as displayed.
    upcr, albumin : Axis
        Their units.
    title : str
        What the picture shows, for readers who cannot see it.

    Returns
    -------
    bytes
        PNG without metadata of time or program.
    str
        SVG without date.
    """
    with drawing():
        figure = Figure(figsize=(6.4, 3.9), dpi=DPI)
        top, middle, low = figure.subplots(3, 1, sharex=True, height_ratios=(2.2, 1.1, 1.1))
        figure.subplots_adjust(LEFT, BOTTOM, RIGHT, TOP, hspace=0.18)
        _urine(top, _of(frames, "upcr"), upcr)
        _albumin(middle, _of(frames, "albumin"), albumin)
        _steroid(low, frames["doses"])
        end = int(frames["follow_up"]["end_days"][0])
        for axes in (top, middle, low):
            axes.axvline(end, color=MUTED, lw=0.8, ls=(0, (2, 2)))
            axes.grid(axis="x")
        for mark in _noted(frames["conditions"]):
            low.plot([mark], [0], marker="^", color=ACCENT, ms=5, clip_on=False, zorder=5)
        low.set_xlabel("day from the first signs; triangle: something noted; dotted: end of the record", fontsize=8)
        low.set_xlim(0, max(end, 28) * 1.02)
        figure.text(0.985, 0.004, terms.NOTICE, ha="right", fontsize=SMALLEST, color=MUTED)
        buffer = io.BytesIO()
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(buffer, metadata=NO_SOFTWARE)
        return buffer.getvalue(), svg(figure, title)


def _of(frames: Mapping[str, pl.DataFrame], analyte: str) -> pl.DataFrame:
    return frames["readings"].filter(pl.col("analyte").cast(pl.String) == analyte).sort("taken_days")


def _urine(axes: Any, rows: pl.DataFrame, axis: Axis) -> None:
    values = rows["value"] * axis.factor
    hidden = rows["below_limit"]
    days = rows["taken_days"]
    axes.plot(days, values, "-", color=SECOND, lw=0.6, alpha=0.5)
    axes.plot(days.filter(~hidden), values.filter(~hidden), "o", color=SECOND, ms=3.5)
    axes.plot(days.filter(hidden), values.filter(hidden), "v", mfc=PAPER, mec=SECOND, ms=4)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.08 * axis.factor), max(high, 12 * axis.factor))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylabel(f"urine protein/\ncreatinine\n({axis.unit})", fontsize=8)
    axes.grid(axis="y")


def _albumin(axes: Any, rows: pl.DataFrame, axis: Axis) -> None:
    axes.plot(rows["taken_days"], rows["value"] * axis.factor, "o-", color=LINES[2], ms=2.8, lw=0.8)
    axes.set_ylim(0, 6 * axis.factor)
    axes.set_ylabel(f"albumin\n({axis.unit})", fontsize=8)


def _steroid(axes: Any, doses: pl.DataFrame) -> None:
    mine = doses.filter(pl.col("drug").cast(pl.String) == STEROID)
    for first, last, mean in mine.select("first_days", "last_days", "mean_mg_per_day").iter_rows():
        axes.bar(first, mean, width=last + 1 - first, align="edge", color=LINES[5], lw=0)
    for row in doses.filter(pl.col("drug").cast(pl.String) != STEROID).iter_rows(named=True):
        axes.plot([row["first_days"], row["last_days"] + 1], [1, 1], color=INK, lw=3, solid_capstyle="butt")
    axes.set_ylim(0, max(20.0, float(mine["mean_mg_per_day"].max() or 0) * 1.15))  # type: ignore[arg-type]
    axes.set_ylabel("prednisone\n(mg/day)", fontsize=8)


def _noted(conditions: pl.DataFrame) -> list[int]:
    return [int(day) for day in conditions["noted_days"].unique().sort()]
