"""Local workers: child processes, each given one part after the other, while this process makes parts, too.

They are processes because a third of the time of a part is spent in Python or with its global lock held, so that two
threads are no faster than one.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import EngineError, ExportError, NephrosynError, RunFolderError, WorkerError
from nephrosyn.kernels import child_process

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record

TRIES = 3
"""Attempts at a part whose worker dies."""
KINDS: dict[str, type[NephrosynError]] = {
    kind.__name__: kind for kind in (EngineError, ExportError, RunFolderError, WorkerError)
}
"""Errors of a worker that are raised again with their own class; others become a NephrosynError."""
MODULE = "nephrosyn.runs.workers.local_worker"
"""Module that a worker runs: it makes the parts of a run."""
PATIENCE_SECONDS = 0.5
"""Longest wait of the main thread before it checks for an interrupt."""
TURN_SECONDS = 0.0005
"""Longest wait of a thread that feeds a worker, while the main thread makes a part in Python."""


class WorkerDiedError(Exception):
    """A worker ended without an answer; arguments are its exit code and its last line on standard error."""


class Worker:
    """One process that makes parts.

    Parameters
    ----------
    job_text : str, optional
        The job; without it the process starts and waits for `give`.
    shared : sequence of int
        File descriptors that the process shares.
    module : str
        Module that it runs.
    """

    def __init__(self, job_text: str | None, shared: Sequence[int] = (), module: str = MODULE) -> None:
        near, far = socket.socketpair() if job_text is None else (None, None)
        inherited = [*shared, *([far.fileno()] if far is not None else [])]
        try:
            self._process = self._started(module, inherited, waits_at=far.fileno() if far is not None else None)
        finally:
            if far is not None:
                far.close()
        assert self._process.stderr is not None
        self._last_words = child_process.LastErrorLine(self._process.stderr)
        self._job_text, self._waits_for = job_text, near

    @staticmethod
    def _started(module: str, inherited: Sequence[int], waits_at: int | None) -> subprocess.Popen[bytes]:
        arguments = [] if waits_at is None else [str(waits_at)]
        return subprocess.Popen(  # noqa: S603 - our own module
            child_process.command(module, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_process.environment(POLARS_MAX_THREADS="1"),  # the other cores have their own workers
            pass_fds=inherited,
            **_own_group(),
        )

    def give(self, job_text: str, shared: Sequence[int] = ()) -> None:
        """Give its job to a process that was started ahead; if it has died, `make` says so."""
        self._job_text = job_text
        if self._waits_for is not None:
            with suppress(OSError):  # it stays open: macOS may lose descriptors whose sender has closed the connection
                socket.send_fds(self._waits_for, [b"the job follows"], list(shared))

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
        if self._waits_for is not None:
            self._waits_for.close()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue


def _own_group() -> dict[str, Any]:
    """Return options that keep the process from receiving the interrupts of a terminal."""
    return {} if sys.platform == "win32" else {"process_group": 0}


_ahead: list[Worker] = []
"""Workers that were started before their job was known."""


def start_ahead(count: int) -> None:
    """Start workers before the scenario is loaded, so that they are ready when it is.

    Parameters
    ----------
    count : int
        How many. None are started where a process cannot pass on a file descriptor, as on Windows.
    """
    if sys.platform == "win32" or not hasattr(socket, "send_fds"):
        return
    with suppress(OSError):  # they are started later, or the error is reported then
        while len(_ahead) < count:
            _ahead.append(Worker(None))


def discard_ahead() -> None:
    """End the workers that were started ahead and have no job."""
    while _ahead:
        _ahead.pop().kill()


def _worker(job_text: str, shared: Sequence[int], module: str = MODULE) -> Worker:
    """Return a worker with a job: one that was started ahead, if there is one."""
    if not _ahead or module != MODULE:
        return Worker(job_text, shared, module)
    worker = _ahead.pop()
    worker.give(job_text, shared)
    return worker


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let threads take turns more often, so that a worker gets its next part at once."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


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
    make_here : callable, optional
        Makes a part in this process, which then does not wait for the workers alone.
    module : str
        Module that the workers run.
    """

    def __init__(
        self,
        job_text: str,
        numbers: Sequence[int],
        workers: int,
        shared: Sequence[int] = (),
        make_here: Callable[[int], Record] | None = None,
        module: str = MODULE,
    ) -> None:
        self._module = module
        self._job_text, self._left, self._shared, self._make_here = job_text, len(numbers), shared, make_here
        self._open: SimpleQueue[tuple[int, int]] = SimpleQueue()
        self._again: SimpleQueue[tuple[int, int]] = SimpleQueue()  # parts whose worker died, never made in this process
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
            with _short_turns():
                while self._left:
                    for number, result in self._next_results():
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

    def _next_results(self) -> list[tuple[int, Record | Exception]]:
        """Return what workers have finished, or else a part made here; wait if there is nothing left to make."""
        finished: list[tuple[int, Record | Exception]] = []
        with suppress(Empty):
            while True:
                finished.append(self._finished.get_nowait())
        number = self._part_to_make_here() if not finished else None
        if number is not None and self._make_here is not None:
            return [(number, self._make_here(number))]
        if not finished:
            with suppress(Empty):
                finished.append(self._finished.get(timeout=PATIENCE_SECONDS))
        return finished

    def _part_to_make_here(self) -> int | None:
        if self._make_here is None:
            return None
        with suppress(Empty):
            return self._open.get_nowait()[0]
        return None

    def _next_part(self) -> tuple[int, int]:
        """Return a part for a worker and which attempt it is; raises Empty if there is none."""
        try:
            return self._again.get_nowait()
        except Empty:
            return self._open.get_nowait()

    def _feed(self, place: int) -> None:
        """Give one worker part after part; replace it when it dies."""
        while not self._stopped.is_set():
            try:
                number, attempt = self._next_part()
            except Empty:
                if self._left <= 0 or self._wait_done():
                    return
                continue
            try:
                if place not in self._workers:
                    self._workers[place] = _worker(self._job_text, self._shared, self._module)
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
            self._again.put((number, attempt + 1))
            return
        code, last_line = died.args
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        output = f": {last_line}" if last_line else ""
        hint = "; it may have run out of memory: try fewer workers" if code < 0 or not last_line else ""
        self._finished.put((number, WorkerError(f"a worker {how} at part {number}, {TRIES} times{output}{hint}")))
