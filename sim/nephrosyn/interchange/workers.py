"""Processes that write the parts of an export, each given one part after the other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from nephrosyn import errors
from nephrosyn.errors import NephrosynError, WorkerError
from nephrosyn.kernels import child_process

Record = dict[str, Any]


class Pool:
    """Some processes and the parts that they write.

    Parameters
    ----------
    request_text : str
        The request of the export.
    folder : Path
        Where to write.
    numbers : sequence of int
        Numbers of the parts.
    processes : int
        Number of processes.
    """

    def __init__(self, request_text: str, folder: Path, numbers: Sequence[int], processes: int) -> None:
        self._left = len(numbers)
        self._open: SimpleQueue[int | None] = SimpleQueue()
        for number in (*numbers, *[None] * processes):
            self._open.put(number)
        self._done: SimpleQueue[tuple[int, Record | Exception]] = SimpleQueue()
        job = {"request": request_text, "folder": str(folder)}
        self._workers = [_start() for _ in range(processes)]
        self._threads = [Thread(target=self._feed, args=(worker, job), daemon=True) for worker in self._workers]

    def results(self) -> Iterator[tuple[int, Record]]:
        """Yield number and record of each part as it is written.

        Raises
        ------
        NephrosynError
            The error of a worker, with its class.
        WorkerError
            If a worker fails in any other way or is killed.
        """
        try:
            for thread in self._threads:
                thread.start()
            for _ in range(self._left):
                number, result = self._done.get()
                if isinstance(result, Exception):
                    raise result
                yield number, result
        finally:
            for worker in self._workers:
                worker.kill()
                worker.wait()
            for thread in self._threads:
                thread.join(timeout=10)
            for worker in self._workers:
                for pipe in (worker.stdin, worker.stdout):
                    if pipe is not None:
                        pipe.close()

    def _feed(self, worker: subprocess.Popen[bytes], job: dict[str, str]) -> None:
        """Give a worker one part after the other."""
        assert worker.stdin is not None and worker.stdout is not None and worker.stderr is not None
        last_words = child_process.LastErrorLine(worker.stderr)
        line: Any = job
        while (number := self._open.get()) is not None:
            try:
                worker.stdin.write(b"".join(json.dumps(text).encode() + b"\n" for text in (line, number) if text != ""))
                worker.stdin.flush()
                line = ""
                answer = worker.stdout.readline()
                while answer and not answer.startswith(b"{"):
                    answer = worker.stdout.readline()
                self._done.put((number, _opened(json.loads(answer))))
            except (OSError, ValueError) as error:
                if isinstance(error, NephrosynError):
                    self._done.put((number, error))
                else:
                    said = last_words.heard()
                    self._done.put(
                        (number, WorkerError(f"a worker ended at part {number}{': ' if said else ''}{said}"))
                    )
                return


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        child_process.command("nephrosyn.interchange.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_process.environment(POLARS_MAX_THREADS="1"),  # the other cores have their own workers
    )


def _opened(answer: Record) -> Record:
    """Return the record in an answer, or raise the error in it."""
    if "error" in answer:
        raise getattr(errors, answer["kind"], NephrosynError)(answer["error"])
    if "fault" in answer:
        raise WorkerError(answer["fault"])
    record: Record = answer["record"]
    return record
