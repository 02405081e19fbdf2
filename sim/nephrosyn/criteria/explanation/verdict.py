"""The verdict on one patient: category, flags, and for each clause its reason and the rows it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import vocabulary
from nephrosyn.criteria.classification import label_frame
from nephrosyn.criteria.clauses.dependence_on_withdrawal import ON
from nephrosyn.criteria.codes import (
    ARGUMENTS,
    CLAUSES,
    CONTRAINDICATION_CLAUSE,
    COURSE_ARGUMENTS,
    DAY,
    EPISODES,
    FLAG_OF_CLAUSE,
    NEVER,
    NO_DAY,
    REASON,
    REASONS,
    STATUS_NAMES,
    TAPER_ARGUMENTS,
    TOXICITY_CLAUSE,
    TREATMENT_ARGUMENTS,
    WINDOW_ARGUMENTS,
    WITHDRAWAL_ARGUMENTS,
    status_of,
)
from nephrosyn.criteria.evaluation.evaluate import evaluate
from nephrosyn.criteria.explanation.sentences import EvaluatedPatient, in_window, relapses_by_kind, sentence
from nephrosyn.criteria.explanation.supporting_rows import Evidence, SupportingRows
from nephrosyn.criteria.record.episodes import END, LAST_DAY_NOT_IN_REMISSION, START
from nephrosyn.errors import CriteriaError, Problem

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.criteria.record.patient_arrays import Tables

NOT_CLASSIFIED = ("other_age", "other_lesion", "age_not_known", "lesion_not_known", "impossible")
"""Reasons for which a definition set cannot classify a patient at all."""

KIND_OF_CLAUSE = {CONTRAINDICATION_CLAUSE: "contraindication", TOXICITY_CLAUSE: "toxicity"}


@dataclass(frozen=True, slots=True, repr=False)
class Clause:
    """The answer of one clause.

    Attributes
    ----------
    name : str
        The clause.
    flag : str
        The flag it can set.
    status : {"met", "not met", "cannot be judged", "not defined"}
        The answer.
    reason : str
        The reason, as a code.
    sentence : str
        The reason, in words.
    days : int or None, days
        Day on which it was met.
    evidence : tuple of Evidence
        Rows on which it rests, in order of time.
    """

    name: str
    flag: str
    status: str
    reason: str
    sentence: str
    days: int | None
    evidence: tuple[Evidence, ...]

    def __repr__(self) -> str:
        """Answer and reason in one line."""
        return f"<Clause {self.name}: {self.status} ({self.reason})>"


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of disease.

    Attributes
    ----------
    number : int
        0 for the first episode, then the number of the relapse.
    start_days : int or None, days
        First day of the relapse; None for the first episode, which begins before presentation.
    last_ill_days : int or None, days
        Last day, before its remission, seen not in remission.
    remission_days : int or None, days
        First day of the remission that ended it.
    """

    number: int
    start_days: int | None
    last_ill_days: int | None
    remission_days: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """The classification of one patient under a definition set, with reasons.

    Attributes
    ----------
    replicate, patient : int
        The patient.
    criteria, view : str
        The definition set, and the view of the record.
    category : str
        One of `vocabulary.CATEGORIES`.
    flags : mapping of str to bool or None
        True: met; False: not met; None: undetermined.
    refractory, refractory_kind : bool or None
        Whether any counted flag is met; whether the patient is truly refractory.
    first_met_days : int or None, days
        First day on which a counted flag was met.
    answered_days : int or None, days
        First day of the remission in an episode with a provoking factor.
    provoking : tuple of Evidence
        Provoking factors noted.
    clauses : tuple of Clause
        Every clause with its reason.
    episodes : tuple of Episode
        Episodes of disease in the record.
    """

    replicate: int
    patient: int
    criteria: str
    view: str
    category: str
    flags: Mapping[str, bool | None]
    refractory: bool | None
    refractory_kind: bool | None
    first_met_days: int | None
    answered_days: int | None
    provoking: tuple[Evidence, ...]
    clauses: tuple[Clause, ...]
    episodes: tuple[Episode, ...]

    def __repr__(self) -> str:
        """Category and verdict in one line."""
        refractory = {True: "refractory", False: "not refractory", None: "whether refractory cannot be judged"}
        who = f"patient {self.patient}, replicate {self.replicate}"
        summary = f"{self.category}, {refractory[self.refractory]}"
        return f"<Verdict of {self.criteria} on {who}, {self.view} record: {summary}>"


