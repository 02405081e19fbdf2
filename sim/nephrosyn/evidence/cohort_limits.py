"""Limits of the cohorts that validation, calibration and sensitivity analyses simulate."""

from __future__ import annotations

from nephrosyn.errors import MOST_PATIENTS, MOST_SEED, EvidenceError, wrong_count


def check_cohort(patients: int, seed: int, most_seed: int = MOST_SEED) -> None:
    """Check the size and the seed of a cohort.

    Parameters
    ----------
    patients, seed : int
        Number of patients, and seed of the random numbers.
    most_seed : int
        Largest seed allowed.

    Raises
    ------
    EvidenceError
        If one of them is out of range.
    """
    wrong = [*wrong_count("patients", patients, 1, MOST_PATIENTS), *wrong_count("seed", seed, 0, most_seed)]
    if wrong:
        raise EvidenceError("; ".join(wrong))
