"""True times to remission and relapse: Kaplan-Meier curves, relapse counts and rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.statistics.counted_values import CountedValues
from nephrosyn.statistics.kaplan_meier import Curve, kaplan_meier_of_counts
from nephrosyn.statistics.proportions import NORMAL_QUANTILE
from nephrosyn.vocabulary import DAYS_PER_YEAR

GRID_POINTS = 240


def first_times(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the true first complete remission of each patient, the first relapse after it, and the end of follow-up.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, with the truth.

    Returns
    -------
    polars.DataFrame
        ``replicate, patient, band, end, remission, relapse`` (days from onset, null if it did not happen),
        ``relapses`` (count) and ``person_years`` (years followed after the first remission).
    """
    events = tables["truth/events"].select(*PATIENT_KEY, "time_days", pl.col("event").cast(pl.String))
    remission = (
        events.filter(pl.col("event") == "complete_remission").group_by(PATIENT_KEY).agg(remission=pl.min("time_days"))
    )
    relapses = events.filter(pl.col("event") == "relapse").join(remission, on=PATIENT_KEY)
    relapses = relapses.filter(pl.col("time_days") > pl.col("remission"))
    relapses = relapses.group_by(PATIENT_KEY).agg(relapse=pl.min("time_days"), relapses=pl.len().cast(pl.Int64))
    ends = tables["truth/follow_up"].select(*PATIENT_KEY, end=pl.col("end_days").cast(pl.Float64))
    people = tables["patients"].select(*PATIENT_KEY, pl.col("band").cast(pl.String))
    for columns in (ends, remission, relapses):
        people = people.join(columns, on=PATIENT_KEY, how="left", maintain_order="left")
    # an event later on the last day of follow-up counts, so follow-up includes it
    people = people.with_columns(
        end=pl.max_horizontal("end", "remission", "relapse"), relapses=pl.col("relapses").fill_null(0)
    )
    return people.with_columns(person_years=(pl.col("end") - pl.col("remission")) / DAYS_PER_YEAR)


@dataclass(frozen=True)
class Times:
    """Times of a group, in days: to the event, and to the end of follow-up of patients without it."""

    events: CountedValues
    censored: CountedValues


def times_by_band(times: pl.DataFrame, start: str | None, event: str, bands: Sequence[str]) -> dict[str, Times]:
    """Return the times to an event of each age band that has patients at risk; those of parts are added by `added`.

    Parameters
    ----------
    times : polars.DataFrame
        From `first_times`.
    start : str or None
        Column of the time origin; None for onset. Patients without it are not at risk.
    event : str
        Column of the event.
    bands : sequence of str
        Age bands, in order.

    Returns
    -------
    dict of str to Times
        In the order of ``bands``.
    """
    begin = pl.col(start) if start else pl.lit(0.0)
    at_risk = times.filter(begin.is_not_null() & pl.col("end").is_not_null()).select(
        "band",
        duration=(pl.coalesce(event, "end") - begin).clip(0.0),
        happened=pl.col(event).is_not_null(),
    )
    by_band = {}
    for band in bands:
        part = at_risk.filter(pl.col("band") == band)
        if part.height:
            durations, happened = part["duration"].to_numpy(), part["happened"].to_numpy()
            by_band[band] = Times(CountedValues.of(durations[happened]), CountedValues.of(durations[~happened]))
    return by_band


def added(parts: Sequence[Mapping[str, Times]], bands: Sequence[str]) -> dict[str, Times]:
    """Return the times of a cohort from those of its parts."""
    together = {}
    for band in bands:
        of_band = [part[band] for part in parts if band in part]
        if of_band:
            events, censored = ([getattr(times, kind) for times in of_band] for kind in ("events", "censored"))
            together[band] = Times(CountedValues.together(events), CountedValues.together(censored))
    return together


def curves(by_band: Mapping[str, Times], until: float) -> list[Curve]:
    """Return one Kaplan-Meier curve per age band, from onset or the time origin to a day."""
    days = np.linspace(0.0, max(until, 1.0), GRID_POINTS + 1)
    return [kaplan_meier_of_counts(times.events, times.censored, days, band) for band, times in by_band.items()]


@dataclass(frozen=True)
class Rate:
    """Relapses of a group over the time followed after first remission."""

    group: str
    patients: int
    relapses: int
    person_years: float
    per_year: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerSums:
    """Sums of relapses and of years followed, over patients who reached remission; sums of parts add up."""

    patients: int
    relapses: float
    years: float
    relapses_squared: float
    relapses_years: float
    years_squared: float


def power_sums(times: pl.DataFrame) -> PowerSums:
    """Return the sums of a group, from the frame of `first_times`; patients without remission are left out."""
    part = times.filter(pl.col("remission").is_not_null())
    counts, years = part["relapses"].to_numpy().astype(float), part["person_years"].to_numpy()
    pairs = ((counts, counts), (counts, years), (years, years))
    sums = (float(counts.sum()), float(years.sum()), *(float((first * second).sum()) for first, second in pairs))
    return PowerSums(part.height, *sums)


def rate_of(sums: PowerSums, group: str) -> Rate:
    """Return relapses per person-year of a group, with a 95% interval that allows for differences between patients.

    The variance of the ratio is estimated from the residuals of the patients, so that a few frequent relapsers widen
    the interval; a Poisson interval would be too narrow.

    Parameters
    ----------
    sums : PowerSums
        Sums over the patients of the group.
    group : str
        Name of the group.

    Returns
    -------
    Rate
        Per person-year; ``nan`` without time at risk.
    """
    counts, total = sums.relapses, sums.years
    if total <= 0:
        return Rate(group, sums.patients, int(counts), total, math.nan, math.nan, math.nan)
    per_year = counts / total
    squares = sums.relapses_squared - 2 * per_year * sums.relapses_years + per_year**2 * sums.years_squared
    half = NORMAL_QUANTILE * math.sqrt(max(0.0, squares)) / total
    return Rate(group, sums.patients, int(counts), total, per_year, max(0.0, per_year - half), per_year + half)


def power_sums_by_band(times: pl.DataFrame, bands: Sequence[str]) -> dict[str, PowerSums]:
    """Return the sums of each age band, and those of all patients under an empty name."""
    return {band: power_sums(times.filter(pl.col("band") == band) if band else times) for band in (*bands, "")}


def added_sums(parts: Sequence[Mapping[str, PowerSums]]) -> dict[str, PowerSums]:
    """Return the sums of each age band of a cohort from those of its parts."""
    return {band: _together([part[band] for part in parts]) for band in parts[0]}


def _together(parts: Sequence[PowerSums]) -> PowerSums:
    sums = (
        math.fsum(getattr(part, name) for part in parts)
        for name in ("relapses", "years", "relapses_squared", "relapses_years", "years_squared")
    )
    return PowerSums(sum(part.patients for part in parts), *sums)


def rates(by_band: Mapping[str, PowerSums]) -> list[Rate]:
    """Return the relapse rate of each age band with patients, and of all patients if there are several bands."""
    with_patients = [rate_of(sums, band) for band, sums in by_band.items() if band and sums.patients]
    return with_patients if len(with_patients) == 1 else [*with_patients, rate_of(by_band[""], "all")]


def relapse_histogram(times: pl.DataFrame, most: int = 10) -> list[int]:
    """Return how many patients who reached remission had 0, 1, 2 ... relapses; the last entry is ``most`` or more."""
    counts = times.filter(pl.col("remission").is_not_null())["relapses"].clip(0, most).to_numpy().astype(np.int64)
    return [int(n) for n in np.bincount(counts, minlength=most + 1)]
