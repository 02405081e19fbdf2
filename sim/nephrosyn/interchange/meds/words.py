"""From codes of a MEDS dataset to words of nephrosyn."""

from __future__ import annotations

from functools import cache

import polars as pl

from nephrosyn.interchange.codes import load_codes
from nephrosyn.interchange.meds.events import BIRTH, DEATH, END, RECORD_END, START
from nephrosyn.vocabulary import END_REASONS

GROUPS = ("analyte", "condition", "lesion", "drug", "diary", "disease", "sex")
SAME = {"RxNorm//8640": ("RxNorm//8638",)}
"""Further codes that are read as one of ours: prednisolone as prednisone, mg for mg."""


@cache
def words() -> pl.DataFrame:
    """Return the group, the word and the part of each code that is read.

    Returns
    -------
    polars.DataFrame
        `code`, `group`, `word` and `part`: ``start`` or ``end`` of a dose, else empty.
    """
    rows = {BIRTH: ("birth", "", ""), DEATH: ("death", "", "")}
    for reason in END_REASONS:
        rows[f"{RECORD_END}//{reason}"] = ("end", reason, "")
    for choice in ("standard", "local"):
        codes = load_codes(choice)
        for group in GROUPS:
            for word, code in codes.group(group).items():
                for text in (code.text, *SAME.get(code.text, ())):
                    rows.setdefault(text, (group, word, START if group == "drug" else ""))
                    if group == "drug":
                        rows.setdefault(f"{text}//{START}", (group, word, START))
                        rows.setdefault(f"{text}//{END}", (group, word, END))
        for word in ("height", "age_at_onset"):
            rows.setdefault(codes.of("size", word).text, ("size", word, ""))
        for word in ("site", "band"):
            rows.setdefault(codes.of("static", word).text, ("static", word, ""))
    return pl.DataFrame(
        [(code, *meaning) for code, meaning in rows.items()],
        schema={"code": pl.String, "group": pl.String, "word": pl.String, "part": pl.String},
        orient="row",
    )
