"""Response to steroid as studies counted it: share in remission, and time to remission."""

from __future__ import annotations

import math

import polars as pl

from nephrosyn.evidence.measures import estimators
from nephrosyn.evidence.measures.registry import Counted, measure
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.schema import PATIENT_KEY


def _first(study: Study, definition: str) -> pl.DataFrame:
    """Everybody on steroid, with ``took`` days from its start to the first remission (null: none was seen)."""
    first = study.episodes(definition).filter(pl.col("episode") == 0).select(*PATIENT_KEY, "remission_days")
    treated = study.people.filter(pl.col("start_days").is_not_null())
    rows = treated.join(first, on=PATIENT_KEY, how="left").sort(PATIENT_KEY)
    return rows.with_columns(took=(pl.col("remission_days") - pl.col("start_days")).clip(0))


@measure
def remission(
    study: Study, definition: str, within_days: float, after_days: float = -1, lesion: str | None = None
) -> Counted:
    """Share in remission more than ``after_days`` and at most ``within_days`` after the start of steroid.

    People whose record ends before that without remission do not count. With a lesion, only those with that biopsy
    result count.
    """
    rows = _first(study, definition)
    rows = rows if lesion is None else rows.filter(pl.col("lesion") == lesion)
    rows = rows.filter(pl.col("took").is_not_null() | (pl.col("end_days") - pl.col("start_days") >= within_days))
    inside = (pl.col("took") > after_days) & (pl.col("took") <= within_days)
    return Counted(rows.select(yes=inside.fill_null(value=False)), estimators.share)


@measure
def no_remission(study: Study, definition: str, within_days: float) -> Counted:
    """Share without remission within some days of steroid."""
    counted = remission(study, definition, within_days)
    return Counted(counted.rows.select(yes=~pl.col("yes")), estimators.share)


@measure
def remission_time(study: Study, definition: str, within_days: float = math.inf, p: float | None = None) -> Counted:
    """Days from the start of steroid to remission in those who reach it in time: a quantile, or the mean."""
    rows = _first(study, definition).filter(pl.col("took") <= within_days).select(value="took")
    return Counted(rows, estimators.mean if p is None else estimators.quantile(p))


@measure
def unclear_urine(study: Study, within_days: float, below: float) -> Counted:
    """Share without any protein/creatinine ratio below a level within some days of steroid.

    For papers that define remission by urine at single visits. People whose record ends before that without such a
    reading do not count.
    """
    treated = study.people.filter(pl.col("start_days").is_not_null())
    rows = study.readings("upcr").join(treated, on=PATIENT_KEY).filter(pl.col("value") < below)
    rows = rows.filter((pl.col("taken_days") - pl.col("start_days")).is_between(0, within_days))
    clear = rows.select(PATIENT_KEY).unique().with_columns(clear=True)
    seen = (
        treated.join(clear, on=PATIENT_KEY, how="left")
        .with_columns(pl.col("clear").fill_null(value=False))
        .sort(PATIENT_KEY)
    )
    seen = seen.filter(pl.col("clear") | (pl.col("end_days") - pl.col("start_days") >= within_days))
    return Counted(seen.select(yes=~pl.col("clear")), estimators.share)


@measure
def improvement(study: Study, within_days: float, below: float, lesion: str | None = None) -> Counted:
    """Share whose protein/creatinine ratio falls below a level and to half of the first reading within some days.

    Those who die or are lost to follow-up before that count as not improved. Two consecutive readings are needed; the
    first gives the date. Days run from the first dose of steroid, or from presentation where steroid is never given.
    """
    rows = _fall(study, below, lesion)
    return Counted(rows.select(yes=(pl.col("fell") <= within_days).fill_null(value=False)), estimators.share)


@measure
def improvement_time(study: Study, within_days: float, below: float, lesion: str | None = None) -> Counted:
    """Mean days until the ratio falls below a level and to half of the first, in those who improve in time."""
    rows = _fall(study, below, lesion).filter(pl.col("fell") <= within_days)
    return Counted(rows.select(value="fell"), estimators.mean)


def _fall(study: Study, below: float, lesion: str | None) -> pl.DataFrame:
    readings = study.readings("upcr")
    start = readings.group_by(PATIENT_KEY).agg(seen=pl.col("taken_days").min(), before=pl.col("value").first())
    here = (pl.col("value") < below) & (pl.col("value") <= pl.col("before") / 2)
    low = (
        readings.join(start, on=PATIENT_KEY)
        .sort(*PATIENT_KEY, "taken_days")
        .filter(here & here.shift(-1).over(PATIENT_KEY))
    )
    fell = low.group_by(PATIENT_KEY).agg(low_days=pl.col("taken_days").min())
    rows = study.people.join(start, on=PATIENT_KEY).join(fell, on=PATIENT_KEY, how="left").sort(PATIENT_KEY)
    rows = rows if lesion is None else rows.filter(pl.col("lesion") == lesion)
    origin = pl.coalesce("start_days", "seen")
    return rows.with_columns(fell=pl.col("low_days") - origin)


@measure
def lesion_share(study: Study, lesion: str) -> Counted:
    """Share with a lesion among those with a biopsy."""
    rows = study.people.filter(pl.col("lesion").is_not_null())
    return Counted(rows.select(yes=pl.col("lesion") == lesion), estimators.share)


@measure
def age_at_onset(study: Study, p: float | None = None) -> Counted:
    """Age at onset in years: a quantile, or the mean."""
    rows = study.people.select(value="age_at_onset_years")
    return Counted(rows, estimators.mean if p is None else estimators.quantile(p))


@measure
def male_share(study: Study) -> Counted:
    """Share of boys or men."""
    return Counted(study.people.select(yes=pl.col("sex") == "male"), estimators.share)
