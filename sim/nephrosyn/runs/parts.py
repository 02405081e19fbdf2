"""The parts of a run: whole sites, simulated, recorded and classified at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nephrosyn import engine as engines
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.labels import classify_tables

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.criteria.definition.prepared import Definition
    from nephrosyn.engine.simulation import Engine, Part
    from nephrosyn.scenario import Scenario


class Parts:
    """Makes the parts of a cohort, in any order.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario, or what `nephrosyn.scenario.plain` made of it.
    engine : {"simpy", "compiled"}
        The engine.
    definitions : sequence of DefinitionSet or PreparedSet
        Definition sets to classify by.
    part_patients : int
        Number of patients of a part, from `engine.part_size`.
    """

    def __init__(
        self, scenario: Scenario, engine: Engine, definitions: Sequence[Definition], part_patients: int
    ) -> None:
        self._scenario, self._definitions = scenario, definitions
        self.all = engines.cut(scenario.patients, scenario.replicates, part_patients)
        self._player = engines.Player(scenario, engine, scenario.seed, reuse_log=True)

    def record(self, part: Part) -> dict[str, pl.DataFrame]:
        """Simulate and record the patients of a part; return the observed tables and those of the truth."""
        history = self._player.play(part)
        return build_tables(self._scenario, self._scenario.seed, part.replicate, history.traits, history.rows)

    def classified(self, frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """Return the tables of a part with its labels."""
        return {**frames, "labels": classify_tables(frames, self._definitions)}

    def make(self, number: int) -> dict[str, pl.DataFrame]:
        """Return the tables of a part."""
        return self.classified(self.record(self.all[number]))
