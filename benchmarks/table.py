"""The results as a Markdown page: throughput, memory, commands and budgets."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from benchmarks.budgets import Results, budget_lines, per_row
from benchmarks.commands import LIBRARIES
from benchmarks.earlier import EARLIER_COMMIT
from benchmarks.peers import PEERS, WITH_QUEUE, version
from nephrosyn import __version__
from nephrosyn.vocabulary import NOTICE

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
    "imports": f"importing {LIBRARIES}",
    "import typer": "importing typer and rich",
    "run": "`nephrosyn run baseline`, with report, {size:,} patients",
    "earlier run": "the same, commit {commit}",
    "first run": "the same, first run ever: nothing compiled",
    "earlier first run": "the same, commit {commit}",
    "report": "`nephrosyn run baseline`, with report, {size:,} patients",
    "worker": "one more worker, from start to its first part",
    "earlier worker": "the same, commit {commit}",
    "run clinic": "`nephrosyn run busy-clinic --workers 1`, with report, {size:,} patients",
    "run clinic, simpy": "the same with `--engine simpy`",
    "run no queue": "the same with unlimited slots",
    "help": "`nephrosyn --help`",
    "list": "`nephrosyn list`",
}
CLASSIFYING = ("classify", "classify_twelve")
HOW_WHOLE = {
    "whole": "default",
    "whole by 1": "one worker",
    "whole by 2": "two workers",
    "earlier whole": "default, commit {commit}",
    "whole of draws": "one worker, as draws of the uncertain numbers, 1,000 patients each",
}
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
            *budget_lines(results),
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


def _ns_per_row(measured: dict[str, float]) -> float:
    return 1e9 * per_row(measured)


def _throughput(results: Results) -> Iterator[str]:
    yield "| one thread | patients | patients/s | rows/patient | ns/row | of the limit | peak MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, title in NAMES.items():
        for (work, size), measured in sorted(results.items()):
            if work != name:
                continue
            limit = results.get(("c_rows", size))
            times = f"{_ns_per_row(measured) / _ns_per_row(limit):.1f}" if limit and work not in CLASSIFYING else ""
            ns = f"{_ns_per_row(measured):.0f}" if work not in CLASSIFYING else ""
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
            times = f"{_ns_per_row(measured) / _ns_per_row(model):.1f}" if model else ""
            speed, per = f"{_per_second(measured, size):,.0f}", f"{measured['rows'] / size:.0f}"
            ns = f"{_ns_per_row(measured):.0f}"
            yield f"| {package} {version(peer)} | {how} | {size:,} | {speed} | {per} | {ns} | {times} |"


def _whole(results: Results) -> Iterator[str]:
    """Yield the table of whole runs by size and number of workers."""
    sizes = sorted(size for work, size in results if work == "whole")
    if not sizes:
        return
    yield "| simulated, classified by three sets, written | patients | seconds | CPU seconds | peak MB | MB on disk |"
    yield "|---|---:|---:|---:|---:|---:|"
    for (work, size), measured in sorted(results.items()):
        if work in HOW_WHOLE:
            how = HOW_WHOLE[work].format(commit=EARLIER_COMMIT)
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
                yield f"| {title.format(size=size, commit=EARLIER_COMMIT)} | {numbers} |"
