"""One measurement in a separate process: ``python -m benchmarks.measure NAME PATIENTS`` prints it as JSON.

Throughput is CPU time of one thread, without start-up and compilation; peak memory is that of the whole process.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import plain_simpy, rows
from benchmarks.peers import PEERS
from nephrosyn import criteria, engine
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.engine import simulation
from nephrosyn.patients.draw import draw_patients
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.folder import part
from nephrosyn.runs.folder.storage import LocalStorage
from nephrosyn.scenario import load

SEED = 1
WARM = 60
NO_QUEUE = 'care.clinic.slots="unlimited"'
VISITS, READINGS, OTHERS = 27, 174, 36  # of a patient of the baseline, on average


class Clock:
    """CPU seconds of the timed parts, and rows written."""

    def __init__(self) -> None:
        self.seconds, self.rows = 0.0, 0

    def time(self, work: Callable[..., Any], *arguments: Any) -> Any:
        begun = time.process_time()
        result = work(*arguments)
        self.seconds += time.process_time() - begun
        return result


def _in_parts(scenario: Any, patients: int) -> Iterator[np.ndarray]:
    """Yield patient numbers in parts of the package's size."""
    size = scenario.population.patients_per_site
    size *= max(simulation.PART_PATIENTS // size, 1)
    for first in range(0, patients, size):
        yield np.arange(first, min(first + size, patients), dtype=np.int64)


def _course(clock: Clock, patients: int, scenario: str, driver: str, overrides: Sequence[str] = ()) -> None:
    """Time the course alone, without drawing the patients."""
    play = import_module(f"nephrosyn.engine.{driver}").play
    resolved = load(scenario, overrides).scenario
    prepared = prepare(resolved, SEED, 0)
    for numbers in _in_parts(resolved, patients):
        traits = draw_patients(resolved, SEED, 0, numbers)
        clock.rows += len(clock.time(play, resolved, prepared, traits))


def compiled_course(clock: Clock, patients: int) -> None:
    _course(clock, patients, "baseline", "compiled_driver")


def simpy_course(clock: Clock, patients: int) -> None:
    _course(clock, patients, "baseline", "simpy_driver")


def simpy_clinic(clock: Clock, patients: int) -> None:
    _course(clock, patients, "busy-clinic", "simpy_driver")


def compiled_clinic(clock: Clock, patients: int) -> None:
    _course(clock, patients, "busy-clinic", "compiled_clinic")


def no_queue(clock: Clock, patients: int) -> None:
    _course(clock, patients, "busy-clinic", "compiled_driver", [NO_QUEUE])


def compiled_whole(clock: Clock, patients: int) -> None:
    """Draw and simulate patients."""
    scenario = load("baseline").scenario

    def work() -> int:
        return sum(len(part.rows) for part in engine.simulate(scenario, "compiled", SEED, 0, patients))

    clock.rows += clock.time(work)


def _tables(scenario: Any, patients: int) -> dict[str, pl.DataFrame]:
    histories = engine.simulate(scenario, "compiled", SEED, 0, patients)
    frames = [build_tables(scenario, SEED, 0, part.traits, part.rows) for part in histories]
    return {name: pl.concat([frame[name] for frame in frames]) for name in frames[0]}


def compiled_tables(clock: Clock, patients: int) -> None:
    """Draw, simulate and record patients, with all tables in memory."""
    scenario = load("baseline").scenario
    tables = clock.time(_tables, scenario, patients)
    clock.rows += sum(table.height for table in tables.values())


def classify(clock: Clock, patients: int) -> None:
    """Classify the observed record by the set of the source text."""
    tables = _tables(load("baseline").scenario, patients)
    labels = clock.time(criteria.classify, tables, criteria.load("source"), "observed")
    clock.rows += labels.height


def classify_twelve(clock: Clock, patients: int) -> None:
    """Classify the observed record by twelve sets in one pass: all shipped sets except the variants of `source`."""
    tables = _tables(load("baseline").scenario, patients)
    sets = [criteria.load(name) for name in criteria.sets() if not name.startswith("source-")][:12]
    labels = clock.time(criteria.classify, tables, sets, "observed")
    clock.rows += labels.height


def writing(clock: Clock, patients: int) -> None:
    """Write all tables as one part of a run folder, as Parquet files with digests."""
    tables = _tables(load("baseline").scenario, patients)
    with tempfile.TemporaryDirectory() as folder:
        clock.time(part.write, LocalStorage(Path(folder)), 0, tables, "parquet", "benchmark")
    clock.rows += sum(table.height for table in tables.values())


def small(name: str) -> Callable[[Clock, int], None]:
    """Run the small course with a peer."""

    def play(clock: Clock, patients: int) -> None:
        clock.rows += clock.time(import_module(f"benchmarks.{name}").simulate, patients, SEED)

    return play


def plain(clock: Clock, patients: int) -> None:
    """Run the plain SimPy script."""
    written, _ = clock.time(plain_simpy.simulate, load("baseline").scenario, patients, SEED)
    clock.rows += written


def c_rows(clock: Clock, patients: int) -> None:
    """Run the C loop that only draws and writes."""
    loop = rows.load()
    for numbers in _in_parts(load("baseline").scenario, patients):
        first, count = int(numbers[0]), len(numbers)
        clock.rows += len(clock.time(rows.write, loop, first, count, VISITS, READINGS, OTHERS))


WORK: dict[str, Callable[[Clock, int], None]] = {
    work.__name__: work
    for work in (
        compiled_course,
        compiled_whole,
        compiled_tables,
        simpy_course,
        simpy_clinic,
        compiled_clinic,
        no_queue,
        classify,
        classify_twelve,
        writing,
        plain,
        c_rows,
    )
}
WORK.update({peer: small(peer) for peer in PEERS})


def main() -> None:
    """Measure once, after a small round that compiles and loads the code."""
    work, patients = WORK[sys.argv[1]], int(sys.argv[2])
    work(Clock(), WARM)
    clock = Clock()
    work(clock, patients)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps({"seconds": clock.seconds, "rows": clock.rows, "peak_mb": peak}))


if __name__ == "__main__":
    main()
