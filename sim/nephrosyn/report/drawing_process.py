"""Draw the figures of a report in another process, which imports matplotlib while the model runs in this one.

Half of the time of a small run was spent on matplotlib. `start` begins the import in a child process; `draw` sends it
the findings and returns its figures. Without such a process, or if it fails, the figures are drawn in this one.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from nephrosyn.kernels import child_process

if TYPE_CHECKING:
    from nephrosyn.report.findings.summary import Findings

MODULE = "nephrosyn.report.figures.drawing_process"
_started: list[subprocess.Popen[bytes]] = []
"""The process that waits for findings, if one does."""


def start() -> None:
    """Start a process that imports matplotlib and waits for findings; it ends with this one."""
    if _started:
        return
    own_group: dict[str, Any] = {} if sys.platform == "win32" else {"process_group": 0}  # interrupts are for the parent
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            child_process.command(MODULE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_process.environment(POLARS_MAX_THREADS="1"),
            **own_group,
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


def draw(findings: Findings) -> dict[str, str]:
    """Draw every figure of a report, in the process that was started, or else in this one.

    Parameters
    ----------
    findings : Findings
        The numbers of the report.

    Returns
    -------
    dict of str to str
        SVG documents by name of the figure, as from `nephrosyn.report.figures.draw`.
    """
    drawn = _from(_started.pop(), findings) if _started else None
    if drawn is not None:
        return drawn
    from nephrosyn.report import figures

    return figures.draw(findings)


def _from(process: subprocess.Popen[bytes], findings: Findings) -> dict[str, str] | None:
    """Return the figures that a process has drawn; None if it has failed."""
    try:
        answer, _ = process.communicate(pickle.dumps(findings, pickle.HIGHEST_PROTOCOL))
        drawn = json.loads(answer.decode().rpartition("\n")[2]) if process.returncode == 0 else None
    except (OSError, ValueError, TypeError, AttributeError, pickle.PickleError):
        return None
    finally:
        process.kill()
        process.wait()
    return drawn if isinstance(drawn, dict) else None
