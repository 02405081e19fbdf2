"""The results as a Markdown page: throughput, memory, commands and budgets."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from benchmarks.peers import PEERS, WITH_QUEUE, version
from nephrosyn import __version__
from nephrosyn.vocabulary import NOTICE

Results = dict[tuple[str, int], dict[str, float]]

NAMES = {
    "compiled_course": "compiled engine, course only",
    "compiled_whole": "compiled engine, patients drawn and simulated",
    "compiled_tables": "compiled engine, drawn, simulated and recorded: all tables",
    "simpy_course": "SimPy engine, no queue, course only",
    "simpy_clinic": "SimPy engine, clinic about 80% busy, course only",
    "compiled_clinic": "compiled clinic, the same",
    "no_queue": "compiled engine, the same patients without a queue",
    "classify": "classification by the set `source`, observed record",
    "classify_twelve": "classification by twelve sets in one pass",
    "writing": "writing Parquet files, with SHA-256",
    "plain": "plain SimPy script (part of the model)",
    "c_rows": "C loop that draws and writes the rows (the limit)",
}
COMMANDS = {
    "run": "`nephrosyn run baseline`, with report, {size:,} patients",
    "run clinic": "`nephrosyn run busy-clinic --workers 1`, with report, {size:,} patients",
    "run clinic, simpy": "the same with `--engine simpy`",
    "run no queue": "the same with unlimited slots",
    "first run": "the same, first run ever: nothing compiled",
    "help": "`nephrosyn --help`",
    "list": "`nephrosyn list`",
}
BUDGETS: list[tuple[str, str, float]] = [
    ("compiled_course", "patients/s, course only", 60_000),
    ("compiled_tables", "patients/s, all tables in memory", 60_000),
    ("simpy_course", "patients/s, SimPy without a queue", 8_000),
    ("simpy_clinic", "patients/s, SimPy with a clinic about 80% busy", 2_500),
    ("classify", "patients/s, classification", 100_000),
]
ROWS_TRIED = 98
"""Log rows per patient in the trial from which the budgets of the engines come; the model writes more."""
ENGINES = ("compiled_course", "compiled_tables", "simpy_course", "simpy_clinic")

LIMITS: list[tuple[str, str, float]] = [
    ("run", "s, `run baseline` with report", 6.0),
    ("first run", "s, first run ever", 40.0),
    ("help", "s, `--help`", 0.3),
    ("list", "s, `list`", 0.3),
]
TIMES_NO_QUEUE = 1.1
TIMES_C = 4.0
TIMES_ONE_SET = 4.0
CLASSIFYING = ("classify", "classify_twelve")
WHOLE_SECONDS, WHOLE_MB = 180.0, 2048.0
"""Limits for a million patients on two cores, and for the largest process at any size."""
HOW_WHOLE = {
    "whole": "default",
    "whole by 1": "one worker",
    "whole by 2": "two workers",
    "whole of draws": "one worker, as draws of the uncertain numbers, 1,000 patients each",
}
TIMES_OF_DRAWS = 1.3
VERSIONS = ("numba", "numpy", "polars", "scipy", "simpy")


def page(results: Results, repeats: int, find: Callable[[str], str | None]) -> str:
    """Return the page."""
    return "\n".join(
        [
            "# Speed and memory",
            "",
            f"{NOTICE} Medians of {repeats} interleaved rounds; how it is measured: [README](README.md).",
            "",
            *_machine(find),
            "",
            *_throughput(results),
            "",
            *_clinic(results),
            "",
            *_peers(results),
            "",
            *_whole(results),
            "",
            *_commands(results),
            "",
            *_budgets(results),
            "",
        ]
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _machine(find: Callable[[str], str | None]) -> Iterator[str]:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS)
    compiler = "with a C compiler" if find("cc") or find("gcc") or find("clang") else "without a C compiler"
    yield f"- {_processor()}, {os.cpu_count()} cores, {platform.system()} {compiler}"
    yield f"- nephrosyn {__version__}, Python {platform.python_version()}, {versions}"


def _per_second(measured: dict[str, float], size: int) -> float:
    return size / max(measured["seconds"], 1e-9)


def _per_row(measured: dict[str, float]) -> float:
    return 1e9 * measured["seconds"] / max(measured["rows"], 1.0)


def _throughput(results: Results) -> Iterator[str]:
    yield "| one thread | patients | patients/s | rows/patient | ns/row | of the limit | peak MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, title in NAMES.items():
        for (work, size), measured in sorted(results.items()):
            if work != name:
                continue
            limit = results.get(("c_rows", size))
            times = f"{_per_row(measured) / _per_row(limit):.1f}" if limit and work not in CLASSIFYING else ""
            ns = f"{_per_row(measured):.0f}" if work not in CLASSIFYING else ""
            per = f"{measured['rows'] / size:.0f}" if work not in CLASSIFYING else ""
            speed, peak = f"{_per_second(measured, size):,.0f}", f"{measured['peak_mb']:.0f}"
            yield f"| {title} | {size:,} | {speed} | {per} | {ns} | {times} | {peak} |"


CLINICS = [
    ("course only", "simpy_clinic", "compiled_clinic", "no_queue", "seconds"),
    ("`run`, with report", "run clinic, simpy", "run clinic", "run no queue", "cpu_seconds"),
]
"""What is timed, the measurement of each driver, and the quantity compared."""


def _clinic(results: Results) -> Iterator[str]:
    """Yield the table of a clinic that is about 80% busy, beside the same patients without a queue."""
    yield "| clinic 80% busy, CPU ms | patients | SimPy | compiled | no queue | compiled/no queue | SimPy/no queue |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for title, *works, quantity in CLINICS:
        for size in sorted(size for work, size in results if work == works[-1]):
            measured = [results[work, size][quantity] if (work, size) in results else math.nan for work in works]
            times = " | ".join(f"{1e3 * seconds:,.0f}" for seconds in measured)
            simpy, compiled, free = measured
            yield f"| {title} | {size:,} | {times} | {compiled / free:.2f} | {simpy / free:.1f} |"


def _peers(results: Results) -> Iterator[str]:
    """Yield the table of other simulators on the small course, with their time per row relative to the model."""
    yield "| small course, one thread | how | patients | patients/s | rows/patient | ns/row | to the model's |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for peer, (package, how) in PEERS.items():
        sizes = sorted(size for work, size in results if work == peer)
        if not sizes:
            yield f"| {package}: not installed here, see requirements.txt | {how} | | | | | |"
        for size in sizes:
            own = "compiled_clinic" if peer in WITH_QUEUE else "compiled_course"
            measured, model = results[peer, size], results.get((own, size))
            times = f"{_per_row(measured) / _per_row(model):.1f}" if model else ""
            speed, per = f"{_per_second(measured, size):,.0f}", f"{measured['rows'] / size:.0f}"
            ns = f"{_per_row(measured):.0f}"
            yield f"| {package} {version(peer)} | {how} | {size:,} | {speed} | {per} | {ns} | {times} |"


def _whole(results: Results) -> Iterator[str]:
    """Yield the table of whole runs by size and number of workers."""
    sizes = sorted(size for work, size in results if work == "whole")
    if not sizes:
        return
    yield "| simulated, classified by three sets, written | patients | seconds | CPU seconds | peak MB | MB on disk |"
    yield "|---|---:|---:|---:|---:|---:|"
    for (work, size), measured in sorted(results.items()):
        if work.startswith("whole"):
            how = HOW_WHOLE[work]
            times = " | ".join(f"{measured[key]:.1f}" for key in ("seconds", "cpu_seconds"))
            yield f"| {how} | {size:,} | {times} | {measured['peak_mb']:.0f} | {measured['megabytes']:.1f} |"
    if len(sizes) > 1:
        yield ""
        yield f"From {sizes[-2]:,} to {sizes[-1]:,} patients CPU time grows as n to the power {slope(results):.2f}."
    if by_two := [measured for (work, _), measured in results.items() if work == "whole by 2"]:
        by_one = next(measured for (work, _), measured in results.items() if work == "whole by 1")
        yield ""
        yield f"Two workers are {by_one['seconds'] / by_two[0]['seconds']:.2f} times as quick as one."
    else:
        yield ""
        yield "This version's `run` has no option for the number of workers, so scaling is not measured."


def slope(results: Results) -> float:
    """Return the exponent with which CPU time grows with patients, between the two largest sizes of whole runs."""
    small, large = sorted(size for work, size in results if work == "whole")[-2:]
    ratio = results["whole", large]["cpu_seconds"] / results["whole", small]["cpu_seconds"]
    return math.log(ratio) / math.log(large / small)


def _commands(results: Results) -> Iterator[str]:
    if not any(work in COMMANDS for work, _ in results):
        return
    yield "| command | seconds | CPU seconds | peak MB |"
    yield "|---|---:|---:|---:|"
    for name, title in COMMANDS.items():
        for (work, size), measured in results.items():
            if work == name:
                numbers = f"{measured['seconds']:.2f} | {measured['cpu_seconds']:.2f} | {measured['peak_mb']:.0f}"
                yield f"| {title.format(size=size)} | {numbers} |"


def _largest(results: Results, name: str) -> int:
    """Return the largest size measured, 0 if there is none."""
    return max((size for work, size in results if work == name), default=0)


def _budgets(results: Results) -> Iterator[str]:
    """Yield the budgets, evaluated at the largest size measured."""
    yield "| budget | patients | needed | measured | |"
    yield "|---|---:|---:|---:|---|"
    for name, title, least in BUDGETS:
        if size := _largest(results, name):
            reached = _per_second(results[name, size], size)
            yield _line(title, size, f"at least {least:,.0f}", f"{reached:,.0f}", reached >= least)
            if name in ENGINES:
                yield _rows_line(title, size, least * ROWS_TRIED, results[name, size])
    size = _largest(results, "c_rows")
    if size and ("compiled_course", size) in results:
        times = _per_row(results["compiled_course", size]) / _per_row(results["c_rows", size])
        yield _line(
            "time per row, course relative to C loop", size, f"at most {TIMES_C:g}", f"{times:.1f}", times <= TIMES_C
        )
    if size := _largest(results, "run no queue"):
        times = results["run clinic", size]["cpu_seconds"] / results["run no queue", size]["cpu_seconds"]
        needed = f"at most {TIMES_NO_QUEUE:g}"
        yield _line(
            "CPU time of `run` with a clinic relative to no queue",
            size,
            needed,
            f"{times:.2f}",
            times <= TIMES_NO_QUEUE,
        )
    size = max((size for work, size in results if work in WITH_QUEUE), default=0)
    if size and ("compiled_clinic", size) in results:
        model = _per_row(results["compiled_clinic", size])
        for peer in WITH_QUEUE:
            times = model / _per_row(results[peer, size])
            title = f"time per row, compiled clinic relative to {PEERS[peer][0]}"
            yield _line(title, size, "below 1", f"{times:.2f}", times < 1.0)
    size = _largest(results, "classify_twelve")
    if size and ("classify", size) in results:
        times = results["classify_twelve", size]["seconds"] / results["classify", size]["seconds"]
        met = times <= TIMES_ONE_SET
        yield _line("time of twelve sets relative to one", size, f"at most {TIMES_ONE_SET:g}", f"{times:.1f}", met)
    if size := _largest(results, "whole"):
        measured, share = results["whole", size], size / 1e6
        seconds, peak = measured["seconds"] / share, measured["peak_mb"]
        needed = f"at most {WHOLE_SECONDS:g}"
        yield _line("s, whole run, per million patients", size, needed, f"{seconds:.0f}", seconds <= WHOLE_SECONDS)
        yield _line("MB, peak, whole run", size, f"at most {WHOLE_MB:g}", f"{peak:.0f}", peak <= WHOLE_MB)
    if size := _largest(results, "whole of draws"):
        times = results["whole of draws", size]["cpu_seconds"] / results["whole by 1", size]["cpu_seconds"]
        met = times <= TIMES_OF_DRAWS
        yield _line(
            "CPU time of draws relative to one cohort", size, f"at most {TIMES_OF_DRAWS:g}", f"{times:.2f}", met
        )
    for name, title, most in LIMITS:
        for (work, patients), measured in results.items():
            if work == name:
                seconds = measured["seconds"]
                yield _line(title, patients, f"at most {most:g}", f"{seconds:.2f}", seconds <= most)


def _rows_line(title: str, size: int, least: float, measured: dict[str, float]) -> str:
    """Return the same budget in rows, which does not depend on the number of rows per patient."""
    reached = measured["rows"] / max(measured["seconds"], 1e-9)
    words = title.replace("patients/s", "million rows/s")
    return _line(words, size, f"at least {least / 1e6:.3g}", f"{reached / 1e6:.3g}", reached >= least)


def _line(title: str, size: int, needed: str, reached: str, met: bool) -> str:
    return f"| {title} | {f'{size:,}' if size else ''} | {needed} | {reached} | {'met' if met else '**missed**'} |"
