"""The cases of one patient, in both systems of units; none if rounding or units would change the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nephrosyn.criteria import DefinitionSet, verdict
from nephrosyn.criteria.explanation.verdict import NOT_CLASSIFIED
from nephrosyn.teach.display.record_tables import Frames
from nephrosyn.teach.items import case as cases
from nephrosyn.teach.items.case import Counterpart, DisplayOptions
from nephrosyn.teach.items.difficulty import apply
from nephrosyn.teach.items.stages import staged
from nephrosyn.teach.keyed_choice import blinded, number
from nephrosyn.teach.model import Case, ItemKind, UnitSystem, keys_of
from nephrosyn.teach.request import UNITS, Request
from nephrosyn.teach.run_source import Patient, Source

Pair = dict[UnitSystem, Case]
MOST_SETS = 5
"""Largest number of definition sets in a disagreement case."""


@dataclass
class PatientCaseBuilder:
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

    def display_options(self) -> dict[UnitSystem, DisplayOptions]:
        """Return how the cases of one patient are displayed in each system of units."""
        first = DisplayOptions("conventional", self.request.spelling, self.request.figures)  # type: ignore[arg-type]
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
        displays = self.display_options()
        for units, display in displays.items():
            case = self._case(kind, record, ident, display)
            if case is None:
                return []
            pair[units] = case
        return [pair] if self._same_answer_when_displayed(pair, record, displays["si"]) else []

    def _case(self, kind: ItemKind, record: Frames, ident: str, display: DisplayOptions) -> Case | None:
        if kind == "staged":
            return staged(record, self.first, ident, display)
        if kind == "disagreement":
            return self._disagreement(record, ident, display)
        return cases.single_stage_case(kind, record, self.first, ident, display)

    def _disagreement(self, record: Frames, ident: str, display: DisplayOptions) -> Case | None:
        """Choose sets that call the record refractory and sets that do not, by the id of the case."""
        answers: dict[bool, list[DefinitionSet]] = {True: [], False: []}
        for definition in self.definitions:
            result = verdict(dict(record), definition, *_replicate_and_patient(record), "observed", keep_going=True)
            applies = not {clause.reason for clause in result.clauses} & set(NOT_CLASSIFIED)
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
        return cases.disagreement_case(record, selected, ident, display)

    def _near_miss(self, patient: Patient, record: Frames) -> list[Pair]:
        idents = {which: self.ident("near-miss", patient, which) for which in "ab"}
        displays = self.display_options()
        shown = cases.show(record, self.first, idents["a"], displays["conventional"]).classified
        distance = displays["conventional"].margin(idents["a"], shown)
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
            for units, display in displays.items():
                case = cases.single_stage_case("near-miss", version, self.first, idents[which], display, counterpart)
                if case is None:
                    return []
                pair[units] = case
            if not self._same_answer_when_displayed(pair, version, displays["si"]):
                return []
            pairs.append(pair)
        differ = keys_of(pairs[0]["conventional"]) != keys_of(pairs[1]["conventional"])
        return pairs if differ else []

    def _same_answer_when_displayed(self, pair: Pair, record: Frames, display: DisplayOptions) -> bool:
        """Whether the displayed record has the same answer as the exact one, in both systems of units."""
        same = keys_of(pair["conventional"]) == keys_of(pair["si"])
        if pair["si"].kind == "disagreement":
            return same
        exact = verdict(dict(record), self.first, *_replicate_and_patient(record), "observed", keep_going=True)
        shown = display.classified[pair["si"].id, display.units].verdict
        return same and (exact.category, exact.flags) == (shown.category, shown.flags)


def _replicate_and_patient(record: Frames) -> tuple[int, int]:
    row = record["patients"].row(0, named=True)
    return row["replicate"], row["patient"]
