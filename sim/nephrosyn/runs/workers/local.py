"""Local workers: child processes, each given one part after the other.

They are processes because a third of the time of a part is spent in Python or with its global lock held, so that two
threads are no faster than one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import EngineError, NephrosynError, RunFolderError, WorkerError
from nephrosyn.kernels import child_process

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record

TRIES = 3
"""Attempts at a part whose worker dies."""
KINDS: dict[str, type[NephrosynError]] = {kind.__name__: kind for kind in (RunFolderError, EngineError, WorkerError)}
"""Errors of a worker that are raised again with their own class; others become a NephrosynError."""
PATIENCE_SECONDS = 0.5
"""Longest wait of the main thread before it checks for an interrupt."""


class WorkerDiedError(Exception):
    """A worker ended without an answer; arguments are its exit code and its last line on standard error."""


class Worker:
    """One process that makes parts.

    Parameters
    ----------
    job_text : str
        The job.
    shared : sequence of int
        File descriptors that the process inherits.
    """

    def __init__(self, job_text: str, shared: Sequence[int] = ()) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            child_process.command("nephrosyn.runs.workers.local_worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_process.environment(POLARS_MAX_THREADS="1"),  # the other cores have their own workers
            pass_fds=shared,
            **_own_group(),
        )
        assert self._process.stderr is not None
        self._last_words = child_process.LastErrorLine(self._process.stderr)
        self._job_text: str | None = job_text

    def make(self, number: int) -> Record:
        """Make a part.

        Raises
        ------
        WorkerDiedError
            If the process ends without an answer.
        NephrosynError
            The error of the worker, usually a RunFolderError or EngineError.
        WorkerError
            If the worker failed in any other way.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            if self._job_text is not None:
                self._process.stdin.write(json.dumps(self._job_text).encode() + b"\n")
                self._job_text = None
            self._process.stdin.write(b"%d\n" % number)
            self._process.stdin.flush()
            while (line := self._process.stdout.readline()) and not line.startswith(b"{"):
                continue  # not an answer: something prints a greeting when Python starts
        except (OSError, ValueError):
            line = b""
        if not line.endswith(b"\n"):
            raise WorkerDiedError(self._process.wait(), self._last_words.heard())
        answer = json.loads(line)
        if "error" in answer:
            raise KINDS.get(answer["kind"], NephrosynError)(answer["error"])
        if "fault" in answer:
            raise WorkerError(answer["fault"])
        record: Record = answer["record"]
        return record

    def kill(self) -> None:
        """Kill the process; the file that it was writing keeps its temporary name."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue


def _own_group() -> dict[str, Any]:
    """Return options that keep the process from receiving the interrupts of a terminal."""
    return {} if sys.platform == "win32" else {"process_group": 0}


class Pool:
    """Some workers and the parts that they still have to make.

    Parameters
    ----------
    job_text : str
        The job.
    numbers : sequence of int
        Numbers of the parts.
    workers : int
        Largest number of workers.
    shared : sequence of int
        File descriptors that the workers inherit.
    """

    def __init__(self, job_text: str, numbers: Sequence[int], workers: int, shared: Sequence[int] = ()) -> None:
        self._job_text, self._left, self._shared = job_text, len(numbers), shared
        self._open: SimpleQueue[tuple[int, int]] = SimpleQueue()
        for number in numbers:
            self._open.put((number, 1))
        self._finished: SimpleQueue[tuple[int, Record | Exception]] = SimpleQueue()
        self._workers: dict[int, Worker] = {}
        self._stopped = Event()
        count = min(workers, len(numbers))
        self._threads = [Thread(target=self._feed, args=(place,), daemon=True) for place in range(count)]

    def results(self) -> Iterator[tuple[int, Record]]:
        """Yield number and record of each part as it is finished.

        Raises
        ------
        RunFolderError, WorkerError
            If a part cannot be written, or its workers die repeatedly.
        """
        try:
            for thread in self._threads:
                thread.start()
            while self._left:
                try:
                    number, result = self._finished.get(timeout=PATIENCE_SECONDS)
                except Empty:
                    continue
                if isinstance(result, Exception):
                    raise result
                self._left -= 1
                yield number, result
        finally:
            self._stopped.set()
            for worker in list(self._workers.values()):
                worker.kill()
            for thread in self._threads:
                if thread.ident is not None:
                    thread.join(timeout=10)

    def _feed(self, place: int) -> None:
        """Give one worker part after part; replace it when it dies."""
        while not self._stopped.is_set():
            try:
                number, attempt = self._open.get_nowait()
            except Empty:
                if self._left <= 0 or self._wait_done():
                    return
                continue
            try:
                if place not in self._workers:
                    self._workers[place] = Worker(self._job_text, self._shared)
                if self._stopped.is_set():  # while the worker was starting
                    self._workers[place].kill()
                    return
                self._finished.put((number, self._workers[place].make(number)))
            except WorkerDiedError as died:
                self._workers.pop(place).kill()
                if not self._stopped.is_set():
                    self._retry(number, attempt, died)
            except Exception as error:
                self._finished.put((number, error))
                return

    def _wait_done(self) -> bool:
        """Wait briefly, as the part of a worker that died may come back; return whether all parts are made."""
        import time

        time.sleep(PATIENCE_SECONDS / 5)
        return self._left <= 0

    def _retry(self, number: int, attempt: int, died: WorkerDiedError) -> None:
        if attempt < TRIES:
            self._open.put((number, attempt + 1))
            return
        code, last_line = died.args
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        output = f": {last_line}" if last_line else ""
        hint = "; it may have run out of memory: try fewer workers" if code < 0 or not last_line else ""
        self._finished.put((number, WorkerError(f"a worker {how} at part {number}, {TRIES} times{output}{hint}")))
