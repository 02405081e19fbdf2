"""The timelines of cases, drawn from what the cases say: here, or in other processes while further cases are made."""

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
"""A process takes about two seconds to start, as long as the pictures of so many cases."""
Drawn: TypeAlias = list[tuple[str, str]]
"""PNG and SVG of each picture of a case, base64."""


def blank(frames: Mapping[str, pl.DataFrame], ident: str, units: UnitSystem) -> Section:
    """Return a section with a timeline that is still to be drawn, and what can be read from it."""
    figure = Figure(name=f"{ident}-timeline", alt=alternative(frames, units), png_base64="", svg_base64="")
    return Section(heading="Timeline", figures=(figure,))


def alternative(frames: Mapping[str, pl.DataFrame], units: UnitSystem) -> str:
    """Return what can be read from the picture, in a sentence or two."""
    rows = frames["readings"].filter(pl.col("analyte").cast(pl.String) == "upcr")
    end = frames["follow_up"]["end_days"][0]
    text = f"Timeline to day {end}."
    if rows.height:
        low, high = (scales.shown("upcr", value, units) for value in (rows["value"].min(), rows["value"].max()))  # type: ignore[arg-type]
        unit = scales.unit_of("upcr", units)
        values = f"results from {low} to {high} {unit}" if rows.height > 1 else f"result of {low} {unit}"
        text += f" Urine protein/creatinine ratio: {rows.height} {values}."
    count = frames["doses"].height
    return text + (f" {count} run{'' if count == 1 else 's'} of doses." if count else " No drug.")


def draw(case: Case, units: UnitSystem) -> Drawn:
    """Draw the pictures of a case from what has been shown up to each of them.

    Parameters
    ----------
    case : Case
        Its pictures may be undrawn.
    units : {"conventional", "si"}
        As displayed.

    Returns
    -------
    list of (str, str)
        PNG and SVG, base64, in the order of the case.
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
    """Return a case with its pictures as drawn."""
    waiting = iter(drawn)

    def of_figure(figure: Figure) -> Figure:
        png, svg = next(waiting)
        return figure.model_copy(update={"png_base64": png, "svg_base64": svg})

    def of_section(section: Section) -> Section:
        return section.model_copy(update={"figures": tuple(map(of_figure, section.figures))})

    stages = [stage.model_copy(update={"sections": tuple(map(of_section, stage.sections))}) for stage in case.stages]
    return case.model_copy(update={"stages": tuple(stages)})


class Studio:
    """Draws the pictures of cases; with helpers, while the next cases are made.

    Parameters
    ----------
    helpers : int
        Processes that draw; with none, everything is drawn here, when it is asked for.
    """

    def __init__(self, helpers: int) -> None:
        self._orders: dict[tuple[str, UnitSystem], Future[Drawn]] = {}
        spawn = partial(ProcessPoolExecutor, mp_context=get_context("spawn"), initializer=signal)
        self._pool = spawn(helpers, initargs=(SIGINT, SIG_IGN)) if helpers > 0 else None

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def order(self, pair: Mapping[UnitSystem, Case]) -> None:
        """Have the pictures of a case drawn in both systems of units, if anybody is there to help."""
        if self._pool is not None:
            with suppress(BrokenExecutor):  # a helper was killed: what it had is drawn here
                for units, case in pair.items():
                    self._orders[case.id, units] = self._pool.submit(draw, case, units)

    def finished(self, pair: Mapping[UnitSystem, Case]) -> dict[UnitSystem, Case]:
        """Return a case with its pictures, drawn here if nobody has begun with them."""
        return {units: with_pictures(case, self._drawn(case, units)) for units, case in pair.items()}

    def _drawn(self, case: Case, units: UnitSystem) -> Drawn:
        order = self._orders.get((case.id, units))
        if order is None or order.cancel():
            return draw(case, units)
        try:
            return order.result()
        except BrokenExecutor:
            return draw(case, units)
