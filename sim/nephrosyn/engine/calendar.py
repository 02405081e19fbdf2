"""The calendar of a site: what happens next at its clinic, in the order of SimPy.

SimPy handles events by time; of several at the same time, first the urgent ones, then those that were scheduled first.
Only the first event of a process is urgent, and all processes of a site begin together. So one rule is enough: by time,
then by the number in which entries were made.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from nephrosyn.kernels.compile import inline


class Step(IntEnum):
    """What an entry of the calendar stands for."""

    START = 0  # the course begins
    ARRIVAL = 1  # the patient's next visit is due
    CALL = 2  # the patient, who has a slot now, is called in
    DEPARTURE = 3  # the visit ends, and frees the slot
    OFFER = 4  # a free slot is offered to the next in the queue


ENTRY = np.dtype([("time", "f8"), ("number", "i8"), ("patient", "i4"), ("step", "i4")], align=True)
"""An entry: its time (days on the site's calendar), its number in the order of writing, and what happens to whom."""

ENTRIES_PER_PATIENT = 2
"""Most entries of one patient at a time: the offer of the slot left, and what the patient does next."""


@inline
def schedule(site, calendar, time, patient, step):
    """Make an entry. It comes after all others of the same time, since it has the highest number."""
    place = site.entries
    while place > 0:
        above = (place - 1) // 2
        if calendar[above].time <= time:
            break
        calendar[place] = calendar[above]
        place = above
    entry = calendar[place]
    entry.time = time
    entry.number = site.next_number
    entry.patient = patient
    entry.step = step
    site.entries += 1
    site.next_number += 1


@inline
def _is_earlier(entry, other):
    """Whether an entry precedes another in the calendar."""
    return entry.time < other.time or (entry.time == other.time and entry.number < other.number)


@inline
def take_next(site, calendar):
    """Take the earliest entry out of the calendar; the site's time, patient and step become those of the entry."""
    first = calendar[0]
    site.now = first.time
    site.patient = first.patient
    site.step = first.step
    site.entries -= 1
    size = site.entries
    last = calendar[size]
    place, below = 0, 1
    while below < size:
        if below + 1 < size and _is_earlier(calendar[below + 1], calendar[below]):
            below += 1
        if _is_earlier(last, calendar[below]):
            break
        calendar[place] = calendar[below]
        place, below = below, 2 * below + 1
    calendar[place] = last
