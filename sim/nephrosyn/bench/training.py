"""Another cohort of the same scenario, drawn with a different seed, for classifiers that learn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import polars as pl

from nephrosyn import engine
from nephrosyn.bench.features.extract import COLUMNS, before, features, with_values
from nephrosyn.bench.task import ABSTAINED, Task
from nephrosyn.errors import MOST_SEED
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import Scenario

PATIENTS = 2000
"""Default size of the training cohort; assumed: about a hundred patients in every class of the baseline scenario."""
SEED_STEP = 1_000_003
"""Added to the seed of the run; a large prime, so that training and test patients differ."""
NOBODY = "nobody in the training cohort has a right answer"
"""Why a classifier that learns cannot be fitted there."""


def cohort(scenario: Scenario, patients: int, seed: int) -> dict[str, pl.DataFrame]:
    """Simulate a cohort in memory.

    Parameters
    ----------
    scenario : Scenario
        The setting.
    patients, seed : int
        Number of patients, and the seed.

    Returns
    -------
    dict of str to polars.DataFrame
        Observed tables and the truth.
    """
    driver = engine.choose_engine(scenario, scenario.engine, patients)
    parts = [
        build_tables(scenario, seed, 0, part.traits, part.rows)
        for part in engine.simulate(scenario, driver, seed, 0, patients)
    ]
    return {name: pl.concat([part[name] for part in parts]) for name in parts[0]}


class Training:
    """A training cohort with the right answers, simulated when first used.

    Parameters
    ----------
    scenario : Scenario
        The scenario of the run.
    seed : int
        The seed of the run, from which that of the training cohort is derived.
    task : Task
        The question.
    patients : int
        Number of patients.
    """

    def __init__(self, scenario: Scenario, seed: int, task: Task, patients: int = PATIENTS) -> None:
        self._scenario, self._task, self.patients = scenario, task, patients
        self.seed = (seed + SEED_STEP) % (MOST_SEED + 1)

    @cached_property
    def _whole(self) -> Mapping[str, pl.DataFrame]:
        """Observed tables to the end of follow-up, and the truth."""
        return cohort(self._scenario, self.patients, self.seed)

    @cached_property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """Observed tables, as far as classifiers see them."""
        return before(self._whole, self._task.until_days)

    @cached_property
    def answers(self) -> pl.DataFrame:
        """`replicate`, `patient` and `answer` of everybody who has a right answer."""
        classified = self._task.classify(self._whole, "complete").drop("applies")
        return classified.filter(pl.col("answer") != ABSTAINED)

    @property
    def columns(self) -> list[str]:
        """The features that have a value in some patient; many estimators refuse entirely missing ones."""
        return with_values(self.features.select(COLUMNS))

    @cached_property
    def features(self) -> pl.DataFrame:
        """The features of the patients in `answers`, with `answer` as the last column."""
        wide = features(self.tables)
        return self.answers.join(wide, on=PATIENT_KEY, how="left", maintain_order="left").select(
            *wide.columns, pl.col("answer").cast(pl.String)
        )
