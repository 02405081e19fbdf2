"""Courses as rows, from either driver."""

from __future__ import annotations

import numpy as np
import pytest

from nephrosyn.engine import simulate
from nephrosyn.scenario import load


@pytest.fixture
def courses():
    """Play a scenario; the rows and the traits of all patients."""

    def play(name, *overrides, engine="compiled", patients=60, seed=1, replicate=0):
        scenario = load(name, list(overrides)).scenario
        parts = list(simulate(scenario, engine, seed, replicate, patients))
        return np.concatenate([part.rows for part in parts]), np.concatenate([part.traits for part in parts])

    return play
