"""Courses as tables."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn.engine import simulate
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import load


@pytest.fixture(scope="session")
def played():
    """Play a scenario; all its tables."""

    def play(name, *overrides, engine="compiled", patients=300, seed=1):
        scenario = load(name, list(overrides)).scenario
        parts = [
            build_tables(scenario, seed, 0, part.traits, part.rows)
            for part in simulate(scenario, engine, seed, 0, patients)
        ]
        return {table: pl.concat([part[table] for part in parts]) for table in parts[0]}

    return play
