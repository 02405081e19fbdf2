"""The compiled clinic: patients of a site who queue for the slots of its clinic, in one compiled loop.

It does what the SimPy driver does, and in the same order: the calendar (`nephrosyn.engine.calendar`) has an entry
wherever SimPy has an event with an effect. As with SimPy, a patient who gets a slot is called in by an entry of its
own, and a slot that becomes free is offered to the queue by another, both after whatever else was scheduled for that
time.
"""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.course.advance import LOG_FULL, TOO_MANY_EVENTS, advance_patient
from nephrosyn.course.state.state import CLOCK_COLUMNS, DUE, STATE, Clock
from nephrosyn.engine.calendar import (
    CALENDAR,
    ENTRY,
    ENTRY_NOW,
    MOST_NOW,
    Calendar,
    Step,
    schedule_arrival,
    schedule_departure,
    schedule_now,
    take_next,
)
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
_START, _ARRIVAL, _DEPARTURE, _CALL, _OFFER = (int(step) for step in Step)

SITE = np.dtype(
    [
        ("slots", "i8"),
        ("slots_taken", "i8"),
        ("queue_first", "i8"),  # place of the first patient who waits
        ("queue_length", "i8"),
        ("started", "i8"),  # patients whose course has begun
        ("interrupted", "i8"),  # 1 while a course waits for a longer log
    ],
    align=True,
)
"""The state of a site's clinic."""

ATTENDANCE = np.dtype([("due", "f8"), ("requested", "f8"), ("visits", "i8"), ("rows", "i8")], align=True)
"""A patient at the clinic: the next visit (days from onset), the latest request (days of the calendar), and the numbers
of visits held and of rows written."""


class Clinic(NamedTuple):
    """The arrays of a site's clinic, as compiled code takes them.

    Attributes
    ----------
    site : ndarray of SITE, shape (1,)
        The state.
    attendance : ndarray of ATTENDANCE, shape (n,)
        The patients.
    queue : ndarray of int64, shape (n,)
        Who waits for a slot, in a ring.
    """

    site: NDArray[np.void]
    attendance: NDArray[np.void]
    queue: NDArray[np.int64]


@once
def _request_slot(clinic, i):
    """Join the queue for a slot."""
    site, queue = clinic.site[0], clinic.queue
    place = site.queue_first + site.queue_length
    queue[place if place < len(queue) else place - len(queue)] = i
    site.queue_length += 1


@once
def _offer_slot(clinic, calendar):
    """Give a slot to the first who waits, if there are both."""
    site, queue = clinic.site[0], clinic.queue
    if site.queue_length > 0 and site.slots_taken < site.slots:
        schedule_now(calendar, queue[site.queue_first], _CALL)
        site.queue_first = site.queue_first + 1 if site.queue_first + 1 < len(queue) else 0
        site.queue_length -= 1
        site.slots_taken += 1


@once
def _schedule_visit(clinic, calendar, i, now, due):
    """Schedule patient i's next visit, if there is one; both times are days from onset."""
    clinic.attendance[i].due = due
    if due < math.inf:
        schedule_arrival(calendar, calendar.state[0].now + max(due - now, 0.0), i)


@once
def _leave(clinic, calendar, entry_days, i, due):
    """Leave the clinic: the slot is free, and the next visit is scheduled."""
    clinic.site[0].slots_taken -= 1
    schedule_now(calendar, i, _OFFER)
    clinic.attendance[i].visits += 1
    _schedule_visit(clinic, calendar, i, calendar.state[0].now - entry_days, due)


@once
def _until_next_course(traits, states, clocks, clinic, calendar):
    """Follow the calendar until a patient's course goes on; return whether there is one."""
    site, attendance, present = clinic.site[0], clinic.attendance, calendar.state[0]
    if site.started < len(states):
        present.patient = site.started
        present.step = _START
        site.started += 1
        return True
    while take_next(calendar):
        i, step = present.patient, present.step
        if step == _CALL:
            waited = present.now - attendance[i].requested
            if waited > 0.0:
                states[i].waited = waited
                clocks[i, DUE, _VISIT] += waited
            return True
        if step == _DEPARTURE:
            _leave(clinic, calendar, traits[i].entry_days, i, attendance[i].due)
            continue
        if step == _ARRIVAL:
            if states[i].dropped_out != 0:
                return True
            attendance[i].requested = present.now
            _request_slot(clinic, i)
        _offer_slot(clinic, calendar)
    return False


