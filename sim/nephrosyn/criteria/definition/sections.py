"""Sections of a definition set: population, urine, steroid, and one for each kind of clause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator

from nephrosyn import vocabulary
from nephrosyn.criteria.definition.thresholds import (
    AlbuminOrOff,
    BandOrOff,
    Choice,
    Classes,
    Days,
    DaysOrOff,
    DaysOrZero,
    DipstickBand,
    MgPerDay,
    MgPerDose,
    MgPerKg,
    MgPerKgDose,
    MgPerM2,
    MgPerM2Dose,
    Names,
    Readings,
    Relapses,
    RelapsesOrOff,
    Section,
    Share,
    ShareOrOff,
    Upcr,
    UpcrOrOff,
    Weeks,
    WeeksOrZero,
    Years,
    refuse,
)
from nephrosyn.scenario.schema.names import Action, Agent, Contraindication, Lesion, Toxicity

Response = Literal["complete", "partial", "lesser"]
Rule = Literal["raise_clears", "on_steroid", "off"]
Window = Literal["first", "sliding", "blocks"]
Anchor = Literal["remission", "presentation", "course_end"]
Counts = Literal["counts", "not_counted"]
Reported = Literal["reported", "off"]
BANDS = vocabulary.DIPSTICK_BANDS
Drug = Literal["prednisone"]
Schedule = Literal["daily", "alternate_day", "single"]
Flag = Literal["resistant", "dependent", "frequent", "intolerant", "non_remitting"]


class Population(Section):
    """To whom the set applies, by age at onset and lesion, and who counts as a child.

    The set gives no verdict on anyone else. `unknown_lesion` says whether it applies to patients without a biopsy.
    """

    adult_from: Years
    age_from: Years
    age_below: Years
    lesions: Names[Lesion]
    unknown_lesion: Choice[Literal["applies", "undetermined"]]

    @model_validator(mode="after")
    def _for_everybody(self) -> Self:
        split = [name for name in type(self).model_fields if getattr(self, name).value is None]
        refuse(f"`value` for {name}, the same for everybody" for name in split)
        if self.age_from.of(True) >= self.age_below.of(True):
            refuse(["age_from below age_below"])
        if not self.lesions.of(True):
            refuse(["at least one lesion"])
        return self


class Urine(Section):
    """Remission and relapse by one day's urine, and how a change of state is confirmed.

    A ratio is at remission level ``at_most`` or ``below`` `remission_upcr`, at relapse level ``at_least`` or ``above``
    `relapse_upcr`. With `remission_albumin`, remission also needs that much albumin on the same day; a day at
    remission level without a reading of albumin is ``ignored``, or ``passes``.

    A change needs `home_days` days of testing in a row, or `clinic_readings` successive clinic readings
    at the new level; with `relapse_window`, a relapse needs `home_days` days among so many. On a day with both, the
    ``clinic`` or the ``diary`` takes precedence (`same_day`). Readings further apart than `max_gap` may hide a relapse.
    `relapse_in_taper`: whether a relapse counts while the steroid given for the previous one continues.
    """

    remission_upcr: Upcr
    remission_limit: Choice[Literal["at_most", "below"]]
    remission_albumin: AlbuminOrOff
    missing_albumin: Choice[Literal["ignored", "passes"]]
    relapse_upcr: Upcr
    relapse_limit: Choice[Literal["at_least", "above"]]
    remission_band: DipstickBand
    relapse_band: DipstickBand
    home_days: Days
    clinic_readings: Readings
    max_gap: Days
    relapse_in_taper: Choice[Counts]
    same_day: Choice[Literal["clinic", "diary"]]
    relapse_window: DaysOrOff

    @model_validator(mode="after")
    def _remission_below_relapse(self) -> Self:
        refuse(problem for child in (True, False) for problem in self._wrong(child))
        return self

    def _wrong(self, child: bool) -> Iterator[str]:
        low, high = self.remission_upcr.of(child), self.relapse_upcr.of(child)
        touching = self.remission_limit.of(child) == "at_most" and self.relapse_limit.of(child) == "at_least"
        if low > high or (low == high and touching):
            yield "remission_upcr below relapse_upcr"
        if BANDS.index(self.remission_band.of(child)) >= BANDS.index(self.relapse_band.of(child)):
            yield "remission_band below relapse_band"
        window = self.relapse_window.of(child)
        if window != "off" and window < self.home_days.of(child):
            yield "relapse_window no shorter than home_days"


class Partial(Section):
    """Partial remission by one day's urine: not remission, but below a ratio.

    `fall`: also lower by this fraction than the highest ratio since the last one at remission level. `albumin`: also at
    least this much albumin, where it was measured that day. `band_below`: a dipstick below it, if `fall` is off.
    """

    upcr_below: UpcrOrOff
    fall: ShareOrOff
    albumin: AlbuminOrOff
    band_below: BandOrOff


class LesserResponse(Section):
    """Response short of partial remission, by one day's urine, for the clauses whose response is ``lesser``.

    A ratio ``at_most`` or ``below`` `upcr`, or lower by the fraction `fall` than the highest since the last one at
    remission level; without a ratio, a dipstick below `band_below`.
    """

    upcr: UpcrOrOff
    limit: Choice[Literal["at_most", "below"]]
    fall: ShareOrOff
    band_below: BandOrOff


class Steroid(Section):
    """Adequate dose and maintenance dose; where several amounts are given, the lowest counts.

    A dose on alternate days is adequate by the `alternate_` amounts, per dosing day, once daily adequate steroid has
    been given for `alternate_after` weeks; with all of them off it never is. Runs at most `longest_break` days apart,
    from last day to first, continue each other.
    """

    drugs: Names[Drug]
    adequate_per_kg: MgPerKg
    adequate_per_m2: MgPerM2
    adequate_cap: MgPerDay
    adequate_tolerance: Share
    alternate_per_kg: MgPerKgDose
    alternate_per_m2: MgPerM2Dose
    alternate_cap: MgPerDose
    alternate_after: WeeksOrZero
    maintenance_per_kg: MgPerKg
    maintenance: MgPerDay
    longest_break: Days

    @model_validator(mode="after")
    def _some_dose(self) -> Self:
        refuse(problem for child in (True, False) for problem in self._wrong(child))
        return self

    def _wrong(self, child: bool) -> Iterator[str]:
        if {self.adequate_per_kg.of(child), self.adequate_per_m2.of(child), self.adequate_cap.of(child)} == {"off"}:
            yield "an adequate dose: adequate_per_kg, adequate_per_m2 or adequate_cap"
        if not self.drugs.of(child):
            yield "at least one drug"


class Resistance(Section):
    """Weeks of adequate steroid without response.

    `course` holds in the first episode, `relapse_course` in a relapse; with one of `slow_lesions`, `slow_course`
    replaces both. `umbrella`: fewer weeks are enough if steroid was then reduced without remission. `confirmation`:
    patients without response at the end of the course have until the end of this week, counted from the first day of
    the course; `confirmation_for` says whether all of them, or those in partial remission. `response` is what counts;
    `after_other_agent`, whether it counts once another drug was added in the course.
    """

    course: Weeks
    relapse_course: Weeks
    slow_lesions: Names[Lesion]
    slow_course: Weeks
    umbrella: Weeks
    confirmation: Weeks
    confirmation_for: Choice[Literal["partial", "any"]]
    response: Choice[Response]
    after_other_agent: Choice[Counts]

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

    `rule` is ``raise_clears``: relapses in the taper, above the maintenance dose, cleared by a higher dose; or
    ``on_steroid``: on steroid, or at most `off_days` days after its last dose. `consecutive`: whether a relapse of
    another kind restarts the count. `raise_within`, `effective_within` and `response` (whether relapses after partial
    remission count) belong to the first rule; `schedules` of the steroid that counts, and `days_before`, the number of
    days before the relapse on which it must have been given, to the second.
    """

    rule: Choice[Rule]
    relapses: Relapses
    consecutive: Choice[Literal["consecutive", "any"]]
    off_days: DaysOrZero
    raise_within: Days
    effective_within: Days
    response: Choice[Literal["complete", "partial"]]
    schedules: Names[Schedule]
    days_before: Days


