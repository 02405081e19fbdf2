"""The refractory share by setting, definition set and follow-up: a result of the settings, never a fitted number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from nephrosyn import criteria
from nephrosyn.evidence.simulate_setting import studies
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.report.findings.verdicts.refractory_share import MARGIN, ONE_THIRD
from nephrosyn.report.formatting import interval, percent
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import load
from nephrosyn.statistics.proportions import Share, wilson
from nephrosyn.vocabulary import DAYS_PER_YEAR

YEARS = (1, 2, 5)
LEAST_APPLICABLE = 0.75
"""Smallest share of the patients of a setting that a definition set must apply to."""
LEAST_SHOWN = 0.005
"""Smaller shares of undetermined patients are not shown."""
NOBODY = {"applies": 0, "inside": 0, "met": 0, "unknown": 0}


@dataclass(frozen=True)
class RefractoryShare:
    """The refractory share of one setting under one definition set, some years after onset.

    Both shares are among the patients to whom the set may apply, with intervals of chance.

    Attributes
    ----------
    setting, criteria : str
        Scenario and definition set.
    years : float, years
        Length of follow-up.
    refractory, undetermined : Share
        Patients who are refractory, and who could not be classified.
    uncertainty : (float, float) or None
        95% interval of the expected refractory share over draws of the setting's uncertain numbers, if there are any.
    """

    setting: str
    criteria: str
    years: float
    refractory: Share
    undetermined: Share
    uncertainty: tuple[float, float] | None = None

    @property
    def known(self) -> tuple[float, float]:
        """The uncertainty interval if there is one, else that of chance."""
        return self.uncertainty or (self.refractory.low, self.refractory.high)

    @property
    def holds_third(self) -> bool:
        """Whether the interval contains one third."""
        low, high = self.known
        return low <= ONE_THIRD <= high

    @property
    def close_to_third(self) -> bool:
        """Whether the whole interval lies within 5 points of one third."""
        low, high = self.known
        return low >= ONE_THIRD - MARGIN and high <= ONE_THIRD + MARGIN


def with_uncertainty(
    shares: Sequence[RefractoryShare], intervals: Mapping[tuple[str, str, float], tuple[float, float]]
) -> list[RefractoryShare]:
    """Return shares with their uncertainty intervals, by setting, definition set and years of follow-up."""
    return [
        replace(share, uncertainty=intervals.get((share.setting, share.criteria, float(share.years))))
        for share in shares
    ]


def refractory_shares(
    settings: Sequence[str],
    sets: Sequence[str],
    *,
    years: Sequence[float] = YEARS,
    patients: int,
    seed: int,
    progress: Progress = silent,
) -> list[RefractoryShare]:
    """Return the refractory share of every setting, definition set and length of follow-up.

    Every setting is simulated to the longest follow-up; its record is then classified as it stood at each length. Sets
    that apply, by age or lesion, to less than three quarters of the patients of a setting are left out for it.

    Parameters
    ----------
    settings, sets : sequence of str
        Scenarios and definition sets.
    years : sequence of float, years
        Lengths of follow-up, from onset.
    patients, seed : int
        Size and seed of each cohort.
    progress : callable
        Called with (stage, done, total).
    """
    shares: list[RefractoryShare] = []
    for place, setting in enumerate(settings):
        progress("settings", place, len(settings))
        shares += _of_setting(setting, sets, years, patients, seed)
    return shares


def _of_setting(
    setting: str, sets: Sequence[str], years: Sequence[float], patients: int, seed: int
) -> Iterator[RefractoryShare]:
    scenario = load(setting, [f"population.follow_up_days={round(max(years) * DAYS_PER_YEAR)}"]).scenario
    definitions = [criteria.load(name) for name in sets]
    counts = pl.concat(
        _count(criteria.classify(study.tables, definitions, "observed", round(year * DAYS_PER_YEAR)), year)
        for study in studies(scenario, patients, seed)
        for year in years
    )
    sums = counts.group_by("criteria", "years").sum()
    totals = {(row["criteria"], row["years"]): row for row in sums.iter_rows(named=True)}
    for name in sets:
        for year in years:
            row = totals.get((name, year), NOBODY)
            if row["applies"] >= LEAST_APPLICABLE * patients:
                inside = row["inside"]
                yield RefractoryShare(setting, name, year, wilson(row["met"], inside), wilson(row["unknown"], inside))


def _count(labels: pl.DataFrame, year: float) -> pl.DataFrame:
    """Count the patients to whom each set applies or may apply, and of these the refractory and the undetermined."""
    flag = pl.col("refractory")
    counts = (
        within(labels)
        .group_by("criteria")
        .agg(applies=pl.col("applies").sum(), inside=pl.len(), met=flag.sum(), unknown=flag.is_null().sum())
    )
    return counts.with_columns(years=pl.lit(float(year)))


def table(shares: Sequence[RefractoryShare], setting: str) -> Table:
    """Return the shares of one setting: a row for each definition set, a column for each length of follow-up."""
    of_setting = {(share.criteria, share.years): share for share in shares if share.setting == setting}
    years = list(dict.fromkeys(year for _, year in of_setting))
    names = dict.fromkeys(name for name, _ in of_setting)
    rows = [(name, *(cell(of_setting[name, year]) for year in years)) for name in names]
    return Table(setting, ("definition set", *(f"at {year:g} y" for year in years)), rows)


def cell(share: RefractoryShare) -> str:
    """Return a share with its intervals, whether one third is inside, and the share of undetermined patients."""
    refractory = share.refractory
    spans = [interval(refractory.low, refractory.high)]
    if share.uncertainty is not None:
        spans.append(interval(*share.uncertainty, 0))
    text = f"{percent(refractory.share)} ({'; '.join(spans)})"
    third = ", ⅓ inside" if share.holds_third else ""
    few = share.undetermined.share < LEAST_SHOWN
    return text + third + ("" if few else f"; {percent(share.undetermined.share, 0)} not classified")
