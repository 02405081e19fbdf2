"""Which patients become cases: drawn by a keyed hash within each category, as many as the balance asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nephrosyn.cases.errors import CasesError
from nephrosyn.cases.keyed import number
from nephrosyn.cases.source import Patient
from nephrosyn.cases.words import spoken

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


def refuse(short: Mapping[str, tuple[int, int]], patients: int, scenario: str, why: str = "") -> CasesError:
    """Return the refusal of categories with too few patients.

    Parameters
    ----------
    short : mapping of str to (int, int)
        Category, and how many are wanted and exist.
    patients : int
        Of the run.
    scenario : str
        Its name.
    why : str
        What they must also be, as ``of difficulty 5``.
    """
    lines = []
    factor = 2.0
    for name, (wanted, found) in short.items():
        lines.append(f"{spoken(name)}: expected {wanted} patient{'' if wanted == 1 else 's'}{why}; the run has {found}")
        factor = max(factor, ROOM * wanted / max(found, 1))
    larger = math.ceil(patients * factor / 1000) * 1000
    run = f"nephrosyn run {scenario} --patients {larger}"
    if any(found == 0 for _, found in short.values()):  # a larger run may have none either
        lines.append(f"ask for --balance natural, or try a larger run, as: {run}")
    else:
        lines.append(f"make a larger run, as: {run}; or ask for fewer cases, or --balance natural")
    return CasesError("\n".join(lines))
