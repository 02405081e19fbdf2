"""The prose of a case: sentences from `wordings.toml`, chosen by the id of the case."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from nephrosyn.teach.display import record_tables
from nephrosyn.teach.display.spelling import article, listed, sentence, to_words
from nephrosyn.teach.keyed_choice import choose
from nephrosyn.teach.model import Table
from nephrosyn.vocabulary import DAYS_PER_MONTH


@cache
def wordings() -> dict[str, list[str]]:
    """Return the lists of equivalent wordings by key."""
    return tomllib.loads(files(__package__).joinpath("wordings.toml").read_text(encoding="utf-8"))


def wording(what: str, ident: str, **filled: object) -> str:
    """Return one wording with its values filled in.

    Parameters
    ----------
    what : str
        A key of ``wordings.toml``.
    ident : str
        Id of the case, which decides the wording.
    **filled
        Values of the names in braces.
    """
    return choose(wordings()[what], ident, what).format(**filled)


def age_and_sex(sex: str, age_years: float) -> str:
    """Return a patient's age and sex in words, without an article.

    Examples
    --------
    >>> age_and_sex("male", 4.6), age_and_sex("female", 1.75), age_and_sex("female", 71.2)
    ('4-year-old boy', '21-month-old girl', '71-year-old woman')
    """
    child = age_years < record_tables.ADULT_FROM_YEARS
    noun = {("male", True): "boy", ("female", True): "girl", ("male", False): "man", ("female", False): "woman"}
    age = f"{int(age_years * 12 + 1e-9)}-month-old" if age_years < 2 else f"{int(age_years)}-year-old"
    return f"{age} {noun[sex, child]}"


def facts(frames: record_tables.Frames) -> dict[str, Any]:
    """Return the values for the names in the wordings.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame
        A patient's observed tables.
    """
    row, end = frames["patients"].row(0, named=True), frames["follow_up"].row(0, named=True)
    name = article(age_and_sex(row["sex"], row["age_at_onset_years"]))
    first = record_tables.first_day(frames)
    return {
        "who": name,
        "Who": sentence(name),
        "she": "he" if row["sex"] == "male" else "she",
        "She": "He" if row["sex"] == "male" else "She",
        "clinic": "paediatric kidney clinic"
        if row["age_at_onset_years"] < record_tables.ADULT_FROM_YEARS
        else "kidney clinic",
        "first": first,
        "end": end["end_days"],
        "ended": record_tables.ended(end["reason"]),
        "months": max(2, round((end["end_days"] - first) / DAYS_PER_MONTH)),
        "weight": f"{row['weight_kg']:.1f}",
        "height": f"{row['height_cm']:.0f}",
    }


def first_results(table: Table) -> str:
    """Return the first row of urine results in words; empty if there are no results."""
    if not table.rows:
        return ""
    names = ("urine protein/creatinine ratio", "dipstick", "serum albumin")
    texts = []
    for name, column, text in zip(names, table.columns[1:], table.rows[0][1:], strict=True):
        if text:
            texts.append(f"{name} {text}{f' {column.unit}' if column.unit else ''}")
    return listed(texts)


def at_first_visit(frames: record_tables.Frames) -> list[str]:
    """Return the conditions noted up to the first visit."""
    first = record_tables.first_day(frames)
    rows = frames["conditions"].iter_rows(named=True)
    return list(dict.fromkeys(to_words(row["condition"]) for row in rows if row["noted_days"] <= first))
