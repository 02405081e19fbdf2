"""One pass of compiled code over the record of a cohort, for one definition set or many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import vocabulary
from nephrosyn.criteria.codes import CLAUSES, NEVER
from nephrosyn.criteria.definition.compiled import order, rules
from nephrosyn.criteria.evaluation.evaluate_clauses import evaluate_all
from nephrosyn.criteria.evaluation.workspace import Workspace, Written, new_workspace
from nephrosyn.criteria.record.implausible_values import fault_frame, refuse_impossible
from nephrosyn.criteria.record.patient_arrays import most_rows, read_record
from nephrosyn.errors import CriteriaError, Problem, nearest

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.prepared import Definition
    from nephrosyn.criteria.record.patient_arrays import Record, SortedTable, Tables

SPANS_PER_SEGMENT = 8  # on a segment urine changes its level at most three times and albumin twice; with some to spare


@dataclass(frozen=True)
class Evaluation:
    """Answers of all clauses of definition sets for a cohort.

    Attributes
    ----------
    people : SortedTable
        The patients, sorted by replicate and patient.
    record : Record
        Their record.
    rules : ndarray of RULES, shape (sets, 2)
        The thresholds, for adults and for children.
    workspace : Workspace
        What was derived for the last set and the last patient.
    status : ndarray of int8, shape (sets, clauses, patients)
        Status of each clause.
    day : ndarray of int64, shape (sets, clauses, patients), days
        Day on which each clause was met, or NEVER.
    relapses : ndarray of int32, shape (sets, patients)
        Number of relapses.
    responded : ndarray of int64, shape (sets, patients), days
        First remission after a provoking factor was noted, or NEVER.
    ineligibility : ndarray of int8, shape (sets, patients)
        Reason why a set does not apply to a patient, or APPLIES.
    episodes : ndarray of int64, shape (episodes, 6)
        Set, patient, number, first day, last day not in remission, first day of remission; empty unless listed.
    """

    people: SortedTable
    record: Record
    rules: NDArray[Any]
    workspace: Workspace
    status: NDArray[np.int8]
    day: NDArray[np.int64]
    relapses: NDArray[np.int32]
    responded: NDArray[np.int64]
    ineligibility: NDArray[np.int8]
    episodes: NDArray[np.int64]


def evaluate(
    tables: Tables,
    definitions: Sequence[Definition],
    view: str,
    until_days: int | None = None,
    *,
    keep_going: bool = False,
    list_episodes: bool = False,
) -> Evaluation:
    """Evaluate the clauses of definition sets for every patient.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables.
    definitions : sequence of DefinitionSet
        The sets.
    view : {"complete", "observed"}
        What happened, or what was recorded.
    until_days : int, days, optional
        Use the record as it stood on this day.
    keep_going : bool
        Leave patients with impossible values undetermined instead of raising an error.
    list_episodes : bool
        Also list every episode.

    Returns
    -------
    Evaluation
        Answers as codes.

    Raises
    ------
    CriteriaError
        If a table or column is missing, the view is unknown, or a value is impossible.
    """
    thresholds = rules(definitions)
    people, record = _read(tables, view, albumin=bool(_asks_albumin(thresholds)), keep_going=keep_going)
    workspace, until = _workspace_for(record), NEVER if until_days is None else int(until_days)
    count, size = len(definitions), len(people["patient"])
    written = Written(
        np.empty((count, len(CLAUSES), size), np.int8),
        np.empty((count, len(CLAUSES), size), np.int64),
        np.empty((count, size), np.int32),
        np.empty((count, size), np.int64),
        np.empty((count, size), np.int8),
    )
    episodes_found = np.empty((0, 6), np.int64)
    episodes = evaluate_all(record, until, thresholds, order(thresholds), workspace, written, episodes_found)
    if list_episodes and episodes:
        episodes_found = np.empty((episodes, 6), np.int64)
        evaluate_all(record, until, thresholds, order(thresholds), workspace, written, episodes_found)
    return Evaluation(people, record, thresholds, workspace, *written, episodes_found)


def _asks_albumin(thresholds: NDArray[Any]) -> np.bool_:
    return np.any((thresholds["remission_albumin"] > 0) | (thresholds["partial_albumin"] > 0))


def _read(tables: Tables, view: str, *, albumin: bool, keep_going: bool) -> tuple[SortedTable, Record]:
    """Return the patients and their record as arrays."""
    if view not in vocabulary.VIEWS:
        problem = Problem(
            "view", f"one of {', '.join(vocabulary.VIEWS)}", str(view), nearest(str(view), vocabulary.VIEWS)
        )
        raise CriteriaError("tables", [problem])
    people, record = read_record(tables, view, albumin=albumin)
    if view == "observed":
        record = refuse_impossible(people, record, keep_going=keep_going)
    return people, record


def _workspace_for(record: Record) -> Workspace:
    """Return a workspace with room for the longest record."""
    readings, diary, segments, doses = (
        most_rows(b) for b in (record.reading_bounds, record.diary_bounds, record.segment_bounds, record.dose_bounds)
    )
    return new_workspace(readings, max(diary, SPANS_PER_SEGMENT * segments), doses)


def impossible(tables: Tables) -> pl.DataFrame:
    """Return the rows of an observed record that contain impossible values.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables.

    Returns
    -------
    polars.DataFrame
        One row per fault: `replicate`, `patient`, `table`, `expected` and `found`, both in words.

    Raises
    ------
    CriteriaError
        If a table or column is missing.
    """
    people, record = _read(tables, "observed", albumin=False, keep_going=True)
    return fault_frame(people, record)
