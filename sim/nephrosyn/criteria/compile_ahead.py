"""Compilation of the criteria in a separate process, while the first run compiles the model."""

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
    """A process that compiles the criteria into numba's cache.

    If no interpreter can be started, the criteria are compiled when first used instead.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if sys.executable:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    child_process.command(__name__),
                    stdin=subprocess.PIPE,  # its end tells the child that this process ended
                    env=child_process.environment(),
                    **streams,
                )
            except OSError:
                return

    def wait(self) -> None:
        """Wait until the process has ended."""
        if self._process is not None:
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()


def compile_all() -> None:
    """Compile everything by classifying one patient with an empty record."""
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