@once
def _after_course(due, traits, states, prepared, clinic, calendar):
    """Go on with the patient whose course was played up to the next visit."""
    attendance, present = clinic.attendance, calendar.state[0]
    i, step = present.patient, present.step
    if step == _START:
        _schedule_visit(clinic, calendar, i, -traits[i].entry_days, due)
    elif step == _ARRIVAL:  # after dropping out: without a slot
        _schedule_visit(clinic, calendar, i, attendance[i].due, due)
    elif states[i].visits_allowed == 0:
        attendance[i].due = due
        length = visit_length(prepared, traits[i].patient, attendance[i].visits)
        schedule_departure(calendar, present.now + length, i)
    else:  # died in the queue
        _leave(clinic, calendar, traits[i].entry_days, i, due)


@kernel
def _play(most, traits, states, clocks, prepared, clinic, calendar, log):
    """Do the work of ``play_site``: the arrays of an entry point itself are counted at every access."""
    site, present = clinic.site[0], calendar.state[0]
    for _ in range(most):
        visits = 0
        if site.interrupted == 0:
            if not _until_next_course(traits, states, clocks, clinic, calendar):
                return math.inf
            visits = 0 if present.step == _START else 1
        written = log.written[0]
        due = advance_patient(present.patient, visits, traits, states, clocks, prepared, log)
        clinic.attendance[present.patient].rows += log.written[0] - written
        if due < 0.0:  # LOG_FULL or TOO_MANY_EVENTS
            site.interrupted = 1
            return due
        site.interrupted = 0
        _after_course(due, traits, states, prepared, clinic, calendar)
    return CALLS_NOT_OVER


@entry
def play_site(most, traits, states, clocks, prepared, clinic, calendar, log):
    """Play the courses of a site's patients and the queue of its clinic.

    Parameters
    ----------
    most : int
        Most times that a patient's course goes on, in this call.
    traits : ndarray of TRAITS, shape (n,)
        Fixed traits.
    states : ndarray of STATE, shape (n,)
        State, changed in place.
    clocks : ndarray of float64, shape (n, 4, CLOCK_COLUMNS)
        Clocks, changed in place.
    prepared : PreparedScenario
        The arrays of the scenario.
    clinic : Clinic
        The clinic, changed in place.
    calendar : Calendar
        The calendar, changed in place.
    log : Log
        Rows written so far, and room for more.

    Returns
    -------
    float
        inf when all courses are over. ``LOG_FULL`` when the log is full: call again with a longer log.
        ``TOO_MANY_EVENTS`` as for ``advance``; the patient is that of the calendar. ``CALLS_NOT_OVER`` when there is
        more to play.
    """
    return _play(most, traits, states, clocks, prepared, clinic, calendar, log)


def _new_clinic(slots: int, patients: int) -> Clinic:
    """Return the clinic of a site where no course has begun."""
    clinic = Clinic(records(1, SITE), records(patients, ATTENDANCE), np.zeros(patients, np.int64))
    clinic.site["slots"] = slots
    return clinic


def _new_calendar(patients: int) -> Calendar:
    """Return an empty calendar."""
    arrivals, departures = records(patients, ENTRY), records(patients, ENTRY)
    return Calendar(records(1, CALENDAR), arrivals, departures, records(MOST_NOW * patients, ENTRY_NOW))


def _play_site(
    scenario: Scenario, prepared: PreparedScenario, traits: NDArray[np.void], log: CourseLog
) -> NDArray[np.int64]:
    """Play the courses of the patients of one site; return the number of rows of each, written as time goes by."""
    states, clocks = records(len(traits), STATE), np.zeros((len(traits), 4, CLOCK_COLUMNS))
    clinic, calendar = _new_clinic(int(scenario.care.clinic.slots), len(traits)), _new_calendar(len(traits))
    batch, due = FIRST_BATCH, CALLS_NOT_OVER
    while due < math.inf:
        begun = perf_counter()
        due = play_site(batch, traits, states, clocks, prepared, clinic, calendar, log.arrays)
        if due == TOO_MANY_EVENTS:
            i = int(calendar.state["patient"][0])
            replicate = int(prepared.parameters["replicate"][0])
            raise too_many_events(replicate, int(traits["patient"][i]), states[i])
        if due == LOG_FULL:
            log.grow()
        elif perf_counter() - begun < LONGEST_BATCH_SECONDS:
            batch *= 4
        else:
            batch = max(batch // 8, 1)
    counts: NDArray[np.int64] = np.asarray(clinic.attendance["rows"])
    return counts


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
        counts = _play_site(scenario, prepared, site, site_log)
        log.append(site_log, site["patient"], counts)
    return log.by_patient(ordered=bool(np.all(np.diff(traits["patient"]) > 0)))
