"""A local worker: reads numbers of parts line by line, answers with their records, and ends with its input.

Its parent may die at any time: then the input ends, and so does the worker, whatever it is doing.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TextIO

from nephrosyn.errors import NephrosynError
from nephrosyn.kernels import child_process
from nephrosyn.kernels.special_functions import import_alone
from nephrosyn.runs.workers import job
from nephrosyn.runs.workers.job import TOO_LITTLE_MEMORY

NEEDED = ("runs.parts", "engine.compiled_driver", "criteria.classification", "scenario.plain")
"""Modules that every job of a cohort needs; they are imported when they are used, if not before."""


Make = Callable[[str, int], dict[str, Any]]
"""Makes a part of a job, given as text, and returns its record."""


def serve(requests: Iterator[str], answers: TextIO, make: Make = job.make) -> None:
    """Make parts until there are no more numbers.

    Parameters
    ----------
    requests : iterator of str
        A line with the job, then one with the number of each part.
    answers : text file
        A line of JSON for each part: its record, an error of the package, or a description of any other error.
    make : callable
        Makes a part.
    """
    job_text = json.loads(next(requests))
    for line in requests:
        try:
            answer: dict[str, object] = {"record": make(job_text, int(line))}
        except NephrosynError as error:
            answer = {"error": str(error), "kind": type(error).__name__}
        except MemoryError:
            answer = {"fault": TOO_LITTLE_MEMORY}
        except Exception as error:  # report it, so that the parent does not take the worker for killed
            answer = {"fault": f"a worker failed at part {int(line)}: {type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def import_ahead() -> None:
    """Import what every job needs, and load the compiled model."""
    for module in NEEDED:
        import_module(f"nephrosyn.{module}")
    from nephrosyn.course.advance import advance
    from nephrosyn.kernels.compile import is_ready
    from nephrosyn.kernels.special_functions import special_functions

    special_functions()
    is_ready(advance)


def wait_at(descriptor: int) -> list[int]:
    """Wait until the parent has a job, and return the file descriptors that it shares, which stay open."""
    with socket.socket(fileno=descriptor) as connection:
        _, shared, _, _ = socket.recv_fds(connection, 64, 16)
    return shared


def main(make: Make = job.make) -> None:
    """Serve on the standard streams; other output goes to standard error.

    Parameters
    ----------
    make : callable
        Makes a part.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    import_alone()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        requests = child_process.input_lines()
        if sys.argv[1:]:  # started ahead of its job
            child_process.end_with_parent()
            import_ahead()
            wait_at(int(sys.argv[1]))
        serve(requests, answers, make)
    except BrokenPipeError:
        os._exit(0)  # the parent has ended
    except BaseException:  # includes panics of polars, which are not an Exception
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # at once, as the listening thread cannot be ended


if __name__ == "__main__":
    main()
