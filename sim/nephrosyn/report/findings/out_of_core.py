"""Findings of a cohort that is too large for memory: counted part by part, then added up.

Three findings do not add up and are computed from the first patients only: curves over time, quartiles of doses, and
the refractory share at shorter follow-up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.report import text
from nephrosyn.report.findings import combine_parts, summary
from nephrosyn.report.findings.course import disease_states, exposure, pseudo_resistance, time_to_event
from nephrosyn.report.findings.summary import Answers, Findings, Summary
from nephrosyn.report.findings.verdicts import (
    course_flags,
    cross_classification,
    flag_overlap,
    refractory_share,
    subgroups,
)
from nephrosyn.report.findings.verdicts.eligibility import Defined

WHOLE_PATIENTS = 50_000
"""Largest number of patients for which a cohort is read as a whole."""
BATCH_PATIENTS = 20_000
"""Number of patients of a larger cohort that are read at a time, and that the curves are computed from."""
READ = ("patients", "labels", "truth/traits", "truth/events", "truth/follow_up", "truth/doses", "truth/conditions")
Tables = Mapping[str, pl.DataFrame]


class Parted(Protocol):
    """Tables in parts, as in a run folder."""

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Read some parts of a table and concatenate them."""

    def parts(self, table: str) -> int:
        """Number of parts of a table."""

    def __iter__(self) -> Iterator[str]:
        """Names of the tables."""


def is_large(tables: Any, manifest: Mapping[str, Any]) -> bool:
    """Return whether a cohort has to be counted part by part: it is large, and its tables are in parts."""
    patients = manifest.get("patients", 0) * manifest.get("replicates", 1)
    if patients <= WHOLE_PATIENTS or not hasattr(tables, "part"):
        return False
    return len({tables.parts(table) for table in READ}) == 1


def batches(tables: Parted, names: Iterable[str] = READ) -> Iterator[tuple[int, Tables]]:
    """Yield replicate and tables of about `BATCH_PATIENTS` patients at a time, in order.

    Parameters
    ----------
    tables : Parted
        A cohort.
    names : iterable of str
        Tables to read, the patients among them.
    """
    others = [name for name in names if name != "patients"]
    for replicate, numbers, people in _gathered(tables):
        yield replicate, {"patients": people, **{name: tables.part(name, *numbers) for name in others}}


def _gathered(tables: Parted) -> Iterator[tuple[int, list[int], pl.DataFrame]]:
    """Yield replicate, numbers and patients of the parts of each batch; opening parts one by one would be slow."""
    replicate, numbers, held = 0, list[int](), list[pl.DataFrame]()
    for number in range(tables.parts("patients")):
        people = tables.part("patients", number)
        part_replicate = int(people["replicate"][0])
        if held and (part_replicate != replicate or sum(part.height for part in held) >= BATCH_PATIENTS):
            yield replicate, numbers, pl.concat(held)
            numbers, held = [], []
        numbers.append(number)
        held.append(people)
        replicate = part_replicate
    if held:
        yield replicate, numbers, pl.concat(held)


def answers(tables: Parted, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]) -> Answers:
    """Return the summary, and the categories of every set and view, from the labels alone."""
    defined: dict[str, Defined] = {}
    counted = []
    for replicate, part in batches(tables, ("patients", "labels")):
        defined = defined or summary.defined_by(part["labels"], requested, stored)
        counted.append((replicate, _labelled(part["labels"], defined)))
    return _summary(counted)


@dataclass(frozen=True)
class Labelled:
    """Counts from the labels of a part, by definition set and view."""

    refractory: list[refractory_share.Refractory]
    categories: dict[tuple[str, str], list[refractory_share.Category]]


def _labelled(labels: pl.DataFrame, defined: Mapping[str, Defined]) -> Labelled:
    verdicts = refractory_share.refractory(labels)
    keys = [(verdict.criteria, verdict.view) for verdict in verdicts]
    return Labelled(verdicts, {key: refractory_share.categories(labels, *key, defined[key[0]]) for key in keys})


def _summary(counted: Sequence[tuple[int, Labelled]]) -> Answers:
    views = zip(*([(replicate, verdict) for verdict in part.refractory] for replicate, part in counted), strict=True)
    verdicts = [combine_parts.refractory(of_view) for of_view in views]
    keys = [(verdict.criteria, verdict.view) for verdict in verdicts]
    categories = {key: combine_parts.categories([(r, part.categories[key]) for r, part in counted]) for key in keys}
    first = Summary(text.headline(verdicts[0]), verdicts[0], verdicts, categories[keys[0]])
    return Answers(first, categories)


