"""Play the draws of a run: draw the numbers, simulate and classify the patients, and count them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import criteria, engine
from nephrosyn.errors import EngineError
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.draws import draw_tables
from nephrosyn.runs.draws.check import check_draws_of
from nephrosyn.runs.draws.counts import add_up, count
from nephrosyn.runs.draws.design import (
    DrawnScenarios,
    check_patients,
    described,
    in_chunk,
    is_paired,
    uncertain,
    values_of,
)
from nephrosyn.runs.labels import classify_tables

if TYPE_CHECKING:
    from nephrosyn.engine.simulation import Engine
    from nephrosyn.scenario import Resolved


class DrawnRun:
    """The draws of one run, made in chunks of some draws each.

    A draw has the random numbers of the replicate of the same number, so draws share no chance.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    draws : int
        Number of draws, from `check_draws`.
    driver : {"simpy", "compiled"}
        The driver.
    definitions : sequence of DefinitionSet
        Definition sets to classify by.
    part_patients : int
        Approximate number of patients that are simulated at a time.
    keep : bool
        Keep the labels, tables and truth of every draw.

    Raises
    ------
    ScenarioError
        If there are no uncertain numbers.
    EngineError
        If draws have too few patients.
    """

    def __init__(
        self,
        resolved: Resolved,
        draws: int,
        driver: Engine,
        definitions: Sequence[criteria.DefinitionSet],
        part_patients: int,
        *,
        keep: bool = False,
    ) -> None:
        self.draws, self.keep = draws, keep
        self.quantities = uncertain(resolved)
        self.paired = is_paired(self.quantities)
        self.patients = resolved.scenario.patients
        check_patients(self.patients)
        self.clustered = resolved.scenario.care.clinic.slots != "unlimited"
        self._resolved = resolved
        self._scenarios = DrawnScenarios(resolved, paired=self.paired, checked=False)
        self._per_site = resolved.scenario.population.patients_per_site
        self._driver, self._definitions = driver, definitions
        self._parts = engine.cut(self.patients, 1, part_patients)
        self._in_chunk = in_chunk(part_patients, self.patients)

    @property
    def chunks(self) -> list[range]:
        """The draws of each chunk."""
        return [range(first, min(first + self._in_chunk, self.draws)) for first in range(0, self.draws, self._in_chunk)]

    def about(self) -> dict[str, Any]:
        """Return the entry of the manifest: the number of draws, and the uncertain numbers with their laws."""
        return {
            "draws": self.draws,
            "patients": self.patients,
            "paired": self.paired,
            "clustered": self.clustered,
            "kept": self.keep,
            "quantities": described(self.quantities),
        }

    def check(self, progress: Callable[[str, int, int], None]) -> None:
        """Check the numbers of all draws before anything is simulated.

        Raises
        ------
        ScenarioError
            If those of some draw contradict each other.
        """
        check_draws_of(self._resolved, self.quantities, self.draws, paired=self.paired, progress=progress)

    def tables(self, chunk: int) -> dict[str, pl.DataFrame]:
        """Play the draws of a chunk, and return the counts of their patients, and their tables if they are kept.

        Returns
        -------
        dict of str to polars.DataFrame
            The tables of `counts.TABLES`, and of `draw_tables.TABLES`.

        Raises
        ------
        EngineError
            If a draw cannot be simulated.
        """
        labels: list[list[pl.DataFrame]] = [[] for _ in self._parts]
        tables: dict[str, list[pl.DataFrame]] = {}
        for draw in self.chunks[chunk]:
            for part, frames in self._played(draw):
                labels[part].append(self._with_draw(frames["labels"], draw))
                for name, frame in frames.items() if self.keep else ():
                    tables.setdefault(draw_tables.name_of(name), []).append(frame)
        counts = add_up([count(pl.concat(of_part)) for of_part in labels])
        return {**counts, **{name: pl.concat(frames) for name, frames in tables.items()}}

    def _played(self, draw: int) -> Iterator[tuple[int, dict[str, pl.DataFrame]]]:
        """Yield number and tables of each part of a draw."""
        scenario = self._scenarios.of(draw).scenario
        player = engine.Player(scenario, self._driver, scenario.seed)
        for part in self._parts:
            try:
                history = player.play(part._replace(replicate=draw))
            except EngineError as error:
                raise EngineError(f"draw {draw}: {error}") from None
            frames = build_tables(scenario, scenario.seed, draw, history.traits, history.rows)
            yield part.number, {**frames, "labels": classify_tables(frames, self._definitions)}

    def _with_draw(self, labels: pl.DataFrame, draw: int) -> pl.DataFrame:
        """Return labels with the columns of draw and site."""
        values = values_of(draw, paired=self.paired)
        site = (pl.col("patient").cast(pl.Int64) // self._per_site).alias("site")
        keys = [pl.lit(n).alias(name) for name, n in (("draw", draw), *zip(values._fields, values, strict=True))]
        return labels.with_columns(site, *keys)
