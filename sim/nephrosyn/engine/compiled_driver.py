"""The compiled driver: one patient after another, each to the end, for patients who share no clinic."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.course.advance import ALL_VISITS, LOG_FULL, TOO_MANY_EVENTS, advance
from nephrosyn.course.state.state import CLOCK_COLUMNS, STATE
from nephrosyn.engine.event_log import CourseLog
from nephrosyn.engine.limits import too_many_events
from nephrosyn.patients.traits import records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.course.parameters.prepare import PreparedScenario
    from nephrosyn.scenario.schema.scenario import Scenario

FIRST_BATCH = 8
"""Patients of the first call of compiled code; the number grows as long as a call stays short."""
LONGEST_BATCH_SECONDS = 0.1
"""Longest call of compiled code: an interrupt waits until it returns. Results do not depend on it."""


def play(
    scenario: Scenario, prepared: PreparedScenario, traits: NDArray[np.void], log: CourseLog | None = None
) -> NDArray[np.void]:
    """Play the courses of some patients.

    Parameters
    ----------
    scenario : Scenario
        A scenario with an unlimited clinic.
    prepared : PreparedScenario
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    log : CourseLog, optional
        An empty log to write; by default, a new one.

    Returns
    -------
    ndarray of ROW, shape (rows,)
        The rows of the courses, by patient.

    Raises
    ------
    EngineError
        If a patient has more events than any sound scenario produces, or the rows do not fit into memory.
    """
    states = records(len(traits), STATE)
    clocks = np.zeros((len(traits), 4, CLOCK_COLUMNS))
    log = log or CourseLog(len(traits), scenario.population.follow_up_days)
    first, batch = 0, FIRST_BATCH
    while first < len(traits):
        begun = perf_counter()
        stop = min(first + batch, len(traits))
        due = advance(first, stop, ALL_VISITS, traits, states, clocks, prepared, log.arrays)
        ended = due not in (LOG_FULL, TOO_MANY_EVENTS)
        first = stop if ended else first + int(np.argmin(states["over"][first:stop]))
        if due == TOO_MANY_EVENTS:
            replicate = int(prepared.parameters["replicate"][0])
            raise too_many_events(replicate, int(traits["patient"][first]), states[first])
        if due == LOG_FULL:
            log.grow()
        elif perf_counter() - begun < LONGEST_BATCH_SECONDS:
            batch *= 4
        else:
            batch = max(batch // 8, 1)
    return log.by_patient(ordered=bool(np.all(np.diff(traits["patient"]) > 0)))
