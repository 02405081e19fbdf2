"""The course and record of one patient on one time axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from nephrosyn import vocabulary
from nephrosyn.report.figures.drug_lanes import agents_of, draw_agents, draw_steroid, months
from nephrosyn.report.figures.style import (
    ACCENT,
    CATEGORY_COLOURS,
    GRID,
    INK,
    LINES,
    MUTED,
    PAPER,
    SECOND,
    blank,
    drawing,
    row_axis,
)
from nephrosyn.vocabulary import DAYS_PER_MONTH, plain_name

GRADE_COLOURS = ("#f1f3f5", "#d9ecf7", "#a9d3ee", "#56b4e9", "#e69f00", "#d55e00")
TRUE_EVENTS = (("complete_remission", "^", LINES[2]), ("relapse", "v", ACCENT))
NOTED = (
    ("contraindication", "contraindication noted", CATEGORY_COLOURS["steroid_resistant"]),
    ("infection", "infection noted", LINES[3]),
    ("toxicity", "steroid toxicity noted", CATEGORY_COLOURS["steroid_dependent"]),
    ("agent_toxicity", "agent toxicity noted", CATEGORY_COLOURS["steroid_dependent"]),
    ("complication", "complication noted", CATEGORY_COLOURS["steroid_resistant"]),
    ("provoking_factor", "reversible cause of apparent resistance found", SECOND),
)
Frames = dict[str, pl.DataFrame]


def patient_timeline(tables: Mapping[str, Any], replicate: int, patient: int) -> Figure:
    """Draw one patient: urine protein, albumin, home diary, steroid, other drugs, relapses and noted conditions.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame or polars.LazyFrame
        Tables of a cohort; truth, diary and labels are drawn where present.
    replicate, patient : int
        The patient.

    Returns
    -------
    matplotlib.figure.Figure
        With the notice that the patient is synthetic.

    Raises
    ------
    KeyError
        If the cohort has no such patient.
    """
    patient_tables = own_rows(tables, replicate, patient)
    if not patient_tables["patients"].height:
        raise KeyError(f"no patient {patient} in replicate {replicate}")
    with drawing():
        return compose(patient_tables)


def own_rows(tables: Mapping[str, Any], replicate: int, patient: int) -> Frames:
    """Return the rows of one patient from each table."""
    here = (pl.col("replicate") == replicate) & (pl.col("patient") == patient)
    return {name: frame.lazy().filter(here).collect() for name, frame in tables.items()}


def compose(patient_tables: Frames) -> Figure:
    """Lay out the panels and fill them."""
    diary = "diary" in patient_tables and patient_tables["diary"].height > 0
    ratios = {"upcr": 2.6, "albumin": 1.2, "diary": 0.28, "dose": 1.1}
    if not diary:
        del ratios["diary"]
    agents = agents_of(patient_tables["doses"])
    rows = event_rows(patient_tables)
    if agents:
        ratios["agents"] = 0.24 * len(agents) + 0.1
    ratios["events"] = 0.24 * len(rows) + 0.1
    figure = blank(4.4 + 0.3 * diary + ratios.get("agents", 0.0) + ratios["events"], 7.2)
    panels = figure.subplots(len(ratios), 1, sharex=True, height_ratios=list(ratios.values()))
    axes = dict(zip(ratios, panels, strict=True))
    end = last_day(patient_tables)
    draw_upcr(axes["upcr"], patient_tables, end)
    draw_albumin(axes["albumin"], patient_tables)
    if diary:
        draw_diary(axes["diary"], patient_tables["diary"])
    draw_steroid(axes["dose"], patient_tables["doses"])
    if agents:
        draw_agents(axes["agents"], patient_tables["doses"], agents)
    draw_events(axes["events"], rows)
    for name, panel in axes.items():
        panel.grid(axis="x")
        panel.tick_params(axis="x", length=0 if name != "events" else 3)
    span = max(end / DAYS_PER_MONTH, 1.0)
    step = next(months for months in (1, 3, 6, 12, 24, 60) if span / months <= 12)
    axes["events"].set(xlim=(-0.015 * span, span * 1.015), xlabel="months from onset")
    axes["events"].set_xticks(range(0, int(span * 1.01) + 1, step))
    figure.suptitle(heading(patient_tables), x=0.01, ha="left", fontsize=9.5)
    figure.align_ylabels()
    return figure


def heading(patient_tables: Frames) -> str:
    """Return who the patient is, and the category under each definition set."""
    person = patient_tables["patients"].row(0, named=True)
    lesion = plain_name(person["lesion"]) if person["lesion"] else "not biopsied"
    who = f"Patient {person['patient']} · {person['sex']}, {person['age_at_onset_years']:.1f} years at onset · {lesion}"
    labels = patient_tables.get("labels")
    if labels is None or not labels.height:
        return who
    lines = []
    for criteria in labels["criteria"].unique(maintain_order=True):
        rows = labels.filter(pl.col("criteria") == criteria).select("view", "category", "applies").iter_rows()
        verdicts = (
            (view, plain_name(category) if applies is not False else "outside the set")
            for view, category, applies in rows
        )
        lines.append(
            f"{criteria}: " + ", ".join(f"{category_text} ({view} record)" for view, category_text in verdicts)
        )
    return "\n".join([who, *lines])


def last_day(patient_tables: Frames) -> float:
    """Return the last day to show: the end of follow-up, the true one if it is known."""
    ends = [
        patient_tables[name]["end_days"].max() for name in ("follow_up", "truth/follow_up") if name in patient_tables
    ]
    return max([float(str(end)) for end in ends if end is not None], default=365.0)


def of_analyte(patient_tables: Frames, analyte: str) -> pl.DataFrame:
    """Return the readings of one analyte."""
    return patient_tables["readings"].filter(pl.col("analyte").cast(pl.String) == analyte)


def draw_upcr(axes: Any, patient_tables: Frames, end: float) -> None:
    """Draw urine protein/creatinine readings, with a mark of their own below the limit, over the true course."""
    if "truth/proteinuria" in patient_tables and patient_tables["truth/proteinuria"].height:
        days, level = true_path(patient_tables["truth/proteinuria"], end)
        axes.plot(days / DAYS_PER_MONTH, level, color=MUTED, lw=1, alpha=0.6, label="true course")
    rows = of_analyte(patient_tables, "upcr")
    seen, hidden = rows.filter(~pl.col("below_limit")), rows.filter(pl.col("below_limit"))
    axes.plot(months(seen, "taken_days"), seen["value"], "o", color=SECOND, ms=4, label="reading")
    axes.plot(
        months(hidden, "taken_days"),
        hidden["value"],
        "v",
        mfc=PAPER,
        mec=SECOND,
        ms=4.5,
        label="reading below the limit",
    )
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.08), max(high, 12))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylabel("urine protein/\ncreatinine (mg/mg)")
    axes.grid(axis="y")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.98), ncols=3, borderaxespad=0.1)


def true_path(path: pl.DataFrame, end: float) -> tuple[Any, Any]:
    """Return the corners of the true course: from each start along its slope to its target, then flat.

    Parameters
    ----------
    path : polars.DataFrame
        Rows of ``truth/proteinuria`` of one patient.
    end : float, days
        End of follow-up.

    Returns
    -------
    tuple of ndarray
        Days and mg/mg.
    """
    days: list[float] = []
    levels: list[float] = []
    starts = path["start_days"].to_list()
    columns = ("start_days", "upcr_start_mg_per_mg", "log_slope_per_day", "upcr_target_mg_per_mg")
    for (start, level, slope, target), stop in zip(
        path.select(columns).iter_rows(), [*starts[1:], max(end, starts[-1])], strict=True
    ):
        reach = np.log(target / level) / slope if slope else 0.0
        days += [start, min(start + reach, stop), stop]
        last = target if start + reach <= stop else level * np.exp(slope * (stop - start))
        last = last if slope else level
        levels += [level, last, last]
    return np.asarray(days), np.asarray(levels)


def draw_albumin(axes: Any, patient_tables: Frames) -> None:
    """Draw serum albumin with the lower limit of its reference range."""
    rows = of_analyte(patient_tables, "albumin")
    axes.plot(months(rows, "taken_days"), rows["value"], "o-", color=LINES[2], ms=3.5, lw=0.8)
    if rows.height:
        axes.axhline(float(rows["reference_low"][0]), color=MUTED, lw=0.8, ls=(0, (4, 2)))
    axes.set_ylabel("albumin\n(g/dL)")
    axes.margins(y=0.15)
    axes.set_ylim(bottom=0)


def draw_diary(axes: Any, diary: pl.DataFrame) -> None:
    """Draw the home dipstick diary as a strip of grades."""
    for first, last, grade in diary.select("first_days", "last_days", pl.col("grade").cast(pl.String)).iter_rows():
        colour = GRADE_COLOURS[vocabulary.DIPSTICK_BANDS.index(grade)]
        axes.barh(0, (last + 1 - first) / DAYS_PER_MONTH, left=first / DAYS_PER_MONTH, height=1, color=colour, lw=0)
    axes.set(yticks=[], ylim=(-0.5, 0.5))
    axes.set_ylabel("diary", rotation=0, ha="right", va="center")
    for place, colour in enumerate(GRADE_COLOURS):
        left = 1.005 + 0.016 * place
        axes.add_artist(swatch(axes, left, colour))
    axes.text(1.005, -0.15, "neg to 4+", transform=axes.transAxes, fontsize=7, va="top", color=MUTED)


def swatch(axes: Any, left: float, colour: str) -> Any:
    """Return a small square of the diary's legend, to the right of its strip."""
    from matplotlib.patches import Rectangle

    return Rectangle(
        (left, 0.1), 0.014, 0.75, transform=axes.transAxes, clip_on=False, facecolor=colour, edgecolor=GRID, lw=0.4
    )


