"""Run all measurements, interleaved, and print the table (``make benchmark``)."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import commands, rows
from benchmarks.peers import PEERS, installed
from benchmarks.table import Results, page

HERE = Path(__file__).parent
SIZES = (1_000, 10_000)
WHOLE = (1_000, 10_000, 100_000)
DRAW_PATIENTS, FEWEST_DRAWS = 1_000, 20
CLINIC_PATIENTS = 3_000
LARGEST = {"simpy_clinic": 10_000, "plain": 1_000, "small_salabim": 1_000, "small_ciw": 1_000}
"""Larger sizes would take minutes and show nothing new."""
WORK = (
    "compiled_course",
    "compiled_whole",
    "compiled_tables",
    "simpy_course",
    "simpy_clinic",
    "compiled_clinic",
    "no_queue",
    "classify",
    "classify_twelve",
    "writing",
    "plain",
    "c_rows",
)
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

Job = tuple[str, int, Callable[[], dict[str, float]]]


def measure(work: str, patients: int) -> dict[str, float]:
    """Run one measurement in a separate process."""
    command = [sys.executable, "-m", "benchmarks.measure", work, str(patients)]
    finished = subprocess.run(
        command, cwd=HERE.parent, env={**os.environ, **ONE_THREAD}, check=True, stdout=subprocess.PIPE, text=True
    )
    measured: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return measured


def jobs(sizes: list[int], with_commands: bool) -> list[Job]:
    """Return the measurements of each round: name, size, function."""
    peers = tuple(peer for peer in PEERS if installed(peer))
    planned: list[Job] = [
        (work, size, partial(measure, work, size))
        for size in sizes
        for work in (*WORK, *peers)
        if size <= max(LARGEST.get(work, size), min(sizes)) and (work != "c_rows" or rows.compiler())
    ]
    if with_commands:
        planned.append(("run", sizes[0], partial(commands.run_baseline, sizes[0])))
        planned += [
            (how, CLINIC_PATIENTS, partial(commands.run_clinic, CLINIC_PATIENTS, how)) for how in commands.CLINICS
        ]
        planned.append(("help", 0, partial(commands.timed, "--help")))
        planned.append(("list", 0, partial(commands.timed, "list")))
    return planned


def once(whole: list[int], first: int) -> list[Job]:
    """Return the slow measurements that run once: whole runs, with one and two workers and as draws, and the first."""
    planned: list[Job] = [("whole", size, partial(commands.whole, size)) for size in whole]
    if commands.takes("--workers") and whole:
        size = max([n for n in whole if n <= 100_000] or whole)
        planned += [(f"whole by {count}", size, partial(commands.whole, size, count)) for count in (1, 2)]
        draws = size // DRAW_PATIENTS
        if draws >= FEWEST_DRAWS and commands.takes("--uncertainty"):
            planned.append(("whole of draws", size, partial(commands.whole, DRAW_PATIENTS, 1, draws)))
    return [*planned, ("first run", first, partial(commands.first_run, first))]


def measure_all(sizes: list[int], whole: list[int], repeats: int, with_commands: bool) -> Results:
    """Return the medians of interleaved rounds, after everything has been compiled."""
    seen: dict[tuple[str, int], list[dict[str, float]]] = {}
    if with_commands:
        commands.run_baseline(300)
    rounds = [(repeat + 1, job) for repeat in range(repeats) for job in jobs(sizes, with_commands)]
    rounds += [(repeats, job) for job in (once(whole, sizes[0]) if with_commands else [])]
    for number, (repeat, (name, size, work)) in enumerate(rounds):
        said = f"{number + 1}/{len(rounds)} (round {repeat} of {repeats}): {name} {size or ''}"
        print(said, file=sys.stderr)
        seen.setdefault((name, size), []).append(work())
    return {
        key: {quantity: statistics.median(measurement[quantity] for measurement in all_) for quantity in all_[0]}
        for key, all_ in seen.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and optionally store the results."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of patients for single measurements"
    )
    parser.add_argument("--whole", type=int, nargs="*", default=list(WHOLE), help="numbers of patients for whole runs")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-commands", action="store_true", help="skip commands, whole runs and the first run")
    parser.add_argument("--store", action="store_true", help="write benchmarks/results.md")
    options = parser.parse_args(arguments)
    if not rows.compiler():
        print("no C compiler: the limit is not measured", file=sys.stderr)
    results = measure_all(sorted(options.sizes), sorted(options.whole), options.repeats, not options.no_commands)
    text = page(results, options.repeats, shutil.which)
    print(text)
    if options.store:
        (HERE / "results.md").write_text(text)


if __name__ == "__main__":
    main()
