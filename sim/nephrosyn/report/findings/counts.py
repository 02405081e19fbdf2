"""Counts of a batch of patients, and how those of all batches are added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report.findings import combine_parts
from nephrosyn.report.findings.batches import Parted, Tables, batches
from nephrosyn.report.findings.course import disease_states, exposure, pseudo_resistance, time_to_event
from nephrosyn.report.findings.course.disease_states import StateCounts
from nephrosyn.report.findings.course.exposure import Exposure
from nephrosyn.report.findings.course.pseudo_resistance import PseudoRefractory
from nephrosyn.report.findings.course.time_to_event import PowerSums, Times
from nephrosyn.report.findings.verdicts import (
    by_follow_up,
    course_flags,
    cross_classification,
    eligibility,
    flag_overlap,
    refractory_share,
    subgroups,
)
from nephrosyn.report.findings.verdicts.by_follow_up import SharesOverTime
from nephrosyn.report.findings.verdicts.course_flags import CourseCount
from nephrosyn.report.findings.verdicts.eligibility import Defined
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

BATCHES_HELD = 32
"""Counts of so many batches are held before they are added up."""
Counted = TypeVar("Counted")
OfBatches = Sequence[tuple[int, Counted]]
"""Counts of batches, each with its replicate."""


@dataclass(frozen=True)
class Labelled:
    """Counts from the labels, by definition set and view."""

    refractory: list[Refractory]
    categories: dict[tuple[str, str], list[Category]]


def labelled(labels: pl.DataFrame, defined: Mapping[str, Defined]) -> Labelled:
    """Count the labels of a batch by every definition set and view."""
    verdicts = refractory_share.refractory(labels)
    keys = [(verdict.criteria, verdict.view) for verdict in verdicts]
    return Labelled(verdicts, {key: refractory_share.categories(labels, *key, defined[key[0]]) for key in keys})


def added_labels(parts: OfBatches[Labelled]) -> Labelled:
    """Return the counts of the labels of several batches."""
    views = zip(*([(replicate, verdict) for verdict in part.refractory] for replicate, part in parts), strict=True)
    verdicts = [combine_parts.refractory(of_view) for of_view in views]
    keys = [(verdict.criteria, verdict.view) for verdict in verdicts]
    of_sets = {key: combine_parts.categories([(r, part.categories[key]) for r, part in parts]) for key in keys}
    return Labelled(verdicts, of_sets)


def defined_by(tables: Tables | Parted, rules: Mapping[str, DefinitionSet | None]) -> dict[str, Defined]:
    """Return the flags and courses of each definition set, from its text, or else from the labels of all patients."""
    named: dict[str, set[str]] = {name: set() for name, of_set in rules.items() if of_set is None}
    if named:
        for _, batch in batches(tables, labels_only=True):
            for name, known in named.items():
                known |= eligibility.known(batch["labels"].filter(criteria=name))
    return {
        name: eligibility.defined_by(named[name]) if of_set is None else eligibility.defined_by_rules(of_set)
        for name, of_set in rules.items()
    }


def added_up(
    tables: Tables | Parted,
    count: Callable[[Tables], Counted],
    add: Callable[[OfBatches[Counted]], Counted],
    *,
    labels_only: bool = False,
) -> OfBatches[Counted]:
    """Count a cohort batch by batch.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame, or Parted
        A cohort.
    count : callable
        Called with the tables of each batch, in order; returns its counts.
    add : callable
        Called with the counts of some batches of one replicate; returns their sum.
    labels_only : bool
        Whether only the labels are counted, in larger batches.

    Returns
    -------
    sequence of (int, counts)
        Number and counts of each replicate.
    """
    replicates: dict[int, list[tuple[int, Counted]]] = {}
    for replicate, batch in batches(tables, labels_only=labels_only):
        held = replicates.setdefault(replicate, [])
        held.append((replicate, count(batch)))
        if len(held) == BATCHES_HELD:
            held[:] = [(replicate, add(held))]
    return [(replicate, add(held)) for replicate, held in replicates.items()]


@dataclass(frozen=True)
class Counts:
    """All counts that the findings of a report are made from; see the findings of the same names."""

    patients: int
    labels: Labelled
    combinations: list[Combination]
    by_band: list[tuple[str, list[Category]]]
    bands: list[Group]
    lesions: dict[str, list[Group]]
    remission: dict[str, Times]
    relapse: dict[str, Times]
    relapses: dict[str, PowerSums]
    histogram: list[int]
    states: StateCounts
    exposure: Exposure
    pseudo_refractory: list[PseudoRefractory]
    agreements: dict[str, Agreement | None]
    named: dict[str, list[CourseCount]]
    patterns: dict[str, dict[tuple[Any, ...], int]]
    follow_up: FollowUp | None
    shares_over_time: SharesOverTime | None


class Counting:
    """Counts batches of a cohort, in their order, and adds them up.

    Parameters
    ----------
    resolved : Resolved
        The resolved scenario.
    rules : mapping of str to DefinitionSet or None
        The definition sets of the run by name; None for one whose text is not available.
    defined : mapping of str to Defined
        Flags and courses of each set.
    labels : polars.DataFrame
        Labels of the first patients; the first set and view give the headline.
    """

    def __init__(
        self,
        resolved: Any,
        rules: Mapping[str, DefinitionSet | None],
        defined: Mapping[str, Defined],
        labels: pl.DataFrame,
    ) -> None:
        population = resolved.scenario.population
        self.rules, self.defined = rules, defined
        self.bands, self.days = list(population.bands), float(population.follow_up_days)
        first = refractory_share.refractory(labels)[0]
        self.criteria, self.view = first.criteria, first.view
        self.views = labels["view"].cast(pl.String).unique().sort().to_list()
        self._moments = by_follow_up.times(self.days)
        self._left = subgroups.RECLASSIFIED_PATIENTS
        self._left_of_sets = by_follow_up.most_patients(len(rules), self._moments) if len(rules) > 1 else 0

    def count(self, batch: Tables) -> Counts:
        """Return the counts of the next batch."""
        labels, people, flags = batch["labels"], batch["patients"], self.defined[self.criteria]
        selected = refractory_share.of(labels, self.criteria, self.view)
        times = time_to_event.first_times(batch)
        questions = cross_classification.UNDETERMINED_ANSWERS if len(self.defined) > 1 else ()
        return Counts(
            patients=people.height,
            labels=labelled(labels, self.defined),
            combinations=flag_overlap.combinations(labels, self.criteria, self.view, flags.flags),
            by_band=subgroups.categories_by_column(selected, people, "band", self.bands, flags),
            bands=subgroups.by_column(selected, people, "band", self.bands),
            lesions=subgroups.lesion_groups(batch, selected),
            remission=time_to_event.times_by_band(times, None, "remission", self.bands),
            relapse=time_to_event.times_by_band(times, "remission", "relapse", self.bands),
            relapses=time_to_event.power_sums_by_band(times, self.bands),
            histogram=time_to_event.relapse_histogram(times),
            states=disease_states.count(batch, self.days),
            exposure=exposure.count(batch),
            pseudo_refractory=pseudo_resistance.count(batch, self.criteria),
            agreements={name: flag_overlap.agreement(labels, name) for name in self.defined},
            named={view: course_flags.find(labels, self.defined, view) for view in self.views},
            patterns={what: cross_classification.patterns(labels, self.view, what) for what in questions},
            follow_up=self._follow_up(batch),
            shares_over_time=self._shares_over_time(batch),
        )

    def _follow_up(self, batch: Tables) -> FollowUp | None:
        """Return the share by length of follow-up of those of the first patients that are in the batch."""
        rules, most = self.rules[self.criteria], self._left
        self._left = max(0, most - batch["patients"].height)
        return subgroups.follow_up(batch, self.criteria, self.view, self.days, rules, most)

    def _shares_over_time(self, batch: Tables) -> SharesOverTime | None:
        most = self._left_of_sets
        self._left_of_sets = max(0, most - batch["patients"].height)
        if not most:
            return None
        return by_follow_up.find(batch, batch["labels"], self.rules, self.view, self._moments, most)

    def added(self, parts: OfBatches[Counts]) -> Counts:
        """Return the counts of several batches together."""

        def of_all(name: str) -> list[Any]:
            return [getattr(part, name) for _, part in parts]

        def by_replicate(name: str) -> list[tuple[int, Any]]:
            return [(replicate, getattr(part, name)) for replicate, part in parts]

        sizes, bands = of_all("patients"), self.bands
        return Counts(
            patients=sum(sizes),
            labels=added_labels(by_replicate("labels")),
            combinations=combine_parts.combinations(of_all("combinations"), self.defined[self.criteria].flags),
            by_band=[
                (name, combine_parts.categories(of_band))
                for name, of_band in combine_parts.by_name(by_replicate("by_band"), bands)
            ],
            bands=combine_parts.groups(by_replicate("bands"), bands),
            lesions={
                which: combine_parts.groups([(r, part.lesions[which]) for r, part in parts], vocabulary.LESIONS)
                for which in ("true", "biopsy")
            },
            remission=time_to_event.added(of_all("remission"), bands),
            relapse=time_to_event.added(of_all("relapse"), bands),
            relapses=time_to_event.added_sums(of_all("relapses")),
            histogram=[sum(column) for column in zip(*of_all("histogram"), strict=True)],
            states=disease_states.added(of_all("states")),
            exposure=exposure.added(of_all("exposure")),
            pseudo_refractory=combine_parts.pseudo_refractory(of_all("pseudo_refractory")),
            agreements={
                name: combine_parts.agreement([part.agreements[name] for _, part in parts], sizes)
                for name in self.defined
            },
            named={view: combine_parts.named([part.named[view] for _, part in parts]) for view in self.views},
            patterns=combine_parts.patterns(of_all("patterns")),
            follow_up=combine_parts.follow_up(by_replicate("follow_up")),
            shares_over_time=combine_parts.shares_over_time(by_replicate("shares_over_time")),
        )
