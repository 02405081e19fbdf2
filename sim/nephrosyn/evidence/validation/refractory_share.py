"""The refractory share by setting, definition set and follow-up: what follows from settings, never what is fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import criteria
from nephrosyn.evidence.simulate_setting import studies
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.report.findings.verdicts.refractory_share import ONE_THIRD
from nephrosyn.report.page.tables import Table
from nephrosyn.report.text import interval, percent
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import load
from nephrosyn.statistics.proportions import Share, wilson
from nephrosyn.vocabulary import DAYS_PER_YEAR

YEARS = (1, 2, 5)
MOST = 0.75
"""A set is for a setting if it is for so many of its people."""
NOBODY = {"applies": 0, "inside": 0, "met": 0, "unknown": 0}


@dataclass(frozen=True)
class Answer:
    """The refractory share of one setting under one definition set, so many years after onset.

    Both shares are among the people of the setting to whom the set may apply.
    """

    setting: str
    criteria: str
    years: float
    refractory: Share
    not_judged: Share

    @property
    def holds_third(self) -> bool:
        """Whether one third lies in its interval."""
        return self.refractory.low <= ONE_THIRD <= self.refractory.high


def answers(
    settings: Sequence[str],
    sets: Sequence[str],
    *,
    years: Sequence[float] = YEARS,
    patients: int,
    seed: int,
    progress: Progress = silent,
) -> list[Answer]:
    """Return the refractory share of every setting, set and length of follow-up.

    Every setting is simulated to the longest of them; the record is then judged as it stood at each. Sets that are for
    less than three quarters of the people of a setting, by age or lesion, are left out there.

    Parameters
    ----------
    settings, sets : sequence of str
        Scenarios and definition sets.
    years : sequence of float, years
        From onset.
    patients, seed : int
        Of each cohort.
    progress : callable
        Called with (stage, done, total).
    """
    found = []
    for place, setting in enumerate(settings):
        progress("settings", place, len(settings))
        found += list(_of(setting, sets, years, patients, seed))
    return found


def _of(setting: str, sets: Sequence[str], years: Sequence[float], patients: int, seed: int) -> Iterator[Answer]:
    scenario = load(setting, [f"population.follow_up_days={round(max(years) * DAYS_PER_YEAR)}"]).scenario
    chosen = [criteria.load(name) for name in sets]
    judged = pl.concat(
        _counted(criteria.classify(study.tables, chosen, "observed", round(year * DAYS_PER_YEAR)), year)
        for study in studies(scenario, patients, seed)
        for year in years
    )
    sums = judged.group_by("criteria", "years").sum()
    found = {(row["criteria"], row["years"]): row for row in sums.iter_rows(named=True)}
    for name in sets:
        for year in years:
            row = found.get((name, year), NOBODY)
            if row["applies"] >= MOST * patients:
                inside = row["inside"]
                yield Answer(setting, name, year, wilson(row["met"], inside), wilson(row["unknown"], inside))


def _counted(labels: pl.DataFrame, year: float) -> pl.DataFrame:
    """Return how many a set is for, or may be for, and of these how many it calls refractory and cannot judge."""
    flag = pl.col("refractory")
    counts = (
        within(labels)
        .group_by("criteria")
        .agg(applies=pl.col("applies").sum(), inside=pl.len(), met=flag.sum(), unknown=flag.is_null().sum())
    )
    return counts.with_columns(years=pl.lit(float(year)))


def table(found: Sequence[Answer], setting: str) -> Table:
    """Return the answers of one setting: a row for each set, a column for each length of follow-up."""
    own = [one for one in found if one.setting == setting]
    years = list(dict.fromkeys(one.years for one in own))
    rows = []
    for name in dict.fromkeys(one.criteria for one in own):
        each = {one.years: one for one in own if one.criteria == name}
        rows.append((name, *(cell(each[year]) for year in years)))
    return Table(setting, ("definition set", *(f"at {year:g} y" for year in years)), rows)


def cell(one: Answer) -> str:
    """Return a share with its interval; marked if it holds one third, and told how many could not be judged."""
    text = f"{percent(one.refractory.share)} ({interval(one.refractory.low, one.refractory.high)})"
    unjudged = f"; {percent(one.not_judged.share, 0)} not judged" if one.not_judged.share >= 0.005 else ""
    return text + (", ⅓ inside" if one.holds_third else "") + unjudged


def frame(found: Sequence[Answer]) -> pl.DataFrame:
    """Return the answers as a frame."""
    return pl.DataFrame(
        [
            {
                "setting": one.setting,
                "criteria": one.criteria,
                "years": float(one.years),
                "refractory": one.refractory.share,
                "low": one.refractory.low,
                "high": one.refractory.high,
                "not_judged": one.not_judged.share,
                "holds_one_third": one.holds_third,
            }
            for one in found
        ]
    )
