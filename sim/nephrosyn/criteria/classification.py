"""Classification of patients: their category and flags under definition sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import vocabulary
from nephrosyn.criteria.codes import (
    AGE_NOT_KNOWN,
    CLAUSES,
    FLAG_OF_CLAUSE,
    LESION_NOT_KNOWN,
    MET,
    NEVER,
    NO_DAY,
    NOT_MET,
    OTHER_AGE,
    OTHER_LESION,
    STATUS_NAMES,
    UNDEFINED,
    UNKNOWN,
)
from nephrosyn.criteria.definition.prepared import precedence, refractory_flags
from nephrosyn.criteria.evaluation.evaluate import Evaluation, evaluate
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.vocabulary import CATEGORY_OF_FLAG, UNDETERMINED

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.criteria.definition.prepared import Definition
    from nephrosyn.criteria.record.patient_arrays import Tables

LABELS = SCHEMAS["labels"]
"""Columns of the labels, and their types."""


def classify(
    tables: Tables,
    definitions: Definition | Sequence[Definition],
    view: str,
    until_days: int | None = None,
    *,
    keep_going: bool = False,
) -> pl.DataFrame:
    """Classify every patient under one definition set, or under several in one pass over the record.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables. Rows may be in any order; rows of people not in ``patients`` are ignored.
    definitions : DefinitionSet, PreparedSet or sequence of them
        As returned by `load`, or prepared for a worker.
    view : {"complete", "observed"}
        What happened, with every day seen and no errors, or what was recorded.
    until_days : int, days, optional
        Use the record as it stood on this day; by default, to its end.
    keep_going : bool
        Leave patients with impossible values undetermined instead of raising an error.

    Returns
    -------
    polars.DataFrame
        One row per set and patient, sets in the order given, sorted by replicate and patient: `replicate`, `patient`,
        `criteria`, `view`, `applies`, `category`, the flags (null: undetermined or not defined), `refractory`,
        `refractory_kind`, `first_met_days`.

    Raises
    ------
    CriteriaError
        If a table or column is missing, the view is unknown, or the record contains impossible values: a negative
        result, a dose after death, overlapping runs of one drug.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> from nephrosyn.criteria import load
    >>> tables = ns.run("baseline", patients=5, seed=1).tables
    >>> classify(tables, [load("source"), load("ipna-2022")], "observed").height
    10
    """
    sets = list(definitions) if isinstance(definitions, Sequence) else [definitions]
    evaluation = evaluate(tables, sets, view, until_days, keep_going=keep_going)
    return label_frame(evaluation, sets, view)


def clause_answers(
    tables: Tables,
    definitions: Sequence[DefinitionSet],
    view: str,
    until_days: int | None = None,
    *,
    keep_going: bool = False,
) -> pl.DataFrame:
    """Return the answer of each clause of each set for each patient.

    Parameters
    ----------
    tables, definitions, view, until_days, keep_going
        As for `classify`.

    Returns
    -------
    polars.DataFrame
        One row per set, patient and clause: `replicate`, `patient`, `criteria`, `clause`, `status` (met, not met,
        cannot be judged, not defined) and `days`, the day on which it was met.

    Raises
    ------
    CriteriaError
        As for `classify`.
    """
    evaluation = evaluate(tables, definitions, view, until_days, keep_going=keep_going)
    sets, clauses, patients = evaluation.status.shape
    status, day = evaluation.status.transpose(0, 2, 1).ravel(), evaluation.day.transpose(0, 2, 1).ravel()
    codes = np.empty(len(status), np.uint8)
    for code, value in enumerate(STATUS_NAMES):
        codes[status == value] = code
    return pl.DataFrame(
        {
            "replicate": np.tile(np.repeat(evaluation.people["replicate"], clauses), sets),
            "patient": np.tile(np.repeat(evaluation.people["patient"], clauses), sets),
            "criteria": np.repeat([definition.name for definition in definitions], patients * clauses),
            "clause": _named(np.tile(np.arange(clauses, dtype=np.uint8), sets * patients), CLAUSES),
            "status": _named(codes, tuple(STATUS_NAMES.values())),
            "days": _days(day, status == MET),
        }
    )


def episodes(tables: Tables, definition: DefinitionSet, view: str) -> pl.DataFrame:
    """Return the episodes of disease under one definition set.

    Parameters
    ----------
    tables, definition, view
        As for `classify`, with one set.

    Returns
    -------
    polars.DataFrame
        One row per episode: `replicate`, `patient`, `episode` (0 for the first, then the number of the relapse),
        `start_days` (null for the first), `last_ill_days` and `remission_days` (null where there is none). Patients
        to whom the set does not apply have no episodes.

    Raises
    ------
    CriteriaError
        As for `classify`.
    """
    evaluation = evaluate(tables, [definition], view, list_episodes=True)
    _, place, number, start, last_day_not_in_remission, remission = evaluation.episodes.T
    order = np.lexsort((number, place))
    place, number = place[order], number[order]

    def days(values: NDArray[np.int64]) -> pl.Series:
        return _days(values[order], (values[order] > NO_DAY) & (values[order] < NEVER))

    return pl.DataFrame(
        {
            "replicate": evaluation.people["replicate"][place],
            "patient": evaluation.people["patient"][place],
            "episode": number.astype(np.int32),
            "start_days": days(start),
            "last_ill_days": days(last_day_not_in_remission),
            "remission_days": days(remission),
        }
    )


def any_of(statuses: list[NDArray[np.int8]]) -> NDArray[np.int8]:
    """Return the three-valued or: met if any is met, else unknown if any is unknown, else not met.

    Statuses that are not defined are ignored; where none is defined, neither is the result.
    """
    ranks = [RANK[status] for status in statuses]  # the highest is the answer
    return STATUS_OF_RANK[np.maximum.reduce(ranks)]


RANK = np.array([1, 3, 0, 2], np.int8)
"""Rank of each status, indexed by its code: not met, met, and (negative) not defined and unknown."""
STATUS_OF_RANK = np.array([UNDEFINED, NOT_MET, UNKNOWN, MET], np.int8)


def label_frame(evaluation: Evaluation, definitions: Sequence[Definition], view: str) -> pl.DataFrame:
    """Return the labels of an evaluation, one set after another."""
    sets, _, patients = evaluation.status.shape
    every = (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)
    flags = {flag: any_of([evaluation.status[:, c] for c in clauses_of(flag)]) for flag in every}
    shape = (sets, patients)
    refractory, first = np.empty(shape, np.int8), np.empty(shape, np.int64)
    kind, category = np.empty(shape, np.bool_), np.empty(shape, np.uint8)
    for set_index, definition in enumerate(definitions):
        set_flags = {flag: values[set_index] for flag, values in flags.items()}
        counted = refractory_flags(definition)
        clauses = [c for flag in counted for c in clauses_of(flag)]
        refractory[set_index] = any_of([set_flags[flag] for flag in counted])
        first[set_index] = np.minimum.reduce([evaluation.day[set_index, c] for c in clauses])
        kind[set_index] = true_refractory(
            [(evaluation.status[set_index, c], evaluation.day[set_index, c]) for c in clauses],
            evaluation.responded[set_index],
        )
        category[set_index] = categories(precedence(definition), set_flags, evaluation.relapses[set_index])
    columns = {
        "replicate": np.tile(evaluation.people["replicate"], sets),
        "patient": np.tile(evaluation.people["patient"], sets),
        "criteria": pl.Series([definition_set.name for definition_set in definitions], dtype=pl.String).gather(
            np.repeat(np.arange(sets, dtype=np.uint32), patients)
        ),
        "view": _named(np.full(sets * patients, vocabulary.VIEWS.index(view), np.uint8), vocabulary.VIEWS),
        "applies": _applies(evaluation.ineligibility.ravel()),
        "category": _named(category.ravel(), vocabulary.CATEGORIES),
        **{name: _nullable(values.ravel()) for name, values in (*flags.items(), ("refractory", refractory))},
        "refractory_kind": pl.Series(kind.ravel()).set(pl.Series(refractory.ravel() != MET), None),
        "first_met_days": _days(first.ravel(), refractory.ravel() == MET),
    }
    return pl.DataFrame(columns).select(*LABELS)


def true_refractory(
    clauses: list[tuple[NDArray[np.int8], NDArray[np.int64]]], responded: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return who is truly refractory: no response to removal of a provoking factor, or a clause met after it."""
    latest = np.maximum.reduce([np.where(status == MET, day, -NEVER) for status, day in clauses])
    return np.asarray((responded == NEVER) | (latest > responded))


