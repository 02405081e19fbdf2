"""The change log: one row for each row removed or added and each value changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.bench.perturbations.changes import (
    Added,
    Change,
    Changed,
    LeftOut,
    Record,
    Removed,
    apply_changes,
    different,
)
from nephrosyn.bench.perturbations.constants import Perturbation
from nephrosyn.bench.perturbations.indexed_rows import KEYS, WORD, Prepared, Rows, prepare
from nephrosyn.errors import PerturbationError
from nephrosyn.record.schema import DERIVED, OBSERVED

CHANGES = ("removed", "added", "changed", "left_out")
SCHEMAS = {**OBSERVED, "labels": DERIVED["labels"], "labels_other": DERIVED["labels"]}
COLUMNS = tuple(dict.fromkeys(column for schema in SCHEMAS.values() for column in schema))

LOG: dict[str, Any] = {
    "replicate": pl.Int32,
    "patient": pl.Int32,
    "perturbation": pl.String,
    "mechanism": pl.String,
    "change": pl.Enum(CHANGES),
    "table": pl.Enum(tuple(KEYS)),
    "row": pl.Int32,
    "column": pl.Enum(COLUMNS),
    "before": pl.Float64,
    "after": pl.Float64,
}
"""Columns of the log. ``row`` is the number of the row among those of its patient in the clean table, from 0, in the
order of `KEYS`. ``added`` duplicates the row; ``left_out`` removes the patient from every table. ``before`` and
``after`` are numbers: the code of a category, 0 or 1 for false or true, null for a missing value."""
_PATIENT_MASK = (1 << WORD) - 1


def write_log(record: Prepared, changes: Iterable[Change], of: Perturbation) -> pl.DataFrame:
    """Return changes as a log, in the order given."""
    frames = [_entries(record, change, of) for change in changes if len(change.places)]
    return pl.concat(frames) if frames else pl.DataFrame(schema=LOG)


def _entries(record: Prepared, change: Change, of: Perturbation) -> pl.DataFrame:
    table = "patients" if isinstance(change, LeftOut) else change.table
    rows, places = record.rows(table), change.places
    keys = rows.patient_key[places]
    words = {"perturbation": of.name, "mechanism": of.mechanism, "change": _name(change), "table": table}
    values: dict[str, Any] = dict.fromkeys(("column", "before", "after"))
    if isinstance(change, Changed):
        words["column"] = change.column
        values = {"before": pl.Series(change.before).fill_nan(None), "after": pl.Series(change.after).fill_nan(None)}
    ids = {"replicate": (keys >> WORD).astype(np.int32), "patient": (keys & _PATIENT_MASK).astype(np.int32)}
    frame = pl.DataFrame({**ids, "row": rows.number[places].astype(np.int32), **values})
    constants = [pl.lit(word, dtype=LOG[name]).alias(name) for name, word in words.items()]
    return frame.with_columns(constants).select(pl.col(name).cast(kind) for name, kind in LOG.items())


def _name(change: Change) -> str:
    names = {Removed: "removed", Added: "added", Changed: "changed", LeftOut: "left_out"}
    return names[type(change)]


def apply(record: Mapping[str, pl.DataFrame], log: pl.DataFrame) -> Record:
    """Apply a log to the unperturbed record.

    Parameters
    ----------
    record : mapping of str to polars.DataFrame
        The unperturbed record, or some of its patients if the log holds only rows of these.
    log : polars.DataFrame
        From `perturb`, all of it or some rows.

    Returns
    -------
    dict of str to polars.DataFrame
        The perturbed record, if the log is complete.

    Raises
    ------
    PerturbationError
        If a row of the log is not in the record, or its value is not the one logged as ``before``.
    """
    clean = prepare(record)
    parts = log.partition_by(["change", "table", "column"], maintain_order=True)
    return apply_changes(clean, [_change(clean, part) for part in parts])


def _change(record: Prepared, part: pl.DataFrame) -> Change:
    kind, table, column = part.select("change", "table", "column").row(0)
    if table not in record:
        raise PerturbationError(f"the log changes {table}, which the record does not have")
    rows = record.rows(table)
    places = _places(rows, part)
    if kind == "changed":
        before, after = (_floats(part[name]) for name in ("before", "after"))
        differs = different(rows[column][places], before)
        if differs.any():
            raise PerturbationError(f"{_where(part, differs)}: {column} is not what the log says it was")
        return Changed(table, column, places, before, after)
    if kind == "left_out":
        return LeftOut(places)
    return Removed(table, places) if kind == "removed" else Added(table, places)


def _places(rows: Rows, part: pl.DataFrame) -> NDArray[np.int64]:
    replicate, patient, number = (part[name].to_numpy().astype(np.int64) for name in ("replicate", "patient", "row"))
    places = rows.find((replicate << WORD) | patient, number)
    if (places < 0).any():
        raise PerturbationError(f"{_where(part, places < 0)}: no such row in the record")
    return places


def _where(part: pl.DataFrame, wrong: NDArray[np.bool_]) -> str:
    first = part.row(int(np.flatnonzero(wrong)[0]), named=True)
    return f"replicate {first['replicate']}, patient {first['patient']}, {first['table']} row {first['row']}"


def _floats(series: pl.Series) -> NDArray[np.float64]:
    return series.fill_null(np.nan).to_numpy()


def in_words(log: pl.DataFrame) -> pl.DataFrame:
    """Return a log with readable ``before`` and ``after``: category names instead of codes.

    Parameters
    ----------
    log : polars.DataFrame
        With the columns of `LOG`.

    Returns
    -------
    polars.DataFrame
        The same rows; ``before`` and ``after`` are strings, null where a value is missing.
    """
    parts = []
    for (table, column), part in log.with_row_index("_").partition_by(["table", "column"], as_dict=True).items():
        kind = SCHEMAS[str(table)][str(column)] if column is not None else pl.Float64
        parts.append(part.with_columns(_as_text(pl.col("before"), kind), _as_text(pl.col("after"), kind)))
    if not parts:
        return log.with_columns(pl.col("before", "after").cast(pl.String))
    return pl.concat(parts).sort("_").drop("_")


def _as_text(value: pl.Expr, kind: Any) -> pl.Expr:
    if isinstance(kind, pl.Enum):
        names = dict(enumerate(kind.categories))
        return value.replace_strict(names, default=None, return_dtype=pl.String)
    return value.cast(kind).cast(pl.String)
