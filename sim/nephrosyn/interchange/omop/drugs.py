"""Doses as drug exposures, and the drug eras made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.interchange.omop.concepts import MILLIGRAM, NO_CONCEPT, OF_ROUTE, TYPE_PRESCRIPTION
from nephrosyn.interchange.omop.eras import eras
from nephrosyn.interchange.omop.people import at_visits
from nephrosyn.interchange.omop.tables import table

if TYPE_CHECKING:
    from nephrosyn.interchange.omop.concepts import Concepts
    from nephrosyn.interchange.omop.people import Visits
    from nephrosyn.interchange.record_part import RecordPart

ON_SCHEDULE = {"daily": "daily", "alternate_day": "on alternate days", "single": "once"}
SIG = "{} mg {}"
WEIGHED = SIG + ", for a weight of {} kg"
"""Directions of a dose, with the weight by which it was chosen if there is one."""


def drug_exposure(part: RecordPart, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    """Return the table ``drug_exposure``: a row for each interval of the same dose.

    `quantity` is the amount in mg over the interval, as the drug is an ingredient without a strength of its own; the
    directions tell dose, schedule and the weight that the dose was chosen by.
    """
    rows = at_visits(part.dated("doses", "first_days", "last_days").with_columns(date="first_date"), visits)
    days = pl.col("last_days") - pl.col("first_days") + 1
    alternate = pl.col("schedule") == "alternate_day"
    doses = pl.when(alternate).then((days + 1) // 2).otherwise(days)  # the first day has a dose
    schedule = pl.col("schedule").cast(pl.String).replace_strict(ON_SCHEDULE, return_dtype=pl.String)
    dose = pl.col("dose_mg").cast(pl.String).str.strip_suffix(".0")
    weight = pl.col("dosing_weight_kg")
    return table(
        "drug_exposure",
        rows.with_row_index("row", part.rows_before("doses") + 1).select(
            "person_id",
            "visit_occurrence_id",
            drug_exposure_id="row",
            drug_concept_id=concepts.ids("drug", "drug"),
            drug_exposure_start_date="first_date",
            drug_exposure_end_date="last_date",
            drug_type_concept_id=TYPE_PRESCRIPTION,
            quantity=pl.col("dose_mg") * doses,
            days_supply=days,
            sig=pl.when(weight.is_null())
            .then(pl.format(SIG, dose, schedule))
            .otherwise(pl.format(WEIGHED, dose, schedule, weight)),
            route_concept_id=pl.col("route").cast(pl.String).replace_strict(OF_ROUTE, return_dtype=pl.Int32),
            drug_source_value="drug",
            drug_source_concept_id=NO_CONCEPT,
            route_source_value="route",
            dose_unit_source_value=pl.lit("mg"),
        ),
    )


def drug_era(part: RecordPart, exposures: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``drug_era``: spans of exposure to an ingredient with gaps of at most 30 days."""
    rows = exposures.select(
        "person_id",
        concept="drug_concept_id",
        start="drug_exposure_start_date",
        end="drug_exposure_end_date",
    )
    return table(
        "drug_era",
        eras(rows, part.rows_before("doses")).rename(
            {
                "id": "drug_era_id",
                "concept": "drug_concept_id",
                "start": "drug_era_start_date",
                "end": "drug_era_end_date",
                "count": "drug_exposure_count",
            }
        ),
    )


def dose_era(part: RecordPart, concepts: Concepts) -> pl.DataFrame:
    """Return the table ``dose_era``: spans on the same amount of an ingredient a day, with gaps of at most 30 days.

    On alternate days the amount is the mean of both days, as a dose of another schedule is compared by it.
    """
    rows = part.dated("doses", "first_days", "last_days").select(
        "person_id",
        concept=concepts.ids("drug", "drug"),
        start="first_date",
        end="last_date",
        dose_value="mean_mg_per_day",
    )
    spans = eras(rows, part.rows_before("doses"), by=["dose_value"])
    return table(
        "dose_era",
        spans.rename(
            {
                "id": "dose_era_id",
                "concept": "drug_concept_id",
                "start": "dose_era_start_date",
                "end": "dose_era_end_date",
            }
        ).with_columns(unit_concept_id=MILLIGRAM),
    )
