"""Which patients become cases: drawn by a keyed hash within each category, as many as the balance asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from nephrosyn.errors import CasesError
from nephrosyn.teach.keyed_choice import number
from nephrosyn.teach.run_source import Patient

Thing = TypeVar("Thing")
ROOM = 1.5
"""A larger run is offered with this much room, for the share of a rare category varies."""


def in_order(patients: Sequence[Patient], *key: object) -> list[Patient]:
    """Return patients in an order that depends on the key and on nobody else."""
    return sorted(patients, key=lambda one: number(*key, *one))


def quotas(available: Mapping[str, int], count: int) -> dict[str, int]:
    """Return how many cases each category gives: equal numbers, what is left over to the most frequent.

    Parameters
    ----------
    available : mapping of str to int
        Patients of each category the set can give.
    count : int
        Cases in all.

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


def share_out(
    supplies: Mapping[str, Iterator[Thing]], available: Mapping[str, int], count: int
) -> dict[str, list[Thing]]:
    """Take equal numbers from each supply; what one lacks, the others make up, in equal numbers as far as they go.

    Parameters
    ----------
    supplies : mapping of str to iterator
        What each category gives, one at a time, and perhaps less than is available.
    available : mapping of str to int
        Patients of each category.
    count : int
        How many to take in all.

    Returns
    -------
    dict of str to list
        What was taken from each; less than `count` in all only if every supply has come to its end.

    Examples
    --------
    >>> taken = share_out({"rare": iter("r"), "often": iter("oooooo"), "also": iter("aaa")}, {"rare": 2, "often": 6,
    ...     "also": 3}, 9)
    >>> {name: len(things) for name, things in taken.items()}
    {'rare': 1, 'often': 5, 'also': 3}
    """
    taken: dict[str, list[Thing]] = {name: [] for name in supplies}
    open_ = list(supplies)
    while open_ and (missing := count - sum(map(len, taken.values()))):
        left = {name: available[name] - len(taken[name]) for name in open_}
        for name, wanted in quotas(left, missing).items():
            fresh = list(islice(supplies[name], wanted))
            taken[name] += fresh
            if len(fresh) < wanted:
                open_.remove(name)
    return taken


def larger(patients: int, wanted: int, found: int) -> int:
    """Return the size of a run that has enough, to the next thousand.

    Parameters
    ----------
    patients : int
        Of the run at hand.
    wanted, found : int
        Cases that are asked for, and that it gives.

    Examples
    --------
    >>> larger(2000, 7, 5), larger(300, 20, 12)
    (5000, 1000)
    """
    factor = max(2.0, ROOM * wanted / max(found, 1))
    return math.ceil(patients * factor / 1000) * 1000


def refuse(wanted: int, found: int, patients: int, scenario: str, what: str) -> CasesError:
    """Return the refusal of a run that does not give enough cases, whatever their category.

    Parameters
    ----------
    wanted, found : int
        Patients who are to become cases, and who do.
    patients : int
        Of the run.
    scenario : str
        Its name.
    what : str
        What they are to become, as ``single cases of difficulty 5``.
    """
    given = (
        f"its {patients:,} patients make {found:,} {what} at most" if found else f"none of its patients makes {what}"
    )
    line = f"the run does not give {wanted:,} cases: {given}"
    if not found:
        return CasesError(f"{line}; ask for another kind or difficulty, or make a run of another scenario")
    run = f"nephrosyn run {scenario} --patients {larger(patients, wanted, found)}"
    return CasesError(f"{line}\nask for fewer cases, or make a larger run, as: {run}")
