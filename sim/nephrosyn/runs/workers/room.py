"""Refuse runs that would fill the disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.draws import draw_tables
from nephrosyn.runs.folder import Format, storage
from nephrosyn.runs.folder.part import encoded

if TYPE_CHECKING:
    from nephrosyn.runs.run import Plan

LEAST_BYTES_A_PATIENT = 200
"""A lower bound for any run: the traits alone are numbers that do not compress."""


def check(patients: int, folder: str | Path) -> None:
    """Refuse a run that would certainly fill the disk.

    Parameters
    ----------
    patients : int
        Number of patients in all replicates.
    folder : str or Path
        Where the run is written; the room at a URL is not checked.

    Raises
    ------
    RunFolderError
        If there is less room than the smallest run of this size takes.
    """
    disk, least = _disk(folder), patients * LEAST_BYTES_A_PATIENT
    if disk is not None and least > disk[1]:
        needed, free = (f"{size / 2**30:,.1f} GiB" for size in (least, disk[1]))
        raise RunFolderError(
            f"{patients:,} patients take at least {needed}, and {disk[0]} has {free} free; "
            "write to another disk with --out (in Python: out), or simulate fewer patients"
        )


def check_kept(plan: Plan, folder: str | Path, format: Format) -> None:
    """Refuse to keep draws whose tables would fill the disk or the memory; a sample of patients gives their size.

    Parameters
    ----------
    plan : Plan
        The run.
    folder : str or Path
        Where it is written; the room at a URL is not known.
    format : {"parquet", "csv"}
        Format of the tables.

    Raises
    ------
    RunFolderError
        If they would not fit.
    """
    if plan.drawn is None or not plan.drawn.keep:
        return
    sample, patients = plan.sample(), plan.drawn.patients
    draw_tables.check_memory(1, patients, sample)  # one draw at least is made at a time
    size = sum(len(encoded(frame, format, name)) for name, frame in sample.items()) / sample["patients"].height
    existing, free = _disk(folder) or (str(folder), float("inf"))
    draw_tables.check_size(plan.drawn.draws, patients, size, free, existing)


def _disk(folder: str | Path) -> tuple[str, float] | None:
    """Return the nearest existing folder and the room there (bytes); None for a URL or a file system without a size."""
    if storage.is_remote(folder):
        return None
    path = storage.local(folder).absolute()
    existing = next((parent for parent in (path, *path.parents) if parent.is_dir()), None)
    if existing is None:
        return None
    disk = shutil.disk_usage(existing)
    return (str(existing), float(disk.free)) if disk.total else None  # a virtual file system may have no size
