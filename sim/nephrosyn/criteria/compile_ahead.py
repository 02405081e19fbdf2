"""Compile the criteria in a process of their own, so that a first run does so while the model is compiled."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl

from nephrosyn.criteria.classification import classify
from nephrosyn.criteria.definition.loading import load
from nephrosyn.kernels import child_process
from nephrosyn.record.schema import SCHEMAS


class BackgroundCompilation:
    """Another process that compiles the criteria; what it compiles lies in numba's cache when it ends.

    Where no interpreter can be started nothing is lost but time.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if sys.executable:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    child_process.command(__name__),
                    stdin=subprocess.PIPE,  # by which it notices when this process is gone
                    env=child_process.environment(),
                    **streams,
                )
            except OSError:
                return

    def wait(self) -> None:
        """Wait until it has ended."""
        if self._process is not None:
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()


def compile_all() -> None:
    """Judge one person of whom nothing is known but that there is a record."""
    tables = {name: pl.DataFrame(schema=dict(schema)) for name, schema in SCHEMAS.items()}
    person = {"replicate": 0, "patient": 0}
    for name in ("patients", "follow_up", "truth/follow_up"):
        row = {**dict.fromkeys(SCHEMAS[name]), **person}
        row.update({key: 1 for key in ("end_days", "age_at_onset_years") if key in row})
        row.update({"reason": "end_of_study"} if "reason" in row else {})
        tables[name] = pl.DataFrame([row], schema=dict(SCHEMAS[name]))
    for view in ("complete", "observed"):
        classify(tables, load("source"), view)


if __name__ == "__main__":
    child_process.watch_parent()
    compile_all()
