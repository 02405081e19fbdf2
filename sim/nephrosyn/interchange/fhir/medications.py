"""Doses, as prescribed."""

from __future__ import annotations

import polars as pl

from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.fhir.text import UCUM, by_word, lines, start

REPEATS = {
    "daily": ',"frequency":1,"period":1,"periodUnit":"d"',
    "alternate_day": ',"frequency":1,"period":2,"periodUnit":"d"',
    "single": ',"count":1',
}
SCHEDULES = {"daily": "daily", "alternate_day": "on alternate days", "single": "once"}


def medication_requests(part: FhirPart) -> pl.Series:
    """Return a MedicationRequest for each interval of days on the same dose of a drug."""
    doses = part.table("doses", "first_days", "last_days")
    part.counts.left_out["mean doses per day, which follow from dose and schedule"] += doses.height
    mg = pl.col("dose_mg").cast(pl.String).str.strip_suffix(".0")
    return lines(
        doses,
        f"{start('MedicationRequest')}m",
        pl.col("row"),
        '","status":"completed","intent":"order","medicationCodeableConcept":',
        part.concepts(doses, "drug", "drug"),
        ',"subject":{"reference":"Patient/p',
        pl.col("key"),
        '"},"authoredOn":"',
        pl.col("first_date"),
        '","note":[{"text":"dosing weight ',
        pl.col("dosing_weight_kg").round(1).cast(pl.String),
        ' kg"}],"dosageInstruction":[{"text":"',
        mg,
        " mg ",
        by_word(doses["schedule"], SCHEDULES.__getitem__),
        '","timing":{"repeat":{"boundsPeriod":{"start":"',
        pl.col("first_date"),
        '","end":"',
        pl.col("last_date"),
        '"}',
        by_word(doses["schedule"], REPEATS.__getitem__),
        '}},"route":',
        part.concepts(doses, "route", "route"),
        ',"doseAndRate":[{"doseQuantity":{"value":',
        mg,
        f',"unit":"mg","system":"{UCUM}","code":"mg"}}}}]}}]}}',
    )
