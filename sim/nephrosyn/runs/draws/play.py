"""Play the draws of a run: draw the numbers, simulate and classify the patients, and count them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import criteria, engine
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.draws.counts import add_up, count
from nephrosyn.runs.draws.design import BLOCKS, DrawnScenarios, described, is_paired, uncertain, values_of

if TYPE_CHECKING:
    from nephrosyn.engine.simulation import Engine
    from nephrosyn.scenario import Resolved

VIEWS = ("complete", "observed")


class DrawnRun:
    """The draws of one run, made in chunks of some draws each.

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

    Raises
    ------
    ScenarioError
        If there are no uncertain numbers, or one cannot be drawn.
    """

    def __init__(
        self,
        resolved: Resolved,
        draws: int,
        driver: Engine,
        definitions: Sequence[criteria.DefinitionSet],
        part_patients: int,
    ) -> None:
        self.draws = draws
        self.quantities = uncertain(resolved)
        self.paired = is_paired(self.quantities)
        self._scenarios = DrawnScenarios(resolved, paired=self.paired)
        self._driver, self._definitions = driver, definitions
        self.patients = resolved.scenario.patients
        self._parts = engine.cut(self.patients, 1, part_patients)
        self._in_chunk = max(1, part_patients // self.patients)

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
            "quantities": described(self.quantities),
        }

    def tables(self, chunk: int) -> dict[str, pl.DataFrame]:
        """Play the draws of a chunk, and return the counts of their patients; see `counts.TABLES`."""
        labels: list[list[pl.DataFrame]] = [[] for _ in self._parts]
        for draw in self.chunks[chunk]:
            scenario = self._scenarios.of(draw).scenario
            player = engine.Player(scenario, self._driver, scenario.seed)
            for part in self._parts:
                history = player.play(part)
                frames = build_tables(scenario, scenario.seed, 0, history.traits, history.rows)
                labels[part.number] += self._labels(frames, draw)
        return add_up([count(pl.concat(of_part)) for of_part in labels])

    def _labels(self, frames: dict[str, pl.DataFrame], draw: int) -> list[pl.DataFrame]:
        values = values_of(draw, paired=self.paired)
        block = (pl.col("patient").cast(pl.Int64) * min(BLOCKS, self.patients) // self.patients).alias("block")
        keys = [pl.lit(n).alias(name) for name, n in (("draw", draw), *zip(values._fields, values, strict=True))]
        frames_of_views = [criteria.classify(frames, self._definitions, view) for view in VIEWS]
        return [frame.with_columns(block, *keys) for frame in frames_of_views]
