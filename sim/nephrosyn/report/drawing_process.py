"""Draw the figures of a report in another process, which imports matplotlib while the model runs in this one.

Half of the time of a small run was spent on matplotlib. `start` begins the import in a child process; `draw` sends it
the findings and returns its figures. Without such a process, or if it fails or takes longer than
`LIMIT_SECONDS`, the figures are drawn in this one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from nephrosyn.kernels import child_process

if TYPE_CHECKING:
    from nephrosyn.report.findings.summary import Findings

MODULE = "nephrosyn.report.drawing_child"
LIMIT_SECONDS = 120.0
"""Longest time that figures may take, which is more than a hundred times what they need."""
_started: list[subprocess.Popen[bytes]] = []
"""The process that waits for findings, if one does."""


def start() -> None:
    """Start a process that imports matplotlib and waits for findings; it ends with this one."""
    if _started:
        return
    group: dict[str, Any] = {} if sys.platform == "win32" else {"process_group": 0}  # interrupts are for the parent
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            child_process.command(MODULE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_process.environment(POLARS_MAX_THREADS="1"),
            **group,
        )
    except OSError:
        return
    _started.append(process)


def stop() -> None:
    """End the process, if it still waits."""
    while _started:
        _end(_started.pop())


def draw(findings: Findings) -> Callable[[], dict[str, str]]:
    """Draw every figure of a report, in the process that was started, or else in this one.

    Parameters
    ----------
    findings : Findings
        The numbers of the report.

    Returns
    -------
    callable
        Waits until they are drawn; it returns SVG documents by name of the figure, as `nephrosyn.report.figures.draw`.
    """
    process = _started.pop() if _started else None
    answer = _figures_ahead(process, findings) if process is not None else None

    def drawn() -> dict[str, str]:
        from_process = answer.result() if answer is not None else None
        if from_process is not None:
            return from_process
        from nephrosyn.report import figures

        return figures.draw(findings)

    return drawn


def _figures_ahead(process: subprocess.Popen[bytes], findings: Findings) -> Future[dict[str, str] | None]:
    """Send findings to a process, and return what will hold its figures, or None if it fails."""
    from nephrosyn.report.findings.as_plain import as_plain

    answer: Future[dict[str, str] | None] = Future()
    try:
        content = json.dumps(as_plain(findings)).encode()
    except (TypeError, ValueError):
        _end(process)
        answer.set_result(None)
        return answer

    def exchange() -> None:
        answer.set_result(_figures_of(process, content))

    Thread(target=exchange, daemon=True).start()  # a process that reads nothing must not stop the report
    return answer


def _figures_of(process: subprocess.Popen[bytes], content: bytes) -> dict[str, str] | None:
    """Return the figures that a process draws of these findings; None if it fails or takes too long."""
    try:
        answer, _ = process.communicate(content, timeout=LIMIT_SECONDS)
        drawn = json.loads(answer.decode().rpartition("\n")[2]) if process.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    finally:
        _end(process)
    return drawn if isinstance(drawn, dict) else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
