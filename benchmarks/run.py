"""Measure everything, interleaved, and print the table: ``make benchmark``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import rows
from benchmarks.table import Results, page

HERE = Path(__file__).parent
SIZES = (1_000, 10_000, 100_000)
LARGEST = {
    "simpy_course": 10_000,
    "simpy_clinic": 10_000,
    "plain": 1_000,
}  # the rest would take minutes and show nothing
WORK = (
    "compiled_course",
    "compiled_whole",
    "compiled_tables",
    "simpy_course",
    "simpy_clinic",
    "classify",
    "classify_twelve",
    "plain",
    "c_rows",
)
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def measure(work: str, patients: int) -> dict[str, float]:
    """One measurement in its own process."""
    command = [sys.executable, "-m", "benchmarks.measure", work, str(patients)]
    finished = subprocess.run(
        command, cwd=HERE.parent, env={**os.environ, **ONE_THREAD}, check=True, stdout=subprocess.PIPE, text=True
    )
    measured: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return measured


def elapsed(*arguments: str, cache: str | None = None) -> float:
    """Seconds that a command of the package takes, from start to end."""
    environment = {**os.environ, **({"NUMBA_CACHE_DIR": cache} if cache else {})}
    begun = time.perf_counter()
    command = [sys.executable, "-m", "nephrosyn", *arguments]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def run_baseline(patients: int, cache: str | None = None) -> float:
    """Seconds of `run baseline`, with report."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "run")
        return elapsed("run", "baseline", "--patients", str(patients), "--out", out, cache=cache)


def first_run(patients: int) -> float:
    """Seconds of the first run ever: nothing is compiled."""
    with tempfile.TemporaryDirectory() as cache:
        return run_baseline(patients, cache)


def jobs(sizes: list[int], commands: bool) -> list[tuple[str, int, Callable[[], dict[str, float]]]]:
    """What is measured in each round: name, size, work."""
    found: list[tuple[str, int, Callable[[], dict[str, float]]]] = [
        (work, size, partial(measure, work, size))
        for size in sizes
        for work in WORK
        if size <= max(LARGEST.get(work, size), min(sizes)) and (work != "c_rows" or rows.compiler())
    ]
    if commands:
        found.append(("run", sizes[0], lambda: {"seconds": run_baseline(sizes[0])}))
        found.append(("help", 0, lambda: {"seconds": elapsed("--help")}))
        found.append(("list", 0, lambda: {"seconds": elapsed("list")}))
    return found


def measure_all(sizes: list[int], repeats: int, commands: bool) -> Results:
    """Medians of interleaved rounds, after everything has been compiled."""
    seen: dict[tuple[str, int], list[dict[str, float]]] = {}
    work = jobs(sizes, commands)
    if commands:
        run_baseline(300)
    for repeat in range(repeats):
        for number, (name, size, once) in enumerate(work):
            print(f"round {repeat + 1} of {repeats}: {number + 1}/{len(work)} {name} {size or ''}", file=sys.stderr)
            seen.setdefault((name, size), []).append(once())
    results = {
        key: {quantity: statistics.median(one[quantity] for one in all_) for quantity in all_[0]}
        for key, all_ in seen.items()
    }
    if commands:
        print("first run, nothing compiled", file=sys.stderr)
        results["first run", sizes[0]] = {"seconds": first_run(sizes[0])}
    return results


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and store if asked."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="patients")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-commands", action="store_true", help="leave out the commands and the first run")
    parser.add_argument("--store", action="store_true", help="write benchmarks/results.md")
    asked = parser.parse_args(arguments)
    if not rows.compiler():
        print("no C compiler: the limit is not measured", file=sys.stderr)
    text = page(measure_all(sorted(asked.sizes), asked.repeats, not asked.no_commands), asked.repeats, shutil.which)
    print(text)
    if asked.store:
        (HERE / "results.md").write_text(text)


if __name__ == "__main__":
    main()
