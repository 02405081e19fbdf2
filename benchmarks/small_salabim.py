"""The small course in salabim: a component for each activity of a patient, without monitors or traces."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import salabim

from benchmarks import small


class PatientComponent(salabim.Component):
    """A component of one patient."""

    def setup(self, who: int, rng: np.random.Generator, rows: list[small.Row]) -> None:
        self.who, self.rng, self.rows = who, rng, rows

    def write(self, kind: str, value: float = 0.0) -> None:
        self.rows.append((self.who, kind, self.env.now(), value))


class Visits(PatientComponent):
    def process(self) -> Generator:
        while True:
            self.write("visit")
            for _ in range(small.READINGS):
                self.write("reading", self.rng.standard_normal())
            yield self.hold(small.BETWEEN_VISITS)


class Disease(PatientComponent):
    def process(self) -> Generator:
        while True:
            Taper(**component_arguments(self.env, self.who, self.rng, self.rows))
            yield self.hold(small.time_to_remission(self.rng))
            self.write("remission")
            yield self.hold(self.rng.exponential(small.RELAPSE_MEAN))
            self.write("relapse")


class Taper(PatientComponent):
    def process(self) -> Generator:
        for step in range(small.TAPER_STEPS):
            self.write("dose", float(step))
            yield self.hold(small.STEP_DAYS)


class Infections(PatientComponent):
    def process(self) -> Generator:
        while True:
            yield self.hold(self.rng.exponential(small.INFECTION_MEAN))
            self.write("infection")
            yield self.hold(small.INFECTION_DAYS)
            self.write("infection over")


def component_arguments(env: Any, who: int, rng: np.random.Generator, rows: list[small.Row]) -> dict[str, Any]:
    return {"env": env, "who": who, "rng": rng, "rows": rows, "suppress_trace": True}


def simulate(patients: int, seed: int) -> int:
    """Simulate the course; return the number of rows."""
    rng, written = np.random.default_rng(seed), 0
    for site in small.sites(patients):
        env, rows = salabim.Environment(trace=False, yieldless=False), []
        for who in site:
            for kind in (Visits, Disease, Infections):
                kind(**component_arguments(env, who, rng, rows))
        env.run(small.FOLLOW_UP)
        written += len(rows)
    return written
