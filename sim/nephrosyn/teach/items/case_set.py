"""Sets of cases from a run: choose patients, build their cases, and report what the run cannot provide."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria import load, sets
from nephrosyn.errors import CasesError
from nephrosyn.teach.display.timelines import WORTH_A_PROCESS, TimelineRenderer
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY
from nephrosyn.teach.items.patient_cases import Pair, PatientCaseBuilder
from nephrosyn.teach.items.sampling import in_order, quotas, share_out, too_few_cases_error
from nephrosyn.teach.items.shortage import Lack, note
from nephrosyn.teach.model import Case, CaseSet, ItemKind, UnitSystem
from nephrosyn.teach.request import KINDS, UNITS, Request
from nephrosyn.teach.run_source import Patient, Run, Source

WITHOUT_CATEGORY = ("matching",)
"""Kinds whose key is not a category, and which cannot be built for some categories."""


def nothing(_: Pair) -> None:
    """Do nothing."""


@dataclass
class CaseSetBuilder(PatientCaseBuilder):
    """Builds the cases of one request.

    Attributes
    ----------
    settled : callable
        Called with each case as soon as it is certain to be in the set.
    notes : list of str
        Notes on the set: which categories do not have their equal share, and why.
    """

    settled: Callable[[Pair], None] = nothing
    notes: list[str] = field(default_factory=list)

    def select(self, labels: pl.DataFrame) -> list[Pair]:
        """Return the requested cases.

        Parameters
        ----------
        labels : polars.DataFrame
            Labels of the run by the definition sets.
        """
        labels = self._of_patients(labels)
        self._refuse_nobody(labels)
        pairs: list[Pair] = []
        for kind, count in self.request.shares().items():
            self.source.progress(kind, len(pairs), self.request.count)
            groups = self._groups(kind, labels)
            pairs += self._of_kind(kind, count, groups, labels, len(pairs))
        return sorted(pairs, key=lambda pair: _place(pair["si"]))

    def _of_patients(self, labels: pl.DataFrame) -> pl.DataFrame:
        """Return the labels of the patients that are named in the request, or all."""
        named = self.request.patients
        if not named:
            return labels
        people = self.source.cohort.tables["patients"].filter(replicate=0)["patient"]
        unknown = [str(number) for number in named if number not in people]
        if unknown:
            raise CasesError(
                f"patient: expected 0 to {people.len() - 1}, of the first replicate; got {', '.join(unknown)}"
            )
        return labels.filter(pl.col("patient").is_in(named), replicate=0)

    def _refuse_nobody(self, labels: pl.DataFrame) -> None:
        """Raise an error if the definition set applies to no patient of the run."""
        if "disagreement" in self.request.kinds and len(self.request.kinds) == 1:
            return
        if labels.filter(criteria=self.first.name).is_empty():
            if self.request.patients:
                raise CasesError(
                    f"patient: the definition set {self.first.name} applies to none of them, by age or lesion as far "
                    "as these are known; choose another set (criteria) or other patients"
                )
            raise CasesError(
                f"the definition set {self.first.name} applies to none of the {self.source.size:,} patients of the "
                "run, by age or lesion as far as these are known; choose another set (criteria), or make a run of "
                "another scenario"
            )

    def _groups(self, kind: ItemKind, labels: pl.DataFrame) -> dict[str, list[Patient]]:
        """Return the patients of each category, or all in one group if categories are not balanced."""
        if kind == "disagreement":
            split = labels.group_by("replicate", "patient").agg(pl.col("refractory").drop_nulls().n_unique())
            rows = split.filter(pl.col("refractory") == 2).select("replicate", "patient").rows()
            return {"disagreement": in_order(rows, self.request.seed, kind)}
        of_set = labels.filter(criteria=self.first.name)
        if self.request.balance == "natural" or self.request.patients or kind in WITHOUT_CATEGORY:
            rows = of_set.select("replicate", "patient").rows()
            return {"any category": in_order(rows, self.request.seed, kind)}
        flags = self.first.verdict.precedence.of(child=False)
        possible = [name for name in vocabulary.CATEGORIES if FLAG_OF_CATEGORY.get(name) in (None, *map(str, flags))]
        groups = {}
        for name in possible:
            rows = of_set.filter(category=name).select("replicate", "patient").rows()
            groups[name] = in_order(rows, self.request.seed, kind)
        return groups

    def _of_kind(
        self, kind: ItemKind, count: int, groups: Mapping[str, Sequence[Patient]], labels: pl.DataFrame, done: int
    ) -> list[Pair]:
        """Return the cases of one kind: equal numbers from each group, with shortfalls filled from the others."""
        wanted = count // (2 if kind == "near-miss" else 1)
        sizes = {name: len(patients) for name, patients in groups.items()}
        number = itertools.count(done + 1)
        supplies = {name: self._supply(kind, patients, number) for name, patients in groups.items()}
        taken = share_out(supplies, sizes, wanted) if sum(sizes.values()) >= wanted else {}
        available = sum(map(len, taken.values())) if taken else sum(sizes.values())
        if available < wanted and self.request.patients:
            raise CasesError(
                f"patient: {available} of the {len(self.request.patients)} patients named give {kind} cases by "
                f"{self.first.name}: the others are outside the set, or the displayed record does not decide the answer"
            )
        if available < wanted:
            level = "" if self.request.difficulty is None else f" of difficulty {self.request.difficulty}"
            raise too_few_cases_error(wanted, available, self.source.size, self.source.scenario, f"{kind} cases{level}")
        equal = quotas(sizes, wanted)
        lacks = [Lack(name, equal[name], len(taken[name]), sizes[name]) for name in groups]
        if lacks := [lack for lack in lacks if lack.available < lack.wanted]:
            start = f"{kind}: " if len(self.request.kinds) > 1 else ""
            self.notes.append(start + note(lacks, self.first, self.source, labels.filter(criteria=self.first.name)))
        return [pair for cases in taken.values() for pairs in cases for pair in pairs]

    def _supply(self, kind: ItemKind, patients: Sequence[Patient], number: Iterator[int]) -> Iterator[list[Pair]]:
        """Yield the cases of each suitable patient; `number` counts the cases."""
        for patient, record in self.source.records(patients):
            pairs = self.cases(kind, patient, record)
            if pairs and self.request.difficulty in (None, pairs[0]["si"].difficulty):
                for pair in pairs:
                    self.settled(pair)
                    self.source.progress(kind, next(number), self.request.count)
                yield pairs

    def alone(self, ident: str) -> Pair:
        """Build a single case by its id.

        Raises
        ------
        CasesError
            If no patient of the run has a case of this id under this seed and definition set.
        """
        for kind, patient, which in self._everybody():
            if self.ident(kind, patient, which) == ident:
                record = next(self.source.records([patient]))[1]
                pairs = [pair for pair in self.cases(kind, patient, record) if pair["si"].id == ident]
                if pairs:
                    return pairs[0]
        raise CasesError(
            f"case: expected the id of a case made from this run with seed {self.request.seed} and "
            f"criteria {self.first.name}; got {ident}"
        )

    def _everybody(self) -> Iterator[tuple[ItemKind, Patient, str]]:
        patients = self.source.cohort.tables["patients"].select("replicate", "patient").rows()
        for kind in KINDS:
            for patient in patients:
                yield kind, patient, "a"
                if kind == "near-miss":
                    yield kind, patient, "b"


def _place(case: Case) -> tuple[str, str]:
    """Sort key: by id, the two of a pair together."""
    return min(case.id, case.pair or case.id), case.id


def builder(source: Source, request: Request) -> CaseSetBuilder:
    """Return the builder for a request, with its definition sets loaded.

    Parameters
    ----------
    source : Source
        The run.
    request : Request
        Which cases are requested.

    Raises
    ------
    CasesError
        If the request is invalid.
    CriteriaError
        If a definition set is unknown or invalid.
    """
    from nephrosyn.runs.relabel import definition

    request.check()
    names: Sequence[str | None] = request.criteria or (None,)
    definitions = [definition(source.cohort.manifest, name) for name in names]
    if "disagreement" in request.kinds and len(definitions) < 2:
        known = {loaded.name for loaded in definitions}
        definitions += [load(name) for name in sets() if name not in known]
    return CaseSetBuilder(source, request, definitions)


def build(source: Source, request: Request, ident: str | None = None, workers: int = 1) -> dict[UnitSystem, CaseSet]:
    """Build cases in both systems of units.

    Parameters
    ----------
    source : Source
        The run.
    request : Request
        Which cases are requested.
    ident : str, optional
        Build only the case of this id.
    workers : int
        Number of processes, including this one.

    Returns
    -------
    dict of str to CaseSet
        The same cases by system of units.

    Raises
    ------
    CasesError
        If the request is invalid, or the run gives too few cases.
    """
    case_builder = builder(source, request)
    count = request.count if ident is None and request.figures else 0
    with TimelineRenderer(min(workers - 1, count // WORTH_A_PROCESS)) as renderer:
        case_builder.settled = renderer.submit
        if ident is not None:
            pairs = [case_builder.alone(ident)]
        else:
            many = "disagreement" in request.kinds
            pairs = case_builder.select(source.classify(case_builder.definitions if many else [case_builder.first]))
        source.progress("draw", 0, len(pairs))
        pairs = [renderer.result(pair) for pair in reversed(pairs)][::-1]  # the helpers draw from the first on
    return {
        units: CaseSet(
            title=f"Practice cases on nephrotic syndrome, definition set “{case_builder.first.name}”",
            units=units,
            spelling=request.spelling,  # type: ignore[arg-type]
            seed=request.seed,
            made_from=source.made_from,
            notes=tuple(case_builder.notes),
            cases=tuple(pair[units] for pair in pairs),
        )
        for units in UNITS
    }


def of_cohort(cohort: Run, count: int, **options: Any) -> CaseSet:
    """Build cases in the requested units.

    Parameters
    ----------
    cohort : Run
        The run.
    count : int
        Number of cases.
    **options
        Fields of `Request`.

    Raises
    ------
    CasesError
        If the request is invalid, or the run gives too few cases.
    """
    request = Request(count=count, **options)
    sets_by_units = build(Source(cohort), request)
    return sets_by_units["si" if request.units == "si" else "conventional"]
