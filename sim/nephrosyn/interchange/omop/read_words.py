"""From concepts of an OMOP dataset to words of nephrosyn."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.codes import load_codes
from nephrosyn.interchange.omop.concepts import LESS_THAN
from nephrosyn.interchange.omop.measurements import AT_PRESENTATION, HOME_DIPSTICK

UNIT_NAMES = {
    8523: "g/g",
    8636: "g/L",
    8713: "g/dL",
    8723: "mg/g",
    8749: "umol/L",
    8753: "mmol/L",
    8840: "mg/dL",
    9529: "kg",
    8582: "cm",
}
"""Unit of each concept that is accepted, in UCUM; a ratio without a unit is one of g/g."""
GRADES = {
    **{name: float(grade) for grade, name in enumerate(vocabulary.DIPSTICK_BANDS)},
    **{"+" * grade: float(grade + 1) for grade in range(1, 5)},
}
"""Grade of a dipstick that is given as text; case does not matter."""
BELOW = (LESS_THAN, 4171754)
"""Operators of a result below a limit of detection: < and <=."""
CREATININE_MOLES, AUTOMATED_DIPSTICK = 3020564, 40760845
PREDNISOLONE = 1550557
SAME_DRUG = {PREDNISOLONE: vocabulary.STEROID}
"""Further ingredients that are read as one of ours: prednisolone as prednisone, mg for mg."""


class Measured(NamedTuple):
    """The word of each measurement that is read.

    Attributes
    ----------
    by_concept : polars.DataFrame
        `measurement_concept_id` and `word`.
    by_source : polars.DataFrame
        `measurement_source_value` of an export of nephrosyn and the word `said` by it, which is used first.
    """

    by_concept: pl.DataFrame
    by_source: pl.DataFrame


@cache
def measured() -> Measured:
    """Return the measurements that are read."""
    concepts = {code.concept_id: word for word, code in load_codes().group("analyte").items() if code.concept_id}
    concepts |= {CREATININE_MOLES: "creatinine", AUTOMATED_DIPSTICK: "dipstick"}
    said = {word: word for word in vocabulary.ANALYTES} | {HOME_DIPSTICK: "dipstick"}
    said |= {f"{name} at presentation": f"{name} at presentation" for name in AT_PRESENTATION}
    return Measured(
        pl.DataFrame(
            {"measurement_concept_id": list(concepts), "word": list(concepts.values())},
            schema={"measurement_concept_id": pl.Int64, "word": pl.String},
        ),
        pl.DataFrame({"measurement_source_value": list(said), "said": list(said.values())}),
    )


@cache
def noted() -> pl.DataFrame:
    """Return the word of each condition that is read, by `condition_concept_id`, with its `group`."""
    rows = [
        (code.concept_id, group, word)
        for group in ("disease", "lesion", "condition", "end")
        for word, code in load_codes().group(group).items()
        if code.concept_id
    ]
    return pl.DataFrame(
        rows, schema={"condition_concept_id": pl.Int64, "group": pl.String, "word": pl.String}, orient="row"
    )


@cache
def ingredients() -> dict[int, str]:
    """Return the drug of each ingredient that is read."""
    known = {code.concept_id: word for word, code in load_codes().group("drug").items() if code.concept_id}
    return {**known, **SAME_DRUG}


def grade_of_concept(concept: pl.Expr) -> pl.Expr:
    """Return the grade of a dipstick from the concept of its answer; null for another concept."""
    codes = load_codes().group("band")
    grades = {codes[band].concept_id: float(grade) for grade, band in enumerate(vocabulary.DIPSTICK_BANDS)}
    return concept.replace_strict(grades, default=None, return_dtype=pl.Float64)
