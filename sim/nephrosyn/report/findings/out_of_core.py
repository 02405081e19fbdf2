"""The findings of a cohort that is too large to hold: counted part by part, and put together.

What cannot be put together exactly is of the first patients: curves over time, quartiles of doses, and what is judged
again for shorter follow-up.
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
"""Up to so many patients a cohort is held as a whole."""
BATCH_PATIENTS = 20_000
"""Patients held at a time of a larger one, and of whom the curves are."""
READ = ("patients", "labels", "truth/traits", "truth/events", "truth/follow_up", "truth/doses", "truth/conditions")
Tables = Mapping[str, pl.DataFrame]


class Parted(Protocol):
    """Tables in parts, as a run folder has them."""

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Some parts of a table, one below the other."""

    def parts(self, table: str) -> int:
        """Number of parts of a table."""

    def __iter__(self) -> Iterator[str]:
        """Names of the tables."""


def is_large(tables: Any, manifest: Mapping[str, Any]) -> bool:
    """Whether a cohort has to be counted part by part: it is large, and its tables are in parts."""
    patients = manifest.get("patients", 0) * manifest.get("replicates", 1)
    if patients <= WHOLE_PATIENTS or not hasattr(tables, "part"):
        return False
    return len({tables.parts(table) for table in READ}) == 1


