"""A process that writes parts of an export: reads their numbers line by line, and answers with their records."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from nephrosyn.errors import NephrosynError
from nephrosyn.interchange.export import PartWriter, Request
from nephrosyn.kernels import child_process


class Worker:
    """Writes parts, and answers what became of each.

    Parameters
    ----------
    job : mapping
        The request and the folder to write to.
    """

    def __init__(self, job: Mapping[str, str]) -> None:
        self._job = job
        self._writer: PartWriter | None = None

    def answer(self, number: int) -> dict[str, object]:
        """Write a part and return its record, or the error."""
        try:
            if self._writer is None:
                self._writer = PartWriter(Request.from_text(self._job["request"]), Path(self._job["folder"]))
            return {"record": self._writer.write(number)}
        except NephrosynError as error:
            return {"error": str(error), "kind": type(error).__name__}
        except Exception as error:  # report it, so that the parent does not take the worker for killed
            return {"fault": f"a worker failed at part {number}: {type(error).__name__}: {error}"}


def main() -> None:
    """Serve on the standard streams; other output goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        lines = child_process.input_lines()
        worker = Worker(json.loads(next(lines)))
        for line in lines:
            answers.write(json.dumps(worker.answer(int(line))) + "\n")
            answers.flush()
    except BrokenPipeError:
        os._exit(0)  # the parent has ended
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
