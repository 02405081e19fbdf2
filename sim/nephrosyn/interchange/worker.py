"""A process that writes parts of an export, as `nephrosyn.runs.workers.local_worker` makes parts of a run."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from nephrosyn.interchange.export import PartWriter, Request
from nephrosyn.runs.workers import local_worker


@lru_cache(maxsize=1)
def _writer(text: str) -> PartWriter:
    job = json.loads(text)
    return PartWriter(Request.from_text(job["request"]), Path(job["folder"]))


def write(text: str, number: int) -> dict[str, Any]:
    """Write a part of the export that a job describes, and return its record."""
    return _writer(text).write(number)


if __name__ == "__main__":
    local_worker.main(write)
