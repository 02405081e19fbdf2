"""The calendar of a site: what happens next at its clinic, in the order of SimPy.

SimPy handles events by time; of several at the same time, first the urgent ones, then those that were scheduled first.
Only the first event of a process is urgent, and all processes of a site begin together. So one rule is enough: by time,
then by the number in which entries were made.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nephrosyn.kernels.compile import inline

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Step(IntEnum):
    """What an entry of the calendar stands for."""

    START = 0  # the course begins
    ARRIVAL = 1  # the patient's next visit is due
    CALL = 2  # the patient, who has a slot now, is called in
    DEPARTURE = 3  # the visit ends, and frees the slot
    OFFER = 4  # a free slot is offered to the next in the queue


ENTRY = np.dtype([("time", "f8"), ("number", "i8"), ("patient", "i4"), ("step", "i4")], align=True)
"""An entry: its time (days on the site's calendar), its number in the order of writing, and what happens to whom."""

MOST_NOW = 2
"""Most entries of one patient for the present time: the offer of a slot left, and the next call."""


class Calendar(NamedTuple):
    """The entries of a calendar, as compiled code takes them.

    Attributes
    ----------
    later : ndarray of ENTRY, shape (n,)
        A heap: each entry precedes the two at twice its place plus 1 and 2.
    now : ndarray of ENTRY, shape (2 n,)
        Entries made for the time at which they were made, in a ring; their time is not written.
    """

    later: NDArray[np.void]
    now: NDArray[np.void]


@inline
def schedule(site, calendar, time, patient, step):
    """Make an entry. It comes after all others of the same time, since it has the highest number."""
    place = site.entries
    while place > 0:
        above = (place - 1) >> 1
        if calendar.later[above].time <= time:
            break
        calendar.later[place] = calendar.later[above]
        place = above
    entry = calendar.later[place]
    entry.time = time
    entry.number = site.next_number
    entry.patient = patient
    entry.step = step
    site.entries += 1
    site.next_number += 1


@inline
def schedule_now(site, calendar, patient, step):
    """Make an entry for the present time, after all others of this time."""
    place = site.first_now + site.entries_now
    entry = calendar.now[place if place < len(calendar.now) else place - len(calendar.now)]
    entry.number = site.next_number
    entry.patient = patient
    entry.step = step
    site.entries_now += 1
    site.next_number += 1


@inline
def _is_earlier(entry, other):
    """Whether an entry precedes another in the calendar."""
    return entry.time < other.time or (entry.time == other.time and entry.number < other.number)


@inline
def take_next(site, calendar):
    """Take the earliest entry out of the calendar; the site's time, patient and step become those of the entry."""
    first = calendar.later[0]
    if site.entries_now > 0:
        entry = calendar.now[site.first_now]
        if site.entries == 0 or first.time > site.now or first.number > entry.number:
            site.patient = entry.patient
            site.step = entry.step
            site.first_now = site.first_now + 1 if site.first_now + 1 < len(calendar.now) else 0
            site.entries_now -= 1
            return
    site.now = first.time
    site.patient = first.patient
    site.step = first.step
    site.entries -= 1
    _close_gap(calendar.later, site.entries)


@inline
def _close_gap(heap, size):
    """Fill the first place of a heap with its last entry, and restore the order."""
    last = heap[size]
    place, below = 0, 1
    while below < size:
        if below + 1 < size and _is_earlier(heap[below + 1], heap[below]):
            below += 1
        if _is_earlier(last, heap[below]):
            break
        heap[place] = heap[below]
        place, below = below, 2 * below + 1
    heap[place] = last
