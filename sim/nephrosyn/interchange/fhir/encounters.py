"""Visits."""

from __future__ import annotations

import polars as pl

from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.fhir.text import compact, lines, start

AMBULATORY = compact(
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"}
)


def encounters(part: FhirPart) -> pl.Series:
    """Return an Encounter for each visit; one that was missed is cancelled, on the day for which it was planned."""
    visits = part.table("visits", "actual_days", "planned_days")
    held = ~visits["missed"]
    part.counts.left_out["planned days and waiting times of visits held"] += int(held.sum())
    status = pl.when(~pl.col("missed")).then(pl.lit("finished")).otherwise(pl.lit("cancelled"))
    return lines(
        visits,
        f"{start('Encounter')}v",
        visit(),
        '","status":"',
        status,
        f'","class":{AMBULATORY},"type":[',
        part.concepts(visits, "visit", "kind"),
        '],"subject":{"reference":"Patient/p',
        pl.col("key"),
        '"},"period":{"start":"',
        pl.coalesce("actual_date", "planned_date"),
        pl.when(~pl.col("missed")).then(pl.lit('","end":"') + pl.col("actual_date")),
        '"}}',
    )


def visit() -> pl.Expr:
    """Return the part of a visit's id after the letter: patient and number of the visit."""
    return pl.concat_str(pl.col("key"), pl.lit("-"), pl.col("visit").cast(pl.String))
