"""How many, at most: the whole numbers that scenarios, commands and functions take, each with one limit everywhere."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from nephrosyn.scenario.messages import number_text, shown

MOST_PATIENTS = 100_000_000
"""In each replicate."""
MOST_REPLICATES = 100_000
MOST_SEED = 2**63 - 1
MOST_WORKERS = 1024
MOST_PART_PATIENTS = 1_000_000
MOST_PARTS = 200_000


def wrong_count(name: str, value: Any, least: int, most: int) -> list[str]:
    """Return what is wrong with a whole number that was asked for.

    Parameters
    ----------
    name : str
        What to call it: an argument or an option.
    value : object
        What stands there.
    least, most : int
        Its limits.

    Returns
    -------
    list of str, length 0 or 1
        A sentence, if it is none or lies outside.

    Examples
    --------
    >>> wrong_count("patients", 10**12, 1, MOST_PATIENTS)
    ['patients: expected a whole number from 1 to 100000000; found 1000000000000']
    >>> wrong_count("patients", 5, 1, MOST_PATIENTS)
    []
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and least <= int(value) <= most:
        return []
    return [f"{name}: expected a whole number from {number_text(least)} to {number_text(most)}; found {shown(value)}"]
