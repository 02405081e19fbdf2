"""Workers of a Dask cluster: they write their tables to the run folder, and records come back by the scheduler."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import MOST_WORKERS, NephrosynError, WorkerError, wrong_count
from nephrosyn.kernels import child_process
from nephrosyn.runs.workers import job
from nephrosyn.runs.workers.local import PATIENCE_SECONDS, TRIES

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record

ADDRESS = re.compile(r"(tcp|tls)://[^/\s:]+:[0-9]+")
LOCAL = re.compile(r"local:([1-9][0-9]{0,20})")
LOST = "the connection to the scheduler is lost"
CONNECT_SECONDS = 10
WORKERS_SECONDS = 60
"""Longest wait for the scheduler to answer, and for a worker to join it."""
WAITING_PER_CORE = 3
"""Parts that the scheduler has at a time: enough that no worker waits, without sending the job too often."""


def wrong_with(address: str) -> list[str]:
    """Return the problems of an address."""
    if local_cluster := LOCAL.fullmatch(address):
        return wrong_count("cluster: local", int(local_cluster[1]), 1, MOST_WORKERS)
    if ADDRESS.fullmatch(address):
        return []
    return [f"cluster: expected tcp://HOST:PORT, tls://HOST:PORT or local:N; found {address!r}"]


def results(address: str, job_text: str, numbers: Sequence[int]) -> Iterator[tuple[int, Record]]:
    """Make parts on a cluster.

    Parameters
    ----------
    address : str
        Address of the scheduler, or ``local:N``.
    job_text : str
        The job, from `job.text`.
    numbers : sequence of int
        Numbers of the parts.

    Yields
    ------
    tuple of int and Record
        Number and record of each finished part. The part of a worker that dies is made by another one.

    Raises
    ------
    WorkerError
        If the scheduler cannot be reached, has no workers, or is lost; if a part fails repeatedly.
    RunFolderError
        If a worker could not write.
    """
    with ExitStack() as stack:
        client = _client(address, stack)
        cores = _cores(client, address)
        yield from _Queue(client, job_text, numbers, WAITING_PER_CORE * cores).results()


def _client(address: str, stack: ExitStack) -> Any:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise WorkerError("a cluster needs Dask, which is not installed: pip install distributed") from None
    local_cluster = LOCAL.fullmatch(address)
    if local_cluster:
        count = int(local_cluster[1])
        options = {"n_workers": count, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
        stack.enter_context(child_process.safe_path())
        address = stack.enter_context(LocalCluster(**options, memory_limit=0))
    try:
        return stack.enter_context(Client(address, timeout=CONNECT_SECONDS, set_as_default=False))
    except OSError as error:
        raise WorkerError(f"no scheduler answers at {address} within {CONNECT_SECONDS} s ({error})") from None


def _cores(client: Any, address: str) -> int:
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        raise WorkerError(f"the scheduler at {address} has had no worker for {WORKERS_SECONDS} s") from None
    return max(1, sum(int(threads) for threads in client.nthreads().values()))


class _Queue:
    """Parts that are sent to a scheduler, a limited number at a time."""

    def __init__(self, client: Any, job_text: str, numbers: Sequence[int], most: int) -> None:
        self._client, self._job_text, self._most = client, job_text, most
        self._open = list(reversed(numbers))
        self._sent: dict[Any, int] = {}
        self._returned: SimpleQueue[Any] = SimpleQueue()

    def results(self) -> Iterator[tuple[int, Record]]:
        while self._open or self._sent:
            while self._open and len(self._sent) < self._most:
                self._send(self._open.pop())
            try:
                future = self._returned.get(timeout=PATIENCE_SECONDS)
            except Empty:
                self._refuse_lost()
                continue
            yield self._sent.pop(future), self._record(future)

    def _send(self, number: int) -> None:
        future = self._client.submit(job.make, self._job_text, number, pure=False, retries=TRIES - 1)
        self._sent[future] = number
        future.add_done_callback(self._returned.put)

    def _refuse_lost(self) -> None:
        if self._client.status != "running":
            raise WorkerError(LOST)

    def _record(self, future: Any) -> Record:
        from concurrent.futures import CancelledError

        if future.status in ("cancelled", "lost"):
            raise WorkerError(LOST)
        try:
            error = future.exception() if future.status == "error" else None
            record: Record = {} if error else future.result()
        except (OSError, CancelledError):  # the result was lost
            raise WorkerError(LOST) from None
        if error is not None:
            if isinstance(error, NephrosynError):
                raise error
            raise WorkerError(f"a part failed {TRIES} times on the cluster: {type(error).__name__}: {error}")
        return record
