"""A definition set as a whole, with the rules that hold between its sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from nephrosyn import vocabulary
from nephrosyn.criteria.definition.sections import (
    BANDS,
    CourseFlags,
    Dependence,
    Frequent,
    Intolerance,
    LesserResponse,
    OtherAgents,
    Partial,
    Persistence,
    Population,
    Resistance,
    Steroid,
    Urine,
    VerdictRules,
)
from nephrosyn.criteria.definition.thresholds import (
    Section,
    Text,
    refuse,
)


class DefinitionSet(Section):
    """A definition set: which patients are refractory, and by which clauses.

    Attributes
    ----------
    name : str
        Name in the labels.
    title : str
        Title, in one line.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
    title: Text
    population: Population
    urine: Urine
    partial: Partial
    lesser_response: LesserResponse
    steroid: Steroid
    resistance: Resistance
    dependence: Dependence
    frequent: Frequent
    intolerance: Intolerance
    persistence: Persistence
    course_flags: CourseFlags
    other_agents: OtherAgents
    verdict: VerdictRules

    def __repr__(self) -> str:
        """Name and title."""
        return f"<DefinitionSet {self.name}: {self.title}>"

    def __str__(self) -> str:
        """Name and title."""
        return repr(self)

    def defines(self, flag: str, child: bool) -> bool:
        """Whether the set defines a flag.

        Parameters
        ----------
        flag : str
            One of `vocabulary.FLAGS`.
        child : bool
            Whether for children.

        Returns
        -------
        bool
            False where all its clauses are off.
        """
        intolerance = self.intolerance
        return {
            "resistant": self.resistance.course.of(child) != "off",
            "dependent": self.dependence.rule.of(child) != "off",
            "frequent": any(rule.count.of(child) != "off" for rule in self.frequent.rules),
            "intolerant": bool(intolerance.contraindications.of(child) or intolerance.toxicities.of(child)),
            "non_remitting": self.persistence.length.of(child) != "off",
        }[flag]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse(self._wrong_in_verdict())
        for wrong in (self._wrong_in_partial, self._wrong_in_lesser, self._wrong_elsewhere):
            refuse(problem for child in (True, False) for problem in wrong(child))
        return self

    def _wrong_in_verdict(self) -> Iterator[str]:
        precedence, refractory = self.verdict.precedence.value, self.verdict.refractory.value
        if precedence is None or refractory is None:
            yield "`value` in verdict, the same for everybody"
            return
        for child in (True, False):
            defined = [flag for flag in vocabulary.FLAGS if self.defines(flag, child)]
            if set(precedence) != set(defined):
                yield f"in verdict.precedence every flag the set defines, and no other: {', '.join(defined) or 'none'}"
        if not refractory or not set(refractory) <= set(precedence):
            yield "in verdict.refractory at least one flag, each of them in precedence"

    def _wrong_in_partial(self, child: bool) -> Iterator[str]:
        partial, urine = self.partial, self.urine
        upper, band = partial.upcr_below.of(child), partial.band_below.of(child)
        if upper != "off" and not urine.remission_upcr.of(child) < upper <= urine.relapse_upcr.of(child):
            yield "partial.upcr_below above remission_upcr and no higher than relapse_upcr"
        low, high = (BANDS.index(limit.of(child)) for limit in (urine.remission_band, urine.relapse_band))
        if band != "off" and not low < BANDS.index(band) <= high:
            yield "partial.band_below above remission_band and no higher than relapse_band"
        if upper == "off" and self._speaks_of_partial(child):
            yield "partial.upcr_below where another key speaks of partial remission"

    def _wrong_in_lesser(self, child: bool) -> Iterator[str]:
        lesser = self.lesser_response
        if self.accepts("lesser", child) and lesser.upcr.of(child) == lesser.fall.of(child) == "off":
            yield "lesser_response.upcr or fall where a response is lesser"

    def accepts(self, response: str, child: bool) -> bool:
        """Whether a clause that the set defines accepts a kind of response.

        Parameters
        ----------
        response : {"complete", "partial", "lesser"}
            The kind.
        child : bool
            Whether for children.

        Returns
        -------
        bool
            True if any clause does.
        """
        resistance, persistence, agents = self.resistance, self.persistence, self.other_agents
        responses = (
            (resistance.course, resistance.response),
            (self.course_flags.secondary_course, resistance.response),
            (persistence.length, persistence.response),
            (agents.calcineurin_course, agents.calcineurin_response),
            (agents.multidrug_course, agents.multidrug_response),
        )
        return any(switch.of(child) != "off" and what.of(child) == response for switch, what in responses)

    def _speaks_of_partial(self, child: bool) -> bool:
        resistance, dependence = self.resistance, self.dependence
        confirms = resistance.confirmation.of(child) != "off" and resistance.confirmation_for.of(child) == "partial"
        flares = dependence.rule.of(child) == "raise_clears" and dependence.response.of(child) == "partial"
        reported = self.course_flags.partial_remission.of(child) == "reported"
        return self.accepts("partial", child) or confirms or flares or reported

    def _wrong_elsewhere(self, child: bool) -> Iterator[str]:
        off = self.steroid.maintenance_per_kg.of(child) == self.steroid.maintenance.of(child) == "off"
        if self.dependence.rule.of(child) == "raise_clears" and off:
            yield "steroid.maintenance or maintenance_per_kg for the rule raise_clears"
        if self.dependence.rule.of(child) == "on_steroid" and not self.dependence.schedules.of(child):
            yield "at least one schedule in dependence.schedules for the rule on_steroid"
        flags = self.course_flags
        if flags.late_responder.of(child) == "reported" and self.resistance.confirmation.of(child) == "off":
            yield "resistance.confirmation where course_flags.late_responder is reported"
        if flags.partial_remission.of(child) == "reported" and self.resistance.course.of(child) == "off":
            yield "resistance.course where course_flags.partial_remission is reported"
