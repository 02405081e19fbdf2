"""Limits of the cohorts that validation, calibration and sensitivity analyses simulate."""

from __future__ import annotations

from nephrosyn.errors import RefusalError
from nephrosyn.scenario.counts import MOST_PATIENTS, MOST_SEED, wrong_count


def check_cohort(patients: int, seed: int, most_seed: int = MOST_SEED) -> None:
    """Refuse cohorts that cannot be made.

    Parameters
    ----------
    patients, seed : int
        Size of a cohort, and address of its draws.
    most_seed : int
        Largest seed that can be used.

    Raises
    ------
    RefusalError
        With what was expected.
    """
    wrong = [*wrong_count("patients", patients, 1, MOST_PATIENTS), *wrong_count("seed", seed, 0, most_seed)]
    if wrong:
        raise RefusalError("; ".join(wrong))
