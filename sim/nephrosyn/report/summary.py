"""All findings of a judged cohort in one record, and the short summary a caller prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.report import groups, growth, moves, overlap, provoking, states, statistics, survival, treatment, wording
from nephrosyn.report.groups import FollowUp, Group
from nephrosyn.report.growth import Growth
from nephrosyn.report.moves import Sets
from nephrosyn.report.overlap import Agreement, Combination
from nephrosyn.report.provoking import Falsely
from nephrosyn.report.states import States
from nephrosyn.report.statistics import Category, Refractory
from nephrosyn.report.survival import Curve, Rate
from nephrosyn.report.treatment import Treatment

REMISSION_SHOWN_DAYS = 364.0


@dataclass(frozen=True)
class Summary:
    """What a caller prints: the answer, the category table, and where the report lies.

    Attributes
    ----------
    sentence : str
        The answer in one sentence.
    headline : Refractory
        The first definition set, observed record.
    refractory : list of Refractory
        Every definition set and view.
    categories : list of Category
        Of the headline's definition set and view, in the order of ``terms.CATEGORIES``.
    page : Path or None
        ``report.html``, once written.
    """

    sentence: str
    headline: Refractory
    refractory: list[Refractory]
    categories: list[Category]
    page: Path | None = None


@dataclass(frozen=True)
class Findings:
    """Everything the page shows, computed once."""

    summary: Summary
    categories: dict[tuple[str, str], list[Category]]
    combinations: list[Combination]
    by_band: list[tuple[str, list[Category]]]
    follow_up: FollowUp
    bands: list[Group]
    lesions: dict[str, list[Group]]
    remission: list[Curve]
    relapse: list[Curve]
    rates: list[Rate]
    histogram: list[int]
    states: States
    treatment: Treatment
    falsely: list[Falsely]
    agreements: list[Agreement]
    sets: Sets | None = None
    growth: Growth | None = None

    @property
    def headline(self) -> Refractory:
        """The refractory counts of the first screen."""
        return self.summary.headline


def summarise(labels: pl.DataFrame) -> Summary:
    """Return the answer and the category table of a judged cohort.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table; the first definition set in it makes the headline.

    Returns
    -------
    Summary
        Without a page.

    Raises
    ------
    ValueError
        If nobody was judged.
    """
    if not labels.height:
        raise ValueError("the labels table is empty: judge the cohort before reporting it")
    found = statistics.refractory(labels)
    first = found[0]
    rows = statistics.categories(labels, first.criteria, first.view)
    return Summary(wording.headline(first), first, found, rows)


def find(
    tables: Mapping[str, pl.DataFrame], resolved: Any, asked: Sequence[str], kept: Mapping[str, Mapping[str, str]]
) -> Findings:
    """Compute everything the report shows.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, ``labels`` among them.
    resolved : Resolved
        The resolved scenario.
    asked : iterable of str
        Names or paths of the definition sets that judged the run.
    kept : mapping of str to mapping
        Text of the definition sets by name, as far as the run keeps them.

    Returns
    -------
    Findings
        Statistics only; nothing drawn.
    """
    labels = tables["labels"]
    summary = summarise(labels)
    criteria, view = summary.headline.criteria, summary.headline.view
    chosen = statistics.of(labels, criteria, view)
    bands = list(resolved.scenario.population.bands)
    times = survival.first_times(tables)
    follow_up_days = float(resolved.scenario.population.follow_up_days)
    shown = min(REMISSION_SHOWN_DAYS, follow_up_days)
    sets = labels["criteria"].unique(maintain_order=True).to_list()
    agreements = [overlap.agreement(labels, name) for name in sets]
    return Findings(
        summary=summary,
        categories={
            (item.criteria, item.view): statistics.categories(labels, item.criteria, item.view)
            for item in summary.refractory
        },
        combinations=overlap.combinations(labels, criteria, view),
        by_band=groups.categories_by_column(chosen, tables["patients"], "band", bands),
        follow_up=groups.follow_up(tables, criteria, view, follow_up_days, asked, kept),
        bands=groups.by_column(chosen, tables["patients"], "band", bands),
        lesions=groups.lesion_groups(tables, chosen),
        remission=survival.curves(times, None, "remission", shown, bands),
        relapse=survival.curves(times, "remission", "relapse", follow_up_days, bands),
        rates=survival.rates(times, bands),
        histogram=survival.relapse_histogram(times),
        states=states.find(tables, follow_up_days),
        treatment=treatment.find(tables),
        falsely=provoking.find(tables, criteria),
        agreements=[item for item in agreements if item is not None],
        sets=moves.compare(labels, view),
        growth=_growth(tables, sets, view, follow_up_days, asked, kept) if len(sets) > 1 else None,
    )


def _growth(
    tables: Mapping[str, pl.DataFrame],
    sets: Sequence[str],
    view: str,
    follow_up_days: float,
    asked: Sequence[str],
    kept: Mapping[str, Mapping[str, str]],
) -> Growth:
    """Judge by every set over the years."""
    rules = {name: groups.definition(name, asked, kept) for name in sets}
    return growth.find(tables, tables["labels"], rules, view, growth.times(follow_up_days))
