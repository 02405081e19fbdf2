"""The drugs of one patient on a time axis: steroid by dose, a lane for each other drug."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from nephrosyn.report.figures.style import LINES, MUTED, row_axis
from nephrosyn.vocabulary import DAYS_PER_MONTH, STEROID, plain_name

AGENT = LINES[2]
LIGHTER = 0.55


def months(frame: pl.DataFrame, column: str) -> Any:
    """Return a column of days as months."""
    return frame[column].cast(pl.Float64).to_numpy() / DAYS_PER_MONTH


def of_drug(doses: pl.DataFrame, drug: str) -> pl.DataFrame:
    """Return the doses of one drug."""
    return doses.filter(pl.col("drug").cast(pl.String) == drug)


def agents_of(doses: pl.DataFrame) -> list[str]:
    """Return the drugs other than steroid, in the order in which they were started."""
    given = doses.sort("first_days", maintain_order=True)["drug"].cast(pl.String).unique(maintain_order=True)
    return [drug for drug in given if drug != STEROID]


def spans(doses: pl.DataFrame) -> list[tuple[float, float, float]]:
    """Return start and width in months of each dosing interval, and its opacity."""
    schedule = doses["schedule"].cast(pl.String)
    opacity = [LIGHTER if name == "alternate_day" else 1.0 for name in schedule]
    starts, stops = months(doses, "first_days"), months(doses, "last_days") + 1 / DAYS_PER_MONTH
    return list(zip(starts.tolist(), (stops - starts).tolist(), opacity, strict=True))


def draw_steroid(axes: Any, doses: pl.DataFrame) -> None:
    """Draw the prescribed steroid as steps; alternate-day courses by mean dose per day, in a lighter tone."""
    rows = of_drug(doses, STEROID)
    for (start, width, strong), mean in zip(spans(rows), rows["mean_mg_per_day"], strict=True):
        axes.bar(start, mean, width=width, align="edge", color=LINES[5], alpha=strong, lw=0)
    axes.set_ylabel("prednisone\n(mg/day)")
    axes.set_ylim(bottom=0)
    if rows["schedule"].cast(pl.String).eq("alternate_day").any():
        axes.annotate("lighter: every other day, mean per day", (1, 1), (0, -1), xycoords="axes fraction",
                      textcoords="offset points", ha="right", va="top", fontsize=7.5, color=MUTED)  # fmt: skip


def draw_agents(axes: Any, doses: pl.DataFrame, agents: Sequence[str]) -> None:
    """Draw a lane for each other drug: bars while it was taken, a tick for each infusion."""
    for place, drug in enumerate(agents):
        rows = of_drug(doses, drug)
        single = rows["schedule"].cast(pl.String) == "single"
        for start, width, strong in spans(rows.filter(~single)):
            axes.barh(place, width, left=start, height=0.5, color=AGENT, alpha=strong, lw=0)
        ticks = months(rows.filter(single), "first_days")
        axes.plot(ticks, [place] * len(ticks), "|", color=AGENT, ms=9, mew=1)
    row_axis(axes, [plain_name(drug) for drug in agents], fontsize=8)
