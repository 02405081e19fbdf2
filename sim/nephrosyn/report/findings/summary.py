"""All findings of a classified cohort, and the short summary that callers print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.report import text
from nephrosyn.report.findings import counts, known_shares
from nephrosyn.report.findings.batches import Parted, Tables, batches
from nephrosyn.report.findings.counts import Counting, Counts, Labelled
from nephrosyn.report.findings.course import disease_states, exposure, pseudo_resistance, time_to_event
from nephrosyn.report.findings.course.disease_states import States
from nephrosyn.report.findings.course.exposure import Treatment
from nephrosyn.report.findings.course.pseudo_resistance import PseudoRefractory
from nephrosyn.report.findings.course.time_to_event import Rate
from nephrosyn.report.findings.uncertainty import Uncertainty
from nephrosyn.report.findings.verdicts import cross_classification, refractory_share, subgroups
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

if TYPE_CHECKING:
    from nephrosyn.criteria import DefinitionSet

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
    page : Path, str or None
        Path or URL of ``report.html``, if it has been written.
    """

    sentence: str
    headline: Refractory
    refractory: list[Refractory]
    categories: list[Category]
    page: Path | str | None = None


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

    `uncertainty` is what draws of the scenario's uncertain numbers say, if it was asked for.
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
    _refuse_empty(labels)
    verdicts = refractory_share.refractory(labels)
    first = verdicts[0]
    rows = refractory_share.categories(labels, first.criteria, first.view, (defined or {}).get(first.criteria))
    return Summary(text.headline(first), first, verdicts, rows)


def _refuse_empty(labels: pl.DataFrame) -> None:
    if not labels.height:
        raise RunFolderError("the labels table is empty: classify the cohort before reporting it")


def _of_labels(counted: Labelled) -> Answers:
    first = counted.refractory[0]
    categories = counted.categories[first.criteria, first.view]
    return Answers(Summary(text.headline(first), first, counted.refractory, categories), counted.categories)


def _rules(
    labels: pl.DataFrame, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]
) -> dict[str, DefinitionSet | None]:
    """Return the definition sets of some labels by name, in their order; None for one whose text is not available."""
    names = labels["criteria"].unique(maintain_order=True).to_list()
    return {name: subgroups.definition(name, requested, stored) for name in names}


def _first_labels(tables: Tables | Parted) -> pl.DataFrame:
    _, first = next(batches(tables))
    labels = first["labels"]
    _refuse_empty(labels)
    return labels


def answers(tables: Tables | Parted, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]) -> Answers:
    """Return the summary, and the categories of every set and view, from the labels alone; see `find`."""
    defined = counts.defined_by(tables, _rules(_first_labels(tables), requested, stored))
    counted = counts.added_up(
        tables, lambda batch: counts.labelled(batch["labels"], defined), counts.added_labels, labels_only=True
    )
    return _of_labels(counts.added_labels(counted))


def find(
    tables: Tables | Parted, resolved: Any, requested: Sequence[str], stored: Mapping[str, Mapping[str, str]]
) -> Findings:
    """Compute everything that the report shows.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame, or Parted
        Tables of a cohort, including ``labels``; those of a run folder are read and counted batch by batch.
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

    Raises
    ------
    RunFolderError
        If there are no labels.
    """
    first = _first_labels(tables)
    rules = _rules(first, requested, stored)
    defined = counts.defined_by(tables, rules)
    counting = Counting(resolved, rules, defined, first)
    replicates = counts.added_up(tables, counting.count, counting.added)
    return _findings(counting, counting.added(replicates), len(replicates))


def _findings(counting: Counting, counted: Counts, replicates: int) -> Findings:
    summary, categories = _of_labels(counted.labels)
    sets = [*counting.defined]
    follow_up = counted.follow_up
    assert follow_up is not None  # some patients are always classified
    return Findings(
        summary=summary,
        replicates=replicates,
        defined=dict(counting.defined),
        categories=categories,
        combinations=counted.combinations,
        by_band=counted.by_band,
        follow_up=follow_up,
        bands=counted.bands,
        lesions=counted.lesions,
        remission=time_to_event.curves(counted.remission, min(REMISSION_SHOWN_DAYS, counting.days)),
        relapse=time_to_event.curves(counted.relapse, counting.days),
        rates=time_to_event.rates(counted.relapses),
        histogram=counted.histogram,
        states=disease_states.from_counts(counted.states, counting.days),
        treatment=exposure.from_counts(counted.exposure),
        pseudo_refractory=pseudo_resistance.shown(counted.pseudo_refractory),
        agreements=[agreement for agreement in counted.agreements.values() if agreement is not None],
        named=counted.named,
        sets=cross_classification.compare_patterns(counted.patterns, sets, counting.view) if len(sets) > 1 else None,
        shares_over_time=counted.shares_over_time,
    )


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
