"""Which patients become cases: drawn by a keyed hash within each category, in the requested balance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from nephrosyn.errors import CasesError
from nephrosyn.teach.keyed_choice import number
from nephrosyn.teach.run_source import Patient

T = TypeVar("T")
RESERVE = 1.5
"""The larger run that is suggested has this factor in reserve, because the share of a rare category varies."""


def in_order(patients: Sequence[Patient], *key: object) -> list[Patient]:
    """Return patients in an order that depends on the key and on each patient only."""
    return sorted(patients, key=lambda patient: number(*key, *patient))


def quotas(available: Mapping[str, int], count: int) -> dict[str, int]:
    """Return the number of cases from each category: equal numbers, with the remainder from the most frequent ones.

    Parameters
    ----------
    available : mapping of str to int
        Number of patients in each category.
    count : int
        Total number of cases.

    Examples
    --------
    >>> quotas({"a": 50, "b": 3, "c": 10}, 7)
    {'a': 3, 'b': 2, 'c': 2}
    """
    often = sorted(available, key=lambda name: -available[name])
    given = dict.fromkeys(available, count // len(available))
    for name in often[: count - sum(given.values())]:
        given[name] += 1
    return given


def share_out(supplies: Mapping[str, Iterator[T]], available: Mapping[str, int], count: int) -> dict[str, list[T]]:
    """Take equal numbers from each supply; shortfalls are filled from the others, again in equal numbers.

    Parameters
    ----------
    supplies : mapping of str to iterator
        Supply of each category, which may end before all available patients are used.
    available : mapping of str to int
        Number of patients in each category.
    count : int
        Total number to take.

    Returns
    -------
    dict of str to list
        What was taken from each; fewer than `count` in total only if all supplies are exhausted.

    Examples
    --------
    >>> taken = share_out({"rare": iter("r"), "often": iter("oooooo"), "also": iter("aaa")}, {"rare": 2, "often": 6,
    ...     "also": 3}, 9)
    >>> {name: len(things) for name, things in taken.items()}
    {'rare': 1, 'often': 5, 'also': 3}
    """
    taken: dict[str, list[T]] = {name: [] for name in supplies}
    open_ = list(supplies)
    while open_ and (missing := count - sum(map(len, taken.values()))):
        left = {name: available[name] - len(taken[name]) for name in open_}
        for name, wanted in quotas(left, missing).items():
            fresh = list(islice(supplies[name], wanted))
            taken[name] += fresh
            if len(fresh) < wanted:
                open_.remove(name)
    return taken


def larger(patients: int, wanted: int, available: int) -> int:
    """Return the size of a run that is probably large enough, rounded up to a thousand.

    Parameters
    ----------
    patients : int
        Size of the present run.
    wanted, available : int
        Cases requested, and cases that the present run gives.

    Examples
    --------
    >>> larger(2000, 7, 5), larger(300, 20, 12)
    (5000, 1000)
    """
    factor = max(2.0, RESERVE * wanted / max(available, 1))
    return math.ceil(patients * factor / 1000) * 1000


def too_few_cases_error(wanted: int, available: int, patients: int, scenario: str, what: str) -> CasesError:
    """Return the error for a run that does not give enough cases of any category.

    Parameters
    ----------
    wanted, available : int
        Patients needed, and patients whose records make a case.
    patients : int
        Size of the run.
    scenario : str
        Name of its scenario.
    what : str
        The cases, for example ``single cases of difficulty 5``.
    """
    given = (
        f"its {patients:,} patients make {available:,} {what} at most"
        if available
        else f"none of its patients makes {what}"
    )
    line = f"the run does not give {wanted:,} cases: {given}"
    if not available:
        return CasesError(f"{line}; ask for another kind or difficulty, or make a run of another scenario")
    run = f"nephrosyn run {scenario} --patients {larger(patients, wanted, available)}"
    return CasesError(f"{line}\nask for fewer cases, or make a larger run, for example: {run}")
