"""The timelines of cases, drawn from their displayed records, here or in other processes while cases are built."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, signal
from typing import TypeAlias

import polars as pl

from nephrosyn.teach.display import units as scales
from nephrosyn.teach.display.parse_back import parse
from nephrosyn.teach.model import Case, Figure, Section, UnitSystem

WORTH_A_PROCESS = 8
"""Number of cases whose pictures take as long as starting a process, about two seconds."""
Drawn: TypeAlias = list[tuple[str, str]]
"""PNG and SVG of each picture of a case, as base64."""


def blank(frames: Mapping[str, pl.DataFrame], ident: str, units: UnitSystem) -> Section:
    """Return a section with the alternative text of a timeline that is still to be drawn."""
    figure = Figure(name=f"{ident}-timeline", alt=alternative(frames, units), png_base64="", svg_base64="")
    return Section(heading="Timeline", figures=(figure,))


def alternative(frames: Mapping[str, pl.DataFrame], units: UnitSystem) -> str:
    """Return the alternative text of the picture."""
    rows = frames["readings"].filter(pl.col("analyte").cast(pl.String) == "upcr")
    end = frames["follow_up"]["end_days"][0]
    text = f"Timeline to day {end}."
    if rows.height:
        values = rows["value"].drop_nulls().to_list()
        low, high = (scales.displayed_value("upcr", value, units) for value in (min(values), max(values)))
        unit = scales.unit_of("upcr", units)
        results = f"results from {low} to {high} {unit}" if rows.height > 1 else f"result of {low} {unit}"
        text += f" Urine protein/creatinine ratio: {rows.height} {results}."
    count = frames["doses"].height
    return text + (f" {count} dosing period{'' if count == 1 else 's'}." if count else " No drug given.")


def draw(case: Case, units: UnitSystem) -> Drawn:
    """Draw the pictures of a case, each from the sections before it.

    Parameters
    ----------
    case : Case
        The case; its pictures need not be drawn yet.
    units : {"conventional", "si"}
        System of units of the display.

    Returns
    -------
    list of (str, str)
        PNG and SVG as base64, in the order of the case.
    """
    from nephrosyn.report.figures.case_timeline import Axis, case_timeline

    upcr, albumin = (
        Axis(scale.unit, scale.factor) for scale in map(scales.SCALES[units].get, ("upcr", "albumin")) if scale
    )
    shown: list[Section] = []
    drawn: Drawn = []
    for section in (section for stage in case.stages for section in stage.sections):
        for figure in section.figures:
            png, svg = case_timeline(parse(shown), upcr, albumin, figure.alt)
            drawn.append((base64.b64encode(png).decode(), base64.b64encode(svg.encode()).decode()))
        shown.append(section)
    return drawn


def with_pictures(case: Case, drawn: Drawn) -> Case:
    """Return a case with the drawn pictures."""
    waiting = iter(drawn)

    def of_figure(figure: Figure) -> Figure:
        png, svg = next(waiting)
        return figure.model_copy(update={"png_base64": png, "svg_base64": svg})

    def of_section(section: Section) -> Section:
        return section.model_copy(update={"figures": tuple(map(of_figure, section.figures))})

    stages = [stage.model_copy(update={"sections": tuple(map(of_section, stage.sections))}) for stage in case.stages]
    return case.model_copy(update={"stages": tuple(stages)})


class TimelineRenderer:
    """Draws the pictures of cases; with helpers, while the next cases are being built.

    Parameters
    ----------
    helpers : int
        Number of processes that draw; without any, pictures are drawn in this process when needed.
    """

    def __init__(self, helpers: int) -> None:
        self._drawings: dict[tuple[str, UnitSystem], Future[Drawn]] = {}
        spawn = partial(ProcessPoolExecutor, mp_context=get_context("spawn"), initializer=signal)
        self._pool = spawn(helpers, initargs=(SIGINT, SIG_IGN)) if helpers > 0 else None

    def __enter__(self) -> TimelineRenderer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, pair: Mapping[UnitSystem, Case]) -> None:
        """Have the helpers, if any, draw the pictures of a case in both systems of units."""
        if self._pool is not None:
            with suppress(BrokenExecutor):  # a helper was killed: its pictures are drawn here
                for units, case in pair.items():
                    self._drawings[case.id, units] = self._pool.submit(draw, case, units)

    def result(self, pair: Mapping[UnitSystem, Case]) -> dict[UnitSystem, Case]:
        """Return a case with its pictures, drawn here if no helper has started on them."""
        return {units: with_pictures(case, self._drawn(case, units)) for units, case in pair.items()}

    def _drawn(self, case: Case, units: UnitSystem) -> Drawn:
        drawing = self._drawings.get((case.id, units))
        if drawing is None or drawing.cancel():
            return draw(case, units)
        try:
            return drawing.result()
        except BrokenExecutor:
            return draw(case, units)
