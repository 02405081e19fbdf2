"""Write a run: find the missing parts, have them made by workers, and keep finished parts after an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, get_args

from nephrosyn.errors import (
    MOST_PART_PATIENTS,
    MOST_WORKERS,
    CriteriaError,
    EngineError,
    ScenarioError,
    WorkerError,
    wrong_count,
)
from nephrosyn.runs.folder import Format, RemoteWriter, Writer, run_description, storage
from nephrosyn.runs.run import Plan
from nephrosyn.runs.workers import dask, job, room
from nephrosyn.runs.workers.interrupts import Interrupts
from nephrosyn.runs.workers.job import TOO_LITTLE_MEMORY
from nephrosyn.runs.workers.local import Pool
from nephrosyn.runs.workers.worth_starting import worth_starting

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record

SAME_AGAIN = (ScenarioError, CriteriaError, EngineError)
"""Errors that a resumed run would meet again."""


@dataclass(frozen=True)
class WriteOptions:
    """Options for writing a run.

    Attributes
    ----------
    format : {"parquet", "csv"}
        Format of the tables.
    overwrite, resume : bool
        Replace an existing run; continue an unfinished one.
    workers : int or None
        Number of local processes; None for all cores, as far as they are worth starting.
    cluster : str or None
        Address of a Dask scheduler, or ``local:N``.
    part_patients : int or None
        Approximate number of patients per part.
    """

    format: Format = "parquet"
    overwrite: bool = False
    resume: bool = False
    workers: int | None = 1
    cluster: str | None = None
    part_patients: int | None = None

    def check(self, out: str | Path | None) -> None:
        """Refuse invalid options.

        Parameters
        ----------
        out : str, Path or None
            Where the run is written; None for a run in memory.

        Raises
        ------
        WorkerError
            If options are invalid; the message lists all of them.
        """
        wrong = []
        if self.format not in get_args(Format):
            wrong.append(f"format: expected {' or '.join(get_args(Format))}; found {self.format}")
        if self.workers is not None:
            wrong += wrong_count("workers", self.workers, 1, MOST_WORKERS)
        if self.part_patients is not None:
            wrong += wrong_count("part_patients", self.part_patients, 1, MOST_PART_PATIENTS)
        if self.cluster is not None:
            wrong += dask.wrong_with(self.cluster)
            if out is None:
                wrong.append(
                    "cluster: a run in memory is made by this process; choose a folder or URL with --out (in "
                    "Python: out)"
                )
        if self.resume and self.overwrite:
            wrong.append("resume continues a run and overwrite replaces it: choose one of them")
        if self.resume and out is None:
            wrong.append(
                "resume: a run in memory cannot be resumed; choose its folder or URL with --out (in Python: out)"
            )
        if wrong:
            raise WorkerError("; ".join(wrong))

    def part_size(self, folder: str | Path) -> int | None:
        """Return the number of patients per part: the option, or that of the run that is resumed."""
        if not self.resume or self.part_patients is not None:
            return self.part_patients
        previous = run_description(folder).get("part_patients")
        return previous if isinstance(previous, int) and previous > 0 else None


def writer_of(folder: str | Path, options: WriteOptions, about: dict[str, Any]) -> Writer | RemoteWriter:
    """Return the writer for a folder or URL."""
    arguments: dict[str, Any] = {"overwrite": options.overwrite, "resume": options.resume, "about": about}
    if storage.is_remote(folder):
        return RemoteWriter(str(folder), **arguments)
    return Writer(storage.local(folder), **arguments)


def write(plan: Plan, folder: str | Path, options: WriteOptions) -> None:
    """Write a run folder.

    Parameters
    ----------
    plan : Plan
        The run.
    folder : str or Path
        A folder, or a URL that fsspec can open.
    options : WriteOptions
        How to write it.

    Raises
    ------
    ScenarioError
        If the numbers of some draw contradict each other.
    RunFolderError, WorkerError
        If it cannot be written; finished parts are stored, and a note on the error says how to continue.
    """
    plan.check()
    if not options.resume:  # counts of draws take no room worth speaking of
        room.check(plan.scenario.patients * plan.scenario.replicates, folder)
        room.check_kept(plan, folder, options.format)
    if storage.is_memory(folder):
        options = replace(options, workers=1)
    with Interrupts() as interrupts, _Unfinished(len(plan.sizes), resumed=options.resume) as unfinished:
        writer = unfinished.writer = writer_of(folder, options, plan.about(options.format))
        sizes = plan.sizes
        missing = [n for n in range(len(sizes)) if not (options.resume and writer.parts.finished(n))]
        total = sum(sizes)
        done = total - sum(sizes[n] for n in missing)
        plan.progress("simulate", done, total)
        job_text = job.text(plan, options.format, writer.storage.url, writer.run, writer.holder)
        for number, record in _results(plan, job_text, missing, options, writer.shared):
            writer.parts.note(number, record)
            done += sizes[number]
            plan.progress("simulate", done, total)
            interrupts.check()
        writer.finish()


class _Unfinished:
    """Keeps the finished parts of a run that is ended by an error or an interrupt, and says how to continue.

    Everything is done twice: polars raises an interrupt itself, and Python raises the same one again a moment later,
    which may be while the first one is being answered.
    """

    def __init__(self, parts: int, *, resumed: bool) -> None:
        self._parts, self._resumed = parts, resumed
        self.writer: Writer | RemoteWriter | None = None

    def __enter__(self) -> _Unfinished:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._end(error)
        except BaseException as again:
            self._end(again)
            raise

    def _end(self, error: BaseException | None) -> None:
        if error is not None:
            done = len(self.writer.parts.done) if self.writer is not None else 0
            _note(error, done, self._parts, resumed=self._resumed)
        if self.writer is not None:
            self.writer.stop()


def _results(
    plan: Plan, job_text: str, missing: Sequence[int], options: WriteOptions, shared: Sequence[int]
) -> Iterator[tuple[int, Record]]:
    """Yield number and record of every missing part as it is finished."""
    if missing and options.cluster is not None:
        yield from dask.results(options.cluster, job_text, missing)
        return
    local_job = job.Job(job_text, plan)
    if missing and not plan.is_compiled:  # once, not in every worker
        plan.compile_ahead()
        yield missing[0], _make_here(local_job, missing[0])
        missing = missing[1:]
    workers = worth_starting(len(missing), options.workers)
    if workers > 1 and len(missing) > 1:
        yield from Pool(job_text, missing, workers - 1, shared, lambda number: _make_here(local_job, number)).results()
    else:
        yield from ((number, _make_here(local_job, number)) for number in missing)


def _make_here(local_job: job.Job, number: int) -> Record:
    """Make a part in this process."""
    try:
        return local_job.make(number)
    except MemoryError:
        raise WorkerError(TOO_LITTLE_MEMORY) from None


def _note(error: BaseException, done: int, parts: int, *, resumed: bool) -> None:
    """Add to an error how the run can be continued, if some parts of it are stored."""
    if isinstance(error, SAME_AGAIN) or not (done or (resumed and isinstance(error, KeyboardInterrupt))):
        return
    finished = f"{done} of {parts} parts are finished and stored" if done else "the parts of this run stay stored"
    note = f"{finished}; repeat the same run with resume (--resume) to continue"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
