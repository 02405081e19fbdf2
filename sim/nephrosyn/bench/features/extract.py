"""Wide features: one row per patient, made of nothing but what was recorded before a day."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.features.data_dictionary import (
    CHEMISTRY,
    CLEAR_UPCR_MG_PER_MG,
    COURSE_GAP_DAYS,
    FEATURES,
    HEAVY_BANDS,
    HEAVY_UPCR_MG_PER_MG,
)
from nephrosyn.bench.task import WHO
from nephrosyn.record.schema import OBSERVED
from nephrosyn.scenario import Scenario
from nephrosyn.vocabulary import AGENTS, STEROID

HEAVY_RUN_DAYS = 3
Tables = Mapping[str, pl.DataFrame]
COLUMNS = [one.name for one in FEATURES]


def before(tables: Tables, until_days: int | None) -> dict[str, pl.DataFrame]:
    """Return the observed tables as they stood on the morning of a day.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables, and perhaps others, which are left out.
    until_days : int or None, days
        What was recorded on this day or later is cut away; nothing without it.

    Returns
    -------
    dict of str to polars.DataFrame
        Runs of days end the day before; a biopsy or an end of follow-up to come is not known.
    """
    kept = {name: tables[name] for name in OBSERVED}
    if until_days is None:
        return kept
    last = until_days - 1
    known = pl.col("biopsy_days") <= last
    kept["patients"] = kept["patients"].with_columns(
        pl.when(known).then("lesion").alias("lesion"), pl.when(known).then("biopsy_days").alias("biopsy_days")
    )
    happened = pl.coalesce("actual_days", "planned_days") <= last
    kept["visits"] = kept["visits"].filter(happened)
    kept["readings"] = kept["readings"].filter(pl.col("taken_days") <= last)
    kept["conditions"] = kept["conditions"].filter(pl.col("noted_days") <= last)
    for name in ("diary", "doses"):
        begun = kept[name].filter(pl.col("first_days") <= last)
        kept[name] = begun.with_columns(last_days=pl.min_horizontal("last_days", pl.lit(last, pl.Int32)))
    ended = pl.col("end_days") <= last
    kept["follow_up"] = kept["follow_up"].with_columns(
        end_days=pl.when(ended).then("end_days").otherwise(pl.lit(last, pl.Int32)),
        reason=pl.when(ended).then("reason").otherwise(pl.lit("end_of_study", OBSERVED["follow_up"]["reason"])),
    )
    return kept


def features(tables: Tables, until_days: int | None = None) -> pl.DataFrame:
    """Return the wide features of every patient.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables.
    until_days : int, days, optional
        Use only what was recorded before this day.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient`, and the columns of `data_dictionary.FEATURES`, all of them floats; null where nothing
        was recorded that could tell. Counts and amounts of what was not recorded are 0, and a day that has not come is
        the last of the record.
    """
    known = before(tables, until_days)
    ends = known["follow_up"].group_by(WHO).agg(followed_days=pl.col("end_days").max())
    wide = _people(known["patients"])
    parts = [
        _visits(known["visits"]),
        ends,
        _ratios(known["readings"]),
        _dipsticks(known["readings"]),
        _diary(known["diary"]),
        _steroid(known["doses"], ends),
        _agents(known["doses"]),
        _chemistry(known["readings"]),
        _conditions(known["conditions"]),
    ]
    for part in parts:
        wide = wide.join(part, on=WHO, how="left", maintain_order="left")
    filled = [pl.col(one.name).fill_null(0) for one in FEATURES if one.unit == "count" or one.otherwise == "zero"]
    filled += [pl.col(one.name).fill_null(pl.col("followed_days")) for one in FEATURES if one.otherwise == "followed"]
    measured = pl.col("upcr_first_clear_days").fill_null(pl.col("followed_days"))
    filled.append(pl.when(pl.col("upcr_count") > 0).then(measured))
    return wide.with_columns(filled).select(*WHO, *[pl.col(one.name).cast(pl.Float64) for one in FEATURES])


def observable(scenario: Scenario) -> list[str]:
    """Return the features of which a record of a scenario can hold a value, whoever its patients are.

    Parameters
    ----------
    scenario : Scenario
        The setting.

    Returns
    -------
    list of str
        Names in the order of `data_dictionary.FEATURES`, without those of a home diary where none is kept, and of an
        analyte of which every result is lost; counts are always among them.
    """
    chart = scenario.chart
    diary = any(one.home_diary for one in scenario.care.regimen.values()) and chart.missed_diary_day_probability < 1
    lost = [name for name, share in chart.lost_result_probability.items() if share >= 1]
    return [
        one.name
        for one in FEATURES
        if one.unit == "count"
        or one.otherwise == "zero"
        or not (
            (one.table == "diary" and not diary) or (one.table == "readings" and one.name.partition("_")[0] in lost)
        )
    ]


def with_values(wide: pl.DataFrame) -> list[str]:
    """Return the columns in which somebody has a value."""
    return [name for name in wide.columns if wide[name].null_count() < wide.height]


def _people(patients: pl.DataFrame) -> pl.DataFrame:
    lesions = {f"lesion_{one}": (pl.col("lesion") == one).fill_null(False) for one in vocabulary.LESIONS}
    return patients.unique(WHO, keep="first", maintain_order=True).select(
        *WHO,
        "age_at_onset_years",
        "weight_kg",
        "height_cm",
        female=pl.col("sex") == "female",
        biopsied=pl.col("biopsy_days").is_not_null(),
        **lesions,
    )


def _visits(visits: pl.DataFrame) -> pl.DataFrame:
    return visits.group_by(WHO).agg(
        visits_kept=(~pl.col("missed")).sum(),
        visits_missed=pl.col("missed").sum(),
        unscheduled_visits=((pl.col("kind") == "unscheduled") & ~pl.col("missed")).sum(),
    )


def _ratios(readings: pl.DataFrame) -> pl.DataFrame:
    rows = readings.filter(analyte="upcr").drop_nulls("value").sort(*WHO, "taken_days", maintain_order=True)
    value, clear = pl.col("value"), pl.col("value") < CLEAR_UPCR_MG_PER_MG
    heavy = value >= HEAVY_UPCR_MG_PER_MG
    return rows.group_by(WHO, maintain_order=True).agg(
        upcr_count=pl.len(),
        upcr_first_mg_per_mg=value.first(),
        upcr_last_mg_per_mg=value.last(),
        upcr_median_mg_per_mg=value.median(),
        upcr_min_mg_per_mg=value.min(),
        upcr_max_mg_per_mg=value.max(),
        upcr_clear_fraction=clear.mean(),
        upcr_first_clear_days=pl.col("taken_days").filter(clear).min(),
        upcr_rises=(heavy & ~heavy.shift(1, fill_value=True)).sum(),
    )


def _dipsticks(readings: pl.DataFrame) -> pl.DataFrame:
    lowest = vocabulary.DIPSTICK_BANDS.index(HEAVY_BANDS[0])
    rows = readings.filter(analyte="dipstick").drop_nulls("value")
    return rows.group_by(WHO).agg(dipstick_count=pl.len(), dipstick_heavy_fraction=(pl.col("value") >= lowest).mean())


def _diary(diary: pl.DataFrame) -> pl.DataFrame:
    length = pl.col("last_days") - pl.col("first_days") + 1
    heavy = pl.col("grade").is_in(HEAVY_BANDS)
    return diary.group_by(WHO).agg(
        diary_days=length.sum(),
        diary_heavy_fraction=length.filter(heavy).sum() / length.sum(),
        diary_heavy_runs=(heavy & (length >= HEAVY_RUN_DAYS)).sum(),
    )


def _steroid(doses: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    rows = doses.filter(drug=STEROID).sort(*WHO, "first_days", "last_days", maintain_order=True)
    rows = rows.join(ends, on=WHO, how="left", maintain_order="left")
    length = pl.col("last_days") - pl.col("first_days") + 1
    dose = pl.col("mean_mg_per_day") / pl.col("dosing_weight_kg")
    gap = pl.col("first_days") - pl.col("last_days").shift(1)
    return rows.group_by(WHO, maintain_order=True).agg(
        prednisone_days=length.sum(),
        prednisone_mg_per_kg=(dose * length).sum(),
        prednisone_max_mg_per_kg_per_day=dose.max(),
        prednisone_last_mg_per_kg_per_day=dose.last(),
        prednisone_since_days=(pl.col("followed_days") - pl.col("last_days")).last(),
        prednisone_courses=1 + (gap > COURSE_GAP_DAYS).sum(),
        prednisone_raises=(dose > dose.shift(1)).sum(),
    )


def _agents(doses: pl.DataFrame) -> pl.DataFrame:
    length = pl.col("last_days") - pl.col("first_days") + 1
    return doses.group_by(WHO).agg(**{f"{drug}_days": length.filter(pl.col("drug") == drug).sum() for drug in AGENTS})


def _chemistry(readings: pl.DataFrame) -> pl.DataFrame:
    rows = readings.filter(pl.col("analyte").is_in(CHEMISTRY)).drop_nulls("value")
    asked: dict[str, pl.Expr] = {}
    for name in CHEMISTRY:
        unit, mine = (
            vocabulary.UNITS[name].replace("/", "_per_").lower(),
            pl.col("value").filter(pl.col("analyte") == name),
        )
        asked |= {
            f"{name}_first_{unit}": mine.first(),
            f"{name}_last_{unit}": mine.last(),
            f"{name}_min_{unit}": mine.min(),
            f"{name}_max_{unit}": mine.max(),
        }
    return rows.sort(*WHO, "taken_days", maintain_order=True).group_by(WHO, maintain_order=True).agg(**asked)


def _conditions(conditions: pl.DataFrame) -> pl.DataFrame:
    kinds = {f"{kind}_noted": (pl.col("kind") == kind).sum() for kind in vocabulary.CONDITION_KINDS}
    return conditions.group_by(WHO).agg(**kinds, steroid_reduced=(pl.col("action") != "none").sum())
