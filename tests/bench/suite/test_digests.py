"""Digests are of content: computed again here from their description with numpy and hashlib alone."""

from __future__ import annotations

import hashlib
import struct
from datetime import date

import numpy as np
import polars as pl
import pytest

from nephrosyn.bench.suite.build import BuiltSuite
from nephrosyn.bench.suite.definition import load
from nephrosyn.bench.suite.digests import column_digest, columns_of, content_digest, table_digest
from nephrosyn.bench.suite.frozen import read_frozen
from nephrosyn.errors import BenchError

KINDS = {
    pl.Int32: "integer",
    pl.Float64: "number",
    pl.Boolean: "truth",
    pl.Date: "date",
    pl.String: "text",
}


def again(values: list[object], kind: str) -> str:
    """The digest of a column from Python values, after the text in `digests`."""
    whole = hashlib.sha256()
    whole.update(f"nephrosyn-column-1\n{kind}\n{len(values)}\n".encode())
    whole.update(bytes(value is not None for value in values))
    if kind == "text":
        texts = [("" if value is None else str(value)).encode() for value in values]
        whole.update(struct.pack(f"<{len(texts)}q", *map(len, texts)))
        whole.update(b"".join(texts))
    elif kind == "truth":
        whole.update(bytes(bool(value) for value in values))
    elif kind == "number":
        whole.update(np.array([0.0 if value is None else value for value in values], "<f8").tobytes())
    else:
        numbers = [0 if value is None else value for value in values]
        numbers = [(value - date(1970, 1, 1)).days if isinstance(value, date) else value for value in numbers]
        whole.update(np.array(numbers, "<i8").tobytes())
    return whole.hexdigest()


def kind_of(column: pl.Series) -> str:
    return "text" if isinstance(column.dtype, pl.Enum) else KINDS[type(column.dtype)]


def test_every_column_of_a_split_has_the_digest_of_the_description(suite_file):
    suite, frozen = BuiltSuite(load(str(suite_file))), read_frozen(str(suite_file))
    kinds = set()
    for table in ("patients", "visits", "readings", "doses", "conditions", "follow_up"):
        frame = suite.tables("test")[table]
        for name in frame.columns:
            kinds.add(kind_of(frame[name]))
            assert frozen.columns[f"test/{table}"][name] == again(frame[name].to_list(), kind_of(frame[name])), name
    assert kinds == {"integer", "number", "truth", "date", "text"}


def test_a_table_is_the_sorted_lines_of_its_columns():
    frame = pl.DataFrame({"b": [1.5], "a": ["x"]})
    columns = columns_of(frame)
    lines = f"a {columns['a']}\nb {columns['b']}\n"
    assert content_digest(frame) == table_digest(columns) == hashlib.sha256(lines.encode()).hexdigest()
    assert content_digest(frame.select("a", "b")) == content_digest(frame)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pl.Series([1, None], dtype=pl.Int8), pl.Series([1, None], dtype=pl.Int64)),
        (pl.Series(["a", None], dtype=pl.Enum(["a"])), pl.Series(["a", None], dtype=pl.Enum(["b", "a"]))),
        (pl.Series(["a", None]), pl.Series(["a", None], dtype=pl.Categorical)),
        (pl.Series([0.0]), pl.Series([-0.0])),
        (pl.concat([pl.Series([1.0]), pl.Series([2.0])]), pl.Series([1.0, 2.0])),
    ],
)
def test_equal_content_has_an_equal_digest(first, second):
    assert column_digest(first) == column_digest(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pl.Series([1, 2]), pl.Series([2, 1])),
        (pl.Series([0]), pl.Series([None], dtype=pl.Int64)),
        (pl.Series([""]), pl.Series([None], dtype=pl.String)),
        (pl.Series(["ab", "c"]), pl.Series(["a", "bc"])),
        (pl.Series([1.0]), pl.Series([1])),
        (pl.Series([1.0]), pl.Series([np.nextafter(1.0, 2.0)])),
        (pl.Series([1]), pl.Series([True])),
    ],
)
def test_other_content_has_another_digest(first, second):
    assert column_digest(first) != column_digest(second)


@pytest.mark.parametrize("column", [pl.Series("a", [float("nan")]), pl.Series("a", [[1]])])
def test_what_has_no_digest_is_refused(column):
    with pytest.raises(BenchError, match="column a"):
        column_digest(column)
