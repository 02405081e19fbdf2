"""What a definition set may say of its clauses: resistance, dependence, frequent relapse, and all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator

from nephrosyn.criteria.definition.thresholds import (
    Choice,
    Classes,
    Days,
    DaysOrOff,
    DaysOrZero,
    Names,
    Relapses,
    RelapsesOrOff,
    Section,
    Weeks,
    refuse,
)
from nephrosyn.scenario.schema.names import Action, Agent, Contraindication, Lesion, Toxicity

Response = Literal["complete", "partial"]
Rule = Literal["raise_clears", "on_steroid", "off"]
Window = Literal["first", "sliding", "blocks"]
Anchor = Literal["remission", "presentation", "course_end"]
Counts = Literal["counts", "not_counted"]
Reported = Literal["reported", "off"]


class Resistance(Section):
    """Weeks of adequate steroid without response.

    `course` is judged in the first episode, `relapse_course` in a relapse; with one of `slow_lesions` known,
    `slow_course` stands in for both. `umbrella`: fewer weeks, if steroid was then reduced in vain. `confirmation`: who
    has not responded by the end of the course is given until this week, counted from the first day of the course;
    `confirmation_for` says whether anybody, or only who is in partial remission by then. `response` is what counts.
    """

    course: Weeks
    relapse_course: Weeks
    slow_lesions: Names[Lesion]
    slow_course: Weeks
    umbrella: Weeks
    confirmation: Weeks
    confirmation_for: Choice[Literal["partial", "any"]]
    response: Choice[Response]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse(problem for child in (True, False) for problem in self._wrong(child))
        return self

    def _wrong(self, child: bool) -> Iterator[str]:
        course, umbrella, slow = self.course.of(child), self.umbrella.of(child), self.slow_course.of(child)
        relapse_course, confirmation = self.relapse_course.of(child), self.confirmation.of(child)
        if course == "off":
            if {relapse_course, umbrella, slow, confirmation} != {"off"}:
                yield "a number of weeks for course, or the others off too"
            return
        if umbrella != "off" and umbrella > min(weeks for weeks in (course, relapse_course) if weeks != "off"):
            yield "umbrella no longer than course"
        if confirmation != "off" and confirmation <= course:
            yield "confirmation after the end of course"
        if confirmation != "off" and umbrella != "off":
            yield "umbrella or confirmation, one of them off"
        if (slow == "off") != (not self.slow_lesions.of(child)):
            yield "slow_lesions together with slow_course, or none with it off"
        if slow != "off" and confirmation != "off" and confirmation <= slow:
            yield "confirmation after the end of slow_course"
        if slow != "off" and slow < course:
            yield "slow_course no shorter than course"


class Dependence(Section):
    """Relapses that show that steroid cannot be reduced or withdrawn.

    `rule` is ``raise_clears``: in the taper, above the maintenance dose, and cleared again by a higher dose; or
    ``on_steroid``: on steroid, or at most `off_days` days after its last dose. `consecutive`: whether a relapse of
    another kind between them starts the count anew. `raise_within` and `effective_within` are of the first rule.
    """

    rule: Choice[Rule]
    relapses: Relapses
    consecutive: Choice[Literal["consecutive", "any"]]
    off_days: DaysOrZero
    raise_within: Days
    effective_within: Days


class Frequency(Section):
    """So many relapses within so many days.

    `window` says which: ``first`` from the anchor on, ``sliding`` any stretch of that length after the anchor,
    ``blocks`` successive stretches of that length from the anchor on. `begins`: the windows lie later than so many
    days after the anchor.
    """

    count: RelapsesOrOff
    length: Days
    window: Choice[Window]
    begins: DaysOrZero


class Frequent(Section):
    """Any rule suffices.

    Windows are counted from the `anchor`: the first ``remission``, ``presentation`` (the first dose), or
    ``course_end``, the end of the first steroid treatment. `presenting`: whether the first episode is counted.
    """

    anchor: Choice[Anchor]
    presenting: Choice[Counts]
    six_months: Frequency
    twelve_months: Frequency
    any_six_months: Frequency

    @property
    def rules(self) -> tuple[Frequency, Frequency, Frequency]:
        """The rules in the order of their clauses."""
        return self.six_months, self.twelve_months, self.any_six_months

    @model_validator(mode="after")
    def _presenting_in_the_window(self) -> Self:
        counted = [child for child in (True, False) if self.presenting.of(child) == "counts"]
        if any(self.anchor.of(child) != "presentation" for child in counted):
            refuse(["anchor presentation where the presenting episode counts"])
        return self


class Intolerance(Section):
    """Conditions, and what they must have done to the steroid; no names switch the clause off."""

    contraindications: Names[Contraindication]
    contraindication_actions: Names[Action]
    toxicities: Names[Toxicity]
    toxicity_actions: Names[Action]


class Persistence(Section):
    """No response within some days of treatment, with whatever drugs.

    `episodes`: judged in the ``first`` episode or in ``any``. `other_agent`: whether another drug than steroid must
    have been given by then.
    """

    length: DaysOrOff
    episodes: Choice[Literal["first", "any"]]
    other_agent: Choice[Literal["required", "not_required"]]
    response: Choice[Response]


class CourseFlags(Section):
    """Courses that a set names without counting them as categories.

    Late responders remit between `resistance.course` and `resistance.confirmation`; `secondary_course` is the weeks of
    adequate steroid in a relapse after which resistance is called secondary.
    """

    late_responder: Choice[Reported]
    secondary_course: Weeks
    partial_remission: Choice[Reported]


class OtherAgents(Section):
    """Resistance to calcineurin inhibitors, and to several classes of drugs.

    Doses no more than `longest_break` days apart are one treatment; a single dose counts as `single_dose_lasts` days of
    it. `multidrug_each`: the least treatment with a class that counts.
    """

    calcineurin_inhibitors: Names[Agent]
    calcineurin_course: DaysOrOff
    calcineurin_response: Choice[Response]
    multidrug_course: DaysOrOff
    multidrug_classes: Classes
    multidrug_each: Days
    multidrug_response: Choice[Response]
    longest_break: Days
    single_dose_lasts: Days
