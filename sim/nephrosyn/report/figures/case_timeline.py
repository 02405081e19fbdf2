"""The timeline of a practice case, drawn from its displayed tables only, as PNG and SVG with reproducible bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from nephrosyn import vocabulary
from nephrosyn.report.figures.style import ACCENT, GRID, INK, LINES, MUTED, PAPER, SECOND, SMALLEST, drawing, svg
from nephrosyn.vocabulary import STEROID

DPI = 100
NO_SOFTWARE = {"Software": None}
LOWEST_RATIO = 0.01
PANELS = ((0.57, 0.4), (0.35, 0.18), (0.13, 0.18))
"""Bottom and height of the panels of urine, albumin and dose, as fractions of the figure."""
LEFT, WIDTH = 0.14, 0.845
STEPS_DAYS = (7, 14, 28, 56, 91, 182, 365, 730)
RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Ticks of the axis of ratios, in mg/mg; in other units rounded to one digit."""
BELOW = "day from the onset; triangle: event in the chart; dotted: end of the record"


class Axis(NamedTuple):
    """How an analyte is drawn: its unit, and the factor from the internal unit."""

    unit: str
    factor: float


def case_timeline(frames: Mapping[str, pl.DataFrame], upcr: Axis, albumin: Axis, title: str) -> tuple[bytes, str]:
    """Draw urine protein, albumin and steroid of one displayed record.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        The observed tables of one patient, as displayed.
    upcr, albumin : Axis
        Units of the two analytes.
    title : str
        What the figure shows, for screen readers.

    Returns
    -------
    bytes
        PNG without date or program in its metadata.
    str
        SVG without date.
    """
    with drawing():
        figure = Figure(figsize=(6.4, 3.9), dpi=DPI)
        end = int(frames["follow_up"]["end_days"][0])
        top, middle, low = (_panel(figure, *place, end) for place in PANELS)
        _urine(top, _of(frames, "upcr"), upcr)
        _albumin(middle, _of(frames, "albumin"), albumin)
        _steroid(low, frames["doses"])
        noted_days = _noted(frames["conditions"])
        low.plot(noted_days, [0] * len(noted_days), "^", color=ACCENT, ms=5, clip_on=False, zorder=5)
        for day in _days(end):
            low.text(day, -0.06, str(day), transform=low.get_xaxis_transform(), ha="center", va="top")
        figure.text(LEFT + WIDTH / 2, 0.04, BELOW, ha="center", fontsize=8)
        figure.text(0.985, 0.004, vocabulary.NOTICE, ha="right", fontsize=SMALLEST, color=MUTED)
        buffer = io.BytesIO()
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(buffer, metadata=NO_SOFTWARE)
        return buffer.getvalue(), svg(figure, title)


def _days(end: int) -> range:
    """Return the days with a tick."""
    step = next((days for days in STEPS_DAYS if end / days <= 9), STEPS_DAYS[-1])
    return range(0, end + 1, step)


def _panel(figure: Figure, foot: float, height: float, end: int) -> Any:
    """Return axes whose frame and ticks are drawn directly: those of matplotlib take most of the drawing time."""
    axes = figure.add_axes((LEFT, foot, WIDTH, height))
    axes.set_axis_off()
    axes.set_xlim(0, max(end, 28) * 1.02)
    across = axes.get_xaxis_transform()
    axes.vlines(_days(end), 0, 1, transform=across, color=GRID, lw=0.7, zorder=0)
    axes.plot([0, 0, 1], [1, 0, 0], transform=axes.transAxes, color=MUTED, lw=0.8, clip_on=False, zorder=2.5)
    axes.plot([end, end], [0, 1], transform=across, color=MUTED, lw=0.8, ls=(0, (2, 2)))
    return axes


def _marked(axes: Any, values: Sequence[float], name: str, *, grid: bool = False) -> None:
    """Draw the ticks within the range of the vertical axis, and its label."""
    low, high = axes.get_ylim()
    along = axes.get_yaxis_transform()
    within = [value for value in values if low <= value <= high]
    ends = [[(0 if grid else -0.008, value), (1 if grid else 0, value)] for value in within]
    axes.add_collection(
        LineCollection(ends, transform=along, colors=GRID if grid else MUTED, lw=0.7, clip_on=False, zorder=0),
        autolim=False,
    )
    for value in within:
        axes.text(-0.014, value, f"{value:g}", transform=along, ha="right", va="center_baseline")
    axes.text(
        -0.085, 0.5, name, transform=axes.transAxes, rotation=90, ha="right", va="center", ma="center", fontsize=8
    )


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
    least, most = min(values.to_list(), default=axis.factor), max(values.to_list(), default=axis.factor)
    lowest = LOWEST_RATIO * axis.factor  # a logarithmic axis has no 0
    axes.set_ylim(max(min(least, 0.1 * axis.factor) * 0.8, lowest), max(most, 10 * axis.factor) * 1.3)
    ratios = RATIOS if axis.factor == 1.0 else tuple(float(f"{ratio * axis.factor:.1g}") for ratio in RATIOS)
    _marked(axes, ratios, f"urine protein/\ncreatinine ({axis.unit})", grid=True)


def _albumin(axes: Any, rows: pl.DataFrame, axis: Axis) -> None:
    axes.plot(rows["taken_days"], rows["value"] * axis.factor, "o-", color=LINES[2], ms=2.8, lw=0.8)
    axes.set_ylim(0, 6 * axis.factor)
    _marked(axes, [0, 2 * axis.factor, 4 * axis.factor], f"albumin\n({axis.unit})")


def _steroid(axes: Any, doses: pl.DataFrame) -> None:
    steroid = doses.filter(pl.col("drug").cast(pl.String) == STEROID)
    rows = steroid.select("first_days", "last_days", "mean_mg_per_day").rows()
    corners = [[(first, 0), (first, mean), (last + 1, mean), (last + 1, 0)] for first, last, mean in rows]
    axes.add_collection(PolyCollection(corners, facecolor=LINES[5], lw=0), autolim=False)
    for row in doses.filter(pl.col("drug").cast(pl.String) != STEROID).iter_rows(named=True):
        axes.plot([row["first_days"], row["last_days"] + 1], [1, 1], color=INK, lw=3, solid_capstyle="butt")
    most = max(20.0, float(steroid["mean_mg_per_day"].max() or 0))  # type: ignore[arg-type]
    axes.set_ylim(0, most * 1.15)
    _marked(axes, [0, 10, 20] if most < 40 else [0, 20, 40, 60, 80, 100], "prednisone\n(mg/day)")


def _noted(conditions: pl.DataFrame) -> list[int]:
    return [int(day) for day in conditions["noted_days"].unique().sort()]
