"""Commands of the package from start to end: wall time, CPU time of all their processes, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLINICS = {
    "run clinic": (),
    "run clinic, simpy": ("--engine", "simpy"),
    "run no queue": ("--set", 'care.clinic.slots="unlimited"'),
}
"""Options of ``run busy-clinic``, by measurement."""
THREE_SETS = ("source", "kdigo-2021-adults", "ipna-2022")


def timed(*arguments: str, cache: str | None = None) -> dict[str, float]:
    """Run a command of the package.

    Parameters
    ----------
    *arguments : str
        After ``nephrosyn``.
    cache : str, optional
        Folder of compiled copies; the user's own without it.

    Returns
    -------
    dict of str to float
        ``seconds`` by the wall clock, ``cpu_seconds`` of the process and those it started and waited for, ``peak_mb``
        of the largest of them.
    """
    environment = {**os.environ, **({"NUMBA_CACHE_DIR": cache} if cache else {})}
    command, begun = [sys.executable, "-m", "nephrosyn", *arguments], time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"nephrosyn {' '.join(arguments)}: {complaint.decode()}")
    return {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024.0}


def takes(option: str) -> bool:
    """Whether ``run`` has an option, as ``--workers``."""
    said = subprocess.run(
        [sys.executable, "-m", "nephrosyn", "run", "--help"], stdout=subprocess.PIPE, text=True, check=True
    )
    return option in said.stdout


def run_baseline(patients: int, cache: str | None = None) -> dict[str, float]:
    """Run the baseline with its report."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "run")
        return timed("run", "baseline", "--patients", str(patients), "--out", out, cache=cache)


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
        return timed(*arguments, *CLINICS[how])


def first_run(patients: int) -> dict[str, float]:
    """Run it as the first run ever, with nothing compiled."""
    with tempfile.TemporaryDirectory() as cache:
        return run_baseline(patients, cache)


def whole(patients: int, workers: int | None = None, draws: int | None = None) -> dict[str, float]:
    """Simulate, classify by three sets and write Parquet files, without a report.

    Parameters
    ----------
    patients : int
        Size of the cohort, and of each draw.
    workers : int, optional
        Number of processes.
    draws : int, optional
        Number of draws of the uncertain numbers that are played besides.

    Returns
    -------
    dict of str to float
        As `timed`, and ``megabytes`` of the run folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        sets = [word for name in THREE_SETS for word in ("--criteria", name)]
        arguments = ["run", "baseline", "--patients", str(patients), "--no-report", *sets, "--out", str(out)]
        arguments += ["--workers", str(workers)] if workers else []
        arguments += ["--uncertainty", str(draws)] if draws else []
        measured = timed(*arguments)
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        return {**measured, "megabytes": size / 1e6}
