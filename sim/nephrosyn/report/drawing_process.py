"""Draw the figures of a report in another process, which imports matplotlib while the model runs in this one.

Half of the time of a small run was spent on matplotlib. `start` begins the import in a child process; `draw` sends it
the findings and returns its figures. Without such a process, or if it fails, the figures are drawn in this one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nephrosyn.kernels import child_process

if TYPE_CHECKING:
    from nephrosyn.report.findings.summary import Findings

MODULE = "nephrosyn.report.drawing_child"
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
        process = _started.pop()
        process.kill()
        process.communicate()


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
    if process is not None and not _send(process, findings):
        process = None

    def drawn() -> dict[str, str]:
        from_process = _answer(process) if process is not None else None
        if from_process is not None:
            return from_process
        from nephrosyn.report import figures

        return figures.draw(findings)

    return drawn


def _send(process: subprocess.Popen[bytes], findings: Findings) -> bool:
    """Send findings to a process; return whether that was possible."""
    from nephrosyn.report.findings.as_plain import as_plain

    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(as_plain(findings)).encode())
        process.stdin.close()
    except (OSError, TypeError, ValueError):
        process.kill()
        process.communicate()
        return False
    process.stdin = None  # `communicate` would write to it
    return True


def _answer(process: subprocess.Popen[bytes]) -> dict[str, str] | None:
    """Return the figures that a process has drawn; None if it has failed."""
    try:
        answer, _ = process.communicate()
        drawn = json.loads(answer.decode().rpartition("\n")[2]) if process.returncode == 0 else None
    except (OSError, ValueError):
        return None
    finally:
        process.kill()
        process.wait()
    return drawn if isinstance(drawn, dict) else None
