"""Workers of this machine: processes of their own, each fed one part after the other.

Processes and not threads: of a part, a third is Python or holds its lock, so that two threads are no quicker than one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import ClusterError, EngineError, NephrosynError, RunFolderError
from nephrosyn.kernels import child_process

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record

TRIES = 3
"""So often a part is begun when its worker dies."""
KINDS: dict[str, type[NephrosynError]] = {one.__name__: one for one in (RunFolderError, EngineError, ClusterError)}
"""Errors of a worker that are raised here as what they are; of the others the text is."""
PATIENCE_SECONDS = 0.5
"""How long the main thread waits at most before it looks for an interrupt."""


class WorkerDiedError(Exception):
    """A worker ended before it had answered; with its exit code, and the last line it wrote to standard error."""


class Worker:
    """One process that makes parts.

    Parameters
    ----------
    told : str
        The job.
    shared : sequence of int
        File descriptors it keeps open as long as it lives.
    """

    def __init__(self, told: str, shared: Sequence[int] = ()) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            child_process.command("nephrosyn.runs.workers.local_worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_process.environment(POLARS_MAX_THREADS="1"),  # the other cores have workers of their own
            pass_fds=shared,
            **_apart(),
        )
        assert self._process.stderr is not None
        self._last_words = child_process.LastWords(self._process.stderr)
        self._told: str | None = told

    def make(self, number: int) -> Record:
        """Have a part made.

        Raises
        ------
        WorkerDiedError
            If the process ends before it answers.
        NephrosynError
            What the worker met, as it met it: mostly RunFolderError or EngineError.
        ClusterError
            If the worker says what else is wrong.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            if self._told is not None:
                self._process.stdin.write(json.dumps(self._told).encode() + b"\n")
                self._told = None
            self._process.stdin.write(b"%d\n" % number)
            self._process.stdin.flush()
            while (line := self._process.stdout.readline()) and not line.startswith(b"{"):
                continue  # no answer: something greets whoever starts Python here
        except (OSError, ValueError):
            line = b""
        if not line.endswith(b"\n"):
            raise WorkerDiedError(self._process.wait(), self._last_words.heard())
        answer = json.loads(line)
        if "error" in answer:
            raise KINDS.get(answer["kind"], NephrosynError)(answer["error"])
        if "fault" in answer:
            raise ClusterError(answer["fault"])
        record: Record = answer["record"]
        return record

    def kill(self) -> None:
        """End the process now; what it was writing has not got its name."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue


def _apart() -> dict[str, Any]:
    """Out of reach of the interrupt that a terminal sends to all in the foreground."""
    return {} if sys.platform == "win32" else {"process_group": 0}


class Pool:
    """Some workers, and the parts they still have to make.

    Parameters
    ----------
    told : str
        The job.
    numbers : sequence of int
        Of the parts.
    workers : int
        How many at most.
    shared : sequence of int
        File descriptors they keep open as long as they live.
    """

    def __init__(self, told: str, numbers: Sequence[int], workers: int, shared: Sequence[int] = ()) -> None:
        self._told, self._left, self._shared = told, len(numbers), shared
        self._open: SimpleQueue[tuple[int, int]] = SimpleQueue()
        for number in numbers:
            self._open.put((number, 1))
        self._made: SimpleQueue[tuple[int, Record | Exception]] = SimpleQueue()
        self._workers: dict[int, Worker] = {}
        self._stopped = Event()
        count = min(workers, len(numbers))
        self._threads = [Thread(target=self._feed, args=(place,), daemon=True) for place in range(count)]

    def results(self) -> Iterator[tuple[int, Record]]:
        """Number and record of each part as it is finished.

        Raises
        ------
        RunFolderError, ClusterError
            If a part cannot be written, or its worker died again and again.
        """
        try:
            for thread in self._threads:
                thread.start()
            while self._left:
                try:
                    number, found = self._made.get(timeout=PATIENCE_SECONDS)
                except Empty:
                    continue
                if isinstance(found, Exception):
                    raise found
                self._left -= 1
                yield number, found
        finally:
            self._stopped.set()
            for worker in list(self._workers.values()):
                worker.kill()
            for thread in self._threads:
                if thread.ident is not None:
                    thread.join(timeout=10)

    def _feed(self, place: int) -> None:
        """Give one worker part after part; start another where it died."""
        while not self._stopped.is_set():
            try:
                number, tried = self._open.get_nowait()
            except Empty:
                if self._left <= 0 or self._wait_done():
                    return
                continue
            try:
                if place not in self._workers:
                    self._workers[place] = Worker(self._told, self._shared)
                if self._stopped.is_set():  # while it was started
                    self._workers[place].kill()
                    return
                self._made.put((number, self._workers[place].make(number)))
            except WorkerDiedError as died:
                self._workers.pop(place).kill()
                if not self._stopped.is_set():
                    self._again(number, tried, died)
            except Exception as error:
                self._made.put((number, error))
                return

    def _wait_done(self) -> bool:
        """Wait a little: a part may come back from a worker that died. True when all have been made."""
        import time

        time.sleep(PATIENCE_SECONDS / 5)
        return self._left <= 0

    def _again(self, number: int, tried: int, died: WorkerDiedError) -> None:
        if tried < TRIES:
            self._open.put((number, tried + 1))
            return
        code, words = died.args
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        said = f": {words}" if words else ""
        short = "; is there memory enough? Try fewer --workers" if code < 0 or not words else ""
        self._made.put((number, ClusterError(f"a worker {how} at part {number}, {TRIES} times{said}{short}")))
