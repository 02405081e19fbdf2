"""The progress of long work."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nephrosyn.cli.console.terminal import announce

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PATIENCE_SECONDS = 1.0
COMPILING = "compiling the model, once per machine (about a minute)"


class Progress:
    """Shows progress: a bar on a terminal after a second, nothing elsewhere.

    Called as ``progress(stage, done, total)``. The stage ``"compile"`` is announced at once, also in a
    pipe, because it takes long and has no progress of its own.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._start = time.monotonic()
        self._bar: Bar | None = None
        self._tasks: dict[str, Any] = {}
        self._begun: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> Progress:
        self._start = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units of a stage are finished."""
        if self._quiet:
            return
        if stage == "compile":
            if not done:
                announce(_compiling())
            return
        if self._bar is None:
            if not sys.stderr.isatty() or time.monotonic() - self._start < PATIENCE_SECONDS:
                return
            self._bar = _bar()
            self._bar.start()
        self._show(self._bar, stage, done, total)

    def _show(self, bar: Bar, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = bar.add_task(stage, total=total, completed=done, rate="")
            self._begun[stage] = time.monotonic(), done
        bar.update(self._tasks[stage], completed=done, total=total, rate=self._rate(stage, done))

    def _rate(self, stage: str, done: int) -> str:
        """Return units per second since the stage was first shown; empty during the first second."""
        start, before = self._begun[stage]
        seconds = time.monotonic() - start
        return f"{(done - before) / seconds:,.0f}/s" if seconds >= PATIENCE_SECONDS and done > before else ""


def _compiling() -> str:
    """Return what is said before the model is compiled, with the reason why its code built ahead does not serve."""
    from nephrosyn.kernels.fallback import reasons

    return f"{COMPILING}: {reasons()}" if reasons() else COMPILING


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    return Bar(*columns, console=Console(stderr=True), transient=True)
