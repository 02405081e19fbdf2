"""A worker of this machine: takes numbers of parts line by line, answers with their records, ends with its input.

Whoever started it may die at any time: then its input ends, and so does it, in the midst of whatever it is doing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from typing import TextIO

from nephrosyn.errors import NephrosynError
from nephrosyn.kernels import child_process
from nephrosyn.runs.workers import job
from nephrosyn.runs.workers.job import TOO_LITTLE_MEMORY


def serve(asked: Iterator[str], answers: TextIO) -> None:
    """Make parts until there are no more numbers.

    Parameters
    ----------
    asked : iterator of str
        A line with the job, then one with the number of each part.
    answers : text file
        A line of JSON for each part: its record, what the user can put right, or what else is wrong.
    """
    told = json.loads(next(asked))
    for line in asked:
        try:
            answer: dict[str, object] = {"record": job.make(told, int(line))}
        except NephrosynError as error:
            answer = {"error": str(error), "kind": type(error).__name__}
        except MemoryError:
            answer = {"fault": TOO_LITTLE_MEMORY}
        except Exception as error:  # a worker says what is wrong with it, so that nobody takes it for killed
            answer = {"fault": f"a worker failed at part {int(line)}: {type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve on the standard streams; whatever else is written to standard output goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        serve(child_process.questions(), answers)
    except BrokenPipeError:
        os._exit(0)  # nobody is left to tell
    except BaseException:  # also what polars raises in panic, which is no Exception
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # at once, as the thread that listens cannot be ended


if __name__ == "__main__":
    main()
