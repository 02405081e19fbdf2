"""What the studies counted, by name: every measure takes a study and gives its rows and the number they make.

A measure reads the record as the paper did. It is a pure function of the tables; the figures of the evidence name it
with its arguments, and `counted` puts together the rows of the parts of a cohort.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import polars as pl

from nephrosyn.evidence.measures.estimators import Estimate, Statistic
from nephrosyn.evidence.measures.study_view import Study

ROOMS = ("responses", "relapses", "treatments", "adverse_events")


@dataclass(frozen=True)
class Counted:
    """One row for each person who counts, and the statistic of the paper."""

    rows: pl.DataFrame
    statistic: Statistic

    def estimate(self) -> Estimate:
        """Return the number with its Monte-Carlo error."""
        return self.statistic(self.rows)


Measure = Callable[..., Counted]
_KNOWN: dict[str, Measure] = {}


def measure(function: Measure) -> Measure:
    """Make a function known by its name."""
    _KNOWN[function.__name__] = function
    return function


@cache
def measures() -> Mapping[str, Measure]:
    """Return every measure by its name.

    Examples
    --------
    >>> "relapsed_by" in measures()
    True
    """
    for room in ROOMS:
        import_module(f"{__package__}.{room}")
    return _KNOWN


def misfits(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the arguments of a measure; nothing if it can be called so.

    Examples
    --------
    >>> misfits("relapsed_by", {"definition": "iskdc", "days": 365, "dayz": 1})
    ['no argument dayz']
    """
    parameters = dict(list(inspect.signature(measures()[name]).parameters.items())[1:])
    missing = [key for key, one in parameters.items() if one.default is inspect.Parameter.empty]
    wrong = [f"no argument {key}" for key in arguments if key not in parameters]
    return wrong + [f"argument {key} is missing" for key in missing if key not in arguments]


def counted(name: str, arguments: Mapping[str, Any], studies: Sequence[Study]) -> Counted:
    """Return what a measure counts in the parts of a cohort."""
    parts = [measures()[name](study, **arguments) for study in studies]
    return joined(parts)


def joined(parts: Sequence[Counted]) -> Counted:
    """Return the parts of a cohort as one."""
    return Counted(pl.concat([part.rows for part in parts]), parts[0].statistic)
