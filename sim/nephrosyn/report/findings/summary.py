"""All findings of a classified cohort, and the short summary that callers print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.report import text
from nephrosyn.report.findings import known_shares
from nephrosyn.report.findings.course import disease_states as states
from nephrosyn.report.findings.course import exposure as treatment
from nephrosyn.report.findings.course import pseudo_resistance, time_to_event
from nephrosyn.report.findings.course.disease_states import States
from nephrosyn.report.findings.course.exposure import Treatment
from nephrosyn.report.findings.course.pseudo_resistance import PseudoRefractory
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.uncertainty import Uncertainty
from nephrosyn.report.findings.verdicts import (
    by_follow_up,
    cross_classification,
    eligibility,
    flag_overlap,
    refractory_share,
    subgroups,
)
from nephrosyn.report.findings.verdicts import course_flags as named
from nephrosyn.report.findings.verdicts.beyond_chance import BeyondChance
from nephrosyn.report.findings.verdicts.by_follow_up import SharesOverTime
from nephrosyn.report.findings.verdicts.course_flags import CourseCount
from nephrosyn.report.findings.verdicts.cross_classification import Sets
from nephrosyn.report.findings.verdicts.eligibility import Defined
from nephrosyn.report.findings.verdicts.flag_overlap import Agreement, Combination
from nephrosyn.report.findings.verdicts.refractory_share import Category, Refractory, Span
from nephrosyn.report.findings.verdicts.subgroups import FollowUp, Group
from nephrosyn.statistics.kaplan_meier import Curve
from nephrosyn.vocabulary import NOTICE

REMISSION_SHOWN_DAYS = 364.0


@dataclass(frozen=True)
class Summary:
    """The main result, the categories, and the path of the report.

    Attributes
    ----------
    sentence : str
        The main result in one sentence.
    headline : Refractory
        Refractory counts of the first definition set, observed record.
    refractory : list of Refractory
        Refractory counts of every definition set and view.
    categories : list of Category
        Categories that the first definition set can give, in the order of `eligibility.CATEGORY_ORDER`.
    page : Path or None
        ``report.html``, if it has been written.
    """

    sentence: str
    headline: Refractory
    refractory: list[Refractory]
    categories: list[Category]
    page: Path | None = None


class Answers(NamedTuple):
    """The summary of a cohort, and the categories of every definition set and view."""

    summary: Summary
    categories: dict[tuple[str, str], list[Category]]

    def __repr__(self) -> str:
        """The main result in one sentence."""
        return f"<Answers: {self.summary.sentence}>"

    def as_dict(self) -> dict[str, Any]:
        """Return the shares of every definition set and view with their intervals, as plain values for JSON."""
        shares = [_as_dict(verdict) for verdict in self.summary.refractory]
        return {"notice": NOTICE, "sentence": self.summary.sentence, "refractory": shares}


def _as_dict(verdict: Refractory) -> dict[str, Any]:
    share, patients = verdict.share, verdict.patients
    values = {key: getattr(verdict, key) for key in ("criteria", "view", "met", "unmet", "unknown", "outside")}
    ends = {"share": share.share, "low": share.low, "high": share.high} if patients else {}
    known = {"span": verdict.span, "beyond": verdict.beyond}
    return {**values, "of_chance_alone": ends, **{key: asdict(value) for key, value in known.items() if value}}


@dataclass(frozen=True)
class Findings:
    """Everything that the page shows.

    For a cohort that is too large for memory, `sampled` is the number of first patients from whom the curves over time
    and the quartiles of doses are computed; everything else includes all patients. `uncertainty` is what draws of the
    scenario's uncertain numbers say, if it was asked for.
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
    pseudo_refractory: list[PseudoRefractory]
    agreements: list[Agreement]
    named: dict[str, list[CourseCount]]
    sets: Sets | None = None
    shares_over_time: SharesOverTime | None = None
    sampled: int | None = None
    uncertainty: Uncertainty | None = None

    @property
    def headline(self) -> Refractory:
        """Refractory counts of the first definition set, shown at the top of the page."""
        return self.summary.headline

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags that the first definition set defines."""
        return self.defined[self.headline.criteria].flags

    @property
    def agreement(self) -> Agreement | None:
        """Agreement of the two records under the first definition set; None if there is only one."""
        criteria = self.headline.criteria
        return next((agreement for agreement in self.agreements if agreement.criteria == criteria), None)


def summarise(labels: pl.DataFrame, defined: Mapping[str, Defined] | None = None) -> Summary:
    """Return the main result and the categories of a classified cohort.

    Parameters
    ----------
    labels : polars.DataFrame
        The ``labels`` table; its first definition set gives the headline.
    defined : mapping of str to Defined, optional
        Flags and courses of each set; derived from the labels if not given.

    Returns
    -------
    Summary
        Without a page.

    Raises
    ------
    RunFolderError
        If there are no labels.
    """
    if not labels.height:
        raise RunFolderError("the labels table is empty: classify the cohort before reporting it")
    verdicts = refractory_share.refractory(labels)
    first = verdicts[0]
    rows = refractory_share.categories(labels, first.criteria, first.view, (defined or {}).get(first.criteria))
    return Summary(text.headline(first), first, verdicts, rows)


def defined_by(
    labels: pl.DataFrame, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]
) -> dict[str, Defined]:
    """Return the flags and courses of each definition set of a run, from its text or else its labels; see `find`."""
    names = labels["criteria"].unique(maintain_order=True).to_list()
    return {
        name: eligibility.defined(labels.filter(criteria=name), subgroups.definition(name, requested, stored))
        for name in names
    }


def find(
    tables: Mapping[str, pl.DataFrame], resolved: Any, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]
) -> Findings:
    """Compute everything that the report shows.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, including ``labels``.
    resolved : Resolved
        The resolved scenario.
    requested : iterable of str
        Names or paths of the definition sets of the run.
    stored : mapping of str to mapping
        Texts of definition sets by name, if stored in the run.

    Returns
    -------
    Findings
        Numbers only; nothing is drawn.
    """
    labels = tables["labels"]
    defined = defined_by(labels, requested, stored)
    summary = summarise(labels, defined)
    criteria, view = summary.headline.criteria, summary.headline.view
    selected = refractory_share.of(labels, criteria, view)
    bands = list(resolved.scenario.population.bands)
    times = time_to_event.first_times(tables)
    follow_up_days = float(resolved.scenario.population.follow_up_days)
    shown = min(REMISSION_SHOWN_DAYS, follow_up_days)
    sets = [*defined]
    agreements = [flag_overlap.agreement(labels, name) for name in sets]
    keys = [(verdict.criteria, verdict.view) for verdict in summary.refractory]
    return Findings(
        summary=summary,
        replicates=tables["patients"]["replicate"].n_unique(),
        defined=defined,
        categories={key: refractory_share.categories(labels, *key, defined[key[0]]) for key in keys},
        combinations=flag_overlap.combinations(labels, criteria, view, defined[criteria].flags),
        by_band=subgroups.categories_by_column(selected, tables["patients"], "band", bands, defined[criteria]),
        follow_up=subgroups.follow_up(tables, criteria, view, follow_up_days, requested, stored),
        bands=subgroups.by_column(selected, tables["patients"], "band", bands),
        lesions=subgroups.lesion_groups(tables, selected),
        remission=time_to_event.curves(times, None, "remission", shown, bands),
        relapse=time_to_event.curves(times, "remission", "relapse", follow_up_days, bands),
        rates=time_to_event.rates(times, bands),
        histogram=time_to_event.relapse_histogram(times),
        states=states.find(tables, follow_up_days),
        treatment=treatment.find(tables),
        pseudo_refractory=pseudo_resistance.find(tables, criteria),
        agreements=[agreement for agreement in agreements if agreement is not None],
        named={name: named.find(labels, defined, name) for name in labels["view"].cast(pl.String).unique().sort()},
        sets=cross_classification.compare(labels, view),
        shares_over_time=_shares_over_time(tables, sets, view, follow_up_days, requested, stored)
        if len(sets) > 1
        else None,
    )


def _shares_over_time(
    tables: Mapping[str, pl.DataFrame],
    sets: Sequence[str],
    view: str,
    follow_up_days: float,
    requested: Sequence[str],
    stored: Mapping[str, Mapping[str, str]],
) -> SharesOverTime:
    """Return the refractory share of every set by length of follow-up."""
    rules = {name: subgroups.definition(name, requested, stored) for name in sets}
    return by_follow_up.find(tables, tables["labels"], rules, view, by_follow_up.times(follow_up_days))


def known(
    verdicts: Sequence[Refractory],
    uncertainty: Uncertainty | None,
    scenario: Mapping[str, Any] | None,
    stored: Mapping[str, Mapping[str, str]],
) -> list[Refractory]:
    """Return refractory counts with what is known of their shares beyond chance.

    Parameters
    ----------
    verdicts : sequence of Refractory
        Counts by definition set and view.
    uncertainty : Uncertainty or None
        What the draws of the run say, if it has any.
    scenario : mapping or None
        Plain values of its scenario.
    stored : mapping of str to mapping
        Texts of definition sets by name, with their ``sha256``.
    """
    if uncertainty is None:
        return [
            replace(v, beyond=_without_draws(v, scenario, stored.get(v.criteria, {})) if scenario else None)
            for v in verdicts
        ]
    spans = {(item.criteria, item.view): item.span for item in uncertainty.sets}
    few = {(item.criteria, item.view): item.draws for item in uncertainty.without}
    return [_with_draws(v, spans.get((v.criteria, v.view)), few, uncertainty.draws) for v in verdicts]


def _without_draws(verdict: Refractory, scenario: Mapping[str, Any], entry: Mapping[str, str]) -> BeyondChance:
    entries = scenario.get("uncertainty")
    if not isinstance(entries, Mapping) or all(isinstance(how, Mapping) and "fixed" in how for how in entries.values()):
        return BeyondChance("all fixed")
    row = known_shares.find(scenario, verdict.criteria, entry.get("sha256", ""), verdict.view)
    return BeyondChance("not shipped") if row is None else BeyondChance("shipped", row.draws, row.low, row.high)


def _with_draws(
    verdict: Refractory, span: Span | None, few: Mapping[tuple[str, str], tuple[int, ...]], draws: int
) -> Refractory:
    if span is not None:
        return replace(verdict, span=span, beyond=None)
    of_set = few.get((verdict.criteria, verdict.view))
    missing = BeyondChance("later set") if of_set is None else BeyondChance("too few", draws, few=of_set)
    return replace(verdict, span=None, beyond=missing)


def summary_with(summary: Summary, verdicts: list[Refractory]) -> Summary:
    """Return a summary with other refractory counts."""
    return replace(summary, sentence=text.headline(verdicts[0]), headline=verdicts[0], refractory=verdicts)


def answers_with(
    answers: Answers,
    uncertainty: Uncertainty | None,
    scenario: Mapping[str, Any] | None,
    stored: Mapping[str, Mapping[str, str]],
) -> Answers:
    """Return answers with what is known beyond chance; see `known`."""
    verdicts = known(answers.summary.refractory, uncertainty, scenario, stored)
    return Answers(summary_with(answers.summary, verdicts), answers.categories)


def findings_with(
    findings: Findings,
    uncertainty: Uncertainty | None,
    scenario: Mapping[str, Any] | None,
    stored: Mapping[str, Mapping[str, str]],
) -> Findings:
    """Return findings with what is known beyond chance; see `known`."""
    verdicts = known(findings.summary.refractory, uncertainty, scenario, stored)
    return replace(findings, summary=summary_with(findings.summary, verdicts), uncertainty=uncertainty)
