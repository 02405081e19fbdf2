"""The SimPy driver: one environment per site, one process per patient, visits that may need a slot of the clinic.

A process sleeps until what its patient shares with others, the next visit; what only the patient feels is played by the
compiled ``advance`` in between. The patient's own times never pass through the site's calendar, so that with unlimited
slots no rounding of the calendar reaches the record.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from nephrosyn.compiling import entry, kernel
from nephrosyn.course.quantiles import quantile
from nephrosyn.course.state import CLOCKS, DUE, STATE, Clock
from nephrosyn.course.transitions import NO_ROOM, advance
from nephrosyn.engine.course_log import CourseLog
from nephrosyn.patients import records
from nephrosyn.streams import Purpose, normal_quantile, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.course.parameters import Laws
    from nephrosyn.scenario.schema import Scenario

Process = Generator[Any, Any, None]
_VISIT = int(Clock.VISIT)


@kernel
def _visit_length_days(p, tables, patient, visit):
    u = uniforms(p.seed, p.replicate, patient, Purpose.VISIT_LENGTH, visit)
    return quantile(tables, p.visit_length_table, normal_quantile(u[0]))


@entry
def _lengths(parameters, tables, patient, visit):
    return _visit_length_days(parameters[0], tables, patient, visit)


class Site:
    """The patients of one site and the clinic they share.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    laws : Laws
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The site's patients.
    """

    def __init__(self, scenario: Scenario, laws: Laws, traits: NDArray[np.void]) -> None:
        self._laws = laws
        self._traits = traits
        self._states = records(len(traits), STATE)
        self._clocks = np.zeros((len(traits), 4, CLOCKS))
        self._log = CourseLog(len(traits), scenario.population.follow_up_days)
        self._environment = simpy.Environment()
        slots = scenario.care.clinic.slots
        self.clinic = None if slots == "unlimited" else simpy.Resource(self._environment, capacity=slots)

    def play(self) -> NDArray[np.void]:
        """Play all courses.

        Returns
        -------
        ndarray of ROW, shape (rows,)
            Everything that happened, by patient.
        """
        patient = self._patient if self.clinic is None else self._patient_of_a_busy_clinic
        for i in range(len(self._traits)):
            self._environment.process(patient(i))
        self._environment.run()
        return self._log.by_patient()

    def _advance(self, i: int, visits: int) -> float:
        """Play patient i up to the next visit beyond those allowed; its time, or inf at the end."""
        log = self._log
        while True:
            due = advance(
                i, visits, self._traits, self._states, self._clocks, *self._laws.shared(), log.rows, log.count
            )
            if due != NO_ROOM:
                return float(due)
            log.grow()
            visits = 0

    def _patient(self, i: int) -> Process:
        """A patient for whom there is always a slot."""
        timeout = self._environment.timeout
        now = -float(self._traits["entry_days"][i])
        due = self._advance(i, 0)
        while due < math.inf:
            yield timeout(due - now)
            now = due
            due = self._advance(i, 1)

    def _patient_of_a_busy_clinic(self, i: int) -> Process:
        """A patient who queues for a slot, until leaving the clinic's care."""
        environment, patient = self._environment, int(self._traits["patient"][i])
        now = -float(self._traits["entry_days"][i])
        visit = 0
        due = self._advance(i, 0)
        while due < math.inf:
            yield environment.timeout(max(due - now, 0.0))
            now = due
            if self._states["dropped_out"][i]:
                due = self._advance(i, 1)
                continue
            yield from self._visit(i, _lengths(self._laws.parameters, self._laws.tables, patient, visit))
            visit += 1
            now = environment.now - float(self._traits["entry_days"][i])
            due = self._advance(i, 0)

    def _visit(self, i: int, length_days: float) -> Iterator[Any]:
        """Wait for a slot, be seen, and hold the slot for the length of the visit."""
        environment = self._environment
        asked = environment.now
        assert self.clinic is not None
        with self.clinic.request() as slot:
            yield slot
            waited = environment.now - asked
            if waited > 0.0:
                self._states["waited"][i] = waited
                self._clocks[i, DUE, _VISIT] += waited
            self._advance(i, 1)
            came = self._states["visits_allowed"][i] == 0
            if came:  # and did not die in the queue
                yield environment.timeout(length_days)


def play(scenario: Scenario, laws: Laws, traits: NDArray[np.void]) -> NDArray[np.void]:
    """Play the courses of some patients, site by site.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    laws : Laws
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The patients, by site.

    Returns
    -------
    ndarray of ROW, shape (rows,)
        Everything that happened, by patient.
    """
    sites = np.flatnonzero(np.diff(traits["site"], prepend=-1))
    logs = [Site(scenario, laws, own).play() for own in np.split(traits, sites[1:])]
    return np.concatenate(logs)
