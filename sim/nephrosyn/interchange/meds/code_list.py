"""The list of codes of a MEDS dataset: each with its meaning."""

from __future__ import annotations

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.codes import Code, Codes
from nephrosyn.interchange.meds.events import BIRTH, DEATH, END, RECORD_END, START
from nephrosyn.vocabulary import plain_name

USED = (
    "sex",
    "static",
    "disease",
    "visit",
    "size",
    "analyte",
    "diary",
    "procedure",
    "lesion",
    "condition",
    "drug",
    "end",
)
"""Groups of codes that stand in the data."""


def frame(codes: Codes) -> pl.DataFrame:
    """Return the codes, their meanings, and for a drug its ATC class as its parent.

    Returns
    -------
    polars.DataFrame
        `code`, `description` and `parent_codes`, sorted by code; a code that two words share has one row.
    """
    rows: dict[str, tuple[str, list[str]]] = {BIRTH: ("birth", []), DEATH: ("death", [])}
    for reason in vocabulary.END_REASONS:
        rows[f"{RECORD_END}//{reason}"] = (f"end of the record: {plain_name(reason)}", [])
    for group in USED:
        for code in codes.group(group).values():
            for text, meaning in _entries(code):
                rows.setdefault(text, (meaning, [f"ATC//{code.atc}"] if code.atc else []))
    names = sorted(rows)
    return pl.DataFrame(
        {
            "code": names,
            "description": [rows[name][0] for name in names],
            "parent_codes": [rows[name][1] for name in names],
        },
        schema={"code": pl.String, "description": pl.String, "parent_codes": pl.List(pl.String)},
    )


def _entries(code: Code) -> list[tuple[str, str]]:
    """Return the texts of a code in the data with their meanings; a drug has a start and an end."""
    if code.group != "drug":
        return [(code.text, code.display)]
    return [
        (f"{code.text}//{START}", f"{code.display}: dose of a dosing day, from this day"),
        (f"{code.text}//{END}", f"{code.display}: last day of this dose"),
    ]
