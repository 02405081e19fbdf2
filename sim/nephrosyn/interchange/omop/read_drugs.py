"""Drug exposures of a dataset as doses: which drug, from when to when, and how much a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.omop.concepts import MILLIGRAM, OF_ROUTE
from nephrosyn.interchange.omop.drugs import ON_SCHEDULE
from nephrosyn.interchange.omop.read_words import ingredients

if TYPE_CHECKING:
    from nephrosyn.interchange.omop.read_tables import Dataset


MOST_SHOWN = 5
DIRECTIONS = rf"(?i)^\s*([0-9.]+) mg ({'|'.join(ON_SCHEDULE.values())})"
WEIGHT = r"for a weight of ([0-9.]+) kg"


def doses(data: Dataset, notes: list[str]) -> pl.DataFrame:
    """Return the doses of a dataset.

    The dose of a day comes from the directions, if they read as in "40 mg daily" or "40 mg on alternate days"; else
    from the strength of the product in the dataset's own vocabulary, times quantity by days; else, for an ingredient
    whose quantity is in mg, from quantity by days.

    Parameters
    ----------
    data : Dataset
        The dataset.
    notes : list of str
        Where to note what is left aside, missing or assumed.

    Returns
    -------
    polars.DataFrame
        `person_id`, `place`, `drug`, `start`, `end`, `dose_mg`, `schedule`, `route`, `mean_mg_per_day` and
        `dosing_weight_kg`, which are null where they are not known.
    """
    rows = _with_drug(data, data.read("drug_exposure"))
    unread = rows["drug"].null_count()
    if unread:
        notes.append(f"{unread:,} drug exposures are of drugs that are not read")
    rows = _with_amount(data, rows.filter(pl.col("drug").is_not_null()))
    start = pl.col("drug_exposure_start_date")
    supplied = start + pl.duration(days=pl.col("days_supply").fill_null(1) - 1)
    rows = rows.with_columns(start=start, end=pl.coalesce("drug_exposure_end_date", supplied))
    days = (pl.col("end") - pl.col("start")).dt.total_days() + 1
    said = pl.col("sig").str.extract_groups(DIRECTIONS)
    dose, words = said.struct.field("1").cast(pl.Float64, strict=False), said.struct.field("2").str.to_lowercase()
    schedules = {text: name for name, text in ON_SCHEDULE.items()}
    rows = rows.with_columns(
        said_mg=dose,
        schedule=words.replace_strict(schedules, default="daily", return_dtype=pl.String),
        dosing_weight_kg=pl.col("sig").str.extract(WEIGHT).cast(pl.Float64, strict=False),
    )
    share = pl.when(pl.col("schedule") == "alternate_day").then(0.5).otherwise(1.0)
    mean = pl.coalesce(share * pl.col("said_mg"), pl.when(days > 0).then(pl.col("amount_mg") / days))
    rows = rows.with_columns(mean_mg_per_day=mean, route=_route())
    rows = rows.with_columns(dose_mg=pl.coalesce("said_mg", "mean_mg_per_day"))
    _note_missing(rows, notes)
    return _without_overlap(rows, notes)


def _with_drug(data: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the drug of each row: by its concept, by an ingredient of its product, or by its name in an export."""
    known = ingredients()
    direct = pl.col("drug_concept_id").replace_strict(known, default=None, return_dtype=pl.String)
    named = pl.when(pl.col("drug_source_value").is_in(vocabulary.DRUGS)).then("drug_source_value")
    ancestors = data.read("concept_ancestor", where=pl.col("ancestor_concept_id").is_in(tuple(known)))
    products = ancestors.select(
        drug_concept_id="descendant_concept_id",
        ingredient=pl.col("ancestor_concept_id").replace_strict(known, default=None, return_dtype=pl.String),
    ).unique("drug_concept_id", keep="first", maintain_order=True)
    joined = rows.join(products, on="drug_concept_id", how="left", maintain_order="left")
    return joined.with_columns(drug=pl.coalesce(direct, "ingredient", named))


def _with_amount(data: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the amount of each exposure in mg, null if it is not known."""
    wanted = rows["drug_concept_id"].unique().implode()
    in_mg = pl.col("amount_unit_concept_id") == MILLIGRAM
    strengths = data.read("drug_strength", where=in_mg & pl.col("drug_concept_id").is_in(wanted))
    strengths = strengths.filter(pl.col("ingredient_concept_id").is_in(tuple(ingredients())))
    strengths = strengths.select("drug_concept_id", "amount_value").unique(
        "drug_concept_id", keep="first", maintain_order=True
    )
    joined = rows.join(strengths, on="drug_concept_id", how="left", maintain_order="left")
    milligrams = pl.col("dose_unit_source_value").str.strip_chars().str.to_lowercase() == "mg"
    return joined.with_columns(
        amount_mg=pl.coalesce(pl.col("quantity") * pl.col("amount_value"), pl.when(milligrams).then("quantity"))
    )


def _route() -> pl.Expr:
    by_concept = {concept: route for route, concept in OF_ROUTE.items()}
    by_vein = [drug.name for drug in vocabulary.DRUG_TABLE if drug.routes[0] == "intravenous"]
    return pl.coalesce(
        pl.col("route_concept_id").replace_strict(by_concept, default=None, return_dtype=pl.String),
        pl.when(pl.col("drug").is_in(by_vein)).then(pl.lit("intravenous")).otherwise(pl.lit("oral")),
    )


def _note_missing(rows: pl.DataFrame, notes: list[str]) -> None:
    missing = rows.filter(pl.col("mean_mg_per_day").is_null())
    if missing.height:
        first = [f"{drug} ({place})" for drug, place in missing.select("drug", "place").head(MOST_SHOWN).iter_rows()]
        more = f"; and {missing.height - MOST_SHOWN:,} more" if missing.height > MOST_SHOWN else ""
        notes.append(f"{missing.height:,} drug exposures have no dose: {'; '.join(first)}{more}")


def _without_overlap(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Return one dose of a drug on a day: doses of the same days added up, others cut where the next begins."""
    key = ["person_id", "drug", "start"]
    ordered = rows.sort(*key, "end", maintain_order=True)
    together = ordered.group_by(*key, "end", maintain_order=True).agg(
        pl.col("dose_mg", "mean_mg_per_day").sum(),
        pl.col("mean_mg_per_day").is_null().any().alias("unknown"),
        pl.col("place", "schedule", "route", "dosing_weight_kg").first(),
    )
    added = ordered.height - together.height
    if added:
        notes.append(f"{added:,} drug exposures were added to one of the same drug and days")
    for name in ("dose_mg", "mean_mg_per_day"):
        together = together.with_columns(pl.when(~pl.col("unknown")).then(name).alias(name))
    latest = together.unique(key, keep="last", maintain_order=True)
    following = pl.col("start").shift(-1).over("person_id", "drug") - pl.duration(days=1)
    cut = pl.col("end") > following
    overlapping = latest.select(cut.sum()).item() + together.height - latest.height
    if overlapping:
        notes.append(f"{overlapping:,} drug exposures were cut where the next one of the same drug begins")
    return latest.with_columns(end=pl.when(cut).then(following).otherwise("end"))
