"""Simulate a cohort in parts of whole sites: choose the engine, draw the patients, play their courses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.engine.event_log import CourseLog
from nephrosyn.errors import MOST_PARTS, EngineError
from nephrosyn.kernels.compile import is_ready
from nephrosyn.patients.draw import draw_patients
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.course.parameters.prepare import PreparedScenario
    from nephrosyn.scenario.schema.scenario import Scenario

Engine = Literal["simpy", "compiled"]

SMALL_COHORT = 200
"""Largest cohort without a queue for which ``auto`` takes SimPy, which is as fast there."""

PART_PATIENTS = 5_000
"""Most patients of a part by default, rounded to whole sites; results do not depend on it."""
SMALL_PART_PATIENTS, PARTS = 2_000, 20
"""A smaller cohort has this number of parts, so that workers can share it, unless they would be smaller than this."""
PART_YEARS = 2.0
"""Years of follow-up from which parts are smaller in proportion: they are limited by memory."""


@dataclass(frozen=True)
class History:
    """Traits and log of some patients of one replicate.

    Attributes
    ----------
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    rows : ndarray of ROW, shape (rows,)
        The log of their courses, by patient.
    """

    traits: NDArray[np.void]
    rows: NDArray[np.void]


def choose_engine(scenario: Scenario, engine: str, patients: int) -> Engine:
    """Choose the engine of a run.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    engine : {"auto", "simpy", "compiled"}
        The requested engine.
    patients : int
        Size of the cohort.

    Returns
    -------
    {"simpy", "compiled"}
        The engine that runs.
    """
    if engine != "auto":
        return "simpy" if engine == "simpy" else "compiled"
    return "simpy" if patients <= SMALL_COHORT and not has_queue(scenario) else "compiled"


def has_queue(scenario: Scenario) -> bool:
    """Whether patients share a clinic, where they may have to wait for one another."""
    return scenario.care.clinic.slots != "unlimited"


class Part(NamedTuple):
    """Whole sites of one replicate: the patients from `first` up to, but not including, `last`."""

    number: int
    replicate: int
    first: int
    last: int

    @property
    def patients(self) -> int:
        """Number of patients."""
        return self.last - self.first


def part_size(scenario: Scenario, part_patients: int | None = None) -> int:
    """Return the number of patients in a part: about the requested number, in whole sites.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    part_patients : int, optional
        The requested number; by default 2,000 to 5,000 for a follow-up of up to two years, more in larger cohorts, and
        fewer for a longer one.
    """
    per_site = scenario.population.patients_per_site
    return per_site * max((part_patients or _default_part(scenario)) // per_site, 1)


def _default_part(scenario: Scenario) -> int:
    shared = scenario.patients * scenario.replicates // PARTS
    years = scenario.population.follow_up_days / DAYS_PER_YEAR
    return int(min(PART_PATIENTS, max(SMALL_PART_PATIENTS, shared)) * min(1.0, PART_YEARS / years))


def cut(patients: int, replicates: int, size: int) -> list[Part]:
    """Cut a cohort into parts, replicate by replicate.

    Parameters
    ----------
    patients, replicates : int
        Patients of each replicate, and number of replicates.
    size : int
        Patients of a part, from `part_size`; the last part of a replicate holds the rest.

    Returns
    -------
    list of Part
        In the order of their numbers.

    Examples
    --------
    >>> [(part.number, part.replicate, part.patients) for part in cut(5, 2, 3)]
    [(0, 0, 3), (1, 0, 2), (2, 1, 3), (3, 1, 2)]
    """
    bounds = [(r, f, min(f + size, patients)) for r in range(replicates) for f in range(0, patients, size)]
    return [Part(number, *bound) for number, bound in enumerate(bounds)]


def check_parts(patients: int, replicates: int, size: int) -> None:
    """Check that a cohort is not cut into more parts than a run folder may hold.

    Parameters
    ----------
    patients, replicates, size : int
        As for `cut`.

    Raises
    ------
    EngineError
        If there are too many; it says what to change.
    """
    parts = replicates * -(-patients // size)
    if parts > MOST_PARTS:
        raise EngineError(
            f"{patients:,} patients in each of {replicates:,} replicates make {parts:,} parts of {size:,}; expected at "
            f"most {MOST_PARTS:,}: make --part-patients larger, or replicates fewer"
        )


class Player:
    """Plays parts of one cohort, in any order.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    engine : {"simpy", "compiled"}
        The engine.
    seed : int
        Seed of all random draws, together with the replicate of a part.
    reuse_log : bool
        Write the rows of each part where those of the part before were, which saves the time for new memory. The
        rows of a part are valid until the next is played.
    """

    def __init__(self, scenario: Scenario, engine: Engine, seed: int, *, reuse_log: bool = False) -> None:
        self._scenario, self._engine, self._seed, self._reuse_log = scenario, engine, seed, reuse_log
        self._prepared: tuple[int, PreparedScenario] | None = None
        self._log: CourseLog | None = None

    def play(self, part: Part) -> History:
        """Play the patients of a part."""
        if self._prepared is None or self._prepared[0] != part.replicate:
            self._prepared = part.replicate, prepare(self._scenario, self._seed, part.replicate)
        numbers = np.arange(part.first, part.last, dtype=np.int64)
        traits = draw_patients(self._scenario, self._seed, part.replicate, numbers)
        return History(traits, self._rows(self._prepared[1], traits))

    def _rows(self, prepared: PreparedScenario, traits: NDArray[np.void]) -> NDArray[np.void]:
        if self._engine == "simpy":
            from nephrosyn.engine import simpy_driver

            return simpy_driver.play(self._scenario, prepared, traits)
        if has_queue(self._scenario):
            from nephrosyn.engine import compiled_clinic

            return compiled_clinic.play(self._scenario, prepared, traits)
        from nephrosyn.engine import compiled_driver

        return compiled_driver.play(self._scenario, prepared, traits, self._emptied_log(len(traits)))

    def _emptied_log(self, patients: int) -> CourseLog | None:
        if not self._reuse_log:
            return None
        if self._log is None:
            self._log = CourseLog(patients, self._scenario.population.follow_up_days)
        self._log.empty(patients)
        return self._log


def simulate(scenario: Scenario, engine: Engine, seed: int, replicate: int, patients: int) -> Iterator[History]:
    """Play a cohort, part by part.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    engine : {"simpy", "compiled"}
        The engine.
    seed, replicate : int
        Seed and replicate of all random draws.
    patients : int
        Size of the cohort.

    Yields
    ------
    History
        The patients of a part, in order.
    """
    player = Player(scenario, engine, seed)
    for part in cut(patients, 1, part_size(scenario)):
        yield player.play(part._replace(replicate=replicate))


def is_compiled(scenario: Scenario, engine: Engine) -> bool:
    """Whether the compiled model of an engine is at hand; if not, the first part takes about a minute longer.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    engine : {"simpy", "compiled"}
        The engine.

    Returns
    -------
    bool
        True if it was built ahead or is cached, or compilation is switched off.
    """
    if engine == "compiled" and has_queue(scenario):
        from nephrosyn.engine.compiled_clinic import play_site

        return is_ready(play_site)
    from nephrosyn.course.advance import advance

    return is_ready(advance)
