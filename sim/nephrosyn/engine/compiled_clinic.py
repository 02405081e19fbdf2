"""The compiled clinic: patients of a site who queue for the slots of its clinic, in one compiled loop.

It does what the SimPy driver does, and in the same order: the calendar (`nephrosyn.engine.calendar`) has an entry
wherever SimPy has an event with an effect. As with SimPy, a request is granted at once where a slot is free and nobody
waits, but the patient is called in by an entry of its own; and a slot that becomes free is offered to the queue by
another entry, so that whoever arrives at the very same time queues first.
"""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.course.advance import LOG_FULL, TOO_MANY_EVENTS, advance_patient
from nephrosyn.course.state.state import CLOCKS, DUE, STATE, Clock
from nephrosyn.engine.calendar import ENTRY, MOST_NOW, Calendar, Step, schedule, schedule_now, take_next
from nephrosyn.engine.event_log import CourseLog
from nephrosyn.engine.limits import too_many_events
from nephrosyn.engine.visit_length import visit_length
from nephrosyn.kernels.compile import entry, kernel, once
from nephrosyn.patients.traits import records

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.course.parameters.prepare import PreparedScenario
    from nephrosyn.scenario.schema.scenario import Scenario

CALLS_NOT_OVER = -3.0
"""Result of ``play_site`` when it has played as many visits as it was asked to."""

FIRST_BATCH = 64
"""Visits of the first call of compiled code; the number grows as long as a call stays short."""
LONGEST_BATCH_SECONDS = 0.1
"""Longest call of compiled code: an interrupt waits until it returns. Results do not depend on it."""

_VISIT = int(Clock.VISIT)
_START, _ARRIVAL, _CALL, _DEPARTURE, _OFFER = (int(step) for step in Step)

SITE = np.dtype(
    [
        ("slots", "i8"),
        ("slots_taken", "i8"),
        ("now", "f8"),  # days on the site's calendar
        ("entries", "i8"),  # in the calendar, for later
        ("entries_now", "i8"),
        ("first_now", "i8"),
        ("next_number", "i8"),  # of an entry
        ("queue_first", "i8"),  # place of the first patient who waits
        ("queue_length", "i8"),
        ("patient", "i8"),  # whose turn it is
        ("step", "i8"),
        ("interrupted", "i8"),  # 1 while the course of that patient waits for a longer log
    ],
    align=True,
)
"""The state of a site's clinic."""

ATTENDANCE = np.dtype([("due", "f8"), ("requested", "f8"), ("visits", "i8")], align=True)
"""A patient at the clinic: the next visit (days from onset), the latest request (days of the calendar), visits held."""


class Clinic(NamedTuple):
    """The arrays of a site's clinic, as compiled code takes them.

    Attributes
    ----------
    site : ndarray of SITE, shape (1,)
        The state.
    attendance : ndarray of ATTENDANCE, shape (n,)
        The patients.
    calendar : Calendar
        What happens next.
    queue : ndarray of int64, shape (n,)
        Who waits for a slot, in a ring.
    """

    site: NDArray[np.void]
    attendance: NDArray[np.void]
    calendar: Calendar
    queue: NDArray[np.int64]


@once
def _offer_slot(site, calendar, queue):
    """Give a slot to the first who waits, if there are both."""
    if site.queue_length > 0 and site.slots_taken < site.slots:
        patient = queue[site.queue_first]
        site.queue_first = site.queue_first + 1 if site.queue_first + 1 < len(queue) else 0
        site.queue_length -= 1
        site.slots_taken += 1
        schedule_now(site, calendar, patient, _CALL)


@once
def _schedule_arrival(site, calendar, attendance, i, now, due):
    """Schedule patient i's next visit, if there is one; both times are days from onset."""
    attendance[i].due = due
    if due < math.inf:
        schedule(site, calendar, site.now + max(due - now, 0.0), i, _ARRIVAL)


@once
def _leave(site, calendar, attendance, traits, i, due):
    """Leave the clinic: the slot is free, and the next visit is scheduled."""
    site.slots_taken -= 1
    schedule_now(site, calendar, i, _OFFER)
    attendance[i].visits += 1
    _schedule_arrival(site, calendar, attendance, i, site.now - traits[i].entry_days, due)


@once
def _until_next_course(traits, states, clocks, clinic):
    """Follow the calendar until a patient's course goes on; return whether there is one."""
    site, calendar, attendance, queue = clinic.site[0], clinic.calendar, clinic.attendance, clinic.queue
    while site.entries + site.entries_now > 0:
        take_next(site, calendar)
        i, step = site.patient, site.step
        if step == _START:
            return True
        if step == _CALL:
            waited = site.now - attendance[i].requested
            if waited > 0.0:
                states[i].waited = waited
                clocks[i, DUE, _VISIT] += waited
            return True
        if step == _ARRIVAL:
            if states[i].dropped_out != 0:
                return True
            attendance[i].requested = site.now
            place = site.queue_first + site.queue_length
            queue[place if place < len(queue) else place - len(queue)] = i
            site.queue_length += 1
        elif step == _DEPARTURE:
            _leave(site, calendar, attendance, traits, i, attendance[i].due)
        if step != _DEPARTURE:
            _offer_slot(site, calendar, queue)
    return False


