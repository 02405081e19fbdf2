"""Courses of second agents as studies counted them: relapse before, during and after."""

from __future__ import annotations

import polars as pl

from nephrosyn.evidence.measures import estimators
from nephrosyn.evidence.measures.registry import Counted, measure
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import DAYS_PER_YEAR

JOINED_DAYS = 45


def _courses(study: Study, drug: str, least_days: float) -> pl.DataFrame:
    """Return the first course of a drug: ``first`` day, ``stop`` (the day after the last), and ``end_days``.

    Rows of the drug at most `JOINED_DAYS` apart are one course; courses shorter than ``least_days`` do not count.
    """
    rows = study.doses(drug).sort(*PATIENT_KEY, "first_days")
    gap = pl.col("first_days") - pl.col("last_days").shift(1).over(PATIENT_KEY)
    rows = rows.with_columns(course=(gap > JOINED_DAYS).fill_null(value=False).cum_sum().over(PATIENT_KEY))
    first = rows.filter(pl.col("course") == 0).group_by(PATIENT_KEY).agg(
        first=pl.col("first_days").min(), stop=pl.col("last_days").max() + 1
    )  # fmt: skip
    first = first.filter(pl.col("stop") - pl.col("first") >= least_days)
    return first.join(study.people, on=PATIENT_KEY).sort(PATIENT_KEY)


@measure
def relapse_free_of(
    study: Study, definition: str, drug: str, days: float, since: str = "stop", least_days: float = 0
) -> Counted:
    """Share without relapse some days after the first course of a drug began (``first``) or ended (``stop``)."""
    rows = _to_relapse(study, definition, drug, since, least_days)
    return Counted(rows.select("days", "happened"), estimators.free_at(days))


@measure
def relapse_rate_on(study: Study, definition: str, drug: str, after_days: float, until_days: float) -> Counted:
    """First relapses per person-year between two days after a drug was started; for hazard ratios of two arms."""
    rows = _to_relapse(study, definition, drug, "first", 0).filter(pl.col("days") > after_days)
    seen = pl.col("days").clip(upper_bound=until_days) - after_days
    early = pl.col("happened") & (pl.col("days") <= until_days)
    return Counted(rows.select(events=early.cast(pl.Int64), years=seen / DAYS_PER_YEAR), estimators.rate)


def _to_relapse(study: Study, definition: str, drug: str, since: str, least_days: float) -> pl.DataFrame:
    courses = _courses(study, drug, least_days).with_columns(origin=pl.col(since))
    courses = courses.filter(pl.col("end_days") > pl.col("origin"))
    relapses = study.relapses(definition).select(*PATIENT_KEY, "start_days")
    after = (
        courses.select(*PATIENT_KEY, "origin")
        .join(relapses, on=PATIENT_KEY)
        .filter(pl.col("start_days") > pl.col("origin"))
    )
    relapsed = after.group_by(PATIENT_KEY).agg(relapse_days=pl.col("start_days").min())
    rows = courses.join(relapsed, on=PATIENT_KEY, how="left").sort(PATIENT_KEY)
    last = pl.coalesce("relapse_days", "end_days") - pl.col("origin")
    return rows.with_columns(days=last, happened=pl.col("relapse_days").is_not_null())


@measure
def relapses_a_year(study: Study, definition: str, drug: str, when: str) -> Counted:
    """Mean relapses a year in the year ``before`` the first course of a drug, or in the two years ``after`` it."""
    courses = _courses(study, drug, 0)
    courses = courses.filter(pl.col("end_days") >= pl.col("stop") + 2 * DAYS_PER_YEAR)
    start, years = {"before": (pl.col("first") - DAYS_PER_YEAR, 1), "after": (pl.col("stop"), 2)}[when]
    relapses = study.relapses(definition).select(*PATIENT_KEY, day="start_days")
    spans = courses.select(*PATIENT_KEY, low=start, high=start + years * DAYS_PER_YEAR)
    inside = spans.join(relapses, on=PATIENT_KEY, how="left").with_columns(
        hit=((pl.col("day") >= pl.col("low")) & (pl.col("day") < pl.col("high"))).fill_null(value=False)
    )
    counts = inside.group_by(PATIENT_KEY, maintain_order=True).agg(value=pl.col("hit").sum() / years)
    return Counted(counts.select("value"), estimators.mean)


@measure
def responds_to(study: Study, drug: str, days: float, below: float) -> Counted:
    """Share whose ratio falls below a level and to half within some days, of those not in remission at the start."""
    courses = _courses(study, drug, 0).select(*PATIENT_KEY, "first", "end_days")
    courses = courses.filter(pl.col("end_days") >= pl.col("first") + days)
    both = courses.join(study.readings("upcr"), on=PATIENT_KEY).sort(*PATIENT_KEY, "taken_days")
    at_start = (
        both.filter(pl.col("taken_days") <= pl.col("first")).group_by(PATIENT_KEY).agg(before=pl.col("value").last())
    )
    later = both.filter(pl.col("taken_days") > pl.col("first"), pl.col("taken_days") <= pl.col("first") + days).join(
        at_start, on=PATIENT_KEY
    )
    fell = later.filter(pl.col("value") < below, pl.col("value") <= pl.col("before") / 2).select(*PATIENT_KEY, yes=True)
    not_in_remission = courses.join(at_start.filter(pl.col("before") >= below), on=PATIENT_KEY)
    rows = not_in_remission.join(fell.unique(PATIENT_KEY), on=PATIENT_KEY, how="left")
    return Counted(rows.select(pl.col("yes").fill_null(value=False)), estimators.share)
