"""Sets of cases from a run: choose patients, make their cases, and hold what is asked against what there is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria import load, sets
from nephrosyn.errors import CasesError
from nephrosyn.teach.display.timelines import WORTH_A_PROCESS, Studio
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY
from nephrosyn.teach.items.patient_cases import Maker, Pair
from nephrosyn.teach.items.sampling import in_order, quotas, refuse, share_out
from nephrosyn.teach.items.shortage import Lack, note
from nephrosyn.teach.model import Case, CaseSet, ItemKind, UnitSystem
from nephrosyn.teach.request import KINDS, UNITS, Request
from nephrosyn.teach.run_source import Patient, Run, Source

WITHOUT_CATEGORY = ("matching",)
"""Kinds whose key is no category, and which some categories cannot serve."""


def nothing(_: Pair) -> None:
    """Nobody asks."""


@dataclass
class Builder(Maker):
    """Makes the cases of one request.

    Attributes
    ----------
    settled : callable
        Hears of each case as soon as it is sure to be taken.
    notes : list of str
        What is to be said of the cases that were chosen: where categories could not be had in equal numbers.
    """

    settled: Callable[[Pair], None] = nothing
    notes: list[str] = field(default_factory=list)

    def chosen(self, labels: pl.DataFrame) -> list[Pair]:
        """Return the cases asked for.

        Parameters
        ----------
        labels : polars.DataFrame
            Of the run, by the definition sets.
        """
        self._refuse_nobody(labels)
        made: list[Pair] = []
        for kind, count in self.request.shares().items():
            self.source.progress(kind, len(made), self.request.count)
            groups = self._groups(kind, labels)
            made += self._of_kind(kind, count, groups, labels, len(made))
        return sorted(made, key=lambda pair: _place(pair["si"]))

    def _refuse_nobody(self, labels: pl.DataFrame) -> None:
        """Refuse a set that is for nobody in the run."""
        if "disagreement" in self.request.kinds and len(self.request.kinds) == 1:
            return
        if labels.filter(criteria=self.first.name).is_empty():
            raise CasesError(
                f"the definition set {self.first.name} is for none of the {self.source.size:,} patients of the run, by "
                "age or lesion as far as they are known; choose another set (--criteria), or make a run of another "
                "scenario"
            )

    def _groups(self, kind: ItemKind, labels: pl.DataFrame) -> dict[str, list[Patient]]:
        """Return the patients of each category, or all of them where categories are not balanced."""
        if kind == "disagreement":
            split = labels.group_by("replicate", "patient").agg(pl.col("refractory").drop_nulls().n_unique())
            rows = split.filter(pl.col("refractory") == 2).select("replicate", "patient").rows()
            return {"disagreement": in_order(rows, self.request.seed, kind)}
        mine = labels.filter(criteria=self.first.name)
        if self.request.balance == "natural" or kind in WITHOUT_CATEGORY:
            rows = mine.select("replicate", "patient").rows()
            return {"any category": in_order(rows, self.request.seed, kind)}
        flags = self.first.verdict.precedence.of(child=False)
        possible = [name for name in vocabulary.CATEGORIES if FLAG_OF_CATEGORY.get(name) in (None, *map(str, flags))]
        found = {}
        for name in possible:
            rows = mine.filter(category=name).select("replicate", "patient").rows()
            found[name] = in_order(rows, self.request.seed, kind)
        return found

    def _of_kind(
        self, kind: ItemKind, count: int, groups: Mapping[str, Sequence[Patient]], labels: pl.DataFrame, done: int
    ) -> list[Pair]:
        """Return the cases of one kind: equal numbers of each group; what one lacks, the others make up."""
        wanted = count // (2 if kind == "near-miss" else 1)
        sizes = {name: len(patients) for name, patients in groups.items()}
        number = itertools.count(done + 1)
        supplies = {name: self._supply(kind, patients, number) for name, patients in groups.items()}
        taken = share_out(supplies, sizes, wanted) if sum(sizes.values()) >= wanted else {}
        found = sum(map(len, taken.values())) if taken else sum(sizes.values())
        if found < wanted:
            level = "" if self.request.difficulty is None else f" of difficulty {self.request.difficulty}"
            raise refuse(wanted, found, self.source.size, self.source.scenario, f"{kind} cases{level}")
        equal = quotas(sizes, wanted)
        lacks = [Lack(name, equal[name], len(taken[name]), sizes[name]) for name in groups]
        if lacks := [one for one in lacks if one.found < one.wanted]:
            start = f"{kind}: " if len(self.request.kinds) > 1 else ""
            self.notes.append(start + note(lacks, self.first, self.source, labels.filter(criteria=self.first.name)))
        return [pair for cases in taken.values() for pairs in cases for pair in pairs]

    def _supply(self, kind: ItemKind, patients: Sequence[Patient], number: Iterator[int]) -> Iterator[list[Pair]]:
        """Yield the cases of each patient who gives any; `number` counts them all."""
        for patient, record in self.source.records(patients):
            pairs = self.cases(kind, patient, record)
            if pairs and self.request.difficulty in (None, pairs[0]["si"].difficulty):
                for pair in pairs:
                    self.settled(pair)
                    self.source.progress(kind, next(number), self.request.count)
                yield pairs

    def alone(self, ident: str) -> Pair:
        """Make one case again by its id.

        Raises
        ------
        CasesError
            If no patient of the run has it under this seed and definition set.
        """
        for kind, patient, which in self._everybody():
            if self.ident(kind, patient, which) == ident:
                record = next(self.source.records([patient]))[1]
                found = [pair for pair in self.cases(kind, patient, record) if pair["si"].id == ident]
                if found:
                    return found[0]
        raise CasesError(
            f"--case: expected the id of a case made from this run with --seed {self.request.seed} and "
            f"--criteria {self.first.name}; got {ident}"
        )

    def _everybody(self) -> Iterator[tuple[ItemKind, Patient, str]]:
        who = self.source.cohort.tables["patients"].select("replicate", "patient").rows()
        for kind in KINDS:
            for patient in who:
                yield kind, patient, "a"
                if kind == "near-miss":
                    yield kind, patient, "b"


def _place(case: Case) -> tuple[str, str]:
    """Order by id, the two of a pair together."""
    return min(case.id, case.pair or case.id), case.id


def builder(source: Source, request: Request) -> Builder:
    """Return the maker of a request's cases, with its definition sets.

    Parameters
    ----------
    source : Source
        The run.
    request : Request
        What is asked for.

    Raises
    ------
    CasesError
        If the request cannot be.
    CriteriaError
        If a definition set is unknown or wrong.
    """
    from nephrosyn.runs.relabel import definition

    request.check()
    names: Sequence[str | None] = request.criteria or (None,)
    found = [definition(source.cohort.manifest, name) for name in names]
    if "disagreement" in request.kinds and len(found) < 2:
        known = {one.name for one in found}
        found += [load(name) for name in sets() if name not in known]
    return Builder(source, request, found)


def build(source: Source, request: Request, ident: str | None = None, workers: int = 1) -> dict[UnitSystem, CaseSet]:
    """Make cases in both systems of units.

    Parameters
    ----------
    source : Source
        The run.
    request : Request
        What is asked for.
    ident : str, optional
        Make this one case alone.
    workers : int
        Processes that share the work, this one among them.

    Returns
    -------
    dict of str to CaseSet
        The same cases by units.

    Raises
    ------
    CasesError
        If the request cannot be, or the run gives too few cases.
    """
    maker = builder(source, request)
    count = request.count if ident is None and request.figures else 0
    with Studio(min(workers - 1, count // WORTH_A_PROCESS)) as studio:
        maker.settled = studio.order
        if ident is not None:
            pairs = [maker.alone(ident)]
        else:
            many = "disagreement" in request.kinds
            pairs = maker.chosen(source.judge(maker.definitions if many else [maker.first]))
        source.progress("draw", 0, len(pairs))
        pairs = [studio.finished(pair) for pair in reversed(pairs)][::-1]  # helpers begin with the first
    return {
        units: CaseSet(
            title=f"Practice cases on nephrotic syndrome, definition set “{maker.first.name}”",
            units=units,
            spelling=request.spelling,  # type: ignore[arg-type]
            seed=request.seed,
            made_from=source.made_from,
            notes=tuple(maker.notes),
            cases=tuple(pair[units] for pair in pairs),
        )
        for units in UNITS
    }


def of_cohort(cohort: Run, count: int, **asked: Any) -> CaseSet:
    """Make cases in the units asked for.

    Parameters
    ----------
    cohort : Run
        The run.
    count : int
        How many.
    **asked
        As in `Request`.

    Raises
    ------
    CasesError
        If the request cannot be, or the run gives too few cases.
    """
    request = Request(count=count, **asked)
    made = build(Source(cohort), request)
    return made["si" if request.units == "si" else "conventional"]