Markers = tuple[str, str, str, Any]


def event_rows(patient_tables: Frames) -> list[list[Markers]]:
    """Return the rows of events: each a list of (row name, marker, colour, months)."""
    visits = patient_tables["visits"]
    rows: list[list[Markers]] = [
        [
            ("visit, × missed", "|", INK, months(visits.filter(~pl.col("missed")), "actual_days")),
            ("", "x", MUTED, months(visits.filter(pl.col("missed")), "planned_days")),
        ]
    ]
    if "truth/events" in patient_tables:
        events = patient_tables["truth/events"].with_columns(pl.col("event").cast(pl.String))
        for event, marker, colour in TRUE_EVENTS:
            happened = events.filter(pl.col("event") == event)
            rows.append(
                [
                    (
                        f"{plain_name(event).removeprefix('complete ')} (true)",
                        marker,
                        colour,
                        months(happened, "time_days"),
                    )
                ]
            )
    for kind, label, colour in NOTED:
        noted = patient_tables["conditions"].filter(pl.col("kind").cast(pl.String) == kind)
        if noted.height:
            rows.append([(label, "D", colour, months(noted, "noted_days"))])
    return rows


def draw_events(axes: Any, rows: list[list[Markers]]) -> None:
    """Draw the rows of events."""
    for place, row in enumerate(rows):
        for _, marker, colour, times in row:
            axes.plot(times, [place] * len(times), marker, color=colour, ms=7 if marker == "|" else 4.5)
    row_axis(axes, [row[0][0] for row in rows], fontsize=8)
