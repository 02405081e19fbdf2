"""The cases of one patient, in both systems of units; none if rounding or units would change the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nephrosyn.criteria import DefinitionSet, verdict
from nephrosyn.teach.display.record_tables import Frames
from nephrosyn.teach.items import case as cases
from nephrosyn.teach.items.case import Counterpart, Look
from nephrosyn.teach.items.difficulty import apply
from nephrosyn.teach.items.stages import staged
from nephrosyn.teach.keyed_choice import blinded, number
from nephrosyn.teach.model import Case, ItemKind, UnitSystem, keys_of
from nephrosyn.teach.request import UNITS, Request
from nephrosyn.teach.run_source import Patient, Source

Pair = dict[UnitSystem, Case]
MOST_SETS = 5
"""Largest number of definition sets in a disagreement case."""
OUTSIDE = ("other_age", "other_lesion", "age_not_known", "lesion_not_known", "impossible")
"""Reasons which say that a definition set does not apply to the patient."""


@dataclass
class Maker:
    """Builds the cases of one patient.

    Attributes
    ----------
    source : Source
        The run.
    request : Request
        Which cases are requested.
    definitions : list of DefinitionSet
        Every kind but disagreement uses the first.
    """

    source: Source
    request: Request
    definitions: list[DefinitionSet]

    @property
    def first(self) -> DefinitionSet:
        """The definition set of every kind but disagreement."""
        return self.definitions[0]

    def ident(self, kind: ItemKind, patient: Patient, which: str = "a") -> str:
        """Return the blinded id of a case."""
        return blinded(self.source.digest, self.source.seed, self.request.seed, kind, self.first.name, *patient, which)

    def looks(self) -> dict[UnitSystem, Look]:
        """Return how the cases of one patient are displayed in each system of units."""
        first = Look("conventional", self.request.spelling, self.request.figures)  # type: ignore[arg-type]
        return {units: replace(first, units=units) for units in UNITS}

    def cases(self, kind: ItemKind, patient: Patient, record: Frames) -> list[Pair]:
        """Return the cases of one patient; none if the record is not suitable.

        Parameters
        ----------
        kind : str
            One of the kinds.
        patient : (int, int)
            Replicate and number.
        record : mapping of str to polars.DataFrame
            The observed tables.
        """
        if kind == "near-miss":
            return self._near_miss(patient, record)
        ident = self.ident(kind, patient)
        pair: Pair = {}
        looks = self.looks()
        for units, look in looks.items():
            case = self._case(kind, record, ident, look)
            if case is None:
                return []
            pair[units] = case
        return [pair] if self._sound(pair, record, looks["si"]) else []

    def _case(self, kind: ItemKind, record: Frames, ident: str, look: Look) -> Case | None:
        if kind == "staged":
            return staged(record, self.first, ident, look)
        if kind == "disagreement":
            return self._disagreement(record, ident, look)
        return cases.at_once(kind, record, self.first, ident, look)

    def _disagreement(self, record: Frames, ident: str, look: Look) -> Case | None:
        """Choose sets that call the record refractory and sets that do not, by the id of the case."""
        answers: dict[bool, list[DefinitionSet]] = {True: [], False: []}
        for definition in self.definitions:
            result = verdict(dict(record), definition, *_who(record), "observed", keep_going=True)
            applies = not {clause.reason for clause in result.clauses} & set(OUTSIDE)
            if result.refractory is not None and applies:
                answers[result.refractory].append(definition)
        if not answers[True] or not answers[False]:
            return None
        for answer in (True, False):
            answers[answer].sort(key=lambda definition: number(ident, definition.name))
        most = MOST_SETS - 1
        yes = answers[True][: max(MOST_SETS // 2, most - len(answers[False]) + 1)]
        no = answers[False][: MOST_SETS - len(yes)]
        selected = sorted([*yes, *no], key=lambda definition: definition.name)
        return cases.disagreeing(record, selected, ident, look)

    def _near_miss(self, patient: Patient, record: Frames) -> list[Pair]:
        idents = {which: self.ident("near-miss", patient, which) for which in "ab"}
        looks = self.looks()
        shown = cases.show(record, self.first, idents["a"], looks["conventional"]).classified
        distance = looks["conventional"].margin(idents["a"], shown)
        if not distance.changes:
            return []
        cheapest = [change for change in distance.changes if change[0].cost == distance.cost]
        edit, after = min(cheapest, key=lambda change: number(idents["a"], change[0].key))
        pairs: list[Pair] = []
        for which, version, counterpart in (
            ("a", record, Counterpart(idents["b"], edit, after)),
            ("b", apply(shown.frames, [edit]), Counterpart(idents["a"], edit, shown.verdict.category)),
        ):
            pair: Pair = {}
            for units, look in looks.items():
                case = cases.at_once("near-miss", version, self.first, idents[which], look, counterpart)
                if case is None:
                    return []
                pair[units] = case
            if not self._sound(pair, version, looks["si"]):
                return []
            pairs.append(pair)
        differ = keys_of(pairs[0]["conventional"]) != keys_of(pairs[1]["conventional"])
        return pairs if differ else []

    def _sound(self, pair: Pair, record: Frames, look: Look) -> bool:
        """Whether the displayed record has the same answer as the exact one, in both systems of units."""
        same = keys_of(pair["conventional"]) == keys_of(pair["si"])
        if pair["si"].kind == "disagreement":
            return same
        exact = verdict(dict(record), self.first, *_who(record), "observed", keep_going=True)
        shown = look.classified[pair["si"].id, look.units].verdict
        return same and (exact.category, exact.flags) == (shown.category, shown.flags)


def _who(record: Frames) -> tuple[int, int]:
    row = record["patients"].row(0, named=True)
    return row["replicate"], row["patient"]