class _Counting:
    """Counts everything that adds up, in one part of a cohort at a time."""

    def __init__(self, tables: Parted, resolved: Any, requested: Sequence[str], stored: Mapping[str, Any]) -> None:
        self.tables = tables
        self.bands = list(resolved.scenario.population.bands)
        self.days = float(resolved.scenario.population.follow_up_days)
        labels = tables.part("labels", 0)
        self.defined = summary.defined_by(labels, requested, stored)
        first = refractory_share.refractory(labels)[0]
        self.criteria, self.view = first.criteria, first.view
        self.views = labels["view"].cast(pl.String).unique().sort().to_list()

    def count(self, part: Tables) -> dict[str, Any]:
        """Return the counts of a part."""
        labels, criteria, flags = part["labels"], self.criteria, self.defined[self.criteria]
        selected, people = refractory_share.of(labels, criteria, self.view), part["patients"]
        times = time_to_event.first_times(part)
        questions = cross_classification.UNDETERMINED_ANSWERS if len(self.defined) > 1 else ()
        return {
            "patients": people.height,
            "labelled": _labelled(labels, self.defined),
            "combinations": flag_overlap.combinations(labels, criteria, self.view, flags.flags),
            "by_band": subgroups.categories_by_column(selected, people, "band", self.bands, flags),
            "bands": subgroups.by_column(selected, people, "band", self.bands),
            "lesions": subgroups.lesion_groups(part, selected),
            "moments": time_to_event.power_sums_by_band(times, self.bands),
            "histogram": time_to_event.relapse_histogram(times),
            "states": disease_states.count(part, self.days),
            "treatment": exposure.find(part),
            "pseudo_refractory": pseudo_resistance.count(part, criteria),
            "agreements": {name: flag_overlap.agreement(labels, name) for name in self.defined},
            "named": {view: course_flags.find(labels, self.defined, view) for view in self.views},
            "patterns": {
                question: cross_classification.patterns(labels, self.view, question) for question in questions
            },
        }

    def sample(self) -> Tables:
        """Return the tables of the first patients."""
        return next(batches(self.tables, list(self.tables)))[1]


def find(tables: Parted, resolved: Any, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]) -> Findings:
    """Compute the findings of `summary.find` batch by batch; same parameters, with tables in parts."""
    counting = _Counting(tables, resolved, requested, stored)
    counted = [(replicate, counting.count(part)) for replicate, part in batches(tables)]

    def of_parts(name: str) -> list[Any]:
        return [part[name] for _, part in counted]

    def of_replicates(name: str) -> list[tuple[int, Any]]:
        return [(replicate, part[name]) for replicate, part in counted]

    combined_summary, categories = _summary(of_replicates("labelled"))
    criteria, view, bands, sizes = counting.criteria, counting.view, counting.bands, of_parts("patients")
    first, sets = counting.sample(), [*counting.defined]
    rest = summary.find(first, resolved, requested, stored)
    by_band = combine_parts.by_name(of_replicates("by_band"), bands)
    agreements = [combine_parts.agreement([part[name] for part in of_parts("agreements")], sizes) for name in sets]
    lesions = {
        which: combine_parts.groups(
            [(replicate, part[which]) for replicate, part in of_replicates("lesions")], vocabulary.LESIONS
        )
        for which in ("true", "biopsy")
    }
    return replace(
        rest,
        summary=combined_summary,
        replicates=len({replicate for replicate, _ in counted}),
        defined=counting.defined,
        categories=categories,
        combinations=combine_parts.combinations(of_parts("combinations"), counting.defined[criteria].flags),
        by_band=[(name, combine_parts.categories(of_band)) for name, of_band in by_band],
        bands=combine_parts.groups(of_replicates("bands"), bands),
        lesions=lesions,
        rates=time_to_event.rates_of(of_parts("moments"), bands),
        histogram=[sum(column) for column in zip(*of_parts("histogram"), strict=True)],
        states=disease_states.from_counts(of_parts("states"), counting.days),
        treatment=exposure.combine(of_parts("treatment"), sum(sizes), rest.treatment),
        pseudo_refractory=combine_parts.pseudo_refractory(of_parts("pseudo_refractory")),
        agreements=[agreement for agreement in agreements if agreement is not None],
        named={which: combine_parts.named([part[which] for part in of_parts("named")]) for which in counting.views},
        sets=_sets(of_parts("patterns"), sets, view) if len(sets) > 1 else None,
        sampled=first["patients"].height,
    )


def _sets(
    parts: Sequence[Mapping[str, Mapping[tuple[Any, ...], int]]], names: list[str], view: str
) -> cross_classification.Sets:
    patterns = {}
    for question in cross_classification.UNDETERMINED_ANSWERS:
        counts = Counter[tuple[Any, ...]]()
        for part in parts:
            counts.update(part[question])
        patterns[question] = dict(counts)
    return cross_classification.compare_patterns(patterns, names, view)
