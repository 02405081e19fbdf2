"""Write a run: which parts are missing, who makes them, and what is kept when something breaks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from nephrosyn.errors import ClusterError, RunFolderError
from nephrosyn.runs.folder import Format, RemoteWriter, Writer, begun, location
from nephrosyn.runs.run import Plan, cores
from nephrosyn.runs.workers import dask, job
from nephrosyn.runs.workers.job import TOO_LITTLE_MEMORY
from nephrosyn.runs.workers.local import Pool
from nephrosyn.scenario.counts import MOST_PART_PATIENTS, MOST_WORKERS, wrong_count

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record

LEAST_BYTES_A_PATIENT = 200
"""A patient takes more in any run: their traits alone are numbers that cannot be compressed."""
PARTS_WORTH_A_WORKER = 8
"""A worker takes about two seconds to start, as long as so many parts."""


@dataclass(frozen=True)
class Asked:
    """How a run is to be written.

    Attributes
    ----------
    format : {"parquet", "csv"}
        Of the tables.
    overwrite, resume : bool
        Replace what stands there; go on with what was begun there.
    workers : int or None
        Processes of this machine; None for all cores, as far as they are worth starting.
    cluster : str or None
        Address of a Dask scheduler, or ``local:N``.
    part_patients : int or None
        About so many patients make a part.
    """

    format: Format = "parquet"
    overwrite: bool = False
    resume: bool = False
    workers: int | None = 1
    cluster: str | None = None
    part_patients: int | None = None

    def check(self, out: str | Path | None) -> None:
        """Refuse what cannot be meant.

        Parameters
        ----------
        out : str, Path or None
            Where the run goes; None for memory.

        Raises
        ------
        ClusterError
            With all that is wrong.
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
                wrong.append("cluster: a run in memory is made by this process; name a folder or URL (out)")
        if self.resume and self.overwrite:
            wrong.append("--resume goes on with a run and --overwrite throws it away: name one of them")
        if self.resume and out is None:
            wrong.append("resume: a run in memory leaves nothing to go on with; name its folder or URL (out)")
        if wrong:
            raise ClusterError("; ".join(wrong))

    def size(self, folder: str | Path) -> int | None:
        """Return how many patients make a part: as asked for, else as in the run that is gone on with."""
        kept = begun(folder).get("part_patients") if self.resume and self.part_patients is None else None
        return kept if isinstance(kept, int) and kept > 0 else self.part_patients


def writer_of(folder: str | Path, asked: Asked, about: dict[str, Any]) -> Writer | RemoteWriter:
    """Return what writes a run to a folder or URL."""
    options: dict[str, Any] = {"overwrite": asked.overwrite, "resume": asked.resume, "about": about}
    if location.is_remote(folder):
        return RemoteWriter(str(folder), **options)
    return Writer(location.local(folder), **options)


def check_room(patients: int, folder: str | Path) -> None:
    """Refuse a run that is sure to fill the disk.

    Parameters
    ----------
    patients : int
        How many in all.
    folder : str or Path
        Place of the run; of a URL nothing is known.

    Raises
    ------
    RunFolderError
        If there is less room than even patients of a short course take.
    """
    if location.is_remote(folder):
        return
    path = location.local(folder).absolute()
    there = next((one for one in (path, *path.parents) if one.is_dir()), None)
    if there is None:
        return
    disk, least = shutil.disk_usage(there), patients * LEAST_BYTES_A_PATIENT
    if disk.total and least > disk.free:  # what has no size is no disk
        needed, free = (f"{size / 2**30:,.1f} GiB" for size in (least, disk.free))
        raise RunFolderError(
            f"{patients:,} patients take at least {needed}, and {there} has {free} free; "
            "write to another place, or simulate fewer patients"
        )


def write(plan: Plan, folder: str | Path, asked: Asked) -> None:
    """Write a run folder.

    Parameters
    ----------
    plan : Plan
        The run.
    folder : str or Path
        Its place: a folder, or a URL that fsspec reaches.
    asked : Asked
        How.

    Raises
    ------
    RunFolderError, ClusterError
        If it cannot be written; what is finished is kept, and a note on the error says how to go on.
    """
    if not asked.resume:
        check_room(plan.scenario.patients * plan.scenario.replicates, folder)
    writer = writer_of(folder, asked, plan.about(asked.format))
    parts = plan.parts
    try:
        missing = [n for n in range(len(parts)) if not (asked.resume and writer.parts.finished(n))]
        done = sum(parts[n].patients for n in range(len(parts))) - sum(parts[n].patients for n in missing)
        total = plan.scenario.patients * plan.scenario.replicates
        plan.progress("simulate", done, total)
        told = job.text(plan, asked.format, writer.place.url, writer.run, writer.holder)
        for number, record in _made(plan, told, missing, asked, writer.shared):
            writer.parts.note(number, record)
            done += parts[number].patients
            plan.progress("simulate", done, total)
        writer.finish()
    except BaseException as error:
        _note(error, len(writer.parts.done), len(parts))
        raise
    finally:
        try:
            writer.stop()
        finally:  # polars raises an interrupt by itself and Python then raises the same one again, in the clean-up
            writer.stop()


def _made(
    plan: Plan, told: str, missing: Sequence[int], asked: Asked, shared: Sequence[int]
) -> Iterator[tuple[int, Record]]:
    """Number and record of every missing part, as it is made."""
    if missing and asked.cluster is not None:
        yield from dask.results(asked.cluster, told, missing)
        return
    if missing and not plan.is_compiled:  # once, and not by every worker
        plan.compile_aside()
        yield missing[0], _here(job.Job(told, plan), missing[0])
        missing = missing[1:]
    workers = asked.workers or max(1, min(cores(), len(missing) // PARTS_WORTH_A_WORKER))
    if workers > 1 and len(missing) > 1:
        yield from Pool(told, missing, workers, shared).results()
    else:
        here = job.Job(told, plan)
        yield from ((number, _here(here, number)) for number in missing)


def _here(here: job.Job, number: int) -> Record:
    """Make a part in this process."""
    try:
        return here.make(number)
    except MemoryError:
        raise ClusterError(TOO_LITTLE_MEMORY) from None


def _note(error: BaseException, done: int, parts: int) -> None:
    if done:
        error.add_note(f"{done} of {parts} parts are finished and kept; go on with the same command and --resume")
