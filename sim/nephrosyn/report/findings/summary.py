"""All findings of a judged cohort in one record, and the short summary a caller prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.report import text
from nephrosyn.report.findings.course import disease_states as states
from nephrosyn.report.findings.course import exposure as treatment
from nephrosyn.report.findings.course import pseudo_resistance, time_to_event
from nephrosyn.report.findings.course.disease_states import States
from nephrosyn.report.findings.course.exposure import Treatment
from nephrosyn.report.findings.course.pseudo_resistance import Falsely
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.verdicts import by_follow_up as growth
from nephrosyn.report.findings.verdicts import course_flags as named
from nephrosyn.report.findings.verdicts import (
    cross_classification,
    eligibility,
    flag_overlap,
    refractory_share,
    subgroups,
)
from nephrosyn.report.findings.verdicts.by_follow_up import Growth
from nephrosyn.report.findings.verdicts.course_flags import Named
from nephrosyn.report.findings.verdicts.cross_classification import Sets
from nephrosyn.report.findings.verdicts.eligibility import Defined
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group
from nephrosyn.statistics.kaplan_meier import Curve

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
        Those that the headline's definition set can give, in its view, in the order of `eligibility.CATEGORY_ORDER`.
    page : Path or None
        ``report.html``, once written.
    """

    sentence: str
    headline: Refractory
    refractory: list[Refractory]
    categories: list[Category]
    page: Path | None = None


class Answers(NamedTuple):
    """The answer of a cohort, and the categories of every definition set and view."""

    summary: Summary
    categories: dict[tuple[str, str], list[Category]]

    def __repr__(self) -> str:
        """The answer in one sentence."""
        return f"<Answers: {self.summary.sentence}>"


@dataclass(frozen=True)
class Findings:
    """Everything the page shows, computed once.

    Of a cohort that is too large to hold, `sampled` is how many of its first patients the curves over time and the
    quartiles of doses are of; all else is of everybody.
    """

    summary: Summary
    replicates: int
    defined: dict[str, Defined]
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
    named: dict[str, list[Named]]
    sets: Sets | None = None
    growth: Growth | None = None
    sampled: int | None = None

    @property
    def headline(self) -> Refractory:
        """The refractory counts of the first screen."""
        return self.summary.headline

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags that the first definition set defines."""
        return self.defined[self.headline.criteria].flags

    @property
    def agreement(self) -> Agreement | None:
        """The two records under the first definition set, where both were judged and anybody is in the set."""
        return next((item for item in self.agreements if item.criteria == self.headline.criteria), None)


def summarise(labels: pl.DataFrame, defined: Mapping[str, Defined] | None = None) -> Summary:
    """Return the answer and the category table of a judged cohort.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table; the first definition set in it makes the headline.
    defined : mapping of str to Defined, optional
        What each set can answer; told by the labels if not given.

    Returns
    -------
    Summary
        Without a page.

    Raises
    ------
    RunFolderError
        If nobody was judged.
    """
    if not labels.height:
        raise RunFolderError("the labels table is empty: judge the cohort before reporting it")
    found = refractory_share.refractory(labels)
    first = found[0]
    rows = refractory_share.categories(labels, first.criteria, first.view, (defined or {}).get(first.criteria))
    return Summary(text.headline(first), first, found, rows)


def defined_by(labels: pl.DataFrame, asked: Sequence[str], kept: Mapping[str, Mapping[str, str]]) -> dict[str, Defined]:
    """Return what each definition set of a run can answer: by its text, else by its labels; see `find`."""
    names = labels["criteria"].unique(maintain_order=True).to_list()
    return {
        name: eligibility.defined(labels.filter(criteria=name), subgroups.definition(name, asked, kept))
        for name in names
    }


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
    defined = defined_by(labels, asked, kept)
    summary = summarise(labels, defined)
    criteria, view = summary.headline.criteria, summary.headline.view
    chosen = refractory_share.of(labels, criteria, view)
    bands = list(resolved.scenario.population.bands)
    times = time_to_event.first_times(tables)
    follow_up_days = float(resolved.scenario.population.follow_up_days)
    shown = min(REMISSION_SHOWN_DAYS, follow_up_days)
    sets = [*defined]
    agreements = [flag_overlap.agreement(labels, name) for name in sets]
    return Findings(
        summary=summary,
        replicates=tables["patients"]["replicate"].n_unique(),
        defined=defined,
        categories={
            (item.criteria, item.view): refractory_share.categories(
                labels, item.criteria, item.view, defined[item.criteria]
            )
            for item in summary.refractory
        },
        combinations=flag_overlap.combinations(labels, criteria, view, defined[criteria].flags),
        by_band=subgroups.categories_by_column(chosen, tables["patients"], "band", bands, defined[criteria]),
        follow_up=subgroups.follow_up(tables, criteria, view, follow_up_days, asked, kept),
        bands=subgroups.by_column(chosen, tables["patients"], "band", bands),
        lesions=subgroups.lesion_groups(tables, chosen),
        remission=time_to_event.curves(times, None, "remission", shown, bands),
        relapse=time_to_event.curves(times, "remission", "relapse", follow_up_days, bands),
        rates=time_to_event.rates(times, bands),
        histogram=time_to_event.relapse_histogram(times),
        states=states.find(tables, follow_up_days),
        treatment=treatment.find(tables),
        falsely=pseudo_resistance.find(tables, criteria),
        agreements=[item for item in agreements if item is not None],
        named={of: named.find(labels, defined, of) for of in labels["view"].cast(pl.String).unique().sort()},
        sets=cross_classification.compare(labels, view),
        growth=grown(tables, sets, view, follow_up_days, asked, kept) if len(sets) > 1 else None,
    )


def grown(
    tables: Mapping[str, pl.DataFrame],
    sets: Sequence[str],
    view: str,
    follow_up_days: float,
    asked: Sequence[str],
    kept: Mapping[str, Mapping[str, str]],
) -> Growth:
    """Judge by every set over the years."""
    rules = {name: subgroups.definition(name, asked, kept) for name in sets}
    return growth.find(tables, tables["labels"], rules, view, growth.times(follow_up_days))
