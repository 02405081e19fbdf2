"""The small course in SimPy: a process for each activity of a patient."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

from benchmarks import small


def visits(env: simpy.Environment, rng: np.random.Generator, who: int, rows: list[small.Row]) -> Generator:
    while True:
        rows.append((who, "visit", env.now, 0.0))
        rows.extend((who, "reading", env.now, rng.standard_normal()) for _ in range(small.READINGS))
        yield env.timeout(small.BETWEEN_VISITS)


def disease(env: simpy.Environment, rng: np.random.Generator, who: int, rows: list[small.Row]) -> Generator:
    while True:
        env.process(taper(env, who, rows))
        yield env.timeout(small.time_to_remission(rng))
        rows.append((who, "remission", env.now, 0.0))
        yield env.timeout(rng.exponential(small.RELAPSE_MEAN))
        rows.append((who, "relapse", env.now, 0.0))


def taper(env: simpy.Environment, who: int, rows: list[small.Row]) -> Generator:
    for step in range(small.TAPER_STEPS):
        rows.append((who, "dose", env.now, float(step)))
        yield env.timeout(small.STEP_DAYS)


def infections(env: simpy.Environment, rng: np.random.Generator, who: int, rows: list[small.Row]) -> Generator:
    while True:
        yield env.timeout(rng.exponential(small.INFECTION_MEAN))
        rows.append((who, "infection", env.now, 0.0))
        yield env.timeout(small.INFECTION_DAYS)
        rows.append((who, "infection over", env.now, 0.0))


def simulate(patients: int, seed: int) -> int:
    """Simulate the course; return the number of rows."""
    rng, written = np.random.default_rng(seed), 0
    for site in small.sites(patients):
        env, rows = simpy.Environment(), []
        for who in site:
            for process in (visits, disease, infections):
                env.process(process(env, rng, who, rows))
        env.run(small.FOLLOW_UP)
        written += len(rows)
    return written
