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
from benchmarks.budgets import Results
from benchmarks.commands import Tree
from benchmarks.earlier import EARLIER_COMMIT, earlier_tree
from benchmarks.peers import PEERS, installed
from benchmarks.table import page

HERE = Path(__file__).parent
SIZES = (1_000, 10_000)
WHOLE = (1_000, 10_000, 200_000, 1_000_000)
REPORTS = (10_000, 40_000, 100_000)
MOST_BY_WORKERS = 200_000
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


def jobs(sizes: list[int], whole: list[int], with_commands: bool, earlier: Tree | None) -> list[Job]:
    """Return the measurements of each round: name, size, function."""
    peers = tuple(peer for peer in PEERS if installed(peer))
    planned: list[Job] = [
        (work, size, partial(measure, work, size))
        for size in sizes
        for work in (*WORK, *peers)
        if size <= max(LARGEST.get(work, size), min(sizes)) and (work != "c_rows" or rows.compiler())
    ]
    return [*planned, *_commands(sizes[0], whole, earlier)] if with_commands else planned


def _commands(size: int, whole: list[int], earlier: Tree | None) -> list[Job]:
    """Return the commands of each round."""
    clinic = [(how, CLINIC_PATIENTS, partial(commands.run_clinic, CLINIC_PATIENTS, how)) for how in commands.CLINICS]
    beside: list[Job] = [
        ("earlier run", size, partial(commands.run_baseline, size, earlier)),
        ("earlier worker", 0, partial(commands.worker_start, earlier)),
    ]
    return [
        ("imports", 0, partial(commands.timed, "-c", f"import {commands.LIBRARIES}")),
        ("run", size, partial(commands.run_baseline, size)),
        ("worker", 0, commands.worker_start),
        *(beside if earlier else []),
        *clinic,
        *_by_workers(whole),
        ("import typer", 0, partial(commands.timed, "-c", "import typer, rich")),
        ("help", 0, partial(commands.nephrosyn, "--help")),
        ("list", 0, partial(commands.nephrosyn, "list")),
    ]


def _by_workers(whole: list[int]) -> list[Job]:
    """Return whole runs by one and two workers, and as draws, at the largest size up to `MOST_BY_WORKERS`."""
    size = max([size for size in whole if size <= MOST_BY_WORKERS] or whole, default=0)
    if not size or not commands.takes("--workers"):
        return []
    planned: list[Job] = [(f"whole by {count}", size, partial(commands.whole, size, count)) for count in (1, 2)]
    draws = size // DRAW_PATIENTS
    if draws >= FEWEST_DRAWS and commands.takes("--uncertainty"):
        planned.append(("whole of draws", size, partial(commands.whole, DRAW_PATIENTS, 1, draws)))
    return planned


def once(whole: list[int], reports: list[int], first: int, earlier: Tree | None) -> list[Job]:
    """Return the slow measurements that are made once: whole runs, large reports, the first run ever."""
    planned: list[Job] = [("whole", size, partial(commands.whole, size)) for size in whole]
    planned += [("report", size, partial(commands.run_baseline, size)) for size in reports]
    planned.append(("first run", first, partial(commands.first_run, first)))
    if earlier:
        planned += [("earlier whole", size, partial(commands.whole, size, tree=earlier)) for size in whole[-1:]]
        planned.append(("earlier first run", first, partial(commands.first_run, first, earlier)))
    return planned


def measure_all(
    sizes: list[int], whole: list[int], reports: list[int], repeats: int, with_commands: bool, earlier: Tree | None
) -> Results:
    """Return the medians of interleaved rounds, after everything has been compiled."""
    seen: dict[tuple[str, int], list[dict[str, float]]] = {}
    if with_commands:
        for tree in (None, *([earlier] if earlier else [])):
            commands.run_baseline(300, tree)
    rounds = [(repeat + 1, job) for repeat in range(repeats) for job in jobs(sizes, whole, with_commands, earlier)]
    rounds += [(repeats, job) for job in (once(whole, reports, sizes[0], earlier) if with_commands else [])]
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
    parser.add_argument(
        "--reports", type=int, nargs="*", default=list(REPORTS), help="numbers of patients for runs with report"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-commands", action="store_true", help="skip commands, whole runs and the first run")
    parser.add_argument("--store", action="store_true", help="write benchmarks/results.md")
    options = parser.parse_args(arguments)
    if not rows.compiler():
        print("no C compiler: the limit is not measured", file=sys.stderr)
    sizes, whole, reports = sorted(options.sizes), sorted(options.whole), sorted(options.reports)
    with earlier_tree() as earlier:
        if earlier is None:
            print(f"no commit {EARLIER_COMMIT} in this clone: nothing is compared with it", file=sys.stderr)
        results = measure_all(sizes, whole, reports, options.repeats, not options.no_commands, earlier)
    text = page(results, options.repeats, shutil.which)
    print(text)
    if options.store:
        (HERE / "results.md").write_text(text)


if __name__ == "__main__":
    main()
