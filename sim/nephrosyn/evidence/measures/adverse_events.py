"""Complications, adverse events and kidney function as studies counted them."""

from __future__ import annotations

import polars as pl

from nephrosyn.evidence.measures import estimators
from nephrosyn.evidence.measures.registry import Counted, measure
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import DAYS_PER_YEAR

THROMBOSES = ("venous_thrombosis", "renal_vein_thrombosis")


def _to_condition(study: Study, names: tuple[str, ...], lesion: str | None) -> pl.DataFrame:
    """One row a person: ``days`` from the first visit to the first of some conditions or to the end; ``happened``."""
    conditions = study.tables["conditions"].filter(pl.col("condition").is_in(names))
    first = conditions.group_by(PATIENT_KEY).agg(noted_days=pl.col("noted_days").min())
    seen = study.tables["visits"].group_by(PATIENT_KEY).agg(seen_days=pl.col("actual_days").min())
    rows = study.people if lesion is None else study.people.filter(pl.col("lesion") == lesion)
    rows = rows.join(seen, on=PATIENT_KEY).join(first, on=PATIENT_KEY, how="left").sort(PATIENT_KEY)
    rows = rows.filter(pl.col("noted_days").is_null() | (pl.col("noted_days") > pl.col("seen_days")))
    last = pl.coalesce("noted_days", "end_days") - pl.col("seen_days")
    return rows.with_columns(days=last.clip(0), happened=pl.col("noted_days").is_not_null())


@measure
def noted(study: Study, condition: str, days: float, lesion: str | None = None) -> Counted:
    """Share with a condition noted within some days of the first visit, by Kaplan and Meier."""
    rows = _to_condition(study, (condition,), lesion)
    return Counted(rows.select("days", "happened"), estimators.happened_by(days))


@measure
def noted_early(study: Study, condition: str, days: float) -> Counted:
    """Share noted within some days of the first visit, among those with a condition noted."""
    rows = _to_condition(study, (condition,), None).filter("happened")
    return Counted(rows.select(yes=pl.col("days") <= days), estimators.share)


@measure
def thrombosis(study: Study, days: float, lesion: str | None = None, renal: bool = True) -> Counted:
    """Share with a venous thrombosis noted within some days, with or without those of the renal vein."""
    rows = _to_condition(study, THROMBOSES if renal else THROMBOSES[:1], lesion)
    here = pl.col("happened") & (pl.col("days") <= days)
    return Counted(rows.select(yes=here), estimators.share)


@measure
def thrombosis_rate(study: Study, days: float) -> Counted:
    """First venous thromboses per person-year up to some days after the first visit."""
    rows = _to_condition(study, THROMBOSES, None)
    early = pl.col("happened") & (pl.col("days") <= days)
    years = pl.col("days").clip(upper_bound=days) / DAYS_PER_YEAR
    return Counted(rows.select(events=early.cast(pl.Int64), years=years), estimators.rate)


@measure
def kidney_survival(study: Study, days: float) -> Counted:
    """Share without kidney failure some days after onset, by Kaplan and Meier."""
    rows = study.tables["follow_up"].select(days="end_days", happened=pl.col("reason") == "kidney_failure")
    return Counted(rows, estimators.free_at(days))


@measure
def last_state(study: Study, state: str, remission: float, nephrotic: float) -> Counted:
    """Share whose last reading is ``complete``, ``partial`` or ``none``, or whose record ended in ``kidney_failure``.

    ``complete`` is a ratio of at most ``remission``, ``none`` a ratio of at least ``nephrotic``.
    """
    last = study.readings("upcr").group_by(PATIENT_KEY, maintain_order=True).agg(pl.col("value").last())
    ends = study.tables["follow_up"].select(*PATIENT_KEY, "reason")
    rows = last.join(ends, on=PATIENT_KEY)
    value = pl.col("value")
    word = (
        pl.when(pl.col("reason") == "kidney_failure").then(pl.lit("kidney_failure"))
        .when(value <= remission).then(pl.lit("complete"))
        .when(value < nephrotic).then(pl.lit("partial"))
        .otherwise(pl.lit("none"))
    )  # fmt: skip
    return Counted(rows.select(yes=word == state), estimators.share)


@measure
def infections_a_year(study: Study) -> Counted:
    """Noted infections per person-year of record."""
    infections = (
        study.tables["conditions"].filter(pl.col("kind") == "infection").group_by(PATIENT_KEY).agg(events=pl.len())
    )
    rows = study.people.join(infections, on=PATIENT_KEY, how="left").filter(pl.col("end_days") > 0)
    years = pl.col("end_days") / DAYS_PER_YEAR
    return Counted(rows.select(pl.col("events").fill_null(0), years=years), estimators.rate)
