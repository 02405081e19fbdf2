"""A cohort in parts of whole sites: choose the driver, draw the patients, play them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from nephrosyn.compiling import is_kept
from nephrosyn.course.parameters import prepare
from nephrosyn.patients import draw_patients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema import Scenario

Engine = Literal["simpy", "compiled"]

SMALL_COHORT = 200
"""Up to so many patients ``auto`` takes SimPy, which is as quick there."""

PART_PATIENTS = 2_000
"""Patients played at a time, rounded to whole sites; the result does not depend on it.

The rows of so many are still given back to the allocator and used again, where more would be fresh pages each time.
"""


class EngineError(ValueError):
    """A scenario that the chosen engine cannot run."""


@dataclass(frozen=True)
class History:
    """What happened to some patients of one replicate.

    Attributes
    ----------
    traits : ndarray of TRAITS, shape (n,)
        Who they are.
    rows : ndarray of ROW, shape (rows,)
        What happened, by patient.
    """

    traits: NDArray[np.void]
    rows: NDArray[np.void]


def choose(scenario: Scenario, engine: str, patients: int) -> Engine:
    """Choose the driver of a run.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    engine : {"auto", "simpy", "compiled"}
        What was asked for.
    patients : int
        Size of the cohort.

    Returns
    -------
    {"simpy", "compiled"}
        The driver.

    Raises
    ------
    EngineError
        If the compiled engine is asked to run a clinic with finite slots.
    """
    finite = scenario.care.clinic.slots != "unlimited"
    if engine == "compiled":
        if finite:
            raise EngineError(
                f"The compiled engine plays patients that do not meet, but care.clinic.slots is "
                f"{scenario.care.clinic.slots}. Use --engine simpy (or auto), or care.clinic.slots=unlimited."
            )
        return "compiled"
    return "simpy" if engine == "simpy" or finite or patients <= SMALL_COHORT else "compiled"


def simulate(scenario: Scenario, engine: Engine, seed: int, replicate: int, patients: int) -> Iterator[History]:
    """Play a cohort, part by part.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    engine : {"simpy", "compiled"}
        The driver.
    seed, replicate : int
        Address of all draws.
    patients : int
        How many.

    Yields
    ------
    History
        A part: some patients, in order.
    """
    if engine == "simpy":
        from nephrosyn.engine.clinic import play
    else:
        from nephrosyn.engine.compiled import play
    laws = prepare(scenario, seed, replicate)
    per_site = scenario.population.patients_per_site
    part = per_site * max(PART_PATIENTS // per_site, 1)
    for first in range(0, patients, part):
        numbers = np.arange(first, min(first + part, patients), dtype=np.int64)
        traits = draw_patients(scenario, seed, replicate, numbers)
        yield History(traits, play(scenario, laws, traits))


def is_compiled(engine: Engine) -> bool:
    """Whether an engine's model was compiled on this machine before; if not, the first part takes a minute longer.

    Parameters
    ----------
    engine : {"simpy", "compiled"}
        The driver.

    Returns
    -------
    bool
        True where a compiled copy is kept, or compilation is switched off.
    """
    from nephrosyn.course.transitions import advance

    return is_kept(advance)
