"""The budgets: ratios of measurements of one run, because machines differ twofold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.peers import PEERS, WITH_QUEUE

Results = dict[tuple[str, int], dict[str, float]]
"""Medians by measurement and number of patients."""


@dataclass(frozen=True)
class Ratio:
    """A budget that compares two measurements at the largest size at which both were made.

    Attributes
    ----------
    title : str
        What is compared.
    of, to : str
        The two measurements.
    quantity : {"seconds", "cpu_seconds", "seconds per row", "cpu_seconds per row"}
        What is compared.
    most : float
        Largest ratio that is within the budget.
    """

    title: str
    of: str
    to: str
    quantity: str
    most: float

    def line(self, results: Results) -> str | None:
        """Return the row of the table, None if this was not measured."""
        size = _common_size(results, self.of, self.to)
        if size is None:
            return None
        measured = _quantity(results, self.of, size, self.quantity) / _quantity(results, self.to, size, self.quantity)
        return _line(self.title, size[0], f"at most {self.most:.3g}", f"{measured:.2f}", met=measured <= self.most)


RATIOS = (
    Ratio("course to the C loop, per row", "compiled_course", "c_rows", "seconds per row", 2.0),
    Ratio("first run ever to a warm run, CPU", "first run", "run", "cpu_seconds", 1.5),
    Ratio("`run baseline` with report to importing its libraries, wall", "run", "imports", "seconds", 2.2),
    Ratio("start of a worker to the earlier commit, CPU", "worker", "earlier worker", "cpu_seconds", 0.4),
    Ratio("whole run to the earlier commit, wall", "whole", "earlier whole", "seconds", 0.45),
    Ratio("the same, wall per row", "whole", "earlier whole", "seconds per row", 0.45),
    Ratio("the same, CPU per row", "whole", "earlier whole", "cpu_seconds per row", 0.6),
    Ratio("two workers to one, wall", "whole by 2", "whole by 1", "seconds", 0.54),
    Ratio("`run` with a clinic to no queue, CPU", "run clinic", "run no queue", "cpu_seconds", 1.1),
    Ratio("twelve definition sets to one", "classify_twelve", "classify", "seconds", 3.0),
    Ratio("one definition set to the course", "classify", "compiled_course", "seconds", 1 / 3),
    Ratio("draws of 1,000 patients to one cohort, CPU", "whole of draws", "whole by 1", "cpu_seconds", 1.3),
    Ratio("`--help` to importing typer and rich, wall", "help", "import typer", "seconds", 2.0),
    Ratio("`list` to importing typer and rich, wall", "list", "import typer", "seconds", 2.0),
)
MOST_MB = {"whole": 500.0, "report": 400.0}
"""Largest peak memory of any process of a run without a report, and with one, at any size."""


def budget_lines(results: Results) -> Iterator[str]:
    """Yield the table of budgets, each as ``met`` or ``missed``."""
    yield "| budget | patients | needed | measured | |"
    yield "|---|---:|---:|---:|---|"
    yield from filter(None, (ratio.line(results) for ratio in RATIOS))
    yield from _peer_lines(results)
    yield from _memory_lines(results)


def per_row(measured: dict[str, float], quantity: str = "seconds") -> float:
    """Return the time per row, in seconds."""
    return measured[quantity] / max(measured["rows"], 1.0)


def _common_size(results: Results, of: str, to: str) -> tuple[int, int] | None:
    """Return the largest sizes at which two measurements can be compared; a command without a size fits all."""
    sizes = {size for work, size in results if work == of}, {size for work, size in results if work == to}
    if not all(sizes):
        return None
    if common := sizes[0] & sizes[1]:
        return max(common), max(common)
    return (max(sizes[0]), 0) if sizes[1] == {0} else None


def _quantity(results: Results, work: str, sizes: tuple[int, int], quantity: str) -> float:
    measured = results.get((work, sizes[0])) or results[work, sizes[1]]
    name = quantity.removesuffix(" per row")
    return max(per_row(measured, name) if name != quantity else measured[name], 1e-12)


def _peer_lines(results: Results) -> Iterator[str]:
    """Yield the time per row of the model's course, or of its clinic, to that of each peer."""
    for peer, (package, _) in PEERS.items():
        own = "compiled_clinic" if peer in WITH_QUEUE else "compiled_course"
        size = _common_size(results, own, peer)
        if size is None or not size[1]:
            continue
        times = per_row(results[own, size[0]]) / per_row(results[peer, size[1]])
        what = "compiled clinic" if peer in WITH_QUEUE else "course"
        yield _line(f"{what} to {package}, per row", size[0], "below 1", f"{times:.2f}", met=times < 1.0)


def _memory_lines(results: Results) -> Iterator[str]:
    """Yield the peak memory of whole runs at the largest size."""
    for work, most in MOST_MB.items():
        size = max((size for name, size in results if name == work), default=0)
        if size:
            peak = results[work, size]["peak_mb"]
            title = {"report": "`run` with report", "whole": "whole run"}[work]
            yield _line(f"{title}: peak MB", size, f"at most {most:g}", f"{peak:.0f}", met=peak <= most)


def _line(title: str, size: int, needed: str, reached: str, *, met: bool) -> str:
    return f"| {title} | {f'{size:,}' if size else ''} | {needed} | {reached} | {'met' if met else '**missed**'} |"
