"""Compile the criteria in a process of their own, so that a first run does so while the model is compiled."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl

from nephrosyn.criteria.labels import classify
from nephrosyn.criteria.loading import load
from nephrosyn.tables import SCHEMAS


def compile_aside() -> subprocess.Popen[bytes] | None:
    """Start compiling the criteria in another process; what it compiles lies in numba's cache when it ends.

    Returns
    -------
    subprocess.Popen or None
        The process to wait for; None where there is no interpreter to start, and then nothing is lost but time.
    """
    if not sys.executable:
        return None
    silence: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.Popen([sys.executable, "-m", __name__], **silence)  # noqa: S603 - our own module
    except OSError:
        return None


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
    compile_all()
