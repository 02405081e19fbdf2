"""Another cohort of the same scenario, for classifiers that learn: other people, drawn from a seed of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import polars as pl

from nephrosyn import engine
from nephrosyn.bench.features.extract import COLUMNS, features, with_values
from nephrosyn.bench.task import ABSTAINED, WHO, Task
from nephrosyn.record.observed import record
from nephrosyn.scenario import Scenario
from nephrosyn.user_input import MOST_SEED

PATIENTS = 2000
"""Size of the cohort to learn from; assumed: enough for every class of the baseline to have a hundred."""
SEED_STEP = 1_000_003
"""Added to the seed of the run; a large prime, so that nobody meets the people he is tested on."""

NOBODY = "nobody in the training cohort has a right answer"
"""Why a classifier that learns cannot be fitted there."""


def cohort(scenario: Scenario, patients: int, seed: int) -> dict[str, pl.DataFrame]:
    """Simulate people of a scenario in memory.

    Parameters
    ----------
    scenario : Scenario
        The setting.
    patients, seed : int
        How many, and the address of their draws.

    Returns
    -------
    dict of str to polars.DataFrame
        Observed tables and those of the truth.
    """
    driver = engine.choose_engine(scenario, scenario.engine, patients)
    parts = [
        record(scenario, seed, 0, part.traits, part.rows)
        for part in engine.simulate(scenario, driver, seed, 0, patients)
    ]
    return {name: pl.concat([part[name] for part in parts]) for name in parts[0]}


class Training:
    """People to learn from, with the right answers; simulated when first asked for.

    Parameters
    ----------
    scenario : Scenario
        That of the run.
    seed : int
        That of the run.
    task : Task
        The question.
    patients : int
        How many.
    """

    def __init__(self, scenario: Scenario, seed: int, task: Task, patients: int = PATIENTS) -> None:
        self._scenario, self._task, self.patients = scenario, task, patients
        self.seed = (seed + SEED_STEP) % (MOST_SEED + 1)

    @cached_property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """The cohort, its truth with it."""
        return cohort(self._scenario, self.patients, self.seed)

    @cached_property
    def answers(self) -> pl.DataFrame:
        """`replicate`, `patient` and `answer` of everybody who has a right answer."""
        judged = self._task.classify(self.tables, "complete").drop("applies")
        return judged.filter(pl.col("answer") != ABSTAINED)

    @property
    def columns(self) -> list[str]:
        """The features of which somebody has a value; the others teach nothing, and many estimators refuse them."""
        return with_values(self.features.select(COLUMNS))

    @cached_property
    def features(self) -> pl.DataFrame:
        """The features of those people, their `answer` as the last column."""
        wide = features(self.tables, self._task.until_days)
        return self.answers.join(wide, on=WHO, how="left", maintain_order="left").select(
            *wide.columns, pl.col("answer").cast(pl.String)
        )