def clauses_of(flag: str) -> list[int]:
    """Return the codes of the clauses of which any one sets a flag."""
    return [clause for clause, of in enumerate(FLAG_OF_CLAUSE) if of == flag]


def categories(
    order: Sequence[str], flags: dict[str, NDArray[np.int8]], relapses: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Return the code of each patient's category: that of the first flag met, else by whether there were relapses."""
    codes = {name: code for code, name in enumerate(vocabulary.CATEGORIES)}
    category = np.where(relapses > 0, codes["infrequently_relapsing"], codes["non_relapsing"]).astype(np.uint8)
    category[any_of([flags[flag] for flag in order]) == UNKNOWN] = codes[UNDETERMINED]
    for flag in reversed(order):
        category[flags[flag] == MET] = codes[CATEGORY_OF_FLAG[flag]]
    return category


def _named(codes: NDArray[np.uint8], categories: tuple[str, ...]) -> pl.Series:
    names = pl.Series(categories, dtype=pl.Enum(categories))
    return names.gather(codes)


def _applies(ineligibility: NDArray[np.int8]) -> pl.Series:
    """Whether the set applies to a patient: null where that depends on an unknown age or lesion."""
    unknown = np.isin(ineligibility, (AGE_NOT_KNOWN, LESION_NOT_KNOWN))
    return pl.Series(~np.isin(ineligibility, (OTHER_AGE, OTHER_LESION))).set(pl.Series(unknown), None)


def _nullable(status: NDArray[np.int8]) -> pl.Series:
    return pl.Series(status == MET).set(pl.Series(status < NOT_MET), None)


def _days(day: NDArray[np.int64], known: NDArray[np.bool_]) -> pl.Series:
    return pl.Series(np.where(known, day, 0).astype(np.int32)).set(pl.Series(~known), None)