class Frequency(Section):
    """A number of relapses (`count`) within a number of days (`length`).

    `window`: ``first``, the days that follow the anchor; ``sliding``, any period of that length after the anchor;
    ``blocks``, successive periods of that length from the anchor on. `begins`: number of days after the anchor that
    are not counted.
    """

    count: RelapsesOrOff
    length: Days
    window: Choice[Window]
    begins: DaysOrZero


class Frequent(Section):
    """Frequent relapse by any of three rules.

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
    """Conditions, and the change of steroid they must have led to; an empty list switches the clause off."""

    contraindications: Names[Contraindication]
    contraindication_actions: Names[Action]
    toxicities: Names[Toxicity]
    toxicity_actions: Names[Action]


class Persistence(Section):
    """No response within a number of days of treatment with any drugs.

    `episodes`: in the ``first`` episode or in ``any``. `other_agent`: whether a drug other than steroid must have been
    given, for `other_agent_days` days. `adequate_days`: days of adequate steroid that must have been given.
    """

    length: DaysOrOff
    episodes: Choice[Literal["first", "any"]]
    other_agent: Choice[Literal["required", "not_required"]]
    other_agent_days: Days
    adequate_days: DaysOrZero
    response: Choice[Response]


class CourseFlags(Section):
    """Courses that a set reports without using them for categories.

    Late responders remit between `resistance.course` and `resistance.confirmation`; `secondary_course` is the weeks of
    adequate steroid in a relapse after which resistance is called secondary.
    """

    late_responder: Choice[Reported]
    secondary_course: Weeks
    partial_remission: Choice[Reported]


class OtherAgents(Section):
    """Resistance to calcineurin inhibitors, and to several classes of drugs.

    Doses no more than `longest_break` days apart are one treatment; a single dose counts as `single_dose_lasts` days of
    it. `multidrug_each`: the shortest treatment with a class that counts. `calcineurin_relapses`: whether a relapse
    under a calcineurin inhibitor is evaluated as well.
    """

    calcineurin_inhibitors: Names[Agent]
    calcineurin_course: DaysOrOff
    calcineurin_response: Choice[Response]
    calcineurin_relapses: Choice[Counts]
    multidrug_course: DaysOrOff
    multidrug_classes: Classes
    multidrug_each: Days
    multidrug_response: Choice[Response]
    longest_break: Days
    single_dose_lasts: Days


class VerdictRules(Section):
    """Which met flag names the category, and which flags make a patient refractory."""

    precedence: Names[Flag]
    refractory: Names[Flag]
