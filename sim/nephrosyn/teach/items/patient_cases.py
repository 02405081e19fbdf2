"""The cases of one patient, in both systems of units; none where rounding or units would change the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nephrosyn.criteria import DefinitionSet, verdict
from nephrosyn.teach.items import case as making
from nephrosyn.teach.items.answer_keys import keys_of
from nephrosyn.teach.items.case import Look
from nephrosyn.teach.items.difficulty import apply
from nephrosyn.teach.items.stages import staged
from nephrosyn.teach.keyed_choice import blinded, number
from nephrosyn.teach.model import Case, ItemKind, UnitSystem
from nephrosyn.teach.request import UNITS, Request
from nephrosyn.teach.run_source import Patient, Source

Pair = dict[UnitSystem, Case]
MOST_SETS = 5
"""Definition sets that a disagreement case asks about."""
OTHER = {"a": "b", "b": "a"}


@dataclass
class Maker:
    """Makes the cases of one patient.

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
            return staged(record, self.first, ident, look)
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


NOT_FOR = ("other_age", "other_lesion", "age_not_known", "lesion_not_known", "impossible")


def _who(record: making.Frames) -> tuple[int, int]:
    row = record["patients"].row(0, named=True)
    return row["replicate"], row["patient"]
