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

from nephrosyn import terms
from nephrosyn.report import (
    groups,
    merging,
    moves,
    named,
    overlap,
    provoking,
    states,
    statistics,
    summary,
    survival,
    treatment,
    wording,
)
from nephrosyn.report.scope import Defined
from nephrosyn.report.summary import Answers, Findings, Summary

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

    refractory: list[statistics.Refractory]
    categories: dict[tuple[str, str], list[statistics.Category]]


def _labelled(labels: pl.DataFrame, defined: Mapping[str, Defined]) -> Labelled:
    each = statistics.refractory(labels)
    keys = [(one.criteria, one.view) for one in each]
    return Labelled(each, {key: statistics.categories(labels, *key, defined[key[0]]) for key in keys})


def _summary(found: Sequence[tuple[int, Labelled]]) -> Answers:
    views = zip(*([(replicate, one) for one in part.refractory] for replicate, part in found), strict=True)
    verdicts = [merging.refractory(each) for each in views]
    keys = [(one.criteria, one.view) for one in verdicts]
    categories = {key: merging.categories([(r, part.categories[key]) for r, part in found]) for key in keys}
    first = Summary(wording.headline(verdicts[0]), verdicts[0], verdicts, categories[keys[0]])
    return Answers(first, categories)


class _Counting:
    """What a part of a cohort is asked."""

    def __init__(self, tables: Parted, resolved: Any, asked: Sequence[str], kept: Mapping[str, Any]) -> None:
        self.tables, self.asked, self.kept = tables, asked, kept
        self.bands = list(resolved.scenario.population.bands)
        self.days = float(resolved.scenario.population.follow_up_days)
        labels = tables.part("labels", 0)
        self.defined = summary.defined_by(labels, asked, kept)
        first = statistics.refractory(labels)[0]
        self.criteria, self.view = first.criteria, first.view
        self.views = labels["view"].cast(pl.String).unique().sort().to_list()

    def count(self, part: Tables) -> dict[str, Any]:
        """Count all that adds up."""
        labels, criteria, flags = part["labels"], self.criteria, self.defined[self.criteria]
        chosen, people = statistics.of(labels, criteria, self.view), part["patients"]
        times = survival.first_times(part)
        several = len(self.defined) > 1
        return {
            "patients": people.height,
            "labelled": _labelled(labels, self.defined),
            "combinations": overlap.combinations(labels, criteria, self.view, flags.flags),
            "by_band": groups.categories_by_column(chosen, people, "band", self.bands, flags),
            "bands": groups.by_column(chosen, people, "band", self.bands),
            "lesions": groups.lesion_groups(part, chosen),
            "moments": survival.moments_by_band(times, self.bands),
            "histogram": survival.relapse_histogram(times),
            "states": states.count(part, self.days),
            "treatment": treatment.find(part),
            "falsely": provoking.count(part, criteria),
            "agreements": {name: overlap.agreement(labels, name) for name in self.defined},
            "named": {view: named.find(labels, self.defined, view) for view in self.views},
            "patterns": {what: moves.patterns(labels, self.view, what) for what in moves.NOT_JUDGED} if several else {},
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
    by_band = merging.by_name(of_replicates("by_band"), bands)
    agreements = [merging.agreement([part[name] for part in each("agreements")], sizes) for name in sets]
    lesions = {
        which: merging.groups([(replicate, part[which]) for replicate, part in of_replicates("lesions")], terms.LESIONS)
        for which in ("true", "biopsy")
    }
    return replace(
        rest,
        summary=told,
        replicates=len({replicate for replicate, _ in found}),
        defined=counting.defined,
        categories=categories,
        combinations=merging.combinations(each("combinations"), counting.defined[criteria].flags),
        by_band=[(name, merging.categories(own)) for name, own in by_band],
        bands=merging.groups(of_replicates("bands"), bands),
        lesions=lesions,
        rates=survival.rates_of(each("moments"), bands),
        histogram=[sum(column) for column in zip(*each("histogram"), strict=True)],
        states=states.told(each("states"), counting.days),
        treatment=treatment.together(each("treatment"), sum(sizes), rest.treatment),
        falsely=merging.falsely(each("falsely")),
        agreements=[one for one in agreements if one is not None],
        named={which: merging.named([part[which] for part in each("named")]) for which in counting.views},
        sets=_sets(each("patterns"), sets, view) if len(sets) > 1 else None,
        sampled=first["patients"].height,
    )


def _sets(parts: Sequence[Mapping[str, Mapping[tuple[Any, ...], int]]], names: list[str], view: str) -> moves.Sets:
    found = {}
    for what in moves.NOT_JUDGED:
        counts = Counter[tuple[Any, ...]]()
        for part in parts:
            counts.update(part[what])
        found[what] = dict(counts)
    return moves.compare_patterns(found, names, view)