def verdict(
    tables: Tables,
    definition: DefinitionSet,
    replicate: int,
    patient: int,
    view: str,
    until_days: int | None = None,
    *,
    keep_going: bool = False,
) -> Verdict:
    """Classify one patient under a definition set, with reasons.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables, or this patient's rows of them.
    definition : DefinitionSet
        As returned by `load`.
    replicate, patient : int
        The patient.
    view : {"complete", "observed"}
        What happened, or what was recorded.
    until_days : int, days, optional
        Use the record as it stood on this day.
    keep_going : bool
        Leave a record with impossible values undetermined instead of raising an error.

    Returns
    -------
    Verdict
        The same category and flags as `classify`, with reasons.

    Raises
    ------
    CriteriaError
        If there is no such patient, a table or column is missing, or the view is unknown.
    """
    who = (pl.col("replicate") == replicate) & (pl.col("patient") == patient)
    patient_rows = {name: frame.filter(who) for name, frame in tables.items() if "patient" in frame.columns}
    if "patients" in patient_rows and patient_rows["patients"].is_empty():
        patient_label = f"replicate {replicate}, patient {patient}"
        raise CriteriaError(definition.name, [Problem(patient_label, "a patient of this cohort", "nobody")])
    evaluation = evaluate(patient_rows, [definition], view, until_days, keep_going=keep_going)
    record, workspace = evaluation.record, evaluation.workspace
    until = NEVER if until_days is None else until_days
    child = record.age[0] < evaluation.rules[0, 0]["adult_from"]
    evaluated = EvaluatedPatient(workspace, evaluation.rules[0, int(child)], int(min(record.end[0], until)))
    episode_count = int(workspace.counts[EPISODES])
    label = label_frame(evaluation, [definition], view).row(0, named=True)
    supporting = SupportingRows(patient_rows, view)
    return Verdict(
        replicate=replicate,
        patient=patient,
        criteria=definition.name,
        view=view,
        category=label["category"],
        flags={flag: label[flag] for flag in (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)},
        refractory=label["refractory"],
        refractory_kind=label["refractory_kind"],
        first_met_days=label["first_met_days"],
        answered_days=_day(int(evaluation.responded[0, 0])),
        provoking=tuple(supporting.conditions("provoking_factor")),
        clauses=tuple(_clause(code, evaluated, supporting) for code in range(len(CLAUSES))),
        episodes=tuple(_episode(k, workspace.episodes[k]) for k in range(episode_count)),
    )


def _day(argument: int) -> int | None:
    return int(argument) if NO_DAY < argument < NEVER else None


def _episode(number: int, row: NDArray[np.int64]) -> Episode:
    start, remission, last_day_not_in_remission = (_day(row[c]) for c in (START, END, LAST_DAY_NOT_IN_REMISSION))
    return Episode(number, start, last_day_not_in_remission, remission)


def _clause(code: int, evaluated: EvaluatedPatient, supporting: SupportingRows) -> Clause:
    row = evaluated.workspace.answers[code]
    reason = REASONS[int(row[REASON])]
    arguments = {name: _day(row[ARGUMENTS + k]) for k, name in enumerate(reason.arguments)}
    day = _day(row[DAY])
    return Clause(
        name=CLAUSES[code],
        flag=FLAG_OF_CLAUSE[code],
        status=STATUS_NAMES[int(status_of(row[REASON]))],
        reason=reason.name,
        sentence=sentence(evaluated, code, arguments, day),
        days=day,
        evidence=tuple(sorted(set(_evidence(code, reason.arguments, arguments, evaluated, supporting)))),
    )


def _evidence(
    code: int,
    kind: tuple[str, ...],
    arguments: Mapping[str, int | None],
    evaluated: EvaluatedPatient,
    supporting: SupportingRows,
) -> list[Evidence]:
    if code in KIND_OF_CLAUSE:
        return supporting.conditions(KIND_OF_CLAUSE[code])
    if kind == COURSE_ARGUMENTS:
        doses = _doses(supporting, arguments["course"], arguments["course_end"])
        return [
            *_urine(supporting, arguments, "not_in_remission", "remission"),
            *_at_the_end(supporting, arguments),
            *doses,
        ]
    if kind == WINDOW_ARGUMENTS:
        counted = [day for day in evaluated.relapses if in_window(arguments, day)]
        return [*_urine(supporting, arguments, "anchor"), *(e for day in counted for e in supporting.urine(day))]
    if kind == WITHDRAWAL_ARGUMENTS:
        return [
            e
            for day in relapses_by_kind(evaluated)[ON]
            for e in (*supporting.urine(day), *supporting.doses(day - 1, day - 1))
        ]
    if kind == TREATMENT_ARGUMENTS:
        agents = supporting.agents(arguments["begun"], arguments["decision_day"])
        return [*_urine(supporting, arguments, "not_in_remission", "remission"), *agents]
    if kind == TAPER_ARGUMENTS:
        answered = [] if arguments["reduced"] is not None else evaluated.flares
        rows = [e for day in answered for e in (*supporting.urine(day), *supporting.doses(day - 1, day))]
        rows += _urine(supporting, arguments, "remission", "relapse", "again", "not_in_remission")
        before = None if arguments["reduced"] is None else arguments["reduced"] - 1
        last = arguments["relapse"] if arguments["raised"] is None else arguments["raised"]
        return [*rows, *_doses(supporting, before, last)]
    return []


def _at_the_end(supporting: SupportingRows, arguments: Mapping[str, int | None]) -> list[Evidence]:
    """Return the urine on the decision day of a course, where the patient was not in remission for longer."""
    decision_day, last_day_not_in_remission = arguments["decision_day"], arguments["not_in_remission"]
    if decision_day is None or last_day_not_in_remission is None or last_day_not_in_remission <= decision_day:
        return []
    return supporting.urine(supporting.latest(decision_day))


def _urine(supporting: SupportingRows, arguments: Mapping[str, int | None], *names: str) -> list[Evidence]:
    return [e for name in names if (day := arguments[name]) is not None for e in supporting.urine(day)]


def _doses(supporting: SupportingRows, first: int | None, last: int | None) -> list[Evidence]:
    if first is None:
        return []
    return supporting.doses(first, first if last is None else last)
