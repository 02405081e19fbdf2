"""One patient under one set: what all clauses look at, worked out once."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from math import inf

from . import episodes, steroid, urine
from .settings import settings
from .urine import PARTIAL, REMISSION


class Case:
    """A chart read by a definition set."""

    def __init__(self, chart, definition):
        self.chart, self.end, self.lesion = chart, chart.end, chart.lesion
        adult_from = definition.population.adult_from.of(True)
        child = chart.age is not None and chart.age < adult_from
        self.rules = settings(definition, child)

    @property
    def applies(self):
        """Whether the set is for this patient (2); None if age or lesion would tell, but is not known."""
        parts = self._of_age(), self._of_lesion()
        if False in parts:
            return False
        return None if None in parts else True

    def _of_age(self):
        population, age = self.rules.population, self.chart.age
        if age is None:
            return None if population.age_from > 0 or population.age_below < 120 else True
        return population.age_from <= age < population.age_below

    def _of_lesion(self):
        population = self.rules.population
        if self.lesion is None:
            return True if population.unknown_lesion == "applies" else None
        return self.lesion in population.lesions

    @cached_property
    def seen(self):
        return urine.days_seen(self.chart, self.rules)

    @cached_property
    def responding(self):
        return urine.days_responding(self.chart, self.rules)

    @cached_property
    def flares(self):
        """The episodes of the rule `raise_clears` (8)."""
        if self.rules.dependence.response == "complete":
            return self.episodes
        read = [one._replace(level=REMISSION) if one.level == PARTIAL else one for one in self.seen]
        return episodes.episodes(read, self.rules.urine)

    @cached_property
    def episodes(self):
        return episodes.episodes(self.seen, self.rules.urine)

    @cached_property
    def steroid(self):
        return steroid.steroid_runs(self.chart.runs, self.rules.steroid)

    @cached_property
    def other_runs(self):
        return [run for run in self.chart.runs if run.drug not in self.rules.steroid.drugs]

    @cached_property
    def doses(self):
        return steroid.doses_by_day(self.steroid)

    @cached_property
    def courses(self):
        return steroid.courses(self.steroid, self.rules.steroid)

    @cached_property
    def treatments(self):
        return steroid.treatments([steroid.Span(run.first, run.last) for run in self.steroid])

    @cached_property
    def relapses(self):
        return self.counted(self.episodes)

    def counted(self, found):
        in_taper = self.rules.urine.relapse_in_taper
        return episodes.relapses(found, self.doses if in_taper != "counts" else (), in_taper)

    @cached_property
    def care(self):
        return episodes.care_begins(self.seen, self.steroid)

    @cached_property
    def gaps(self):
        return episodes.gaps(self.seen, self.care, self.end, self.rules.urine.max_gap)

    @property
    def never_remitted(self):
        return self.episodes[0].remission is None

    def seen_from(self, day):
        """Number of the first day seen on or after a day."""
        return bisect_left(self.seen, day, key=lambda one: one.day)

    def last_level(self, first, last):
        """The level of the last day seen in a span; None without one."""
        latest = self.seen_from(last + 1) - 1
        return self.seen[latest].level if latest >= 0 and self.seen[latest].day >= first else None

    def in_a_gap(self, day):
        """Whether a day lies strictly inside a gap."""
        return any(gap.first < day < gap.last for gap in self.gaps)

    def response(self, kind, episode, first):
        """Day of response counted from `first` on, and the last day ill before it (6)."""
        if kind == "complete":
            return episode.remission, episode.last_day_not_in_remission
        seen = self.seen if kind == "partial" else self.responding

        def number_of(day):
            return bisect_left(seen, day, key=lambda one: one.day)

        number = urine.interval_begins(seen, number_of(first))
        watched = seen
        if episode.remission is not None:
            watched = seen[: urine.interval_at(seen, number_of(episode.remission))[1]]
        part = urine.confirmed(watched, number, {REMISSION, PARTIAL}, self.rules.urine, first)
        day = min(episode.stop, inf if part is None else part[0])
        until = seen[number_of(first) : None if day == inf else number_of(day)]
        neither = [one.day for one in until if one.level not in (REMISSION, PARTIAL)]
        return (None if day == inf else day), max(neither, default=None)
