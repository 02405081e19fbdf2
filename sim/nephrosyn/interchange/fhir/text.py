"""Resources as JSON texts: concatenated from constant texts and columns, column by column instead of row by row.

Every text that is not a constant of the format is a number, a date, an id made of digits, or the name of a word of the
vocabulary, so that nothing in a row has to be escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl

from nephrosyn.interchange.codes import Code

SECURITY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
"""Mark of data that are not of real persons: test health data."""
UCUM = "http://unitsofmeasure.org"


def compact(value: Any) -> str:
    """Return a value as JSON without spaces.

    Examples
    --------
    >>> compact({"a": [1, "b"]})
    '{"a":[1,"b"]}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


META = compact({"security": [SECURITY]})


def concept(code: Code) -> str:
    """Return the CodeableConcept of a word.

    A drug has its code in the ATC classification too, and a word without a standard code has a text.

    Examples
    --------
    >>> from nephrosyn.interchange.codes import load_codes
    >>> concept(load_codes().of("band", "trace"))
    '{"coding":[{"system":"http://snomed.info/sct","code":"260405006","display":"Trace"}]}'
    """
    coding = [{"system": code.system, "code": code.code, "display": code.display}]
    if code.atc:
        coding.append({"system": "http://www.whocc.no/atc", "code": code.atc})
    return compact({"coding": coding, **({"text": code.display} if code.is_local else {})})


def by_word(words: pl.Series, fragment: Callable[[str], str]) -> pl.Series:
    """Return a text for each row of a column of words; null where the word is null.

    Parameters
    ----------
    words : polars.Series of Enum
        The column.
    fragment : callable
        Text of a word.

    Examples
    --------
    >>> by_word(pl.Series(["a", None, "b"], dtype=pl.Enum(["a", "b"])), str.upper).to_list()
    ['A', None, 'B']
    """
    assert isinstance(words.dtype, pl.Enum)
    texts = pl.Series([fragment(word) for word in words.dtype.categories], dtype=pl.String)
    return texts.gather(words.to_physical())


def iso_dates(dates: pl.Series) -> pl.Series:
    """Return dates as texts; null where the date is null.

    A run has few different dates, so each is written once.

    Examples
    --------
    >>> from datetime import date
    >>> iso_dates(pl.Series([date(2020, 2, 29), None])).to_list()
    ['2020-02-29', None]
    """
    numbers = dates.to_physical()
    bounds: Any = numbers.min(), numbers.max()
    if bounds[0] is None:
        return pl.Series(dates.name, [None] * len(dates), dtype=pl.String)
    days = pl.Series(range(bounds[0], bounds[1] + 1), dtype=pl.Int32)
    return days.cast(pl.Date).cast(pl.String).gather(numbers - bounds[0]).alias(dates.name)


def lines(frame: pl.DataFrame, *fragments: str | pl.Series | pl.Expr) -> pl.Series:
    """Return one text for each row, concatenated from constants and columns; a null stands for an empty text.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows that expressions refer to.
    *fragments : str, polars.Series of str, or polars.Expr
        Constants and columns in their order.

    Returns
    -------
    polars.Series of str, shape (frame.height,)
        The texts.

    Examples
    --------
    >>> frame = pl.DataFrame({"id": ["p1", "p2"]})
    >>> lines(frame, '{"id":"', pl.col("id"), '"}').to_list()
    ['{"id":"p1"}', '{"id":"p2"}']
    """
    parts = [pl.lit(fragment) if isinstance(fragment, str | pl.Series) else fragment for fragment in fragments]
    return frame.select(pl.concat_str(parts, ignore_nulls=True).alias("line")).to_series()


def start(kind: str) -> str:
    """Return the beginning of a resource, up to its id.

    Examples
    --------
    >>> start("Patient").endswith('"id":"')
    True
    """
    return f'{{"resourceType":"{kind}","meta":{META},"id":"'


def narrative(text: str) -> str:
    """Return the text of a resource that people read, as a member of it.

    Examples
    --------
    >>> narrative("Synthetic.").startswith('"text":')
    True
    """
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'
    return f'"text":{compact({"status": "generated", "div": div})}'
