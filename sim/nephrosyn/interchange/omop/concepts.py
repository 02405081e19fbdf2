"""The concepts of an export: those the model itself needs, and those of the words of a record."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.errors import ExportError

if TYPE_CHECKING:
    from nephrosyn.interchange.codes import Code, Codes

NO_CONCEPT = 0
"""Concept of what has none: "No matching concept"."""
OUTPATIENT_VISIT = 9202
TYPE_EHR, TYPE_PRESCRIPTION, TYPE_SELF_REPORT = 32817, 32838, 32865
"""Where a row comes from: the record of the clinic, a prescription, or the home diary."""
LESS_THAN = 4171756
MILLIGRAM = 8576
CDM_VERSION = 756265
OF_SEX = {"male": 8507, "female": 8532}
OF_ROUTE = {"oral": 4132161, "intravenous": 4171047, "subcutaneous": 4142048}
NOT_DISEASES = ("non_adherence", "under_dosing", "interacting_drug")
"""Words of the table ``conditions`` that are no disease, and so observations in the model."""

KIND_OF_GROUP = {
    "analyte": ("Measurement", "Lab Test"),
    "size": ("Measurement", "Clinical Observation"),
    "band": ("Meas Value", "Qualifier Value"),
    "drug": ("Drug", "Ingredient"),
    "lesion": ("Condition", "Disorder"),
    "condition": ("Condition", "Disorder"),
    "disease": ("Condition", "Disorder"),
    "end": ("Condition", "Disorder"),
    "procedure": ("Procedure", "Procedure"),
}
"""Domain and class of the concepts of each group of words."""


@dataclass(frozen=True)
class Concept:
    """A row of the table ``concept``.

    Attributes
    ----------
    concept_id : int
        Number.
    name : str
        Name.
    domain, vocabulary, concept_class : str
        What it is, and the code system it comes from.
    code : str
        Code in that system.
    standard : bool
        Whether it is a standard concept.
    citations : tuple of str
        Where it was read; empty for a word of the record, whose citations are those of its code.
    """

    concept_id: int
    name: str
    domain: str
    vocabulary: str
    concept_class: str
    code: str
    standard: bool = True
    citations: tuple[str, ...] = ()


@cache
def own_concepts() -> dict[int, Concept]:
    """Return the concepts that the model itself needs, by number.

    Examples
    --------
    >>> own_concepts()[8507].name
    'MALE'
    """
    table = tomllib.loads((files(__package__) / "concepts.toml").read_text(encoding="utf-8"))
    return {
        int(number): Concept(
            int(number),
            entry["name"],
            entry["domain"],
            entry["vocabulary"],
            entry["class"],
            entry["code"],
            entry.get("standard", True),
            tuple(entry["citations"]),
        )
        for number, entry in table.items()
    }


class Concepts:
    """The concept of each word of a record.

    Parameters
    ----------
    codes : Codes
        Codes of all words; one without a standard concept is exported as concept 0 with its name as source value.

    Raises
    ------
    ExportError
        If a unit of the codes is none of the units that the mapping knows.
    """

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        known = own_concepts()
        unknown = [code for code in codes if code.unit_concept_id and code.unit_concept_id not in known]
        if unknown:
            first = unknown[0]
            units = ", ".join(str(number) for number, concept in known.items() if concept.domain == "Unit")
            raise ExportError(
                f"codes: {first.group}.{first.word}.unit_concept_id: expected one of the units that the mapping to "
                f"OMOP knows ({units}); found {first.unit_concept_id}"
            )

    def ids(self, group: str, column: str) -> pl.Expr:
        """Return the concept of the words of a column, as an expression.

        Parameters
        ----------
        group : str
            Vocabulary of the words.
        column : str
            Column of words.
        """
        return _by_word(column, {word: code.concept_id for word, code in self._codes.group(group).items()}, pl.Int32)

    def id_of(self, group: str, word: str) -> int:
        """Return the concept of one word."""
        return self._codes.of(group, word).concept_id

    def units(self, column: str) -> pl.Expr:
        """Return the unit of each analyte of a column; null for one without a unit."""
        return _by_word(column, {word: code.unit_concept_id for word, code in self._analytes().items()}, pl.Int32)

    def unit_of(self, group: str, word: str) -> int:
        """Return the unit of one word."""
        return self._codes.of(group, word).unit_concept_id

    def factors(self, column: str) -> pl.Expr:
        """Return the factor from the unit of the record to that of the export, by analyte."""
        return _by_word(column, {word: code.factor for word, code in self._analytes().items()}, pl.Float64)

    def _analytes(self) -> dict[str, Code]:
        return self._codes.group("analyte")

    def banded(self, grade: pl.Expr) -> pl.Expr:
        """Return the concept of the grade of a dipstick, given as a number from 0."""
        known = {number: self.id_of("band", band) for number, band in enumerate(vocabulary.DIPSTICK_BANDS)}
        return grade.cast(pl.Int32).replace_strict(known, default=NO_CONCEPT, return_dtype=pl.Int32)

    def used(self) -> list[Concept]:
        """Return every concept that an export may refer to, by number."""
        concepts = dict(own_concepts())
        for code in self._codes:
            if code.concept_id and code.group in KIND_OF_GROUP:
                concepts.setdefault(code.concept_id, _concept_of(code))
        return [concepts[number] for number in sorted(concepts)]


def _by_word(column: str, known: Mapping[str, float], kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """Return the number of each word of a column; null for no word. Words are codes in memory, so this is a lookup."""

    def numbers(words: pl.Series) -> pl.Series:
        names = words.dtype.categories if isinstance(words.dtype, pl.Enum) else ()
        table = pl.Series([known.get(word, NO_CONCEPT) for word in names], dtype=kind)
        return table.gather(words.to_physical())

    return pl.col(column).map_batches(numbers, return_dtype=kind)


def _concept_of(code: Code) -> Concept:
    domain, concept_class = KIND_OF_GROUP[code.group]
    return Concept(code.concept_id, code.display, domain, code.vocabulary, concept_class, code.code)
