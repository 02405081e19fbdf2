"""Readings, the home diary, weight and height as measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.interchange.omop.concepts import LESS_THAN, NO_CONCEPT, TYPE_EHR, TYPE_SELF_REPORT
from nephrosyn.interchange.omop.people import at_visits
from nephrosyn.interchange.omop.tables import table
from nephrosyn.vocabulary import DIPSTICK_BANDS

if TYPE_CHECKING:
    from nephrosyn.interchange.omop.concepts import Concepts
    from nephrosyn.interchange.omop.people import Visits
    from nephrosyn.interchange.record_part import RecordPart

ROUNDED = 6
"""Decimals that are kept, so that a ratio in mg/g has no noise of the multiplication."""
UNTIL = " until "
"""Between the grade and the last day of an interval of the diary."""
AT_PRESENTATION = ("weight", "height")
HOME_DIPSTICK = "home dipstick"


def rows_before(part: RecordPart) -> int:
    """Return an upper bound of the measurements of the parts before: weight and height count as rows of their own."""
    readings, diary, patients = (part.rows_before(name) for name in ("readings", "diary", "patients"))
    return readings + diary + len(AT_PRESENTATION) * patients


def measurement(part: RecordPart, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    """Return the table ``measurement``: the readings first, then weight and height, then the home diary."""
    frames = [_readings(part, visits, concepts), _presentation(part, visits, concepts), _diary(part, concepts)]
    rows = pl.concat([table("measurement", frame.with_columns(measurement_id=NO_CONCEPT)) for frame in frames])
    ids = pl.int_range(pl.len(), dtype=pl.Int32) + (rows_before(part) + 1)
    return rows.with_columns(measurement_id=ids)


def _readings(part: RecordPart, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    rows = part.dated("readings", "taken_days").join(
        visits.by_number(), on=["person_id", "visit"], how="left", maintain_order="left"
    )
    banded, factor = pl.col("analyte") == "dipstick", concepts.factors("analyte")
    band = concepts.banded(pl.col("value"))

    def scaled(name: str) -> pl.Expr:
        return pl.when(~banded).then((pl.col(name) * factor).round(ROUNDED))

    return rows.select(
        "person_id",
        "visit_occurrence_id",
        measurement_concept_id=concepts.ids("analyte", "analyte"),
        measurement_date="taken_date",
        measurement_type_concept_id=TYPE_EHR,
        operator_concept_id=pl.when("below_limit").then(LESS_THAN),
        value_as_number=scaled("value"),
        value_as_concept_id=pl.when(banded).then(band),
        unit_concept_id=pl.when(~banded).then(concepts.units("analyte")),
        range_low=scaled("reference_low"),
        range_high=scaled("reference_high"),
        measurement_source_value="analyte",
        measurement_source_concept_id=NO_CONCEPT,
        unit_source_value=pl.when(~banded).then(pl.col("unit").cast(pl.String)),
        value_source_value=pl.when(banded).then(_grade(pl.col("value"))).otherwise(pl.col("value").cast(pl.String)),
    )


def _grade(value: pl.Expr) -> pl.Expr:
    """Return the grade of a dipstick in words."""
    return value.cast(pl.UInt8).replace_strict(dict(enumerate(DIPSTICK_BANDS)), default=None, return_dtype=pl.String)


def _presentation(part: RecordPart, visits: Visits, concepts: Concepts) -> pl.DataFrame:
    """Return weight and height of those whose record reaches the first visit, at which they were measured."""
    people = part.dated("patients", "measured_days").with_columns(date="measured_date")
    people = people.filter(pl.col("measured_date").is_not_null())
    rows = at_visits(people, visits)
    units = {"weight": "kg", "height": "cm"}
    return pl.concat(
        rows.select(
            "person_id",
            "visit_occurrence_id",
            measurement_concept_id=concepts.id_of("size", name),
            measurement_date="measured_date",
            measurement_type_concept_id=TYPE_EHR,
            value_as_number=f"{name}_{units[name]}",
            unit_concept_id=concepts.unit_of("size", name),
            measurement_source_value=pl.lit(f"{name} at presentation"),
            measurement_source_concept_id=NO_CONCEPT,
            unit_source_value=pl.lit(units[name]),
            value_source_value=pl.col(f"{name}_{units[name]}").cast(pl.String),
        )
        for name in AT_PRESENTATION
    )


def _diary(part: RecordPart, concepts: Concepts) -> pl.DataFrame:
    """Return one row for each interval of the diary, on its first day; the value says until when it lasts."""
    rows = part.dated("diary", "first_days", "last_days")
    return rows.select(
        "person_id",
        measurement_concept_id=concepts.id_of("analyte", "dipstick"),
        measurement_date="first_date",
        measurement_type_concept_id=TYPE_SELF_REPORT,
        value_as_concept_id=concepts.banded(pl.col("grade").to_physical()),
        measurement_source_value=pl.lit(HOME_DIPSTICK),
        measurement_source_concept_id=NO_CONCEPT,
        value_source_value=pl.format("{}" + UNTIL + "{}", pl.col("grade").cast(pl.String), "last_date"),
    )
