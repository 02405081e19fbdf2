"""The tables of the vocabulary, with the concepts that an export uses and no others."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.interchange.omop.concepts import NO_CONCEPT
from nephrosyn.interchange.omop.tables import TABLES, table

if TYPE_CHECKING:
    from nephrosyn.interchange.omop.concepts import Concept

VALID = {"valid_start_date": date(1970, 1, 1), "valid_end_date": date(2099, 12, 31)}
NAMES = {
    "None": "OMOP Standardized Vocabularies",
    "LOINC": "Logical Observation Identifiers Names and Codes",
    "SNOMED": "Systematic Nomenclature of Medicine",
    "RxNorm": "RxNorm",
    "UCUM": "Unified Code for Units of Measure",
    "CDM": "OMOP Common Data Model",
}
RELATIONSHIPS = (("Maps to", "Mapped from"), ("Mapped from", "Maps to"))


def vocabulary_tables(concepts: list[Concept], version: str) -> dict[str, pl.DataFrame]:
    """Return the tables of the vocabulary.

    A user who has a full vocabulary loads it instead of these tables, which keep only what the export refers to.

    Parameters
    ----------
    concepts : list of Concept
        The concepts used.
    version : str
        Version of the subset.

    Returns
    -------
    dict of str to polars.DataFrame
        By name of the table.
    """
    standard = [concept.concept_id for concept in concepts if concept.standard]
    vocabularies = sorted({concept.vocabulary for concept in concepts} | {"None"})
    domains = sorted({concept.domain for concept in concepts})
    classes = sorted({concept.concept_class for concept in concepts})
    ids, ours = pl.Series(standard, dtype=pl.Int32), f"subset of nephrosyn {version}"
    frames = {
        "concept": _concept_rows(concepts),
        "vocabulary": pl.DataFrame(
            {
                "vocabulary_id": vocabularies,
                "vocabulary_name": [NAMES.get(name, f"OMOP {name}") for name in vocabularies],
                "vocabulary_version": [ours] * len(vocabularies),
            }
        ).with_columns(vocabulary_concept_id=NO_CONCEPT),
        "domain": pl.DataFrame({"domain_id": domains, "domain_name": domains}).with_columns(
            domain_concept_id=NO_CONCEPT
        ),
        "concept_class": pl.DataFrame({"concept_class_id": classes, "concept_class_name": classes}).with_columns(
            concept_class_concept_id=NO_CONCEPT
        ),
        "relationship": _relationship_rows(),
        "concept_relationship": pl.concat(
            pl.DataFrame({"concept_id_1": ids, "concept_id_2": ids}).with_columns(
                relationship_id=pl.lit(name), **{key: pl.lit(value) for key, value in VALID.items()}
            )
            for name, _ in RELATIONSHIPS
        ),
        "concept_ancestor": pl.DataFrame({"ancestor_concept_id": ids, "descendant_concept_id": ids}).with_columns(
            min_levels_of_separation=0, max_levels_of_separation=0
        ),
        "drug_strength": pl.DataFrame(schema=TABLES["drug_strength"]),
    }
    return {name: table(name, frame) for name, frame in frames.items()}


def _concept_rows(concepts: list[Concept]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "concept_id": [concept.concept_id for concept in concepts],
            "concept_name": [concept.name for concept in concepts],
            "domain_id": [concept.domain for concept in concepts],
            "vocabulary_id": [concept.vocabulary for concept in concepts],
            "concept_class_id": [concept.concept_class for concept in concepts],
            "standard_concept": ["S" if concept.standard else None for concept in concepts],
            "concept_code": [concept.code for concept in concepts],
        }
    ).with_columns(**{key: pl.lit(value) for key, value in VALID.items()})


def _relationship_rows() -> pl.DataFrame:
    names = ["relationship_id", "reverse_relationship_id"]
    return pl.DataFrame(list(RELATIONSHIPS), schema=names, orient="row").with_columns(
        relationship_name=pl.col("relationship_id"),
        is_hierarchical=pl.lit("0"),
        defines_ancestry=pl.lit("0"),
        relationship_concept_id=NO_CONCEPT,
    )