def batches(tables: Parted, names: Iterable[str] = READ) -> Iterator[tuple[int, Tables]]:
    """Replicate and tables of about `BATCH_PATIENTS` patients at a time, in order.

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
    """Replicate, numbers and patients of the parts that are held at a time; to open them one by one would be slow."""
    replicate, numbers, held = 0, list[int](), list[pl.DataFrame]()
    for number in range(tables.parts("patients")):
        people = tables.part("patients", number)
        own = int(people["replicate"][0])
        if held and (own != replicate or sum(part.height for part in held) >= BATCH_PATIENTS):
            yield replicate, numbers, pl.concat(held)
            numbers, held = [], []
        numbers.append(number)
        held.append(people)
        replicate = own
    if held:
        yield replicate, numbers, pl.concat(held)


def answers(tables: Parted, asked: Sequence[str], kept: Mapping[str, Mapping[str, str]]) -> Answers:
    """Return what `summary.summarise` does, and the categories of every set and view, from the labels alone."""
    defined: dict[str, Defined] = {}
    found = []
    for replicate, part in batches(tables, ("patients", "labels")):
        defined = defined or summary.defined_by(part["labels"], asked, kept)
        found.append((replicate, _labelled(part["labels"], defined)))
    return _summary(found)


@dataclass(frozen=True)
class Labelled:
    """The counts of a part that its labels give, set by set and view by view."""

    refractory: list[refractory_share.Refractory]
    categories: dict[tuple[str, str], list[refractory_share.Category]]


def _labelled(labels: pl.DataFrame, defined: Mapping[str, Defined]) -> Labelled:
    each = refractory_share.refractory(labels)
    keys = [(one.criteria, one.view) for one in each]
    return Labelled(each, {key: refractory_share.categories(labels, *key, defined[key[0]]) for key in keys})


def _summary(found: Sequence[tuple[int, Labelled]]) -> Answers:
    views = zip(*([(replicate, one) for one in part.refractory] for replicate, part in found), strict=True)
    verdicts = [combine_parts.refractory(each) for each in views]
    keys = [(one.criteria, one.view) for one in verdicts]
    categories = {key: combine_parts.categories([(r, part.categories[key]) for r, part in found]) for key in keys}
    first = Summary(text.headline(verdicts[0]), verdicts[0], verdicts, categories[keys[0]])
    return Answers(first, categories)


class _Counting:
    """What a part of a cohort is asked."""

    def __init__(self, tables: Parted, resolved: Any, asked: Sequence[str], kept: Mapping[str, Any]) -> None:
        self.tables, self.asked, self.kept = tables, asked, kept
        self.bands = list(resolved.scenario.population.bands)
        self.days = float(resolved.scenario.population.follow_up_days)
        labels = tables.part("labels", 0)
        self.defined = summary.defined_by(labels, asked, kept)
        first = refractory_share.refractory(labels)[0]
        self.criteria, self.view = first.criteria, first.view
        self.views = labels["view"].cast(pl.String).unique().sort().to_list()

    def count(self, part: Tables) -> dict[str, Any]:
        """Count all that adds up."""
        labels, criteria, flags = part["labels"], self.criteria, self.defined[self.criteria]
        chosen, people = refractory_share.of(labels, criteria, self.view), part["patients"]
        times = time_to_event.first_times(part)
        several = len(self.defined) > 1
        return {
            "patients": people.height,
            "labelled": _labelled(labels, self.defined),
            "combinations": flag_overlap.combinations(labels, criteria, self.view, flags.flags),
            "by_band": subgroups.categories_by_column(chosen, people, "band", self.bands, flags),
            "bands": subgroups.by_column(chosen, people, "band", self.bands),
            "lesions": subgroups.lesion_groups(part, chosen),
            "moments": time_to_event.moments_by_band(times, self.bands),
            "histogram": time_to_event.relapse_histogram(times),
            "states": disease_states.count(part, self.days),
            "treatment": exposure.find(part),
            "falsely": pseudo_resistance.count(part, criteria),
            "agreements": {name: flag_overlap.agreement(labels, name) for name in self.defined},
            "named": {view: course_flags.find(labels, self.defined, view) for view in self.views},
            "patterns": {
                what: cross_classification.patterns(labels, self.view, what) for what in cross_classification.NOT_JUDGED
            }
            if several
            else {},
        }

    def sample(self) -> Tables:
        """Tables of the first patients."""
        return next(batches(self.tables, list(self.tables)))[1]


def find(tables: Parted, resolved: Any, asked: Sequence[str], kept: Mapping[str, Mapping[str, str]]) -> Findings:
    """Compute what `summary.find` does, holding some patients at a time; its parameters, with tables in parts."""
    counting = _Counting(tables, resolved, asked, kept)
    found = [(replicate, counting.count(part)) for replicate, part in batches(tables)]

    def each(name: str) -> list[Any]:
        return [part[name] for _, part in found]

    def of_replicates(name: str) -> list[tuple[int, Any]]:
        return [(replicate, part[name]) for replicate, part in found]

    told, categories = _summary(of_replicates("labelled"))
    criteria, view, bands, sizes = counting.criteria, counting.view, counting.bands, each("patients")
    first, sets = counting.sample(), [*counting.defined]
    rest = summary.find(first, resolved, asked, kept)
    by_band = combine_parts.by_name(of_replicates("by_band"), bands)
    agreements = [combine_parts.agreement([part[name] for part in each("agreements")], sizes) for name in sets]
    lesions = {
        which: combine_parts.groups(
            [(replicate, part[which]) for replicate, part in of_replicates("lesions")], vocabulary.LESIONS
        )
        for which in ("true", "biopsy")
    }
    return replace(
        rest,
        summary=told,
        replicates=len({replicate for replicate, _ in found}),
        defined=counting.defined,
        categories=categories,
        combinations=combine_parts.combinations(each("combinations"), counting.defined[criteria].flags),
        by_band=[(name, combine_parts.categories(own)) for name, own in by_band],
        bands=combine_parts.groups(of_replicates("bands"), bands),
        lesions=lesions,
        rates=time_to_event.rates_of(each("moments"), bands),
        histogram=[sum(column) for column in zip(*each("histogram"), strict=True)],
        states=disease_states.told(each("states"), counting.days),
        treatment=exposure.together(each("treatment"), sum(sizes), rest.treatment),
        falsely=combine_parts.falsely(each("falsely")),
        agreements=[one for one in agreements if one is not None],
        named={which: combine_parts.named([part[which] for part in each("named")]) for which in counting.views},
        sets=_sets(each("patterns"), sets, view) if len(sets) > 1 else None,
        sampled=first["patients"].height,
    )


def _sets(
    parts: Sequence[Mapping[str, Mapping[tuple[Any, ...], int]]], names: list[str], view: str
) -> cross_classification.Sets:
    found = {}
    for what in cross_classification.NOT_JUDGED:
        counts = Counter[tuple[Any, ...]]()
        for part in parts:
            counts.update(part[what])
        found[what] = dict(counts)
    return cross_classification.compare_patterns(found, names, view)
