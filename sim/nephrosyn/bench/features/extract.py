"""Wide features: one row per patient, computed only from what was recorded before a given day."""

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
    Feature,
    unit_suffix,
)
from nephrosyn.record.schema import OBSERVED, PATIENT_KEY
from nephrosyn.scenario import Scenario
from nephrosyn.vocabulary import AGENTS, STEROID

HEAVY_RUN_DAYS = 3
Tables = Mapping[str, pl.DataFrame]
LAST = "last day seen"
"""Column for the time of cutting."""
COLUMNS = [feature.name for feature in FEATURES]


def before(tables: Tables, until_days: int | None) -> dict[str, pl.DataFrame]:
    """Return the observed tables as of the morning of a day.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables; others are left out.
    until_days : int or None, days
        Entries of this day or later are removed; None keeps all.

    Returns
    -------
    dict of str to polars.DataFrame
        Runs of days end the day before; a later biopsy or end of follow-up is not known, nor are weight and height
        before the first visit.
    """
    truncated = {name: tables[name] for name in OBSERVED}
    return truncated if until_days is None else _cut(truncated, pl.lit(until_days - 1, pl.Int32))


def before_each(tables: Tables, days: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the observed tables as of the morning of a day of each patient's own.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables; others are left out.
    days : polars.DataFrame
        `replicate`, `patient` and `until_days`; patients who are not in it are removed.

    Returns
    -------
    dict of str to polars.DataFrame
        As from `before` for each patient.
    """
    last = days.select(*PATIENT_KEY, (pl.col("until_days") - 1).cast(pl.Int32).alias(LAST))
    joined = {name: tables[name].join(last, on=PATIENT_KEY, how="inner", maintain_order="left") for name in OBSERVED}
    return {name: frame.drop(LAST) for name, frame in _cut(joined, pl.col(LAST)).items()}


def _cut(tables: Tables, last: pl.Expr) -> dict[str, pl.DataFrame]:
    """Return the observed tables with nothing that was recorded after a day."""
    truncated = dict(tables)
    truncated["patients"] = _known(truncated["patients"], last)
    happened = pl.coalesce("actual_days", "planned_days") <= last
    truncated["visits"] = truncated["visits"].filter(happened)
    truncated["readings"] = truncated["readings"].filter(pl.col("taken_days") <= last)
    truncated["conditions"] = truncated["conditions"].filter(pl.col("noted_days") <= last)
    for name in ("diary", "doses"):
        begun = truncated[name].filter(pl.col("first_days") <= last)
        truncated[name] = begun.with_columns(last_days=pl.min_horizontal("last_days", last))
    ended = pl.col("end_days") <= last
    truncated["follow_up"] = truncated["follow_up"].with_columns(
        end_days=pl.when(ended).then("end_days").otherwise(last),
        reason=pl.when(ended).then("reason").otherwise(pl.lit("end_of_study", OBSERVED["follow_up"]["reason"])),
    )
    return truncated


def _known(patients: pl.DataFrame, last: pl.Expr) -> pl.DataFrame:
    """Return what is known of patients on a day: body size from the first visit on, the lesion from the biopsy on."""
    since = {"measured_days": ("weight_kg", "height_cm"), "biopsy_days": ("lesion",)}
    return patients.with_columns(
        pl.when(pl.col(day) <= last).then(name).alias(name)
        for day, names in since.items()
        if day in patients.columns
        for name in (*names, day)
    )


def features(tables: Tables, until_days: int | None = None) -> pl.DataFrame:
    """Return the wide features of every patient.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables.
    until_days : int, days, optional
        Use only entries before this day.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient`, and the columns of `data_dictionary.FEATURES` as floats, null where the record does not
        tell. Counts and amounts are 0 where nothing was recorded; a day that has not come is the last of the record.
    """
    known = before(tables, until_days)
    ends = known["follow_up"].group_by(PATIENT_KEY).agg(followed_days=pl.col("end_days").max())
    wide = _patients(known["patients"])
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
        wide = wide.join(part, on=PATIENT_KEY, how="left", maintain_order="left")
    filled = [pl.col(feature.name).fill_null(0) for feature in FEATURES if _is_zero_without_entries(feature)]
    filled += [
        pl.col(feature.name).fill_null(pl.col("followed_days"))
        for feature in FEATURES
        if feature.otherwise == "followed"
    ]
    measured = pl.col("upcr_first_clear_days").fill_null(pl.col("followed_days"))
    filled.append(pl.when(pl.col("upcr_count") > 0).then(measured))
    return wide.with_columns(filled).select(*PATIENT_KEY, *[pl.col(name).cast(pl.Float64) for name in COLUMNS])


def _is_zero_without_entries(feature: Feature) -> bool:
    return feature.unit == "count" or feature.otherwise == "zero"


def observable(scenario: Scenario) -> list[str]:
    """Return the features that records of a scenario can have a value of, whoever its patients are.

    Parameters
    ----------
    scenario : Scenario
        The setting.

    Returns
    -------
    list of str
        Names in the order of `data_dictionary.FEATURES`, without those of a home diary where none is kept and those of
        an analyte whose results are all lost; counts are always included.
    """
    chart = scenario.chart
    diary = (
        any(regimen.home_diary for regimen in scenario.care.regimen.values()) and chart.missed_diary_day_probability < 1
    )
    lost = [name for name, share in chart.lost_result_probability.items() if share >= 1]

    def never_recorded(feature: Feature) -> bool:
        if feature.table == "diary":
            return not diary
        return feature.table == "readings" and feature.name.partition("_")[0] in lost

    return [feature.name for feature in FEATURES if _is_zero_without_entries(feature) or not never_recorded(feature)]


def with_values(wide: pl.DataFrame) -> list[str]:
    """Return the columns that are not entirely missing."""
    return [name for name in wide.columns if wide[name].null_count() < wide.height]


def _patients(patients: pl.DataFrame) -> pl.DataFrame:
    lesions = {f"lesion_{name}": (pl.col("lesion") == name).fill_null(False) for name in vocabulary.LESIONS}
    return patients.unique(PATIENT_KEY, keep="first", maintain_order=True).select(
        *PATIENT_KEY,
        "age_at_onset_years",
        "weight_kg",
        "height_cm",
        female=pl.col("sex") == "female",
        biopsied=pl.col("biopsy_days").is_not_null(),
        **lesions,
    )


def _visits(visits: pl.DataFrame) -> pl.DataFrame:
    return visits.group_by(PATIENT_KEY).agg(
        visits_kept=(~pl.col("missed")).sum(),
        visits_missed=pl.col("missed").sum(),
        unscheduled_visits=((pl.col("kind") == "unscheduled") & ~pl.col("missed")).sum(),
    )


def _ratios(readings: pl.DataFrame) -> pl.DataFrame:
    rows = readings.filter(analyte="upcr").drop_nulls("value").sort(*PATIENT_KEY, "taken_days", maintain_order=True)
    value, clear = pl.col("value"), pl.col("value") < CLEAR_UPCR_MG_PER_MG
    heavy = value >= HEAVY_UPCR_MG_PER_MG
    return rows.group_by(PATIENT_KEY, maintain_order=True).agg(
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
    return rows.group_by(PATIENT_KEY).agg(
        dipstick_count=pl.len(), dipstick_heavy_fraction=(pl.col("value") >= lowest).mean()
    )


def _diary(diary: pl.DataFrame) -> pl.DataFrame:
    length = pl.col("last_days") - pl.col("first_days") + 1
    heavy = pl.col("grade").is_in(HEAVY_BANDS)
    return diary.group_by(PATIENT_KEY).agg(
        diary_days=length.sum(),
        diary_heavy_fraction=length.filter(heavy).sum() / length.sum(),
        diary_heavy_runs=(heavy & (length >= HEAVY_RUN_DAYS)).sum(),
    )


def _steroid(doses: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    rows = doses.filter(drug=STEROID).sort(*PATIENT_KEY, "first_days", "last_days", maintain_order=True)
    rows = rows.join(ends, on=PATIENT_KEY, how="left", maintain_order="left")
    length = pl.col("last_days") - pl.col("first_days") + 1
    dose = pl.col("mean_mg_per_day") / pl.col("dosing_weight_kg")
    gap = pl.col("first_days") - pl.col("last_days").shift(1)
    return rows.group_by(PATIENT_KEY, maintain_order=True).agg(
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
    return doses.group_by(PATIENT_KEY).agg(
        **{f"{drug}_days": length.filter(pl.col("drug") == drug).sum() for drug in AGENTS}
    )


def _chemistry(readings: pl.DataFrame) -> pl.DataFrame:
    rows = readings.filter(pl.col("analyte").is_in(CHEMISTRY)).drop_nulls("value")
    columns: dict[str, pl.Expr] = {}
    for name in CHEMISTRY:
        unit, value = unit_suffix(name), pl.col("value").filter(pl.col("analyte") == name)
        columns |= {
            f"{name}_first_{unit}": value.first(),
            f"{name}_last_{unit}": value.last(),
            f"{name}_min_{unit}": value.min(),
            f"{name}_max_{unit}": value.max(),
        }
    return (
        rows.sort(*PATIENT_KEY, "taken_days", maintain_order=True)
        .group_by(PATIENT_KEY, maintain_order=True)
        .agg(**columns)
    )


def _conditions(conditions: pl.DataFrame) -> pl.DataFrame:
    kinds = {f"{kind}_noted": (pl.col("kind") == kind).sum() for kind in vocabulary.CONDITION_KINDS}
    return conditions.group_by(PATIENT_KEY).agg(**kinds, steroid_reduced=(pl.col("action") != "none").sum())