@once
def _after_course(due, traits, states, prepared, clinic):
    """Go on with the patient whose course was played up to the next visit."""
    site, calendar, attendance = clinic.site[0], clinic.calendar, clinic.attendance
    i, step = site.patient, site.step
    if step == _START:
        _schedule_arrival(site, calendar, attendance, i, -traits[i].entry_days, due)
    elif step == _ARRIVAL:
        _schedule_arrival(site, calendar, attendance, i, attendance[i].due, due)
    elif states[i].visits_allowed == 0:
        attendance[i].due = due
        length = visit_length(prepared, traits[i].patient, attendance[i].visits)
        schedule(site, calendar, site.now + length, i, _DEPARTURE)
    else:  # died in the queue
        _leave(site, calendar, attendance, traits, i, due)


@kernel
def _play(most, traits, states, clocks, prepared, clinic, log):
    """Do the work of ``play_site``: the arrays of an entry point itself are counted at every access."""
    site = clinic.site[0]
    for _ in range(most):
        visits = 0
        if site.interrupted == 0:
            if not _until_next_course(traits, states, clocks, clinic):
                return math.inf
            visits = 0 if site.step == _START else 1
        due = advance_patient(site.patient, visits, traits, states, clocks, prepared, log)
        if due < 0.0:  # LOG_FULL or TOO_MANY_EVENTS
            site.interrupted = 1
            return due
        site.interrupted = 0
        _after_course(due, traits, states, prepared, clinic)
    return CALLS_NOT_OVER


@entry
def play_site(most, traits, states, clocks, prepared, clinic, log):
    """Play the courses of a site's patients and the queue of its clinic.

    Parameters
    ----------
    most : int
        Most times that a patient's course goes on, in this call.
    traits : ndarray of TRAITS, shape (n,)
        Fixed traits.
    states : ndarray of STATE, shape (n,)
        State, changed in place.
    clocks : ndarray of float64, shape (n, 4, CLOCKS)
        Clocks, changed in place.
    prepared : PreparedScenario
        The arrays of the scenario.
    clinic : Clinic
        The clinic, changed in place.
    log : Log
        Rows written so far, and room for more.

    Returns
    -------
    float
        inf when all courses are over. ``LOG_FULL`` when the log is full: call again with a longer log.
        ``TOO_MANY_EVENTS`` as for ``advance``; the patient is that of ``clinic.site``. ``CALLS_NOT_OVER`` when there is
        more to play.
    """
    return _play(most, traits, states, clocks, prepared, clinic, log)


def _clinic(slots: int, patients: int) -> Clinic:
    """Return the clinic of a site at the beginning, when all courses are about to start."""
    clinic = Clinic(
        records(1, SITE),
        records(patients, ATTENDANCE),
        Calendar(records(patients, ENTRY), records(MOST_NOW * patients, ENTRY)),
        np.zeros(patients, np.int64),
    )
    clinic.site["slots"] = slots
    clinic.site["entries"] = clinic.site["next_number"] = patients
    starts = clinic.calendar.later
    starts["number"] = starts["patient"] = np.arange(patients)
    starts["step"] = _START
    return clinic


def _play_site(scenario: Scenario, prepared: PreparedScenario, traits: NDArray[np.void], log: CourseLog) -> None:
    """Play the courses of the patients of one site; their rows come in the order of the calendar."""
    states, clocks = records(len(traits), STATE), np.zeros((len(traits), 4, CLOCKS))
    clinic = _clinic(int(scenario.care.clinic.slots), len(traits))
    batch, due = FIRST_BATCH, CALLS_NOT_OVER
    while due < math.inf:
        begun = perf_counter()
        due = play_site(batch, traits, states, clocks, prepared, clinic, log.arrays)
        if due == TOO_MANY_EVENTS:
            i = int(clinic.site["patient"][0])
            replicate = int(prepared.parameters["replicate"][0])
            raise too_many_events(replicate, int(traits["patient"][i]), states[i])
        if due == LOG_FULL:
            log.grow()
        elif perf_counter() - begun < LONGEST_BATCH_SECONDS:
            batch *= 4
        else:
            batch = max(batch // 8, 1)


def play(scenario: Scenario, prepared: PreparedScenario, traits: NDArray[np.void]) -> NDArray[np.void]:
    """Play the courses of some patients, site by site.

    Parameters
    ----------
    scenario : Scenario
        A scenario with finite slots.
    prepared : PreparedScenario
        The same scenario, prepared.
    traits : ndarray of TRAITS, shape (n,)
        The patients, by site.

    Returns
    -------
    ndarray of ROW, shape (rows,)
        The log of the courses, by patient.

    Raises
    ------
    EngineError
        If a patient has more events than any sound scenario produces, or the rows do not fit into memory.
    """
    sites = np.split(traits, np.flatnonzero(np.diff(traits["site"])) + 1)
    follow_up_days = scenario.population.follow_up_days
    log, site_log = CourseLog(len(traits), follow_up_days), CourseLog(max(map(len, sites)), follow_up_days)
    for site in sites:
        _play_site(scenario, prepared, site, site_log)
        log.append(site_log, site["patient"])
    return log.by_patient()
