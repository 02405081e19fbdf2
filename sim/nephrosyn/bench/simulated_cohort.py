"""Cohorts in memory, for training, for draws and for checks."""

from __future__ import annotations

import polars as pl

from nephrosyn import engine
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import Scenario


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
