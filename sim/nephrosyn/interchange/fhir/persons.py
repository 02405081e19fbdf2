"""Patients, and the clinics that look after them."""

from __future__ import annotations

import polars as pl

from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.fhir.text import lines, narrative, start
from nephrosyn.vocabulary import NOTICE

PERSON_SYSTEM = "https://nephrosyn.example/person"
"""Namespace of the numbers of persons, which are those of the other formats."""
SYNTHETIC = narrative(f"SYNTHETIC TEST DATA. {NOTICE}")


def patients(part: FhirPart) -> pl.Series:
    """Return a Patient for each patient: sex, birth, death, clinic."""
    people = part.people
    part.counts.left_out["age bands of patients; their ages follow from dates"] += people.height
    died = pl.when(pl.col("reason") == "death").then(pl.lit('","deceasedDateTime":"') + pl.col("end_date"))
    return lines(
        people,
        f"{start('Patient')}p",
        pl.col("key"),
        f'",{SYNTHETIC},"identifier":[{{"system":"{PERSON_SYSTEM}","value":"',
        pl.col("person_id").cast(pl.String),
        '"}],"gender":"',
        pl.col("sex").cast(pl.String),
        '","birthDate":"',
        pl.col("birth_date"),
        died,
        '","managingOrganization":{"reference":"Organization/s',
        clinic(),
        '"}}',
    )


def clinic() -> pl.Expr:
    """Return the part of a clinic's id after the letter: replicate and site."""
    return pl.concat_str(pl.col("replicate").cast(pl.String), pl.lit("-"), pl.col("site").cast(pl.String))


def organizations(part: FhirPart) -> pl.Series:
    """Return an Organization for each clinic; a clinic is never divided between parts."""
    sites = part.people.select("replicate", "site").unique(maintain_order=True)
    return lines(
        sites,
        f"{start('Organization')}s",
        clinic(),
        f'",{SYNTHETIC},"name":"Simulated clinic ',
        pl.col("site").cast(pl.String),
        '"}',
    )
