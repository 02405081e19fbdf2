"""Sets of cases from a run: choose patients, make their cases in both systems of units, and hold the keys together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from nephrosyn import terms
from nephrosyn.cases import making
from nephrosyn.cases.choosing import in_order, quotas, refuse
from nephrosyn.cases.edits import apply
from nephrosyn.cases.errors import CasesError
from nephrosyn.cases.keyed import blinded, number
from nephrosyn.cases.keys import keys_of
from nephrosyn.cases.making import Look
from nephrosyn.cases.model import Case, CaseSet, ItemKind, UnitSystem
from nephrosyn.cases.request import KINDS, UNITS, Request
from nephrosyn.cases.source import Patient, Source
from nephrosyn.criteria import DefinitionSet, load, sets, verdict

Pair = dict[UnitSystem, Case]
MOST_SETS = 5
"""Definition sets that a disagreement case asks about."""
WITHOUT_CATEGORY = ("matching",)
"""Kinds whose key is no category, and which some categories cannot serve."""
OTHER = {"a": "b", "b": "a"}


@dataclass
class Builder:
    """Makes the cases of one request.

    Attributes
    ----------
    source : Source
        The run.
    request : Request
        What is asked for.
    definitions : list of DefinitionSet
        The first judges every kind but disagreement.
    """

    source: Source
    request: Request
    definitions: list[DefinitionSet]

    @property
    def first(self) -> DefinitionSet:
        """The set that judges."""
        return self.definitions[0]

    def ident(self, kind: ItemKind, patient: Patient, which: str = "a") -> str:
        """Return the blinded id of a case."""
        return blinded(self.source.digest, self.source.seed, self.request.seed, kind, self.first.name, *patient, which)

    def looks(self) -> dict[UnitSystem, Look]:
        """Return how the cases of one patient are displayed in each system of units."""
        first = Look("conventional", self.request.spelling, self.request.figures)  # type: ignore[arg-type]
        return {units: replace(first, units=units) for units in UNITS}

    def cases(self, kind: ItemKind, patient: Patient, record: making.Frames) -> list[Pair]:
        """Return the cases of one patient; none where the record does not serve.

        Parameters
        ----------
        kind : str
            One of the kinds.
        patient : (int, int)
            Who.
        record : mapping of str to polars.DataFrame
            The observed tables.
        """
        if kind == "near-miss":
            return self._near_miss(patient, record)
        ident = self.ident(kind, patient)
        made: Pair = {}
        looks = self.looks()
        for units, look in looks.items():
            case = self._one(kind, record, ident, look)
            if case is None:
                return []
            made[units] = case
        return [made] if self._sound(made, record, looks["si"]) else []

    def _one(self, kind: ItemKind, record: making.Frames, ident: str, look: Look) -> Case | None:
        if kind == "staged":
            return making.staged(record, self.first, ident, look)
        if kind == "disagreement":
            return self._disagreement(record, ident, look)
        return making.at_once(kind, record, self.first, ident, look)

    def _disagreement(self, record: making.Frames, ident: str, look: Look) -> Case | None:
        """Take sets that say yes and sets that say no, each side in an order of the case's own."""
        said: dict[bool, list[DefinitionSet]] = {True: [], False: []}
        for one in self.definitions:
            judged = verdict({name: record[name] for name in record}, one, *_who(record), "observed", keep_going=True)
            outside = {clause.reason for clause in judged.clauses} & set(NOT_FOR)
            if judged.refractory is not None and not outside:
                said[judged.refractory].append(one)
        if not said[True] or not said[False]:
            return None
        for answer in (True, False):
            said[answer].sort(key=lambda one: number(ident, one.name))
        most = MOST_SETS - 1
        yes = said[True][: max(MOST_SETS // 2, most - len(said[False]) + 1)]
        no = said[False][: MOST_SETS - len(yes)]
        chosen = sorted([*yes, *no], key=lambda one: one.name)
        return making.disagreeing(record, chosen, ident, look)

    def _near_miss(self, patient: Patient, record: making.Frames) -> list[Pair]:
        idents = {which: self.ident("near-miss", patient, which) for which in "ab"}
        looks = self.looks()
        shown = making.show(record, self.first, idents["a"], looks["conventional"]).judged
        found = looks["conventional"].margin(idents["a"], shown)
        if not found.changes:
            return []
        cheapest = [edit for edit, _ in found.changes if edit.cost == found.cost]
        edit = min(cheapest, key=lambda one: number(idents["a"], one.words))
        records = {"a": record, "b": apply(shown.frames, [edit])}
        made: list[Pair] = []
        for which, mine in records.items():
            pair: Pair = {}
            for units, look in looks.items():
                case = making.at_once("near-miss", mine, self.first, idents[which], look, idents[OTHER[which]])
                if case is None:
                    return []
                pair[units] = case
            if not self._sound(pair, mine, looks["si"]):
                return []
            made.append(pair)
        differ = keys_of(made[0]["conventional"]) != keys_of(made[1]["conventional"])
        return made if differ else []

    def _sound(self, made: Pair, record: making.Frames, look: Look) -> bool:
        """Whether rounding and units leave the answer of the record as it is, before any of it was displayed."""
        same = keys_of(made["conventional"]) == keys_of(made["si"])
        if made["si"].kind == "disagreement":
            return same
        exact = verdict(dict(record), self.first, *_who(record), "observed", keep_going=True)
        shown = look.judged[made["si"].id, look.units].verdict
        return same and (exact.category, exact.flags) == (shown.category, shown.flags)

    def chosen(self, labels: pl.DataFrame) -> list[Pair]:
        """Return the cases asked for.

        Parameters
        ----------
        labels : polars.DataFrame
            Of the run, by the definition sets.
        """
        made: list[Pair] = []
        for kind, count in self.request.shares().items():
            self.source.progress(kind, len(made), self.request.count)
            groups = self._groups(kind, labels)
            made += self._of_kind(kind, count, groups)
        return sorted(made, key=lambda pair: _place(pair["si"]))

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
        possible = [name for name in terms.CATEGORIES if making.FLAG_OF_CATEGORY.get(name) in (None, *flags)]
        found = {}
        for name in possible:
            rows = mine.filter(category=name).select("replicate", "patient").rows()
            found[name] = in_order(rows, self.request.seed, kind)
        return found

    def _of_kind(self, kind: ItemKind, count: int, groups: Mapping[str, Sequence[Patient]]) -> list[Pair]:
        each = 2 if kind == "near-miss" else 1
        wanted = quotas({name: len(mine) for name, mine in groups.items()}, count // each)
        made: list[Pair] = []
        short: dict[str, tuple[int, int]] = {}
        for name, patients in groups.items():
            if len(patients) < wanted[name]:
                short[name] = (wanted[name], len(patients))
        for name, patients in groups.items() if not short else ():
            mine = self._from(kind, wanted[name], patients, len(made))
            if len(mine) < wanted[name]:
                short[name] = (wanted[name], len(mine))
            made += [pair for pairs in mine for pair in pairs]
        if short:
            level = "" if self.request.difficulty is None else f" of difficulty {self.request.difficulty}"
            why = f"{level} that serve for {kind}"
            raise refuse(short, self.source.size, self.source.scenario, why)
        return made

    def _from(self, kind: ItemKind, wanted: int, patients: Sequence[Patient], done: int) -> list[list[Pair]]:
        found: list[list[Pair]] = []
        if not wanted:
            return found
        probe = replace(self, request=replace(self.request, figures=False))
        for patient, record in self.source.records(patients):
            if self.request.difficulty is not None:
                tried = probe.cases(kind, patient, record)
                if not tried or tried[0]["si"].difficulty != self.request.difficulty:
                    continue
            pairs = self.cases(kind, patient, record)
            if pairs:
                found.append(pairs)
                self.source.progress(kind, done + len(found), self.request.count)
            if len(found) == wanted:
                break
        return found

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


NOT_FOR = ("other_age", "other_lesion", "age_not_known", "lesion_not_known", "impossible")


def _who(record: making.Frames) -> tuple[int, int]:
    row = record["patients"].row(0, named=True)
    return row["replicate"], row["patient"]


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
    from nephrosyn.labelling import definition

    request.check()
    names: Sequence[str | None] = request.criteria or (None,)
    found = [definition(source.cohort.manifest, name) for name in names]
    if "disagreement" in request.kinds and len(found) < 2:
        known = {one.name for one in found}
        found += [load(name) for name in sets() if name not in known]
    return Builder(source, request, found)


def build(source: Source, request: Request, ident: str | None = None) -> dict[UnitSystem, CaseSet]:
    """Make cases in both systems of units.

    Parameters
    ----------
    source : Source
        The run.
    request : Request
        What is asked for.
    ident : str, optional
        Make this one case alone.

    Returns
    -------
    dict of str to CaseSet
        The same cases by units.

    Raises
    ------
    CasesError
        If the request cannot be, or a category has too few patients.
    """
    maker = builder(source, request)
    if ident is not None:
        pairs = [maker.alone(ident)]
    else:
        many = "disagreement" in request.kinds
        pairs = maker.chosen(source.judge(maker.definitions if many else [maker.first]))
    return {
        units: CaseSet(
            title=f"Practice cases on nephrotic syndrome, definition set “{maker.first.name}”",
            units=units,
            spelling=request.spelling,  # type: ignore[arg-type]
            seed=request.seed,
            made_from=source.made_from,
            cases=tuple(pair[units] for pair in pairs),
        )
        for units in UNITS
    }
