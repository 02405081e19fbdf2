"""Digests of the content of tables, which do not depend on a file format, a library version or a platform.

The digest of a column is the SHA-256 of these bytes, numbers little-endian:

1. ``nephrosyn-column-1``, the kind (``integer``, ``number``, ``truth``, ``date`` or ``text``) and the number of rows, a
   line feed after each;
2. one byte for each row: 1 for a value, 0 for a missing one;
3. the values, a missing one as 0 or as an empty text. Integers of any width and dates (days since 1970-01-01) are
   signed numbers of 8 bytes. Floats of any width are IEEE 754 numbers of 8 bytes, every bit; -0 is written as 0, and
   there is no NaN. True is 1 and false 0, a byte each. Texts, and the names of categories, are their lengths in bytes
   as integers of 8 bytes, and then their UTF-8 bytes, one after the other.

The digest of a table is the SHA-256 of one line for each column in the order of their names: name, space, digest of the
column, line feed.

Floats have no tolerance: a value that differs in its last bit changes the digest. Measured values are rounded when they
are recorded, so that a last bit of the computation before seldom matters. A table that differs is named with its
columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.errors import BenchError

FORMAT = "nephrosyn-column-1"


def column_digest(column: pl.Series) -> str:
    """Return the digest of a column.

    Parameters
    ----------
    column : polars.Series
        Integers, floats, booleans, dates, texts or categories.

    Raises
    ------
    BenchError
        If it has values of another type, or a NaN.

    Examples
    --------
    >>> column_digest(pl.Series([1, None], dtype=pl.Int8)) == column_digest(pl.Series([1, None], dtype=pl.Int64))
    True
    """
    kind, values = _values(column)
    present = column.is_not_null().to_numpy().astype(np.uint8)
    digest = hashlib.sha256(f"{FORMAT}\n{kind}\n{len(column)}\n".encode())
    digest.update(present.tobytes())
    for part in values:
        digest.update(part)
    return digest.hexdigest()


def _values(column: pl.Series) -> tuple[str, list[bytes]]:
    """Return the kind of a column and the bytes of its values."""
    kind = column.dtype
    if kind.is_integer():
        return "integer", [_numbers(column, pl.Int64, "<i8")]
    if kind == pl.Date:
        return "date", [_numbers(column.cast(pl.Int32), pl.Int64, "<i8")]
    if kind == pl.Boolean:
        return "truth", [column.fill_null(False).to_numpy().astype(np.uint8).tobytes()]
    if kind.is_float():
        if column.is_nan().any():
            raise BenchError([f"digest of column {column.name}: expected numbers or missing values; found NaN"])
        return "number", [_numbers(column, pl.Float64, "<f8")]
    if kind == pl.String or isinstance(kind, pl.Enum | pl.Categorical):
        texts = column.cast(pl.String).fill_null("")
        return "text", [_numbers(texts.str.len_bytes(), pl.Int64, "<i8"), "".join(texts.to_list()).encode()]
    raise BenchError([f"digest of column {column.name}: values of type {kind} have none"])


def _numbers(column: pl.Series, kind: Any, layout: str) -> bytes:
    values = column.cast(kind).fill_null(0).to_numpy().astype(layout)
    return (values + 0).tobytes()  # -0 becomes 0


def table_digest(columns: Mapping[str, str]) -> str:
    """Return the digest of a table from those of its columns, by name."""
    lines = "".join(f"{name} {columns[name]}\n" for name in sorted(columns))
    return hashlib.sha256(lines.encode()).hexdigest()


def columns_of(frame: pl.DataFrame) -> dict[str, str]:
    """Return the digest of every column of a table, by name."""
    return {name: column_digest(frame[name]) for name in frame.columns}


def content_digest(frame: pl.DataFrame) -> str:
    """Return the digest of a table.

    Examples
    --------
    >>> content_digest(pl.DataFrame({"patient": [1], "dose_mg": [2.5]}))[:8]
    '9a45e724'
    """
    return table_digest(columns_of(frame))


def combined(digests: Mapping[str, str]) -> str:
    """Return one digest of several, by name."""
    return table_digest(digests)
