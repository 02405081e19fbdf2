"""What is known of a share beyond the chance of its patients, where a run has no uncertainty interval of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["shipped", "not shipped", "all fixed", "too few", "later set"]


@dataclass(frozen=True)
class BeyondChance:
    """Where an interval with the scenario's uncertain numbers can be found, or why there is none.

    Attributes
    ----------
    status : {"shipped", "not shipped", "all fixed", "too few", "later set"}
        ``shipped``: the shipped analysis has an interval for this scenario and definition set; ``not shipped``: it has
        none. ``all fixed``: no number of the scenario is uncertain. Of a run with draws: ``too few``: in some draws the
        set applies to fewer patients than an interval needs; ``later set``: the run was classified by it later.
    draws : int
        Number of draws, of the shipped analysis or of the run.
    low, high : float
        95% uncertainty interval of the shipped analysis.
    few : tuple of int
        Draws with too few patients.
    """

    status: Status
    draws: int = 0
    low: float = 0.0
    high: float = 0.0
    few: tuple[int, ...] = ()
