"""Commands of the package from start to end: wall time, CPU time of all their processes, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

CLINICS = {
    "run clinic": (),
    "run clinic, simpy": ("--engine", "simpy"),
    "run no queue": ("--set", 'care.clinic.slots="unlimited"'),
}
"""Options of ``run busy-clinic``, by measurement."""
THREE_SETS = ("source", "kdigo-2021-adults", "ipna-2022")
LIBRARIES = "numpy, polars, matplotlib, jinja2, rich, typer, pydantic"
"""Libraries whose import is the measure of a small run."""
SMALL_PART_PATIENTS, FEW_WORKERS, MORE_WORKERS = 60, 3, 6
"""For the CPU time of a worker: each worker makes a few small parts."""


@dataclass(frozen=True)
class Tree:
    """A copy of the package.

    Attributes
    ----------
    name : str
        Its commit.
    sources : Path
        Folder of its sources; put on ``PYTHONPATH``.
    cache : Path
        Folder for what it compiles.
    """

    name: str
    sources: Path
    cache: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of its commands."""
        return {
            **with_bytecode(),
            "PYTHONPATH": str(self.sources),
            "XDG_CACHE_HOME": str(self.cache),
            "NUMBA_CACHE_DIR": str(self.cache),
        }


def with_bytecode() -> dict[str, str]:
    """Return the environment of this process, but Python keeps the bytecode of modules, as of an installed package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def timed(*command: str | Path, environment: dict[str, str] | None = None) -> dict[str, float]:
    """Run Python.

    Parameters
    ----------
    *command : str or Path
        Arguments of the interpreter.
    environment : dict of str to str, optional
        Environment of the process; that of this process without it.

    Returns
    -------
    dict of str to float
        ``seconds`` by the wall clock, ``cpu_seconds`` of the process and those it started and waited for, ``peak_mb``
        of the largest of them.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment or with_bytecode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"python {' '.join(map(str, command))}: {complaint.decode()}")
    return {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024.0}


def nephrosyn(*arguments: str | Path, tree: Tree | None = None) -> dict[str, float]:
    """Run a command of the package, or of an earlier copy of it; see `timed`."""
    return timed("-m", "nephrosyn", *arguments, environment=tree.environment() if tree else None)


def takes(option: str) -> bool:
    """Whether ``run`` has an option, as ``--workers``."""
    said = subprocess.run(
        [sys.executable, "-m", "nephrosyn", "run", "--help"], stdout=subprocess.PIPE, text=True, check=True
    )
    return option in said.stdout


def run_baseline(patients: int, tree: Tree | None = None) -> dict[str, float]:
    """Run the baseline with its report."""
    with tempfile.TemporaryDirectory() as folder:
        return nephrosyn("run", "baseline", "--patients", str(patients), "--out", Path(folder) / "run", tree=tree)


def first_run(patients: int, tree: Tree | None = None) -> dict[str, float]:
    """Run it as the first run ever: an empty home, nothing compiled."""
    with tempfile.TemporaryDirectory() as folder:
        out, home = Path(folder) / "run", Path(folder) / "home"
        home.mkdir()
        environment = {
            **(tree.environment() if tree else with_bytecode()),
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "NUMBA_CACHE_DIR": str(home / ".cache"),
        }
        arguments = ("run", "baseline", "--patients", str(patients), "--out", out)
        return timed("-m", "nephrosyn", *arguments, environment=environment)


def run_clinic(patients: int, how: str) -> dict[str, float]:
    """Run the scenario of a busy clinic in one process, with its report.

    Parameters
    ----------
    patients : int
        Size of the cohort.
    how : str
        One of `CLINICS`.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "run")
        arguments = ("run", "busy-clinic", "--patients", str(patients), "--workers", "1", "--out", out)
        return nephrosyn(*arguments, *CLINICS[how])


def worker_start(tree: Tree | None = None) -> dict[str, float]:
    """Return the CPU time that one more worker takes to start: runs with more workers against runs with few.

    Both make the same small parts, several for each worker.
    """
    patients = str(4 * MORE_WORKERS * SMALL_PART_PATIENTS)
    options = ("--patients", patients, "--part-patients", str(SMALL_PART_PATIENTS), "--no-report", "--overwrite")
    with tempfile.TemporaryDirectory() as folder:
        few, more = (
            nephrosyn("run", "baseline", *options, "--workers", str(n), "--out", Path(folder) / "run", tree=tree)
            for n in (FEW_WORKERS, MORE_WORKERS)
        )
    cpu_seconds = (more["cpu_seconds"] - few["cpu_seconds"]) / (MORE_WORKERS - FEW_WORKERS)
    return {"seconds": cpu_seconds, "cpu_seconds": cpu_seconds, "peak_mb": more["peak_mb"]}


def whole(
    patients: int, workers: int | None = None, draws: int | None = None, tree: Tree | None = None
) -> dict[str, float]:
    """Simulate, classify by three sets and write Parquet files, without a report.

    Parameters
    ----------
    patients : int
        Size of the cohort, and of each draw.
    workers : int, optional
        Number of processes.
    draws : int, optional
        Number of draws of the uncertain numbers that are played besides.
    tree : Tree, optional
        An earlier copy of the package.

    Returns
    -------
    dict of str to float
        As `timed`, and ``rows`` of all tables and ``megabytes`` of the run folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        sets = [word for name in THREE_SETS for word in ("--criteria", name)]
        arguments = ["run", "baseline", "--patients", str(patients), "--no-report", *sets, "--out", str(out)]
        arguments += ["--workers", str(workers)] if workers else []
        arguments += ["--uncertainty", str(draws)] if draws else []
        measured = nephrosyn(*arguments, tree=tree)
        files = [file for file in out.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        return {**measured, "rows": _count_rows(files), "megabytes": size / 1e6}


def _count_rows(files: Sequence[Path]) -> float:
    """Return the number of rows in Parquet files."""
    tables = [file for file in files if file.suffix == ".parquet"]
    return float(sum(pl.scan_parquet(file).select(pl.len()).collect().item() for file in tables))
