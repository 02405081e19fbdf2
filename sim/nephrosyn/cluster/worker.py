"""A worker of this machine: takes numbers of parts line by line, answers with their records, ends with its input.

Whoever started it may die at any time: then its input ends, and so does it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TextIO

from nephrosyn.cluster import job
from nephrosyn.cohort import RunFolderError
from nephrosyn.criteria import CriteriaError

USERS = (RunFolderError, CriteriaError)


def serve(asked: TextIO, answers: TextIO) -> None:
    """Make parts until there are no more numbers.

    Parameters
    ----------
    asked : text file
        A line with the job, then one with the number of each part.
    answers : text file
        A line of JSON for each part: its record, or what the user can put right.
    """
    told = json.loads(asked.readline())
    for line in asked:
        try:
            answer: dict[str, object] = {"record": job.make(told, int(line))}
        except USERS as error:
            answer = {"error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Serve on the standard streams; whatever else is written to standard output goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        serve(sys.stdin, answers)
    except BrokenPipeError:
        os._exit(0)  # nobody is left to tell


if __name__ == "__main__":
    main()
