"""The calendar of a site: what happens next at its clinic, in the order of SimPy.

SimPy handles events by time; of several at the same time, first the urgent ones, then those that were scheduled first.
Only the first event of a process is urgent, and all processes of a site begin together, before anything else. So one
rule is enough: by time, then by the number in which entries were made.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.kernels.compile import inline

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Step(IntEnum):
    """What happens to a patient."""

    START = 0  # the course begins
    ARRIVAL = 1  # the next visit is due
    DEPARTURE = 2  # the visit ends, and frees the slot
    CALL = 3  # the patient, who has a slot now, is called in
    OFFER = 4  # a free slot is offered to the next in the queue


_ARRIVAL, _DEPARTURE = int(Step.ARRIVAL), int(Step.DEPARTURE)

ENTRY = np.dtype([("time", "f8"), ("number", "i8"), ("patient", "i8")], align=True)
"""An entry for later: its time (days on the site's calendar), its number in the order of making, and its patient."""

ENTRY_NOW = np.dtype([("number", "i8"), ("patient", "i8"), ("step", "i8")], align=True)
"""An entry for the time at which it is made."""

MOST_NOW = 2
"""Most entries of one patient for the present time: the offer of a slot left, and the next call."""

CALENDAR = np.dtype(
    [
        ("now", "f8"),  # days
        ("next_number", "i8"),  # of an entry
        ("arrivals", "i8"),  # how many entries there are
        ("departures", "i8"),
        ("entries_now", "i8"),
        ("first_now", "i8"),  # place of the first of them
        ("patient", "i8"),  # of the latest entry taken
        ("step", "i8"),
    ],
    align=True,
)
"""The time of a calendar, the numbers of its entries, and what happens now."""


class Calendar(NamedTuple):
    """A calendar, as compiled code takes it.

    Attributes
    ----------
    state : ndarray of CALENDAR, shape (1,)
        The time, and the numbers of entries.
    arrivals, departures : ndarray of ENTRY, shape (n,)
        Heaps: each entry precedes the two at twice its place plus 1 and 2. Two, because departures are soon and few.
    now : ndarray of ENTRY_NOW, shape (2 n,)
        Entries for the present time, in a ring.
    """

    state: NDArray[np.void]
    arrivals: NDArray[np.void]
    departures: NDArray[np.void]
    now: NDArray[np.void]


@inline
def schedule_arrival(calendar, time, patient):
    """Make an entry for the arrival of a patient."""
    state = calendar.state[0]
    _insert(calendar.arrivals, state.arrivals, time, state.next_number, patient)
    state.arrivals += 1
    state.next_number += 1


@inline
def schedule_departure(calendar, time, patient):
    """Make an entry for the end of a patient's visit."""
    state = calendar.state[0]
    _insert(calendar.departures, state.departures, time, state.next_number, patient)
    state.departures += 1
    state.next_number += 1


@inline
def schedule_now(calendar, patient, step):
    """Make an entry for the present time."""
    state = calendar.state[0]
    place = state.first_now + state.entries_now
    entry = calendar.now[place if place < len(calendar.now) else place - len(calendar.now)]
    entry.number = state.next_number
    entry.patient = patient
    entry.step = step
    state.entries_now += 1
    state.next_number += 1


@inline
def take_next(calendar):
    """Take the earliest entry: its time, patient and step become those of the calendar. Return whether there is one."""
    state = calendar.state[0]
    if state.entries_now > 0 and not _precede(calendar, calendar.now[state.first_now].number):
        entry = calendar.now[state.first_now]
        state.patient = entry.patient
        state.step = entry.step
        state.first_now = state.first_now + 1 if state.first_now + 1 < len(calendar.now) else 0
        state.entries_now -= 1
        return True
    arrival, departure = calendar.arrivals[0], calendar.departures[0]
    if state.departures > 0 and (state.arrivals == 0 or _is_earlier(departure, arrival)):
        state.now = departure.time
        state.patient = departure.patient
        state.step = _DEPARTURE
        state.departures -= 1
        _remove_first(calendar.departures, state.departures)
        return True
    if state.arrivals > 0:
        state.now = arrival.time
        state.patient = arrival.patient
        state.step = _ARRIVAL
        state.arrivals -= 1
        _remove_first(calendar.arrivals, state.arrivals)
        return True
    return False


@inline
def _precede(calendar, number):
    """Whether an entry made for later is due by now, and was made before the one of a number."""
    state = calendar.state[0]
    arrival, departure = calendar.arrivals[0], calendar.departures[0]
    return (state.arrivals > 0 and arrival.time == state.now and arrival.number < number) or (
        state.departures > 0 and departure.time == state.now and departure.number < number
    )


@inline
def _is_earlier(left, right):
    """Whether an entry precedes another."""
    return left.time < right.time or (left.time == right.time and left.number < right.number)


@inline
def _put(entry, time, number, patient):
    """Write an entry, field by field: compiled code would copy a record byte by byte."""
    entry.time = time
    entry.number = number
    entry.patient = patient


@inline
def _insert(heap, place, time, number, patient):
    """Insert an entry into a heap of so many. Its number is the highest, so it comes after all of the same time."""
    while place > 0:
        above = heap[(place - 1) >> 1]
        if above.time <= time:
            break
        _put(heap[place], above.time, above.number, above.patient)
        place = (place - 1) >> 1
    _put(heap[place], time, number, patient)


@inline
def _remove_first(heap, size):
    """Move the last entry of a heap to the place of the first, and restore the order of the rest, which has a size.

    The gap goes down to the bottom without a look at the last entry, which seldom stays far above it.
    """
    place, below = 0, 1
    while below < size:
        below += 1 if below + 1 < size and _is_earlier(heap[below + 1], heap[below]) else 0
        entry = heap[below]
        _put(heap[place], entry.time, entry.number, entry.patient)
        place, below = below, 2 * below + 1
    last = heap[size]
    while place > 0 and _is_earlier(last, heap[(place - 1) >> 1]):
        above = heap[(place - 1) >> 1]
        _put(heap[place], above.time, above.number, above.patient)
        place = (place - 1) >> 1
    _put(heap[place], last.time, last.number, last.patient)
