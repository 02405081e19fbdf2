"""The SimPy driver: one environment per site, one process per patient, visits that may need a slot of the clinic.

A process sleeps until its patient's next visit, the only event that patients share; the compiled ``advance`` plays all
events in between. A patient's own times never pass through the site's calendar, so that with unlimited slots the
record has no rounding of the calendar.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from nephrosyn.course.advance import LOG_FULL, TOO_MANY_EVENTS, advance
from nephrosyn.course.state.state import CLOCK_COLUMNS, DUE, STATE, Clock
from nephrosyn.engine.event_log import CourseLog
from nephrosyn.engine.limits import too_many_events
from nephrosyn.engine.visit_length import visit_length
from nephrosyn.kernels.compile import entry
from nephrosyn.patients.traits import records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.course.parameters.prepare import PreparedScenario
    from nephrosyn.scenario.schema.scenario import Scenario

Process = Generator[Any, Any, None]
_VISIT = int(Clock.VISIT)
_VISITS_DRAWN = 32


@entry
def _draw_visit_lengths(patient, visit, prepared, lengths):
    """Write lengths (days) of the patient's next visits, drawn together because a call costs more than a draw."""
    for k in range(len(lengths)):
        lengths[k] = visit_length(prepared, patient, visit + k)


class Site:
    """The patients of one site and the clinic they share.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    prepared : PreparedScenario
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The site's patients.
    """

    def __init__(self, scenario: Scenario, prepared: PreparedScenario, traits: NDArray[np.void]) -> None:
        self._prepared = prepared
        self._traits = traits
        self._clocks = np.zeros((len(traits), 4, CLOCK_COLUMNS))
        self._log = CourseLog(len(traits), scenario.population.follow_up_days)
        self._states = states = records(len(traits), STATE)
        self._waited, self._dropped_out = states["waited"], states["dropped_out"]
        self._visits_allowed = states["visits_allowed"]
        self._arrays = traits, states, self._clocks, prepared
        self._play = advance.bind(3, *self._arrays, self._log.arrays)
        self._lengths = np.empty(_VISITS_DRAWN)
        self._draw_lengths = _draw_visit_lengths.bind(2, prepared, self._lengths)
        self._environment = simpy.Environment()
        slots = scenario.care.clinic.slots
        self.clinic = None if slots == "unlimited" else simpy.Resource(self._environment, capacity=slots)

    def play(self) -> NDArray[np.void]:
        """Play all courses.

        Returns
        -------
        ndarray of ROW, shape (rows,)
            The log of the courses, by patient.
        """
        patient = self._patient if self.clinic is None else self._patient_of_a_busy_clinic
        for i in range(len(self._traits)):
            self._environment.process(patient(i))
        self._environment.run()
        return self._log.by_patient()

    def _advance(self, i: int, visits: int) -> float:
        """Play patient i up to the next visit not allowed yet; return its time, or inf at the end."""
        log = self._log
        due: float = self._play(i, i + 1, visits)
        while due == LOG_FULL:
            log.grow()
            self._play = advance.bind(3, *self._arrays, log.arrays)
            due = self._play(i, i + 1, 0)
        if due == TOO_MANY_EVENTS:
            replicate = int(self._prepared.parameters["replicate"][0])
            raise too_many_events(replicate, int(self._traits["patient"][i]), self._states[i])
        return due

    def _patient(self, i: int) -> Process:
        """Process of a patient for whom there is always a slot."""
        timeout = self._environment.timeout
        now = -float(self._traits["entry_days"][i])
        due = self._advance(i, 0)
        while due < math.inf:
            yield timeout(due - now)
            now = due
            due = self._advance(i, 1)

    def _patient_of_a_busy_clinic(self, i: int) -> Process:
        """Process of a patient who queues for a slot, until dropping out."""
        environment, clinic, timeout = self._environment, self.clinic, self._environment.timeout
        assert clinic is not None
        patient, entered = int(self._traits["patient"][i]), float(self._traits["entry_days"][i])
        now, visit = -entered, 0
        due = self._advance(i, 0)
        while due < math.inf:
            yield timeout(max(due - now, 0.0))
            now = due
            if self._dropped_out[i]:
                due = self._advance(i, 1)
                continue
            if visit % _VISITS_DRAWN == 0:
                self._draw_lengths(patient, visit)
                lengths = self._lengths.tolist()
            requested_at = environment.now
            with clinic.request() as slot:
                yield slot
                self._delay(i, environment.now - requested_at)
                due = self._advance(i, 1)
                came = self._visits_allowed[i] == 0
                if came:  # and did not die in the queue
                    yield timeout(lengths[visit % _VISITS_DRAWN])
            visit += 1
            now = environment.now - entered

    def _delay(self, i: int, waited: float) -> None:
        """Delay patient i's visit by a waiting time (days)."""
        if waited > 0.0:
            self._waited[i] = waited
            self._clocks[i, DUE, _VISIT] += waited


def play(scenario: Scenario, prepared: PreparedScenario, traits: NDArray[np.void]) -> NDArray[np.void]:
    """Play the courses of some patients, site by site.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    prepared : PreparedScenario
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The patients, by site.

    Returns
    -------
    ndarray of ROW, shape (rows,)
        The log of the courses, by patient.
    """
    sites = np.flatnonzero(np.diff(traits["site"], prepend=-1))
    logs = [Site(scenario, prepared, site_traits).play() for site_traits in np.split(traits, sites[1:])]
    return np.concatenate(logs)
