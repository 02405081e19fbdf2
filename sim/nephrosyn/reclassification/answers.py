"""The answer of every clause about every patient, by several definition sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.clauses import judge_all
from nephrosyn.criteria.labels import prepare, sheet_for
from nephrosyn.criteria.reasons import CLAUSES, MET, NEVER, STATUS_NAMES

STATUSES = ("met", "not met", "cannot be judged", "not defined")
CLAUSE = pl.Enum(CLAUSES)
STATUS = pl.Enum(STATUSES)


def answers(
    tables: Mapping[str, pl.DataFrame], definitions: Sequence[DefinitionSet], view: str, until_days: int | None = None
) -> pl.DataFrame:
    """Return the answer of every clause about every patient.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        A cohort's tables.
    definitions : sequence of DefinitionSet
        By what to judge.
    view : {"complete", "observed"}
        Judge what happened, or what was written down.
    until_days : int, days, optional
        Judge the record as it stood on this day.

    Returns
    -------
    polars.DataFrame
        One row for each patient, definition set and clause: `replicate`, `patient`, `criteria`, `clause`, `status`,
        `days` (null unless met).
    """
    return pl.concat([_of_one(tables, definition, view, until_days) for definition in definitions])


def _of_one(
    tables: Mapping[str, pl.DataFrame], definition: DefinitionSet, view: str, until_days: int | None
) -> pl.DataFrame:
    people, record, children, adults = prepare(tables, definition, view)
    size, width = len(people["patient"]), len(CLAUSES)
    status, day = np.empty((size, width), np.int8), np.empty((size, width), np.int64)
    until = NEVER if until_days is None else until_days
    counts, answered = np.empty(size, np.int32), np.empty(size, np.int64)
    judge_all(record, until, children, adults, sheet_for(record), status, day, counts, answered)
    words = {code: STATUSES.index(name) for code, name in STATUS_NAMES.items()}
    codes = np.select([status == code for code in words], list(words.values()))
    met = status == MET
    return pl.DataFrame(
        {
            "replicate": np.repeat(people["replicate"], width),
            "patient": np.repeat(people["patient"], width),
            "criteria": pl.repeat(definition.name, size * width, eager=True),
            "clause": pl.Series(CLAUSES, dtype=CLAUSE).gather(np.tile(np.arange(width), size)),
            "status": pl.Series(STATUSES, dtype=STATUS).gather(codes.ravel()),
            "days": pl.Series(np.where(met, day, 0).astype(np.int32).ravel()).set(pl.Series(~met.ravel()), None),
        }
    )
