"""Registry of measures. A measure takes a study and returns one row for each person counted, and an estimator.

A measure reads the record as the paper did, and is a pure function of its tables. The table of published estimates
names it with its arguments; `joined` combines the rows of the parts of a cohort.
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

ROOMS = ("responses", "relapses", "treatments", "adverse_events")


@dataclass(frozen=True)
class Counted:
    """One row for each person counted, and the estimator of the paper."""

    rows: pl.DataFrame
    statistic: Statistic

    def estimate(self) -> Estimate:
        """Return the number with its Monte Carlo error."""
        return self.statistic(self.rows)


Measure = Callable[..., Counted]
_KNOWN: dict[str, Measure] = {}


def measure(function: Measure) -> Measure:
    """Register a measure under the name of its function (a decorator)."""
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
    """Return what is wrong with the arguments of a measure; an empty list if it accepts them.

    Examples
    --------
    >>> misfits("relapsed_by", {"definition": "iskdc", "days": 365, "dayz": 1})
    ['no argument dayz']
    """
    parameters = dict(list(inspect.signature(measures()[name]).parameters.items())[1:])
    missing = [key for key, parameter in parameters.items() if parameter.default is inspect.Parameter.empty]
    wrong = [f"no argument {key}" for key in arguments if key not in parameters]
    return wrong + [f"argument {key} is missing" for key in missing if key not in arguments]


def joined(parts: Sequence[Counted]) -> Counted:
    """Return the counts of the parts of a cohort as one."""
    return Counted(pl.concat([part.rows for part in parts]), parts[0].statistic)
