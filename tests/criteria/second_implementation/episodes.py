"""Episodes, relapses and gaps (4)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

from .urine import RELAPSE, REMISSION, confirmed


@dataclass
class Episode:
    """Illness from `start` (endlessly long ago for the first) to `remission` (none if it goes on)."""

    start: float
    remission: int | None = None
    last_day_not_in_remission: int | None = None

    @property
    def stop(self):
        return inf if self.remission is None else self.remission


def episodes(seen, urine):
    found, number, ill = [Episode(-inf)], 0, True
    while (change := confirmed(seen, number, {REMISSION} if ill else {RELAPSE}, urine)) is not None:
        day, number = change
        if ill:
            found[-1].remission = day
        else:
            found.append(Episode(day))
        ill = not ill
    for one in found:
        one.last_day_not_in_remission = _last_ill(seen, one)
    return found


def _last_ill(seen, episode):
    number = len(seen) if episode.remission is None else bisect_left(seen, episode.remission, key=lambda one: one.day)
    while number > 0 and seen[number - 1].day >= episode.start:
        number -= 1
        if seen[number].level != REMISSION:
            return seen[number].day
    return None


def relapses(found, steroid_days, in_taper):
    """The later episodes that count."""
    later = found[1:]
    if in_taper == "counts":
        return later
    return [
        one
        for number, one in enumerate(later)
        if not any(_unbroken(earlier.start, one.start, steroid_days) for earlier in later[:number])
    ]


def _unbroken(earlier, day, steroid_days):
    from_then = range(earlier + 1, day + 1)  # whether it began on that day or the day after it
    return all(one in steroid_days for one in from_then)


@dataclass(frozen=True)
class Gap:
    """Days `first` and `last` were seen, nothing between them."""

    first: int
    last: int
    hidden: int


def care_begins(seen, steroid):
    days = [run.first for run in steroid[:1]] or [one.day for one in seen[:1]]
    return days[0] if days else None


def gaps(seen, care, end, max_gap):
    if care is None:
        return []
    begin = min([care, *(one.day for one in seen[:1])])
    marks = [begin, *(one.day for one in seen), end]
    return [Gap(a, b, ceil((b - a) / max_gap) - 1) for a, b in pairwise(marks) if b - a > max_gap]
