"""The compiled driver: patient after patient, each to the end, for patients that do not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.course.state import CLOCKS, STATE
from nephrosyn.course.transitions import ALL_VISITS, NO_ROOM, advance
from nephrosyn.engine.course_log import CourseLog
from nephrosyn.patients import records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.course.parameters import Laws
    from nephrosyn.scenario.schema import Scenario


def play(scenario: Scenario, laws: Laws, traits: NDArray[np.void]) -> NDArray[np.void]:
    """Play the courses of some patients.

    Parameters
    ----------
    scenario : Scenario
        A scenario with an unlimited clinic.
    laws : Laws
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The patients.

    Returns
    -------
    ndarray of ROW, shape (rows,)
        Everything that happened, by patient.
    """
    states = records(len(traits), STATE)
    clocks = np.zeros((len(traits), 4, CLOCKS))
    log = CourseLog(len(traits), scenario.population.follow_up_days)
    first, shared = 0, laws.shared()
    while advance(first, len(traits), ALL_VISITS, traits, states, clocks, *shared, log.rows, log.count) == NO_ROOM:
        log.grow()
        first = int(np.argmin(states["over"]))
    return log.by_patient()
