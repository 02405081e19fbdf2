"""Labels: the category and flags of every patient under one definition set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import terms
from nephrosyn.criteria import record as records
from nephrosyn.criteria.clauses import Sheet, judge_all, new_sheet
from nephrosyn.criteria.columns import SOURCES, check
from nephrosyn.criteria.definition import DefinitionSet
from nephrosyn.criteria.errors import CriteriaError
from nephrosyn.criteria.reasons import CLAUSES, FLAG_OF_CLAUSE, MET, NEVER, NOT_MET, UNKNOWN
from nephrosyn.criteria.rules import Rules, rules
from nephrosyn.scenario.errors import Problem, nearest
from nephrosyn.tables import SCHEMAS

if TYPE_CHECKING:
    from nephrosyn.criteria.columns import Columns, Tables
    from nephrosyn.criteria.record import Record

CATEGORY_OF_FLAG = {
    "resistant": "steroid_resistant",
    "dependent": "steroid_dependent",
    "frequent": "frequently_relapsing",
    "intolerant": "steroid_intolerant",
}
LABELS = SCHEMAS["labels"]
"""Columns of the labels and their types."""


def classify(tables: Tables, definition: DefinitionSet, view: str, until_days: int | None = None) -> pl.DataFrame:
    """Judge every patient by a definition set.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables. Rows may stand in any order; rows of people not in ``patients`` are left aside.
    definition : DefinitionSet
        What `load` returned.
    view : {"complete", "observed"}
        Judge what happened, every day seen and without error, or what was written down.
    until_days : int, days, optional
        Judge the record as it stood on this day; to its end by default.

    Returns
    -------
    polars.DataFrame
        One row per patient, sorted by replicate and patient: `replicate`, `patient`, `criteria`, `view`, `category`,
        the flags (null: cannot be judged), `refractory`, `refractory_kind`, `first_met_days`.

    Raises
    ------
    CriteriaError
        If a table or column is missing, or the view is unknown.
    """
    people, record, children, adults = prepare(tables, definition, view)
    size = len(people["patient"])
    status = np.empty((size, len(CLAUSES)), np.int8)
    day = np.empty((size, len(CLAUSES)), np.int64)
    relapses, answered = np.empty(size, np.int32), np.empty(size, np.int64)
    until = NEVER if until_days is None else int(until_days)
    judge_all(record, until, children, adults, sheet_for(record), status, day, relapses, answered)
    return label_frame(people, definition, view, status, day, relapses, answered)


def prepare(tables: Tables, definition: DefinitionSet, view: str) -> tuple[Columns, Record, Rules, Rules]:
    """Return the people, their record as arrays, and the thresholds for children and for adults."""
    if view not in terms.VIEWS:
        problem = Problem("view", f"one of {', '.join(terms.VIEWS)}", str(view), nearest(str(view), terms.VIEWS))
        raise CriteriaError(definition.name, [problem])
    tables = {name: tables[name] for name in SOURCES[view] if name in tables}  # a table on disk is read when asked for
    check(tables, view)
    children, adults = rules(definition, child=True), rules(definition, child=False)
    read = records.observed if view == "observed" else records.complete
    people, record = read(tables, children, adults, definition.population.adult_from.of(child=False))
    return people, record, children, adults


def sheet_for(record: Record) -> Sheet:
    """Return a sheet with room for the longest record."""
    return new_sheet(*(records.most_rows(b) for b in (record.reading_bounds, record.span_bounds, record.dose_bounds)))


def any_of(statuses: list[NDArray[np.int8]]) -> NDArray[np.int8]:
    """Return the three-valued or: met if any is met, else unknown if any is unknown, else not met."""
    met = np.logical_or.reduce([s == MET for s in statuses])
    unknown = np.logical_or.reduce([s == UNKNOWN for s in statuses])
    return np.where(met, MET, np.where(unknown, UNKNOWN, NOT_MET)).astype(np.int8)


def label_frame(
    people: Columns,
    definition: DefinitionSet,
    view: str,
    status: NDArray[np.int8],
    day: NDArray[np.int64],
    relapses: NDArray[np.int32],
    answered: NDArray[np.int64],
) -> pl.DataFrame:
    """Return the labels of what `judge_all` wrote: answers, shape (patients, clauses); the rest, shape (patients,)."""
    flags = {flag: any_of([status[:, c] for c in clauses_of(flag)]) for flag in terms.FLAGS}
    counted = definition.verdict.refractory.of(child=False)
    refractory = any_of([flags[flag] for flag in counted])
    counted_clauses = [c for flag in counted for c in clauses_of(flag)]
    first = day[:, counted_clauses].min(axis=1, initial=NEVER)
    kind = truly(status[:, counted_clauses] == MET, day[:, counted_clauses], answered)
    columns = {
        "replicate": pl.Series(people["replicate"]),
        "patient": pl.Series(people["patient"]),
        "criteria": pl.repeat(definition.name, len(relapses), eager=True),
        "view": _named(np.full(len(relapses), terms.VIEWS.index(view), np.uint8), terms.VIEWS),
        "category": _named(categories(definition, flags, relapses), terms.CATEGORIES),
        **{name: _nullable(values) for name, values in (*flags.items(), ("refractory", refractory))},
        "refractory_kind": pl.Series(kind).set(pl.Series(refractory != MET), None),
        "first_met_days": _days(first, refractory == MET),
    }
    return pl.DataFrame(columns).select(*LABELS)


def truly(met: NDArray[np.bool_], day: NDArray[np.int64], answered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return who is truly refractory: no provoking factor was found and answered, or a clause was met after it was."""
    latest = np.where(met, day, -NEVER).max(axis=1, initial=-NEVER)
    return np.asarray((answered == NEVER) | (latest > answered))


def clauses_of(flag: str) -> list[int]:
    """Return the codes of the clauses that a flag is the `or` of."""
    return [clause for clause, of in enumerate(FLAG_OF_CLAUSE) if of == flag]


def categories(
    definition: DefinitionSet, flags: dict[str, NDArray[np.int8]], relapses: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Return the code of each patient's category: the first met flag, or how often the disease came back."""
    codes = {name: code for code, name in enumerate(terms.CATEGORIES)}
    quiet = np.where(relapses > 0, codes["infrequently_relapsing"], codes["non_relapsing"])
    unknown = any_of(list(flags.values())) == UNKNOWN
    category = np.where(unknown, codes["undetermined"], quiet)
    for flag in reversed(definition.verdict.precedence.of(child=False)):
        category = np.where(flags[flag] == MET, codes[CATEGORY_OF_FLAG[flag]], category)
    return category.astype(np.uint8)


def _named(codes: NDArray[np.uint8], vocabulary: tuple[str, ...]) -> pl.Series:
    names = pl.Series(vocabulary, dtype=pl.Enum(vocabulary))
    return names.gather(codes)


def _nullable(status: NDArray[np.int8]) -> pl.Series:
    return pl.Series(status == MET).set(pl.Series(status == UNKNOWN), None)


def _days(day: NDArray[np.int64], known: NDArray[np.bool_]) -> pl.Series:
    return pl.Series(np.where(known, day, 0).astype(np.int32)).set(pl.Series(~known), None)
