"""How many processes are worth starting for a run."""

from __future__ import annotations

from nephrosyn.runs.cores import cores

PARTS_WORTH_A_WORKER = 8
"""A worker takes half a second to start; with fewer parts it would save less than a second."""

USUAL_PART_PATIENTS = 2_000
"""Patients of a part, if nothing else is asked for; about this number is enough here."""


def worth_starting(parts: int, workers: int | None) -> int:
    """Return the number of processes that make parts, this one included.

    Parameters
    ----------
    parts : int
        Number of parts.
    workers : int, optional
        The number that was asked for; by default all cores, as far as they are worth starting.

    Examples
    --------
    >>> worth_starting(4, None), worth_starting(4, 3), worth_starting(2, 3)
    (1, 3, 2)
    """
    return max(1, min(workers or min(cores(), parts // PARTS_WORTH_A_WORKER), parts))


def worth_starting_ahead(
    patients: int | None, replicates: int | None, part_patients: int | None, workers: int | None
) -> int:
    """Return the number of workers to start before anything is checked or loaded; 0 if that is not known.

    Parameters
    ----------
    patients, replicates, part_patients, workers : int, optional
        Options of the run.

    Examples
    --------
    >>> worth_starting_ahead(1_000_000, None, None, 1), worth_starting_ahead(None, None, None, 2)
    (0, 0)
    """
    if patients is None or min(patients, replicates or 1, part_patients or 1, workers or 1) < 1:
        return 0
    parts = patients * (replicates or 1) // (part_patients or USUAL_PART_PATIENTS)
    return max(0, min(worth_starting(parts, workers), cores()) - 1)
