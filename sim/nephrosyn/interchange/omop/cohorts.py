"""Labels as cohorts: one for each definition set, view and category, and one for refractory disease."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.omop.concepts import NO_CONCEPT
from nephrosyn.interchange.omop.tables import table

if TYPE_CHECKING:
    from nephrosyn.interchange.record_part import RecordPart

REFRACTORY = "refractory"
KINDS = (*vocabulary.CATEGORIES, REFRACTORY)
PER_SET = len(vocabulary.VIEWS) * len(KINDS)


def definition_id(labels: tuple[str, ...], criteria: str, view: str, kind: str) -> int:
    """Return the number of a cohort.

    Parameters
    ----------
    labels : tuple of str
        Definition sets that are exported.
    criteria, view : str
        One of them, and a view.
    kind : str
        A category, or ``refractory``.

    Examples
    --------
    >>> definition_id(("source",), "source", "complete", "steroid_resistant")
    1
    """
    place = vocabulary.VIEWS.index(view) * len(KINDS) + KINDS.index(kind)
    return labels.index(criteria) * PER_SET + place + 1


def cohort(part: RecordPart, periods: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``cohort``.

    A category is that of the whole record, so that its cohort lasts as the observation does; refractory disease begins
    on the day on which it was first met.

    Parameters
    ----------
    part : RecordPart
        A part of a run.
    periods : polars.DataFrame
        Its table ``observation_period``.
    """
    labels = part.dated("labels", "first_met_days")
    whole = periods.select("person_id", start="observation_period_start_date", end="observation_period_end_date")
    rows = labels.with_columns(pl.col("person_id").cast(pl.Int32)).join(
        whole, on="person_id", how="left", maintain_order="left"
    )
    first = _ids(part.run.labels)
    categories = rows.select("person_id", "criteria", "view", "start", "end", kind=pl.col("category").cast(pl.String))
    refractory = rows.filter(pl.col("refractory").fill_null(value=False)).select(
        "person_id", "criteria", "view", "end", start=pl.coalesce("first_met_date", "start"), kind=pl.lit(REFRACTORY)
    )
    every = pl.concat([categories, refractory.select(categories.columns)]).with_columns(pl.col("view").cast(pl.String))
    numbered = every.join(first, on=["criteria", "view", "kind"], how="inner", maintain_order="left")
    return table(
        "cohort",
        numbered.select(
            "cohort_definition_id", subject_id="person_id", cohort_start_date="start", cohort_end_date="end"
        ).sort("subject_id", "cohort_definition_id"),
    )


def _ids(labels: tuple[str, ...]) -> pl.DataFrame:
    schema = {"criteria": pl.String, "view": pl.String, "kind": pl.String, "cohort_definition_id": pl.Int32}
    rows = [
        (criteria, view, kind, definition_id(labels, criteria, view, kind))
        for criteria in labels
        for view in vocabulary.VIEWS
        for kind in KINDS
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def cohort_definition(labels: tuple[str, ...]) -> pl.DataFrame:
    """Return the table ``cohort_definition``.

    Examples
    --------
    >>> cohort_definition(("source",))["cohort_definition_name"][0]
    'source: steroid-resistant (complete record)'
    """
    view = pl.col("view") + " record"
    name = pl.col("kind").replace_strict({kind: vocabulary.plain_name(kind) for kind in KINDS}, return_dtype=pl.String)
    return table(
        "cohort_definition",
        _ids(labels).select(
            "cohort_definition_id",
            cohort_definition_name=pl.format("{}: {} ({})", "criteria", name, view),
            cohort_definition_description=pl.format(
                "Simulated persons who are {} by the definition set {}, judged on the {}.", name, "criteria", view
            ),
            definition_type_concept_id=NO_CONCEPT,
            cohort_definition_syntax=pl.format("nephrosyn check-criteria {}", "criteria"),
            subject_concept_id=NO_CONCEPT,
        ),
    )
