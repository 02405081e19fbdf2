"""Relapse as studies counted it: time to the first, number, frequent relapse and steroid dependence."""

from __future__ import annotations

import polars as pl

from nephrosyn.evidence.measures import estimators
from nephrosyn.evidence.measures.registry import Counted, measure
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import DAYS_PER_YEAR

MONTHS_6, MONTHS_12 = 183, 365


def _to_first(study: Study, definition: str, sensitive_within: float | None) -> pl.DataFrame:
    """Responders with ``days`` from remission to the first relapse or the end, and whether it ``happened``."""
    rows = study.responders(definition, sensitive_within)
    last = pl.coalesce("relapse_days", "end_days") - pl.col("remission_days")
    return rows.with_columns(days=last.clip(0), happened=pl.col("relapse_days").is_not_null())


@measure
def relapsed_by(study: Study, definition: str, days: float, sensitive_within: float | None = None) -> Counted:
    """Share of responders who relapsed within some days of their first remission, by Kaplan and Meier."""
    rows = _to_first(study, definition, sensitive_within).select("days", "happened")
    return Counted(rows, estimators.happened_by(days))


@measure
def relapse_free(study: Study, definition: str, days: float, sensitive_within: float | None = None) -> Counted:
    """Share of responders without relapse some days after their first remission, by Kaplan and Meier."""
    rows = _to_first(study, definition, sensitive_within).select("days", "happened")
    return Counted(rows, estimators.free_at(days))


@measure
def never_relapsed(study: Study, definition: str) -> Counted:
    """Share of all people on steroid who reached remission and did not relapse before their record ended."""
    free = study.responders(definition).filter(pl.col("count") == 0).select(*PATIENT_KEY, yes=True)
    rows = study.people.filter(pl.col("start_days").is_not_null()).join(free, on=PATIENT_KEY, how="left")
    return Counted(rows.select(pl.col("yes").fill_null(value=False)), estimators.share)


@measure
def first_relapse_time(
    study: Study,
    definition: str,
    p: float | None = None,
    since: str = "steroid",
    sensitive_within: float | None = None,
    by_days: float | None = None,
) -> Counted:
    """Days to the first relapse in those who relapse: a quantile, or the mean.

    ``since`` is ``steroid`` (its start) or ``remission``; relapses later than ``by_days`` do not count.
    """
    rows = study.responders(definition, sensitive_within).filter(pl.col("relapse_days").is_not_null())
    origin = {"steroid": "start_days", "remission": "remission_days"}[since]
    rows = rows.select(value=pl.col("relapse_days") - pl.col(origin))
    rows = rows if by_days is None else rows.filter(pl.col("value") <= by_days)
    return Counted(rows, estimators.mean if p is None else estimators.quantile(p))


@measure
def first_relapse_rate(
    study: Study, definition: str, until_days: float, sensitive_within: float | None = None, after_days: float = 0
) -> Counted:
    """First relapses per person-year of responders, between two times after remission.

    The ratio of two arms estimates a hazard ratio.
    """
    rows = _to_first(study, definition, sensitive_within).filter(pl.col("days") > after_days)
    seen = pl.col("days").clip(upper_bound=until_days) - after_days
    early = pl.col("happened") & (pl.col("days") <= until_days)
    return Counted(rows.select(events=early.cast(pl.Int64), years=seen / DAYS_PER_YEAR), estimators.rate)


@measure
def flagged(
    study: Study, definition: str, flag: str, until_days: int | None = None, sensitive_within: float | None = None
) -> Counted:
    """Share of responders with a flag of the definition set, by the record up to some day after onset.

    Patients who cannot be classified count as without the flag, as in a paper that has no such group.
    """
    labels = study.labels(definition, until_days).select(*PATIENT_KEY, yes=pl.col(flag).fill_null(value=False))
    rows = study.responders(definition, sensitive_within).join(labels, on=PATIENT_KEY)
    return Counted(rows.select("yes"), estimators.share)


@measure
def share_flagged(study: Study, definition: str, flag: str, until_days: int | None = None) -> Counted:
    """Share of all people on steroid with a flag of the definition set."""
    labels = study.labels(definition, until_days).select(*PATIENT_KEY, yes=pl.col(flag).fill_null(value=False))
    rows = study.people.filter(pl.col("start_days").is_not_null()).join(labels, on=PATIENT_KEY)
    return Counted(rows.select("yes"), estimators.share)


@measure
def relapse_rate(study: Study, definition: str, sensitive_within: float | None = None) -> Counted:
    """Relapses per person-year from the first remission to the end of the record."""
    rows = study.responders(definition, sensitive_within)
    years = (pl.col("end_days") - pl.col("remission_days")).clip(0) / DAYS_PER_YEAR
    return Counted(rows.select(events="count", years=years), estimators.rate)


def _entrants(study: Study, definition: str, from_days: float, before: int) -> pl.DataFrame:
    """Responders whom a trial includes on a day: enough relapses in the year before, and a year of follow-up after."""
    people = study.responders(definition).filter(
        pl.col("remission_days") < from_days, pl.col("end_days") >= from_days + MONTHS_12
    )
    since = pl.col("start_days") - from_days
    relapses = study.relapses(definition).select(*PATIENT_KEY, "start_days")
    counts = relapses.group_by(PATIENT_KEY).agg(
        past=since.is_between(-MONTHS_12, 0, closed="left").sum(),
        ahead=since.is_between(0, MONTHS_12, closed="left").sum(),
    )
    return people.join(counts, on=PATIENT_KEY, how="left").with_columns(pl.col("past", "ahead").fill_null(0)).filter(
        pl.col("past") >= before
    )  # fmt: skip


@measure
def relapses_in_a_year(study: Study, definition: str, from_days: float, before: int) -> Counted:
    """Mean relapses in the twelve months after inclusion in a trial.

    On day ``from_days`` the trial includes responders with at least ``before`` relapses in the twelve months before.
    """
    rows = _entrants(study, definition, from_days, before)
    return Counted(rows.select(value=pl.col("ahead").cast(pl.Float64)), estimators.mean)


@measure
def with_relapses_in_a_year(
    study: Study, definition: str, from_days: float, before: int, least: int, most: int
) -> Counted:
    """Share of those included in a trial with ``least`` to ``most`` relapses in the twelve months after."""
    rows = _entrants(study, definition, from_days, before)
    return Counted(rows.select(yes=pl.col("ahead").is_between(least, most)), estimators.share)


@measure
def becomes_frequent(study: Study, definition: str, least: int = 2) -> Counted:
    """Share of people with a first relapse who become frequent relapsers in the twelve months after it.

    That is, ``least`` further relapses within six months, or one more than that within twelve.
    """
    first = study.responders(definition).filter(pl.col("relapse_days").is_not_null())
    first = first.filter(pl.col("end_days") >= pl.col("relapse_days") + MONTHS_12)
    relapses = study.relapses(definition).select(*PATIENT_KEY, "start_days", "number").filter(pl.col("number") > 1)
    pairs = first.select(*PATIENT_KEY, "relapse_days").join(relapses, on=PATIENT_KEY, how="left")
    after = pl.col("start_days") - pl.col("relapse_days")
    counts = pairs.group_by(PATIENT_KEY, maintain_order=True).agg(
        soon=(after <= MONTHS_6).sum(), later=(after <= MONTHS_12).sum()
    )
    often = (pl.col("soon") >= least) | (pl.col("later") >= least + 1)
    return Counted(counts.select(yes=often.fill_null(value=False)), estimators.share)
